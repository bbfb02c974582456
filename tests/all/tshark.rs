//! tshark reads what we write: nothing malformed, no wrong checksum, nothing that it warns of, TLS decrypted by the
//! secrets in the file.

use std::path::Path;
use std::process::Command;

use wirescope::base::Seed;
use wirescope::capture::read::read_all;
use wirescope::export::{TapSet, write_pcapng};
use wirescope::scenario::{self, Scheme, UrlParts};
use wirescope::{Run, capture};

use crate::runs;

/// What tshark says of one packet.
struct Said {
    number: String,
    /// Severity and message of what its experts remark.
    remarks: Vec<(u32, String)>,
    malformed: bool,
    /// Verdicts on the checksums of IP, TCP and UDP: 0 bad, 1 good, 2 unverified.
    checksums: Vec<String>,
    protocols: String,
    method: String,
    status: String,
    uri: String,
}

const FIELDS: [&str; 14] = [
    "frame.number",
    "_ws.expert.severity",
    "_ws.expert.message",
    "_ws.malformed",
    "ip.checksum.status",
    "tcp.checksum.status",
    "udp.checksum.status",
    "frame.protocols",
    "http.request.method",
    "http.response.code",
    "http.request.full_uri",
    "http2.headers.method",
    "http2.headers.status",
    "http2.request.full_uri",
];

/// The severity of a chat; comments are below, notes, warnings and errors above.
const CHAT: u32 = 0x0020_0000;

fn read(file: &Path) -> Vec<Said> {
    let mut command = Command::new("tshark");
    // Without a home, no settings of whoever runs the test have a say.
    command.env("HOME", env!("CARGO_TARGET_TMPDIR")).env_remove("XDG_CONFIG_HOME").arg("-n").arg("-r").arg(file);
    for check in ["ip.check_checksum:TRUE", "tcp.check_checksum:TRUE", "udp.check_checksum:TRUE"] {
        command.args(["-o", check]);
    }
    command.args(["-T", "fields", "-E", "separator=\t", "-E", "aggregator=|"]);
    for field in FIELDS {
        command.args(["-e", field]);
    }
    let output = command.output().expect("tshark is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(said).collect()
}

fn said(line: &str) -> Said {
    let mut cells = line.split('\t').map(str::to_owned);
    let mut next = || cells.next().unwrap_or_default();
    let number = next();
    let severities: Vec<u32> = next().split('|').filter_map(|severity| severity.parse().ok()).collect();
    let messages: Vec<String> = next().split('|').map(str::to_owned).collect();
    let messages = messages.into_iter().chain(std::iter::repeat(String::new()));
    let remarks = severities.into_iter().zip(messages).collect();
    let malformed = !next().is_empty();
    let checksums = (0..3).flat_map(|_| next().split('|').map(str::to_owned).collect::<Vec<_>>());
    let checksums = checksums.filter(|status| !status.is_empty()).collect();
    let protocols = next();
    let one = [next(), next(), next()];
    let two = [next(), next(), next()];
    // A packet is of one version or the other.
    let [method, status, uri] = if two.iter().any(|cell| !cell.is_empty()) { two } else { one };
    Said { number, remarks, malformed, checksums, protocols, method, status, uri }
}

/// What tshark remarks above chat though it belongs there: to it, each end of a connection is worth a note; and what an
/// argument shows is trouble by intention.
fn intended(name: &str, message: &str) -> bool {
    let always = ["This frame initiates the connection closing", "This frame undergoes the connection closing"];
    let of_run = INTENDED.iter().find(|(run, _)| *run == name).map_or(&[][..], |(_, messages)| messages);
    always.contains(&message) || of_run.iter().any(|part| message.contains(part))
}

/// Remarks that belong to what an argument shows.
const INTENDED: &[(&str, &[&str])] = &[
    // Each side repeats its SYN to acknowledge the other's (RFC 9293 §3.5): to tshark a retransmission, and to the other side
    // a number that came twice (RFC 2883 §4).
    ("simultaneous-open", &["(suspected) retransmission", "(suspected) spurious retransmission", "D-SACK Sequence"]),
    // Losses, and what makes them good.
    (
        "lossy",
        &[
            "Duplicate ACK",
            "D-SACK Sequence",
            "(suspected) retransmission",
            "(suspected) fast retransmission",
            "(suspected) spurious retransmission",
            "(suspected) out-of-order segment",
            "Previous segment(s) not captured",
        ],
    ),
    // A segment and a reset of an earlier connection; the real bytes come second, so they look sent again.
    (
        "stale-segment",
        &[
            "Duplicate ACK",
            "D-SACK Sequence",
            "(suspected) retransmission",
            "(suspected) spurious retransmission",
            "Connection reset (RST)",
        ],
    ),
    // The forged bytes come first, the real ones look sent again; the client knows nothing of what is acknowledged to it.
    (
        "blind-injection",
        &[
            "Duplicate ACK",
            "D-SACK Sequence",
            "(suspected) retransmission",
            "(suspected) spurious retransmission",
            "ACKed segment that wasn't captured",
        ],
    ),
    // SYN-ACKs that nobody answers; tshark takes those that an ICMP error quotes for part of the conversation.
    ("syn-flood", &["(suspected) retransmission", "TCP SYN-ACK accepting TFO data"]),
];

fn check(name: &str, tap: &str, packets: &[Said]) {
    for said in packets {
        assert!(!said.malformed, "{name} at {tap}: packet {} is malformed ({})", said.number, said.protocols);
        assert!(
            said.checksums.iter().all(|status| status == "1" || status == "Good"),
            "{name} at {tap}: packet {}: checksums {:?}",
            said.number,
            said.checksums
        );
        for (severity, message) in &said.remarks {
            assert!(
                *severity <= CHAT || intended(name, message),
                "{name} at {tap}: packet {} ({}): {message}",
                said.number,
                said.protocols
            );
        }
    }
}

/// Whether tshark saw the request and the response of the run in clear.
fn http(run: &Run, packets: &[Said]) -> bool {
    let asked = packets.iter().any(|said| !said.method.is_empty() && said.uri.contains(&run.url.host));
    asked && packets.iter().any(|said| !said.status.is_empty())
}

#[test]
fn every_interface_of_every_scenario_is_as_it_should_be() {
    if !oracle::program("tshark") {
        return;
    }
    let place = runs::place("tshark");
    for (name, run) in runs::every() {
        // A file with every tap: an interface each.
        let mut all = Vec::new();
        write_pcapng(&mut all, &run.trace, TapSet::All, |_| None).expect("a vector takes everything");
        let all = read_all(all.as_slice()).expect("it is a capture");
        assert_eq!(all.interfaces.len(), runs::taps(&run.trace).len(), "{name}");
        let mut seen_http = 0;
        for interface in &all.interfaces {
            let tap = interface.name.clone().unwrap_or_default();
            let id = run.trace.tap_named(&tap).expect("interfaces are named by taps").id;
            let (bytes, one) = runs::reopened(&run.trace, TapSet::One(id));
            let of = |file: &capture::read::File, id| {
                let packets = file.packets.iter().filter(move |packet| packet.interface == id);
                packets.map(|packet| (packet.at, packet.data.to_vec())).collect::<Vec<_>>()
            };
            assert_eq!(of(&all, interface.id), of(&one, 0), "{name} at {tap}: one file says this, the other that");

            let file = place.join(format!("{name}-{}.pcapng", tap.replace(['/', ' '], "-")));
            std::fs::write(&file, bytes).expect("it can be written");
            let packets = read(&file);
            assert_eq!(packets.len(), one.packets.len(), "{name} at {tap}");
            check(name, &tap, &packets);
            seen_http += usize::from(http(&run, &packets));
        }
        // At both ends of each link on its way.
        assert!(seen_http >= 2, "{name}: the HTTP request was seen at {seen_http} taps");
    }
}

#[test]
fn the_arguments_are_as_they_should_be_at_every_interface() {
    if !oracle::program("tshark") {
        return;
    }
    let place = runs::place("tshark-arguments");
    for argument in scenario::ARGUMENTS {
        let trace = argument.play(Seed(1)).expect("it comes to an end").trace;
        for tap in runs::taps(&trace) {
            let id = trace.tap_named(&tap).expect("taps have names").id;
            let (bytes, file) = runs::reopened(&trace, TapSet::One(id));
            let path = place.join(format!("{}-{}.pcapng", argument.name, tap.replace(['/', ' '], "-")));
            std::fs::write(&path, bytes).expect("it can be written");
            let packets = read(&path);
            assert_eq!(packets.len(), file.packets.len(), "{} at {tap}", argument.name);
            check(argument.name, &tap, &packets);
        }
    }
}

#[test]
fn without_the_secrets_there_is_only_ciphertext() {
    if !oracle::program("tshark") {
        return;
    }
    // What the test above shows for https comes from the secrets in the file, then.
    let place = runs::place("tshark-no-secrets");
    let mut tried = 0;
    for (name, mut run) in runs::four() {
        let tls = UrlParts::parse(&run.url.href).is_ok_and(|url| url.scheme == Scheme::Https);
        run.trace.secrets.clear();
        let tap = runs::at_client(&run.trace).tap().expect("one tap");
        let (bytes, _) = runs::reopened(&run.trace, TapSet::One(tap));
        let file = place.join(format!("{name}.pcapng"));
        std::fs::write(&file, bytes).expect("it can be written");
        assert_eq!(http(&run, &read(&file)), !tls, "{name}");
        tried += usize::from(tls);
    }
    assert!(tried > 0, "no scenario uses TLS");
}
