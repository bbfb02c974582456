//! Faults: layers around a line that meddle with chosen frames.

use std::fmt;
use std::rc::Rc;

use base::{Chance, Draws, Duration, Instant};
use wire::{Packet, tcp};

use super::View;

/// One layer: of the frames that match, the chosen ones meet a fate.
///
/// ```
/// use net::link::{Fault, Match, Then, Which};
/// // The second segment with data is lost, once.
/// let loss = Fault { of: Match::TcpData, which: Which::Nth(2), then: Then::Lose };
/// // One ACK in ten comes 30 ms late, behind its successors.
/// let late = Fault {
///     of: Match::TcpFlags(wire::tcp::Flags::ACK),
///     which: Which::Chance("10%".parse()?),
///     then: Then::Hold(base::Duration::from_millis(30)),
/// };
/// # Ok::<(), base::ParseUnitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    /// Which frames it counts.
    pub of: Match,
    /// Which of those it meddles with.
    pub which: Which,
    /// What it does with them.
    pub then: Then,
}

/// A choice among all frames.
#[derive(Clone)]
pub enum Match {
    /// Every frame.
    All,
    /// TCP segments that carry data.
    TcpData,
    /// TCP segments with all of these flags.
    TcpFlags(tcp::Flags),
    /// UDP datagrams.
    Udp,
    /// Frames for which the function says so.
    If(Rc<dyn Fn(&View) -> bool>),
}

/// A choice among the frames that match.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// All of them.
    Every,
    /// The nth alone, counted from 1.
    Nth(u64),
    /// From the first-named to the last-named, counted from 1, both included.
    Range(u64, u64),
    /// Each with this chance, drawn by its number.
    Chance(Chance),
    /// Those that are put on the line from the first moment until before the second.
    During(Instant, Instant),
}

/// What happens to a chosen frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Then {
    /// It is lost on the way.
    Lose,
    /// One bit of it flips, counted from the frame's first; beyond its end nothing happens. The link's own check does not
    /// notice, as when a device between two links damages it in its memory.
    FlipBit(usize),
    /// It arrives twice.
    Duplicate,
    /// It arrives so much later; what is behind it does not wait.
    Hold(Duration),
}

impl Match {
    /// Whether the frame matches.
    pub(crate) fn takes(&self, view: &View) -> bool {
        match self {
            Match::All => true,
            Match::TcpData => view.tcp.is_some() && view.payload_len > 0,
            Match::TcpFlags(flags) => view.tcp.is_some_and(|tcp| tcp.flags().contains(*flags)),
            Match::Udp => view.udp.is_some(),
            Match::If(f) => f(view),
        }
    }
}

impl fmt::Debug for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Match::All => f.write_str("All"),
            Match::TcpData => f.write_str("TcpData"),
            Match::TcpFlags(flags) => write!(f, "TcpFlags({flags})"),
            Match::Udp => f.write_str("Udp"),
            Match::If(_) => f.write_str("If(..)"),
        }
    }
}

impl Which {
    fn takes(self, ordinal: u64, now: Instant, draws: Draws) -> bool {
        match self {
            Which::Every => true,
            Which::Nth(n) => ordinal == n,
            Which::Range(first, last) => (first..=last).contains(&ordinal),
            Which::Chance(chance) => chance.happens(draws, ordinal),
            Which::During(from, until) => from <= now && now < until,
        }
    }
}

/// A fault at work: the layer with what it has counted.
#[derive(Debug)]
pub(crate) struct Layer {
    fault: Fault,
    draws: Draws,
    matched: u64,
}

impl Layer {
    pub(crate) fn new(fault: Fault, draws: Draws) -> Layer {
        Layer { fault, draws, matched: 0 }
    }

    /// What the layer does with a frame that is put on the line now.
    pub(crate) fn handle_frame(&mut self, frame: &Packet, now: Instant) -> Option<Then> {
        let view = View::of(frame)?;
        if !self.fault.of.takes(&view) {
            return None;
        }
        self.matched += 1;
        self.fault.which.takes(self.matched, now, self.draws).then_some(self.fault.then)
    }
}
