//! Any text as a flow file: reading it ends, every problem has its place, and what compiles keeps its digest when it is written out again.
#![no_main]

use std::collections::BTreeMap;

use flowgate::flow::{compile, digest, explain, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let read = parse::read(text);
    assert!(read.spec.is_some() || !read.problems.is_empty(), "nothing was read and nothing is said");
    let Ok((plan, _)) = compile::load(text) else { return };
    let Some(spec) = read.spec else { panic!("it compiles and was not read") };
    let written = serde_json::to_string(&spec).expect("a spec is JSON");
    let (again, _) = compile::load(&written).expect("what was written out compiles again");
    assert_eq!(plan.digest, again.digest);
    assert_eq!(plan.digest, digest::of(&spec));
    let _ = explain::explain(&plan, &BTreeMap::new());
});
