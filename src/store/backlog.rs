//! Commits that are durable and not in the view yet. They gather for a while, because a row that several of them change is written once
//! then, and a write wakes threads; whoever waits to read one of them ends that.

use std::collections::VecDeque;
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::applier::{self, Frame};
use super::entry::Position;
use super::error::Error;

/// How long a commit waits for others when nobody asks for it. At full load this is some hundred records, which a reader then waits for.
const GATHERING: Duration = Duration::from_millis(10);

/// Shared by the committer, the applier and readers.
#[derive(Default)]
pub struct Backlog {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    frames: VecDeque<Frame>,
    /// Of all of them.
    records: usize,
    bytes: usize,
    /// When the first of them came.
    since: Option<Instant>,
    /// Up to here somebody waits.
    wanted: Position,
    /// No more come.
    closed: bool,
    /// Nobody takes any.
    abandoned: bool,
    asked: Vec<(Asked, Answer)>,
}

/// What the applier is asked to do besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Make the view durable.
    Checkpoint,
    /// Compare all of it with its sums.
    Scan,
}

/// Tells what came of it.
pub type Answer = mpsc::Sender<Result<(), Error>>;

impl State {
    fn is_full(&self) -> bool {
        applier::is_enough(self.records, self.bytes)
    }

    /// How long the first is left to gather others.
    fn rest(&self, first: &Frame) -> Duration {
        if self.closed || self.is_full() || first.position <= self.wanted {
            return Duration::ZERO;
        }
        self.since.map_or(Duration::ZERO, |since| GATHERING.saturating_sub(since.elapsed()))
    }

    /// As many as make one write.
    fn gathered(&mut self) -> Option<Frame> {
        let mut frame = self.pop()?;
        while !frame.is_full()
            && let Some(next) = self.pop()
        {
            frame.append(next);
        }
        Some(frame)
    }

    fn pop(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_front()?;
        self.records -= frame.records.len();
        self.bytes -= frame.bytes;
        Some(frame)
    }
}

impl Backlog {
    /// The ends of a new one.
    pub fn new() -> (Arc<Self>, Giver, Taker) {
        let backlog = Arc::new(Self::default());
        (Arc::clone(&backlog), Giver(Arc::clone(&backlog)), Taker(backlog))
    }

    /// Somebody waits for everything up to `position`.
    pub fn want(&self, position: Position) {
        let mut state = self.lock();
        if position > state.wanted {
            state.wanted = position;
            self.changed.notify_all();
        }
    }

    /// Something that the applier is to do, besides. Nobody answers when nothing more will be applied.
    pub fn ask(&self, asked: Asked) -> mpsc::Receiver<Result<(), Error>> {
        let (answer, answered) = mpsc::channel();
        let mut state = self.lock();
        if !state.abandoned {
            state.asked.push((asked, answer));
            self.changed.notify_all();
        }
        answered
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The committer's end.
pub struct Giver(Arc<Backlog>);

impl Giver {
    /// Hands over the next commit; waits while there is too much already. Whether anybody will take it.
    pub fn give(&self, frame: Frame) -> bool {
        let mut state = self.0.lock();
        while state.is_full() && !state.abandoned {
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let is_first = state.frames.is_empty();
        if is_first {
            state.since = Some(Instant::now());
        }
        state.records += frame.records.len();
        state.bytes += frame.bytes;
        state.frames.push_back(frame);
        let awaited = state.frames.front().is_some_and(|first| first.position <= state.wanted);
        if is_first || awaited || state.is_full() {
            self.0.changed.notify_all();
        }
        !state.abandoned
    }
}

impl Drop for Giver {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

/// The applier's end.
pub struct Taker(Arc<Backlog>);

/// What there is to do.
pub enum Taken {
    Frame(Frame),
    Asked(Asked, Answer),
    /// Nothing within the pause.
    Idle,
    /// Nothing more will come.
    Closed,
}

impl Taker {
    /// What has gathered, as one frame, as soon as it is due; `pause` bounds how long nothing at all is waited for.
    pub fn take(&self, pause: Option<Duration>) -> Taken {
        let mut state = self.0.lock();
        loop {
            if let Some((asked, answer)) = state.asked.pop() {
                return Taken::Asked(asked, answer);
            }
            let (rest, is_idle) = match state.frames.front() {
                Some(first) => (Some(state.rest(first)), false),
                None if state.closed => return Taken::Closed,
                None => (pause, true),
            };
            match rest {
                Some(Duration::ZERO) => break,
                Some(rest) => {
                    let (woken, waited) = self.0.changed.wait_timeout(state, rest).unwrap_or_else(PoisonError::into_inner);
                    state = woken;
                    if is_idle && waited.timed_out() && state.frames.is_empty() && state.asked.is_empty() {
                        return Taken::Idle;
                    }
                }
                None => state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
        let Some(frame) = state.gathered() else { return Taken::Idle };
        state.since = Some(Instant::now());
        self.0.changed.notify_all();
        Taken::Frame(frame)
    }

    /// Whether the next commit will have to wait.
    pub fn is_full(&self) -> bool {
        self.0.lock().is_full()
    }

    /// The next commit alone, if there is one.
    pub fn next(&self) -> Option<Frame> {
        self.0.lock().pop()
    }

    /// What is there, as one frame, at once.
    pub fn gathered(&self) -> Option<Frame> {
        self.0.lock().gathered()
    }
}

impl Drop for Taker {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.abandoned = true;
        state.asked.clear();
        drop(state);
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(position: u64) -> Frame {
        Frame::new(Position(position), Vec::new())
    }

    #[test]
    fn a_commit_that_nobody_waits_for_is_left_to_gather_others() {
        let mut state = State { since: Some(Instant::now() + GATHERING), ..State::default() };
        assert!(state.rest(&frame(5)) > Duration::ZERO);
        state.wanted = Position(4);
        assert!(state.rest(&frame(5)) > Duration::ZERO, "an earlier one is waited for");
        state.wanted = Position(5);
        assert_eq!(state.rest(&frame(5)), Duration::ZERO);
        let closed = State { since: state.since, closed: true, ..State::default() };
        assert_eq!(closed.rest(&frame(5)), Duration::ZERO);
        let waited = State { since: Instant::now().checked_sub(GATHERING), ..State::default() };
        assert_eq!(waited.rest(&frame(5)), Duration::ZERO);
    }

    fn taken(taker: &Taker) -> u64 {
        match taker.take(None) {
            Taken::Frame(frame) => frame.position.0,
            Taken::Idle | Taken::Closed | Taken::Asked(..) => panic!("nothing was taken"),
        }
    }

    #[test]
    fn commits_gather_until_somebody_waits_for_one() {
        let (backlog, giver, taker) = Backlog::new();
        assert!(giver.give(frame(1)) && giver.give(frame(2)));
        backlog.want(Position(1));
        assert_eq!(taken(&taker), 2, "both in one write");
        backlog.want(Position(4));
        assert!(giver.give(frame(3)));
        assert_eq!(taken(&taker), 3, "it was asked for before it came");
        assert!(giver.give(frame(5)));
        assert_eq!(taken(&taker), 5, "nobody asked, and it came in the end");
    }

    #[test]
    fn what_is_there_is_taken_before_the_end() {
        let (_, giver, taker) = Backlog::new();
        assert!(matches!(taker.take(Some(Duration::from_millis(1))), Taken::Idle));
        assert!(giver.give(frame(1)));
        drop(giver);
        assert_eq!(taken(&taker), 1);
        assert!(matches!(taker.take(None), Taken::Closed));
    }

    #[test]
    fn whoever_gives_too_much_waits_and_is_told_when_nobody_takes_it() {
        let (_, giver, taker) = Backlog::new();
        let large = Frame { position: Position(1), records: Vec::new(), bytes: usize::MAX / 2 };
        assert!(giver.give(large));
        assert!(taker.is_full());
        let giving =
            std::thread::spawn(move || [giver.give(frame(2)), giver.give(Frame { bytes: 1 << 40, ..frame(3) }), giver.give(frame(4))]);
        assert_eq!(taken(&taker), 1, "a frame that is full stands alone");
        while !taker.is_full() {
            std::thread::yield_now();
        }
        drop(taker);
        assert_eq!(giving.join().unwrap(), [true, true, false]);
    }
}
