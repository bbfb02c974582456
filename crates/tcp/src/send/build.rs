//! A segment with all that each segment says: ports, acknowledgment, window, options.

use trace::Cx;
use wire::Body;
use wire::tcp::{Flags, Options, SackBlocks, Seq, State};

use crate::Segment;
use crate::connection::Connection;

/// What a SACK option with `n` blocks takes of a segment, padded (RFC 2018 §3).
const fn sack_len(n: usize) -> u32 {
    if n == 0 { 0 } else { 4 + 8 * n as u32 }
}

impl Connection {
    /// A segment's most data just now: the agreed size less what SACK blocks take.
    pub(super) fn mss_now(&self) -> u32 {
        let marks = match &self.ecn.accurate {
            Some(accurate) if self.config.ecn_option => accurate.option_room(),
            _ => 0,
        };
        if self.reassembly.is_empty() && self.repeated.is_none() {
            self.agreed.mss - marks
        } else {
            // Both take no more than there is (RFC 9293 §3.1: 40 bytes of options).
            let room = 40 - if self.agreed.timestamps { 12 } else { 0 };
            self.agreed.mss - (sack_len(self.sack_room()) + marks).min(room)
        }
    }

    /// How many SACK blocks a segment takes at most (RFC 2018 §3: three beside timestamps).
    fn sack_room(&self) -> usize {
        match (self.agreed.sack, self.agreed.timestamps) {
            (false, _) => 0,
            (true, true) => 3,
            (true, false) => 4,
        }
    }

    /// A segment with all that each segment says: ports, acknowledgment, window, options. ACK is added where it belongs.
    pub(crate) fn segment(&mut self, seq: Seq, flags: Flags, payload: Body, cx: &Cx) -> Segment {
        let syn = flags.contains(Flags::SYN);
        let with_ack = self.state != State::SYN_SENT;
        let mut options = Options::default();
        if syn {
            options = self.syn_options(cx.now);
        } else {
            if self.agreed.timestamps {
                options.timestamps = Some((self.ts_now(cx.now), self.ts.recent));
            }
            if self.agreed.sack && (self.repeated.is_some() || !self.reassembly.is_empty()) {
                options.sack = self.sack_blocks(payload.len());
            }
            if let Some(accurate) = self.ecn.accurate.as_mut().filter(|_| self.config.ecn_option) {
                let room = 40 - if self.agreed.timestamps { 12 } else { 0 };
                let (blocks, dsack) = (options.sack.len(), self.repeated.is_some());
                if let Some((option, dropped)) = accurate.option(room, blocks, dsack) {
                    options.acc_ecn = Some(option);
                    options.sack = options.sack.iter().copied().take(blocks - dropped).collect();
                }
            }
        }
        // As on Linux nothing counts any more in TIME-WAIT, where little of a connection is left.
        let counts = self.state != State::TIME_WAIT;
        let flags = if counts { flags | self.ecn.flags(syn, with_ack, self.syn_retries) } else { flags };
        // RFC 9293 §3.8.5: an offset, as far as the field can say it.
        let urgent = self.buffer.urgent().filter(|up| up.after(seq) && !syn);
        let urgent = urgent.map_or(0, |up| up.distance(seq).min(65_535) as u16);
        let flags = if urgent > 0 { flags | Flags::URG } else { flags };
        let window = match (syn, with_ack) {
            // RFC 7323 §2.2: not scaled.
            (true, answer) => self.first_window(answer),
            _ => self.offer_window(),
        };
        Segment {
            src_port: self.local.port(),
            dst_port: self.remote.port(),
            seq,
            ack: if with_ack { self.rcv_nxt } else { Seq(0) },
            flags: if with_ack { flags | Flags::ACK } else { flags },
            window,
            urgent,
            options,
            payload,
            ecn: self.ecn.field(syn, false),
        }
    }

    /// What to report beside `len` bytes of data: what arrived twice (RFC 2883 §4), then what is held behind gaps (RFC 2018 §4).
    fn sack_blocks(&self, len: usize) -> SackBlocks {
        // What is sent again as large as it was leaves room for fewer.
        let left = (self.agreed.mss as usize).saturating_sub(len + 4) / 8;
        let room = self.sack_room().min(left);
        let (nxt, received) = (self.rcv_nxt, self.received);
        let repeated = self.repeated.into_iter().take(room);
        let held = self.reassembly.sack(room - repeated.len(), |at| nxt + (at - received) as u32);
        repeated.chain(held.iter().copied()).collect()
    }
}
