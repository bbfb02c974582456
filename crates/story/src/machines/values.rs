//! The figures of a connection's end: what they are called, what they mean, in which order they are read.

use serde::Serialize;

use crate::shown::{How, Shown};
use crate::why::{bytes, nanos};

/// A figure of an end, with its meaning.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Value {
    /// Its id: `cwnd`.
    pub id: &'static str,
    /// Its name for people.
    pub name: &'static str,
    /// The number, in `unit`.
    pub value: Option<i64>,
    /// `bytes` or `ns`.
    pub unit: &'static str,
    /// The number in words; or why there is none.
    pub text: String,
    /// What it means.
    pub line: &'static str,
    /// Where it is defined.
    pub rfc: &'static str,
    /// How it is known.
    pub known: How,
    /// What an inference rests on, or why it is not known.
    pub why: &'static str,
}

/// What a figure is.
pub(super) struct Meaning {
    id: &'static str,
    name: &'static str,
    unit: &'static str,
    rfc: &'static str,
    line: &'static str,
}

macro_rules! meanings {
    ($($name:ident = $id:literal, $label:literal, $unit:literal, $rfc:literal, $line:literal;)*) => {
        $(pub(super) const $name: Meaning = Meaning { id: $id, name: $label, unit: $unit, rfc: $rfc, line: $line };)*
    };
}

meanings! {
    IN_FLIGHT = "in_flight", "in flight", "bytes", "RFC 5681 §2", "sent, and neither acknowledged nor taken for lost";
    CWND = "cwnd", "congestion window", "bytes", "RFC 5681 §2", "how much may be in flight for the network's sake";
    SSTHRESH = "ssthresh", "slow start threshold", "bytes", "RFC 5681 §2", "up to here the congestion window doubles each round trip";
    PEER_WINDOW = "snd_wnd", "the other side's window", "bytes", "RFC 9293 §3.3.1", "how much the other side has room for (SND.WND)";
    RECEIVE_WINDOW = "rcv_wnd", "receive window", "bytes", "RFC 9293 §3.3.1", "how much it has room for itself, as it told the other side (RCV.WND)";
    SEND_BUFFER = "send_buffer", "send buffer", "bytes", "RFC 9293 §3.9.1.2", "written by the program and not acknowledged yet";
    RECEIVE_BUFFER = "receive_buffer", "receive buffer", "bytes", "RFC 9293 §3.9.1.3", "arrived in order and not read by the program yet";
    RTT = "rtt", "round trip measured last", "ns", "RFC 6298 §3", "from a segment to its acknowledgment";
    SRTT = "srtt", "smoothed round trip", "ns", "RFC 6298 §2", "the average that forgets slowly (SRTT)";
    RTTVAR = "rttvar", "variation of the round trip", "ns", "RFC 6298 §2", "how far the samples are from the average (RTTVAR)";
    RTO = "rto", "retransmission timeout", "ns", "RFC 6298 §2", "how long an acknowledgment is waited for before the segment is sent again (RTO)";
}

impl Meaning {
    /// The figure with its number.
    pub(super) fn of(self, shown: Shown<i64>) -> Value {
        let Meaning { id, name, unit, rfc, line } = self;
        let text = match shown.value {
            Some(value) if unit == "ns" => nanos(value.unsigned_abs()),
            Some(value) => bytes(value.unsigned_abs()),
            None => shown.why.to_owned(),
        };
        Value { id, name, value: shown.value, unit, text, line, rfc, known: shown.known, why: shown.why }
    }
}
