import{a9 as r}from"./index-DasGal2G.js";var o=r();export{o as r};
