//! Any bytes as a record of the log: refused, or read, and what was read is written and read again as the same.
#![no_main]

use flowgate::journal::{decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(record) = decode(bytes) else { return };
    let written = encode(&record).expect("what was read can be written");
    let again = decode(&written).expect("what was written can be read");
    assert_eq!(record, again);
});
