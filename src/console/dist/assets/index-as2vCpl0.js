import{a2 as r}from"./index-AaJtBBD0.js";var o=r();export{o as r};
