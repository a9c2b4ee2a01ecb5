import{a9 as r}from"./index-DlgsUj9J.js";var o=r();export{o as r};
