//! STUB: signatures only; the real renderer (being written beside this) replaces this file whole.
use super::call::{Call, Request};
use super::input::Mode;
use crate::flow::names::Names;
use crate::flow::plan::CallTemplate;
use crate::ids::{Digest, ExecutionId, Tenant};
use serde_json::Value;
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RenderError(String);
pub struct DigestScope {
    pub tenant: Tenant,
    pub execution: ExecutionId,
    pub path: String,
    pub revision: Digest,
    pub config: Digest,
    pub policy: Digest,
    pub mode: Mode,
}
pub fn call(_: &CallTemplate, _: &dyn Names) -> Result<Request, RenderError> {
    todo!()
}
pub fn arguments(_: &Request) -> Value {
    todo!()
}
pub fn with_arguments(_: &Request, _: &Value) -> Result<Request, RenderError> {
    todo!()
}
pub fn shown(_: &Call) -> Value {
    todo!()
}
pub fn digest(_: &DigestScope, _: &Call) -> Digest {
    todo!()
}
