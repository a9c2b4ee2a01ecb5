//! Tests of the machine: the rules one by one, the counter-examples (a)–(j) of docs/semantics.md first.

mod agents;
mod calls;
mod drive;
mod generate;
mod laws;
mod loops;
mod people;
mod stops;
mod walk;
