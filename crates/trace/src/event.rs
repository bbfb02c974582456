//! Events: something that happened, where, when and because of what.

use base::{EventId, Instant, PlaceId};
use wire::Code;

/// Something that happened. Fixed in size; strings stand in the trace's table.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// Its number; grows in order of happening.
    pub id: EventId,
    /// When.
    pub at: Instant,
    /// Where.
    pub place: PlaceId,
    /// What.
    pub kind: &'static Kind,
    /// Which connection, lease, query, link or timer of the place, numbered by the place; 0 if it makes no sense.
    pub subject: u32,
    /// What triggered it: a timer, a segment, a write, a queue's decision. [`EventId::NONE`] for a root: an act of the user
    /// or the operator.
    pub cause: EventId,
    /// What it serves, where that is not what triggered it: an ACK released data that an earlier write supplied.
    pub because: Option<EventId>,
    /// Two small arguments; the kind says what they are.
    pub args: [u64; 2],
}

/// A kind of event. One static per kind, in [`mod@crate::kinds`].
#[derive(Debug)]
pub struct Kind {
    /// Dotted id: `tcp.state`. The term that `explain` takes.
    pub id: &'static str,
    /// Whether it is an act, a timer, a decision or an observation.
    pub class: Class,
    /// What happened, in plain words, with `{0}` and `{1}` for the arguments: `the retransmission timer ran out after {0}`.
    pub line: &'static str,
    /// What the arguments are.
    pub args: [Arg; 2],
    /// Where the rule behind it is defined; for acts and devices of the simulation, what they stand for.
    pub rfc: &'static str,
}

/// What sort of event a kind is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// An act of the user or of an operator: the root of a chain of causes.
    Act,
    /// A timer was armed, ran out or was cancelled.
    Timer,
    /// A protocol or a device decided something.
    Decision,
    /// A frame, a message or data passed by.
    Passage,
}

/// What an argument of an event is, so that it can be written for people.
#[derive(Clone, Copy, Debug)]
pub enum Arg {
    /// There is none.
    None,
    /// A number of things.
    Count,
    /// A number of bytes.
    Bytes,
    /// A span in nanoseconds.
    Nanos,
    /// A number of the trace's table of strings.
    Text,
    /// A frame.
    Frame,
    /// A TCP sequence number.
    Seq,
    /// TCP flags.
    Flags,
    /// A TCP state (`wire::tcp::State`).
    State,
    /// An IP address in the low 33 bits: an IPv4 address as it is, an IPv6 address as its number in the trace's table of
    /// them, with bit 32 set (see [`crate::Recorder::address`]).
    Ip,
    /// A prefix of addresses: the network from bit 8 on (as [`Arg::Ip`]), its length in the low 8.
    Prefix,
    /// A hardware address in the low 48 bits.
    Mac,
    /// A port.
    Port,
    /// An IP address and port: the address from bit 16 on (as [`Arg::Ip`]), the port in the low 16.
    Socket,
    /// A number with names.
    Code(&'static [Code]),
}

impl Arg {
    /// The bit of an [`Arg::Ip`] that says that it is a number in the table of IPv6 addresses.
    pub const IPV6: u64 = 1 << 32;

    /// Packs an IPv4 address and a port for [`Arg::Socket`]; [`crate::Cx::socket`] packs those of either family.
    pub fn socket(ip: std::net::Ipv4Addr, port: u16) -> u64 {
        u64::from(u32::from(ip)) << 16 | u64::from(port)
    }
}
