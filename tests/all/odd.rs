//! Captures as others make them: inside tunnels, behind VLAN tags, cut short. What is told of them is what is told of the same
//! packets bare.

use wirescope::Story;
use wirescope::capture::LinkType;
use wirescope::capture::read::{File, read_all};
use wirescope::capture::write::{Interface, Packet, PcapNg};
use wirescope::export::{self, TapSet};
use wirescope::scenario::{self, Scenario};
use wirescope::wire::{self, Packet as Wire, ipv4::Protocol};

use crate::{runs, verdicts};

/// The packets of a transfer that loses some, as its client saw them: Ethernet, IPv4.
fn rough() -> File {
    let mut scenario = Scenario::for_url("http://www.example.com/").expect("a URL");
    scenario.seed = 5;
    for (knob, value) in [("size", "300k"), ("loss", "2%")] {
        scenario::find_knob(knob).expect("a knob").turn(&mut scenario, value).expect("a value");
    }
    let run = scenario::run(&scenario).expect("it runs");
    let tap = runs::at_client(&run.trace).tap().expect("one tap");
    runs::reopened(&run.trace, TapSet::One(tap)).1
}

/// The same packets, each made into another, with its length on the wire.
fn made(file: &File, make: impl Fn(&[u8]) -> (Vec<u8>, usize)) -> Vec<u8> {
    let mut out = PcapNg::new(Vec::new()).expect("memory");
    let interface = out.interface(&Interface::new(LinkType::Ethernet)).expect("memory");
    for packet in &file.packets {
        let (bytes, original) = make(&packet.data);
        let at = packet.at.expect("each has a time");
        let head = Packet { original_len: Some(original as u32), ..Packet::new(interface, at) };
        out.packet(&head, [&bytes[..]]).expect("memory");
    }
    out.finish().expect("memory")
}

/// An Ethernet header of other stations, with this type.
fn link(ethertype: u16) -> Vec<u8> {
    let mut header = vec![2, 0, 0, 0, 0xa, 1, 2, 0, 0, 0, 0xa, 2];
    header.extend(ethertype.to_be_bytes());
    header
}

/// An IPv4 packet between the ends of a tunnel, in a frame.
fn carried(protocol: Protocol, payload: &[u8]) -> Vec<u8> {
    let (src, dst) = ([198, 51, 100, 1].into(), [198, 51, 100, 2].into());
    let mut packet = Wire::new(wire::Body::from(payload.to_vec()));
    let mut header = wire::ipv4::Header::new(src, dst, protocol, payload.len());
    header.write(packet.push(20));
    header.checksum = wire::Sum::of(&packet.head()[..20]).checksum();
    header.write(packet.head_mut());
    [link(0x0800), packet.to_vec()].concat()
}

fn datagram(port: u16, payload: &[u8]) -> Vec<u8> {
    let mut udp = [50_000u16, port, 8 + payload.len() as u16, 0].map(u16::to_be_bytes).concat();
    udp.extend(payload);
    carried(Protocol::UDP, &udp)
}

/// A way of carrying packets.
type Way = (&'static str, fn(&[u8]) -> Vec<u8>);

const WAYS: [Way; 13] = [
    ("VLAN in VLAN", |frame| [&frame[..12], &[0x88, 0xa8, 0, 100, 0x81, 0, 0, 200], &frame[12..]].concat()),
    ("MPLS, two labels", |frame| [&link(0x8847)[..], &[0, 1, 0, 64, 0, 1, 1, 64], &frame[14..]].concat()),
    ("PPPoE", |frame| {
        let len = (frame.len() - 14 + 2) as u16;
        [&link(0x8864)[..], &[0x11, 0, 0, 7], &len.to_be_bytes(), &[0, 0x21], &frame[14..]].concat()
    }),
    ("IP in IP", |frame| carried(Protocol::IPV4, &frame[14..])),
    ("GRE", |frame| carried(Protocol::GRE, &[&[0, 0, 8, 0], &frame[14..]].concat())),
    ("GRE with all its parts", |frame| {
        let options = [0xb0, 0, 8, 0, 0x12, 0x34, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1];
        carried(Protocol::GRE, &[&options, &frame[14..]].concat())
    }),
    ("Ethernet in GRE", |frame| carried(Protocol::GRE, &[&[0, 0, 0x65, 0x58], frame].concat())),
    ("VXLAN", |frame| datagram(4789, &[&[8, 0, 0, 0, 0, 0, 42, 0], frame].concat())),
    ("Geneve with an option", |frame| {
        datagram(6081, &[&[2, 0, 0x65, 0x58, 0, 0, 42, 0, 1, 2, 3, 1, 9, 9, 9, 9], frame].concat())
    }),
    ("IP in Geneve", |frame| datagram(6081, &[&[0, 0, 8, 0, 0, 0, 42, 0], &frame[14..]].concat())),
    ("GTP-U", |frame| {
        let len = (frame.len() as u16 - 14).to_be_bytes();
        datagram(2152, &[&[0x30, 255], &len[..], &[0, 0, 0, 7], &frame[14..]].concat())
    }),
    ("GTP-U with a sequence number and a container of 5G", |frame| {
        let len = (frame.len() as u16 - 14 + 8).to_be_bytes();
        let options = [0, 1, 0, 0x85, 1, 0x10, 9, 0];
        datagram(2152, &[&[0x36, 255], &len[..], &[0, 0, 0, 7], &options, &frame[14..]].concat())
    }),
    ("VXLAN in GRE", |frame| {
        let inner = datagram(4789, &[&[8, 0, 0, 0, 0, 0, 42, 0], frame].concat());
        carried(Protocol::GRE, &[&[0, 0, 8, 0], &inner[14..]].concat())
    }),
];

/// What is told of a capture, but for lengths on the wire: connections, requests and findings.
fn told(story: &Story) -> String {
    let analysis = story.analysis();
    let mut out = String::new();
    for connection in &analysis.connections {
        let mut one = connection.clone();
        [&mut one.client, &mut one.server].into_iter().for_each(|side| side.counts.wire_bytes = 0);
        out += &format!("{one:?}\n");
    }
    for request in &analysis.requests {
        out += &format!("{request:?}\n");
    }
    for finding in story.findings() {
        out += &format!("{} {} {:?}\n", finding.card.id, finding.verdict, finding.evidence);
    }
    out
}

#[test]
fn what_a_tunnel_carries_is_followed_as_if_it_stood_there_alone() {
    // Frames of IPv4 only: not every way carries ARP.
    let mut file = rough();
    file.packets.retain(|packet| packet.data[12..14] == [8, 0]);
    let bare = runs::told(read_all(&made(&file, |frame| (frame.to_vec(), frame.len()))[..]).expect("a capture"));
    assert!(bare.analysis().requests.len() == 1 && !bare.findings().is_empty());
    let has_tshark = oracle::program("tshark");
    let place = runs::place("odd");
    for (name, way) in WAYS {
        let bytes = made(&file, |frame| (way(frame), way(frame).len()));
        let story = runs::told(read_all(&bytes[..]).expect("a capture"));
        assert_eq!(told(&story), told(&bare), "{name}");
        for number in [1, 5, 20] {
            let bytes = story.bytes(number).expect("it is there");
            let (record, frame) = dissected(&bytes);
            assert_eq!(record.check_tiling(bytes.len()), Ok(()), "{name}");
            assert_eq!(frame.malformed, None, "{name}");
        }
        // RFC 768 and RFC 791: the sums of all headers stay right.
        let mut sanitized = Vec::new();
        export::sanitize(&mut sanitized, &story, &[7; 32]).expect("it can be");
        let copy = runs::told(read_all(&sanitized[..]).expect("a capture"));
        assert_eq!(copy.analysis().connections.len(), 1, "{name}");
        let wrong = copy.flow().rows().iter().filter(|row| row.checksum == wire::frame::Checksum::Bad).count();
        assert_eq!(wrong, 0, "{name}");
        if has_tshark {
            verdicts::compare(&name.replace([' ', ','], "-"), &place, &bytes).demand(name);
        }
    }
}

fn dissected(bytes: &[u8]) -> (wire::Record, wire::frame::Frame) {
    wirescope::dissect::frame(wire::link::LinkType::ETHERNET, bytes, bytes.len())
}

#[test]
fn a_tunnel_in_a_tunnel_without_end_is_left_alone_at_some_depth() {
    let mut frame = link(0x0800);
    frame.extend(carried(Protocol::UDP, &[0; 16]).split_off(14));
    for _ in 0..300 {
        frame = carried(Protocol::IPV4, &frame[14..]);
    }
    let (record, read) = dissected(&frame);
    assert_eq!(record.check_tiling(frame.len()), Ok(()));
    assert_eq!(read.tunnels, wire::tunnel::MAX_DEPTH);
    assert_eq!(read.transport, wire::frame::Transport::Other(Protocol::IPV4));
}

/// RFC 9293 §3.1: the options stand behind the first twenty bytes; a capture of 64 bytes a packet ends among them.
#[test]
fn packets_that_were_cut_short_are_judged_all_the_same() {
    let file = rough();
    let whole = runs::told(read_all(&made(&file, |frame| (frame.to_vec(), frame.len()))[..]).expect("a capture"));
    for (len, options) in [(54, false), (60, false), (64, false), (68, true), (96, true)] {
        let bytes = made(&file, |frame| (frame[..frame.len().min(len)].to_vec(), frame.len()));
        let story = runs::told(read_all(&bytes[..]).expect("a capture"));
        let sent = |story: &Story| {
            let connection = &story.analysis().connections[0];
            [&connection.client, &connection.server].map(|side| (side.counts.data_bytes, side.counts.retransmissions))
        };
        assert_eq!(sent(&story).map(|(bytes, _)| bytes), sent(&whole).map(|(bytes, _)| bytes), "{len}");
        if options {
            assert_eq!(sent(&story), sent(&whole), "{len}");
        }
        assert!(story.flow().rows().iter().all(|row| !row.malformed), "cut short is not broken");
        let known: Vec<&str> = whole.findings().iter().map(|finding| finding.card.id).collect();
        let more: Vec<&str> =
            story.findings().iter().map(|finding| finding.card.id).filter(|id| !known.contains(id)).collect();
        assert_eq!(more, ["finding.capture.snapped"], "{len}: what is not there is no fault");
    }
}
