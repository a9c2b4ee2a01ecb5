import{a2 as r}from"./index-Bpfa90eG.js";var o=r();export{o as r};
