//! The vendor's placeholders in our templates. `{{param.x}}`, `{{step.y}}` and bare names become what they name; everything else comes out
//! as it was written, even where it looks like our template syntax.

use super::fields::Problems;
use super::parameters::Parameter;
use crate::flow::source::did_you_mean;

/// What placeholders can name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    pub parameters: &'a [Parameter],
    /// Identifiers of steps that have an output.
    pub steps: &'a [&'a str],
}

/// What stands between two double braces.
#[derive(Debug, PartialEq, Eq)]
enum Inner<'t> {
    Parameter(&'t str),
    Step(&'t str),
    /// A name without a prefix.
    Bare(&'t str),
    /// A call of a tool, or a pipe.
    Call,
    Secret,
    /// No placeholder.
    Text,
}

/// The text as a template of ours.
pub(super) fn template(text: &str, known: Known<'_>, pointer: &str, problems: &mut Problems) -> String {
    let mut written = String::with_capacity(text.len());
    let mut literal = 0;
    let mut from = 0;
    while let Some((start, end)) = next_braces(text, from) {
        from = end;
        let inner = text[start + 2..end - 2].trim();
        match resolved(inner, known) {
            Ok(None) => {}
            Ok(Some(expression)) => {
                escape(&text[literal..start], Next::Tag, &mut written);
                written.push_str("{{ ");
                written.push_str(&expression);
                written.push_str(" }}");
                literal = end;
            }
            Err((message, hint)) => problems.add("bad_placeholder", pointer, message, hint),
        }
    }
    escape(&text[literal..], Next::Nothing, &mut written);
    written
}

/// The innermost `{{ … }}` at or after `from`, its braces included.
fn next_braces(text: &str, from: usize) -> Option<(usize, usize)> {
    let open = from + text[from..].find("{{")?;
    let close = open + 2 + text[open + 2..].find("}}")?;
    let start = open + text[open..close].rfind("{{")?;
    Some((start, close + 2))
}

/// What it means in our templates; none for what is only text.
fn resolved(inner: &str, known: Known<'_>) -> Result<Option<String>, (String, String)> {
    let meaning = classify(inner);
    // What follows only quotes it.
    let inner = cut(inner);
    match meaning {
        Inner::Text => Ok(None),
        Inner::Parameter(name) => match known.parameters.iter().find(|parameter| parameter.name == name) {
            Some(_) => Ok(Some(format!("input{}", attribute(name)))),
            None => Err(unknown(inner, "parameter", name, known.parameters.iter().map(|parameter| parameter.name.as_str()))),
        },
        Inner::Step(id) if known.steps.contains(&id) => Ok(Some(format!("steps{}.output", attribute(id)))),
        Inner::Step(id) => Err(unknown(inner, "step", id, known.steps.iter().copied())),
        Inner::Bare(name) => bare(name, known).map(Some),
        Inner::Call => {
            let message = format!("`{{{{{inner}}}}}` calls a tool or pipes values; a prompt only inserts values here");
            Err((message, "give the AGENT step the tool, or make a TOOL step and insert `{{step.ID}}`".to_owned()))
        }
        Inner::Secret => {
            let message = format!("`{{{{{inner}}}}}` would put a secret into text");
            Err((message, "secrets belong to the tool's own configuration".to_owned()))
        }
    }
}

fn bare(name: &str, known: Known<'_>) -> Result<String, (String, String)> {
    let parameter = known.parameters.iter().any(|parameter| parameter.name == name);
    let step = known.steps.contains(&name);
    match (parameter, step) {
        (true, false) => Ok(format!("input{}", attribute(name))),
        (false, true) => Ok(format!("steps{}.output", attribute(name))),
        (true, true) => {
            let message = format!("`{{{{{name}}}}}` could be the parameter or the step of that name");
            Err((message, format!("write `{{{{param.{name}}}}}` or `{{{{step.{name}}}}}`")))
        }
        (false, false) => {
            let all = known.parameters.iter().map(|parameter| parameter.name.as_str()).chain(known.steps.iter().copied());
            Err(unknown(cut(name), "parameter or step", name, all))
        }
    }
}

fn unknown<'k>(inner: &str, what: &str, name: &str, known: impl Iterator<Item = &'k str>) -> (String, String) {
    let name = cut(name);
    let hint = match did_you_mean(name, known) {
        hint if hint.is_empty() => "write `{{param.NAME}}` for a declared parameter, `{{step.ID}}` for a step's output".to_owned(),
        hint => hint,
    };
    (format!("`{{{{{inner}}}}}`: there is no {what} `{name}`"), hint)
}

/// As much of a text as a message quotes.
fn cut(text: &str) -> &str {
    const BYTES_MAX: usize = 80;
    &text[..text.floor_char_boundary(BYTES_MAX)]
}

fn classify(inner: &str) -> Inner<'_> {
    let calls = inner.contains(['(', '|']) && looks_called(inner);
    if calls {
        return Inner::Call;
    }
    if let Some(name) = inner.strip_prefix("param.") {
        return Inner::Parameter(name.trim());
    }
    if let Some(id) = inner.strip_prefix("step.") {
        return Inner::Step(id.trim());
    }
    if inner.starts_with("secret.") {
        return Inner::Secret;
    }
    if is_path(inner) { Inner::Bare(inner) } else { Inner::Text }
}

/// `name(…)`, `a.b(…)`, `name | …`: a name, and then a call or a pipe.
fn looks_called(inner: &str) -> bool {
    let end = inner.find(['(', '|']).unwrap_or(inner.len());
    let called = inner[end..].starts_with('(') && (inner.ends_with(')') || inner.contains(")|") || inner.contains(") |"));
    is_path(inner[..end].trim_end()) && (called || inner[end..].starts_with('|'))
}

/// `a`, `a.b-c`.
fn is_path(text: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part.chars().all(|one| one.is_ascii_alphanumeric() || one == '_' || one == '-')
    };
    text.split('.').all(part)
}

/// Names that an expression cannot write behind a dot.
const EXPRESSION_WORDS: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

/// A step's output as an expression.
pub(super) fn output_expression(id: &str) -> String {
    let name = if EXPRESSION_WORDS.contains(&id) { format!("[\"{id}\"]") } else { attribute(id) };
    format!("steps{name}.output")
}

/// `.name`, or `["na me"]` where it is not a plain name.
fn attribute(name: &str) -> String {
    let plain =
        name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_');
    if plain { format!(".{name}") } else { format!("[{}]", serde_json::Value::from(name)) }
}

/// What stands behind a literal text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Tag,
    Nothing,
}

/// Writes text so that it renders to itself: braces that would open a tag become a tag that gives them.
fn escape(text: &str, next: Next, written: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        written.push_str(&rest[..at]);
        let run = rest[at..].len() - rest[at..].trim_start_matches('{').len();
        let braces = &rest[at..at + run];
        rest = &rest[at + run..];
        let opens = run > 1 || rest.starts_with(['%', '#']) || (rest.is_empty() && next == Next::Tag);
        if opens {
            written.push_str("{{ \"");
            written.push_str(braces);
            written.push_str("\" }}");
        } else {
            written.push_str(braces);
        }
    }
    written.push_str(rest);
}
