//! `flowgate dev`: a server for trying things out: the flows of a directory are its agents, nothing outward happens without a model's key,
//! and what it keeps is thrown away at the end, unless a data directory is named.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::agent::{self, Flow};
use super::args::Context;
use super::error::{Error, Exit};
use super::output::Accent;
use super::{loading, serve, session, shell_word};
use crate::api::{App, Rehearsals};
use crate::catalog::agents::NewAgent;
use crate::catalog::audit::Actor;
use crate::catalog::deployments::{Deploy, Share};
use crate::catalog::environments::PRODUCTION;
use crate::catalog::keys::NewKey;
use crate::catalog::revisions::NewRevision;
use crate::catalog::scopes::Scope;
use crate::catalog::{self, Catalog};
use crate::config::Origin;
use crate::ids::Tenant;

/// Where flows are looked for.
const FLOWS: &str = "flows";
/// Who deploys here.
const ACTOR: &str = "dev";
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Try things out: a server with every flow of a directory deployed as an agent.
///
/// Executions whose models have no key are rehearsed: steps are answered by the flow's `sandbox:` and by NAME.rehearsal.yaml beside it.
/// What it keeps is thrown away at the end, unless --data-dir names a place.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flowgate dev
  flowgate dev my-flows --listen 127.0.0.1:9000
  OPENAI_API_KEY=… flowgate dev --data-dir .flowgate")]
pub struct Args {
    /// Flow files, or directories of them [default: flows]
    #[arg(value_name = "DIR")]
    flows: Vec<PathBuf>,
    /// Address and port [default: 127.0.0.1:7878, or a free port where that is taken]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

/// # Errors
/// When a flow is refused, or as `serve`.
pub fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    let flows = flows(context, args)?;
    let mut context = context.clone();
    choose_address(&mut context, args);
    let scratch = match context.config.data_dir_origin {
        Origin::Flag(_) | Origin::Environment(_) => None,
        Origin::Default | Origin::File => Some(Scratch::new()?),
    };
    if let Some(scratch) = &scratch {
        context.config.data_dir.clone_from(&scratch.path);
    }
    let mut scripts = BTreeMap::new();
    for flow in &flows {
        if let Some(script) = loading::script(&flow.path)? {
            scripts.insert(flow.name.clone(), script);
        }
    }
    let key = RefCell::new(None);
    let first = |app: &App, is_key_fresh: bool| {
        session::block_on(async {
            for flow in &flows {
                deploy(&app.catalog, flow).await.map_err(Error::failed)?;
            }
            if !is_key_fresh {
                *key.borrow_mut() = Some(dev_key(&app.catalog).await.map_err(Error::failed)?);
            }
            Ok(())
        })
    };
    let ready = |ready: &serve::Ready| {
        let key = ready.root_key.clone().or_else(|| key.borrow().clone());
        welcome(&context, &ready.url, key.as_deref(), &flows);
    };
    serve::run(&context, Some(Rehearsals { scripts }), first, ready)
}

fn flows(context: &Context, args: &Args) -> Result<Vec<Flow>, Error> {
    if !args.flows.is_empty() {
        return agent::flows(&args.flows);
    }
    if Path::new(FLOWS).is_dir() {
        return agent::flows(&[PathBuf::from(FLOWS)]);
    }
    context.output.note(&format!("there is no directory {FLOWS}/ here, so there is no agent yet; name one: flowgate dev DIR"));
    Ok(Vec::new())
}

/// The address that is asked for; the usual one only if it is free.
fn choose_address(context: &mut Context, args: &Args) {
    let is_usual = context.config.server_origins.iter().any(|(name, origin)| *name == "listen" && *origin == Origin::Default);
    let server = &mut context.config.server;
    if let Some(listen) = args.listen {
        server.listen = listen;
    } else if is_usual && std::net::TcpListener::bind(server.listen).is_err() {
        server.listen.set_port(0);
    }
}

/// The flow as its agent's deployed revision; unchanged ones stay.
async fn deploy(catalog: &Catalog, flow: &Flow) -> Result<(), catalog::Error> {
    let (tenant, actor) = (Tenant::default(), Actor::without_key(ACTOR));
    let row = match catalog.agent(&tenant, &flow.name) {
        Ok(stored) if stored.value.deleted_at.is_some() => catalog.restore_agent(&tenant, &flow.name, &actor).await?,
        Ok(stored) => stored.value,
        Err(catalog::Error::NotFound { .. }) => {
            let new = NewAgent { id: flow.name.clone(), display_name: flow.title.clone(), ..NewAgent::default() };
            catalog.create_agent(&tenant, new, &actor).await?
        }
        Err(error) => return Err(error),
    };
    let newest = match row.last_revision {
        0 => None,
        revision => Some(catalog.revision(&tenant, &flow.name, revision)?.value),
    };
    let is_same = |digest: &crate::ids::Digest| digest.to_string() == flow.digest;
    let revision = match newest {
        Some(row) if is_same(&row.digest) => row.revision,
        _ => {
            let new =
                NewRevision { spec: flow.spec.clone(), sent: json!({"flow": flow.text}), comment: None, tool: Some(ACTOR.to_owned()) };
            catalog.create_revision(&tenant, &flow.name, new, &actor).await?.revision
        }
    };
    if catalog.agent(&tenant, &flow.name)?.value.current_revision != revision {
        let split = vec![Share { revision, weight: 1 }];
        let deploy = Deploy { environment: PRODUCTION.to_owned(), split, reason: None, tool: Some(ACTOR.to_owned()), is_rollback: false };
        catalog.deploy(&tenant, &flow.name, &deploy, &actor).await?;
    }
    Ok(())
}

/// The root key where the environment has it; otherwise one for a day, since nobody here knows the one that was made earlier.
async fn dev_key(catalog: &Catalog) -> Result<String, catalog::Error> {
    if let Ok(root_key) = std::env::var(serve::ROOT_KEY)
        && !root_key.is_empty()
    {
        return Ok(root_key);
    }
    let actor = Actor::without_key(ACTOR);
    let new = NewKey {
        name: ACTOR.to_owned(),
        scopes: vec![Scope::Admin],
        user: ACTOR.to_owned(),
        expires_at: Some(actor.at.plus(DAY_MS)),
        ..NewKey::default()
    };
    Ok(catalog.mint_key(&Tenant::default(), new, &actor).await?.value)
}

fn welcome(context: &Context, url: &str, key: Option<&str>, flows: &[Flow]) {
    let output = context.output;
    let key = key.unwrap_or_default();
    output.note(&format!("{} on {url}, for trying things out", output.accent(Accent::Strong, "flowgate serves")));
    output.note(&format!("  key      {key}"));
    let names: Vec<&str> = flows.iter().map(|flow| flow.name.as_str()).collect();
    output.note(&format!("  agents   {}", if names.is_empty() { "none".to_owned() } else { names.join(", ") }));
    output.note(&format!("  data     {}", context.config.data_dir.display()));
    output.note("\nTry:");
    let header = shell_word(&format!("X-API-KEY: {key}"));
    let base = format!("{url}/v1/tenants/default");
    output.note(&format!("  curl {base}/agents -H {header}"));
    if let Some(flow) = flows.first() {
        let body = json!({"parameters": example(flow.spec.input.as_ref())});
        let (body, name) = (shell_word(&body.to_string()), &flow.name);
        output.note(&format!("  curl {base}/agents/{name}:execute -H {header} -H 'content-type: application/json' -d {body}"));
    }
    output.note(&format!("  curl {base}/pendingApprovals -H {header}"));
}

/// Something that the input schema may well take: its required fields, each with what the schema suggests.
fn example(schema: Option<&Value>) -> Value {
    let Some(schema) = schema else { return json!({}) };
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let fields = required.map(|name| (name.to_owned(), example_of(name, &schema["properties"][name])));
    Value::Object(fields.collect::<Map<_, _>>())
}

fn example_of(name: &str, schema: &Value) -> Value {
    let suggested = [&schema["default"], &schema["examples"][0], &schema["const"], &schema["enum"][0]];
    if let Some(value) = suggested.into_iter().find(|value| !value.is_null()) {
        return value.clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("string");
    match kind {
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "boolean" => json!(true),
        "array" => json!([example_of(name, &schema["items"])]),
        "object" => example(Some(schema)),
        _ => json!(format!("some {}", name.replace('_', " "))),
    }
}

/// A directory for this run alone, removed at its end.
struct Scratch {
    path: PathBuf,
}

impl Scratch {
    fn new() -> Result<Self, Error> {
        let path = std::env::temp_dir().join(format!("flowgate-dev-{}", uuid::Uuid::new_v4()));
        let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| Error::Failed(format!("cannot make {}: {error}; name a place with --data-dir", path.display())))?;
        Ok(Self { path })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "the data of this run cannot be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_fits_its_schema() {
        let schema = json!({"type": "object", "required": ["order_id", "count", "on", "pick", "tags", "at"], "properties": {
            "order_id": {"type": "string"}, "count": {"type": "integer", "minimum": 3}, "on": {"type": "boolean"},
            "pick": {"enum": ["a", "b"]}, "tags": {"type": "array", "items": {"type": "string"}}, "free": {"type": "string"},
            "at": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string", "default": "Graz"}}},
        }});
        let example = example(Some(&schema));
        let expected =
            json!({"order_id": "some order id", "count": 3, "on": true, "pick": "a", "tags": ["some tags"], "at": {"city": "Graz"}});
        assert_eq!(example, expected);
        assert!(jsonschema::is_valid(&schema, &example));
    }
}
