//! A call that did not work, before anyone judged it; and the judgement: what it means for each effect class.
//! Only facts of the attempt count here. Whether there is another attempt is decided by the machine.

use serde_json::Value;

use crate::flow::spec::EffectClass;
use crate::machine::call::{CallError, Outcome};
use crate::machine::clipped;

/// What went wrong, and how far the request had got.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Boxed: a failure is the rarer half of many results.
    pub error: Box<CallError>,
    pub stage: Stage,
    /// What the other side asked for, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

/// How far a call had got when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A definite no, and it would be no again: ours, before anything was sent, or the other side's, which did nothing.
    Refused,
    /// Nothing was sent; another attempt may work.
    NotSent,
    /// Something was sent, and no complete answer came back.
    Sent,
    /// Answered with this status.
    Answered(u16),
    /// Answered, but with something that cannot be used; the same request would be answered the same way.
    Unusable,
}

impl Failure {
    #[must_use]
    pub fn new(stage: Stage, code: &str, message: impl Into<String>) -> Self {
        Self { error: Box::new(CallError::new(code, message)), stage, retry_after_ms: None }
    }

    /// What it means for a call of this class: see docs/semantics.md, "Once".
    #[must_use]
    pub fn judged(self, effect: EffectClass) -> Outcome {
        let Self { error, stage, retry_after_ms } = self;
        let error = *error;
        let repeatable = effect != EffectClass::Once;
        match stage {
            Stage::NotSent | Stage::Answered(429) => Outcome::Retryable { error, retry_after_ms },
            Stage::Answered(408 | 500..=599) | Stage::Sent if repeatable => Outcome::Retryable { error, retry_after_ms },
            Stage::Refused | Stage::Answered(400..=499) => Outcome::Permanent { error },
            Stage::Answered(_) | Stage::Unusable if repeatable => Outcome::Permanent { error },
            Stage::Answered(_) | Stage::Unusable | Stage::Sent => Outcome::Unknown { error },
        }
    }

    /// A cancelled call: retryable where nothing was sent, otherwise unknown, whatever the class. The machine sorts it.
    #[must_use]
    pub fn cancelled(sent: bool) -> Outcome {
        if sent {
            Outcome::Unknown { error: CallError::new("cancelled", "the call was cancelled after its request had been sent") }
        } else {
            let error = CallError::new("cancelled", "the call was cancelled before anything was sent");
            Outcome::Retryable { error, retry_after_ms: None }
        }
    }
}

/// The value itself, or the beginning of its text when it is too long to be kept with an error.
#[must_use]
pub fn bounded(value: Value, bytes_max: usize) -> Value {
    let text = match &value {
        Value::String(text) if text.len() <= bytes_max => return value,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.len() <= bytes_max {
        return value;
    }
    Value::String(clipped(text, bytes_max) + "…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_with_an_error_is_cut_at_a_character() {
        let Value::String(text) = bounded(Value::String("ü".repeat(9)), 9) else { panic!("no text") };
        assert_eq!(text, "üüüü…");
        let list = Value::from(vec![1; 9]);
        assert_eq!(bounded(list.clone(), 5), Value::String("[1,1,…".to_owned()));
        assert_eq!(bounded(list.clone(), 99), list);
    }

    fn judged(stage: Stage, effect: EffectClass) -> &'static str {
        match Failure::new(stage, "x", "x").judged(effect) {
            Outcome::Done { .. } => "done",
            Outcome::Retryable { .. } => "retryable",
            Outcome::Permanent { .. } => "permanent",
            Outcome::Unknown { .. } => "unknown",
        }
    }

    #[test]
    fn every_stage_for_every_class() {
        let table = [
            (Stage::Refused, "permanent", "permanent"),
            (Stage::NotSent, "retryable", "retryable"),
            (Stage::Sent, "retryable", "unknown"),
            (Stage::Answered(302), "permanent", "unknown"),
            (Stage::Answered(400), "permanent", "permanent"),
            (Stage::Answered(404), "permanent", "permanent"),
            (Stage::Answered(408), "retryable", "permanent"),
            (Stage::Answered(429), "retryable", "retryable"),
            (Stage::Answered(500), "retryable", "unknown"),
            (Stage::Answered(503), "retryable", "unknown"),
            (Stage::Unusable, "permanent", "unknown"),
        ];
        for (stage, repeatable, once) in table {
            assert_eq!(judged(stage, EffectClass::Read), repeatable, "read, {stage:?}");
            assert_eq!(judged(stage, EffectClass::Idempotent), repeatable, "idempotent, {stage:?}");
            assert_eq!(judged(stage, EffectClass::Once), once, "once, {stage:?}");
        }
    }
}
