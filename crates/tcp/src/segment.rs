//! A segment as the state machine sees it, and its way to and from the wire.

use std::net::IpAddr;

use wire::ipv4::Ecn;
use wire::tcp::{Flags, Header, Options, Seq, decode_options, field};
use wire::{Body, Malformed, Packet, Reader, Silent, Sum, pseudo_header};

/// TCP's number among the protocols that IP carries.
const PROTOCOL: u8 = wire::ipv4::Protocol::TCP.0;

/// A segment without what only the wire needs: addresses, lengths, checksum.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Segment {
    /// The sender's port.
    pub src_port: u16,
    /// The receiver's port.
    pub dst_port: u16,
    /// The number of the first byte, or of the SYN.
    pub seq: Seq,
    /// The number that the sender expects next; counts with ACK.
    pub ack: Seq,
    /// The control bits.
    pub flags: Flags,
    /// The window field as on the wire, not scaled.
    pub window: u16,
    /// Where urgent data ends, counted from `seq`; counts with URG.
    pub urgent: u16,
    /// The options.
    pub options: Options,
    /// The data.
    pub payload: Body,
    /// What its packet says of congestion (RFC 3168 §5): not part of the segment, but travels with it.
    pub ecn: Ecn,
}

impl Segment {
    /// Its length in sequence space: data, and one each for SYN and FIN (RFC 9293 §3.4, SEG.LEN).
    pub fn len(&self) -> u32 {
        // A payload is below 2^16 on the wire, and no buffer of ours comes near 2^32.
        self.payload.len() as u32
            + u32::from(self.flags.contains(Flags::SYN))
            + u32::from(self.flags.contains(Flags::FIN))
    }
    /// Whether it takes no sequence number: a bare acknowledgment or a reset.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The number behind its last.
    pub fn end(&self) -> Seq {
        self.seq + self.len()
    }

    /// The segment on the wire, from `src` to `dst`: header, options and data, with the checksum (RFC 9293 §3.1). The data is
    /// shared.
    pub fn encode(&self, src: IpAddr, dst: IpAddr) -> Packet {
        self.clone().into_packet(src, dst)
    }

    /// As [`Segment::encode`], with the data moved.
    pub fn into_packet(mut self, src: IpAddr, dst: IpAddr) -> Packet {
        self.take_packet(src, dst)
    }

    /// As [`Segment::encode`], with the data moved out of the segment.
    pub fn take_packet(&mut self, src: IpAddr, dst: IpAddr) -> Packet {
        let mut room = [0; 40];
        let options = self.options.write(&mut room);
        let mut header =
            Header::new((self.src_port, self.dst_port), self.seq, self.ack, self.flags, self.window, options);
        header.urgent = self.urgent;
        let mut packet = Packet::new(std::mem::take(&mut self.payload));
        let sum = pseudo_header(src, dst, PROTOCOL, Header::LEN + options + packet.len());
        let head = packet.push(Header::LEN + options);
        header.write(head);
        head[Header::LEN..].copy_from_slice(&room[..options]);
        let sum = sum.then(packet.sum_from(0)).checksum();
        packet.head_mut()[CHECKSUM..CHECKSUM + 2].copy_from_slice(&sum.to_be_bytes());
        packet
    }

    /// Takes a segment out of `packet`, which starts with the TCP header and came from `src` for `dst`. The data
    /// moves out of the packet.
    ///
    /// # Errors
    /// If the header is cut short or contradicts itself, or the checksum is wrong (RFC 9293 §3.1, MUST-3). Illegal options are
    /// not an error: those before them count (RFC 9293 §3.2, MUST-7).
    pub fn decode(packet: &mut Packet, src: IpAddr, dst: IpAddr) -> Result<Segment, Malformed> {
        let short = || Malformed { field: &field::GROUP, at: 0, what: "is cut short" };
        let header = Header::read(packet.pull(Header::LEN).ok_or_else(short)?);
        let len = header.header_len();
        if len < Header::LEN {
            return Err(Malformed { field: &field::data_offset, at: DATA_OFFSET * 8, what: "is less than 5 words" });
        }
        let pseudo = pseudo_header(src, dst, PROTOCOL, packet.len());
        let options = &packet.pull(len).ok_or_else(short)?[Header::LEN..len];
        let options = Options::read_plain(options).unwrap_or_else(|| {
            decode_options(&mut Reader::new(options, &mut Silent), options.len())
                .unwrap_or_else(|_| options_before(options))
        });
        if !pseudo.then(Sum::of(packet.head())).then(packet.body().sum()).verifies() {
            return Err(Malformed { field: &field::checksum, at: CHECKSUM * 8, what: "is wrong" });
        }
        packet.strip(len);
        let mut payload = packet.take_body();
        if !packet.head().is_empty() {
            payload = with_rest_of_head(packet, payload);
        }
        Ok(Segment {
            src_port: header.src_port,
            dst_port: header.dst_port,
            seq: Seq(header.seq),
            ack: Seq(header.ack),
            flags: header.flags(),
            window: header.window,
            urgent: header.urgent,
            options,
            payload,
            ecn: Ecn::NOT_ECT,
        })
    }
}

/// More stood in the head than the header: bytes that somebody pulled too far.
#[cold]
fn with_rest_of_head(packet: &Packet, payload: Body) -> Body {
    let mut whole = Body::from(packet.head().to_vec());
    whole.append(payload);
    whole
}

/// Where data offset and checksum stand in the header, in bytes.
const DATA_OFFSET: usize = 12;
const CHECKSUM: usize = 16;

/// The options in front of the first illegal one.
fn options_before(bytes: &[u8]) -> Options {
    let mut end = 0;
    let mut good = Options::default();
    while let Some(&kind) = bytes.get(end) {
        let len = match kind {
            0 => break,
            1 => 1,
            _ => bytes.get(end + 1).map_or(0, |&len| usize::from(len)),
        };
        let Some(upto) = bytes.get(..end + len).filter(|_| len > 0) else { break };
        match decode_options(&mut Reader::new(upto, &mut Silent), upto.len()) {
            Ok(options) => good = options,
            Err(_) => break,
        }
        end += len;
    }
    good
}

/// The answer to a segment for which there is no connection and no listener (RFC 9293 §3.10.7.1): a reset, unless it is
/// one itself.
pub fn refuse(segment: &Segment) -> Option<Segment> {
    if segment.flags.contains(Flags::RST) {
        return None;
    }
    let mut reset = Segment { src_port: segment.dst_port, dst_port: segment.src_port, ..Segment::default() };
    if segment.flags.contains(Flags::ACK) {
        // <SEQ=SEG.ACK><CTL=RST>
        (reset.seq, reset.flags) = (segment.ack, Flags::RST);
    } else {
        // <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>
        (reset.ack, reset.flags) = (segment.end(), Flags::RST | Flags::ACK);
    }
    Some(reset)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use wire::tcp::FastOpen;

    const SRC: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const DST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 2));

    fn segment() -> Segment {
        let options =
            Options { timestamps: Some((7, 9)), sack: [(Seq(1), Seq(5))].into_iter().collect(), ..Options::default() };
        let payload = Body::from(vec![1, 2, 3]);
        Segment {
            src_port: 80,
            dst_port: 1024,
            seq: Seq(5),
            ack: Seq(6),
            flags: Flags::ACK,
            window: 9,
            urgent: 0,
            options,
            payload,
            ecn: Ecn::NOT_ECT,
        }
    }

    #[test]
    fn rfc_9293_section_3_1_a_wrong_checksum_is_found_and_the_addresses_are_part_of_it() {
        let mut packet = segment().encode(SRC, DST);
        packet.corrupt(8 * 20 + 3);
        let error = Segment::decode(&mut packet, SRC, DST).unwrap_err();
        assert_eq!(error.to_string(), "tcp.checksum at byte 16 is wrong");
        assert!(Segment::decode(&mut segment().encode(SRC, DST), SRC, SRC).is_err());
    }

    #[test]
    fn what_is_cut_short_or_contradicts_itself_is_named() {
        let bytes = segment().encode(SRC, DST).to_vec();
        let decode = |bytes: &[u8]| {
            let mut packet = Packet::from_bytes(bytes.to_vec().into());
            Segment::decode(&mut packet, SRC, DST).unwrap_err().to_string()
        };
        assert_eq!(decode(&bytes[..19]), "tcp at byte 0 is cut short");
        assert_eq!(decode(&bytes[..30]), "tcp at byte 0 is cut short");
        let mut short = bytes.clone();
        short[12] = 0x40;
        assert_eq!(decode(&short), "tcp.data_offset at byte 12 is less than 5 words");
    }

    #[test]
    fn rfc_9293_section_3_2_options_before_an_illegal_one_count() {
        let mut packet = segment().encode(SRC, DST);
        // The SACK option, behind no-operation twice and the timestamps, gets the length 1.
        let at = 20 + 12 + 3;
        assert_eq!(packet.head()[at - 1], 5);
        packet.head_mut()[at] = 1;
        packet.head_mut()[CHECKSUM..CHECKSUM + 2].fill(0);
        let sum = pseudo_header(SRC, DST, PROTOCOL, packet.len()).then(packet.sum_from(0)).checksum();
        packet.head_mut()[CHECKSUM..CHECKSUM + 2].copy_from_slice(&sum.to_be_bytes());
        let decoded = Segment::decode(&mut packet, SRC, DST).unwrap();
        assert_eq!(decoded.options, Options { timestamps: Some((7, 9)), ..Options::default() });
        assert_eq!(decoded.payload, segment().payload);
    }

    proptest! {
        /// What is encoded comes back, from the packet itself and from its bare bytes.
        #[test]
        fn segments_survive_the_wire(
            numbers: (u16, u16, u32, u32, u16, u16), flags in 0u16..512, mss: Option<u16>, shift: Option<u8>,
            sack_permitted: bool, timestamps: Option<(u32, u32)>, blocks in proptest::collection::vec(any::<(u32, u32)>(), 0..3),
            payload in proptest::collection::vec(any::<u8>(), 0..100), cookie in proptest::collection::vec(any::<u8>(), 0..17),
        ) {
            let (src_port, dst_port, seq, ack, window, urgent) = numbers;
            // All of these never stand together: 40 bytes hold no more.
            let syn = blocks.is_empty();
            let options = Options {
                mss: mss.filter(|_| syn), window_scale: shift.filter(|_| syn), sack_permitted: sack_permitted && syn, timestamps,
                sack: blocks.iter().map(|&(a, b)| (Seq(a), Seq(b))).collect(),
                fast_open: FastOpen::new(&cookie, flags & 1 == 1).filter(|_| syn),
                acc_ecn: None,
            };
            let segment = Segment {
                src_port, dst_port, seq: Seq(seq), ack: Seq(ack), flags: Flags(flags), window, urgent, options,
                payload: payload.into(), ecn: Ecn::NOT_ECT,
            };
            let mut packet = segment.encode(SRC, DST);
            let mut bare = Packet::from_bytes(packet.to_vec().into());
            prop_assert_eq!(&Segment::decode(&mut packet, SRC, DST).unwrap(), &segment);
            prop_assert_eq!(&Segment::decode(&mut bare, SRC, DST).unwrap(), &segment);
        }

        /// A stranger's bytes never break it.
        #[test]
        fn any_bytes_decode_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Segment::decode(&mut Packet::from_bytes(bytes.into()), SRC, DST);
        }
    }
}
