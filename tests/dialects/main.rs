//! The dialects from outside: the real binary, asked as the clients of other products ask. A test is named after the document it holds the
//! server to, and the field.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc, reason = "a test binary: a panic is its way of reporting")]
#![cfg(unix)]

mod agentic;
mod agentic_failures;
mod agentic_files;
mod agentic_list;
mod chat;
mod chat_talk;
mod chat_things;
mod fronts;
#[allow(
    dead_code,
    clippy::used_underscore_binding,
    clippy::cast_lossless,
    clippy::format_push_string,
    clippy::large_stack_arrays,
    reason = "shared with the tests of the server, which use all of it"
)]
#[path = "../server/harness.rs"]
mod harness;
mod model;
mod numbers;
mod openai;
mod openai_responses;
mod openai_tools;
mod react;
