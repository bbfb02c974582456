//! Frames as etherparse builds and reads them: whatever it can read, we read the same.

use etherparse::{LinkExtSlice, NetSlice, PacketBuilder, SlicedPacket, TcpOptionElement, TransportSlice, VlanId};
use proptest::collection::vec;
use proptest::prelude::*;
use wire::Record;
use wire::frame::{Checksum, Frame, Network, Transport, decode};
use wire::link::LinkType;

/// What a frame says of its network and transport headers, in words that both can be brought to.
#[derive(PartialEq, Debug, Default)]
struct Said {
    vlan: Option<u16>,
    network: String,
    transport: String,
    payload: Vec<u8>,
}

fn by_etherparse(bytes: &[u8]) -> Option<Said> {
    let sliced = SlicedPacket::from_ethernet(bytes).ok()?;
    let mut said = Said::default();
    for extension in &sliced.link_exts {
        match extension {
            LinkExtSlice::Vlan(tag) => said.vlan = Some(tag.vlan_identifier().value()),
            // MACsec is not taken apart here.
            _ => return None,
        }
    }
    said.network = match sliced.net.as_ref()? {
        NetSlice::Ipv4(ip) => {
            let header = ip.header();
            format!(
                "{} to {}, dscp {} ecn {} length {} id {} df {} mf {} offset {} ttl {} protocol {} checksum {} options {:?}",
                header.source_addr(),
                header.destination_addr(),
                header.dcp().value(),
                header.ecn().value(),
                header.total_len(),
                header.identification(),
                header.dont_fragment(),
                header.more_fragments(),
                header.fragments_offset().value(),
                header.ttl(),
                header.protocol().0,
                header.header_checksum(),
                header.options(),
            )
        }
        NetSlice::Ipv6(ip) => {
            let header = ip.header();
            format!(
                "{} to {}, dscp {} ecn {} label {} length {} hops {}",
                header.source_addr(),
                header.destination_addr(),
                header.dscp().value(),
                header.ecn().value(),
                header.flow_label().value(),
                header.payload_length(),
                header.hop_limit(),
            )
        }
        NetSlice::Arp(_) => return None,
    };
    match sliced.transport.as_ref()? {
        TransportSlice::Tcp(tcp) => {
            let options: Vec<TcpOptionElement> = tcp.options_iterator().map_while(Result::ok).collect();
            let options: Vec<TcpOptionElement> =
                options.into_iter().filter(|option| *option != TcpOptionElement::Noop).collect();
            let flags = [tcp.cwr(), tcp.ece(), tcp.urg(), tcp.ack(), tcp.psh(), tcp.rst(), tcp.syn(), tcp.fin()];
            said.transport = format!(
                "tcp {} {} {} {} {} {flags:?} {} {} {} {options:?}",
                tcp.source_port(),
                tcp.destination_port(),
                tcp.sequence_number(),
                tcp.acknowledgment_number(),
                tcp.data_offset(),
                tcp.window_size(),
                tcp.checksum(),
                tcp.urgent_pointer(),
            );
            said.payload = tcp.payload().to_vec();
        }
        TransportSlice::Udp(udp) => {
            let (from, to) = (udp.source_port(), udp.destination_port());
            said.transport = format!("udp {from} {to} {} {}", udp.length(), udp.checksum());
            said.payload = udp.payload().to_vec();
        }
        TransportSlice::Icmpv4(icmp) => {
            said.transport = format!("icmp {} {} {}", icmp.type_u8(), icmp.code_u8(), icmp.checksum());
        }
        TransportSlice::Icmpv6(icmp) => {
            said.transport = format!("icmpv6 {} {} {}", icmp.type_u8(), icmp.code_u8(), icmp.checksum());
        }
        _ => return None,
    }
    Some(said)
}

fn by_us(bytes: &[u8], frame: &Frame) -> Said {
    let network = match &frame.network {
        Network::Ipv4(ip) => {
            let start = 14 + if frame.vlan.is_some() { frame_tags(bytes) * 4 } else { 0 };
            format!(
                "{} to {}, dscp {} ecn {} length {} id {} df {} mf {} offset {} ttl {} protocol {} checksum {} options {:?}",
                ip.src,
                ip.dst,
                ip.dscp.0,
                ip.ecn.0,
                ip.total_len,
                ip.id,
                ip.dont_fragment,
                ip.more_fragments,
                ip.fragment_offset,
                ip.ttl,
                ip.protocol.0,
                ip.checksum,
                &bytes[start + 20..start + usize::from(ip.ihl) * 4],
            )
        }
        Network::Ipv6(ip) => {
            let ip = &ip.header;
            format!(
                "{} to {}, dscp {} ecn {} label {} length {} hops {}",
                ip.src, ip.dst, ip.dscp.0, ip.ecn.0, ip.flow_label, ip.payload_len, ip.hop_limit,
            )
        }
        other => format!("{other:?}"),
    };
    let payload = bytes[frame.payload.clone()].to_vec();
    let (transport, payload) = match &frame.transport {
        Transport::Tcp(tcp, said) => {
            let mut options = Vec::new();
            options.extend(said.mss.map(TcpOptionElement::MaximumSegmentSize));
            options.extend(said.window_scale.map(TcpOptionElement::WindowScale));
            options.extend(said.sack_permitted.then_some(TcpOptionElement::SelectiveAcknowledgementPermitted));
            options.extend(said.timestamps.map(|(val, ecr)| TcpOptionElement::Timestamp(val, ecr)));
            let mut blocks = said.sack.iter().map(|(left, right)| (left.0, right.0));
            if let Some(first) = blocks.next() {
                let rest = [blocks.next(), blocks.next(), blocks.next()];
                options.push(TcpOptionElement::SelectiveAcknowledgement(first, rest));
            }
            let flags = [tcp.cwr, tcp.ece, tcp.urg, tcp.ack_flag, tcp.psh, tcp.rst, tcp.syn, tcp.fin];
            let text = format!(
                "tcp {} {} {} {} {} {flags:?} {} {} {} {options:?}",
                tcp.src_port, tcp.dst_port, tcp.seq, tcp.ack, tcp.data_offset, tcp.window, tcp.checksum, tcp.urgent,
            );
            (text, payload)
        }
        Transport::Udp(udp) => (format!("udp {} {} {} {}", udp.src_port, udp.dst_port, udp.len, udp.checksum), payload),
        Transport::Icmp(icmp) => (format!("icmp {} {} {}", icmp.kind.0, icmp.code, icmp.checksum), Vec::new()),
        Transport::Icmpv6(icmp) => (format!("icmpv6 {} {} {}", icmp.kind.0, icmp.code, icmp.checksum), Vec::new()),
        other => (format!("{other:?}"), payload),
    };
    Said { vlan: frame.vlan, network, transport, payload }
}

/// How many tags of 4 bytes stand behind the addresses.
fn frame_tags(bytes: &[u8]) -> usize {
    bytes[12..]
        .chunks_exact(4)
        .take_while(|tag| [[0x81, 0], [0x88, 0xa8], [0x91, 0]].contains(&[tag[0], tag[1]]))
        .count()
}

/// The options in the order in which [`by_us`] lists them.
fn options() -> impl Strategy<Value = Vec<TcpOptionElement>> {
    use TcpOptionElement::{MaximumSegmentSize, SelectiveAcknowledgementPermitted, Timestamp, WindowScale};
    (any::<Option<u16>>(), proptest::option::of(0u8..=14), any::<bool>(), any::<Option<(u32, u32)>>()).prop_map(
        |(mss, scale, sack, timestamps)| {
            let mut list = Vec::new();
            list.extend(mss.map(MaximumSegmentSize));
            list.extend(scale.map(WindowScale));
            list.extend(sack.then_some(SelectiveAcknowledgementPermitted));
            list.extend(timestamps.map(|(val, ecr)| Timestamp(val, ecr)));
            list
        },
    )
}

/// Which transport, with its numbers.
#[derive(Clone, Debug)]
enum Kind {
    Tcp { ports: (u16, u16), seq: u32, ack: Option<u32>, window: u16, flags: u8, options: Vec<TcpOptionElement> },
    Udp(u16, u16),
    Echo(u16, u16),
}

fn kind() -> impl Strategy<Value = Kind> {
    let tcp = (any::<(u16, u16)>(), any::<u32>(), any::<Option<u32>>(), any::<u16>(), any::<u8>(), options());
    prop_oneof![
        3 => tcp.prop_map(|(ports, seq, ack, window, flags, options)| Kind::Tcp { ports, seq, ack, window, flags, options }),
        1 => any::<(u16, u16)>().prop_map(|(from, to)| Kind::Udp(from, to)),
        1 => any::<(u16, u16)>().prop_map(|(id, seq)| Kind::Echo(id, seq)),
    ]
}

/// A frame that etherparse builds.
fn built(kind: &Kind, vlan: Option<u16>, v6: bool, ttl: u8, payload: &[u8]) -> Vec<u8> {
    macro_rules! finish {
        ($step:expr) => {{
            let step = $step;
            let mut out = Vec::new();
            match kind {
                Kind::Tcp { ports, seq, ack, window, flags, options } => {
                    let mut step = step.tcp(ports.0, ports.1, *seq, *window);
                    step = if let Some(ack) = ack { step.ack(*ack) } else { step };
                    step = if flags & 1 != 0 { step.fin() } else { step };
                    step = if flags & 2 != 0 { step.syn() } else { step };
                    step = if flags & 4 != 0 { step.rst() } else { step };
                    step = if flags & 8 != 0 { step.psh() } else { step };
                    step = if flags & 16 != 0 { step.urg(ports.0) } else { step };
                    step = if flags & 32 != 0 { step.ece() } else { step };
                    step = if flags & 64 != 0 { step.cwr() } else { step };
                    step.options(options).expect("they fit").write(&mut out, payload)
                }
                Kind::Udp(from, to) => step.udp(*from, *to).write(&mut out, payload),
                Kind::Echo(id, seq) if v6 => step.icmpv6_echo_request(*id, *seq).write(&mut out, payload),
                Kind::Echo(id, seq) => step.icmpv4_echo_request(*id, *seq).write(&mut out, payload),
            }
            .expect("memory");
            out
        }};
    }
    let link = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    let (source, destination) = ([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ttl], [0xfe; 16]);
    match (vlan.map(|id| VlanId::try_new(id & 0xfff).expect("12 bits")), v6) {
        (Some(id), true) => finish!(link.single_vlan(id).ipv6(source, destination, ttl)),
        (Some(id), false) => finish!(link.single_vlan(id).ipv4([192, 0, 2, ttl], [203, 0, 113, 9], ttl)),
        (None, true) => finish!(link.ipv6(source, destination, ttl)),
        (None, false) => finish!(link.ipv4([192, 0, 2, ttl], [203, 0, 113, 9], ttl)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_etherparse_builds(kind in kind(), vlan: Option<u16>, v6: bool, ttl: u8, payload in vec(any::<u8>(), 0..300)) {
        let bytes = built(&kind, vlan, v6, ttl, &payload);
        let mut record = Record::new();
        let frame = decode(LinkType::ETHERNET, &bytes, bytes.len(), &mut record);
        prop_assert_eq!(frame.malformed, None);
        // A wrong checksum of ICMP is malformed.
        let of_icmp = matches!(frame.transport, Transport::Icmp(_) | Transport::Icmpv6(_));
        prop_assert_eq!(frame.checksum, if of_icmp { Checksum::Unverified } else { Checksum::Good }, "{:?}", frame);
        prop_assert_eq!(Some(by_us(&bytes, &frame)), by_etherparse(&bytes));
    }

    /// Of a damaged frame the same headers are read; where etherparse stops, anything goes but a panic.
    #[test]
    fn what_is_left_of_it(kind in kind(), v6: bool, ttl: u8, payload in vec(any::<u8>(), 0..60), damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), cut: prop::sample::Index) {
        let mut bytes = built(&kind, None, v6, ttl, &payload);
        // The link header stays: other protocols would begin behind it.
        for (place, value) in &damage {
            let at = 14 + place.index(bytes.len() - 14);
            bytes[at] = *value;
        }
        let keep = bytes.len() - cut.index(4);
        bytes.truncate(keep);
        // A stack stops at a wrong checksum, the inspector goes on.
        let frame = decode(LinkType::ETHERNET, &bytes, bytes.len(), &mut Record::new());
        if let Some(theirs) = by_etherparse(&bytes) {
            let ours = by_us(&bytes, &frame);
            // Options that are damaged are judged apart: etherparse goes on behind what it cannot read, a stack stops.
            let without = |said: &str| said.split(" [").next().map(str::to_owned);
            prop_assert_eq!(&ours.network, &theirs.network);
            prop_assert_eq!(without(&ours.transport), without(&theirs.transport), "{:?}", frame);
        }
    }
}
