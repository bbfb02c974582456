//! TCP's wire format (RFC 9293 §3.1, §3.2) and its state machine as a table.

mod acc_ecn;
mod fast_open;
mod flags;
mod options;
mod plain;
mod sack;
mod seq;
mod state;
mod transitions;

pub use acc_ecn::AccEcn;
pub use fast_open::FastOpen;
pub use flags::Flags;
pub use options::{OPTION_FIELDS, OptionKind, Options, decode_options};
pub use plain::Plain;
pub use sack::{MAX_SACK_BLOCKS, SackBlocks};
pub use seq::Seq;
pub use state::State;
pub use transitions::{Action, Event, TRANSITIONS, Transition, figure, transition};

use crate::{Malformed, Reader, Sink};

crate::header! {
    /// The fixed part of a TCP header: 20 bytes.
    pub struct Header, mod field = "tcp", "TCP", "RFC 9293 §3.1",
        "carries a piece of a reliable stream of bytes between two programs";
    src_port: u16 = 16, Dec, "Source port", "RFC 9293 §3.1", "the port of the program that sends";
    dst_port: u16 = 16, Dec, "Destination port", "RFC 9293 §3.1", "the port of the program that receives";
    seq: u32 = 32, Dec, "Sequence number", "RFC 9293 §3.4", "the number of this segment's first byte; in a SYN, the initial sequence number";
    ack: u32 = 32, Dec, "Acknowledgment number", "RFC 9293 §3.4", "the number of the next byte that the sender expects: all before it have arrived";
    data_offset: u8 = 4, Dec, "Data offset", "RFC 9293 §3.1", "the header's length in 32-bit words: 5 without options, at most 15";
    reserved: u8 = 3, Dec, "Reserved", "RFC 9293 §3.1", "zero";
    ae: bool = 1, Flag, "AE", "RFC 9768 §3.1", "accurate ECN: one of three bits of its counter (earlier, a nonce bit)";
    cwr: bool = 1, Flag, "CWR", "RFC 3168 §6.1.2", "congestion window reduced: the sender has slowed down after a mark";
    ece: bool = 1, Flag, "ECE", "RFC 3168 §6.1.3", "ECN echo: a packet came with a congestion mark";
    urg: bool = 1, Flag, "URG", "RFC 9293 §3.1", "the urgent pointer counts";
    ack_flag: bool = 1, Flag, "ACK", "RFC 9293 §3.1", "the acknowledgment number counts: set in every segment but the first";
    psh: bool = 1, Flag, "PSH", "RFC 9293 §3.9.1.2", "push: hand the data to the program without waiting for more";
    rst: bool = 1, Flag, "RST", "RFC 9293 §3.5.2", "reset: this connection does not exist, or ends at once";
    syn: bool = 1, Flag, "SYN", "RFC 9293 §3.5", "synchronise: opens the connection and gives the initial sequence number";
    fin: bool = 1, Flag, "FIN", "RFC 9293 §3.6", "finish: the sender has no more data";
    window: u16 = 16, Dec, "Window", "RFC 9293 §3.1", "how many bytes the sender is willing to receive, before scaling (RFC 7323 §2.2)";
    checksum: u16 = 16, Hex, "Checksum", "RFC 9293 §3.1", "guards the addresses, this header and the data";
    urgent: u16 = 16, Dec, "Urgent pointer", "RFC 9293 §3.1", "with URG: where the urgent data ends, counted from the sequence number";
}

crate::fields! {
    /// Fields of a segment outside its header.
    pub SEGMENT_FIELDS;
    PAYLOAD = "tcp.payload", "Data", "RFC 9293 §3.1", Opaque(Body), "bytes of the stream; what they say stands in the reassembled stream";
}

impl Header {
    /// The header's length in bytes, options included, as it says itself: at least 20 in a valid header.
    #[inline]
    pub fn header_len(&self) -> usize {
        usize::from(self.data_offset) * 4
    }

    /// The flags as a set.
    #[inline]
    pub fn flags(&self) -> Flags {
        let bit = |set: bool, flag: Flags| Flags(u16::from(set) * flag.0);
        bit(self.fin, Flags::FIN)
            | bit(self.syn, Flags::SYN)
            | bit(self.rst, Flags::RST)
            | bit(self.psh, Flags::PSH)
            | bit(self.ack_flag, Flags::ACK)
            | bit(self.urg, Flags::URG)
            | bit(self.ece, Flags::ECE)
            | bit(self.cwr, Flags::CWR)
            | bit(self.ae, Flags::AE)
    }

    /// A header with these flags, ports and numbers; length for `options` bytes of options (a multiple of 4).
    #[inline]
    pub fn new(ports: (u16, u16), seq: Seq, ack: Seq, flags: Flags, window: u16, options: usize) -> Header {
        Header {
            src_port: ports.0,
            dst_port: ports.1,
            seq: seq.0,
            ack: ack.0,
            data_offset: ((Header::LEN + options) / 4) as u8,
            reserved: 0,
            ae: flags.contains(Flags::AE),
            cwr: flags.contains(Flags::CWR),
            ece: flags.contains(Flags::ECE),
            urg: flags.contains(Flags::URG),
            ack_flag: flags.contains(Flags::ACK),
            psh: flags.contains(Flags::PSH),
            rst: flags.contains(Flags::RST),
            syn: flags.contains(Flags::SYN),
            fin: flags.contains(Flags::FIN),
            window,
            checksum: 0,
            urgent: 0,
        }
    }
}

/// Decodes a TCP header with its options from the front of the reader, as a group. The checksum, which covers the
/// addresses and the data as well, is the caller's to verify.
///
/// # Errors
/// If it is cut short or its data offset contradicts its length.
pub fn decode<S: Sink>(reader: &mut Reader<'_, '_, S>) -> Result<(Header, Options), Malformed> {
    decode_keeping(reader, &mut None)
}

/// As [`decode`], and keeps the header where it can be read, whatever its options are: RFC 9293 §3.1 (MUST-7) asks to be
/// prepared for options with impossible lengths.
///
/// # Errors
/// As [`decode`].
pub fn decode_keeping<S: Sink>(
    reader: &mut Reader<'_, '_, S>,
    kept: &mut Option<Header>,
) -> Result<(Header, Options), Malformed> {
    reader.group(&field::GROUP, |reader| {
        let header = Header::decode(reader)?;
        let Some(n) = header.header_len().checked_sub(Header::LEN) else {
            return Err(reader.error(&field::data_offset, "is less than 5 words"));
        };
        if n > reader.remaining() {
            return Err(reader.error(&field::data_offset, "points behind the end of the segment"));
        }
        *kept = Some(header);
        Ok((header, decode_options(reader, n)?))
    })
}
