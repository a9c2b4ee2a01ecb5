//! MCP servers: started or connected when first needed, kept, and replaced when they die. Programs are started from the operator's
//! configuration and from nowhere else; a tool is called only while its definition is the one that was pinned.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rmcp::ServiceExt as _;
use rmcp::model::{
    CallToolRequestParams, CallToolResult, ClientCapabilities, Implementation, InitializeRequestParams, PaginatedRequestParams, Tool,
};
use rmcp::service::{RoleClient, RunningService, ServiceError};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use serde_json::{Value, json};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, BufReader};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::limits::HTTP_ANSWER_BYTES_MAX;
use crate::machine::call::{McpRequest, ToolDefinition};
use crate::machine::{clipped, size};
use crate::runner::failure::{Failure, Stage};
use crate::runner::outbound::{Header, HeaderName, HeaderValue, TrustedClient, Wire, header_map};
use crate::runner::secrets::Secrets;
use crate::runner::settings::McpServer;

/// A server has this long to start and introduce itself; package runners may have to unpack something first.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// A server has this long to list its tools.
const LIST_TIMEOUT: Duration = Duration::from_secs(15);
/// A server may list its tools on so many pages, and have so many of them. Each start reads and pins what it uses.
const LIST_PAGES_MAX: usize = 100;
const TOOLS_MAX: usize = 1_000;
/// Names, descriptions and arguments of all of them.
const DEFINITIONS_BYTES_MAX: usize = 4 << 20;
/// What is kept of a line that a program writes to standard error.
const LINE_BYTES_MAX: usize = 64 << 10;
/// Of a line that was cut, the end may be the beginning of a secret.
const CUT_BYTES: usize = 8 << 10;
/// A program has this long to end before it is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(3);
/// What a program inherits: enough to find its interpreter and its cache, no credentials.
const INHERITED: [&str; 6] = ["PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT", "USER"];

type Session = RunningService<RoleClient, InitializeRequestParams>;

/// The configured servers, and a session for each that was needed.
pub struct McpServers {
    servers: BTreeMap<String, Server>,
    secrets: Secrets,
    client: TrustedClient,
}

struct Server {
    configured: McpServer,
    /// Locked while the server starts, so that it starts once; calls share the session.
    session: Mutex<Option<Arc<Session>>>,
}

impl McpServers {
    #[must_use]
    pub fn new(configured: BTreeMap<String, McpServer>, secrets: Secrets, client: TrustedClient) -> Self {
        let servers = configured.into_iter().map(|(name, configured)| (name, Server { configured, session: Mutex::default() })).collect();
        Self { servers, secrets, client }
    }

    /// The server's tools, as it lists them now.
    ///
    /// # Errors
    /// Not configured, not started, no answer, or no end of it.
    pub async fn tools(&self, server: &str) -> Result<Vec<ToolDefinition>, Failure> {
        let session = self.session(server).await?;
        let listing = tokio::time::timeout(LIST_TIMEOUT, listed(&session)).await;
        let listed = listing.map_err(|_| unreachable(server, "it does not list its tools in time"))?;
        match listed {
            Ok(tools) => Ok(tools),
            Err(Unlisted::Cut(error)) => {
                self.retire(server, &session).await;
                Err(unreachable(server, &error.to_string()))
            }
            Err(Unlisted::Endless(reason)) => {
                let message = format!("the tools of the MCP server {server} cannot be listed: {reason}");
                Err(Failure::new(Stage::Refused, "mcp_tools_invalid", message))
            }
        }
    }

    /// Calls a tool.
    ///
    /// # Errors
    /// A changed or missing tool, an error result (with the content as data), a lost connection.
    pub async fn perform(&self, request: &McpRequest, wire: &Wire) -> Result<Value, Failure> {
        if request.definition.is_some() {
            self.check_definition(request).await?;
        }
        let session = self.session(&request.server).await?;
        let arguments = match &request.args {
            Value::Object(fields) => Some(fields.clone()),
            Value::Null => None,
            _ => {
                return Err(Failure::new(
                    Stage::Refused,
                    "mcp_args",
                    format!("the arguments of the tool {} must be an object", request.tool),
                ));
            }
        };
        let mut params = CallToolRequestParams::new(request.tool.clone());
        params.arguments = arguments;
        if !wire.open() {
            return Err(Failure::new(Stage::NotSent, "cancelled", "the call was cancelled before anything was sent"));
        }
        match session.call_tool(params).await {
            Ok(result) => value(request, result),
            Err(error) => {
                if !matches!(error, ServiceError::McpError(_)) {
                    self.retire(&request.server, &session).await;
                }
                Err(call_failure(request, &error))
            }
        }
    }

    /// Ends every session; programs are asked, then killed.
    pub async fn shutdown(&self) {
        let closing = self.servers.values().map(|server| async {
            let Some(session) = server.session.lock().await.take() else { return };
            session.cancellation_token().cancel();
            // A call that still holds the session ends with it; nobody else closes it.
            if let Ok(mut session) = Arc::try_unwrap(session) {
                let _ = session.close_with_timeout(STOP_TIMEOUT).await;
            }
        });
        futures::future::join_all(closing).await;
    }

    async fn check_definition(&self, request: &McpRequest) -> Result<(), Failure> {
        let (server, tool) = (&request.server, &request.tool);
        let tools = self.tools(server).await?;
        let Some(now) = tools.iter().find(|listed| listed.name == *tool) else {
            let message = format!("the server {server} no longer has the tool {tool}; start the flow again to pin what it has now");
            return Err(Failure::new(Stage::Refused, "tool_changed", message));
        };
        if request.definition == Some(now.digest()) {
            return Ok(());
        }
        let message = format!(
            "the tool {tool} of the server {server} is not what it was when this execution started (its name, description or arguments \
             changed); look at it (data shows it as it is now) and start the flow again to consent to it"
        );
        let mut failure = Failure::new(Stage::Refused, "tool_changed", message);
        failure.error.data = Some(json!({"name": now.name, "description": now.description, "args": now.args}));
        Err(failure)
    }

    async fn session(&self, name: &str) -> Result<Arc<Session>, Failure> {
        let Some(server) = self.servers.get(name) else {
            let names: Vec<&str> = self.servers.keys().map(String::as_str).collect();
            let known = if names.is_empty() { "none is".to_owned() } else { format!("there are: {}", names.join(", ")) };
            let message =
                format!("the MCP server `{name}` is not configured ({known}); the operator adds it as [mcp.{name}] to the configuration");
            return Err(Failure::new(Stage::Refused, "mcp_unknown", message));
        };
        let mut slot = server.session.lock().await;
        if let Some(session) = slot.as_ref().filter(|session| !session.is_closed() && !session.is_transport_closed()) {
            return Ok(Arc::clone(session));
        }
        let session = tokio::time::timeout(START_TIMEOUT, self.connect(name, &server.configured)).await;
        let session = Arc::new(session.map_err(|_| unreachable(name, "it does not introduce itself in time"))??);
        *slot = Some(Arc::clone(&session));
        Ok(session)
    }

    /// Forgets a session that failed; the next call gets a fresh one.
    async fn retire(&self, name: &str, failed: &Arc<Session>) {
        let Some(server) = self.servers.get(name) else { return };
        let mut slot = server.session.lock().await;
        if slot.as_ref().is_some_and(|session| Arc::ptr_eq(session, failed)) {
            *slot = None;
        }
    }

    async fn connect(&self, name: &str, configured: &McpServer) -> Result<Session, Failure> {
        let implementation = Implementation::new("flowgate", env!("CARGO_PKG_VERSION"));
        let ours = InitializeRequestParams::new(ClientCapabilities::default(), implementation);
        let connected = match configured {
            McpServer::Stdio { command, args, env } => ours.serve(self.program(name, command, args, env)?).await,
            McpServer::Http { url, headers } => {
                let config = StreamableHttpClientTransportConfig::with_uri(url.as_str())
                    .custom_headers(self.headers(headers)?)
                    .max_sse_event_size(HTTP_ANSWER_BYTES_MAX);
                ours.serve(StreamableHttpClientTransport::with_client(self.client.clone(), config)).await
            }
        };
        connected.map_err(|error| unreachable(name, &error.to_string()))
    }

    fn program(&self, name: &str, command: &str, args: &[String], env: &BTreeMap<String, String>) -> Result<TokioChildProcess, Failure> {
        let mut process = tokio::process::Command::new(command);
        process.args(args).env_clear().kill_on_drop(true);
        process.envs(INHERITED.iter().filter_map(|variable| Some((*variable, std::env::var_os(variable)?))));
        for (variable, written) in env {
            process.env(variable, self.expanded(written)?.as_str());
        }
        let spawned = TokioChildProcess::builder(process).stderr(Stdio::piped()).spawn();
        let (transport, stderr) = spawned.map_err(|error| unreachable(name, &format!("`{command}` cannot be started: {error}")))?;
        if let Some(stderr) = stderr {
            let (name, secrets) = (name.to_owned(), self.secrets.clone());
            tokio::spawn(async move {
                let mut stderr = BufReader::new(stderr);
                while let Ok(Some((line, is_cut))) = line(&mut stderr).await {
                    let line = secrets.redact(&line);
                    let kept = if is_cut { line.len().saturating_sub(CUT_BYTES) } else { line.len() };
                    tracing::debug!(server = name, is_cut, "{}", clipped(line, kept));
                }
            });
        }
        Ok(transport)
    }

    fn headers(&self, written: &BTreeMap<String, String>) -> Result<std::collections::HashMap<HeaderName, HeaderValue>, Failure> {
        let mut headers = Vec::with_capacity(written.len());
        for (name, value) in written {
            headers.push(Header { name: name.clone(), value: self.expanded(value)?, credential: true });
        }
        Ok(header_map(&headers)?.into_iter().filter_map(|(name, value)| Some((name?, value))).collect())
    }

    /// The text with each `${secret.NAME}` replaced by its value.
    fn expanded(&self, written: &str) -> Result<Zeroizing<String>, Failure> {
        let mut expanded = Zeroizing::new(String::new());
        let mut rest = written;
        while let Some((before, after)) = rest.split_once("${secret.") {
            let Some((name, after)) = after.split_once('}') else { break };
            let value = self.secrets.get(name).map_err(|error| Failure::new(Stage::Refused, "secret_missing", error.to_string()))?;
            expanded.push_str(before);
            expanded.push_str(value.reveal());
            rest = after;
        }
        expanded.push_str(rest);
        Ok(expanded)
    }
}

/// The next line and whether it is cut; none at the end. However long it is, no more of it is held than may be kept.
async fn line(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<(String, bool)>> {
    let (mut kept, mut length, mut is_over) = (Vec::new(), 0, false);
    while !is_over {
        let read = reader.fill_buf().await?;
        if read.is_empty() {
            if length == 0 {
                return Ok(None);
            }
            break;
        }
        let end = read.iter().position(|byte| *byte == b'\n');
        let text = &read[..end.unwrap_or(read.len())];
        kept.extend_from_slice(&text[..text.len().min(LINE_BYTES_MAX - kept.len())]);
        let used = end.map_or(read.len(), |end| end + 1);
        (length, is_over) = (length + used, end.is_some());
        reader.consume(used);
    }
    let is_cut = length > kept.len() + usize::from(is_over);
    Ok(Some((String::from_utf8_lossy(&kept).trim_end().to_owned(), is_cut)))
}

/// Why there is no list of a server's tools.
enum Unlisted {
    Cut(ServiceError),
    Endless(String),
}

/// The tools of every page.
async fn listed(session: &Session) -> Result<Vec<ToolDefinition>, Unlisted> {
    let (mut tools, mut bytes) = (Vec::new(), 0);
    let (mut cursor, mut cursors) = (None, HashSet::new());
    for _ in 0..LIST_PAGES_MAX {
        let asked = PaginatedRequestParams::default().with_cursor(cursor);
        let page = session.list_tools(Some(asked)).await.map_err(Unlisted::Cut)?;
        for tool in page.tools.iter().map(definition) {
            bytes += size(&tool);
            tools.push(tool);
        }
        if tools.len() > TOOLS_MAX || bytes > DEFINITIONS_BYTES_MAX {
            return Err(Unlisted::Endless(format!(
                "there are more than {TOOLS_MAX}, or they take more than {DEFINITIONS_BYTES_MAX} bytes"
            )));
        }
        let Some(next) = page.next_cursor else { return Ok(tools) };
        if !cursors.insert(next.clone()) {
            return Err(Unlisted::Endless("it sends back to a page that it has sent already".to_owned()));
        }
        cursor = Some(next);
    }
    Err(Unlisted::Endless(format!("they take more than {LIST_PAGES_MAX} pages")))
}

fn definition(tool: &Tool) -> ToolDefinition {
    ToolDefinition {
        name: tool.name.to_string(),
        description: tool.description.as_deref().unwrap_or_default().to_owned(),
        args: Value::Object(tool.input_schema.as_ref().clone()),
    }
}

fn unreachable(server: &str, reason: &str) -> Failure {
    Failure::new(Stage::NotSent, "mcp_unreachable", format!("the MCP server {server} cannot be used: {reason}"))
}

fn call_failure(request: &McpRequest, error: &ServiceError) -> Failure {
    let what = format!("{} of the MCP server {}", request.tool, request.server);
    match error {
        ServiceError::McpError(answer) => {
            let mut failure = Failure::new(Stage::Refused, "mcp_error", format!("{what} was refused: {}", answer.message));
            failure.error.data = Some(json!({"code": answer.code.0, "data": answer.data}));
            failure
        }
        other => Failure::new(Stage::Sent, "connection_cut", format!("{what} was called and the connection was lost: {other}")),
    }
}

/// The structured content where there is one; a single text as JSON where it is an object or a list, else as text; several contents as a list.
fn value(request: &McpRequest, result: CallToolResult) -> Result<Value, Failure> {
    let mut contents: Vec<Value> = result.content.iter().filter_map(|content| serde_json::to_value(content).ok()).collect();
    if result.is_error == Some(true) {
        let said = contents.first().and_then(|content| content.get("text")).and_then(Value::as_str).unwrap_or("no reason given");
        let message =
            format!("the tool {} of {} reports an error: {}", request.tool, request.server, said.chars().take(400).collect::<String>());
        let mut failure = Failure::new(Stage::Refused, "tool_error", message);
        failure.error.data = Some(Value::Array(contents));
        return Err(failure);
    }
    if let Some(structured) = result.structured_content {
        return Ok(structured);
    }
    let text = |content: &Value| Some(content.get("text")?.as_str()?.to_owned()).filter(|_| content["type"] == "text");
    Ok(match contents.len() {
        0 => Value::Null,
        1 => {
            let only = contents.remove(0);
            let Some(text) = text(&only) else { return Ok(only) };
            serde_json::from_str(&text).ok().filter(|value: &Value| value.is_object() || value.is_array()).unwrap_or(Value::String(text))
        }
        _ => Value::Array(contents),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn of_a_line_without_end_the_beginning_is_held() {
        let text = ["short\n", &"x".repeat(3 * LINE_BYTES_MAX), "\nnext\r\n", "\n", &"y".repeat(LINE_BYTES_MAX), "\nlast"].concat();
        let mut reader = BufReader::with_capacity(1_000, text.as_bytes());
        let mut lines = Vec::new();
        while let Some((line, is_cut)) = line(&mut reader).await.unwrap() {
            lines.push((line.len(), line.chars().next(), is_cut));
        }
        let cut = (LINE_BYTES_MAX, Some('x'), true);
        let whole = (LINE_BYTES_MAX, Some('y'), false);
        assert_eq!(lines, [(5, Some('s'), false), cut, (4, Some('n'), false), (0, None, false), whole, (4, Some('l'), false)]);
    }
}
