import{a2 as r}from"./index-BlXc5bKg.js";var o=r();export{o as r};
