//! Flowgate: agent flows that do not lose their place. Where things live: docs/ARCHITECTURE.md.

pub mod flow;
pub mod ids;
pub mod limits;
pub mod machine;
