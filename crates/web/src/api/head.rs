//! A run in one look, and the tables that its columns refer to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Problem;

/// A run in one look.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Head {
    /// Its id.
    pub run: String,
    /// The tap that it is seen from.
    pub tap: String,
    /// Where its packets come from.
    pub badge: Badge,
    /// A line about it.
    pub title: String,
    /// What it shows, in a few sentences.
    pub about: String,
    /// What was opened.
    pub source: SourceInfo,
    /// Time 0 on the wall clock (RFC 3339).
    pub epoch: String,
    /// Number of packets.
    pub packets: u32,
    /// Whether these are the first packets of a capture that is still being read: what the whole tells is not known yet.
    pub beginning: bool,
    /// When the last packet passed, and everything that is known to have happened was over.
    pub duration_ns: f64,
    /// The columns of the ladder, left to right; `from` and `to` of the packets count here.
    pub hosts: Vec<Host>,
    /// Devices and links of a simulation.
    pub places: Vec<Place>,
    /// The columns of the ladder of all hops, left to right; they count in `places`.
    pub devices: Vec<u32>,
    /// Where the run can be observed; the first is the one that is taken if none is named.
    pub taps: Vec<Tap>,
    /// Protocols; the packets' `protocol` counts here.
    pub protocols: Vec<Protocol>,
    /// Sorts of packet; the packets' `class` counts here.
    pub classes: Vec<Class>,
    /// TCP's flags.
    pub flags: Vec<FlagBit>,
    /// Names of TCP's states by code.
    pub states: BTreeMap<String, String>,
    /// What is special about packets, by bit.
    pub marks: Vec<MarkBit>,
    /// How a state is known; `client_known` and `server_known` count here.
    pub known: Vec<String>,
    /// The critical path's parts, one behind the other; empty if there is no request.
    pub phases: Vec<Phase>,
    /// The critical path in figures.
    pub totals: Option<Totals>,
    /// Derived: the round-trip time of the main connection.
    pub round_trip_ns: Option<f64>,
    /// The connection that the critical path belongs to; counts in `connections`, and may be none of the first.
    pub main_connection: Option<u32>,
    /// The TCP connections in order of their first packets: the first 1,000.
    pub connections: Vec<Connection>,
    /// All connections there are.
    pub connections_in_all: u32,
    /// The requests in order of their beginnings: the first 500.
    pub requests: Vec<RequestLine>,
    /// All requests there are.
    pub requests_in_all: u32,
    /// The caches in the order in which they were asked.
    pub caches: Vec<Cache>,
    /// The URL in its parts.
    pub url: Option<UrlInfo>,
    /// What came of the request.
    pub outcome: Option<Outcome>,
    /// What came of runs that were compared.
    pub findings: Option<Findings>,
    /// What is wrong with a capture or its keys; it is shown all the same.
    pub problems: Vec<Problem>,
    /// What else can be asked of the run: paths below it.
    pub extra: Vec<String>,
    /// What the server writes the run in, by how such files end.
    pub exports: Vec<String>,
}

/// Where packets come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Badge {
    /// A simulation.
    Simulated,
    /// A capture.
    Captured,
}

/// What was opened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SourceInfo {
    /// What sort of source it is.
    pub kind: SourceKind,
    /// The URL, the scenario's name or the file's name.
    pub source: String,
    /// The knobs that were turned.
    pub knobs: BTreeMap<String, String>,
    /// Where every knob stands; empty for a capture and for runs that are compared.
    pub conditions: BTreeMap<String, String>,
    /// The command that shows the same.
    pub command: String,
    /// The text of the scenario file that was opened.
    pub file: Option<String>,
}

/// The sorts of source.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// A URL or a scenario.
    Simulation,
    /// A capture.
    Capture,
}

/// A column of the ladder.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Its address, where that is not its name.
    pub address: Option<String>,
    /// What it is.
    pub role: String,
}

/// A device, link or person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Place {
    /// Its name.
    pub name: String,
    /// What it is.
    pub role: String,
}

/// A point of observation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Tap {
    /// Its name.
    pub name: String,
    /// The device.
    pub place: String,
}

/// A protocol.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Protocol {
    /// Its name.
    pub name: String,
    /// Its layer in the OSI model.
    pub layer: u8,
}

/// A sort of packet, for its look.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Class {
    /// Its name.
    pub name: String,
    /// What it is, in a line.
    pub line: String,
}

/// A flag of TCP.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FlagBit {
    /// Its bit's number.
    pub bit: u8,
    /// Its name.
    pub name: String,
}

/// Something special about a packet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct MarkBit {
    /// Its bit's number.
    pub bit: u8,
    /// Its id, for `explain`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it means, in a line.
    pub line: String,
    /// Where it is defined.
    pub rfc: String,
    /// Whether it is trouble.
    pub trouble: bool,
    /// Whether it says that the packet is none of its own: the capture has one packet twice.
    pub copy: bool,
}

/// A part of the critical path.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// From when.
    pub from_ns: f64,
    /// To when.
    pub to_ns: f64,
    /// Derived: the round-trip time of the path that it used.
    pub rtt_ns: Option<f64>,
    /// Derived: its length in round trips.
    pub round_trips: Option<f64>,
}

/// The critical path in figures.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Totals {
    /// From the first packet to the last byte.
    pub total_ns: f64,
    /// From the first packet to the first byte of the response.
    pub first_byte_ns: Option<f64>,
    /// The close, which nobody waits for.
    pub close: Option<Close>,
    /// TIME-WAIT.
    pub time_wait: Option<TimeWait>,
}

/// The close.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Close {
    /// From when.
    pub from_ns: f64,
    /// To when.
    pub to_ns: f64,
}

/// TIME-WAIT.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TimeWait {
    /// At which host.
    pub host: String,
    /// From when.
    pub from_ns: f64,
    /// To when.
    pub to_ns: f64,
}

/// A TCP connection.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Connection {
    /// Its place in the head's list.
    pub index: u32,
    /// The conversation's number.
    pub conversation: u32,
    /// The client's address and port.
    pub client: String,
    /// The server's.
    pub server: String,
    /// The client's column.
    pub client_host: u32,
    /// The server's column.
    pub server_host: u32,
    /// Its packets.
    pub packets: u32,
    /// Its first packet.
    pub first: u32,
    /// Its last packet.
    pub last: u32,
    /// When its first packet passed.
    pub from_ns: f64,
    /// When its last packet passed.
    pub to_ns: f64,
    /// Bytes of the client's stream.
    pub bytes_up: f64,
    /// Bytes of the server's stream.
    pub bytes_down: f64,
    /// Segments sent again.
    pub retransmissions: u32,
    /// Derived: one round trip between the ends.
    pub round_trip_ns: Option<f64>,
    /// How it ended.
    pub ending: String,
    /// What its bytes are.
    pub application: String,
    /// TLS on it.
    pub tls: Option<TlsInfo>,
    /// The first lines of its HTTP messages.
    pub http: Vec<HttpLine>,
}

/// TLS on a connection.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TlsInfo {
    /// The version agreed on.
    pub version: Option<String>,
    /// The cipher suite agreed on.
    pub cipher_suite: Option<String>,
    /// The group of the key exchange.
    pub group: Option<String>,
    /// The protocol agreed on.
    pub alpn: Option<String>,
    /// The name that the client asked for.
    pub server_name: Option<String>,
    /// Protected records.
    pub records: u32,
    /// How many of them were decrypted.
    pub decrypted: u32,
    /// Why others were not.
    pub why: Option<String>,
}

/// A request and its response.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct HttpLine {
    /// The request's first line.
    pub request: String,
    /// The response's.
    pub response: Option<String>,
}

/// When the parts of a request happened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RequestLine {
    /// Its connection: an index into the head's list.
    pub connection: Option<u32>,
    /// Its first line, if it can be read.
    pub line: Option<String>,
    /// The site, if it is known.
    pub host: Option<String>,
    /// The status code of its final response.
    pub status: Option<u16>,
    /// Whether it is the one whose phases the head tells.
    pub main: bool,
    /// Whether it has a stream of its own, beside others on the connection.
    pub multiplexed: bool,
    /// When the first thing was done for it: a name, a connection, or the request itself.
    pub from_ns: f64,
    /// When its first packet passed.
    pub asked_ns: f64,
    /// When the response's first packet passed.
    pub first_ns: Option<f64>,
    /// When the last did.
    pub last_ns: Option<f64>,
    /// Its first packet.
    pub packet: u32,
    /// The response's last, as far as it was seen.
    pub response_packet: Option<u32>,
    /// The response's bytes, its head included.
    pub bytes_down: f64,
    /// Whether the response is all there.
    pub whole: bool,
}

/// A cache that was asked.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Cache {
    /// When.
    pub at_ns: f64,
    /// What it said.
    pub text: String,
}

/// A URL in its parts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct UrlInfo {
    /// All of it.
    pub href: String,
    /// The scheme.
    pub scheme: String,
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether the URL gives it.
    pub port_given: bool,
    /// The path.
    pub path: String,
    /// The query.
    pub query: Option<String>,
    /// The query's parameters.
    pub parameters: Vec<(String, String)>,
    /// The fragment, which stays in the browser.
    pub fragment: Option<String>,
}

/// What came of a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Outcome {
    /// Whether there was a response.
    pub ok: bool,
    /// What came, in words.
    pub text: String,
}

/// What came of runs that were compared.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Findings {
    /// The table's heading.
    pub columns: Vec<String>,
    /// The table, a row a run.
    pub rows: Vec<Vec<String>>,
    /// What it says.
    pub verdict: String,
}
