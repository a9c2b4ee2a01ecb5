//! The tools that Flowgate brings: their names and what they take. What they do is in the runner.

/// A builtin as flows and models see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Builtin {
    pub name: &'static str,
    pub description: &'static str,
    /// Names of its arguments, for models and for hints.
    pub args: &'static [&'static str],
}

pub const BUILTINS: &[Builtin] = &[
    Builtin { name: "echo", description: "Gives its arguments back.", args: &[] },
    Builtin { name: "noop", description: "Does nothing and gives null.", args: &[] },
    Builtin { name: "now", description: "The current time as an RFC 3339 text in UTC.", args: &[] },
    Builtin { name: "sleep", description: "Waits for `ms` milliseconds, then gives null.", args: &["ms"] },
];

/// The builtin of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|builtin| builtin.name == name)
}
