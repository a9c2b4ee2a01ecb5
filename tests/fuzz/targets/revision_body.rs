//! Any JSON as the body of a revision in the vendor's form, the largest body that the API takes: problems, or a flow that compiles.
#![no_main]

use flowgate::flow::{compile, vendor};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(body) = serde_json::from_slice(bytes) else { return };
    let _ = vendor::is_vendor_body(&body);
    match vendor::translate("agent", &body) {
        Ok(translated) => assert!(compile::plan(&translated.spec).is_ok(), "it is promised to compile"),
        Err(problems) => assert!(!problems.is_empty(), "refused without a reason"),
    }
});
