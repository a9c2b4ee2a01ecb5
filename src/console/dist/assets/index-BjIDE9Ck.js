import{a9 as r}from"./index-DzeyiQju.js";var o=r();export{o as r};
