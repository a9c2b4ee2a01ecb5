//! A flow from a file, with everything that belongs to it: the flows it starts as children that lie beside it, the rehearsal script, and
//! whether it can run for real here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::error::Error;
use super::session::Session;
use crate::engine::FlowRef;
use crate::flow::compile as compiling;
use crate::flow::plan::{Child, Kind, Plan, ToolCall};
use crate::flow::problem::Problem;
use crate::flow::spec::RehearsalSpec;
use crate::limits::FLOW_BYTES_MAX;

/// What a flow file may be called, after its name.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

/// A flow file, compiled, and the files that belong to it.
#[derive(Debug)]
pub struct Loaded {
    pub plan: Plan,
    /// Child flows from files beside it, theirs included, by agent name.
    pub children: BTreeMap<String, Plan>,
    /// Scripted answers of this flow and, below them, of its children.
    pub script: Option<RehearsalSpec>,
}

/// Reads a flow file and what belongs to it.
///
/// # Errors
/// `Refused`, with every problem, when it or a child beside it cannot be read or does not compile.
pub fn load(path: &Path) -> Result<Loaded, Error> {
    let plan = compile(path)?;
    let mut script = script(path)?;
    let mut children = BTreeMap::new();
    let mut wanted: Vec<String> = agents(&plan).into_iter().collect();
    while let Some(agent) = wanted.pop() {
        if agent == plan.name || children.contains_key(&agent) {
            continue;
        }
        // Not beside the flow: the catalog may have it, which the engine finds out.
        let Some(file) = beside(path, &agent) else { continue };
        let child = compile(&file)?;
        if child.name != agent {
            return Err(Error::Refused(format!(
                "{} is asked for as agent `{agent}`, but the flow in it is called `{}`",
                file.display(),
                child.name
            )));
        }
        if let Some(answers) = self::script(&file)? {
            let script = script.get_or_insert_default();
            for (step, answer) in answers {
                script.entry(step).or_insert(answer);
            }
        }
        wanted.extend(agents(&child));
        children.insert(agent, child);
    }
    Ok(Loaded { plan, children, script })
}

impl Loaded {
    /// Puts the flow and its children into the catalog.
    ///
    /// # Errors
    /// When the engine refuses one.
    pub async fn register(&self, session: &Session) -> Result<(FlowRef, Vec<FlowRef>), Error> {
        let mut agents = Vec::new();
        for child in self.children.values() {
            agents.push(session.engine.register((*child.spec).clone()).await.map_err(Error::from)?);
        }
        let flow = session.engine.register((*self.plan.spec).clone()).await.map_err(Error::from)?;
        Ok((flow, agents))
    }
}

/// The flow files that people name: files as they are, of directories every flow file in it, by name.
///
/// # Errors
/// `Refused` when a directory cannot be read or has no flow file.
pub fn flow_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let refused = |reason: String| Error::Refused(format!("no flows from the directory {}: {reason}", path.display()));
        let entries = std::fs::read_dir(path).map_err(|error| refused(error.to_string()))?;
        let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|file| is_flow_file(file)).collect();
        if found.is_empty() {
            return Err(refused("it has no .yaml, .yml or .json file".to_owned()));
        }
        found.sort();
        files.append(&mut found);
    }
    Ok(files)
}

/// By its name; a rehearsal belongs to a flow and is none.
fn is_flow_file(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    path.is_file()
        && EXTENSIONS.contains(&extension)
        && !name.starts_with('.')
        && !name.trim_end_matches(extension).ends_with(".rehearsal.")
}

/// The text of a flow file.
///
/// # Errors
/// `Refused` when it cannot be read or is too large.
pub fn read(path: &Path) -> Result<String, Error> {
    let refused = |reason: String| Error::Refused(format!("cannot read the flow {}: {reason}", path.display()));
    let size = std::fs::metadata(path).map_err(|error| refused(error.to_string()))?.len();
    if size > FLOW_BYTES_MAX as u64 {
        return Err(refused(format!("it has {size} bytes; {FLOW_BYTES_MAX} are allowed")));
    }
    std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))
}

/// A problem with its file, for people.
#[must_use]
pub fn problem_text(path: &str, problem: &Problem) -> String {
    format!("{path}:{problem}")
}

/// Compiles one flow file.
///
/// # Errors
/// `Refused`, with every problem.
pub fn compile(path: &Path) -> Result<Plan, Error> {
    let (plan, _) = compiling::load(&read(path)?).map_err(|problems| refused(&path.display().to_string(), &problems))?;
    Ok(plan)
}

fn refused(name: &str, problems: &[Problem]) -> Error {
    let lines: Vec<String> = problems.iter().map(|problem| problem_text(name, problem)).collect();
    Error::Refused(format!("the flow is refused\n{}", lines.join("\n")))
}

/// `name.rehearsal.yaml` beside `name.yaml`.
///
/// # Errors
/// `Refused` when it is there and cannot be read.
pub fn script(path: &Path) -> Result<Option<RehearsalSpec>, Error> {
    let file = path.with_extension("rehearsal.yaml");
    if !file.is_file() {
        return Ok(None);
    }
    let text = read(&file)?;
    let script = serde_saphyr::from_str(&text);
    script.map(Some).map_err(|error| Error::Refused(format!("the rehearsal {} is refused: {error}", file.display())))
}

fn beside(path: &Path, agent: &str) -> Option<PathBuf> {
    let directory = path.parent()?;
    EXTENSIONS.iter().map(|extension| directory.join(format!("{agent}.{extension}"))).find(|file| file.is_file())
}

/// Agents that a flow starts in their current revision; a numbered one is the catalog's.
fn agents(plan: &Plan) -> BTreeSet<String> {
    let steps = plan.scopes.iter().flat_map(|scope| &scope.steps);
    let children = steps.flat_map(|step| match &step.kind {
        Kind::Child(child) => vec![child],
        Kind::Agent(agent) => agent.tools.iter().filter_map(|tool| child_of(&tool.call)).collect(),
        _ => Vec::new(),
    });
    children.filter(|child| child.revision.is_none()).map(|child| child.agent.clone()).collect()
}

fn child_of(call: &ToolCall) -> Option<&Child> {
    match call {
        ToolCall::Child(child) => Some(child),
        ToolCall::Call(_) | ToolCall::Mcp { .. } => None,
    }
}
