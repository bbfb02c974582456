use std::collections::BTreeSet;

use crate::entry::{Entry, Sort};
use crate::texts::{About, TEXTS};
use crate::{all, catalog, entry, find, header, headers, render};

fn ids(found: &crate::Found) -> Vec<&str> {
    found.entries.iter().map(|entry| entry.id.as_str()).collect()
}

/// Tables of which every value has a text. Values of the others may have a line and a source only.
const DETAILED: &[&str] =
    &["ethernet.ethertype", "arp.operation", "icmp.kind", "icmp.unreachable_code", "tcp.state", "tcp.option.kind"];

/// Values, and groups that are named by values: handshake messages and extensions of TLS, header fields of HTTP.
fn may_be_terse(entry: &Entry) -> bool {
    let table = entry.id.rsplit_once('.').map_or("", |(table, _)| table);
    match entry.sort {
        Sort::Value => !DETAILED.contains(&table),
        Sort::Group if table == "http.field" => true,
        Sort::Group => {
            let kinds = format!("{table}.type");
            let mut tables = catalog::tables().into_iter();
            tables.any(|table| table.id == kinds && table.codes.iter().any(|code| code.name == entry.name))
        }
        _ => false,
    }
}

#[test]
fn every_identifier_has_a_text() {
    let missing: Vec<&str> = all()
        .iter()
        .filter(|entry| entry.long.is_none() && !may_be_terse(entry))
        .map(|entry| entry.id.as_str())
        .collect();
    assert!(missing.is_empty(), "{} without a text:\n{}", missing.len(), missing.join("\n"));
}

#[test]
fn every_text_belongs_to_an_identifier() {
    let mut known: BTreeSet<(bool, String)> = BTreeSet::new();
    known.extend(wire::glossary::fields().map(|field| (false, field.id.to_owned())));
    for table in catalog::tables() {
        known.extend(table.codes.iter().map(|code| (false, format!("{} = {}", table.id, code.name))));
    }
    known.extend(trace::kinds::all().map(|kind| (true, kind.id.to_owned())));
    let mut seen = BTreeSet::new();
    for text in TEXTS.iter() {
        for term in &text.terms {
            assert!(seen.insert((text.about as u8, *term)), "two texts for {term}");
            let known = match text.about {
                About::Wire => known.contains(&(false, (*term).to_owned())),
                About::Events => known.contains(&(true, (*term).to_owned())),
                About::Marks | About::Ideas => true,
            };
            assert!(known, "a text for {term}, which does not exist");
        }
        let own = matches!(text.about, About::Marks | About::Ideas);
        assert_eq!(own, text.name.is_some() && text.rfc.is_some() && text.line.is_some(), "{:?}", text.terms);
        assert!(text.long.len() > 30, "{:?} says nothing", text.terms);
        assert!(!text.long.contains("\n## "), "{:?}", text.terms);
    }
}

#[test]
fn the_detailed_tables_exist() {
    let tables = catalog::tables();
    for id in DETAILED {
        assert!(tables.iter().any(|table| table.id == *id), "{id}");
    }
}

#[test]
fn every_verdict_on_a_segment_is_a_mark() {
    for verdict in flow::tcp::VERDICTS {
        let mark = all().iter().find(|entry| entry.sort == Sort::Mark && entry.id == verdict.id);
        let mark = mark.unwrap_or_else(|| panic!("no text for {}", verdict.id));
        assert_eq!((mark.name, mark.rfc, mark.line), (verdict.name, verdict.rfc, verdict.line));
    }
    let marks = all().iter().filter(|entry| entry.sort == Sort::Mark).count();
    assert_eq!(marks, flow::tcp::VERDICTS.len());
}

#[test]
fn references_lead_somewhere() {
    let dead: Vec<String> = all()
        .iter()
        .flat_map(|from| from.see.iter().filter(|id| entry(id).is_none()).map(|id| format!("{} -> {id}", from.id)))
        .collect();
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

/// Sources other than RFCs, drafts, FIPS and IEEE 802.
const NAMED_SOURCES: &[&str] = &[
    "packet(7)",
    "this program",
    "ISO/IEC 7498-1",
    "X.690",
    "SEC 2",
    "ETSI EN 319 412-1",
    "CA/B EV Guidelines",
    "CA/B Baseline Requirements",
    "HTML",
    "Fetch",
    "Fetch Metadata",
    "CSP 3",
    "Clear Site Data",
    "Network Error Logging",
    "Network Information",
    "Permissions Policy",
    "Referrer Policy",
    "Reporting API",
    "Resource Timing",
    "Save Data",
    "Server Timing",
    "Trace Context",
    "UA Client Hints",
    "Upgrade Insecure Requests",
    "3GPP TS 29.281",
    "W3C TPE",
    "MDN",
    "convention",
];

#[test]
fn every_source_is_an_rfc_or_a_named_standard() {
    for entry in all() {
        let rfc = entry.rfc;
        let section = |text: &str| {
            text.is_empty()
                || text.strip_prefix(" §").is_some_and(|number| {
                    number.starts_with(|c: char| c.is_ascii_alphanumeric())
                        && number.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
                })
        };
        let numbered = |text: &str| {
            let digits = text.chars().take_while(char::is_ascii_digit).count();
            (1..=5).contains(&digits) && section(&text[digits..])
        };
        let good = match rfc.split_once(' ') {
            Some(("RFC" | "FIPS", rest)) => numbered(rest),
            Some(("IEEE", rest)) => rest.starts_with("802."),
            Some((draft, _)) if draft.starts_with("draft-") => section(&rfc[draft.len()..]),
            Some(("a" | "an", _)) => entry.sort == Sort::Event,
            _ => {
                let (name, number) = rfc.split_at(rfc.find(" §").unwrap_or(rfc.len()));
                NAMED_SOURCES.contains(&name) && section(number)
            }
        };
        assert!(good, "{}: {rfc}", entry.id);
        assert!(!entry.line.is_empty() && !entry.name.is_empty(), "{}", entry.id);
    }
}

#[test]
fn entries_are_unique_within_their_sort() {
    let mut seen = BTreeSet::new();
    for entry in all() {
        assert!(seen.insert((entry.sort, &entry.id)), "{} twice", entry.id);
        assert!(find(&entry.id).entries.iter().any(|found| std::ptr::eq(*found, entry)), "{} is not found", entry.id);
    }
}

#[test]
fn terms_are_found_in_any_spelling() {
    for (term, id) in [
        ("SYN", "tcp.syn"),
        ("syn", "tcp.syn"),
        ("tcp.window", "tcp.window"),
        ("established", "tcp.state.1"),
        ("FIN-WAIT-1", "tcp.state.4"),
        ("fin_wait_1", "tcp.state.4"),
        ("SYN_RCVD", "tcp.state.3"),
        ("SACK permitted", "tcp.option.kind.4"),
        ("0x0800", "ethernet.ethertype.0x0800"),
        ("Slow Start", "slow start"),
        ("TIME_WAIT", "time-wait"),
        ("osi", "osi"),
        ("RTT", "rtt"),
        ("tcp.option.kind.sack", "tcp.option.kind.5"),
        ("tcp.option.3", "tcp.option.kind.3"),
        ("SO_REUSEADDR", "time-wait"),
        ("exit codes", "exit codes"),
        ("tcp.rto", "tcp.rto"),
        ("ClientHello", "tls.handshake.client_hello"),
        ("client_hello", "tls.handshake.client_hello"),
        ("404", "http.status.404"),
        ("Not Found", "http.status.404"),
        ("tls.alert.40", "tls.alert.description.40"),
        ("handshake_failure", "tls.alert.description.40"),
        ("tls.handshake.1", "tls.handshake.type.1"),
        ("nxdomain", "dns.rcode.3"),
        ("dns.rcode.nxdomain", "dns.rcode.3"),
        ("DHCPACK", "dhcp.option.message_type.5"),
        ("GET", "http.method.GET"),
        ("host", "http.field.host"),
        ("X25519", "tls.named_group.0x001d"),
        ("TLS_AES_128_GCM_SHA256", "tls.cipher_suite.0x1301"),
        ("subjectAltName", "der.oid.2.5.29.17"),
        ("https", "http"),
        ("443", "port numbers"),
    ] {
        assert_eq!(ids(&find(term)).first().copied(), Some(id), "{term}");
    }
}

#[test]
fn an_ambiguous_term_has_several_meanings() {
    let ack = find("ACK");
    assert_eq!(ids(&ack)[..2], ["tcp.ack_flag", "tcp.ack"]);
    let window = find("window");
    assert_eq!(window.entries[0].id, "tcp.window");
    assert!(window.near.iter().any(|entry| entry.id == "window scaling"), "{:?}", window.near);
    let time_wait = find("time-wait");
    assert!(ids(&time_wait).contains(&"tcp.state.6"));
}

#[test]
fn a_misspelt_term_has_suggestions() {
    let found = find("esablished");
    assert!(found.is_empty());
    assert_eq!(found.near[0].id, "tcp.state.1");
    assert!(
        found.render(80).starts_with("Did you mean:\n  ESTABLISHED (tcp.state.1, value): open: data"),
        "{}",
        found.render(80)
    );
    let found = find("xyzzyplugh");
    assert!(found.is_empty() && found.near.is_empty());
    assert!(find("").is_empty() && find(" -- ").is_empty());
}

#[test]
fn a_field_is_rendered_with_its_place() {
    let text = render(entry("tcp.syn").unwrap(), 80);
    let expected = "SYN (tcp.syn): field
Synchronise: opens the connection and gives the initial sequence number.

Opens a connection: the sequence number of this segment is the initial one, and";
    assert!(text.starts_with(expected), "{text}");
    let expected = "
Source      RFC 9293 §3.5
Stands in   bit 110 of the TCP header (RFC 9293 §3.1)
Also called synchronise, synchronize
See also    three-way handshake, isn, tcp.options
";
    assert!(text.ends_with(expected), "{text}");
}

#[test]
fn a_state_is_rendered_with_its_transitions() {
    let text = render(entry("tcp.state.4").unwrap(), 80);
    let expected = "Ways in:
  CLOSE / snd FIN                      from SYN-RECEIVED  RFC 9293 §3.10.4
  CLOSE / snd FIN                      from ESTABLISHED   RFC 9293 §3.10.4
Ways out:
  rcv ACK of FIN / x                   to FIN-WAIT-2    RFC 9293 §3.10.7.4
";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn the_state_machine_is_drawn_whole() {
    let text = find("tcp.state").render(80);
    for row in wire::tcp::TRANSITIONS {
        let arrow = format!("{} / {}", row.event.label(), row.action.label());
        assert!(text.contains(&arrow), "{arrow}");
    }
    assert!(text.contains("   passive OPEN / create TCB              -> LISTEN"), "{text}");
}

#[test]
fn texts_keep_to_the_width() {
    for entry in all() {
        for width in [60, 80, 100] {
            for line in render(entry, width).lines().skip(1) {
                // The title, tables, diagrams, states and single long words stand as they are.
                let free =
                    line.starts_with([' ', '|', '+']) || line.ends_with("): value") || !line.trim().contains(' ');
                assert!(free || line.chars().count() <= width, "{}: {line}", entry.id);
            }
        }
    }
}

#[test]
fn a_header_is_drawn_and_explained() {
    let text = header("udp", 80).unwrap();
    let expected = "UDP header, 8 bytes (RFC 768): carries one message between two programs; nothing
is promised, nothing is repeated

 0                   1                   2                   3
 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|          Source port          |       Destination port        |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|            Length             |           Checksum            |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

     0-15   Source port (udp.src_port): the port of the program that sends;
            replies go there. RFC 768
    16-31   Destination port (udp.dst_port): the port of the program that
            receives. RFC 768
";
    assert!(text.starts_with(expected), "{text}");
    for name in headers() {
        assert!(header(name, 80).is_some(), "{name}");
    }
    for (name, words) in [
        ("ethernet", "Source (ethernet.src)"),
        ("ARP", "sender_mac"),
        ("ipv4", "    64-71   TTL (ipv4.ttl)"),
        ("ip", "ipv4.ttl"),
        ("icmp", "Rest of header"),
        ("tcp", "      110   SYN (tcp.syn)"),
        ("dhcp", "yiaddr"),
        ("dns", "QDCOUNT"),
        ("tls", "Legacy record version"),
        ("tls", "     8-31   Length (tls.handshake.len)"),
        ("ipv6", "Fragment header, 8 bytes"),
        ("icmpv6", "RFC 4443"),
        ("vlan", "VLAN identifier"),
        ("sll", "Packet type"),
        ("sll2", "Interface"),
    ] {
        let text = header(name, 80).unwrap_or_default();
        assert!(text.contains(words), "{name}: {text}");
    }
    assert_eq!(header("carrier-pigeon", 80), None);
}

#[test]
fn the_seeds_loose_ends_are_set_right() {
    // What the documents behind the four scenarios say wrongly or loosely, and the words that set it right.
    for (id, words) in [
        ("three-way handshake", "y+1 (not x+1"),
        ("three-way handshake", "half a round trip"),
        ("three-way handshake", "takes four"),
        ("three-way handshake", "Routers on the way take no part"),
        ("tcp.psh", "it is not true that all packets after the handshake carry the ACK flag only"),
        ("four-way close", "three packets"),
        ("four-way close", "second FIN has an ACK of its own"),
        ("time-wait", "SO_REUSEADDR is no cure"),
        ("time-wait", "one four-tuple"),
        ("time-wait", "does not run out of ports by accepting"),
        ("longest prefix", "does not search for the shortest path"),
        ("session resumption", "In TLS 1.3 it does not"),
        ("time to first byte", "leaves after 2 round trips"),
        ("isn", "a keyed hash"),
        ("http.response", "`HTTP/1.1 200 OK`, not `HTTP 200 OK`"),
        ("gateway", "It keeps no record of the sender, unless it is a NAT"),
        ("scenarios", "eleven"),
        ("tcp.ack", "carries y+1"),
        ("time to first byte", "TLS 1.2 132 ms"),
    ] {
        let text = entry(id).and_then(|entry| entry.long).unwrap_or_default();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(words), "{id}: {words}");
    }
}

proptest::proptest! {
    #[test]
    fn no_term_panics(term in "\\PC{0,40}") {
        let _ = find(&term).render(80);
        let _ = header(&term, 80);
    }
}
