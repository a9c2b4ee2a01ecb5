//! The questions of one execution, open and closed, folded from its journal alone: as they stand now, or as they stood when they were
//! closed. Blocking; moves nothing.

use std::sync::Arc;

use super::error::Error;
use super::hydrate;
use super::read::{failed, home, unknown};
use super::request::{Closing, KnownQuestion, QuestionRef};
use super::shared::Shared;
use crate::ids::{ExecutionId, QuestionId, Tenant};
use crate::machine::event::{Event, Recorded};
use crate::machine::pause::Held;
use crate::machine::question::Question;

/// Every question of an execution, in the order in which they were asked.
pub(super) fn questions(shared: &Shared, tenant: &Tenant, execution: ExecutionId) -> Result<Vec<KnownQuestion>, Error> {
    let events = hydrate::readable(shared, tenant, execution).map_err(failed)?;
    let Some(Recorded { event: Event::Started { start }, .. }) = events.first() else { return Err(unknown(execution)) };
    let flow = start.flow.clone();
    Ok(fold(execution, &flow, events))
}

/// One question, open or not.
pub(super) fn question(shared: &Shared, tenant: &Tenant, id: QuestionId) -> Result<KnownQuestion, Error> {
    let execution = home(shared, tenant, id)?;
    let found = questions(shared, tenant, execution)?.into_iter().find(|known| known.asked.question.id == id);
    found.ok_or_else(|| Error::NotFound { what: "question", name: id.to_string() })
}

fn fold(execution: ExecutionId, flow: &str, events: Vec<Recorded>) -> Vec<KnownQuestion> {
    let mut known: Vec<KnownQuestion> = Vec::new();
    for Recorded { event, at, .. } in events {
        match event {
            Event::Asked { question, .. } => {
                let question = Arc::unwrap_or_clone(question);
                let asked = QuestionRef { execution, flow: flow.to_owned(), question };
                known.push(KnownQuestion { asked, closing: None, edits: 0 });
            }
            Event::Voted { question, vote } => change(&mut known, question, |question, _| question.votes.push(vote)),
            Event::ActionEdited { question, action, digest, vote } => change(&mut known, question, |question, edits| {
                question.action = Some(*action);
                question.digest = digest;
                question.votes = vec![vote];
                *edits += 1;
            }),
            Event::Reassigned { question, approvers, expires_at } => change(&mut known, question, |question, _| {
                question.approvers = approvers;
                question.expires_at = expires_at;
                question.votes.clear();
            }),
            Event::Answered { question, decided } => close(&mut known, question, Closing::Decided(decided)),
            // Decided during a pause: the decision stands, and takes effect when the execution goes on.
            Event::Held { input: Held::Decision { decision, decided: Some(decided) } } => {
                close(&mut known, decision.question, Closing::Decided(decided));
            }
            Event::Expired { question } => close(&mut known, question, Closing::Expired { at }),
            Event::Withdrawn { question } => close(&mut known, question, Closing::Withdrawn { at }),
            _ => {}
        }
    }
    known
}

fn change(known: &mut [KnownQuestion], id: QuestionId, change: impl FnOnce(&mut Question, &mut u32)) {
    if let Some(known) = known.iter_mut().rev().find(|known| known.asked.question.id == id) {
        change(&mut known.asked.question, &mut known.edits);
    }
}

/// The first closing is the one that people were told.
fn close(known: &mut [KnownQuestion], id: QuestionId, closing: Closing) {
    if let Some(known) = known.iter_mut().rev().find(|known| known.asked.question.id == id) {
        known.closing.get_or_insert(closing);
    }
}
