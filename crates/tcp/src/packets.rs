//! Segments as packets. Those that nearly all are, a full segment of new data and a bare acknowledgment in quiet times, are written
//! straight into their packet: what is left out of the long way would find nothing to do ([`super::predict`] is its like for
//! what arrives).

use base::{EventId, Instant};
use trace::Cx;
use wire::ipv4::Ecn;
use wire::tcp::{Flags, Plain, Seq};
use wire::{Body, Packet};

use crate::Sent;
use crate::config::Qdisc;
use crate::connection::Connection;
use crate::recovery::Phase;

/// A segment to send as a packet, from its TCP header on.
#[derive(Debug)]
pub struct Parcel {
    /// The packet.
    pub packet: Packet,
    /// `tcp.sent`: why it is sent.
    pub event: EventId,
    /// What its packet says of congestion.
    pub ecn: Ecn,
    /// Its control bits.
    pub flags: Flags,
    /// Its number.
    pub seq: Seq,
}

impl Connection {
    /// As [`Connection::poll_transmit`], with the segment written into a packet.
    #[inline]
    pub fn poll_packet(&mut self, cx: &mut Cx) -> Option<Parcel> {
        if self.is_quiet() {
            return None;
        }
        if self.sends_usual() {
            if self.may_send_full() {
                return Some(self.send_full(cx));
            }
            if let Some(cause) = self.acks.now.filter(|_| self.has_only_ack()) {
                return Some(self.send_ack(cause, cx));
            }
        }
        let mut transmit = self.poll_transmit(cx)?;
        let segment = &mut transmit.segment;
        let (ecn, flags, seq) = (segment.ecn, segment.flags, segment.seq);
        let packet = segment.take_packet(self.local.ip(), self.remote.ip());
        Some(Parcel { packet, event: transmit.event, ecn, flags, seq })
    }

    /// Open, every segment has timestamps and nothing else to say, and nothing is to leave out of turn.
    fn sends_usual(&self) -> bool {
        let usual = self.agreed.timestamps && !self.ecn.agreed && self.ecn.accurate.is_none();
        let open = self.sends_data() && self.connected && !self.fast_opened;
        let in_turn = self.outbox.is_empty() && !self.probe_tail_now && !self.recovery.new_first;
        let no_blocks = self.reassembly.is_empty() && self.repeated.is_none();
        usual
            && open
            && in_turn
            && no_blocks
            && !self.probing
            && self.config.prediction
            && self.config.qdisc != Qdisc::Full
    }

    /// Whether a full segment of new data is next, and every window has room for it.
    fn may_send_full(&self) -> bool {
        let mss = self.agreed.mss;
        let unsent = self.buffer.end().distance(self.snd_nxt);
        let full = !self.fin_sent && unsent >= mss && (unsent > mss || self.fin_wanted.is_none());
        let fits = self.window_left() >= mss && self.flight.segments() < self.window.cwnd;
        let whole = self.flight.is_whole() && !self.flight.is_empty() && self.recovery.phase == Phase::Open;
        let alone =
            self.config.batch.is_none() && !self.buffer.has_records() && !self.probe_now && !self.searches_mtu();
        full && fits && whole && alone && !self.timers.pacing.is_armed()
    }

    /// What [`Connection::poll_transmit`] does with such a segment.
    fn send_full(&mut self, cx: &mut Cx) -> Parcel {
        let (start, mss) = (self.snd_nxt, self.agreed.mss);
        let end = start + mss;
        let stretch = self.buffer.stretch(start, mss);
        let mut sent = Sent::new(start, end, cx.now, stretch.write);
        self.rate.stamp(&mut sent, cx.now, self.flight.segments(), self.flight.lost_ever());
        self.flight.push(sent);
        let flags = if stretch.push { Flags::PSH | Flags::ACK } else { Flags::ACK };
        let packet = self.write_plain(start, flags, stretch.body, cx.now);
        self.snd_nxt = end;
        self.sent_new = true;
        self.last_sent = cx.now;
        self.acks.on_data_sent(cx.now);
        self.pace(mss, cx);
        (self.nagle_held, self.window_closed) = (false, false);
        let event = self.note_transmit((flags, start, self.rcv_nxt), self.trigger, Some(stretch.write), cx);
        self.timers.persist.stop();
        self.probe_backoff = 0;
        self.sent_event = event;
        Parcel { packet, event, ecn: Ecn::NOT_ECT, flags, seq: start }
    }

    /// What [`Connection::poll_transmit`] does with an acknowledgment where there is nothing else to say.
    fn send_ack(&mut self, cause: EventId, cx: &mut Cx) -> Parcel {
        let seq = self.snd_nxt;
        let packet = self.write_plain(seq, Flags::ACK, Body::empty(), cx.now);
        let event = self.note_transmit((Flags::ACK, seq, self.rcv_nxt), cause, None, cx);
        Parcel { packet, event, ecn: Ecn::NOT_ECT, flags: Flags::ACK, seq }
    }

    fn write_plain(&mut self, seq: Seq, flags: Flags, body: Body, now: Instant) -> Packet {
        let header = Plain {
            src_port: self.local.port(),
            dst_port: self.remote.port(),
            seq,
            ack: self.rcv_nxt,
            flags,
            window: self.offer_window(),
            timestamps: (self.ts_now(now), self.ts.recent),
        };
        let bytes = header.bytes(self.local.ip(), self.remote.ip(), &body);
        let mut packet = Packet::new(body);
        packet.push_array(bytes);
        packet
    }
}
