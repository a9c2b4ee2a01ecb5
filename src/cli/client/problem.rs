//! A server's problem document as one line for people: what happened, its code, what to do. Problems of a flow follow, one a line.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::Value;

use crate::present::visible::{one_line, visible};

/// Of a problem's fields, so much is shown.
const SHOWN_CHARACTERS_MAX: usize = 500;
/// Problems of one flow that are shown.
const FLOW_PROBLEMS_MAX: usize = 100;

/// What the server says is wrong.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Problem {
    #[serde(skip)]
    pub status: u16,
    #[serde(skip)]
    pub retry_after_seconds: Option<u64>,
    pub title: String,
    pub detail: String,
    pub code: String,
    pub hint: String,
    /// By field of the request.
    pub errors: BTreeMap<String, Vec<String>>,
    /// What is wrong with a flow.
    pub problems: Vec<Value>,
    /// The decision that stands.
    pub decided: Value,
}

impl Problem {
    /// Reads a problem document; none where it is not one.
    #[must_use]
    pub fn read(status: u16, retry_after_seconds: Option<u64>, bytes: &[u8]) -> Option<Self> {
        let problem: Self = serde_json::from_slice(bytes).ok()?;
        (!problem.title.is_empty() || !problem.detail.is_empty()).then_some(Self { status, retry_after_seconds, ..problem })
    }

    fn hint(&self) -> Option<String> {
        if !self.hint.is_empty() {
            return Some(one_line(&self.hint, SHOWN_CHARACTERS_MAX));
        }
        match (self.status, self.retry_after_seconds) {
            (401, _) => Some("check FLOWGATE_KEY, or `flowgate login` again".to_owned()),
            (429 | 503, Some(seconds)) => Some(format!("try again in {seconds} s")),
            _ => None,
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = if self.detail.is_empty() { &self.title } else { &self.detail };
        let mut line = one_line(what, SHOWN_CHARACTERS_MAX);
        // The detail names a single field already.
        let is_told = self.errors.len() == 1 && self.errors.iter().all(|(_, messages)| messages.iter().all(|text| what.contains(text)));
        if !is_told {
            for (field, messages) in &self.errors {
                let _ = write!(line, "; {}: {}", visible(field), one_line(&messages.join(", "), SHOWN_CHARACTERS_MAX));
            }
        }
        let code = if self.code.is_empty() { self.status.to_string() } else { self.code.clone() };
        write!(f, "{line} ({})", visible(&code))?;
        if let Some(hint) = self.hint() {
            write!(f, "; {hint}")?;
        }
        for problem in self.problems.iter().take(FLOW_PROBLEMS_MAX) {
            write!(f, "\n{}", flow_problem(problem))?;
        }
        Ok(())
    }
}

/// One problem of a flow, as `flow check` writes it.
fn flow_problem(problem: &Value) -> String {
    let Value::Object(fields) = problem else {
        return one_line(problem.as_str().unwrap_or_default(), SHOWN_CHARACTERS_MAX);
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| fields.get(name).and_then(Value::as_u64);
    let place = match (number("line"), number("column")) {
        (Some(line), Some(column)) => format!("{line}:{column}: "),
        _ => String::new(),
    };
    let severity = if text("severity").is_empty() { "error" } else { text("severity") };
    let mut line = format!("{place}{severity}[{}]: {}", text("code"), text("message"));
    if !text("hint").is_empty() {
        let _ = write!(line, "\n  hint: {}", text("hint"));
    }
    visible(&line).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Problem;

    fn said(status: u16, document: &serde_json::Value) -> String {
        Problem::read(status, Some(3), document.to_string().as_bytes()).map_or_else(|| "none".to_owned(), |problem| problem.to_string())
    }

    #[test]
    fn a_problem_is_one_line_with_its_code() {
        let missing = json!({"title": "Not found", "detail": "there is no agent `x`", "code": "not_found"});
        assert_eq!(said(404, &missing), "there is no agent `x` (not_found)");
        let busy = json!({"title": "Too much at once", "code": "busy"});
        assert_eq!(said(429, &busy), "Too much at once (busy); try again in 3 s");
        let fields = json!({"title": "Wrong", "detail": "two fields are wrong", "errors": {"a": ["too long"], "b": ["missing"]}});
        assert_eq!(said(400, &fields), "two fields are wrong; a: too long; b: missing (400)");
        let field = json!({"title": "Wrong", "detail": "a: too long", "errors": {"a": ["too long"]}, "code": "invalid"});
        assert_eq!(said(400, &field), "a: too long (invalid)");
        let scope = json!({"title": "No", "detail": "no scope\u{1b}[2J", "code": "insufficient_scope", "hint": "use another key"});
        assert_eq!(said(403, &scope), "no scope␛[2J (insufficient_scope); use another key");
        assert_eq!(said(502, &json!({"oops": 1})), "none");
    }

    #[test]
    fn problems_of_a_flow_follow_line_by_line() {
        let one =
            json!({"code": "unknown_step", "severity": "error", "line": 5, "column": 9, "message": "no step `b`", "hint": "name one"});
        let document = json!({"detail": "the flow is refused", "code": "flow_refused", "problems": [one, "another"]});
        assert_eq!(
            said(422, &document),
            "the flow is refused (flow_refused)\n5:9: error[unknown_step]: no step `b`\n  hint: name one\nanother"
        );
    }
}
