//! What a scenario file can make go wrong: on a line, and at the server.

use net::link::{Fault, Match, Then, View, Which};
use serde::Deserialize;
use std::rc::Rc;
use wire::ethernet::EtherType;
use wire::tcp::Flags;

use crate::{Share, Span};

/// Frames that do not pass as they should: a `[[network.faults]]` table.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineFault {
    /// On which line.
    #[serde(default)]
    pub line: Line,
    /// Which way they go.
    pub way: Way,
    /// Which frames are counted.
    #[serde(default)]
    pub of: Frames,
    /// Of those, only frames of more bytes than this.
    #[serde(default)]
    pub longer_than: usize,
    /// The first of them that is meant, counted from 1.
    #[serde(default = "first")]
    pub from: u64,
    /// The last of them; there is no last one without.
    pub to: Option<u64>,
    /// The chance of each; without, all of them. Not together with `from` and `to`.
    pub chance: Option<Share>,
    /// What happens to them.
    pub then: Fate,
    /// How much later a frame arrives that is held.
    #[serde(default)]
    pub hold: Span,
}

fn first() -> u64 {
    1
}

/// A line that can have faults.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// The line from the home to the provider; of a direct network, the client's.
    #[default]
    Access,
    /// The laptop's cable; only at home.
    Cable,
}

/// A direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// From the client to the network.
    FromClient,
    /// From the network to the client.
    ToClient,
}

/// A choice of frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Frames {
    /// Every frame.
    #[default]
    All,
    /// Everything in IPv4, so not ARP.
    Ip,
    /// ARP.
    Arp,
    /// UDP datagrams.
    Udp,
    /// TCP segments.
    Tcp,
    /// TCP segments with SYN.
    Syn,
    /// TCP segments with data.
    Data,
    /// TCP segments without data, SYN, FIN and RST.
    Ack,
}

/// What happens to a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It is lost.
    Lose,
    /// A bit of its TCP or UDP payload flips.
    Damage,
    /// It arrives twice.
    Duplicate,
    /// It arrives later; what is behind it does not wait.
    Hold,
}

/// The bit that damage flips, counted from the frame's first: behind the headers of Ethernet, IPv4 and TCP with timestamps.
const DAMAGED_BIT: usize = 67 * 8 + 1;

impl Frames {
    fn has(self, view: &View) -> bool {
        let flags = view.tcp.map(|tcp| tcp.flags());
        match self {
            Frames::All => true,
            Frames::Ip => view.ipv4.is_some(),
            Frames::Arp => view.ethernet.ethertype == EtherType::ARP,
            Frames::Udp => view.udp.is_some(),
            Frames::Tcp => view.tcp.is_some(),
            Frames::Syn => flags.is_some_and(|flags| flags.contains(Flags::SYN)),
            Frames::Data => view.tcp.is_some() && view.payload_len > 0,
            Frames::Ack => {
                let control = Flags(Flags::SYN.0 | Flags::FIN.0 | Flags::RST.0);
                view.payload_len == 0 && flags.is_some_and(|flags| !flags.intersects(control))
            }
        }
    }
}

impl LineFault {
    /// Whether its values make sense together; says what does not.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.chance.is_some() && (self.from != 1 || self.to.is_some()) {
            return Err("either frames are numbered (`from`, `to`) or each has a `chance`");
        }
        if self.from == 0 || self.to.is_some_and(|to| to < self.from) {
            return Err("frames are counted from 1, and the last is not before the first");
        }
        if (self.then == Fate::Hold) != (self.hold.0 > base::Duration::ZERO) {
            return Err("`hold` says how long frames are held whose fate is \"hold\"");
        }
        Ok(())
    }

    /// The layer around the line.
    pub(crate) fn layer(&self) -> Fault {
        let (of, longer_than) = (self.of, self.longer_than);
        Fault {
            of: Match::If(Rc::new(move |view: &View| of.has(view) && view.len > longer_than)),
            which: match self.chance {
                Some(chance) => Which::Chance(chance.0),
                None => Which::Range(self.from, self.to.unwrap_or(u64::MAX)),
            },
            then: match self.then {
                Fate::Lose => Then::Lose,
                Fate::Damage => Then::FlipBit(DAMAGED_BIT),
                Fate::Duplicate => Then::Duplicate,
                Fate::Hold => Then::Hold(self.hold.0),
            },
        }
    }
}

/// What is wrong with the server's certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certificate {
    /// Nothing.
    #[default]
    Good,
    /// It ran out 30 days ago.
    Expired,
    /// It begins tomorrow.
    NotYetValid,
    /// It is for another host.
    WrongName,
    /// Its root is not known to the client.
    Untrusted,
    /// The server signed it itself.
    SelfSigned,
    /// The intermediate that joins it to the root is missing.
    NoIntermediate,
}

impl Certificate {
    pub(crate) fn defect(self) -> Option<tls::Defect> {
        Some(match self {
            Certificate::Good => return None,
            Certificate::Expired => tls::Defect::Expired,
            Certificate::NotYetValid => tls::Defect::NotYetValid,
            Certificate::WrongName => tls::Defect::WrongName,
            Certificate::Untrusted => tls::Defect::UntrustedRoot,
            Certificate::SelfSigned => tls::Defect::SelfSigned,
            Certificate::NoIntermediate => tls::Defect::MissingIntermediate,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::Scenario;

    fn parse(fault: &str) -> Result<Scenario, crate::ScenarioError> {
        Scenario::parse(&format!("[request]\nurl = \"http://a.example/\"\n[[network.faults]]\n{fault}"))
    }

    #[test]
    fn a_fault_of_the_line_is_a_table() {
        let scenario =
            parse("way = \"to-client\"\nof = \"data\"\nfrom = 2\nto = 3\nthen = \"lose\"\n").expect("it is one");
        assert_eq!(scenario.network.faults.len(), 1);
        let error = parse("way = \"to-client\"\nof = \"data\"\nfrom = 3\nto = 2\nthen = \"lose\"\n").unwrap_err();
        assert!(error.to_string().contains("network.faults"), "{error}");
        assert!(parse("way = \"to-client\"\nthen = \"hold\"\n").is_err(), "for how long?");
        assert!(parse("way = \"to-client\"\nthen = \"lose\"\nto = 2\nchance = \"1%\"\n").is_err(), "one of both");
    }
}
