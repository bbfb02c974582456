use proptest::prelude::*;

use base::Instant;
use story::Story;

use crate::names::{Own, Term};
use crate::{Filter, FilterError, Selection, Value};

/// A packet: TCP from 10.0.0.5:50000 to 192.0.2.1:443 with SYN.
fn packet(term: &Term) -> Vec<Value> {
    match term {
        Term::Own(Own::TcpPort) => vec![Value::Number(50_000), Value::Number(443)],
        Term::Own(Own::Flag(0x02)) => vec![Value::Number(1)],
        Term::Own(Own::Flag(0x10)) => vec![Value::Number(0)],
        Term::Own(Own::IpAddress) => vec![Value::Ip([10, 0, 0, 5].into()), Value::Ip([192, 0, 2, 1].into())],
        Term::Own(Own::Time) => vec![Value::Billionths(1_500_000_000)],
        Term::Tree { fields, .. } if fields[0].id == "http.field.host" => {
            vec![Value::Text("www.Example.com".to_owned())]
        }
        Term::Tree { fields, .. } if fields[0].id == "tls.handshake.type" => vec![Value::Number(1)],
        Term::Tree { fields, .. } if fields[0].id == "tcp.payload" => {
            vec![Value::Bytes(vec![0xde, 0xad, b'G', b'E', b'T'])]
        }
        Term::Any(terms) => terms.iter().flat_map(packet).collect(),
        _ => Vec::new(),
    }
}

fn read(text: &str) -> Result<Filter, FilterError> {
    Filter::parse(text)
}

fn holds(text: &str) -> bool {
    read(text).unwrap_or_else(|error| panic!("{text}: {error}")).holds(&packet)
}

#[test]
fn expressions_say_what_people_mean() {
    for yes in [
        "tcp.port == 443",
        "tcp.port eq 0x1bb",
        "tcp.flags.syn",
        "!tcp.flags.ack and not udp.port",
        "tcp.port == 80 or tcp.port == 443",
        "tcp.port > 1000 && tcp.port < 1000",
        "ip.addr == 10.0.0.0/8",
        "ip.addr == 192.0.2.1",
        "http.host == \"www.example.com\"",
        "http.field.host contains example",
        "(tcp.flags.syn && !(tcp.flags.ack))",
        "tcp.port != 80",
        "tcp.flags.syn == true",
        "tcp.port in {80, 443}",
        "tcp.port in {80 400..500}",
        "frame.time_relative > 1.4999",
        "frame.time_relative == 1500ms",
        "frame.time_relative < 2",
        "tls.handshake.type == client_hello",
        "tls.handshake.type in {\"client_hello\"}",
        "tcp.payload contains get",
        "tcp.payload == de:ad:47:45:54",
    ] {
        assert!(holds(yes), "{yes}");
    }
    for no in [
        "tcp.port == 80",
        "tcp.flags.ack",
        "udp.port",
        "udp.port != 53",
        "tcp.port != 443",
        "ip.addr == 10.1.0.0/16",
        "http.host == a",
        "tcp.port in {444..445}",
        "frame.time_relative > 1.5s",
        "tls.handshake.type == server_hello",
    ] {
        assert!(!holds(no), "{no}");
    }
    // `and` binds closer than `or`.
    assert!(holds("tcp.flags.syn or tcp.flags.syn and tcp.flags.ack"));
    assert!(!holds("(tcp.flags.syn or tcp.flags.syn) and tcp.flags.ack"));
    assert_eq!(read("tcp.port == 1 && !ip.addr").unwrap().fields(), ["tcp.port", "ip.addr"]);
}

#[test]
fn a_mistake_has_its_column() {
    for (text, column, says) in [
        ("", 1, "a field is missing here"),
        ("tcp.port = 443", 10, "equality is `==`"),
        ("tcp.port == ", 13, "a value is missing"),
        ("tcp.port == 443 tcp.syn", 17, "is missing"),
        ("(tcp.syn", 9, "parenthesis of column 1"),
        ("tcp.syn && nonsense == 3", 12, "there is no field `nonsense`"),
        ("http.host == \"www", 14, "no closing quote"),
        ("ip.addr == 10.0.0.0/33", 12, "0 to 32 bits"),
        ("== 3", 1, "before `==`"),
        ("\"ä\" == ü.b", 1, "on the left"),
        ("tcp.port in 80", 13, "a set in braces"),
        ("tcp.port in {80", 16, "brace of column 13"),
        ("tcp.port in {}", 13, "empty set"),
        ("tcp.syn && tcp.dst_port == x", 28, "are numbers"),
        ("tcp.port in {80, https}", 18, "are numbers"),
        ("ip.src == 80", 11, "are IP addresses"),
        ("tls.handshake.type == hello", 23, "are numbers"),
    ] {
        let error = read(text).unwrap_err();
        assert_eq!(error.column, column, "{text}: {error}");
        assert!(error.message.contains(says), "{text}: {error}");
    }
    let error = read("tcp.widnow == 3").unwrap_err();
    assert!(error.remedy.is_some_and(|remedy| remedy.contains("tcp.window")), "names spelled alike are suggested");
    assert!(read(&format!("{}tcp.syn", "!".repeat(100_000))).unwrap_err().message.contains("nested"));
    assert!(read(&format!("{}tcp.syn", "(".repeat(100_000))).unwrap_err().message.contains("nested"));
}

/// Ethernet, IPv4 and a TCP segment to or from port 80, checksums left to the card.
fn segment(to_server: bool, flags: u8, seq: u32, ack: u32, data: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    let (client, server) = ([10, 0, 0, 1], [10, 0, 0, 2]);
    let (from, to) = if to_server { (client, server) } else { (server, client) };
    frame.extend([0x45, 0]);
    frame.extend((40 + data.len() as u16).to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    frame.extend(from);
    frame.extend(to);
    let sum = wire::Sum::of(&frame[14..34]).checksum();
    frame[24..26].copy_from_slice(&sum.to_be_bytes());
    let (from, to) = if to_server { (40_000u16, 80u16) } else { (80, 40_000) };
    frame.extend(from.to_be_bytes());
    frame.extend(to.to_be_bytes());
    frame.extend(seq.to_be_bytes());
    frame.extend(ack.to_be_bytes());
    frame.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    frame.extend(data);
    frame
}

/// A request that fails with 503, its response sent twice.
fn story() -> Story {
    let request = b"GET /a?b=c HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
    let response = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno";
    let (q, r) = (request.len() as u32, response.len() as u32);
    let frames = [
        segment(true, 0x02, 99, 0, b""),
        segment(false, 0x12, 499, 100, b""),
        segment(true, 0x10, 100, 500, b""),
        segment(true, 0x18, 100, 500, request),
        segment(false, 0x18, 500, 100 + q, response),
        segment(true, 0x10, 100 + q, 500 + r, b""),
        segment(false, 0x18, 500, 100 + q, response),
    ];
    let mut file = capture::write::PcapNg::new(Vec::new()).unwrap();
    let interface = file.interface(&capture::write::Interface::new(capture::LinkType::Ethernet)).unwrap();
    for (n, frame) in frames.iter().enumerate() {
        let at = base::WallTime::SIMULATION_EPOCH + base::Duration::from_millis(300 * n as i64);
        file.packet(&capture::write::Packet::new(interface, at), [frame]).unwrap();
    }
    let file = capture::read::read_all(&file.finish().unwrap()[..]).unwrap();
    Story::from_capture(file, capture::keylog::KeyLog::default())
}

#[test]
fn fields_of_every_layer_are_found_by_our_names_and_by_wiresharks() {
    let story = story();
    let packets = |text: &str| {
        let filter = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        Selection { filter: Some(filter), ..Selection::default() }.packets(&story).unwrap()
    };
    for (text, wanted) in [
        ("http.status >= 500", &[5][..]),
        ("http.response.code == 503", &[5]),
        ("http.method == GET && tcp.dst_port == 80", &[4]),
        ("http.request.uri contains \"b=c\"", &[4]),
        ("http.target.path == \"/a\"", &[4]),
        ("http.host == www.example.com", &[4]),
        ("http", &[4, 5]),
        ("tcp.syn && !tcp.ack_flag", &[1]),
        ("tcp.flags == 0x12", &[2]),
        ("tcp.len > 0 && ip.src == 10.0.0.2", &[5, 7]),
        ("tcp.spurious_retransmission", &[7]),
        ("tcp.analysis.spurious_retransmission", &[7]),
        ("tcp.analysis.retransmission", &[7]),
        ("frame.time_relative >= 1200ms && frame.time_relative < 1.8", &[5, 6]),
        ("frame.number in {1, 3..4}", &[1, 3, 4]),
        ("ipv4.ttl == 64 and eth.dst == 02:00:00:00:00:01 and frame.number <= 2", &[1, 2]),
        ("tcp.stream == 1", &[]),
        ("connection == 1 && tcp.seq == 500 && tcp.relative_seq == 1", &[5, 7]),
        ("frame contains \"no-such-text\" || tcp.payload contains \"service unavail\"", &[5, 7]),
        ("finding.http && frame.number == 5", &[5]),
        ("protocol == HTTP && to == 10.0.0.2", &[4]),
        ("udp || arp || icmp || dns || tls", &[]),
    ] {
        assert_eq!(packets(text), wanted, "{text}");
    }
    assert_eq!(story.row(5).unwrap().at, Instant::from_millis(1200));
}

#[test]
fn connections_and_requests_are_chosen_by_their_numbers() {
    let story = story();
    let chosen = |connection, request| Selection { filter: None, connection, request }.packets(&story);
    assert_eq!(chosen(Some(1), None).unwrap().len(), 7);
    assert_eq!(chosen(None, Some(1)).unwrap(), [1, 2, 3, 4, 5]);
    assert_eq!(chosen(Some(1), Some(1)).unwrap(), [1, 2, 3, 4, 5]);
    assert_eq!(chosen(Some(2), None).unwrap_err().to_string(), "there is no connection 2");
    assert_eq!(chosen(Some(2), None).unwrap_err().remedy(), "there is one connection, number 1");
    assert_eq!(chosen(None, Some(0)).unwrap_err().to_string(), "there is no request 0");
}

proptest! {
    /// Whatever is typed: an expression, or an error whose column lies in it or just behind.
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        if let Err(error) = read(&text) {
            prop_assert!((1..=text.chars().count() + 1).contains(&error.column), "{error}");
        }
    }

    #[test]
    fn likely_texts_too(words in proptest::collection::vec(
        prop_oneof![
            "tcp\\.(port|syn)", "==|!=|<|>=|contains|in", "and|or|not|&&|\\|\\||!", "[(){},]|\\.\\.",
            "[0-9]{1,20}|-?[0-9]{1,20}\\.[0-9]{1,20}(ms|s)?|10\\.0\\.0\\.0/[0-9]{1,3}", "\"[a-z\"\\\\]{0,4}"
        ], 0..20,
    )) {
        let text = words.join(" ");
        match read(&text) {
            Ok(filter) => { filter.holds(&packet); }
            Err(error) => prop_assert!((1..=text.chars().count() + 1).contains(&error.column), "{error}"),
        }
    }

    /// De Morgan holds, whatever is compared.
    #[test]
    fn negation_is_what_logic_says(
        a in "tcp\\.(port (==|<|>) [0-9]{1,5}|flags\\.syn|flags\\.ack)",
        b in "tcp\\.(port (==|<|>) [0-9]{1,5}|flags\\.syn|flags\\.ack)",
    ) {
        prop_assert_eq!(holds(&format!("!({a} && {b})")), holds(&format!("!({a}) || !({b})")));
        prop_assert_eq!(holds(&format!("{a} || {b}")), holds(&format!("{b} || {a}")));
    }
}
