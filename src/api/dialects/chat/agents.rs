//! `/api/agents`: the agents of a workspace, and what each asks for.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::messages::MESSAGES;
use super::pages::{Page, Picker, Wanted};
use super::request::{TOOLS, is_chat};
use super::view::time;
use crate::api::answer::Answer;
use crate::api::app::App;
use crate::api::blocking::blocking;
use crate::api::call::Call;
use crate::api::native::execute::said::MESSAGE;
use crate::api::problem::Problem;
use crate::api::route::Route;
use crate::catalog::agents::AgentRow;
use crate::catalog::scopes::Scope;
use crate::flow::vendor::Parameter;
use crate::flow::vendor::parameters::Kind;
use crate::ids::Tenant;

/// Agents read at a time.
const CHUNK: usize = 500;
/// What an agent is called that is none to talk with, and that nobody has given a type.
const TYPE_DEFAULT: &str = "text";
/// The choices that are offered; any number between works.
const TEMPERATURES: [&str; 7] = ["0", "0.25", "0.5", "0.75", "1", "1.5", "2"];

/// An agent.
#[derive(Debug, Serialize, JsonSchema)]
struct ChatAgent {
    id: u64,
    title: String,
    description: Option<String>,
    long_description: Option<String>,
    workspace_id: u64,
    /// Always `workspace`: nobody else sees it.
    visibility: &'static str,
    /// Its name, which paths take as well.
    slug: String,
    /// 1: it can be executed.
    active: u8,
    /// `chat` where it has an input `message`; otherwise what it was made as, or `text`.
    #[serde(rename = "type")]
    kind: String,
    /// What it asks for, of the revision that is deployed.
    questions: Vec<Question>,
    created_at: String,
    updated_at: String,
}

/// A field of an execute request.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
struct Question {
    /// `text`, `number`, `boolean`, `select`, `array` or `object`.
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    description: String,
    required: bool,
    /// Of a `select`.
    options: Vec<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// Part of the title or the description.
    #[serde(default)]
    q: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    #[schemars(with = "Option<u64>")]
    page: Option<String>,
    /// 15 where it is absent, 100 at most.
    #[serde(default)]
    #[schemars(with = "Option<u64>")]
    per_page: Option<String>,
}

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/agents", "chatListAgents", "Agents by name")
            .scope(Scope::AgentsRead)
            .query::<ListQuery>()
            .answers::<Page<ChatAgent>>(200)
            .to(list),
        Route::get("/api/agents/{agent}", "chatGetAgent", "An agent, and what it asks for")
            .scope(Scope::AgentsRead)
            .answers::<ChatAgent>(200)
            .to(get),
    ]
}

/// An agent with what the deployed revision takes.
type Read = (AgentRow, Arc<Vec<Parameter>>);

fn read(app: &App, tenant: &Tenant, row: AgentRow) -> Result<Read, Problem> {
    let parameters = match row.current_revision {
        0 => Arc::default(),
        revision => app.parameters.of(&app.catalog, tenant, &row.id, revision)?,
    };
    Ok((row, parameters))
}

fn kind((row, parameters): &Read) -> &str {
    if is_chat(parameters) { "chat" } else { row.kind.as_deref().unwrap_or(TYPE_DEFAULT) }
}

fn pick(app: &App, tenant: &Tenant, query: &ListQuery, wanted: Wanted) -> Result<Picker<AgentRow>, Problem> {
    let searched = query.q.as_ref().map(|text| text.to_lowercase());
    let has = |text: &str, wanted: &String| text.to_lowercase().contains(wanted);
    let (mut picker, mut after) = (Picker::new(wanted), None::<String>);
    loop {
        let rows = app.catalog.agents(tenant, after.as_deref(), CHUNK)?;
        let Some(last) = rows.last() else { return Ok(picker) };
        after = Some(last.id.clone());
        for row in rows.into_iter().filter(|row| row.deleted_at.is_none()) {
            if !searched.as_ref().is_none_or(|wanted| has(&row.display_name, wanted) || has(&row.description, wanted)) {
                continue;
            }
            // What an agent takes decides its type; where nobody asks for that, it is read for the page alone.
            let fits = match &query.kind {
                Some(wanted) => kind(&read(app, tenant, row.clone())?) == wanted,
                None => true,
            };
            if fits {
                picker.see(row);
            }
        }
        if picker.is_full() {
            return Ok(picker);
        }
    }
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: ListQuery = call.query()?;
    let wanted = Wanted::read(query.page.as_ref(), query.per_page.as_ref())?;
    let workspace = workspace(&call)?;
    let (app, tenant) = (Arc::clone(&call.app), call.tenant.clone());
    let picked = blocking(move || pick(&app, &tenant, &query, wanted)?.picked().map(|row| read(&app, &tenant, row))).await?;
    let data = picked.rows.iter().map(|read| shown(&call, workspace, read)).collect();
    Answer::json(&Page::of(&call, &picked, data))
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let row = call.app.catalog.living_agent(&call.tenant, call.parameter("agent")?)?.value;
    let read = read(&call.app, &call.tenant, row)?;
    Answer::json(&shown(&call, workspace(&call)?, &read))
}

/// The tenant's number.
fn workspace(call: &Call) -> Result<u64, Problem> {
    Ok(call.app.catalog.tenant(call.tenant.as_str())?.map_or(0, |stored| stored.value.number))
}

fn shown(call: &Call, workspace_id: u64, read: &Read) -> ChatAgent {
    let (row, parameters) = read;
    ChatAgent {
        id: row.number,
        title: row.display_name.clone(),
        description: (!row.description.is_empty()).then(|| row.description.clone()),
        long_description: None,
        workspace_id,
        visibility: "workspace",
        slug: row.id.clone(),
        active: u8::from(row.enabled && row.current_revision > 0),
        kind: kind(read).to_owned(),
        questions: questions(parameters, &call.app.runner.model_names().collect::<Vec<_>>()),
        created_at: time(row.created_at),
        updated_at: time(row.updated_at),
    }
}

/// What an agent asks for: the fields of a conversation where it is one to talk with, and its inputs.
fn questions(parameters: &[Parameter], models: &[&str]) -> Vec<Question> {
    let ask = |kind, name: &str, description: &str, options: &[&str]| Question {
        kind,
        name: name.to_owned(),
        description: description.to_owned(),
        required: name == MESSAGES,
        options: options.iter().map(|option| (*option).to_owned()).collect(),
    };
    let mut asked = Vec::new();
    if is_chat(parameters) {
        asked.push(ask("select", "temperature", "How freely the agent answers, from 0 to 2.", &TEMPERATURES));
        asked.push(ask("select", "model", "The model that answers instead of the agent's own.", models));
        asked.push(ask("select", "tools", "Whether the agent uses its tools.", &TOOLS));
        asked.push(ask("number", "root_id", "The response of a conversation to go on with.", &[]));
        asked.push(ask("array", MESSAGES, "What is said: user and assistant by turns, a user last.", &[]));
        asked.push(ask("array", "file_ids", "Files to attach.", &[]));
    }
    // What messages become is asked for by their name.
    let inputs = parameters.iter().filter(|parameter| parameter.name != MESSAGE);
    asked.extend(inputs.map(of_input));
    asked
}

fn of_input(parameter: &Parameter) -> Question {
    let kind = match parameter.kind.kind {
        Kind::Text => "text",
        Kind::Integer | Kind::Float => "number",
        Kind::Bool => "boolean",
        Kind::Select => "select",
        Kind::TextArray | Kind::Array => "array",
        Kind::Json | Kind::Object | Kind::Any => "object",
    };
    let description = parameter.description.clone().or_else(|| parameter.display_name.clone()).unwrap_or_default();
    let options = parameter.options.iter().map(|option| option.value.clone()).collect();
    let required = parameter.required && parameter.default().is_none();
    Question { kind, name: parameter.name.clone(), description, required, options }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::flow::vendor::parameters::from_schema;

    #[test]
    fn an_agent_asks_for_its_inputs_in_the_words_of_this_dialect() {
        let schema = json!({"required": ["lead", "tone"], "properties": {
            "lead": {"type": "string", "description": "Who?"},
            "tone": {"enum": ["kind", "brief"], "title": "Tone"},
            "count": {"type": "integer"},
            "share": {"type": "number"},
            "now": {"type": "boolean"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "rows": {"type": "array"},
            "more": {"type": "object"},
            "any": {},
        }});
        let asked = questions(&from_schema(&schema), &[]);
        let kinds: Vec<_> = asked.iter().map(|question| (question.name.as_str(), question.kind)).collect();
        let expected = [
            ("lead", "text"),
            ("tone", "select"),
            ("count", "number"),
            ("share", "number"),
            ("now", "boolean"),
            ("tags", "array"),
            ("rows", "array"),
            ("more", "object"),
            ("any", "object"),
        ];
        assert_eq!(kinds, expected);
        assert_eq!(
            json!(asked[1]),
            json!({"type": "select", "name": "tone", "description": "Tone", "required": true, "options": ["kind", "brief"]})
        );
        assert!(asked[0].required && !asked[2].required && asked[0].description == "Who?");
    }

    #[test]
    fn an_agent_to_talk_with_asks_for_messages() {
        let asked =
            questions(&from_schema(&json!({"properties": {"message": {"type": "string"}, "tone": {"type": "string"}}})), &["tess-6"]);
        let names: Vec<_> = asked.iter().map(|question| (question.name.as_str(), question.required)).collect();
        let expected = [
            ("temperature", false),
            ("model", false),
            ("tools", false),
            ("root_id", false),
            ("messages", true),
            ("file_ids", false),
            ("tone", false),
        ];
        assert_eq!(names, expected);
        assert_eq!(
            (asked[1].options.as_slice(), asked[2].options.as_slice()),
            (["tess-6".to_owned()].as_slice(), TOOLS.map(str::to_owned).as_slice())
        );
    }
}
