//! Header prediction (V. Jacobson, "4BSD header prediction", 1990; Linux `tcp_rcv_established`): nearly every segment of a bulk
//! transfer is either the next data or a plain acknowledgment of something new, and can be known for it by its header alone.
//!
//! Nothing is decided here. What the usual rules would look for in such a segment and not find is left out; what
//! they would then do is done by the same functions, with the same events. With [`crate::Config::prediction`] off
//! every segment goes the long way, and nothing may be different: tests run both ways side by side (here in `tests::pair`, and whole
//! worlds in `net`).

use trace::{Cx, kinds::tcp as kind};
use wire::Packet;
use wire::tcp::{Flags, Plain, State};

use crate::acknowledge::AckedTimes;
use crate::connection::Connection;
use crate::rate::Sample;
use crate::receive::{is_remnant, older};
use crate::recovery::{Ack, Phase};

impl Connection {
    /// A segment of this connection arrived, its checksum verified, its header in the usual layout; `packet` carries its data
    /// behind the header. Takes it, and the data out of the packet, if it is the one that was to be expected. Otherwise nothing
    /// has happened: it is for [`Connection::take_segment`].
    #[inline]
    pub fn take_expected(&mut self, header: &Plain, packet: &mut Packet, cx: &mut Cx) -> bool {
        if !self.is_untroubled() || header.seq != self.rcv_nxt || older(header.timestamps.0, self.ts.recent) {
            return false;
        }
        let len = packet.body().len();
        if len == 0 {
            if header.flags != Flags::ACK || !self.expects_ack(header) {
                return false;
            }
            let cx = &mut self.arrived(header.flags, header.seq, cx);
            self.take_expected_ack(header, cx);
        } else {
            let plain = header.flags.without(Flags::PSH) == Flags::ACK;
            let room = match &self.tuning {
                Some(tuning) => tuning.memory.takes(len, self.rcv_nxt),
                None => len <= self.rcv_wnd() as usize,
            };
            if !plain || self.orphan || self.read_shut || !room || !self.only_receives(header) {
                return false;
            }
            let cx = &mut self.arrived(header.flags, header.seq, cx);
            self.take_expected_data(header, packet, cx);
        }
        true
    }

    /// Open, with all options that are usual and none that is not, and nothing is going on that a segment
    /// could end: no gap, no probe, no closed window.
    fn is_untroubled(&self) -> bool {
        let usual = self.agreed.timestamps && self.agreed.sack && !self.ecn.agreed && self.ecn.accurate.is_none();
        let open = self.sends_data() && self.connected && !self.fast_opened;
        let calm = self.reassembly.is_empty() && self.fin_at.is_none() && self.recovery.tlp.is_none();
        let window = !self.probing && !self.window_closed && !self.timers.persist.is_armed();
        usual && open && calm && window && self.config.prediction
    }

    /// Whether what the program has written is still being sent: in FIN-WAIT-1 too, where it has closed behind it
    /// (RFC 9293 §3.6, case 1).
    pub(crate) fn sends_data(&self) -> bool {
        matches!(self.state, State::ESTABLISHED | State::FIN_WAIT_1)
    }

    /// It acknowledges something new (RFC 9293 §3.10.7.4, fifth), but not our FIN, and nothing is missing or was sent again.
    fn expects_ack(&self, header: &Plain) -> bool {
        let new = header.ack.after(self.snd_una) && header.ack.at_or_before(self.snd_nxt);
        let of_fin = self.fin_sent && header.ack == self.snd_nxt;
        new && !of_fin && self.recovery.phase == Phase::Open && self.flight.is_whole()
    }

    /// Nothing of ours is out, and the acknowledgment and the window repeat what is known.
    fn only_receives(&self, header: &Plain) -> bool {
        let window = u32::from(header.window) << self.agreed.snd_shift;
        header.ack == self.snd_una && window == self.snd_wnd && self.flight.is_empty()
    }

    fn take_expected_ack(&mut self, header: &Plain, cx: &mut Cx) {
        let before = (self.flight.segments(), self.flight.lost_ever());
        self.recovery.hold = false;
        self.update_window((header.seq, header.ack), u32::from(header.window) << self.agreed.snd_shift, cx);
        let mut ack = Ack {
            una_before: self.snd_una,
            advanced: header.ack.distance(self.snd_una),
            news: true,
            echo: Some(header.timestamps.1).filter(|&echo| echo != 0),
            ..Ack::default()
        };
        let (mut sample, mut times) = (Sample::default(), AckedTimes::default());
        self.advance_una(header.ack, &mut ack, &mut sample, &mut times, cx);
        // Nothing was sacked, so that nothing came late.
        ack.late = None;
        self.counts.delivered += u64::from(ack.delivered);
        self.program_may_write(cx.now);
        self.learn(&mut ack, &times, &sample, before, Some(header.timestamps), cx);
        self.take_timestamp(header.seq, header.timestamps.0, cx.now);
    }

    fn take_expected_data(&mut self, header: &Plain, packet: &mut Packet, cx: &mut Cx) {
        self.recovery.hold = false;
        (self.snd_wl1, self.snd_wl2) = (header.seq, header.ack);
        self.program_may_write(cx.now);
        self.take_timestamp(header.seq, header.timestamps.0, cx.now);
        let len = packet.body().len();
        let at_once = self.take_next(packet.take_body(), is_remnant(header.flags), cx);
        self.measure_round_trip(len, Some(header.timestamps.1), cx.now);
        self.owe_ack(at_once || !self.config.delayed_ack, cx);
    }

    /// What every segment brings: a sign of life, and a cause of what follows.
    pub(crate) fn arrived<'a>(&mut self, flags: Flags, seq: wire::tcp::Seq, cx: &'a mut Cx<'_>) -> Cx<'a> {
        let received = cx.event(&kind::RECEIVED, self.id, [flags.0.into(), seq.0.into()]);
        self.trigger = received;
        self.counts.received += 1;
        self.last_received = cx.now;
        self.keepalives = 0;
        self.more_follows = false;
        cx.caused_by(received)
    }
}
