//! Tools that Flowgate brings. Nothing here leaves the process.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::runner::failure::{Failure, Stage};

/// Every built-in tool: its name, and what it does.
pub const BUILTINS: [(&str, &str); 5] = [
    ("echo", "answers with its arguments"),
    ("noop", "does nothing and answers null"),
    ("now", "the time: {iso, ms}"),
    ("sleep", "waits {ms: …} milliseconds and answers {slept_ms}"),
    ("fail", "fails with {code, message, retryable}; for trying out error edges and retries"),
];

/// Runs one. It ends early only by being dropped.
///
/// # Errors
/// An unknown name or arguments that do not fit (`Refused`); what `fail` was told to.
pub async fn run(name: &str, args: &Value) -> Result<Value, Failure> {
    match name {
        "echo" => Ok(args.clone()),
        "noop" => Ok(Value::Null),
        "now" => Ok(now()),
        "sleep" => {
            let ms = args.get("ms").and_then(Value::as_u64);
            let ms =
                ms.ok_or_else(|| refused("sleep wants {ms: WHOLE NUMBER}; for longer waits use a `wait` step, which costs nothing"))?;
            tokio::time::sleep(Duration::from_millis(ms)).await;
            Ok(json!({"slept_ms": ms}))
        }
        "fail" => Err(fail(args)),
        _ => {
            let names: Vec<&str> = BUILTINS.iter().map(|(name, _)| *name).collect();
            Err(Failure::new(
                Stage::Refused,
                "builtin_unknown",
                format!("there is no built-in tool `{name}`; there are {}", names.join(", ")),
            ))
        }
    }
}

fn refused(message: &str) -> Failure {
    Failure::new(Stage::Refused, "builtin_args", message)
}

fn fail(args: &Value) -> Failure {
    let text = |name: &str| args.get(name).and_then(Value::as_str);
    let retryable = args.get("retryable").and_then(Value::as_bool).unwrap_or(false);
    let stage = if retryable { Stage::NotSent } else { Stage::Refused };
    Failure::new(stage, text("code").unwrap_or("failed"), text("message").unwrap_or("the built-in tool `fail` was called"))
}

fn now() -> Value {
    let ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
    let iso = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()).map(|at| at.to_string());
    json!({"iso": iso, "ms": ms})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_listed_tool_exists_and_no_other() {
        for (name, _) in BUILTINS {
            if let Err(failure) = run(name, &json!({"ms": 0})).await {
                assert_ne!(failure.error.code, "builtin_unknown", "{name}");
            }
        }
        assert_eq!(run("rm", &Value::Null).await.unwrap_err().error.code, "builtin_unknown");
    }

    #[tokio::test]
    async fn what_they_answer() {
        assert_eq!(run("echo", &json!({"a": 1})).await.unwrap(), json!({"a": 1}));
        assert_eq!(run("noop", &json!({})).await.unwrap(), Value::Null);
        let now = run("now", &Value::Null).await.unwrap();
        assert!(now["iso"].as_str().unwrap().ends_with('Z') && now["ms"].as_u64().unwrap() > 1_700_000_000_000, "{now}");
        assert_eq!(run("sleep", &json!({"ms": "1"})).await.unwrap_err().error.code, "builtin_args");
    }
}
