//! Rules of docs/semantics.md that can be read off one journal, event by event, and need no model of the walk: pauses, signals, votes,
//! compensations, children of what is cancelled.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use flowgate::ids::{Digest, ExecutionId, FrameId, QuestionId};
use flowgate::machine::event::{Event, Part, Place};
use flowgate::machine::pause::Held;
use flowgate::machine::question::{Decided, QuestionKind, Verdict};
use flowgate::machine::summary::Status;

/// What these rules remember of one journal.
#[derive(Default)]
pub struct Rules {
    paused: bool,
    stopping: bool,
    /// Kept signals by name, oldest first.
    kept: BTreeMap<String, VecDeque<String>>,
    signals: BTreeSet<String>,
    questions: BTreeMap<QuestionId, Votes>,
    /// Completed steps that declare `compensate`, in journal order.
    completed: Vec<(FrameId, String)>,
    undoing: Option<(FrameId, String)>,
    /// What people answered in place of a tool call, until the model's conversation has it.
    responses: BTreeMap<Place, String>,
    /// Children that have not ended, and whether they were told to stop.
    children: BTreeMap<ExecutionId, bool>,
}

struct Votes {
    quorum: usize,
    digest: Digest,
    by: BTreeSet<String>,
    /// Who was told that their answer is taken: their name, and the digest that they saw.
    taken: BTreeSet<(String, Digest)>,
    /// The tool call that it is about.
    tool: Option<Place>,
    /// Whose change decided it: the same change again is harmless, whatever they saw.
    editor: Option<String>,
}

fn require(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

fn owner(place: &Place) -> (FrameId, String) {
    (place.frame, place.step.to_string())
}

impl Rules {
    pub fn see(&mut self, event: &Event) -> Result<(), String> {
        self.pause(event)?;
        self.signal(event)?;
        self.vote(event)?;
        self.undo(event)?;
        self.child(event);
        Ok(())
    }

    /// After the events of one commit.
    pub fn settle(&self) -> Result<(), String> {
        let left = self.children.values().filter(|told| self.stopping && !**told).count();
        require(left == 0, || format!("children: {left} go on although their parent was cancelled or ran out of time"))
    }

    /// Whether somebody who answered this question, looking at this digest, can have been told that it is taken.
    pub fn took(&self, question: QuestionId, by: &str, digest: Digest) -> bool {
        self.questions
            .get(&question)
            .is_some_and(|votes| votes.editor.as_deref() == Some(by) || votes.taken.contains(&(by.to_owned(), digest)))
    }

    /// Nothing starts and nothing is taken while somebody holds the execution.
    fn pause(&mut self, event: &Event) -> Result<(), String> {
        let is_quiet = matches!(
            event,
            Event::Held { .. }
                | Event::Late { .. }
                | Event::ChildAccepted { .. }
                | Event::CancelAsked { .. }
                | Event::DeadlinePassed
                | Event::Unpaused { .. }
        );
        require(!self.paused || self.stopping || is_quiet, || format!("pause: {event:?} while it is held"))?;
        match event {
            Event::Paused { .. } => self.paused = true,
            Event::Unpaused { .. } => self.paused = false,
            Event::CancelAsked { .. } | Event::DeadlinePassed => self.stopping = true,
            _ => {}
        }
        Ok(())
    }

    /// Unique by id; first in, first out per name.
    fn signal(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::SignalKept { signal } => {
                require(self.signals.insert(signal.id.clone()), || format!("signals: `{}` is kept a second time", signal.id))?;
                self.kept.entry(signal.name.clone()).or_default().push_back(signal.id.clone());
            }
            Event::SignalTaken { signal, .. } => {
                let kept = self.kept.entry(signal.name.clone()).or_default();
                match kept.front() {
                    Some(oldest) if *oldest == signal.id => drop(kept.pop_front()),
                    Some(oldest) => return Err(format!("signals: `{}` is taken before `{oldest}`, which came earlier", signal.id)),
                    None => require(self.signals.insert(signal.id.clone()), || format!("signals: `{}` is taken a second time", signal.id))?,
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// An approval has as many voters as its policy asks for, and they all looked at the same action.
    fn vote(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::Asked { question, place, .. } => {
                let quorum = question.approvers.quorum.max(1) as usize;
                let tool = (question.kind == QuestionKind::ToolApproval).then(|| place.clone());
                let votes = Votes { quorum, digest: question.digest, by: BTreeSet::new(), taken: BTreeSet::new(), tool, editor: None };
                self.questions.insert(question.id, votes);
            }
            Event::Voted { question, vote } => {
                let votes = self.votes(*question)?;
                require(vote.digest == votes.digest, || format!("votes: {} votes for what is not asked any more", vote.by))?;
                require(votes.by.insert(vote.by.clone()), || format!("votes: {} votes twice", vote.by))?;
                votes.taken.insert((vote.by.clone(), vote.digest));
            }
            Event::ActionEdited { question, digest, vote, .. } => {
                let votes = self.votes(*question)?;
                votes.taken.insert((vote.by.clone(), votes.digest));
                (votes.digest, votes.by) = (*digest, BTreeSet::from([vote.by.clone()]));
            }
            Event::Reassigned { question, approvers, .. } => {
                let votes = self.votes(*question)?;
                (votes.quorum, votes.by) = (approvers.quorum.max(1) as usize, BTreeSet::new());
            }
            Event::Answered { question, decided } => self.answered(*question, decided)?,
            Event::Observed { place, text, .. } => {
                let response = self.responses.remove(place);
                return require(response.as_ref().is_none_or(|response| response == text), || {
                    format!("votes: somebody answered {response:?} for a tool, and its model is told {text:?}")
                });
            }
            Event::Held { input: Held::Decision { decision, .. } } => {
                let seen = (decision.by.user.clone(), decision.digest);
                self.votes(decision.question)?.taken.insert(seen);
            }
            _ => {}
        }
        Ok(())
    }

    fn answered(&mut self, question: QuestionId, decided: &Decided) -> Result<(), String> {
        let votes = self.votes(question)?;
        require(decided.digest == votes.digest, || format!("votes: {} decides on what is not asked any more", decided.by))?;
        votes.taken.insert((decided.by.clone(), decided.digest));
        votes.editor = matches!(decided.verdict, Verdict::Edit { .. }).then(|| decided.by.clone());
        match &decided.verdict {
            Verdict::Approve | Verdict::Edit { .. } => {
                votes.by.insert(decided.by.clone());
                let (count, quorum) = (votes.by.len(), votes.quorum);
                require(count >= quorum, || format!("votes: approved by {count}, {quorum} are asked for"))?;
            }
            Verdict::Respond { response } => {
                if let Some(place) = votes.tool.clone() {
                    let text = response.as_str().map_or_else(|| response.to_string(), str::to_owned);
                    self.responses.insert(place, text);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn votes(&mut self, question: QuestionId) -> Result<&mut Votes, String> {
        self.questions.get_mut(&question).ok_or_else(|| "votes: on a question that was never asked".to_owned())
    }

    /// Last first, one at a time, all of them, and only where the execution did not complete.
    fn undo(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::StepEnded { frame, step, undo: Some(_), .. } => self.completed.push((*frame, step.to_string())),
            Event::CallStarted { place, .. } if place.part == Part::Undo => {
                let place = owner(place);
                require(self.completed.last() == Some(&place), || {
                    format!("undo: {place:?} is taken back before {:?}", self.completed.last())
                })?;
                self.undoing = Some(place);
            }
            Event::UndoEnded { place, .. } => {
                require(self.undoing.take() == Some(owner(place)), || format!("undo: {place:?} is over and was not begun"))?;
                self.completed.pop();
            }
            Event::Ended { ended, .. } if ended.status == Status::Completed => {
                require(self.undoing.is_none(), || "undo: it completes while something is taken back".to_owned())?;
            }
            Event::Ended { .. } => require(self.completed.is_empty(), || format!("undo: {:?} were not taken back", self.completed))?,
            _ => {}
        }
        Ok(())
    }

    fn child(&mut self, event: &Event) {
        match event {
            Event::ChildStarted { child, .. } => drop(self.children.insert(*child, false)),
            Event::ChildCancelAsked { child, .. } => drop(self.children.insert(*child, true)),
            Event::ChildEnded { child, .. } => drop(self.children.remove(child)),
            Event::Ended { .. } => self.children.clear(),
            _ => {}
        }
    }
}
