//! TCP options (RFC 9293 §3.2): one decoder for stack and inspector.

use super::{AccEcn, FastOpen, MAX_SACK_BLOCKS, SackBlocks, Seq};
use crate::{Malformed, Note, Reader, Sink, open_enum};

open_enum! {
    /// TCP option kinds (IANA).
    pub struct OptionKind(u8) {
        END = 0, "End of options", "RFC 9293 §3.2", "the list ends here";
        NOP = 1, "No operation", "RFC 9293 §3.2", "filling, so that the next option stands at a 32-bit boundary";
        MSS = 2, "Maximum segment size", "RFC 9293 §3.7.1", "the largest piece of data that the sender of this SYN can receive";
        WINDOW_SCALE = 3, "Window scale", "RFC 7323 §2.2", "shift the window field left by this many bits from now on";
        SACK_PERMITTED = 4, "SACK permitted", "RFC 2018 §2", "the sender of this SYN understands selective acknowledgments";
        SACK = 5, "SACK", "RFC 2018 §3", "blocks of data that arrived behind a gap";
        TIMESTAMPS = 8, "Timestamps", "RFC 7323 §3.2", "the sender's clock, and the clock value it saw last from the other side";
        MD5 = 19, "MD5 signature", "RFC 2385 §2.0", "a keyed hash over the segment";
        USER_TIMEOUT = 28, "User timeout", "RFC 5482 §3", "how long the sender keeps unacknowledged data";
        TCP_AO = 29, "TCP-AO", "RFC 5925 §2.2", "an authentication code over the segment";
        MPTCP = 30, "Multipath TCP", "RFC 8684 §3", "joins several TCP connections into one";
        FAST_OPEN = 34, "Fast Open", "RFC 7413 §4.1.1", "a cookie that lets data ride on the SYN";
        ACC_ECN_0 = 172, "AccECN order 0", "RFC 9768 §3.2.3", "byte counters of congestion marks";
        ACC_ECN_1 = 174, "AccECN order 1", "RFC 9768 §3.2.3", "byte counters of congestion marks";
        EXPERIMENT_1 = 253, "Experiment", "RFC 6994 §2", "an experimental option, told apart by its first two bytes";
        EXPERIMENT_2 = 254, "Experiment", "RFC 6994 §2", "an experimental option, told apart by its first two bytes";
    }
}

crate::fields! {
    /// Fields of TCP options.
    pub OPTION_FIELDS;
    OPTIONS = "tcp.options", "Options", "RFC 9293 §3.2", Group, "extensions of the header";
    OPTION = "tcp.option", "Option", "RFC 9293 §3.2", Group, "one option: its kind, and unless it is a single byte, its length and data";
    KIND = "tcp.option.kind", "Kind", "RFC 9293 §3.2", Dec, "which option this is", codes OptionKind::CODES;
    LEN = "tcp.option.len", "Length", "RFC 9293 §3.2", Octets, "the whole option in bytes, kind and length included";
    MSS = "tcp.option.mss", "Maximum segment size", "RFC 9293 §3.7.1", Octets, "the largest piece of data that the sender of this SYN can receive; 536 if it does not say";
    SHIFT = "tcp.option.window_scale", "Shift count", "RFC 7323 §2.2", Dec, "windows from this sender count in units of 2 to this power; at most 14";
    LEFT = "tcp.option.sack.left", "Left edge", "RFC 2018 §3", Dec, "the first byte of a block that arrived behind a gap";
    RIGHT = "tcp.option.sack.right", "Right edge", "RFC 2018 §3", Dec, "the byte after the last of the block";
    TSVAL = "tcp.option.ts.val", "TSval", "RFC 7323 §3.2", Dec, "the sender's timestamp clock";
    TSECR = "tcp.option.ts.ecr", "TSecr", "RFC 7323 §3.2", Dec, "the timestamp of the other side that this segment answers; its age is a round-trip time";
    COOKIE = "tcp.option.fast_open.cookie", "Cookie", "RFC 7413 §4.1.1", Bytes, "proof that the client was here before; empty asks for one";
    E0B = "tcp.option.acc_ecn.e0b", "ECT(0) bytes", "RFC 9768 §3.2.3", Octets, "data that arrived with ECT(0), modulo 2^24; begins with 1";
    CEB = "tcp.option.acc_ecn.ceb", "CE bytes", "RFC 9768 §3.2.3", Octets, "data that arrived with a mark of congestion, modulo 2^24";
    E1B = "tcp.option.acc_ecn.e1b", "ECT(1) bytes", "RFC 9768 §3.2.3", Octets, "data that arrived with ECT(1), modulo 2^24; begins with 1";
    DATA = "tcp.option.data", "Data", "RFC 9293 §3.2", Bytes, "the option's data";
    PADDING = "tcp.option.padding", "Padding", "RFC 9293 §3.1", Opaque(Padding), "zeros up to a multiple of 32 bits";
}

/// The options of a segment that a stack acts on. Unknown ones are skipped (RFC 9293 §3.1, MUST-6).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Options {
    /// Maximum segment size in bytes; only in a SYN.
    pub mss: Option<u16>,
    /// Window shift count as sent (above 14 counts as 14: RFC 7323 §2.3); only in a SYN.
    pub window_scale: Option<u8>,
    /// Selective acknowledgments are understood; only in a SYN.
    pub sack_permitted: bool,
    /// Timestamp value and echo reply.
    pub timestamps: Option<(u32, u32)>,
    /// Blocks received behind a gap.
    pub sack: SackBlocks,
    /// Fast Open; only in a SYN.
    pub fast_open: Option<FastOpen>,
    /// AccECN's byte counters.
    pub acc_ecn: Option<AccEcn>,
}

impl Options {
    /// The options that `bytes` are if they are the usual ones of an established connection: no-operation twice, then
    /// timestamps (RFC 7323 Appendix A).
    #[inline]
    pub fn read_plain(bytes: &[u8]) -> Option<Options> {
        let &[1, 1, 8, 10, a, b, c, d, e, f, g, h] = bytes else { return None };
        let timestamps = Some((u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])));
        Some(Options { timestamps, ..Options::default() })
    }

    /// The length on the wire in bytes, padded to a multiple of 4.
    pub fn len(&self) -> usize {
        let mut buffer = [0; 40];
        self.write(&mut buffer)
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Options::default()
    }

    /// How many SACK blocks fit beside the other options.
    pub fn sack_room(&self) -> usize {
        let others = Options { sack: SackBlocks::new(), ..*self }.len();
        (40 - others).saturating_sub(4) / 8
    }

    /// Writes the options as Linux orders and aligns them (MSS, SACK permitted and timestamps in one row, window scale
    /// behind a no-operation, SACK last; AccECN behind the timestamps, where there is room) and returns the length, a multiple of 4. SACK blocks that do not fit into 40
    /// bytes are left out.
    #[inline]
    pub fn write(&self, buffer: &mut [u8; 40]) -> usize {
        if let Options {
            mss: None,
            window_scale: None,
            sack_permitted: false,
            timestamps: Some((val, ecr)),
            sack,
            fast_open: None,
            acc_ecn: None,
        } = self
            && sack.is_empty()
        {
            // The usual options of an established connection (RFC 7323 Appendix A).
            buffer[..4].copy_from_slice(&[1, 1, 8, 10]);
            buffer[4..8].copy_from_slice(&val.to_be_bytes());
            buffer[8..12].copy_from_slice(&ecr.to_be_bytes());
            return 12;
        }
        self.write_all(buffer)
    }

    fn write_all(&self, buffer: &mut [u8; 40]) -> usize {
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            buffer[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
            at
        };
        if let Some(mss) = self.mss {
            put(&[2, 4]);
            put(&mss.to_be_bytes());
        }
        match (self.sack_permitted, self.timestamps) {
            (true, Some(_)) => _ = put(&[4, 2]),
            (false, Some(_)) => _ = put(&[1, 1]),
            (_, None) => {}
        }
        if let Some((val, ecr)) = self.timestamps {
            put(&[8, 10]);
            put(&val.to_be_bytes());
            put(&ecr.to_be_bytes());
        }
        let flags = if self.sack_permitted && self.timestamps.is_none() { 4 } else { 0 };
        let later = flags + if self.window_scale.is_some() { 4 } else { 0 };
        let later = later + self.fast_open.map_or(0, |fast_open| fast_open.write(&mut [1; FastOpen::MAX_LEN]));
        let room = 40 - put(&[]) - later;
        if let Some(acc_ecn) = self.acc_ecn.filter(|acc_ecn| acc_ecn.len().next_multiple_of(4) <= room) {
            let mut bytes = [1; AccEcn::MAX_LEN];
            let len = acc_ecn.write(&mut bytes);
            put(&bytes[..len]);
            put(&[1; 3][..(4 - len % 4) % 4]);
        }
        if self.sack_permitted && self.timestamps.is_none() {
            put(&[1, 1, 4, 2]);
        }
        if let Some(shift) = self.window_scale {
            put(&[1, 3, 3, shift]);
        }
        if let Some(fast_open) = &self.fast_open {
            let mut bytes = [1; FastOpen::MAX_LEN];
            let len = fast_open.write(&mut bytes);
            put(&bytes[..len]);
        }
        if !self.sack.is_empty() {
            let room = (40 - put(&[])).saturating_sub(4) / 8;
            let blocks = &self.sack[..self.sack.len().min(room)];
            let mut bytes = [0; 4 + 8 * MAX_SACK_BLOCKS];
            bytes[..4].copy_from_slice(&[1, 1, 5, (2 + 8 * blocks.len()) as u8]);
            for (i, (left, right)) in blocks.iter().enumerate() {
                bytes[4 + 8 * i..8 + 8 * i].copy_from_slice(&left.0.to_be_bytes());
                bytes[8 + 8 * i..12 + 8 * i].copy_from_slice(&right.0.to_be_bytes());
            }
            if !blocks.is_empty() {
                put(&bytes[..4 + 8 * blocks.len()]);
            }
        }
        at
    }
}

/// Decodes `n` bytes of options.
///
/// # Errors
/// If an option's length is below 2, reaches behind the end, or is wrong for its kind. RFC 9293 §3.1 (MUST-7) asks a
/// stack to be prepared for illegal lengths; like Linux, ours then keeps what came before. The caller decides: an error
/// is returned only with a sink that stops.
pub fn decode_options<S: Sink>(reader: &mut Reader<'_, '_, S>, n: usize) -> Result<Options, Malformed> {
    let mut options = Options::default();
    if n == 0 {
        return Ok(options);
    }
    reader.group_within(&OPTIONS, n, |reader| {
        while !reader.is_empty() {
            let kind = OptionKind(reader.peek()[0]);
            match kind {
                OptionKind::END => {
                    reader.group(&OPTION, |reader| reader.u8(&KIND))?;
                    reader.rest(&PADDING)?;
                }
                OptionKind::NOP => drop(reader.group(&OPTION, |reader| reader.u8(&KIND))?),
                _ => reader.group(&OPTION, |reader| option(reader, kind, &mut options))?,
            }
        }
        Ok(())
    })?;
    Ok(options)
}

fn option<S: Sink>(reader: &mut Reader<'_, '_, S>, kind: OptionKind, options: &mut Options) -> Result<(), Malformed> {
    reader.u8(&KIND)?;
    let len = usize::from(reader.u8(&LEN)?);
    let Some(data) = len.checked_sub(2) else {
        return Err(reader.error(&LEN, "is less than 2"));
    };
    if data > reader.remaining() {
        return Err(reader.error(&LEN, "reaches behind the options' end"));
    }
    reader.within(data, |reader| {
        match (kind, data) {
            (OptionKind::MSS, 2) => options.mss = Some(reader.u16(&MSS)?),
            (OptionKind::WINDOW_SCALE, 1) => {
                let shift = reader.u8(&SHIFT)?;
                if shift > 14 {
                    reader.note(Note::Remark("above 14 counts as 14 (RFC 7323 §2.3)"));
                }
                options.window_scale = Some(shift);
            }
            (OptionKind::SACK_PERMITTED, 0) => options.sack_permitted = true,
            (OptionKind::TIMESTAMPS, 8) => {
                options.timestamps = Some((reader.u32(&TSVAL)?, reader.u32(&TSECR)?));
            }
            (OptionKind::SACK, 8 | 16 | 24 | 32) => {
                while !reader.is_empty() {
                    let block = (Seq(reader.u32(&LEFT)?), Seq(reader.u32(&RIGHT)?));
                    options.sack.push(block);
                }
            }
            (OptionKind::ACC_ECN_0 | OptionKind::ACC_ECN_1, 0 | 3 | 6 | 9) => {
                let first_is_ect1 = kind == OptionKind::ACC_ECN_1;
                options.acc_ecn = Some(AccEcn::read(first_is_ect1, reader.peek().get(..data).unwrap_or_default()));
                let order = if first_is_ect1 { [&E1B, &CEB, &E0B] } else { [&E0B, &CEB, &E1B] };
                for field in &order[..data / 3] {
                    reader.get::<u32>(field, 24)?;
                }
            }
            (OptionKind::FAST_OPEN, _) => options.fast_open = FastOpen::new(reader.rest(&COOKIE)?, false),
            (OptionKind::EXPERIMENT_2, _) => {
                let data = reader.rest(&DATA)?;
                if let Some(cookie) = data.strip_prefix(&FastOpen::MAGIC) {
                    options.fast_open = FastOpen::new(cookie, true);
                }
            }
            (
                OptionKind::MSS
                | OptionKind::WINDOW_SCALE
                | OptionKind::SACK_PERMITTED
                | OptionKind::TIMESTAMPS
                | OptionKind::SACK,
                _,
            ) => return Err(reader.error(&LEN, "is wrong for its kind")),
            _ => drop(reader.rest(&DATA)?),
        }
        Ok(())
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Record, Silent};

    fn parse(bytes: &[u8]) -> Result<Options, Malformed> {
        decode_options(&mut Reader::new(bytes, &mut Silent), bytes.len())
    }

    #[test]
    fn a_linux_syn_is_written_as_linux_writes_it() {
        let options = Options {
            mss: Some(1460),
            window_scale: Some(7),
            sack_permitted: true,
            timestamps: Some((0x01020304, 0)),
            ..Options::default()
        };
        let mut buffer = [0; 40];
        let len = options.write(&mut buffer);
        assert_eq!(
            buffer[..len],
            [2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7],
            "MSS, SACK permitted, timestamps, no-operation, window scale"
        );
        assert_eq!(parse(&buffer[..len]), Ok(options));
    }

    #[test]
    fn three_sack_blocks_fit_beside_timestamps() {
        // RFC 2018 §3: with the timestamp option a maximum of 3 SACK blocks is allowed.
        let mut options = Options { timestamps: Some((1, 2)), ..Options::default() };
        assert_eq!(options.sack_room(), 3);
        options.sack = (0..4).map(|i| (Seq(i * 100), Seq(i * 100 + 50))).collect();
        let mut buffer = [0; 40];
        let len = options.write(&mut buffer);
        assert_eq!(len, 40);
        assert_eq!(parse(&buffer[..len]).unwrap().sack.as_slice(), &options.sack[..3]);
    }

    #[test]
    fn rfc_9768_section_3_2_3_counters_of_24_bits_in_either_order() {
        let options = Options { acc_ecn: Some(AccEcn::order_1([1, 0x100_0002, 3], 2)), ..Options::default() };
        let mut buffer = [0; 40];
        let len = options.write(&mut buffer);
        assert_eq!(buffer[..len], [174, 8, 0, 0, 1, 0, 0, 2]);
        let back = parse(&buffer[..len]).unwrap();
        assert_eq!(back, options);
        let read = |bytes| parse(bytes).unwrap().acc_ecn.unwrap().counters().collect::<Vec<_>>();
        assert_eq!(read(&[172, 5, 0, 1, 0, 1]), [(crate::ipv4::Ecn::ECT0, 256)]);
        assert_eq!(read(&[174, 2, 1, 1]), []);
    }

    #[test]
    fn illegal_lengths_are_named() {
        assert_eq!(parse(&[8, 1, 0, 0]).unwrap_err().to_string(), "tcp.option.len at byte 2 is less than 2");
        assert!(parse(&[2, 8, 5, 0xb4]).is_err());
        assert!(parse(&[2, 3, 5, 1]).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_tiled(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut record = Record::new();
            decode_options(&mut Reader::new(&bytes, &mut record), bytes.len()).unwrap();
            prop_assert_eq!(record.check_tiling(bytes.len()), Ok(()));
            prop_assert_eq!(record.errors.is_empty(), parse(&bytes).is_ok());
        }
    }
}
