//! What starts an execution, as JSON or as a form with files.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::api::attachments::{ATTACHMENTS_MAX, AttachmentRequest};
use crate::api::call::Call;
use crate::api::form::{self, Parts};
use crate::api::native::execute::{ExecuteRequest, Reading, Talk};
use crate::api::problem::Problem;
use crate::flow::definitions::Definition;

/// The input of a form in bytes: as much as a JSON body may have where nothing else is said.
const INPUT_BYTES_MAX: usize = crate::config::BODY_BYTES_MAX_DEFAULT;
/// The texts of a form.
const KEY: &str = "execution_key";
const INPUT: &str = "input";

/// What to run, and with what.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AgenticStart")]
pub struct StartRequest {
    /// Which definition; may be left out where the agent has only one.
    #[serde(default)]
    #[schemars(length(max = 200))]
    execution_key: Option<String>,
    /// As the definition's schema says.
    #[serde(default)]
    input: Option<Map<String, Value>>,
    #[serde(skip)]
    files: Vec<AttachmentRequest>,
}

/// The same as a form.
#[derive(JsonSchema)]
#[schemars(rename = "AgenticStartForm", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used: the form is taken apart as it was sent")]
pub struct StartForm {
    #[schemars(length(max = 200))]
    execution_key: Option<String>,
    /// A JSON object.
    #[schemars(extend("contentMediaType" = "application/json"))]
    input: Option<String>,
    /// `files[]` means the same.
    #[schemars(extend("items" = {"type": "string", "format": "binary"}))]
    files: Option<Vec<String>>,
    #[serde(rename = "files[]")]
    #[schemars(extend("items" = {"type": "string", "format": "binary"}))]
    files_too: Option<Vec<String>>,
}

/// The request's body.
///
/// # Errors
/// 400 that names the field, 413.
pub async fn read(call: &Call) -> Result<StartRequest, Problem> {
    if !form::is_form(call.header("content-type").unwrap_or_default()) {
        return call.json();
    }
    let parts = Parts { files: &["files", "files[]"], files_max: ATTACHMENTS_MAX, texts: &[KEY, INPUT], text_bytes_max: INPUT_BYTES_MAX };
    let mut form = form::read_all(call, parts).await?;
    let input = match form.texts.remove(INPUT) {
        None => None,
        Some(text) => {
            serde_json::from_str(&text).map_err(|error| Problem::invalid("parameters", format!("it is no JSON object: {error}")))?
        }
    };
    let files = form.files.into_iter().map(|file| AttachmentRequest::of_form(file.name, file.content_type, file.bytes));
    Ok(StartRequest { execution_key: form.texts.remove(KEY), input, files: files.collect() })
}

impl StartRequest {
    /// What is to be started of what an agent offers.
    ///
    /// # Errors
    /// 400 for a key that is not offered, or that is missing where there are several.
    pub fn into_start(self, offered: &[Definition]) -> Result<ExecuteRequest, Problem> {
        let keys = || offered.iter().map(|definition| definition.key.as_str()).collect::<Vec<_>>().join(", ");
        let entry = match (self.execution_key, offered) {
            (_, []) => return Err(Problem::invalid("entry", "the agent has no execution types: nothing of it is deployed")),
            (Some(key), offered) if offered.iter().any(|definition| definition.key == key) => key,
            (Some(key), _) => return Err(Problem::invalid("entry", format!("the agent has no execution type `{key}`; it has {}", keys()))),
            (None, [only]) => only.key.clone(),
            (None, _) => return Err(Problem::invalid("entry", format!("which execution type? The agent has {}", keys()))),
        };
        Ok(ExecuteRequest {
            parameters: self.input,
            attachments: Some(self.files),
            entry: Some(entry),
            reading: Reading::Exact,
            talk: Talk::ReadOnly,
            ..ExecuteRequest::default()
        })
    }
}
