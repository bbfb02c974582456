//! The questions of a name's resolution as a tree: who asked whom because of which question, and what came back.

mod asked;
mod linked;

use base::EventId;
use serde::Serialize;
use trace::{Event, Kind, Trace, kinds::dns as kind};

use crate::Story;
use crate::shown::How;
use asked::Asked;

/// The questions of a story.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Questions {
    /// The questions that nobody's question led to, in order of time: of a simulation those of programs.
    pub questions: Vec<Question>,
    /// How it is known which question led to which: witnessed by causes, or inferred from times.
    pub known: How,
    /// What the inference rests on.
    pub why: &'static str,
}

/// A question and what it led to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Question {
    /// When it was asked.
    pub at_ns: i64,
    /// When the answer was there; `None` if none came.
    pub to_ns: Option<i64>,
    /// Who asked.
    pub from: String,
    /// Who was asked; of a program's question, the machine's own resolver.
    pub to: String,
    /// The name.
    pub name: String,
    /// The type of record: `A`.
    pub sort: String,
    /// What came back, in words; empty if nothing did.
    pub answer: String,
    /// Whether it was a referral: ask those servers.
    pub referral: bool,
    /// `UDP` or `TCP`; empty for a question that stays inside a machine.
    pub transport: &'static str,
    /// The caches that were asked before anybody else was.
    pub caches: Vec<CacheAsked>,
    /// The packet that asked, at the story's tap.
    pub packet: Option<u32>,
    /// The packet that answered.
    pub answer_packet: Option<u32>,
    /// The questions that it led to, in order of time.
    pub children: Vec<Question>,
}

/// A cache that was asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CacheAsked {
    /// When.
    pub at_ns: i64,
    /// Whether it had the answer.
    pub hit: bool,
    /// In words.
    pub text: String,
}

/// Questions of a tree, at most; a capture of a resolver may hold millions.
const MAX_QUESTIONS: usize = 20_000;

impl Story {
    /// The questions that resolvers asked, as a tree. Of a simulation all of them are told, wherever its tap is; of a capture those that
    /// it holds.
    pub fn questions_asked(&self) -> Questions {
        match self.trace() {
            Some(trace) => {
                let asked = asked::everywhere(self, trace);
                let questions = linked::by_causes(trace, asked);
                Questions { questions, known: How::Witnessed, why: "" }
            }
            None => {
                let questions = linked::by_times(asked::captured(self));
                let why = "who asks while being asked is taken to ask for that";
                Questions { questions, known: How::Inferred, why }
            }
        }
    }
}

fn is(event: &Event, kinds: &[&'static Kind]) -> bool {
    kinds.iter().any(|kind| std::ptr::eq(*kind, event.kind))
}

/// A question on the wire, without what it led to.
fn question(asked: &Asked) -> Question {
    Question {
        at_ns: asked.at.as_nanos(),
        to_ns: asked.answered_at.map(|at| at.as_nanos()),
        from: asked.from.clone(),
        to: asked.to.clone(),
        name: asked.name.clone(),
        sort: asked.sort.clone(),
        answer: asked.answer.clone(),
        referral: asked.referral,
        transport: asked.transport,
        caches: Vec::new(),
        packet: asked.packet,
        answer_packet: asked.answer_packet,
        children: Vec::new(),
    }
}

/// What led to an event, the event itself first: what it serves, where that is not what triggered it (a packet that waited for
/// a hardware address was sent for its own sake), else what triggered it.
fn led_to(trace: &Trace, event: EventId) -> impl Iterator<Item = &Event> {
    let before = |event: &&Event| {
        let next = event.because.unwrap_or(event.cause);
        if next < event.id { trace.event(next) } else { None }
    };
    std::iter::successors(trace.event(event), move |event| before(event))
}

/// The event of the sending of a question, among what led to its packet.
fn sending(trace: &Trace, event: EventId) -> Option<&Event> {
    led_to(trace, event).take(12).find(|event| is(event, &[&kind::QUERY]))
}
