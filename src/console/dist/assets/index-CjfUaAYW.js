import{a2 as r}from"./index-W6t0nW-C.js";var o=r();export{o as r};
