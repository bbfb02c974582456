//! Questions that ask for a prediction before the next packet is shown, made from the run itself, and marked by it.

mod acknowledgments;
mod causes;
mod next;
mod states;
mod streams;
mod windows;

use serde::Serialize;

use crate::Story;

/// The questions of a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Predictions {
    /// The questions, in the order in which the run answers them.
    pub questions: Vec<Prediction>,
}

/// A question and its answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Prediction {
    /// Its id, unique in the run: `ack-2`.
    pub id: String,
    /// It is asked while this packet is still hidden.
    pub before_packet: u32,
    /// The question.
    pub ask: String,
    /// `number` or `choice`.
    pub kind: &'static str,
    /// What can be chosen; empty for a number.
    pub choices: Vec<String>,
    /// The right answer.
    pub answer: String,
    /// Other ways to say the same: the number on the wire for a relative one.
    pub accepts: Vec<String>,
    /// Why it is right, with the RFC.
    pub because: String,
    /// The packet that gives the answer.
    pub packet: u32,
    /// The field of that packet in which it stands.
    pub field: Option<&'static str>,
}

/// Questions of one sort, at most.
const MAX_OF_A_SORT: usize = 12;

impl Story {
    /// Questions about this run. The same run has the same questions.
    pub fn predictions(&self) -> Predictions {
        let mut questions = acknowledgments::questions(self);
        questions.extend(states::questions(self));
        questions.extend(windows::questions(self));
        questions.extend(causes::questions(self));
        questions.extend(next::questions(self));
        questions.extend(streams::questions(self));
        questions.sort_by(|a, b| (a.before_packet, &a.id).cmp(&(b.before_packet, &b.id)));
        Predictions { questions }
    }
}

impl Prediction {
    /// Whether `given` is the right answer: of a number without regard to blanks and separators, of a choice without regard to case.
    pub fn marks(&self, given: &str) -> bool {
        let plain = |text: &str| {
            let kept = text.chars().filter(|c| !(c.is_whitespace() || matches!(c, ',' | '\'' | '_')));
            kept.collect::<String>().to_lowercase()
        };
        let given = plain(given);
        !given.is_empty() && std::iter::once(&self.answer).chain(&self.accepts).any(|right| plain(right) == given)
    }
}

/// The TCP connections of a story, the one that it is about first.
fn connections(story: &Story) -> Vec<flow::ConversationId> {
    let main = story.analysis().main_request().map(|request| request.conversation);
    let all = story.flow().conversations().iter().filter(|conversation| conversation.tcp().is_some());
    let others = all.map(|conversation| conversation.id).filter(|id| Some(*id) != main);
    main.into_iter().chain(others).take(4).collect()
}

/// The choices in an order that gives nothing away, and yet the same in each run: by the words themselves.
fn ordered(mut choices: Vec<String>) -> Vec<String> {
    choices.sort();
    choices.dedup();
    choices
}

/// A host in a sentence: `the laptop`, but `192.0.2.1`.
fn the(host: &str) -> String {
    if host.contains(['.', ':']) { host.to_owned() } else { format!("the {host}") }
}

/// Flags in a sentence: `a SYN`, `an ACK`.
fn a(flags: &str) -> String {
    let vowel = flags.starts_with(['A', 'E', 'U']) || flags.starts_with("RST");
    format!("{} {flags}", if vowel { "an" } else { "a" })
}
