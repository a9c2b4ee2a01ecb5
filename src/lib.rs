pub mod flow;
pub mod ids;
pub mod limits;
pub mod machine;
