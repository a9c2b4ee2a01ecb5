//! The pages behind a link: plain HTML without a script. Everything that comes from a flow, a model, a tool or a person is escaped, and
//! characters that hide or reorder text are shown.

use std::fmt::Write as _;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Choice;
use crate::api::answer::Answer;
use crate::catalog::links::LinkRow;
use crate::engine::{ClosedQuestion, Closing, Snapshot};
use crate::flow::spec::DecisionKind;
use crate::ids::{Digest, TimeMs};
use crate::machine::question::{Decided, Question, QuestionKind};
use crate::present::action::{call_rows, pretty};
use crate::present::visible::{one_line, visible};
use crate::present::words::{dollars, instant, question_word, verdict_word};

pub const CONTENT_TYPE: &str = "text/html; charset=utf-8";
const TITLE_CHARACTERS_MAX: usize = 120;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\
h1{font-size:1.4rem}dt{font-weight:600;margin-top:.8rem}dd{margin:0}\
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f4f5;padding:.5rem;margin:.2rem 0;font:14px/1.4 ui-monospace,monospace}\
label{display:block;margin:1rem 0 .2rem}textarea{width:100%;box-sizing:border-box;font:inherit}\
button{font:inherit;padding:.5rem 1.2rem;margin:1rem .6rem 0 0;cursor:pointer}";

/// Nothing is loaded, nothing runs, nobody frames it; the one style is named by its hash.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Digest::of(STYLE.as_bytes()).0);
    format!("default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
});

/// Text from elsewhere, as it can stand in a page.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    for character in visible(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(character),
        }
    }
    safe
}

/// `main` is HTML already.
fn page(status: u16, title: &str, main: &str) -> Answer {
    let title = escaped(&one_line(title, TITLE_CHARACTERS_MAX));
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title}</title><style>{STYLE}</style></head>\n\
         <body><main><h1>{title}</h1>\n{main}\n</main></body></html>\n"
    );
    let mut answer = Answer::bytes(CONTENT_TYPE, html.into_bytes())
        .header("content-security-policy", POLICY.as_str())
        // The address holds the token.
        .header("referrer-policy", "no-referrer")
        .header("x-frame-options", "DENY");
    answer.status = status;
    answer
}

fn says(status: u16, title: &str, text: &str) -> Answer {
    page(status, title, &format!("<p>{}</p>", escaped(text)))
}

/// The question in full, and the form that decides it.
pub fn question(snapshot: &Snapshot, question: &Question, link: &LinkRow) -> Answer {
    let mut main = String::from("<dl>");
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(main, "<dt>{}</dt><dd><pre>{}</pre></dd>", escaped(name), escaped(value));
    };
    row("step", &format!("{} {}", question.step, question_word(question.kind)));
    row("execution", &format!("{} ({}) at {}", snapshot.id, snapshot.summary.flow, question.place));
    if let Some(action) = &question.action {
        row("releases", &action.step);
        for (name, value) in call_rows(&action.call) {
            row(&name, &value);
        }
    }
    row("digest", &question.digest.to_string());
    for shown in &question.show {
        row("evidence", &format!("{} = {}", shown.name, pretty(&shown.value)));
    }
    if let Some(form) = &question.form {
        row("form of the response", &pretty(form));
    }
    row("cost so far", &format!("{} · {} tokens", dollars(snapshot.summary.cost.usd()), snapshot.summary.tokens));
    for vote in &question.votes {
        let reason = vote.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        row("vote", &format!("{} on {}{reason}", vote.by, vote.digest));
    }
    row("deadline", &question.expires_at.map_or_else(|| "none".to_owned(), instant));
    row("this link", &format!("decides once, as {}, until {}", link.approver.user, instant(link.expires_at)));
    main.push_str("</dl>\n");
    main.push_str(&form(question));
    page(200, &question.title, &main)
}

fn form(question: &Question) -> String {
    let choices = choices(question);
    if choices.is_empty() {
        return "<p>This question cannot be decided here; use the command line or the API.</p>".to_owned();
    }
    let mut html = String::from("<form method=\"post\">");
    if choices.iter().any(|(choice, _, _)| *choice == Choice::Respond) {
        html.push_str(
            "<label for=\"response\">Response (JSON, or text)</label><textarea id=\"response\" name=\"response\" rows=\"4\"></textarea>",
        );
    }
    html.push_str(
        "<label for=\"reason\">Reason (kept)</label><textarea id=\"reason\" name=\"reason\" rows=\"2\" maxlength=\"4000\"></textarea>",
    );
    for (_, value, label) in choices {
        let _ = write!(html, "<button name=\"decision\" value=\"{value}\">{label}</button>");
    }
    html.push_str("</form>");
    html
}

/// What the question takes here: choice, its value in the form, its label.
fn choices(question: &Question) -> Vec<(Choice, &'static str, &'static str)> {
    let approve = (Choice::Approve, "approve", "Approve");
    let reject = (Choice::Reject, "reject", "Reject");
    let respond = (Choice::Respond, "respond", "Respond");
    match question.kind {
        QuestionKind::InDoubt => vec![(Choice::Retry, "retry", "It did not happen: do it again"), (Choice::Fail, "fail", "Give it up")],
        QuestionKind::Budget => vec![approve, reject],
        QuestionKind::Approval | QuestionKind::ToolApproval | QuestionKind::Ask => {
            let of = |kind: &DecisionKind| match kind {
                DecisionKind::Approve => Some(approve),
                DecisionKind::Reject => Some(reject),
                DecisionKind::Respond => Some(respond),
                DecisionKind::Edit => None,
            };
            question.decisions.iter().filter_map(of).collect()
        }
    }
}

fn decision_text(decided: &Decided) -> String {
    let why = decided.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("{} by {}, at {}{why}", verdict_word(&decided.verdict), decided.by, instant(decided.at))
}

fn closing_text(closed: &ClosedQuestion) -> String {
    match &closed.closing {
        Closing::Decided(decided) => format!("The decision that stands: {}.", decision_text(decided)),
        Closing::Expired { at } => format!("Nobody answered in time; the question was closed at {}.", instant(*at)),
        Closing::Withdrawn { at } => {
            format!("The question was withdrawn undecided at {}, because its step ended without it.", instant(*at))
        }
    }
}

/// This request decided it.
pub fn decided(decided: &Decided) -> Answer {
    says(200, "Decided", &format!("Your decision counts: {}.", decision_text(decided)))
}

/// This request's vote counts, and more are needed.
pub fn counted(question: &Question) -> Answer {
    let (have, need) = (question.votes.len(), question.approvers.quorum.max(1));
    says(200, "Counted", &format!("Your approval counts: {have} of {need}. The others are still asked."))
}

pub fn too_late(decided: &Decided) -> Answer {
    says(410, "Already decided", &format!("The decision that stands: {}.", decision_text(decided)))
}

pub fn closed(closed: &ClosedQuestion) -> Answer {
    says(410, "Already closed", &closing_text(closed))
}

pub fn used(link: &LinkRow, closed: Option<&ClosedQuestion>) -> Answer {
    let with = link.used.as_ref().map(|used| format!(" at {}: {}", instant(used.at), verdict_word(&used.verdict))).unwrap_or_default();
    let stands = closed.map_or_else(|| "The question is still open; others are asked.".to_owned(), closing_text);
    says(410, "This link was used", &format!("A link decides once; this one did{with}. {stands}"))
}

pub fn expired(at: TimeMs) -> Answer {
    says(410, "This link has expired", &format!("It was good until {}. The question is still open: ask for a new link.", instant(at)))
}

pub fn changed() -> Answer {
    let text = "What would be done is not what this link was made for. The action was changed; whoever decides gets a new link.";
    says(409, "The action was changed", text)
}

pub fn forgotten() -> Answer {
    says(410, "Nothing to decide any more", "The execution that asked is not kept any more.")
}

pub fn unknown() -> Answer {
    says(404, "No such link", "There is no such link. Copy it whole, or ask for a new one.")
}

pub fn refused(status: u16, message: &str) -> Answer {
    says(status, "Not decided", &format!("Nothing was decided: {message}. The link can still be used."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::answer::Body;

    #[test]
    fn nothing_from_elsewhere_becomes_markup_or_hides() {
        assert_eq!(escaped("<img src=x onerror='a()'> & \"b\""), "&lt;img src=x onerror=&#39;a()&#39;&gt; &amp; &quot;b&quot;");
        assert_eq!(escaped("pay\u{202e}001\u{1b}[2J"), "pay&lt;U+202E&gt;001␛[2J");
    }

    #[test]
    fn a_page_runs_nothing_and_gives_its_address_to_nobody() {
        let answer = refused(422, "<script>alert(1)</script>");
        assert_eq!(answer.status, 422);
        let header = |name: &str| answer.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        assert!(
            header("content-security-policy").is_some_and(|policy| policy.starts_with("default-src 'none';") && !policy.contains("unsafe"))
        );
        assert_eq!(header("referrer-policy"), Some("no-referrer"));
        let Body::Bytes { bytes, .. } = answer.body else { panic!("no page") };
        let html = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script"), "{html}");
    }
}
