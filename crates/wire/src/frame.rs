//! A whole frame, from its link header to its transport's payload: the one chain of decoders for every reader.

use std::net::IpAddr;
use std::ops::Range;

use crate::ethernet::EtherType;
use crate::ipv4::Protocol;
use crate::link::LinkType;
use crate::tcp::Options;
use crate::tunnel::{self, Inside};
use crate::{
    Field, MacAddr, Malformed, Note, Reader, Sink, Sum, arp, ethernet, icmp, icmpv6, ipv4, ipv6, link, llc, tcp, udp,
};

crate::fields! {
    /// Fields of payloads that no decoder is chosen for.
    pub FIELDS;
    UDP_PAYLOAD = "udp.payload", "Data", "RFC 768", Opaque(Body), "the message";
    IP_PAYLOAD = "ip.payload", "Payload", "RFC 791 §3.1", Opaque(Body), "data of a protocol that is not taken apart here";
    FRAGMENT_DATA = "ip.fragment.data", "Fragment's data", "RFC 791 §3.2", Opaque(Body), "a piece of a packet; what it says stands in the reassembled packet";
    SNAPPED = "frame.snapped", "Cut short", "draft-ietf-opsawg-pcap §5", Opaque(Malformed), "the capture kept only the beginning of this packet, and it ends inside a header";
}

/// What a frame said, layer by layer, as far as it could be read.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Frame {
    /// Hardware addresses: source and destination, where the link has them.
    pub macs: Option<(MacAddr, MacAddr)>,
    /// The VLAN identifier of the innermost tag.
    pub vlan: Option<u16>,
    /// Tunnels' headers that it went through: all that follows is what stands inside the innermost.
    pub tunnels: u8,
    /// The network layer.
    pub network: Network,
    /// The transport layer.
    pub transport: Transport,
    /// The innermost payload that was captured, as a range of the frame's bytes.
    pub payload: Range<usize>,
    /// How long that payload is by its headers; larger than the range if the capture cut it short.
    pub payload_len: usize,
    /// Whether the transport's checksum is right.
    pub checksum: Checksum,
    /// Whether the capture ends among the options of TCP's header: they are not known, and no payload is there.
    pub options_cut: bool,
    /// The first thing that broke a format.
    pub malformed: Option<Malformed>,
}

/// A frame's network layer.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub enum Network {
    /// None that could be read, or none that we know.
    #[default]
    None,
    /// ARP.
    Arp(arp::Header),
    /// IPv4.
    Ipv4(ipv4::Header),
    /// IPv6 with its extension headers.
    Ipv6(ipv6::Decoded),
}

/// A frame's transport layer.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Transport {
    /// None that could be read, or none at all.
    #[default]
    None,
    /// A fragment of an IP packet: the transport stands in the reassembled packet.
    Fragment,
    /// TCP.
    Tcp(tcp::Header, Options),
    /// UDP.
    Udp(udp::Header),
    /// ICMP.
    Icmp(icmp::Header),
    /// ICMP for IPv6.
    Icmpv6(icmpv6::Header),
    /// A protocol that is not taken apart here.
    Other(Protocol),
}

/// What became of a checksum.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Checksum {
    /// There is none, or not all bytes were captured.
    #[default]
    Unverified,
    /// It is right.
    Good,
    /// It is wrong: the packet was damaged, or captured before the network card computed it.
    Bad,
}

impl Frame {
    /// Source and destination address, where there are any.
    pub fn addresses(&self) -> Option<(IpAddr, IpAddr)> {
        match &self.network {
            Network::Ipv4(ip) => Some((ip.src.into(), ip.dst.into())),
            Network::Ipv6(ip) => Some((ip.header.src.into(), ip.header.dst.into())),
            Network::Arp(arp) => Some((arp.sender_ip.into(), arp.target_ip.into())),
            Network::None => None,
        }
    }
    /// Source and destination port, where there are any.
    pub fn ports(&self) -> Option<(u16, u16)> {
        match &self.transport {
            Transport::Tcp(tcp, _) => Some((tcp.src_port, tcp.dst_port)),
            Transport::Udp(udp) => Some((udp.src_port, udp.dst_port)),
            _ => None,
        }
    }
}

/// Takes a captured frame apart. `original_len` is its length on the wire, at least `bytes.len()`.
///
/// It never fails: what cannot be read is `malformed` in the result and, with a recording sink, malformed bytes in the
/// record, whose leaves tile `bytes` in every case.
pub fn decode<S: Sink>(link_type: LinkType, bytes: &[u8], original_len: usize, sink: &mut S) -> Frame {
    let mut frame = Frame::default();
    let snapped = original_len > bytes.len();
    // With a sink that stops, the error ends here: all that was read before stands in the frame.
    let result = Reader::decode_all(bytes, sink, |reader| {
        let result = link_layer(reader, link_type, snapped, &mut frame);
        if let (Err(error), true) = (result, snapped) {
            // Not the packet's fault: keep the rest as it is, under a name that says so.
            frame.malformed.get_or_insert(error);
            reader.abandon(&SNAPPED);
            return Ok(());
        }
        result
    });
    if let Err(error) = result {
        frame.malformed.get_or_insert(error);
    }
    frame
}

/// Takes apart the payload of a reassembled IP packet: from the transport header on.
pub fn decode_datagram<S: Sink>(network: Network, bytes: &[u8], sink: &mut S) -> Frame {
    let mut frame = Frame { network, ..Frame::default() };
    let protocol = match network {
        Network::Ipv4(ip) => ip.protocol,
        Network::Ipv6(ip) => ip.protocol,
        _ => Protocol(0),
    };
    let result = Reader::decode_all(bytes, sink, |reader| {
        let mut protocol = protocol;
        if let Network::Ipv6(ip) = &mut frame.network {
            // RFC 8200 §4.5: what is cut into fragments may begin with extension headers.
            let extensions = ipv6::extensions(reader, protocol)?;
            (protocol, ip.protocol) = (extensions.protocol, extensions.protocol);
            if extensions.fragment.is_some() {
                return Err(
                    reader.error(&ipv6::field::next_header, "says that a packet made of fragments is a fragment")
                );
            }
        }
        transport_layer(reader, protocol, reader.remaining(), false, &mut frame)
    });
    if let Err(error) = result {
        frame.malformed.get_or_insert(error);
    }
    frame
}

fn link_layer<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    link_type: LinkType,
    snapped: bool,
    frame: &mut Frame,
) -> Result<(), Malformed> {
    let ethertype = match link_type {
        LinkType::ETHERNET => ethernet_header(reader, frame)?,
        LinkType::LINUX_SLL => reader.group(&link::sll::GROUP, |reader| link::Sll::decode(reader))?.ethertype,
        LinkType::LINUX_SLL2 => reader.group(&link::sll2::GROUP, |reader| link::Sll2::decode(reader))?.ethertype,
        LinkType::NULL | LinkType::LOOP => link::loopback(reader)?,
        LinkType::RAW | LinkType::RAW_BSD | LinkType::RAW_OPENBSD => match reader.peek().first().map(|b| b >> 4) {
            Some(4) => EtherType::IPV4,
            Some(6) => EtherType::IPV6,
            _ => EtherType(0),
        },
        LinkType::IPV4 => EtherType::IPV4,
        LinkType::IPV6 => EtherType::IPV6,
        _ => EtherType(0),
    };
    tagged(reader, ethertype, snapped, frame)
}

fn ethernet_header<S: Sink>(reader: &mut Reader<'_, '_, S>, frame: &mut Frame) -> Result<EtherType, Malformed> {
    let header = reader.group(&ethernet::field::GROUP, |reader| ethernet::Header::decode(reader))?;
    frame.macs = Some((header.src, header.dst));
    Ok(header.ethertype)
}

/// What stands behind a tunnel's header. What is known takes the place of what was read outside.
fn inside<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    what: Inside,
    snapped: bool,
    frame: &mut Frame,
) -> Result<(), Malformed> {
    if what == Inside::Unknown {
        return unknown(reader, &tunnel::TUNNELLED, frame);
    }
    frame.tunnels += 1;
    (frame.network, frame.transport, frame.checksum) = (Network::None, Transport::None, Checksum::Unverified);
    (frame.payload, frame.payload_len) = (0..0, 0);
    let ethertype = match what {
        Inside::Typed(ethertype) => Ok(ethertype),
        _ => ethernet_header(reader, frame),
    };
    let result = ethertype.and_then(|ethertype| tagged(reader, ethertype, snapped, frame));
    unless_cut(reader, result, snapped, frame)
}

/// What broke because the capture cut it is not the packet's fault: the rest is kept as it is, under a name that says so.
fn unless_cut<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    result: Result<(), Malformed>,
    cut: bool,
    frame: &mut Frame,
) -> Result<(), Malformed> {
    match result {
        Err(error) if cut && S::RECORDS => {
            frame.malformed.get_or_insert(error);
            reader.abandon(&SNAPPED);
            Ok(())
        }
        other => other,
    }
}

/// What is not taken apart.
fn unknown<S: Sink>(reader: &mut Reader<'_, '_, S>, field: &'static Field, frame: &mut Frame) -> Result<(), Malformed> {
    frame.payload = reader.bit() / 8..reader.bit() / 8 + reader.remaining();
    frame.payload_len = reader.remaining();
    reader.rest(field).map(drop)
}

/// What follows a type: VLAN tags, LLC if the type is a length, then the network layer.
fn tagged<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    mut ethertype: EtherType,
    snapped: bool,
    frame: &mut Frame,
) -> Result<(), Malformed> {
    while matches!(ethertype, EtherType::VLAN | EtherType::QINQ) {
        let tag = reader.group(&link::vlan::GROUP, |reader| link::Vlan::decode(reader))?;
        frame.vlan = Some(tag.id);
        ethertype = tag.ethertype;
    }
    // Where a frame has a length, cooked headers have numbers of Linux' own.
    match (ethertype, frame.macs) {
        (EtherType(len @ ..=llc::MAX_LENGTH), Some(_)) => {
            let len = usize::from(len).min(reader.remaining());
            reader.within(len, |reader| {
                let result = behind_llc(reader, snapped, frame);
                unless_cut(reader, result, snapped, frame)
            })?;
            reader.rest(&link::PADDING).map(drop)
        }
        (llc::COOKED, None) => behind_llc(reader, snapped, frame),
        _ => network_layer(reader, ethertype, snapped, frame),
    }
}

fn behind_llc<S: Sink>(reader: &mut Reader<'_, '_, S>, snapped: bool, frame: &mut Frame) -> Result<(), Malformed> {
    match llc::decode(reader)? {
        Some(ethertype) => network_layer(reader, ethertype, snapped, frame),
        None => unknown(reader, &link::PAYLOAD, frame),
    }
}

fn network_layer<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    ethertype: EtherType,
    snapped: bool,
    frame: &mut Frame,
) -> Result<(), Malformed> {
    match ethertype {
        EtherType::ARP => {
            frame.network = Network::Arp(arp::decode(reader)?);
            reader.rest(&link::PADDING)?;
        }
        EtherType::IPV4 => ipv4_layer(reader, snapped, frame)?,
        EtherType::IPV6 => ipv6_layer(reader, snapped, frame)?,
        EtherType::MPLS | EtherType::MPLS_UPSTREAM if frame.tunnels < tunnel::MAX_DEPTH => {
            let what = tunnel::mpls(reader)?;
            inside(reader, what, snapped, frame)?;
        }
        EtherType::PPPOE if frame.tunnels < tunnel::MAX_DEPTH => {
            let (what, len) = tunnel::pppoe(reader)?;
            reader.within(len.min(reader.remaining()), |reader| inside(reader, what, snapped, frame))?;
            reader.rest(&link::PADDING)?;
        }
        _ => unknown(reader, &link::PAYLOAD, frame)?,
    }
    Ok(())
}

fn ipv4_layer<S: Sink>(reader: &mut Reader<'_, '_, S>, snapped: bool, frame: &mut Frame) -> Result<(), Malformed> {
    // A capture may hold a header whose checksum is left to the card: read it all the same.
    let header = match reader.peek().get(..ipv4::Header::LEN).map(ipv4::Header::read) {
        Some(header) if header.version == 4 && header.header_len() >= ipv4::Header::LEN => header,
        _ => return ipv4::decode(reader).map(drop),
    };
    frame.network = Network::Ipv4(header);
    let before = reader.remaining();
    match ipv4::decode(reader) {
        Ok(_) => {}
        // The silent sink stops at a wrong checksum; the fields before it are read already.
        Err(error) if error.field.id == ipv4::field::checksum.id && reader.remaining() < before => {
            // Zero is what a system leaves whose card computes it: it was captured before.
            if header.checksum != 0 {
                frame.malformed.get_or_insert(error);
            }
        }
        Err(error) => return Err(error),
    }
    // A total length of zero is a segmentation offload's: the packet fills the frame.
    let total = usize::from(header.total_len);
    let len = if total == 0 { reader.remaining() } else { total.saturating_sub(header.header_len()) };
    if total != 0 && total < header.header_len() {
        return Err(reader.error(&ipv4::field::total_len, "is less than the header's length"));
    }
    let fragment = header.is_fragment();
    network_payload(reader, header.protocol, len, fragment, snapped, frame)
}

fn ipv6_layer<S: Sink>(reader: &mut Reader<'_, '_, S>, snapped: bool, frame: &mut Frame) -> Result<(), Malformed> {
    let decoded = ipv6::decode(reader)?;
    frame.network = Network::Ipv6(decoded);
    let payload = usize::from(decoded.header.payload_len);
    let len = if payload == 0 { reader.remaining() } else { payload.saturating_sub(decoded.extensions_len) };
    network_payload(reader, decoded.protocol, len, decoded.fragment.is_some(), snapped, frame)
}

fn network_payload<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    protocol: Protocol,
    len: usize,
    fragment: bool,
    snapped: bool,
    frame: &mut Frame,
) -> Result<(), Malformed> {
    let here = len.min(reader.remaining());
    if here < len && !snapped {
        reader.report(&ipv4::field::total_len, "points behind the end of the frame")?;
    }
    reader.within(here, |reader| {
        if fragment {
            frame.transport = Transport::Fragment;
            let start = reader.bit() / 8;
            frame.payload = start..start + here;
            frame.payload_len = len;
            reader.rest(&FRAGMENT_DATA).map(drop)
        } else {
            let cut = here < len;
            let result = transport_layer(reader, protocol, len, cut, frame);
            unless_cut(reader, result, cut, frame)
        }
    })?;
    reader.rest(&link::PADDING)?;
    Ok(())
}

/// `len` is the length by the headers; `cut` says that fewer bytes were captured.
fn transport_layer<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    protocol: Protocol,
    len: usize,
    cut: bool,
    frame: &mut Frame,
) -> Result<(), Malformed> {
    let segment = reader.peek();
    let offset = reader.bit() / 8;
    match protocol {
        Protocol::TCP => {
            // The checksum's verdict belongs to its field, so it is known before the fields are told.
            frame.checksum = verify(frame, segment, protocol, cut);
            if let Some(header) = whole_but_for_options(segment).filter(|_| cut) {
                frame.options_cut = true;
                frame.transport = Transport::Tcp(header, Options::default());
                frame.payload = offset + segment.len()..offset + segment.len();
                frame.payload_len = len.saturating_sub(header.header_len());
                return reader.group(&tcp::field::GROUP, |reader| {
                    tcp::Header::decode(reader)?;
                    reader.rest(&SNAPPED).map(drop)
                });
            }
            let mut kept = None;
            let decoded = tcp::decode_keeping(reader, &mut kept);
            if let Some(header) = kept {
                let from = offset + header.header_len();
                frame.payload = from..offset + segment.len();
                frame.payload_len = len.saturating_sub(header.header_len());
                let options = decoded.as_ref().map(|(_, options)| *options).unwrap_or_default();
                frame.transport = Transport::Tcp(header, options);
            }
            decoded?;
            reader.rest(&tcp::PAYLOAD)?;
        }
        Protocol::UDP => {
            frame.checksum = verify(frame, segment, protocol, cut);
            let header = reader.group(&udp::field::GROUP, |reader| udp::Header::decode(reader))?;
            frame.transport = Transport::Udp(header);
            let said = usize::from(header.len);
            if said < udp::Header::LEN && said != 0 {
                return Err(reader.error(&udp::field::len, "is less than 8"));
            }
            let data = if said == 0 { reader.remaining() } else { said - udp::Header::LEN };
            let here = data.min(reader.remaining());
            if here < data && !cut {
                reader.report(&udp::field::len, "points behind the end of the packet")?;
            }
            let from = offset + udp::Header::LEN;
            frame.payload = from..from + here;
            frame.payload_len = data;
            let may_be_tunnel = tunnel::UDP_PORTS.contains(&header.dst_port);
            if may_be_tunnel && frame.tunnels < tunnel::MAX_DEPTH {
                let read = reader.within(here, |reader| match tunnel::over_udp(reader, &header)? {
                    Some(what) => inside(reader, what, cut, frame).map(|()| true),
                    None if reader.is_empty() => Ok(false),
                    None => reader.bytes(&UDP_PAYLOAD, here).map(|_| false),
                });
                read?;
                return reader.rest(&link::PADDING).map(drop);
            }
            if S::RECORDS && here == data && data > 0 {
                crate::message::decode(reader, (header.src_port, header.dst_port), here)?;
            } else {
                reader.bytes(&UDP_PAYLOAD, here)?;
            }
            reader.rest(&link::PADDING)?;
        }
        Protocol::ICMP if !cut => {
            frame.transport = Transport::Icmp(icmp::decode(reader)?);
            frame.payload = offset + icmp::Header::LEN..offset + len;
            frame.payload_len = len.saturating_sub(icmp::Header::LEN);
        }
        Protocol::ICMPV6 if !cut => {
            let addresses = match frame.network {
                Network::Ipv6(ip) => Some((ip.header.src, ip.header.dst)),
                _ => None,
            };
            frame.transport = Transport::Icmpv6(icmpv6::decode(reader, addresses)?);
            frame.payload = offset + icmpv6::Header::LEN..offset + len;
            frame.payload_len = len.saturating_sub(icmpv6::Header::LEN);
        }
        Protocol::GRE if frame.tunnels < tunnel::MAX_DEPTH => {
            frame.transport = Transport::Other(protocol);
            let what = tunnel::gre(reader)?;
            inside(reader, what, cut, frame)?;
        }
        Protocol::IPV4 | Protocol::IPV6 if frame.tunnels < tunnel::MAX_DEPTH => {
            let what = tunnel::bare(protocol).unwrap_or(Inside::Unknown);
            inside(reader, what, cut, frame)?;
        }
        other => {
            frame.transport = Transport::Other(other);
            frame.payload = offset..offset + reader.remaining();
            frame.payload_len = len;
            reader.rest(&IP_PAYLOAD)?;
        }
    }
    Ok(())
}

/// TCP's header where a segment ends before its options do.
fn whole_but_for_options(segment: &[u8]) -> Option<tcp::Header> {
    let header = segment.get(..tcp::Header::LEN).map(tcp::Header::read)?;
    (header.header_len() > segment.len()).then_some(header)
}

/// Verifies the checksum of a TCP segment or UDP datagram that is all there.
fn verify(frame: &Frame, segment: &[u8], protocol: Protocol, cut: bool) -> Checksum {
    let Some((src, dst)) = frame.addresses().filter(|_| !cut) else {
        return Checksum::Unverified;
    };
    // RFC 768: a UDP checksum of zero means that the sender computed none.
    if protocol == Protocol::UDP && segment.get(6..8) == Some(&[0, 0]) {
        return Checksum::Unverified;
    }
    let sum = crate::pseudo_header(src, dst, protocol.0, segment.len()).then(Sum::of(segment));
    if sum.verifies() { Checksum::Good } else { Checksum::Bad }
}

/// What the checksum's field should say beside its value.
pub fn checksum_note(frame: &Frame, segment: &[u8]) -> Note {
    match frame.checksum {
        Checksum::Good => Note::ChecksumOk,
        Checksum::Unverified => Note::ChecksumUnverified("not all bytes are here, or none was computed"),
        Checksum::Bad => {
            let (at, protocol) = match frame.transport {
                Transport::Udp(_) => (6, Protocol::UDP),
                _ => (16, Protocol::TCP),
            };
            let mut zeroed = segment.to_vec();
            if let Some(field) = zeroed.get_mut(at..at + 2) {
                field.fill(0);
            }
            let pseudo = frame
                .addresses()
                .map_or(Sum::EMPTY, |(src, dst)| crate::pseudo_header(src, dst, protocol.0, segment.len()));
            Note::ChecksumBad(pseudo.then(Sum::of(&zeroed)).checksum())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Body, Packet, Record, Silent, tcp::Flags, tcp::Seq};

    /// A TCP segment with 5 bytes of data over IPv4 and Ethernet, padded to 60 bytes plus one.
    fn segment() -> Vec<u8> {
        let (src, dst) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let mut packet = Packet::new(Body::from(b"hello".to_vec()));
        let tcp = tcp::Header::new((49152, 80), Seq(1), Seq(2), Flags::PSH | Flags::ACK, 65535, 0);
        tcp.write(packet.push(20));
        let sum = crate::pseudo_header(IpAddr::V4(src), IpAddr::V4(dst), 6, 25).then(packet.sum_from(0));
        packet.head_mut()[16..18].copy_from_slice(&sum.checksum().to_be_bytes());
        let mut ip = ipv4::Header::new(src, dst, Protocol::TCP, 25);
        ip.write(packet.push(20));
        ip.checksum = Sum::of(packet.head().get(..20).unwrap()).checksum();
        ip.write(packet.head_mut());
        let link = ethernet::Header { dst: MacAddr([2; 6]), src: MacAddr([4; 6]), ethertype: EtherType::IPV4 };
        link.write(packet.push(14));
        let mut bytes = packet.to_vec();
        bytes.resize(60, 0);
        bytes
    }

    #[test]
    fn a_segment_is_read_to_its_payload() {
        let bytes = segment();
        let frame = decode(LinkType::ETHERNET, &bytes, bytes.len(), &mut Silent);
        assert_eq!(frame.malformed, None);
        assert_eq!(frame.ports(), Some((49152, 80)));
        assert_eq!(&bytes[frame.payload.clone()], b"hello", "padding is not payload");
        assert_eq!(frame.checksum, Checksum::Good);
        let mut damaged = bytes;
        damaged[56] ^= 1;
        assert_eq!(decode(LinkType::ETHERNET, &damaged, damaged.len(), &mut Silent).checksum, Checksum::Bad);
    }

    #[test]
    fn a_snapped_frame_says_what_is_missing() {
        let bytes = segment();
        let frame = decode(LinkType::ETHERNET, &bytes[..56], 60, &mut Silent);
        assert_eq!((frame.payload.len(), frame.payload_len), (2, 5));
        assert_eq!(frame.checksum, Checksum::Unverified);
        for cut in 0..54 {
            let mut record = Record::new();
            let frame = decode(LinkType::ETHERNET, &bytes[..cut], 60, &mut record);
            assert_eq!(record.check_tiling(cut), Ok(()), "cut at {cut}");
            assert!(frame.payload_len == 0 || cut >= 54);
        }
    }

    #[test]
    fn an_ip_checksum_that_is_left_to_the_card_breaks_nothing() {
        let mut bytes = segment();
        bytes[24..26].fill(0);
        let read = |bytes: &[u8]| decode(LinkType::ETHERNET, bytes, bytes.len(), &mut Silent);
        assert_eq!((read(&bytes).malformed, read(&bytes).ports()), (None, Some((49152, 80))));
        bytes[25] = 1;
        assert!(read(&bytes).malformed.is_some(), "another wrong one is damage");
    }

    #[test]
    fn a_frame_cut_among_its_options_is_a_segment_all_the_same() {
        let mut bytes = segment();
        // Ten bytes of options, of which six are captured: the data offset says eight words.
        bytes[46] = 0x80;
        bytes[16..18].copy_from_slice(&57u16.to_be_bytes());
        bytes[24..26].fill(0);
        let sum = Sum::of(&bytes[14..34]).checksum();
        bytes[24..26].copy_from_slice(&sum.to_be_bytes());
        let mut record = Record::new();
        let frame = decode(LinkType::ETHERNET, &bytes, 71, &mut record);
        assert_eq!(record.check_tiling(60), Ok(()));
        assert_eq!((frame.ports(), frame.options_cut, frame.malformed), (Some((49152, 80)), true, None));
        assert_eq!((frame.payload.clone(), frame.payload_len), (60..60, 5), "twelve bytes of options, five of data");
        let silent = decode(LinkType::ETHERNET, &bytes, 71, &mut Silent);
        assert_eq!(silent, frame);
        let whole = decode(LinkType::ETHERNET, &bytes, 60, &mut Silent);
        assert!(!whole.options_cut && whole.malformed.is_some(), "what was not cut is broken");
    }

    fn links() -> impl Strategy<Value = LinkType> {
        (0..LinkType::CODES.len()).prop_map(|at| LinkType(LinkType::CODES[at].value as u32))
    }

    proptest! {
        #[test]
        fn random_frames_are_tiled(link in links(), bytes in proptest::collection::vec(any::<u8>(), 0..200), more in 0usize..9) {
            let mut record = Record::new();
            let told = decode(link, &bytes, bytes.len() + more, &mut record);
            prop_assert_eq!(record.check_tiling(bytes.len()), Ok(()));
            let silent = decode(link, &bytes, bytes.len() + more, &mut Silent);
            if silent.malformed.is_none() {
                prop_assert_eq!(told.payload, silent.payload);
            }
        }

        #[test]
        fn mutated_frames_are_tiled(at in 0usize..60, value: u8, cut in 0usize..=60) {
            let mut bytes = segment();
            bytes[at] = value;
            bytes.truncate(cut);
            let mut record = Record::new();
            decode(LinkType::ETHERNET, &bytes, bytes.len(), &mut record);
            prop_assert_eq!(record.check_tiling(cut), Ok(()));
        }
    }
}
