import{a9 as r}from"./index-DGkyvBAo.js";var o=r();export{o as r};
