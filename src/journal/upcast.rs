//! Lifting records of older schemas to the current one, a version at a time, on the JSON value. A step is written once, with a golden
//! file of the version it starts from, and never changed again.

use serde_json::Value;

use super::record::Kind;

/// One version's change: turns a record of schema `from` into one of `from + 1`.
pub struct Step {
    pub from: u16,
    pub lift: fn(Kind, &mut Value) -> Result<(), String>,
}

/// Every step, oldest first. Schema 1 is the first, so there is none yet.
pub const STEPS: &[Step] = &[];

/// Lifts `value` from `schema` to `current`.
///
/// # Errors
/// When a step is missing or refuses the value; the text says which.
pub fn lift(steps: &[Step], current: u16, schema: u16, kind: Kind, value: &mut Value) -> Result<(), String> {
    for version in schema..current {
        let step = steps.iter().find(|step| step.from == version).ok_or_else(|| format!("no step leads from schema {version}"))?;
        (step.lift)(kind, value)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TWO: &[Step] = &[
        Step {
            from: 1,
            lift: |_, value| {
                value["b"] = value["a"].take();
                Ok(())
            },
        },
        Step {
            from: 2,
            lift: |kind, value| {
                value["kind"] = json!(kind);
                Ok(())
            },
        },
    ];

    #[test]
    fn steps_run_in_order_from_the_record_s_version() {
        let mut value = json!({"a": 1});
        lift(TWO, 3, 1, Kind::Flow, &mut value).unwrap();
        assert_eq!(value, json!({"a": null, "b": 1, "kind": "flow"}));
        let mut value = json!({"a": 1});
        lift(TWO, 3, 2, Kind::Flow, &mut value).unwrap();
        assert_eq!(value, json!({"a": 1, "kind": "flow"}));
    }

    #[test]
    fn a_missing_step_is_an_error() {
        assert_eq!(lift(TWO, 3, 0, Kind::Flow, &mut json!({})), Err("no step leads from schema 0".to_owned()));
    }
}
