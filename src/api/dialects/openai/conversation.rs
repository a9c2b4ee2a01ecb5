//! What a request says: a new message with the turns before it, or answers to tool calls of an execution that waits for them.

use uuid::Uuid;

use crate::api::native::execute::Said;
use crate::api::problem::Problem;
use crate::ids::QuestionId;
use crate::machine::call::Message;

/// In front of the id of a tool call.
const CALL: &str = "call_";

/// One entry of a conversation, whichever endpoint it came by.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// `system` or `developer`.
    Instructions(String),
    User(String),
    Assistant(String),
    /// A tool call of an earlier turn, or how a model thought: not shown to models again.
    Past,
    /// What a tool of the caller gave.
    Answer {
        call_id: String,
        text: String,
    },
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Asked {
    Message(Box<Said>),
    /// By the id of each call.
    Answers(Vec<Answer>),
}

/// One answered tool call.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub call_id: String,
    pub text: String,
}

/// The turns as a whole; `field` is where they stand in the request.
///
/// # Errors
/// 400 where nothing is asked.
pub fn read(turns: Vec<Turn>, field: &str) -> Result<Asked, Problem> {
    let tail = turns.iter().rev().take_while(|turn| matches!(turn, Turn::Answer { .. })).count();
    if tail > 0 {
        let last = turns.into_iter().rev().take(tail).collect::<Vec<_>>().into_iter().rev();
        let answers = last.filter_map(|turn| if let Turn::Answer { call_id, text } = turn { Some(Answer { call_id, text }) } else { None });
        return Ok(Asked::Answers(answers.collect()));
    }
    let mut said = Said::default();
    let mut instructions = Vec::new();
    for turn in turns {
        // Instructions may stand anywhere; anything else behind a message answers or follows it.
        let follows = !matches!(turn, Turn::Instructions(_));
        if let Some(before) = said.message.take_if(|_| follows) {
            said.earlier.push(Message::User { text: before });
        }
        match turn {
            Turn::Instructions(text) => instructions.push(text),
            Turn::User(text) => said.message = Some(text),
            // A turn that only called tools said nothing.
            Turn::Assistant(text) if text.is_empty() => {}
            Turn::Assistant(text) => said.earlier.push(Message::Assistant { text, calls: Vec::new() }),
            Turn::Past | Turn::Answer { .. } => {}
        }
    }
    if said.message.is_none() {
        return Err(Problem::unfit(field, "the last one must be a message of the user, or answer tool calls"));
    }
    said.guidance.system = (!instructions.is_empty()).then(|| instructions.join("\n\n"));
    Ok(Asked::Message(Box::new(said)))
}

/// The id under which a tool call is told; answering it is answering its question.
#[must_use]
pub fn call_id(question: QuestionId) -> String {
    format!("{CALL}{}", question.0.simple())
}

/// The question of a tool call; none for an id that is not ours.
#[must_use]
pub fn question(call_id: &str) -> Option<QuestionId> {
    Uuid::try_parse(call_id.strip_prefix(CALL)?).ok().map(QuestionId)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> Turn {
        Turn::User(text.to_owned())
    }

    fn answer(id: &str) -> Turn {
        Turn::Answer { call_id: id.to_owned(), text: "42".to_owned() }
    }

    #[test]
    fn the_last_message_is_asked_and_the_turns_before_it_are_earlier_ones() {
        let turns = vec![
            Turn::Instructions("Be brief.".to_owned()),
            user("One?"),
            Turn::Assistant(String::new()),
            answer("call_1"),
            Turn::Assistant("Yes.".to_owned()),
            Turn::Instructions("In French.".to_owned()),
            user("Two?"),
        ];
        let Asked::Message(said) = read(turns, "messages").unwrap() else { panic!("a message") };
        assert_eq!((said.message.as_deref(), said.guidance.system.as_deref()), (Some("Two?"), Some("Be brief.\n\nIn French.")));
        let earlier = [Message::User { text: "One?".to_owned() }, Message::Assistant { text: "Yes.".to_owned(), calls: Vec::new() }];
        assert_eq!(said.earlier, earlier, "tool calls of then are not shown again");
    }

    #[test]
    fn answers_at_the_end_answer_calls() {
        let Asked::Answers(answers) = read(vec![user("Hi"), Turn::Past, answer("call_1"), answer("call_2")], "messages").unwrap() else {
            panic!("answers")
        };
        assert_eq!(answers.iter().map(|answer| answer.call_id.as_str()).collect::<Vec<_>>(), ["call_1", "call_2"]);
    }

    #[test]
    fn a_conversation_that_asks_nothing_is_refused() {
        for turns in [
            vec![],
            vec![user("Hi"), Turn::Assistant("Hello.".to_owned())],
            vec![Turn::Instructions("Be brief.".to_owned())],
            vec![user("Hi"), Turn::Past],
        ] {
            assert!(read(turns, "messages").unwrap_err().errors.contains_key("messages"));
        }
    }

    #[test]
    fn a_call_has_the_id_of_its_question() {
        let id = QuestionId::derived("q");
        assert_eq!(question(&call_id(id)), Some(id));
        assert!(call_id(id).len() <= 40);
        for other in ["call_abc", "abc", ""] {
            assert_eq!(question(other), None, "{other}");
        }
    }
}
