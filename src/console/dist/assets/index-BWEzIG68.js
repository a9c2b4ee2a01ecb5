import{a2 as r}from"./index-B3kpvu7b.js";var o=r();export{o as r};
