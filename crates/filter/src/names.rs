//! The names that an expression may use, and what they stand for.

mod own;
mod wireshark;

use std::sync::LazyLock;

use flow::tcp::Verdicts;
use wire::{Code, Field, Show};

pub(crate) use own::Own;
pub use own::{OWN, OwnName};
pub use wireshark::{Alias, WIRESHARK};

/// Where a field's values are found.
#[derive(Clone, Debug)]
pub(crate) enum Term {
    /// In what is known of every packet, without its tree.
    Own(Own),
    /// One of flow's verdicts.
    Verdict(Verdicts),
    /// One of the labels that Wireshark would give; all of them if there is none.
    Label(Verdicts),
    /// The packets that show a finding of this id, or of one that begins so.
    Finding(&'static str),
    /// In the packet's trees: the fields with one of these ids.
    Tree {
        /// The ids.
        fields: Vec<&'static Field>,
        /// Whether it is enough to look at the frame: nothing that spans packets holds them.
        frame_only: bool,
    },
    /// Any field whose id begins so: a protocol.
    Protocol(&'static str),
    /// Any of them.
    Any(Vec<Term>),
}

/// Protocols whose messages stand in one frame.
const FRAME_ONLY: [&str; 14] = [
    "ethernet", "vlan", "llc", "snap", "sll", "sll2", "loopback", "arp", "ipv4", "ipv6", "ip", "icmp", "icmpv6", "udp",
];
/// Protocols that are asked for as a whole.
const PROTOCOLS: [&str; 7] = ["dhcp", "dns", "hpack", "http", "http2", "tls", "x509"];
/// Fields of HTTP/1 and those of HTTP/2 that take their place (RFC 9113 §8.3): who asks for one means both.
const SAME: [(&str, &str); 4] = [
    ("http.method", "http2.header.method"),
    ("http.status", "http2.header.status"),
    ("http.target", "http2.header.path"),
    ("http.field.host", "http2.header.authority"),
];

impl Term {
    /// What `name` stands for. The error is what may have been meant.
    pub(crate) fn named(name: &str) -> Result<Term, Option<String>> {
        known(name).ok_or_else(|| {
            let near = alike(name);
            let near = if near.is_empty() { of_glossary(name) } else { near };
            let near: Vec<&str> = near.into_iter().take(4).collect();
            let text = || format!("there are {}", near.join(", "));
            Some(if near.is_empty() { HELP.to_owned() } else { text() })
        })
    }

    /// The number that has this name among the field's values: `client_hello` of `tls.handshake.type`.
    pub(crate) fn code(&self, name: &str) -> Option<u64> {
        let wanted = key(name);
        let of = |codes: &[Code]| codes.iter().find(|code| key(code.name) == wanted).map(|code| code.value);
        match self {
            // The value of a text is its words: `GET` is what stands in the packet, not the number of a method.
            Term::Tree { fields, .. } => {
                let mut numbers = fields.iter().filter(|field| field.show != Show::Text);
                numbers.find_map(|field| of(field.codes))
            }
            Term::Any(terms) => terms.iter().find_map(|term| term.code(name)),
            _ => None,
        }
    }
}

/// What the values of a name are, where that is certain before any packet is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sort {
    Number,
    Address,
}

impl Term {
    /// What all its values are.
    pub(crate) fn sort(&self) -> Option<Sort> {
        use Show::{Dec, Flag, Millis, Octets, Seconds};
        let same = |sorts: Vec<Option<Sort>>| match sorts.split_first() {
            Some((first, rest)) if rest.iter().all(|sort| sort == first) => *first,
            _ => None,
        };
        match self {
            Term::Own(own) => own.sort(),
            Term::Verdict(_) | Term::Label(_) => Some(Sort::Number),
            Term::Tree { fields, .. } => {
                let number = |field: &Field| matches!(field.show, Dec | Flag | Millis | Octets | Seconds);
                same(fields.iter().map(|field| number(field).then_some(Sort::Number)).collect())
            }
            Term::Any(terms) => same(terms.iter().map(Term::sort).collect()),
            Term::Finding(_) | Term::Protocol(_) => None,
        }
    }
}

/// What helps where nothing is spelled alike.
const HELP: &str =
    "fields are those of `wirescope explain`: tcp.port, http.status, dns.question.name; see docs/filter.md";

fn known(name: &str) -> Option<Term> {
    if let Some(own) = OWN.iter().find(|own| own.name == name) {
        return Some(Term::Own(own.what));
    }
    if let Some(verdict) = flow::tcp::VERDICTS.iter().find(|verdict| verdict.id == name) {
        return Some(Term::Verdict(verdict.bit));
    }
    if let Some((_, bit)) = wireshark::LABELS.iter().find(|(label, _)| *label == name) {
        return Some(Term::Label(*bit));
    }
    if let Some(id) = finding(name) {
        return Some(Term::Finding(id));
    }
    if name == "http" {
        return Some(Term::Any(vec![Term::Protocol("http"), Term::Protocol("http2")]));
    }
    if let Some(protocol) = PROTOCOLS.iter().find(|protocol| **protocol == name) {
        return Some(Term::Protocol(protocol));
    }
    if let Some(one) = field(name) {
        let same = SAME.iter().filter(|(first, _)| *first == name).filter_map(|(_, same)| field(same));
        return Some(tree([one].into_iter().chain(same).collect()));
    }
    if let Some(alias) = WIRESHARK.iter().find(|alias| alias.name == name) {
        let mut terms: Vec<Term> = alias.means.iter().filter_map(|name| known(name)).collect();
        return if terms.len() > 1 { Some(Term::Any(terms)) } else { terms.pop() };
    }
    None
}

/// Names that may stand in a filter and are spelled as `name` but for a slip or two, the likest first.
pub fn alike(name: &str) -> Vec<&'static str> {
    let limit = (name.chars().count() / 3).min(2);
    let names = OWN.iter().map(|own| own.name).chain(FIELDS.iter().map(|field| field.id));
    let names = names.chain(WIRESHARK.iter().map(|alias| alias.name));
    let mut near: Vec<(usize, &str)> = names
        .chain(flow::tcp::VERDICTS.iter().map(|verdict| verdict.id))
        .map(|known| (strsim::osa_distance(known, name), known))
        .filter(|(distance, _)| *distance <= limit)
        .collect();
    near.sort_unstable();
    near.into_iter().map(|(_, known)| known).collect()
}

/// What the glossary finds near `name` that can be asked for.
fn of_glossary(name: &str) -> Vec<&'static str> {
    explain::find(name).near.iter().map(|entry| entry.id.as_str()).filter(|id| known(id).is_some()).collect()
}

fn tree(fields: Vec<&'static Field>) -> Term {
    let protocol = |field: &&Field| field.id.split('.').next().unwrap_or_default();
    // Of TCP all but what is inside options stands in the frame as well; DNS over TCP does not.
    let frame_only = fields.iter().all(|field| {
        let protocol = protocol(field);
        FRAME_ONLY.contains(&protocol) || protocol == "tcp"
    });
    Term::Tree { fields, frame_only }
}

static FIELDS: LazyLock<Vec<&'static Field>> = LazyLock::new(|| {
    let mut fields: Vec<&Field> = wire::glossary::fields().collect();
    fields.sort_by_key(|field| field.id);
    fields
});

fn field(id: &str) -> Option<&'static Field> {
    FIELDS.binary_search_by_key(&id, |field| field.id).ok().map(|at| FIELDS[at])
}

/// `finding`, `finding.tcp` or `finding.tcp.refused`.
fn finding(name: &str) -> Option<&'static str> {
    if name != "finding" && !name.starts_with("finding.") {
        return None;
    }
    let whole = |id: &&str| id.starts_with(name) && matches!(id.as_bytes().get(name.len()), None | Some(b'.'));
    analyze::findings::cards().map(|card| card.id).find(whole).and_then(|id| id.get(..name.len()))
}

/// A spelling without case, blanks and punctuation.
fn key(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_others_stands_for_something_of_ours() {
        for alias in WIRESHARK {
            assert!(field(alias.name).is_none(), "{} is a name of ours already", alias.name);
            assert!(!alias.means.is_empty());
            for name in alias.means {
                assert!(known(name).is_some(), "{}: there is no {name}", alias.name);
            }
        }
    }

    #[test]
    fn a_slip_of_the_finger_is_answered_with_the_name_that_was_meant() {
        for (slip, meant) in [("tcp.prot", "tcp.port"), ("ip.adr", "ip.addr"), ("http.staus", "http.status")] {
            let Err(Some(help)) = Term::named(slip) else { panic!("{slip} is a name") };
            assert!(help.starts_with(&format!("there are {meant}")), "{slip}: {help}");
        }
    }

    #[test]
    fn every_name_stands_for_one_thing() {
        let mut names: Vec<&str> = OWN.iter().map(|own| own.name).collect();
        names.extend(WIRESHARK.iter().map(|alias| alias.name));
        names.extend(wireshark::LABELS.iter().map(|(name, _)| *name));
        names.sort_unstable();
        for pair in names.windows(2) {
            assert_ne!(pair[0], pair[1]);
        }
    }

    #[test]
    fn the_page_about_filters_lists_every_name() {
        let page = include_str!("../../../docs/filter.md");
        for own in OWN {
            assert!(page.contains(&format!("`{}`", own.name)), "docs/filter.md lacks {}", own.name);
        }
        for alias in WIRESHARK {
            assert!(page.contains(&format!("`{}`", alias.name)), "docs/filter.md lacks {}", alias.name);
        }
        for (label, _) in wireshark::LABELS {
            assert!(page.contains(&format!("`{label}`")), "docs/filter.md lacks {label}");
        }
    }
}
