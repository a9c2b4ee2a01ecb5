//! What the tools that Flowgate brings do; their names and arguments are in `flow::builtins`. Nothing here leaves the process.

use std::time::Duration;

use serde_json::Value;

use crate::clock;
use crate::flow::builtins::BUILTINS;
use crate::runner::failure::{Failure, Stage};

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
            Ok(Value::Null)
        }
        _ => {
            let names: Vec<&str> = BUILTINS.iter().map(|builtin| builtin.name).collect();
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

fn now() -> Value {
    Value::String(jiff::Timestamp::try_from(clock::system()).unwrap_or_default().to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn every_listed_tool_exists_and_no_other() {
        for builtin in BUILTINS {
            if let Err(failure) = run(builtin.name, &json!({"ms": 0})).await {
                panic!("{}: {}", builtin.name, failure.error.message);
            }
        }
        assert_eq!(run("rm", &Value::Null).await.unwrap_err().error.code, "builtin_unknown");
    }

    #[tokio::test]
    async fn what_they_answer() {
        assert_eq!(run("echo", &json!({"a": 1})).await.unwrap(), json!({"a": 1}));
        assert_eq!(run("noop", &json!({})).await.unwrap(), Value::Null);
        let now = run("now", &Value::Null).await.unwrap();
        assert!(now.as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{now}");
        assert_eq!(run("sleep", &json!({"ms": "1"})).await.unwrap_err().error.code, "builtin_args");
    }
}
