//! What went wrong: one type a finding. Its predicate, its sentence, its evidence and its advice stand together.
//!
//! ```
//! let card = analyze::findings::card("finding.tcp.refused").expect("it is one of them");
//! assert_eq!(card.title, "connection refused");
//! ```

mod across;
mod arp;
mod case;
mod dhcp;
mod dns;
mod http;
mod http2;
mod icmp;
mod ip;
mod search;
mod tcp_close;
mod tcp_loss;
mod tcp_open;
mod tcp_window;
mod tls;
mod tls_sealed;

use base::Duration;
use flow::ConversationId;

pub use across::Across;
pub use case::{Case, Connection};
pub use search::{Search, Sight, of};

/// What is the same of every finding of a kind.
#[derive(Debug)]
pub struct Card {
    /// Dotted id, the term that `explain` takes: `finding.tcp.refused`.
    pub id: &'static str,
    /// Its name for people: `connection refused`.
    pub title: &'static str,
    /// Where the behaviour is defined: RFC and section.
    pub source: &'static str,
    /// What it means, in one line of plain words.
    pub line: &'static str,
    /// What to do about it.
    pub advice: &'static str,
}

/// How sure a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Confidence {
    /// The packets say it.
    Certain,
    /// The packets fit, and little else does.
    Likely,
    /// The packets fit; something else may be behind them.
    Possible,
}

impl Confidence {
    /// In a word.
    pub const fn name(self) -> &'static str {
        match self {
            Confidence::Certain => "certain",
            Confidence::Likely => "likely",
            Confidence::Possible => "possible",
        }
    }
}

/// What a finding costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cost {
    /// Something that was asked for did not come.
    Failed,
    /// So much time was spent on it, as seen at the tap.
    Time(Duration),
    /// Nothing that can be measured here.
    Unmeasured,
}

impl Cost {
    /// For the order: failures first, then by time.
    fn rank(self) -> (u8, i64) {
        match self {
            Cost::Failed => (0, 0),
            Cost::Time(time) => (1, -time.as_nanos()),
            Cost::Unmeasured => (2, 0),
        }
    }
}

/// Something that went wrong.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What kind.
    pub card: &'static Card,
    /// What happened here, in one sentence.
    pub verdict: String,
    /// The packets that show it, in ascending order.
    pub evidence: Vec<u32>,
    /// How sure it is.
    pub confidence: Confidence,
    /// What it costs.
    pub cost: Cost,
    /// The conversation that it happened on.
    pub conversation: Option<ConversationId>,
}

/// Packets of evidence that are kept for a finding.
const MAX_EVIDENCE: usize = 64;
/// Findings of one kind that are kept.
const MAX_OF_A_KIND: usize = 1000;

impl Finding {
    /// A finding of a kind, certain and without a cost.
    fn new(card: &'static Card, verdict: String, evidence: impl IntoIterator<Item = u32>) -> Finding {
        let mut evidence: Vec<u32> = evidence.into_iter().filter(|&number| number != 0).take(MAX_EVIDENCE).collect();
        evidence.sort_unstable();
        evidence.dedup();
        Finding { card, verdict, evidence, confidence: Confidence::Certain, cost: Cost::Unmeasured, conversation: None }
    }
    fn costs(mut self, time: Duration) -> Finding {
        self.cost = Cost::Time(time);
        self
    }
    fn failed(mut self) -> Finding {
        self.cost = Cost::Failed;
        self
    }
    fn sure(mut self, confidence: Confidence) -> Finding {
        self.confidence = confidence;
        self
    }
}

/// One kind of finding.
pub trait Rule: Sync {
    /// What is the same of all its findings.
    fn card(&self) -> &'static Card;
    /// Looks for it outside TCP connections.
    fn look(&self, _case: &Case<'_>, _out: &mut Vec<Finding>) {}
    /// Looks for it on one TCP connection.
    fn look_at(&self, _connection: &Connection<'_>, _out: &mut Vec<Finding>) {}
    /// Concludes it from what was gathered over all connections.
    fn conclude(&self, _across: &Across, _out: &mut Vec<Finding>) {}
}

/// Declares a finding: its type with its words, and its predicates (`look`, `look_at`, `conclude`).
macro_rules! finding {
    ($(#[$doc:meta])* $name:ident = $id:literal, $title:literal, $source:literal, $line:literal, advice $advice:literal; $($look:ident = $predicate:expr;)+) => {
        $(#[$doc])*
        pub(super) struct $name;
        impl $name {
            const CARD: super::Card =
                super::Card { id: $id, title: $title, source: $source, line: $line, advice: $advice };
        }
        impl super::Rule for $name {
            fn card(&self) -> &'static super::Card {
                static CARD: super::Card = $name::CARD;
                &CARD
            }
            $(finding!(@ $look, $predicate);)+
        }
    };
    (@ look, $predicate:expr) => {
        fn look(&self, case: &super::Case<'_>, out: &mut Vec<super::Finding>) {
            let predicate: fn(&'static super::Card, &super::Case<'_>, &mut Vec<super::Finding>) = $predicate;
            predicate(super::Rule::card(self), case, out)
        }
    };
    (@ look_at, $predicate:expr) => {
        fn look_at(&self, connection: &super::Connection<'_>, out: &mut Vec<super::Finding>) {
            let predicate: fn(&'static super::Card, &super::Connection<'_>, &mut Vec<super::Finding>) = $predicate;
            predicate(super::Rule::card(self), connection, out)
        }
    };
    (@ conclude, $predicate:expr) => {
        fn conclude(&self, across: &super::Across, out: &mut Vec<super::Finding>) {
            let predicate: fn(&'static super::Card, &super::Across, &mut Vec<super::Finding>) = $predicate;
            predicate(super::Rule::card(self), across, out)
        }
    };
}
use finding;

/// Every kind. Of two that cost the same, the earlier one is named first: causes stand before what follows from them.
static RULES: &[&[&dyn Rule]] = &[
    dhcp::RULES,
    arp::RULES,
    icmp::RULES,
    dns::RULES,
    ip::RULES,
    tcp_open::RULES,
    tcp_loss::RULES,
    tcp_window::RULES,
    tls::RULES,
    tcp_close::RULES,
    http2::RULES,
    http::RULES,
];

fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    RULES.iter().flat_map(|rules| rules.iter().copied())
}

/// The cards of all kinds.
pub fn cards() -> impl Iterator<Item = &'static Card> {
    rules().map(Rule::card)
}

/// The card of the kind with this id.
pub fn card(id: &str) -> Option<&'static Card> {
    cards().find(|card| card.id == id)
}

/// A time in the unit in which people would say it.
fn ms(time: Duration) -> String {
    match time.as_nanos() {
        0..1_000_000 => format!("{} µs", time.as_nanos() / 1000),
        1_000_000..10_000_000_000 => format!("{} ms", (time.as_millis_f64() * 10.0).round() / 10.0),
        _ => format!("{} s", (time.as_millis_f64() / 100.0).round() / 10.0),
    }
}
