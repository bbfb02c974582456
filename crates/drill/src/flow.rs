//! A connection as the script names it and as it is on the wire, and the way from one to the other.

use std::collections::BTreeMap;
use std::net::IpAddr;

use wire::tcp::Flags;

use crate::datagram::Segment;
use crate::script::{Tcp, TcpOption};

/// How far a connection has come, as the script's packets show it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// A socket.
    New,
    /// It waits for connections.
    Listening,
    /// `connect` was called.
    Connecting,
    /// Its SYN is expected.
    SynSent,
    /// Its SYN was answered.
    SynAnswered,
    /// A packet for a listener has arrived.
    Arrived,
    /// The listener's answer is expected.
    SynAckSent,
    /// The handshake's third packet has arrived.
    Open,
}

/// A connection in the script's numbers and in the wire's.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(crate) stage: Stage,
    /// The descriptor, once a program has one.
    pub(crate) fd: Option<i32>,
    pub(crate) udp: bool,
    pub(crate) local: Option<(IpAddr, u16)>,
    pub(crate) remote: Option<(IpAddr, u16)>,
    /// What the script calls our first number, and what it is.
    pub(crate) script_isn: u32,
    pub(crate) live_isn: u32,
    pub(crate) remote_isn: u32,
    /// From a timestamp in the script to the one that was sent.
    stamps: BTreeMap<u32, u32>,
    /// The first timestamp: in the script, and as sent.
    first_stamp: Option<(u32, u32)>,
}

impl Flow {
    pub(crate) fn new(stage: Stage) -> Flow {
        Flow {
            stage,
            fd: None,
            udp: false,
            local: None,
            remote: None,
            script_isn: 0,
            live_isn: 0,
            remote_isn: 0,
            stamps: BTreeMap::new(),
            first_stamp: None,
        }
    }

    /// What turns a number of ours in the script into the one on the wire. SYNs carry the script's own numbers, all else
    /// counts from the first.
    fn ours(&self, syn: bool) -> u32 {
        if syn { self.live_isn.wrapping_sub(self.script_isn) } else { self.live_isn }
    }
    fn theirs(&self, syn: bool) -> u32 {
        if syn { 0 } else { self.remote_isn }
    }
    /// A sequence number of ours that an ICMP error quotes.
    pub(crate) fn quoted(&self, seq: u32) -> u32 {
        seq.wrapping_add(self.ours(false))
    }

    /// The segment that the script lets arrive, as it goes over the wire. An error if it echoes a timestamp that was never
    /// sent.
    pub(crate) fn inbound(&self, tcp: &Tcp, ports: (u16, u16), scaled: bool) -> Result<Segment, String> {
        let syn = tcp.flags.contains(Flags::SYN);
        let mut segment = script_segment(tcp);
        segment.ports = ports;
        segment.seq = segment.seq.wrapping_add(self.theirs(syn));
        if tcp.flags.contains(Flags::ACK) {
            segment.ack = segment.ack.wrapping_add(self.ours(syn));
        }
        segment.shift_sack(self.ours(syn));
        if let Some((val, ecr)) = segment.timestamps().filter(|_| tcp.flags.contains(Flags::ACK)) {
            let live = match (self.stamps.get(&ecr), self.first_stamp) {
                (Some(live), _) => *live,
                (None, Some((script, live))) if scaled => ecr.wrapping_sub(script).wrapping_add(live),
                _ => return Err(format!("TS ecr {ecr} echoes a timestamp that the stack has not sent")),
            };
            segment.set_timestamps(val, live);
        }
        Ok(segment)
    }

    /// A segment of the stack in the script's numbers.
    pub(crate) fn outbound(&self, mut segment: Segment) -> Segment {
        let syn = segment.flags.contains(Flags::SYN);
        segment.seq = segment.seq.wrapping_sub(self.ours(syn));
        if segment.flags.contains(Flags::ACK) {
            segment.ack = segment.ack.wrapping_sub(self.theirs(syn));
        }
        segment.shift_sack(0u32.wrapping_sub(self.theirs(syn)));
        segment
    }

    /// Remembers which timestamp was sent where the script says `expected`, and puts the segment's into the script's time.
    pub(crate) fn map_timestamps(&mut self, expected: &Segment, actual: &mut Segment) {
        let (Some((script, _)), Some((live, ecr))) = (expected.timestamps(), actual.timestamps()) else { return };
        self.stamps.insert(script, live);
        let (first_script, first_live) = *self.first_stamp.get_or_insert((script, live));
        actual.set_timestamps(live.wrapping_sub(first_live).wrapping_add(first_script), ecr);
    }
}

/// The segment as the script gives it.
pub(crate) fn script_segment(tcp: &Tcp) -> Segment {
    Segment {
        ports: (0, 0),
        seq: tcp.seq,
        ack: tcp.ack,
        flags: tcp.flags,
        window: tcp.window.unwrap_or(0),
        urgent: tcp.urgent,
        options: tcp.options.clone().unwrap_or_default(),
        payload: vec![0; tcp.len],
    }
}

/// The first field in which `actual` is not what the script says, in the script's numbers: name, expected, actual.
pub(crate) fn difference(tcp: &Tcp, expected: &Segment, actual: &Segment) -> Option<String> {
    let named = |flag: Flags, name: &str| {
        let (wanted, is) = (expected.flags.contains(flag), actual.flags.contains(flag));
        (wanted != is).then(|| {
            let (with, but) = if wanted { ("is expected", "is not set") } else { ("is not expected", "is set") };
            format!("the flag {name} {with} and {but}")
        })
    };
    let field =
        |name: &str, wanted: u64, is: u64| (wanted != is).then(|| format!("{name}: expected {wanted}, actual {is}"));
    let flags = [
        (Flags::FIN, "FIN"),
        (Flags::SYN, "SYN"),
        (Flags::RST, "RST"),
        (Flags::PSH, "PSH"),
        (Flags::ACK, "ACK"),
        (Flags::URG, "URG"),
        (Flags::ECE, "ECE"),
        (Flags::CWR, "CWR"),
        (Flags::AE, "AE"),
    ];
    let kinds = |segment: &Segment| segment.options.iter().map(|option| option.kind).collect::<Vec<u8>>();
    flags
        .iter()
        .find_map(|(flag, name)| named(*flag, name))
        .or_else(|| field("sequence number", expected.seq.into(), actual.seq.into()))
        .or_else(|| field("acknowledgment number", expected.ack.into(), actual.ack.into()))
        .or_else(|| field("payload length", expected.payload.len() as u64, actual.payload.len() as u64))
        .or_else(|| tcp.window.and_then(|window| field("window", window.into(), actual.window.into())))
        .or_else(|| field("urgent pointer", expected.urgent.into(), actual.urgent.into()))
        .or_else(|| {
            let options = tcp.options.as_ref()?;
            if kinds(expected) != kinds(actual) {
                return Some("the TCP options differ".to_owned());
            }
            let differs = |pair: &(&TcpOption, &TcpOption)| pair.0.kind != TcpOption::TIMESTAMPS && pair.0 != pair.1;
            let (wanted, is) = options.iter().zip(&actual.options).find(differs)?;
            Some(format!("TCP option: expected {wanted}, actual {is}"))
        })
        .or_else(|| {
            let echo = |segment: &Segment| segment.timestamps().map(|(_, ecr)| ecr);
            let (wanted, is) = (echo(expected)?, echo(actual)?);
            field("TS ecr", wanted.into(), is.into())
        })
        .or_else(|| (expected.payload != actual.payload).then(|| "the payload is not zeros".to_owned()))
}
