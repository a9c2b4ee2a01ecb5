//! The messages of a request: instructions of a developer first, then user and assistant by turns, a user last. They become the message
//! that is to be answered and the turns before it.

use serde_json::Value;

use crate::api::native::execute::Said;
use crate::api::problem::Problem;
use crate::machine::call::Message;
use crate::machine::guidance::Guidance;

/// The field.
pub const MESSAGES: &str = "messages";
/// The text that clients compare.
const NO_PAIRS: &str = "Chat messages must be a pair of user/assistant";
pub const REQUIRED: &str = "The messages field is required.";

/// Who says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    User,
    Assistant,
    Developer,
}

/// What is said. Nothing where there are no messages.
///
/// # Errors
/// 422 that names the message.
pub fn read(given: Option<&Value>) -> Result<Said, Problem> {
    let listed = match given {
        None | Some(Value::Null) => return Ok(Said::default()),
        Some(Value::Array(listed)) => listed,
        Some(_) => return Err(Problem::unfit(MESSAGES, "it must be a list of {role, content}")),
    };
    let mut turns: Vec<(Role, String)> = Vec::with_capacity(listed.len());
    for (index, message) in listed.iter().enumerate() {
        turns.push(one(index, message)?);
    }
    let mut system = None;
    if turns.first().is_some_and(|(role, _)| *role == Role::Developer) {
        system = Some(turns.remove(0).1);
    }
    if turns.iter().any(|(role, _)| *role == Role::Developer) {
        return Err(Problem::unfit(MESSAGES, "the role `developer` may only come first"));
    }
    let is_by_turns = turns.iter().enumerate().all(|(index, (role, _))| (*role == Role::User) == (index % 2 == 0));
    let Some((last, message)) = turns.pop() else {
        // An empty list says as much as none.
        return if system.is_none() { Ok(Said::default()) } else { Err(Problem::unfit(MESSAGES, NO_PAIRS)) };
    };
    if !is_by_turns || last != Role::User {
        return Err(Problem::unfit(MESSAGES, NO_PAIRS));
    }
    let earlier = turns.into_iter().map(|(role, text)| match role {
        Role::Assistant => Message::Assistant { text, calls: Vec::new() },
        Role::User | Role::Developer => Message::User { text },
    });
    let guidance = Guidance { system, ..Guidance::default() };
    Ok(Said { message: Some(message), earlier: earlier.collect(), guidance, ..Said::default() })
}

fn one(index: usize, message: &Value) -> Result<(Role, String), Problem> {
    let place = |field: &str| format!("{MESSAGES}.{index}{field}");
    let Value::Object(fields) = message else { return Err(Problem::unfit(&place(""), "it must be {role, content}")) };
    if let Some(unknown) = fields.keys().find(|name| !["role", "content"].contains(&name.as_str())) {
        return Err(Problem::unfit(&place(&format!(".{unknown}")), "a message has no such field, only `role` and `content`"));
    }
    let role = match fields.get("role").and_then(Value::as_str) {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("developer") => Role::Developer,
        Some("system") => {
            return Err(Problem::unfit(&place(".role"), "the role `system` is not supported; use `developer` for the first message"));
        }
        _ => return Err(Problem::unfit(&place(".role"), "it must be `user`, `assistant` or `developer`")),
    };
    match fields.get("content") {
        Some(Value::String(text)) if !text.is_empty() || role == Role::Assistant => Ok((role, text.clone())),
        _ => Err(Problem::unfit(&place(".content"), "a text is needed")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(roles: &[&str]) -> Result<Said, Problem> {
        let listed = roles.iter().enumerate().map(|(index, role)| json!({"role": role, "content": format!("{index}")}));
        read(Some(&Value::Array(listed.collect())))
    }

    #[test]
    fn the_last_message_is_answered_and_the_rest_comes_before_it() {
        let said = of(&["developer", "user", "assistant", "user"]).unwrap();
        assert_eq!((said.guidance.system.as_deref(), said.message.as_deref()), (Some("0"), Some("3")));
        let assistant = Message::Assistant { text: "2".to_owned(), calls: Vec::new() };
        assert_eq!(said.earlier, [Message::User { text: "1".to_owned() }, assistant]);
        for nothing in [None, Some(json!(null)), Some(json!([]))] {
            assert_eq!(read(nothing.as_ref()).unwrap().message, None);
        }
    }

    #[test]
    fn a_broken_order_is_told_in_the_words_that_clients_know() {
        for roles in [
            ["user", "user"].as_slice(),
            &["assistant"],
            &["assistant", "user"],
            &["user", "assistant"],
            &["user", "assistant", "assistant", "user"],
            &["developer"],
            &["developer", "assistant"],
        ] {
            let problem = of(roles).unwrap_err();
            assert_eq!((problem.status, problem.errors[MESSAGES].as_slice()), (422, [NO_PAIRS.to_owned()].as_slice()), "{roles:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_one_message_is_said_of_it() {
        for (messages, field) in [
            (json!("hi"), "messages"),
            (json!(["hi"]), "messages.0"),
            (json!([{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]), "messages.1.role"),
            (json!([{"role": "tool", "content": "a"}]), "messages.0.role"),
            (json!([{"content": "a"}]), "messages.0.role"),
            (json!([{"role": "user"}]), "messages.0.content"),
            (json!([{"role": "user", "content": ""}]), "messages.0.content"),
            (json!([{"role": "user", "content": ["a"]}]), "messages.0.content"),
            (json!([{"role": "user", "content": "a", "name": "b"}]), "messages.0.name"),
            (json!([{"role": "user", "content": "a"}, {"role": "developer", "content": "b"}]), "messages"),
        ] {
            let problem = read(Some(&messages)).unwrap_err();
            assert_eq!((problem.status, problem.errors.keys().next().map(String::as_str)), (422, Some(field)), "{messages}");
        }
    }
}
