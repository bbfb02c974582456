//! A script as data: what the parser makes and the runner runs.

use base::Duration;
use wire::tcp::Flags;

use crate::error::Span;

/// A script, parsed.
#[derive(Clone, Debug)]
pub struct Script {
    /// Its name, as it was given.
    pub file: String,
    /// Its text.
    pub(crate) source: String,
    /// `--name=value` lines in front.
    pub(crate) options: Vec<Setting>,
    /// The command that runs before the first event.
    pub(crate) init: Option<Command>,
    /// What happens, in order.
    pub(crate) events: Vec<Event>,
}

/// An option line.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
    pub(crate) span: Span,
}

/// A shell command.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// A line of the script.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) time: Time,
    pub(crate) action: Action,
    pub(crate) span: Span,
}

/// When it happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Time {
    /// So long after the start.
    Absolute(Duration),
    /// So long after what went before.
    Relative(Duration),
    /// Between two moments after the start.
    AbsoluteRange(Duration, Duration),
    /// Between two moments after what went before.
    RelativeRange(Duration, Duration),
    /// Whenever it likes.
    Any,
}

impl Time {
    /// Whether it counts from the start.
    pub(crate) fn is_absolute(self) -> bool {
        matches!(self, Time::Absolute(_) | Time::AbsoluteRange(..))
    }
}

/// What happens.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Packet(Box<Packet>),
    Call(Box<Call>),
    Command(Command),
    Code(String),
}

/// Which way a packet goes, seen from the stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// `<`: the script sends it to the stack.
    In,
    /// `>`: the stack is expected to send it.
    Out,
}

/// A packet line.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) way: Way,
    pub(crate) ip: IpFields,
    pub(crate) ports: Option<(u16, u16)>,
    pub(crate) body: Transport,
}

/// What a packet line says of the IP header.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct IpFields {
    pub(crate) tos: Option<Tos>,
    pub(crate) ttl: Option<u8>,
    pub(crate) flow_label: Option<u32>,
    /// The packet arrives in so many fragments, the last one first.
    pub(crate) fragments: Option<usize>,
}

/// What a packet line says of the type-of-service byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tos {
    /// The ECN bits.
    Ecn(u8),
    /// ECT(0) or ECT(1).
    AnyEct,
    /// All of it.
    Whole(u8),
}

/// What the IP packet carries.
#[derive(Clone, Debug)]
pub(crate) enum Transport {
    Tcp(Tcp),
    /// So many bytes of payload.
    Udp(usize),
    Icmp(Icmp),
}

/// A TCP segment.
#[derive(Clone, Debug)]
pub(crate) struct Tcp {
    pub(crate) flags: Flags,
    pub(crate) seq: u32,
    pub(crate) len: usize,
    pub(crate) ack: u32,
    pub(crate) window: Option<u16>,
    pub(crate) urgent: u16,
    /// `None` for `<...>`: whatever they are.
    pub(crate) options: Option<Vec<TcpOption>>,
}

/// A TCP option as on the wire.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TcpOption {
    pub(crate) kind: u8,
    /// Without kind and length.
    pub(crate) data: Vec<u8>,
}

impl TcpOption {
    pub(crate) const END: u8 = 0;
    pub(crate) const NOP: u8 = 1;
    pub(crate) const MSS: u8 = 2;
    pub(crate) const WINDOW_SCALE: u8 = 3;
    pub(crate) const SACK_OK: u8 = 4;
    pub(crate) const SACK: u8 = 5;
    pub(crate) const TIMESTAMPS: u8 = 8;
    pub(crate) const MD5: u8 = 19;
    pub(crate) const FAST_OPEN: u8 = 34;
    pub(crate) const ACC_ECN_0: u8 = 172;
    pub(crate) const ACC_ECN_1: u8 = 174;
    pub(crate) const EXPERIMENT: u8 = 254;
    /// RFC 7413 Appendix A: the experimental Fast Open option begins with this.
    pub(crate) const FAST_OPEN_MAGIC: [u8; 2] = [0xF9, 0x89];

    pub(crate) fn new(kind: u8, data: impl Into<Vec<u8>>) -> TcpOption {
        TcpOption { kind, data: data.into() }
    }
    /// Its length on the wire.
    pub(crate) fn len(&self) -> usize {
        if self.kind <= TcpOption::NOP { 1 } else { 2 + self.data.len() }
    }
    /// TSval and TSecr, if it is the timestamps option.
    pub(crate) fn timestamps(&self) -> Option<(u32, u32)> {
        match (self.kind, <[u8; 8]>::try_from(&self.data[..])) {
            (TcpOption::TIMESTAMPS, Ok([a, b, c, d, e, f, g, h])) => {
                Some((u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])))
            }
            _ => None,
        }
    }
    pub(crate) fn from_timestamps(val: u32, ecr: u32) -> TcpOption {
        TcpOption::new(TcpOption::TIMESTAMPS, [val.to_be_bytes(), ecr.to_be_bytes()].concat())
    }
}

/// An ICMP error, and what it quotes.
#[derive(Clone, Debug)]
pub(crate) struct Icmp {
    /// Type and code, in ICMP and in ICMPv6: one name may be known in both, or in one of them.
    pub(crate) v4: Option<(u8, u8)>,
    pub(crate) v6: Option<(u8, u8)>,
    /// The second half of the header: the next hop's MTU, or an identifier.
    pub(crate) rest: u32,
    pub(crate) quoted: Option<Quoted>,
}

impl Icmp {
    /// Whether it is one of neighbour discovery's messages (RFC 4861 §4).
    pub(crate) fn is_discovery(&self) -> bool {
        self.v4.is_none() && self.v6.is_some_and(|(kind, _)| (133..=136).contains(&kind))
    }
    /// Type and code in the version of IP that is run.
    pub(crate) fn number(&self, v6: bool) -> Result<(u8, u8), String> {
        let (number, name) = if v6 { (self.v6, "ICMPv6") } else { (self.v4, "ICMP") };
        number.ok_or_else(|| format!("{name} has no message of this name"))
    }
}

/// What an ICMP error quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Quoted {
    /// A TCP segment of ours: its sequence number and length.
    Tcp(u32, usize),
    /// A UDP datagram of ours with so much payload.
    Udp(usize),
}

/// A system call line.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) arguments: Vec<Expression>,
    pub(crate) result: Expression,
    pub(crate) errno: Option<String>,
    /// It may block; so long after the event's start (or the script's, for an absolute time) it has to return.
    pub(crate) end: Option<Duration>,
}

/// An argument or a result.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    pub(crate) value: Value,
    pub(crate) span: Span,
}

/// A value in a script.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// `...`
    Any,
    Integer(i64),
    Word(String),
    Text(Vec<u8>),
    /// `a|b`
    Or(Box<Expression>, Box<Expression>),
    /// `[a, b]`
    List(Vec<Expression>),
    /// `{a, b}`
    Group(Vec<Expression>),
    /// `{name=value, ...}`; a name may have had an argument: `msg_iov(1)=[...]`.
    Record(Vec<(String, Expression)>),
    /// `htons(8080)`, `inet_addr("192.0.2.1")`
    Function(String, Box<Expression>),
}
