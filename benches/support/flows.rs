//! The flows that are measured. Nothing here runs them.

/// Steps one after the other, each with the same body.
pub fn chain(steps: usize, body: &str) -> String {
    let bodies: String = (0..steps).map(|step| format!("  s{step}: {body}\n")).collect();
    let edges: String = (1..steps).map(|step| format!("  - {{from: s{}, to: s{step}}}\n", step - 1)).collect();
    format!("flow: chain\nsteps:\n{bodies}edges:\n{edges}")
}
