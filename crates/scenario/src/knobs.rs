//! The knobs: the conditions of a run that a face lets people turn, declared once for all of them.
//!
//! The command line makes its options from [`KNOBS`], the page its sliders and switches; both turn them by
//! [`Knob::turn`], so that the same text means the same run everywhere.

use std::fmt;
use std::str::FromStr;

use crate::{Header, Octets, Scenario, ScenarioError, Share, Span, Speed, TlsVersion};

/// A condition of a run that can be set from outside.
#[derive(Debug)]
pub struct Knob {
    /// Its name: on the command line `--` stands before it.
    pub name: &'static str,
    /// A letter that is short for it on the command line.
    pub short: Option<char>,
    /// Its name for people.
    pub label: &'static str,
    /// The part of the run that it belongs to.
    pub group: Group,
    /// The key of a scenario file that it sets, dotted.
    pub key: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it takes, in a word of the help: `TIME`.
    pub value_name: &'static str,
    /// A line of help.
    pub help: &'static str,
    /// Good values in order, from little to much, for faces that offer some.
    pub steps: &'static [&'static str],
    get: fn(&Scenario) -> String,
    set: fn(&mut Scenario, &str) -> Result<(), String>,
}

/// The part of a run that a knob belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Group {
    /// The whole run.
    Run,
    /// What lies between client and server.
    Network,
    /// TCP, on both ends.
    Tcp,
    /// What is asked for.
    Request,
    /// What is answered.
    Server,
}

impl Group {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Group::Run => "run",
            Group::Network => "network",
            Group::Tcp => "tcp",
            Group::Request => "request",
            Group::Server => "server",
        }
    }
}

/// What a knob takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The seed: a whole number of 64 bits.
    Seed,
    /// A span of time: `33ms`.
    Duration,
    /// A rate: `100Mbit/s`.
    Rate,
    /// A probability: `1%`.
    Chance,
    /// A number of bytes: `64k`.
    Bytes,
    /// A whole number from the first to the second, both included.
    Number(u64, u64),
    /// One of these, each with its name for people.
    Choice(&'static [(&'static str, &'static str)]),
    /// `on` or `off`.
    Switch,
    /// Any text.
    Text,
    /// Lines of text; on the command line, given once for each.
    Lines,
}

/// Why a knob cannot be turned so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnobError {
    /// The knob's name; as it was given, if there is no such knob.
    pub knob: String,
    /// The text that it was to take.
    pub input: String,
    /// What is wrong.
    pub reason: String,
    /// What would be right, where the reason does not say.
    pub remedy: Option<String>,
}

impl fmt::Display for KnobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--{}: {}", self.knob, self.reason)
    }
}
impl std::error::Error for KnobError {}

impl Knob {
    /// Turns it: `text` is read as on the command line.
    ///
    /// # Errors
    /// If the text is not what the knob takes. Whether the value makes sense, [`Scenario::check`] says.
    pub fn turn(&self, scenario: &mut Scenario, text: &str) -> Result<(), KnobError> {
        let wrong = |reason: String| KnobError {
            knob: self.name.to_owned(),
            input: text.to_owned(),
            reason,
            remedy: (self.kind == Kind::Lines).then(|| "write it like Accept: text/html".to_owned()),
        };
        (self.set)(scenario, text).map_err(wrong)
    }

    /// Where the knob stands in a scenario: a text that [`Knob::turn`] reads as the same value.
    pub fn value(&self, scenario: &Scenario) -> String {
        (self.get)(scenario)
    }
}

/// The knob called `name`.
pub fn find_knob(name: &str) -> Option<&'static Knob> {
    KNOBS.iter().find(|knob| knob.name == name)
}

/// The knob that a wrong value belongs to, if one sets its key.
pub fn knob_of(error: &ScenarioError) -> Option<&'static Knob> {
    match error {
        ScenarioError::Value { key, .. } => KNOBS.iter().find(|knob| knob.key == *key),
        ScenarioError::Toml(_) | ScenarioError::Url(_) => None,
    }
}

fn read<T: FromStr<Err = base::ParseUnitError>>(text: &str, into: &mut T) -> Result<(), String> {
    *into = text.parse().map_err(|error: base::ParseUnitError| error.to_string())?;
    Ok(())
}

fn number<T: TryFrom<u64>>(text: &str, from: u64, to: u64, into: &mut T) -> Result<(), String> {
    let wrong = || format!("`{text}` is not a whole number from {from} to {to}");
    let n = text.trim().parse::<u64>().ok().filter(|n| (from..=to).contains(n)).ok_or_else(wrong)?;
    *into = T::try_from(n).map_err(|_| wrong())?;
    Ok(())
}

fn switch(text: &str, into: &mut bool) -> Result<(), String> {
    *into = match text {
        "on" => true,
        "off" => false,
        _ => return Err(format!("`{text}` is neither on nor off")),
    };
    Ok(())
}

/// One of several, by its name.
fn choose<T: FromStr<Err = ()>>(text: &str, all: &str, into: &mut T) -> Result<(), String> {
    *into = text.parse().map_err(|()| format!("`{text}` is none of {all}"))?;
    Ok(())
}

/// `part` of `unit` as a decimal without needless zeros: 1500 of 1000 is `1.5`.
fn decimal(part: u64, unit: u64) -> String {
    let digits = unit.ilog10() as usize;
    let text = format!("{}.{:0digits$}", part / unit, part % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn span(span: Span) -> String {
    format!("{}ms", decimal(span.0.as_nanos().unsigned_abs(), 1_000_000))
}

fn speed(speed: Speed) -> String {
    match speed.0.0 {
        0 => "unlimited".to_owned(),
        n if n >= 1_000_000_000 => format!("{}Gbit/s", decimal(n, 1_000_000_000)),
        n if n >= 1_000_000 => format!("{}Mbit/s", decimal(n, 1_000_000)),
        n if n >= 1_000 => format!("{}kbit/s", decimal(n, 1_000)),
        n => n.to_string(),
    }
}

fn octets(n: u64) -> String {
    if n > 0 && n.is_multiple_of(1000) { format!("{}k", n / 1000) } else { n.to_string() }
}

fn on_off(on: bool) -> String {
    if on { "on" } else { "off" }.to_owned()
}

fn ordinals(numbers: &[u64]) -> String {
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

/// Frames that are lost by their numbers, at most.
const MOST_ORDINALS: usize = 1000;

fn read_ordinals(text: &str, into: &mut Vec<u64>) -> Result<(), String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let wrong = |part: &str| format!("`{part}` is not the number of a frame: they are counted from 1");
    let read = |part: &str| part.parse().ok().filter(|&n| n > 0).ok_or_else(|| wrong(part));
    let numbers: Vec<u64> = parts.map(read).collect::<Result<_, _>>()?;
    if numbers.len() > MOST_ORDINALS {
        return Err(format!("more than {MOST_ORDINALS} frames cannot be named; a chance of loss is --loss"));
    }
    *into = numbers;
    Ok(())
}

const MTU: (u64, u64) = (68, 9000);

/// All knobs, in the order in which they are listed.
pub static KNOBS: &[Knob] = &[
    Knob {
        name: "seed",
        short: None,
        label: "Seed",
        group: Group::Run,
        key: "seed",
        kind: Kind::Seed,
        value_name: "N",
        help: "The seed: the same seed gives the same bytes [default: 1].",
        steps: &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"],
        get: |scenario| scenario.seed.to_string(),
        set: |scenario, text| number(text, 0, u64::MAX, &mut scenario.seed),
    },
    Knob {
        name: "rtt",
        short: None,
        label: "Round trip",
        group: Group::Network,
        key: "network.rtt",
        kind: Kind::Duration,
        value_name: "TIME",
        help: "Round-trip time between laptop and server, e.g. 33ms.",
        steps: &["1ms", "5ms", "10ms", "20ms", "33ms", "50ms", "66ms", "100ms", "150ms", "200ms", "300ms", "600ms"],
        get: |scenario| span(scenario.network.rtt),
        set: |scenario, text| read(text, &mut scenario.network.rtt),
    },
    Knob {
        name: "loss",
        short: None,
        label: "Loss",
        group: Group::Network,
        key: "network.loss",
        kind: Kind::Chance,
        value_name: "CHANCE",
        help: "Loss probability on the access line, each way, e.g. 1%.",
        steps: &["0%", "0.1%", "0.5%", "1%", "2%", "3%", "5%", "10%", "20%", "50%"],
        get: |scenario| format!("{}%", decimal(scenario.network.loss.0.as_parts_per_billion().into(), 10_000_000)),
        set: |scenario, text| read::<Share>(text, &mut scenario.network.loss),
    },
    Knob {
        name: "rate",
        short: None,
        label: "Rate down",
        group: Group::Network,
        key: "network.rate",
        kind: Kind::Rate,
        value_name: "RATE",
        help: "Rate of the access line downstream, e.g. 100Mbit/s (upstream is as --upload says, at most this).",
        steps: &["56kbit/s", "256kbit/s", "1Mbit/s", "5Mbit/s", "10Mbit/s", "50Mbit/s", "100Mbit/s", "1Gbit/s"],
        get: |scenario| speed(scenario.network.rate),
        set: |scenario, text| read(text, &mut scenario.network.rate),
    },
    Knob {
        name: "upload",
        short: None,
        label: "Rate up",
        group: Group::Network,
        key: "network.upload",
        kind: Kind::Rate,
        value_name: "RATE",
        help: "Rate of the access line upstream, e.g. 20Mbit/s.",
        steps: &["56kbit/s", "256kbit/s", "1Mbit/s", "5Mbit/s", "10Mbit/s", "20Mbit/s", "100Mbit/s", "1Gbit/s"],
        get: |scenario| speed(scenario.network.upload),
        set: |scenario, text| read(text, &mut scenario.network.upload),
    },
    Knob {
        name: "queue",
        short: None,
        label: "Queue",
        group: Group::Network,
        key: "network.queue",
        kind: Kind::Bytes,
        value_name: "BYTES",
        help: "Length of the access line's queues, e.g. 64k.",
        steps: &["4k", "8k", "16k", "32k", "64k", "128k", "256k", "512k", "1M", "4M"],
        get: |scenario| octets(scenario.network.queue.0),
        set: |scenario, text| read(text, &mut scenario.network.queue),
    },
    Knob {
        name: "mark",
        short: None,
        label: "Mark from",
        group: Group::Network,
        key: "network.mark",
        kind: Kind::Bytes,
        value_name: "BYTES",
        help: "From so many bytes in a queue on packets are marked with CE where both ends agreed on ECN; 0: never.",
        steps: &["0", "8k", "16k", "32k", "64k", "128k"],
        get: |scenario| octets(scenario.network.mark.0),
        set: |scenario, text| read(text, &mut scenario.network.mark),
    },
    Knob {
        name: "mtu",
        short: None,
        label: "MTU",
        group: Group::Network,
        key: "network.mtu",
        kind: Kind::Number(MTU.0, MTU.1),
        value_name: "BYTES",
        help: "The largest IP packet of the laptop's link, in bytes (68 to 9000).",
        steps: &["296", "576", "1280", "1400", "1492", "1500", "9000"],
        get: |scenario| scenario.network.mtu.to_string(),
        // The range is the scenario's to check: it says why.
        set: |scenario, text| number(text, 0, u64::from(u16::MAX), &mut scenario.network.mtu),
    },
    Knob {
        name: "drop-up",
        short: None,
        label: "Lose, going up",
        group: Group::Network,
        key: "network.drop_from_client",
        kind: Kind::Text,
        value_name: "N,N",
        help: "Lose the Nth frame that leaves the client over the access line, counted from 1, e.g. 3 or 3,5.",
        steps: &[],
        get: |scenario| ordinals(&scenario.network.drop_from_client),
        set: |scenario, text| read_ordinals(text, &mut scenario.network.drop_from_client),
    },
    Knob {
        name: "drop-down",
        short: None,
        label: "Lose, coming down",
        group: Group::Network,
        key: "network.drop_to_client",
        kind: Kind::Text,
        value_name: "N,N",
        help: "Lose the Nth frame that comes over the access line to the client, counted from 1, e.g. 3 or 3,5.",
        steps: &[],
        get: |scenario| ordinals(&scenario.network.drop_to_client),
        set: |scenario, text| read_ordinals(text, &mut scenario.network.drop_to_client),
    },
    Knob {
        name: "ip",
        short: None,
        label: "IP versions",
        group: Group::Network,
        key: "network.ip",
        kind: Kind::Choice(&[("4", "IPv4"), ("6", "IPv6"), ("dual", "both")]),
        value_name: "VERSIONS",
        help: "Which versions of IP are spoken: 4 (the default), 6, or dual, where the client tries both (RFC 8305).",
        steps: &[],
        get: |scenario| scenario.network.ip.name().to_owned(),
        set: |scenario, text| {
            scenario.network.ip = text.parse().map_err(|()| format!("`{text}` is none of 4, 6 and dual"))?;
            Ok(())
        },
    },
    Knob {
        name: "ipv6-broken",
        short: None,
        label: "IPv6 broken",
        group: Group::Network,
        key: "network.ipv6_broken",
        kind: Kind::Switch,
        value_name: "on|off",
        help: "The access line loses every IPv6 packet, as a broken network does.",
        steps: &[],
        get: |scenario| on_off(scenario.network.ipv6_broken),
        set: |scenario, text| switch(text, &mut scenario.network.ipv6_broken),
    },
    Knob {
        name: "nagle",
        short: None,
        label: "Nagle",
        group: Group::Tcp,
        key: "tcp.nagle",
        kind: Kind::Switch,
        value_name: "on|off",
        help: "Nagle's algorithm: small data waits while earlier data is unacknowledged.",
        steps: &[],
        get: |scenario| on_off(scenario.tcp.nagle),
        set: |scenario, text| switch(text, &mut scenario.tcp.nagle),
    },
    Knob {
        name: "delayed-ack",
        short: None,
        label: "Delayed ACK",
        group: Group::Tcp,
        key: "tcp.delayed_ack",
        kind: Kind::Switch,
        value_name: "on|off",
        help: "Delayed acknowledgments: a receiver waits for a second segment or for data of its own.",
        steps: &[],
        get: |scenario| on_off(scenario.tcp.delayed_ack),
        set: |scenario, text| switch(text, &mut scenario.tcp.delayed_ack),
    },
    Knob {
        name: "sack",
        short: None,
        label: "SACK",
        group: Group::Tcp,
        key: "tcp.sack",
        kind: Kind::Switch,
        value_name: "on|off",
        help: "Selective acknowledgments: a receiver says what arrived behind a gap.",
        steps: &[],
        get: |scenario| on_off(scenario.tcp.sack),
        set: |scenario, text| switch(text, &mut scenario.tcp.sack),
    },
    Knob {
        name: "window-scale",
        short: None,
        label: "Window scaling",
        group: Group::Tcp,
        key: "tcp.window_scale",
        kind: Kind::Switch,
        value_name: "on|off",
        help: "Window scaling: receive windows above 65,535 bytes.",
        steps: &[],
        get: |scenario| on_off(scenario.tcp.window_scale),
        set: |scenario, text| switch(text, &mut scenario.tcp.window_scale),
    },
    Knob {
        name: "timestamps",
        short: None,
        label: "Timestamps",
        group: Group::Tcp,
        key: "tcp.timestamps",
        kind: Kind::Switch,
        value_name: "on|off",
        help: "TCP timestamps: a round-trip sample with every acknowledgment.",
        steps: &[],
        get: |scenario| on_off(scenario.tcp.timestamps),
        set: |scenario, text| switch(text, &mut scenario.tcp.timestamps),
    },
    Knob {
        name: "initial-window",
        short: None,
        label: "Initial window",
        group: Group::Tcp,
        key: "tcp.initial_window",
        kind: Kind::Number(1, 1000),
        value_name: "SEGMENTS",
        help: "The initial congestion window, in segments (1 to 1000).",
        steps: &["1", "2", "3", "4", "10", "20", "32", "64"],
        get: |scenario| scenario.tcp.initial_window.to_string(),
        set: |scenario, text| number(text, 0, u64::from(u32::MAX), &mut scenario.tcp.initial_window),
    },
    Knob {
        name: "ecn",
        short: None,
        label: "ECN",
        group: Group::Tcp,
        key: "tcp.ecn",
        kind: Kind::Choice(&[("off", "off"), ("on", "RFC 3168"), ("accurate", "accurate")]),
        value_name: "on|off|accurate",
        help: "Explicit congestion notification: connections ask for marks instead of losses; accurate counts them (RFC 9768).",
        steps: &[],
        get: |scenario| scenario.tcp.ecn.name().to_owned(),
        set: |scenario, text| choose(text, "off, on and accurate", &mut scenario.tcp.ecn),
    },
    Knob {
        name: "cc",
        short: None,
        label: "Congestion control",
        group: Group::Tcp,
        key: "tcp.congestion",
        kind: Kind::Choice(&[("cubic", "CUBIC"), ("reno", "Reno"), ("bbr", "BBRv3")]),
        value_name: "ALGORITHM",
        help: "Congestion control: cubic (RFC 9438, the default), reno (RFC 5681) or bbr (BBRv3, draft-ietf-ccwg-bbr-06).",
        steps: &[],
        get: |scenario| scenario.tcp.congestion.name().to_owned(),
        set: |scenario, text| {
            scenario.tcp.congestion = text.parse().map_err(|()| format!("`{text}` is none of cubic, reno and bbr"))?;
            Ok(())
        },
    },
    Knob {
        name: "slow-start",
        short: None,
        label: "Slow start",
        group: Group::Tcp,
        key: "tcp.slow_start",
        kind: Kind::Choice(&[("plain", "plain"), ("hystart", "HyStart"), ("hystart++", "HyStart++")]),
        value_name: "KIND",
        help: "How CUBIC's slow start ends before a loss: hystart (as on Linux), hystart++ (RFC 9406) or plain, not at all.",
        steps: &[],
        get: |scenario| scenario.tcp.slow_start.name().to_owned(),
        set: |scenario, text| choose(text, "plain, hystart and hystart++", &mut scenario.tcp.slow_start),
    },
    Knob {
        name: "mtu-probing",
        short: None,
        label: "MTU probing",
        group: Group::Tcp,
        key: "tcp.mtu_probing",
        kind: Kind::Choice(&[("off", "off"), ("black-hole", "on a black hole"), ("always", "always")]),
        value_name: "WHEN",
        help: "Find out by trying how large a packet the path takes (RFC 4821): off, black-hole (when large ones vanish) or always.",
        steps: &[],
        get: |scenario| scenario.tcp.mtu_probing.name().to_owned(),
        set: |scenario, text| choose(text, "off, black-hole and always", &mut scenario.tcp.mtu_probing),
    },
    Knob {
        name: "tls",
        short: None,
        label: "TLS",
        group: Group::Request,
        key: "request.tls",
        kind: Kind::Choice(&[("1.3", "TLS 1.3"), ("1.2", "TLS 1.2")]),
        value_name: "VERSION",
        help: "TLS version.",
        steps: &[],
        get: |scenario| if scenario.request.tls == TlsVersion::Tls12 { "1.2" } else { "1.3" }.to_owned(),
        set: |scenario, text| {
            scenario.request.tls = match text {
                "1.2" => TlsVersion::Tls12,
                "1.3" => TlsVersion::Tls13,
                _ => return Err(format!("`{text}` is not a TLS version: there are 1.2 and 1.3")),
            };
            Ok(())
        },
    },
    Knob {
        name: "http",
        short: None,
        label: "HTTP",
        group: Group::Request,
        key: "request.http",
        kind: Kind::Choice(&[("1.1", "HTTP/1.1"), ("2", "HTTP/2")]),
        value_name: "VERSION",
        help: "HTTP version: 1.1 (the default) or 2, which https agrees on by ALPN and http begins with at once.",
        steps: &[],
        get: |scenario| scenario.request.http.name().to_owned(),
        set: |scenario, text| {
            scenario.request.http =
                text.parse().map_err(|()| format!("`{text}` is not an HTTP version here: there are 1.1 and 2"))?;
            Ok(())
        },
    },
    Knob {
        name: "connections",
        short: None,
        label: "Connections",
        group: Group::Request,
        key: "client.connections",
        kind: Kind::Number(1, 100),
        value_name: "N",
        help: "Connections that an HTTP/1.1 client opens at most for the files of a page (1 to 100) [default: 6].",
        steps: &["1", "2", "4", "6", "10", "20", "100"],
        get: |scenario| scenario.client.connections.to_string(),
        set: |scenario, text| number(text, 0, u64::from(u32::MAX), &mut scenario.client.connections),
    },
    Knob {
        name: "method",
        short: Some('X'),
        label: "Method",
        group: Group::Request,
        key: "request.method",
        kind: Kind::Text,
        value_name: "METHOD",
        help: "HTTP method.",
        steps: &[],
        get: |scenario| scenario.request.method.clone().unwrap_or_default(),
        set: |scenario, text| {
            scenario.request.method = (!text.is_empty()).then(|| text.to_owned());
            Ok(())
        },
    },
    Knob {
        name: "header",
        short: Some('H'),
        label: "Header fields",
        group: Group::Request,
        key: "request.headers",
        kind: Kind::Lines,
        value_name: "NAME: VALUE",
        help: "A request header field; may be repeated.",
        steps: &[],
        get: |_| String::new(),
        set: |scenario, text| {
            // Added to those of the scenario, one a line.
            for line in text.lines().filter(|line| !line.is_empty()) {
                let (name, value) = line.split_once(':').ok_or_else(|| format!("`{line}` has no colon"))?;
                scenario.request.headers.push(Header(name.trim().to_owned(), value.trim().to_owned()));
            }
            Ok(())
        },
    },
    Knob {
        name: "data",
        short: Some('d'),
        label: "Request body",
        group: Group::Request,
        key: "request.body",
        kind: Kind::Text,
        value_name: "TEXT",
        help: "A request body; the method is POST unless given.",
        steps: &[],
        get: |scenario| scenario.request.body.clone().unwrap_or_default(),
        set: |scenario, text| {
            scenario.request.body = (!text.is_empty()).then(|| text.to_owned());
            Ok(())
        },
    },
    Knob {
        name: "size",
        short: None,
        label: "Response size",
        group: Group::Server,
        key: "server.page.size",
        kind: Kind::Bytes,
        value_name: "BYTES",
        help: "Size of the response body, e.g. 100k.",
        steps: &["0", "100", "1k", "10k", "30k", "100k", "300k", "1M", "3M", "10M"],
        get: |scenario| scenario.server.page.size.map(|size| octets(size.0)).unwrap_or_default(),
        set: |scenario, text| {
            let page = &mut scenario.server.page;
            let mut size = Octets(0);
            if !text.is_empty() {
                read(text, &mut size)?;
                page.size = Some(size);
                (page.body, page.response_size) = (None, None);
            }
            Ok(())
        },
    },
    Knob {
        name: "think",
        short: None,
        label: "Server thinks",
        group: Group::Server,
        key: "server.page.think",
        kind: Kind::Duration,
        value_name: "TIME",
        help: "How long the server thinks before it answers, e.g. 50ms.",
        steps: &["0ms", "1ms", "5ms", "10ms", "20ms", "50ms", "100ms", "200ms", "500ms", "1s"],
        get: |scenario| span(scenario.server.page.think),
        set: |scenario, text| read(text, &mut scenario.server.page.think),
    },
    Knob {
        name: "files",
        short: None,
        label: "Files of the page",
        group: Group::Server,
        key: "server.page.files",
        kind: Kind::Number(0, 500),
        value_name: "N",
        help: "Files that the page refers to, which the client fetches when it has the page (0 to 500).",
        steps: &["0", "1", "2", "5", "10", "20", "50", "100"],
        get: |scenario| scenario.server.page.files.to_string(),
        set: |scenario, text| number(text, 0, u64::from(u32::MAX), &mut scenario.server.page.files),
    },
    Knob {
        name: "file-size",
        short: None,
        label: "Size of a file",
        group: Group::Server,
        key: "server.page.file_size",
        kind: Kind::Bytes,
        value_name: "BYTES",
        help: "Size of each of the page's files, e.g. 10k.",
        steps: &["0", "100", "1k", "10k", "30k", "100k", "300k", "1M"],
        get: |scenario| octets(scenario.server.page.file_size.0),
        set: |scenario, text| read(text, &mut scenario.server.page.file_size),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_knob_reads_what_it_says() {
        for built_in in crate::BUILT_IN {
            let scenario = built_in.scenario();
            for knob in KNOBS {
                let value = knob.value(&scenario);
                let mut other = scenario.clone();
                knob.turn(&mut other, &value).unwrap_or_else(|error| panic!("{}: {error}", built_in.name));
                assert_eq!(knob.value(&other), value, "{}", knob.name);
            }
        }
    }

    #[test]
    fn every_step_is_a_value_that_makes_sense_and_differs_from_the_next() {
        for knob in KNOBS {
            let mut seen = Vec::new();
            for step in knob.steps {
                let mut scenario = Scenario::for_url("https://www.example.com/").unwrap();
                knob.turn(&mut scenario, step).unwrap();
                scenario.check().unwrap();
                let value = knob.value(&scenario);
                assert!(!seen.contains(&value), "{} {step}", knob.name);
                seen.push(value);
            }
            assert!(!knob.help.is_empty() && knob.help.ends_with('.'), "{}", knob.name);
        }
    }

    #[test]
    fn a_wrong_value_names_its_knob() {
        let mut scenario = Scenario::for_url("https://www.example.com/").unwrap();
        let turn = |scenario: &mut Scenario, name: &str, text: &str| {
            let error = find_knob(name).unwrap().turn(scenario, text).unwrap_err();
            assert_eq!((error.knob.as_str(), error.input.as_str()), (name, text));
            error.to_string()
        };
        assert!(turn(&mut scenario, "rtt", "33 parsecs").starts_with("--rtt: `33 parsecs` is not a duration"));
        assert!(turn(&mut scenario, "sack", "maybe").contains("neither on nor off"));
        assert!(turn(&mut scenario, "drop-up", "3,0").contains("counted from 1"));
        assert!(turn(&mut scenario, "tls", "1.1").contains("1.2 and 1.3"));
        assert!(turn(&mut scenario, "mtu", "70000").contains("whole number"));
        assert!(turn(&mut scenario, "header", "nonsense").contains("no colon"));
        find_knob("mtu").unwrap().turn(&mut scenario, "20").unwrap();
        let error = scenario.check().unwrap_err();
        assert_eq!(knob_of(&error).map(|knob| knob.name), Some("mtu"));
    }
}
