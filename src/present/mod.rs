//! What people are shown of a question and its action, the same in the terminal, on a page and in a mail: nothing is shortened, nothing of
//! it is obeyed. How it is laid out belongs to whoever shows it.

pub mod action;
pub mod visible;
pub mod words;
