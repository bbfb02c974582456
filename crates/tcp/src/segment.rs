//! A segment as the state machine sees it, and its way to and from the wire.

use std::net::IpAddr;

use wire::tcp::{Flags, Header, Options, Seq, decode, field};
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
    pub fn into_packet(self, src: IpAddr, dst: IpAddr) -> Packet {
        let mut room = [0; 40];
        let options = self.options.write(&mut room);
        let mut header =
            Header::new((self.src_port, self.dst_port), self.seq, self.ack, self.flags, self.window, options);
        header.urgent = self.urgent;
        let mut packet = Packet::new(self.payload);
        let head = packet.push(Header::LEN + options);
        header.write(head);
        head[Header::LEN..].copy_from_slice(&room[..options]);
        let sum = pseudo_header(src, dst, PROTOCOL, packet.len()).then(packet.sum_from(0));
        packet.head_mut()[CHECKSUM..CHECKSUM + 2].copy_from_slice(&sum.checksum().to_be_bytes());
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
        let fixed = packet.pull(Header::LEN).ok_or_else(short)?;
        let len = Header::read(fixed).header_len().max(Header::LEN);
        let pseudo = pseudo_header(src, dst, PROTOCOL, packet.len());
        let head = packet.pull(len).ok_or_else(short)?;
        let (header, options) = match decode(&mut Reader::new(head, &mut Silent)) {
            Ok(both) => both,
            Err(error) if error.field.id.starts_with("tcp.option") => {
                (Header::read(head), options_before(&head[Header::LEN..]))
            }
            Err(error) => return Err(error),
        };
        if !pseudo.then(Sum::of(packet.head())).then(packet.body().sum()).verifies() {
            return Err(Malformed { field: &field::checksum, at: CHECKSUM * 8, what: "is wrong" });
        }
        packet.strip(len);
        let mut payload = packet.take_body();
        if !packet.head().is_empty() {
            // More stood in the head than the header: bytes that somebody pulled too far.
            let mut whole = Body::from(packet.head().to_vec());
            whole.append(payload);
            payload = whole;
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
        })
    }
}

/// Where the checksum stands in the header, in bytes.
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
        match wire::tcp::decode_options(&mut Reader::new(upto, &mut Silent), upto.len()) {
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
