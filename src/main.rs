//! The binary. Everything lives in the library; what is done here is told in `cli`.

fn main() {}
