//! Tools: http requests, MCP servers, built-ins. Each performs one request and says what came back; none decides about another attempt.

pub mod builtin;
pub mod http;
pub mod mcp;
