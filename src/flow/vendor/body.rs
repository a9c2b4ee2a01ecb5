//! A whole revision or draft body: which of its fields mean something, and the flow that they make together.

use serde_json::Value;

use super::agent::Reader;
use super::fields::{Fields, Problems};
use super::graph::{self, Graph, Kind};
use super::parameters::{self, Parameter};
use super::placeholders::{self, Known};
use super::tools::Integrations;
use super::{Place, Translated};
use crate::flow::source::child;
use crate::flow::spec::{EdgeSpec, FlowSpec, StepSpec, Table};

/// What servers put into an answer and read back: ignored, so that what was fetched can be edited and sent again.
pub const STAMPED: [&str; 17] = [
    "actor",
    "agentId",
    "agentRevision",
    "baseRevision",
    "createdAt",
    "createdBy",
    "deletedAt",
    "draftHistorySeqNo",
    "id",
    "isCurrent",
    "lastDeployedAt",
    "revision",
    "tenant",
    "tenantId",
    "updatedAt",
    "updatedBy",
    "version",
];

const FIELDS: [&str; 8] =
    ["comment", "flow", "definition", "parametersMetadata", "integrationSlots", "integrationBindings", "integrationConfigs", "slots"];

/// The id of the one step that a `definition` becomes.
const DEFINITION_STEP: &str = "agent";

pub(super) fn read(name: &str, body: &Value, problems: &mut Problems) -> Option<(Translated, Vec<Place>)> {
    let body = Fields::of(body, "", problems)?;
    body.refuse_others(&[&FIELDS[..], &STAMPED[..]].concat(), "a revision", problems);
    let integrations = Integrations::read(&body, problems);
    let mut places: Vec<Place> = Vec::new();
    let definition = body.object("definition", problems);
    let flow = body.object("flow", problems);
    let translated = match (definition, flow) {
        (Some(definition), None) => single(name, &body, &definition, &integrations, &mut places, problems),
        (None, Some(flow)) => whole(name, &body, &flow, &integrations, &mut places, problems),
        (Some(definition), Some(_)) => {
            let message = "the body has both `definition` and `flow`";
            problems.add("contradiction", &definition.pointer, message, "keep the one that is meant");
            None
        }
        (None, None) => {
            problems.add("missing_field", "/flow", "the body has neither `flow` nor `definition`", "give one of them");
            None
        }
    };
    contacts(&body, translated.as_ref(), problems);
    Some((translated?, places))
}

/// `definition`: one agent without edges.
fn single<'a>(
    name: &str,
    body: &Fields<'a>,
    definition: &Fields<'a>,
    integrations: &Integrations<'a>,
    places: &mut Vec<Place>,
    problems: &mut Problems,
) -> Option<Translated> {
    let parameters = declared(body, places, problems);
    let known = Known { parameters: &parameters, steps: &[] };
    let step = Reader { known, integrations, places, problems }.agent(DEFINITION_STEP, definition)?;
    places.push(("/flow".to_owned(), String::new()));
    let steps = Table::from([(DEFINITION_STEP.to_owned(), step)]);
    Some(Translated { spec: flow(name, &parameters, steps, Vec::new(), None, DEFINITION_STEP), parameters })
}

/// `flow`: steps and edges.
fn whole<'a>(
    name: &str,
    body: &Fields<'a>,
    given: &Fields<'a>,
    integrations: &Integrations<'a>,
    places: &mut Vec<Place>,
    problems: &mut Problems,
) -> Option<Translated> {
    let (nodes, entry, graph) = graph::read(given, problems);
    let owner = entry.filter(|entry| !entry.list("parametersMetadata", problems).is_empty());
    let parameters = declared(owner.as_ref().unwrap_or(body), places, problems);
    let ids: Vec<&str> = nodes.iter().map(|node| node.id).collect();
    let mut steps: Table<StepSpec> = Table::new();
    for node in &nodes {
        let known = Known { parameters: &parameters, steps: &ids };
        let mut reader = Reader { known, integrations, places, problems };
        let step = match node.kind {
            Kind::Agent => reader.agent(node.id, &node.fields),
            Kind::Tool => reader.tool(node.id, &node.fields),
        };
        steps.extend(step.map(|step| (node.id.to_owned(), step)));
    }
    let graph = graph?;
    let (start, edges) = edges(&graph, &mut steps, places);
    places.push(("/flow".to_owned(), String::new()));
    places.push(("/output".to_owned(), given.at("edges")));
    places.push((String::new(), given.pointer.clone()));
    Some(Translated { spec: flow(name, &parameters, steps, edges, start, graph.last), parameters })
}

/// A flow starts at one step: where the entry leads to several, it stays as a step that sets nothing.
fn edges(graph: &Graph<'_>, steps: &mut Table<StepSpec>, places: &mut Vec<Place>) -> (Option<String>, Vec<EdgeSpec>) {
    let mut edges = Vec::new();
    let mut add = |from: &str, to: &str, pointer: &str| {
        places.push((format!("/edges/{}", edges.len()), pointer.to_owned()));
        edges.push(EdgeSpec { from: from.to_owned(), to: to.to_owned(), ..EdgeSpec::default() });
    };
    let start = match &graph.first[..] {
        [] => None,
        [(only, _)] => Some((*only).to_owned()),
        several => {
            steps.shift_insert(0, graph.entry_id.to_owned(), StepSpec { set: Some(serde_json::Map::new()), ..StepSpec::default() });
            for (to, pointer) in several {
                add(graph.entry_id, to, pointer);
            }
            Some(graph.entry_id.to_owned())
        }
    };
    for edge in &graph.edges {
        add(edge.from, edge.to, &edge.pointer);
    }
    if graph.first.len() > 1 {
        places.push((child("/steps", graph.entry_id), graph.entry.pointer.clone()));
    }
    places.push(("/start".to_owned(), graph.entry.pointer.clone()));
    (start, edges)
}

fn flow(
    name: &str,
    parameters: &[Parameter],
    steps: Table<StepSpec>,
    edges: Vec<EdgeSpec>,
    start: Option<String>,
    answers: &str,
) -> FlowSpec {
    FlowSpec {
        flow: name.to_owned(),
        title: None,
        description: None,
        start,
        input: Some(parameters::input_schema(parameters)),
        config: serde_json::Map::new(),
        limits: None,
        defaults: None,
        steps,
        edges,
        output: Some(placeholders::output_expression(answers)),
        validators: Vec::new(),
        max_retries: None,
        entries: Table::default(),
        ui: None,
    }
}

fn declared(owner: &Fields<'_>, places: &mut Vec<Place>, problems: &mut Problems) -> Vec<Parameter> {
    places.push(("/input".to_owned(), owner.at("parametersMetadata")));
    parameters::read(owner, problems)
}

/// `slots` name the people whom approvals ask; one that no approval names would reach nobody.
fn contacts(body: &Fields<'_>, translated: Option<&Translated>, problems: &mut Problems) {
    let steps = translated.into_iter().flat_map(|translated| translated.spec.steps.values());
    let gates = steps.filter_map(|step| step.agent.as_ref()).flat_map(|agent| &agent.tools).filter_map(|tool| tool.approval.as_ref());
    let asked: Vec<&String> = gates.filter_map(|gate| gate.approvers.as_ref()).flat_map(|approvers| &approvers.any_of).collect();
    for slot in body.objects("slots", problems) {
        slot.refuse_others(&["name", "displayName", "description", "requiredKind"], "a contact", problems);
        let Some(name) = slot.needed_text("name", "approvals name a contact by it", problems) else { continue };
        if translated.is_some() && !asked.iter().any(|who| who.strip_prefix("role:") == Some(name)) {
            let message = format!("no tool's `humanApproval` names the contact `{name}`, and nothing else reaches people here");
            problems.add("unsupported", &slot.pointer, message, "name it in a `humanApproval.slotName`, or take it out");
        }
    }
}
