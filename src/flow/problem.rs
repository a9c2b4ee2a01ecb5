//! What is wrong with a flow file: one `Problem` per finding, each with a stable code, the place and a hint. The list of codes is here;
//! the rules that find them are in `parse`, `compile` and `validate`.

use serde::Serialize;

/// How bad it is: an error refuses the flow, a warning does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Error,
    Warning,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable; listed in `CODES`.
    pub code: &'static str,
    pub severity: Severity,
    /// 1-based; 1 where the place is not known (a flow that was not read from text).
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// JSON pointer into the file.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}:{}: {severity}[{}]: {}", self.line, self.column, self.code, self.message)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, "\n  hint: {}", self.hint) }
    }
}

/// Every code with what it means.
pub const CODES: &[(&str, &str)] = &[
    ("syntax", "The text is neither YAML nor JSON."),
    ("too_large", "The file, or a count in it, exceeds a limit of the engine."),
    ("duplicate_key", "A table names the same key twice."),
    ("duplicate_id", "Two steps have the same id, or a map body reuses the id of a step around it."),
    ("unknown_field", "A key that the format does not know."),
    ("missing_field", "A key that the format requires is absent."),
    ("bad_value", "A value has the wrong type or is not one of the allowed words."),
    ("bad_name", "A name breaks the rules for names."),
    ("no_steps", "A flow or map body has no steps."),
    ("no_kind", "A step does not say what it is."),
    ("many_kinds", "A step is several things at once."),
    ("no_method", "An http call has no method, or several."),
    ("no_tool_kind", "A tool is not exactly one of http, mcp, builtin and flow."),
    ("misplaced_key", "A key that this kind of step cannot use."),
    ("contradiction", "Two keys that exclude each other."),
    ("unknown_builtin", "A builtin tool that does not exist."),
    ("duplicate_tool", "Two tools of an agent have the same name."),
    ("no_model", "A model step names no model and there is no default."),
    ("bad_model", "A model is not written as provider/model."),
    ("bad_expression", "A CEL expression does not compile."),
    ("bad_template", "A template does not compile."),
    ("secret_place", "A secret stands where it could leak."),
    ("bad_schema", "A JSON Schema is not valid."),
    ("unknown_step", "Something names a step that does not exist in this scope."),
    ("duplicate_edge", "The same edge twice."),
    ("unknown_port", "An edge leaves by a port that its step does not have."),
    ("when_and_otherwise", "An edge has both a condition and otherwise."),
    ("otherwise_without_when", "An otherwise edge has no when edge beside it."),
    ("edge_from_end", "An edge leaves an end step."),
    ("ambiguous_start", "Several steps could be the first one and start does not say which."),
    ("cycle_without_entry", "Every step has an incoming edge and start does not say where to enter."),
    ("unreachable", "A step cannot be reached from the start."),
    ("no_way_out", "A loop that nothing leaves."),
    ("irreducible_cycle", "A cycle that can be entered at more than one step."),
    ("loop_without_bound", "A loop's header does not say how many visits it may have."),
    ("visits_without_loop", "A step has visits but heads no loop."),
    ("never_repeats", "An exit that is always taken, so the loop never repeats."),
    ("exhausted_not_header", "An exhausted edge leaves a step that heads no loop."),
    ("exhausted_inside", "An exhausted edge leads into its own loop."),
    ("join_never", "A join waits for more edges than can come in."),
    ("join_without_edges", "A join on a step without incoming edges has no meaning."),
    ("leave_in_loop", "A join inside a loop leaves stragglers running, which delay the next visit."),
    ("unknown_name", "An expression names something that is not in scope."),
    ("unknown_config", "An expression names a configuration value that the flow does not declare."),
    ("unknown_step_field", "An expression reads a field that a step does not have."),
    ("unavailable", "An expression reads a step that may not have run by then."),
    ("never_available", "An expression reads a step that cannot have run by then."),
    ("previous_outside_loop", "previous is used where no loop holds both steps."),
    ("unguarded_previous", "previous is read without has(…), but a first visit has none."),
    ("excluded_field", "An expression reads a field that the declared schema does not have."),
    ("action_not_downstream", "An approval's action is not reached from its approved edge."),
    ("action_without_approval", "A path reaches an approval's action around the approval."),
    ("action_other_frame", "An approval and its action are not in the same innermost loop."),
    ("action_shared", "Two approvals release the same step."),
    ("action_kind", "An approval's action is not a step that makes a call."),
    ("action_input_unknown", "An action's inputs are not known when its approval is asked."),
    ("impossible_quorum", "More approvals are needed than there are people who may give them."),
    ("bad_approver", "An approver is not written as role:NAME or user:NAME."),
    ("bad_exclude", "An exclusion is not starter, user:NAME or decider:STEP."),
    ("bad_decisions", "The list of decisions leaves no way to approve, repeats one, or allows one that has no meaning here."),
    ("once_blind_retry", "A once effect is retried without a check that it did not happen."),
    ("in_doubt_without_once", "in_doubt on a step whose effect is not once."),
    ("missing_sandbox", "An outward step has no sandbox variant."),
    ("bad_limit", "A number is outside its limits."),
    ("no_validator_kind", "A validator is not exactly one of json_schema, cel, regex, judge and http."),
    ("gate_cannot_retry", "The result does not come from one model step, so that a gate that asks for another try stops."),
    ("undeclared_failure_code", "A validator of an entry stops with a code that the entry does not list."),
    ("entry_in_loop", "An entry begins inside a loop, other than at its first step."),
    ("unhandled_port", "An outcome that is asked for has no edge and would fail the flow."),
];

/// What a code means; none for an unknown code.
#[must_use]
pub fn explain_code(code: &str) -> Option<&'static str> {
    CODES.iter().find(|(known, _)| *known == code).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique() {
        for (index, (code, text)) in CODES.iter().enumerate() {
            assert!(CODES[..index].iter().all(|(other, _)| other != code), "{code} is listed twice");
            assert!(text.ends_with('.'), "{code}");
        }
    }
}
