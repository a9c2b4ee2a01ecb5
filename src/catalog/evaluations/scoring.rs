//! How an output is scored: pure, from the output and the sample alone. What a judge model says is asked elsewhere and comes in as a score.

use std::sync::Arc;

use serde_json::{Map, Number, Value, json};

use super::rows::{Sample, Score, Scorer, ScorerKind};
use crate::catalog::{Error, expressions};
use crate::flow::names::Fixed;
use crate::limits::{EXPRESSION_BYTES_MAX, JUDGE_THRESHOLD_DEFAULT};
use crate::machine::clipped;
use crate::machine::validate::parsed;

/// What expressions of scorers may read.
const ROOTS: [&str; 5] = ["output", "expected", "input", "sample", "execution"];
/// Of a scorer, and of a sample.
pub const WEIGHT_MAX: f64 = 1_000.0;
pub const RUBRIC_BYTES_MAX: usize = 8 << 10;
const NAME_BYTES_MAX: usize = 100;
const MODEL_BYTES_MAX: usize = 200;
/// What is said of one score.
const NOTE_BYTES_MAX: usize = 1_024;
/// Differences that a note tells.
const DIFFERENCES_TOLD_MAX: usize = 5;

impl Scorer {
    #[must_use]
    pub fn name(&self) -> String {
        let kind = match self.kind {
            ScorerKind::Exact => "exact",
            ScorerKind::JsonSubset => "json_subset",
            ScorerKind::Cel => "cel",
            ScorerKind::Judge => "judge",
        };
        self.name.clone().unwrap_or_else(|| kind.to_owned())
    }

    fn weight(&self) -> f64 {
        self.weight.unwrap_or(1.0)
    }

    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.threshold.unwrap_or(if self.kind == ScorerKind::Judge { JUDGE_THRESHOLD_DEFAULT } else { 1.0 })
    }

    /// Whether it has something to say about this sample.
    #[must_use]
    pub fn applies(&self, sample: &Sample) -> bool {
        match self.kind {
            ScorerKind::Exact | ScorerKind::JsonSubset => sample.expected.is_some(),
            ScorerKind::Cel => true,
            ScorerKind::Judge => sample.rubric.is_some() || self.rubric.is_some(),
        }
    }

    /// The score that somebody gave in its name; none: it could not be given.
    #[must_use]
    pub fn scored(&self, score: Option<f64>, note: Option<String>) -> Score {
        let score = score.map(|score| score.clamp(0.0, 1.0));
        let passed = score.is_some_and(|score| score >= self.threshold());
        Score { scorer: self.name(), score, passed, note: note.map(|note| clipped(note, NOTE_BYTES_MAX)) }
    }
}

/// # Errors
/// `Invalid`, with what is wrong.
pub fn check(scorers: &[Scorer]) -> Result<(), Error> {
    for (index, scorer) in scorers.iter().enumerate() {
        let name = scorer.name();
        let refused = |message: String| Err(Error::Invalid { field: "scorers", message: format!("`{name}`: {message}") });
        if name.trim().is_empty() || name.len() > NAME_BYTES_MAX {
            return refused(format!("a name has 1 to {NAME_BYTES_MAX} bytes"));
        }
        if scorers[..index].iter().any(|other| other.name() == name) {
            return refused("two scorers have this name; give one of them another `name`".to_owned());
        }
        if !(scorer.weight() > 0.0 && scorer.weight() <= WEIGHT_MAX) {
            return refused(format!("its weight must lie above 0 and be at most {WEIGHT_MAX}"));
        }
        if !(0.0..=1.0).contains(&scorer.threshold()) {
            return refused("a threshold lies between 0 and 1".to_owned());
        }
        let (is_cel, is_judge) = (scorer.kind == ScorerKind::Cel, scorer.kind == ScorerKind::Judge);
        if scorer.expression.is_some() != is_cel {
            return refused("`expression` belongs to CEL, which needs it".to_owned());
        }
        if scorer.model.is_some() != is_judge || (scorer.rubric.is_some() && !is_judge) {
            return refused("`model` and `rubric` belong to JUDGE, which needs a model".to_owned());
        }
        if scorer.rubric.as_ref().is_some_and(|rubric| rubric.trim().is_empty() || rubric.len() > RUBRIC_BYTES_MAX) {
            return refused(format!("a rubric has 1 to {RUBRIC_BYTES_MAX} bytes"));
        }
        if scorer.model.as_ref().is_some_and(|model| model.is_empty() || model.len() > MODEL_BYTES_MAX) {
            return refused(format!("a model's name has 1 to {MODEL_BYTES_MAX} bytes"));
        }
        if let Some(expression) = &scorer.expression {
            if expression.len() > EXPRESSION_BYTES_MAX {
                return refused(format!("an expression has at most {EXPRESSION_BYTES_MAX} bytes"));
            }
            expressions::compiled("scorers", expression, &ROOTS)?;
        }
    }
    Ok(())
}

/// The scorers of a run: those of the dataset, or, where it has none, what samples with something expected suggest.
#[must_use]
pub fn chosen(scorers: &[Scorer], samples: &[Sample]) -> Vec<Scorer> {
    if !scorers.is_empty() {
        return scorers.to_vec();
    }
    let is_structured = |sample: &&Sample| matches!(sample.expected, Some(Value::Object(_) | Value::Array(_)));
    let kind = if samples.iter().any(|sample| is_structured(&sample)) { ScorerKind::JsonSubset } else { ScorerKind::Exact };
    vec![Scorer { kind, name: None, weight: None, threshold: None, expression: None, model: None, rubric: None }]
}

/// What an execution came to, as scorers see it.
#[derive(Clone, Debug)]
pub struct Observed<'a> {
    pub output: &'a Value,
    pub input: &'a Map<String, Value>,
    pub sample: &'a Sample,
    /// `{durationMs, cost, tokens}`.
    pub execution: Value,
}

/// The score of everything but judges; none where the scorer is one.
#[must_use]
pub fn score(scorer: &Scorer, observed: &Observed<'_>) -> Option<Score> {
    let expected = observed.sample.expected.clone().unwrap_or_default();
    let (score, note) = match scorer.kind {
        ScorerKind::Judge => return None,
        ScorerKind::Exact => exact(&expected, observed.output),
        ScorerKind::JsonSubset => subset(&expected, observed.output),
        ScorerKind::Cel => cel(scorer, observed, expected),
    };
    Some(scorer.scored(score, note))
}

/// A text that is JSON counts as that JSON where something else than a text is expected.
fn comparable(expected: &Value, output: &Value) -> Value {
    if expected.is_string() { output.clone() } else { parsed(output) }
}

fn exact(expected: &Value, output: &Value) -> (Option<f64>, Option<String>) {
    let output = comparable(expected, output);
    if is_same(expected, &output) {
        return (Some(1.0), None);
    }
    (Some(0.0), Some(format!("expected {}, got {}", short(expected), short(&output))))
}

/// Numbers by their value, texts without the blank around them.
fn is_same(expected: &Value, output: &Value) -> bool {
    match (expected, output) {
        (Value::String(one), Value::String(other)) => one.trim() == other.trim(),
        (Value::Number(one), Value::Number(other)) => is_same_number(one, other),
        (Value::Array(some), Value::Array(others)) => {
            some.len() == others.len() && some.iter().zip(others).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(some), Value::Object(others)) => {
            some.len() == others.len() && some.iter().all(|(name, one)| others.get(name).is_some_and(|other| is_same(one, other)))
        }
        (one, other) => one == other,
    }
}

/// Whole numbers are held digit by digit: above 2^53, two that differ may be one and the same fraction.
fn is_same_number(one: &Number, other: &Number) -> bool {
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one.as_f64() == other.as_f64(),
    }
}

/// All digits of a number that has none behind the point.
fn whole(number: &Number) -> Option<String> {
    if number.is_i64() || number.is_u64() {
        return Some(number.to_string());
    }
    let fraction = number.as_f64().filter(|fraction| fraction.is_finite() && fraction.fract() == 0.0)?;
    // Of zero, no sign.
    Some(format!("{:.0}", fraction + 0.0))
}

/// What was expected, leaf by leaf.
#[derive(Default)]
struct Leaves {
    found: u32,
    expected: u32,
    differences: Vec<String>,
}

fn subset(expected: &Value, output: &Value) -> (Option<f64>, Option<String>) {
    let mut leaves = Leaves::default();
    leaves.walk(expected, Some(&comparable(expected, output)), "");
    let score = if leaves.expected == 0 { 1.0 } else { f64::from(leaves.found) / f64::from(leaves.expected) };
    (Some(score), (!leaves.differences.is_empty()).then(|| leaves.differences.join("; ")))
}

impl Leaves {
    fn walk(&mut self, expected: &Value, output: Option<&Value>, at: &str) {
        match (expected, output) {
            (Value::Object(fields), Some(Value::Object(others))) if !fields.is_empty() => {
                for (name, one) in fields {
                    self.walk(one, others.get(name), &format!("{at}/{name}"));
                }
            }
            (Value::Array(items), Some(Value::Array(others))) if !items.is_empty() => {
                for (index, one) in items.iter().enumerate() {
                    self.walk(one, others.get(index), &format!("{at}/{index}"));
                }
            }
            // Everything below counts as missing, so that an absent object costs what is in it.
            (Value::Object(_) | Value::Array(_), _) if leaf_count(expected) > 0 => {
                self.expected = self.expected.saturating_add(leaf_count(expected));
                self.tell(expected, output, at);
            }
            (expected, output) => {
                self.expected = self.expected.saturating_add(1);
                let is_there = match (expected, output) {
                    // Nothing in particular is expected of it.
                    (Value::Object(_), Some(Value::Object(_))) | (Value::Array(_), Some(Value::Array(_))) => true,
                    (expected, Some(output)) => is_same(expected, output),
                    (_, None) => false,
                };
                if is_there { self.found += 1 } else { self.tell(expected, output, at) }
            }
        }
    }

    fn tell(&mut self, expected: &Value, output: Option<&Value>, at: &str) {
        if self.differences.len() < DIFFERENCES_TOLD_MAX {
            let got = output.map_or_else(|| "nothing".to_owned(), short);
            let at = if at.is_empty() { "the output" } else { at };
            self.differences.push(format!("{at}: expected {}, got {got}", short(expected)));
        }
    }
}

fn leaf_count(value: &Value) -> u32 {
    match value {
        Value::Object(fields) => fields.values().map(|one| leaf_count(one).max(1)).sum(),
        Value::Array(items) => items.iter().map(|one| leaf_count(one).max(1)).sum(),
        _ => 0,
    }
}

fn cel(scorer: &Scorer, observed: &Observed<'_>, expected: Value) -> (Option<f64>, Option<String>) {
    let sample = json!({"name": observed.sample.name, "metadata": observed.sample.metadata});
    let roots = [
        ("output", observed.output.clone()),
        ("expected", expected),
        ("input", Value::Object(observed.input.clone())),
        ("sample", sample),
        ("execution", observed.execution.clone()),
    ];
    let names = Fixed { roots: roots.map(|(name, value)| (name.to_owned(), Arc::new(value))).into(), ..Fixed::default() };
    let source = scorer.expression.as_deref().unwrap_or_default();
    let said = match expressions::compiled("scorers", source, &ROOTS) {
        Ok(expression) => expression.eval(&names).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match said {
        Ok(Value::Bool(true)) => (Some(1.0), None),
        Ok(Value::Bool(false)) => (Some(0.0), Some(format!("`{source}` does not hold"))),
        Ok(Value::Number(number)) if number.as_f64().is_some_and(|score| (0.0..=1.0).contains(&score)) => (number.as_f64(), None),
        Ok(other) => (None, Some(format!("`{source}` gives {}, which is neither true, false nor a score from 0 to 1", short(&other)))),
        // An output that lacks what is asked for is a bad output, not a bad question.
        Err(message) => (Some(0.0), Some(message)),
    }
}

fn short(value: &Value) -> String {
    const SHOWN_BYTES_MAX: usize = 120;
    let text = value.to_string();
    if text.len() <= SHOWN_BYTES_MAX { text } else { format!("{}…", clipped(text, SHOWN_BYTES_MAX)) }
}

/// The score of a sample: the mean of its scorers by weight; none where one of them could not judge. And whether all of them passed.
#[must_use]
pub fn total(scorers: &[Scorer], given: &[Score]) -> (Option<f64>, bool) {
    let weight = |score: &Score| scorers.iter().find(|scorer| scorer.name() == score.scorer).map_or(1.0, Scorer::weight);
    let weights: f64 = given.iter().map(weight).sum();
    let sum: Option<f64> = given.iter().map(|score| score.score.map(|value| value * weight(score))).sum();
    let score = sum.filter(|_| weights > 0.0).map(|sum| sum / weights);
    (score, score.is_some() && given.iter().all(|score| score.passed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scorer(kind: ScorerKind) -> Scorer {
        Scorer { kind, name: None, weight: None, threshold: None, expression: None, model: None, rubric: None }
    }

    fn scored(scorer: &Scorer, expected: &Value, output: &Value) -> Score {
        let (input, sample) = (Map::new(), Sample { expected: Some(expected.clone()), ..Sample::default() });
        score(scorer, &Observed { output, input: &input, sample: &sample, execution: json!({"durationMs": 7}) }).unwrap()
    }

    #[test]
    fn exact_is_the_same_value() {
        let table = [
            (json!("yes"), json!(" yes\n"), 1.0),
            (json!("yes"), json!("Yes"), 0.0),
            (json!({"a": 1, "b": [1.0]}), json!({"b": [1], "a": 1.0}), 1.0),
            (json!({"a": 1}), json!({"a": 1, "b": 2}), 0.0),
            (json!({"a": 1}), json!("```json\n{\"a\": 1}\n```"), 1.0),
            (json!("{\"a\": 1}"), json!({"a": 1}), 0.0),
            (json!(true), json!("true"), 1.0),
            (json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992_u64), 0.0),
            (json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992.0), 0.0),
            (json!(u64::MAX), json!(u64::MAX), 1.0),
            (json!(0), json!(-0.0), 1.0),
            (json!(1e300), json!(1e300), 1.0),
        ];
        for (expected, output, wanted) in table {
            assert_eq!(scored(&scorer(ScorerKind::Exact), &expected, &output).score, Some(wanted), "{expected} {output}");
        }
    }

    #[test]
    fn a_subset_is_scored_by_its_share() {
        let expected = json!({"kind": "refund", "order": {"id": 7, "lines": [1, 2]}});
        let table = [
            (json!({"kind": "refund", "order": {"id": 7, "lines": [1, 2, 3]}, "more": 1}), 1.0),
            (json!({"kind": "other", "order": {"id": 7, "lines": [1, 2]}}), 0.75),
            (json!({"kind": "refund"}), 0.25),
            (json!({"kind": "refund", "order": {"id": 7, "lines": 5}}), 0.5),
            (json!("no"), 0.0),
        ];
        for (output, wanted) in table {
            assert_eq!(scored(&scorer(ScorerKind::JsonSubset), &expected, &output).score, Some(wanted), "{output}");
        }
        assert_eq!(scored(&scorer(ScorerKind::JsonSubset), &json!({"a": {}}), &json!({"a": {"x": 1}})).score, Some(1.0));
        let note = scored(&scorer(ScorerKind::JsonSubset), &json!({"a": 1}), &json!({})).note.unwrap();
        assert_eq!(note, "/a: expected 1, got nothing");
    }

    #[test]
    fn cel_scores_and_a_missing_field_is_a_bad_output() {
        let with = |expression: &str| Scorer { expression: Some(expression.to_owned()), ..scorer(ScorerKind::Cel) };
        let score = |expression: &str| {
            let scored = scored(&with(expression), &json!(3), &json!({"total": 3}));
            (scored.score, scored.passed)
        };
        assert_eq!(score("output.total == expected && execution.durationMs < 10"), (Some(1.0), true));
        assert_eq!(score("output.total > 3"), (Some(0.0), false));
        assert_eq!(score("0.5"), (Some(0.5), false));
        assert_eq!(score("output.missing == 1"), (Some(0.0), false));
        assert_eq!(score("'text'"), (None, false), "that is the scorer's fault");
        assert!(check(&[with("secrets.x")]).is_err() && check(&[with("1 +")]).is_err() && check(&[with("output == 1")]).is_ok());
    }

    #[test]
    fn a_sample_is_the_mean_of_its_scorers() {
        let heavy = Scorer { weight: Some(3.0), name: Some("heavy".to_owned()), ..scorer(ScorerKind::Exact) };
        let light = Scorer { name: Some("light".to_owned()), ..scorer(ScorerKind::Judge) };
        let scorers = [heavy.clone(), light.clone()];
        let of = |one: Option<f64>, other: Option<f64>| total(&scorers, &[heavy.scored(one, None), light.scored(other, None)]);
        assert_eq!(of(Some(1.0), Some(0.8)), (Some(0.95), true));
        assert_eq!(of(Some(1.0), Some(0.6)), (Some(0.9), false), "the judge wants 0.7");
        assert_eq!(of(Some(1.0), None), (None, false));
    }

    #[test]
    fn scorers_that_make_no_sense_are_refused() {
        let judge = Scorer { model: Some("openai/x".to_owned()), ..scorer(ScorerKind::Judge) };
        assert!(check(std::slice::from_ref(&judge)).is_ok());
        for wrong in [
            scorer(ScorerKind::Judge),
            scorer(ScorerKind::Cel),
            Scorer { model: Some("m".to_owned()), ..scorer(ScorerKind::Exact) },
            Scorer { weight: Some(0.0), ..judge.clone() },
            Scorer { weight: Some(f64::NAN), ..judge.clone() },
            Scorer { threshold: Some(1.5), ..judge.clone() },
        ] {
            assert!(check(std::slice::from_ref(&wrong)).is_err(), "{wrong:?}");
        }
        assert!(check(&[judge.clone(), judge]).is_err(), "two of one name");
    }
}
