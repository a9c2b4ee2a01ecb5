//! A conversation on its way into a start: which input the last message becomes, and the turns before it. Dialects whose requests are
//! messages fill it in; what models are shown of it is the machine's.

use serde_json::{Map, Value};

use crate::api::problem::Problem;
use crate::flow::vendor::Parameter;
use crate::flow::vendor::parameters::Kind;
use crate::machine::call::Message;
use crate::machine::guidance::Guidance;

/// The input that a message becomes wherever an agent has it.
pub const MESSAGE: &str = "message";
/// Turns that a request may bring along; models that remember more are rare, and each is paid for at every call.
pub const EARLIER_MAX: usize = 2_000;
/// Bytes of those turns and of the instructions: they go into the journal with the start, and into every model call.
pub const EARLIER_BYTES_MAX: usize = 1 << 20;

/// What is said to an agent, in the words of a conversation.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// What is to be answered; none: nothing is put into the input.
    pub message: Option<String>,
    /// Earlier turns, oldest first; they stand behind those of the session.
    pub earlier: Vec<Message>,
    /// `earlier` is the whole conversation: nothing is added from the session.
    pub is_whole: bool,
    /// What the caller says about model calls, its instructions among it.
    pub guidance: Guidance,
}

impl Said {
    /// The input with the message in it. What is given under that name already stays.
    ///
    /// # Errors
    /// 422 `no_message_input` for an agent that has no place for it, 422 for more than may be told.
    pub fn input(&self, agent: &str, parameters: &[Parameter], mut given: Map<String, Value>) -> Result<Map<String, Value>, Problem> {
        self.bounded()?;
        let Some(message) = &self.message else { return Ok(given) };
        let Some(name) = message_input(parameters) else {
            let detail = format!("agent `{agent}` takes no message: it needs an input `{MESSAGE}`, or exactly one required text");
            return Err(Problem::refused("no_message_input", detail));
        };
        given.entry(name).or_insert_with(|| Value::String(message.clone()));
        Ok(given)
    }

    /// The turns that models see before the prompt, given those of the session.
    #[must_use]
    pub fn history(&self, of_session: Vec<Message>) -> Vec<Message> {
        let mut history = if self.is_whole { Vec::new() } else { of_session };
        history.extend(self.earlier.iter().cloned());
        history
    }

    fn bounded(&self) -> Result<(), Problem> {
        let instructions = self.guidance.system.as_ref().map_or(0, String::len);
        let bytes = self.earlier.iter().map(bytes).sum::<usize>() + instructions;
        if self.earlier.len() > EARLIER_MAX || bytes > EARLIER_BYTES_MAX {
            let detail = format!("earlier turns and instructions: at most {EARLIER_MAX} messages and {EARLIER_BYTES_MAX} bytes in all");
            return Err(Problem::unfit("messages", detail));
        }
        Ok(())
    }
}

fn bytes(message: &Message) -> usize {
    match message {
        Message::System { text } | Message::User { text } | Message::Tool { text, .. } => text.len(),
        Message::Assistant { text, calls } => text.len() + calls.iter().map(|call| call.args.to_string().len()).sum::<usize>(),
    }
}

/// The input that a message becomes: `message`, or the only text that must be given.
#[must_use]
pub fn message_input(parameters: &[Parameter]) -> Option<String> {
    let is_text = |parameter: &&Parameter| matches!(parameter.kind.kind, Kind::Text | Kind::Any);
    if let Some(named) = parameters.iter().filter(is_text).find(|parameter| parameter.name == MESSAGE) {
        return Some(named.name.clone());
    }
    let mut required = parameters.iter().filter(|parameter| parameter.required && parameter.kind.kind == Kind::Text);
    required.next().filter(|_| required.next().is_none()).map(|only| only.name.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::flow::vendor::parameters::from_schema;

    fn said(message: &str) -> Said {
        Said { message: Some(message.to_owned()), ..Said::default() }
    }

    fn put(schema: &Value, given: Value) -> Result<Value, Problem> {
        let Value::Object(given) = given else { panic!("an object") };
        said("Hi").input("a", &from_schema(schema), given).map(Value::Object)
    }

    #[test]
    fn a_message_becomes_the_input_of_that_name_or_the_only_required_text() {
        let two = json!({"properties": {"message": {"type": "string"}, "tone": {"type": "string"}}, "required": ["tone"]});
        assert_eq!(put(&two, json!({"tone": "kind"})).unwrap(), json!({"tone": "kind", "message": "Hi"}));
        let only = json!({"properties": {"ticket": {"type": "string"}, "note": {"type": "string"}, "n": {"type": "integer"}}, "required": ["ticket", "n"]});
        assert_eq!(put(&only, json!({"n": 3})).unwrap(), json!({"n": 3, "ticket": "Hi"}));
        assert_eq!(put(&only, json!({"ticket": "given"})).unwrap(), json!({"ticket": "given"}), "what was given stays");
        let several = json!({"properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a", "b"]});
        for schema in [several, json!({"properties": {"n": {"type": "integer"}}, "required": ["n"]}), json!({})] {
            assert_eq!(put(&schema, json!({})).unwrap_err().code, "no_message_input", "{schema}");
        }
    }

    #[test]
    fn the_turns_of_a_request_follow_those_of_the_session_unless_they_are_all() {
        let user = |text: &str| Message::User { text: text.to_owned() };
        let mut said = Said { earlier: vec![user("second")], ..said("third") };
        assert_eq!(said.history(vec![user("first")]), [user("first"), user("second")]);
        said.is_whole = true;
        assert_eq!(said.history(vec![user("first")]), [user("second")]);
    }

    #[test]
    fn what_is_told_of_before_is_bounded() {
        let long = Message::User { text: "x".repeat(EARLIER_BYTES_MAX) };
        let told = |said: &Said| said.input("a", &[], Map::new()).map(drop).map_err(|problem| problem.status);
        let mut said = Said { earlier: vec![long], ..Said::default() };
        assert_eq!(told(&said), Ok(()));
        said.guidance.system = Some("more".to_owned());
        assert_eq!(told(&said), Err(422));
        let many = Said { earlier: vec![Message::User { text: String::new() }; EARLIER_MAX + 1], ..Said::default() };
        assert_eq!(told(&many), Err(422));
    }
}
