//! Packets in their carriers: tunnels, datagrams by port, contents by coding.

use wirescope::capture::keylog::KeyLog;
use wirescope::dissect;
use wirescope::flow::{self, Flow, Layers};
use wirescope::wire::{self, frame::Network, link::LinkType};
use wirescope::{Story, base, export};

/// An IPv4 packet between two hosts.
fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend((20 + payload.len() as u16).to_be_bytes());
    packet.extend([0, 0, 0x40, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
    let sum = wire::Sum::of(&packet).checksum();
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet.extend(payload);
    packet
}

/// A UDP datagram whose checksum was not computed.
fn udp(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let mut datagram = Vec::from(from.to_be_bytes());
    datagram.extend(to.to_be_bytes());
    datagram.extend((8 + payload.len() as u16).to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(payload);
    datagram
}

fn ethernet(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    frame.extend(ethertype.to_be_bytes());
    frame.extend(payload);
    frame
}

/// An IP packet inside one tunnel more, up to an IP packet again.
fn wrapped(choice: u8, packet: &[u8]) -> Vec<u8> {
    let v6 = packet.first().is_some_and(|first| first >> 4 == 6);
    let ethertype: u16 = if v6 { 0x86dd } else { 0x0800 };
    let typed = ethertype.to_be_bytes();
    match choice % 6 {
        0 => ipv4(47, &[&[0, 0], &typed[..], packet].concat()),
        // With checksum, key and sequence number; what is in the checksum nobody verifies.
        1 => ipv4(47, &[&[0xb0, 0], &typed[..], &[0; 12], packet].concat()),
        2 => ipv4(if v6 { 41 } else { 4 }, packet),
        3 => ipv4(17, &udp(50_000, 4789, &[&[8, 0, 0, 0, 0, 0, 7, 0][..], &ethernet(ethertype, packet)].concat())),
        4 => {
            let len = (packet.len() as u16 + 8).to_be_bytes();
            let options = [0, 1, 0, 0x85, 1, 0x10, 9, 0];
            ipv4(17, &udp(50_000, 2152, &[&[0x36, 255], &len[..], &[0, 0, 0, 7], &options, packet].concat()))
        }
        _ => ipv4(17, &udp(50_000, 6081, &[&[1, 0][..], &typed, &[0, 0, 7, 0], &[1, 2, 3, 4], packet].concat())),
    }
}

/// Tunnels: an IP packet says the same inside as it does alone; and the leaves tile the whole.
pub fn tunnel(data: &[u8]) {
    let [first, second, packet @ ..] = data else { return };
    let link = match packet.first().map(|first| first >> 4) {
        Some(4) => LinkType::IPV4,
        Some(6) => LinkType::IPV6,
        _ => return,
    };
    if packet.len() > 60_000 {
        return;
    }
    let alone = wire::frame::decode(link, packet, packet.len(), &mut wire::Silent);
    // Bytes behind the packet are padding alone, and not within a tunnel of a length of its own.
    let outer = [vec![*first], vec![*first, *second]][usize::from(first / 128)].clone();
    if usize::from(alone.tunnels) + outer.len() > usize::from(wire::tunnel::MAX_DEPTH) {
        return;
    }
    let carried = outer.iter().fold(packet.to_vec(), |packet, choice| wrapped(*choice, &packet));
    let (record, recorded) = dissect::frame(LinkType::RAW, &carried, carried.len());
    record.check_tiling(carried.len()).unwrap_or_else(|error| panic!("{outer:?}: {error}"));
    let inside = wire::frame::decode(LinkType::RAW, &carried, carried.len(), &mut wire::Silent);
    if matches!(alone.network, Network::None) || alone.malformed.is_some() {
        return;
    }
    for frame in [&inside, &recorded] {
        assert_eq!(frame.malformed, None, "{outer:?}");
        assert_eq!(frame.tunnels, alone.tunnels + outer.len() as u8);
        assert_eq!((&frame.network, &frame.transport), (&alone.network, &alone.transport));
        assert_eq!((frame.payload_len, frame.checksum), (alone.payload_len, alone.checksum));
        assert_eq!(carried[frame.payload.clone()], packet[alone.payload.clone()]);
    }
}

/// Datagrams of the protocols that go by their port, over IPv4: the leaves tile them, and the payload is what was put in.
pub fn datagram(data: &[u8]) {
    const PORTS: [u16; 12] = [53, 67, 68, 123, 443, 546, 547, 2152, 4789, 5353, 5355, 6081];
    let [choice, payload @ ..] = data else { return };
    if payload.len() > 60_000 {
        return;
    }
    let port = PORTS[usize::from(choice >> 1) % PORTS.len()];
    let (from, to) = if choice & 1 == 0 { (40_000, port) } else { (port, 40_000) };
    let packet = ipv4(17, &udp(from, to, payload));
    let (record, recorded) = dissect::frame(LinkType::RAW, &packet, packet.len());
    record.check_tiling(packet.len()).unwrap_or_else(|error| panic!("port {port}: {error}"));
    if recorded.tunnels == 0 {
        // Behind the header of a tunnel something may stand that is not taken apart.
        let tunnel = to == wire::gtp::PORT || to == wire::tunnel::VXLAN_PORT || to == wire::tunnel::GENEVE_PORT;
        let told = &packet[recorded.payload];
        assert!(told == payload || (tunnel && payload.ends_with(told)), "port {port}: {told:x?}");
    }
    // The exchanges (DNS, DHCP) that a flow makes of it: none may name a packet that is not there.
    let mut flow = Flow::new(flow::Limits::default());
    for n in 0..2 {
        let at = base::Instant::from_millis(n);
        let (bytes, original_len) = (packet.as_slice(), packet.len());
        flow.push(flow::Packet { at, interface: 0, link: LinkType::RAW, bytes, original_len });
    }
    for conversation in flow.conversations() {
        assert!(conversation.packets.iter().all(|n| (1..=2).contains(n)));
    }
    assert_eq!(flow.rows().len(), 2);
}

/// DNS messages: what can be read can be written, and says the same when it is read again.
pub fn dns(data: &[u8]) {
    let Ok(message) = wire::dns::Message::parse(data) else { return };
    let written = message.encode();
    let again = wire::dns::Message::parse(&written).unwrap_or_else(|error| panic!("{message:?}: {error}"));
    assert_eq!(message, again);
    let within = message.encode_within(512);
    if within.len() <= 512 {
        wire::dns::Message::parse(&within).unwrap_or_else(|error| panic!("cut to 512 bytes: {error}"));
    }
}

/// HTTP/2 in clear: frames of any type, flags and content, as whole frames, so that their content is what counts. Whatever a peer says,
/// units lie in their buffers, exchanges name messages that are there, and the leaves tile what packets complete.
pub fn http2(data: &[u8]) {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let mut sides = [[PREFACE, &SETTINGS].concat(), SETTINGS.to_vec()];
    let mut rest = data;
    // Whose turn it is and the type, the flags, the stream, the length; then the payload.
    while let Some(([head, flags, stream, len], after)) = rest.split_first_chunk::<4>() {
        let (payload, after) = after.split_at(usize::from(*len).min(after.len()));
        let side = &mut sides[usize::from(head >> 7)];
        side.extend(&(payload.len() as u32).to_be_bytes()[1..]);
        side.extend([head & 0x0f, *flags, 0, 0, 0, stream & 0x0f]);
        side.extend(payload);
        rest = after;
    }
    let frames =
        super::talk(sides.iter().enumerate().flat_map(|(n, side)| side.chunks(1000).map(move |c| (n == 0, c))));
    let flow = super::flowed(&frames);
    for conversation in flow.conversations() {
        let Some(layers) = Layers::of(&flow, conversation.id, &frames, &KeyLog::default()) else { continue };
        super::sound(&flow, &layers, &frames);
        let Some(http) = &layers.http else { continue };
        for exchange in &http.exchanges {
            for message in exchange.request.iter().chain(&exchange.responses) {
                let message = &http.messages[*message];
                assert!(message.body.end <= layers.bytes(message.buffer).len());
            }
        }
    }
}

/// Contents by their coding, as a response's body: the HAR is JSON, what it says of sizes adds up, and what grows without
/// end does not.
pub fn content(data: &[u8]) {
    const CODINGS: [&str; 8] = ["gzip", "deflate", "br", "zstd", "gzip, br", "zstd, gzip", "identity", "rot13"];
    let [choice, body @ ..] = data else { return };
    let coding = CODINGS[usize::from(choice & 0x7f) % CODINGS.len()];
    let mut answer =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: {coding}\r\n").into_bytes();
    if choice & 0x80 == 0 {
        answer.extend(format!("Content-Length: {}\r\n\r\n", body.len()).bytes());
        answer.extend(body);
    } else {
        answer.extend(format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len()).bytes());
        answer.extend([body, b"\r\n0\r\n\r\n"].concat());
    }
    let request = &b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"[..];
    let frames = super::talk([(true, request)].into_iter().chain(answer.chunks(1000).map(|piece| (false, piece))));
    let story = Story::from_capture(super::file(&frames), KeyLog::default());
    let mut har = Vec::new();
    export::write_har(&mut har, &story, None).expect("memory");
    let har: serde_json::Value = serde_json::from_slice(&har).expect("a HAR is JSON");
    let response = &har["log"]["entries"][0]["response"];
    // An empty chunk is the last one: then there is a body of nothing, and something behind it.
    if choice & 0x80 != 0 && body.is_empty() {
        return;
    }
    let number = |value: &serde_json::Value| value.as_i64().expect("a number");
    let (size, sent) = (number(&response["content"]["size"]), number(&response["bodySize"]));
    assert_eq!(size - sent, number(&response["content"]["compression"]));
    assert!(size <= 64 << 20, "a bomb");
    if choice & 0x80 == 0 {
        assert_eq!(sent, body.len() as i64);
    }
    if coding == "identity" || coding == "rot13" {
        assert_eq!(size, body.len() as i64, "as it was sent");
    }
}
