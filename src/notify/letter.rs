//! The mail about a question: what is asked, by when, and the link. What exactly would be done is on the page behind the link, which
//! shows it as it is then.

use std::fmt::Write as _;

use crate::engine::Snapshot;
use crate::machine::question::Question;
use crate::present::visible::{one_line, visible};
use crate::present::words::{dollars, instant, question_word};

const SUBJECT_CHARACTERS_MAX: usize = 120;

/// Subject and text.
#[must_use]
pub fn write(snapshot: &Snapshot, question: &Question, link: &str) -> (String, String) {
    let subject = one_line(&format!("[{}] {}", snapshot.summary.flow, question.title), SUBJECT_CHARACTERS_MAX);
    let mut text = format!("{} {}:\n\n  {}\n", visible(&question.step), question_word(question.kind), visible(&question.title));
    let mut row = |name: &str, value: &str| {
        let _ = write!(text, "\n{name}: {value}");
    };
    row("agent", &visible(&snapshot.summary.flow));
    row("execution", &snapshot.id.to_string());
    row("cost so far", &format!("{}, {} tokens", dollars(snapshot.summary.cost.usd()), snapshot.summary.tokens));
    row("deadline", &question.expires_at.map_or_else(|| "none".to_owned(), instant));
    row("digest", &question.digest.to_string());
    let _ = write!(
        text,
        "\n\nSee exactly what would be done, and decide:\n\n{link}\n\nThe link is yours alone: it decides once, in your name. Do not pass it on.\n"
    );
    (subject, text)
}
