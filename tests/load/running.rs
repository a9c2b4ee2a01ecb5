//! A thousand executions at once: each goes through all of its steps, in order, with its own values and nobody else's.

use flowgate::engine::{Filter, ListRequest, Resume};
use flowgate::machine::summary::Status;
use serde_json::{Value, json};

use super::{engine, for_each, number, publish, start_and_rest};

const STEPS: u64 = 10;

/// Calls and computations in turn; each step passes on what the one before gave, and every computation adds one.
fn flow() -> String {
    let step = |number: u64| match number {
        0 => "  s0: {set: {n: 'input.n'}}\n".to_owned(),
        odd if odd % 2 == 1 => format!("  s{odd}: {{builtin: {{name: echo, args: {{n: '{{{{ steps.s{}.output.n }}}}'}}}}}}\n", odd - 1),
        even => format!("  s{even}: {{set: {{n: 'int(steps.s{}.output.n) + 1'}}}}\n", even - 1),
    };
    let steps: String = (0..STEPS).map(step).collect();
    let edges: String = (1..STEPS).map(|step| format!("  - {{from: s{}, to: s{step}}}\n", step - 1)).collect();
    format!("flow: counts\ninput: {{type: object, required: [n], properties: {{n: {{type: integer}}}}}}\nsteps:\n{steps}edges:\n{edges}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_at_once_finish_each_with_its_own_result() {
    let count = number("FLOWGATE_LOAD_RUNNING", 1_000);
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let engine = engine(dir.path(), Resume::Asked);
    let flow = publish(&engine, &flow()).await;
    let began = std::time::Instant::now();
    let ended = for_each(count, count, |index| {
        let (engine, flow) = (engine.clone(), flow.clone());
        async move { (index, start_and_rest(&engine, &flow, json!({"n": index})).await) }
    })
    .await;
    eprintln!("{count} executions of {STEPS} steps at once: {:?}", began.elapsed());
    for (index, (id, summary)) in ended.iter().enumerate() {
        assert_eq!(summary.status, Status::Completed, "{id}");
        let snapshot = engine.snapshot(*id).await.unwrap();
        let given = snapshot.ended.expect("it has ended").output["n"].clone();
        let given = given.as_str().map_or(given.clone(), |text| text.parse().map_or(Value::Null, |number: u64| json!(number)));
        assert_eq!(given, json!(index as u64 + (STEPS - 1) / 2), "{id} started with {index}");
        let trace = engine.trace(*id).await.unwrap();
        let ran: Vec<String> =
            trace.attempts.iter().map(|attempt| format!("{}#{}.{}", attempt.step, attempt.visit, attempt.attempt)).collect();
        assert_eq!(ran, (0..STEPS).map(|step| format!("s{step}#1.1")).collect::<Vec<_>>(), "{id}");
        assert!(trace.attempts.iter().all(|attempt| attempt.status == "completed"), "{id}: {:?}", trace.attempts);
    }
    let filter = Filter { statuses: [Status::Completed].into(), ..Filter::default() };
    let listed = engine.list(ListRequest { filter, limit: count + 1, before: None }).await.unwrap();
    assert_eq!((listed.rows.len(), listed.next), (count, None));
    engine.shutdown(super::PATIENCE).await;
}
