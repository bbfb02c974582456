//! Closing (RFC 9293 §3.6): of one direction, of both, by force; TIME-WAIT and what may come after it.

use trace::{Cx, kinds::tcp as kind};
use wire::Body;
use wire::tcp::{Event, Flags, Seq, State};

use crate::connection::Connection;
use crate::rare::Rare;
use crate::receive::older;
use crate::{Errno, Segment, refuse};

/// Commands that end a connection.
impl Connection {
    /// The program has nothing more to send; it still reads (shutdown(SHUT_WR), RFC 9293's CLOSE). The FIN follows the data.
    ///
    /// # Errors
    /// [`Errno::NotConnected`] if there is no connection (any more).
    pub fn shutdown(&mut self, cx: &mut Cx) -> Result<(), Errno> {
        let closes =
            matches!(self.state, State::SYN_SENT | State::SYN_RECEIVED | State::ESTABLISHED | State::CLOSE_WAIT);
        if !closes {
            return if self.is_closed() { Err(Errno::NotConnected) } else { Ok(()) };
        }
        let close = cx.event(&kind::CLOSED_BY_PROGRAM, self.id, [0, 0]);
        self.trigger = close;
        self.fin_wanted = Some(close);
        // RFC 9293 §3.10.4: the state changes at once, the FIN waits for its turn.
        self.step(Event::Close, &mut cx.caused_by(close));
        Ok(())
    }

    /// The program is done with the connection: it neither sends nor reads any more (close). What was written is still
    /// delivered. If something that arrived is unread, the connection is reset, so that the other side learns of it
    /// (RFC 9293 §3.6.1, SHLD-3; RFC 2525 §2.17).
    pub fn close(&mut self, cx: &mut Cx) {
        if self.orphan {
            return;
        }
        self.orphan = true;
        let unread = std::mem::take(&mut self.readable_len);
        self.readable.clear();
        if self.is_closed() {
            return;
        }
        let drops = unread > 0 || !self.reassembly.is_empty();
        if drops && !matches!(self.state, State::SYN_SENT | State::TIME_WAIT) {
            let why = cx.event(&kind::UNREAD_DATA, self.id, [unread as u64, 0]);
            return self.reset(Errno::ConnectionAborted, &mut cx.caused_by(why));
        }
        if self.fin_wanted.is_none() {
            // No error: there is a connection, and its direction is open.
            let _ = self.shutdown(cx);
        }
        if self.state == State::FIN_WAIT_2 && self.config.fin_wait_2.is_none() {
            return self.reset(Errno::ConnectionAborted, cx);
        }
        if self.state == State::FIN_WAIT_2 {
            self.arm_fin_wait(cx);
        }
    }

    /// Ends the connection at once with a reset (RFC 9293 §3.10.5, ABORT; close with a linger time of zero). What was written
    /// and not sent is lost.
    pub fn abort(&mut self, cx: &mut Cx) {
        self.orphan = true;
        if !self.is_closed() {
            let why = cx.event(&kind::ABORTED, self.id, [0, 0]);
            self.reset(Errno::ConnectionAborted, &mut cx.caused_by(why));
        }
    }

    /// The listener of a half-open connection is gone: it ends without a word, as on Linux. Whoever completes the handshake finds
    /// nobody, and is reset then.
    pub fn forsake(&mut self, cx: &mut Cx) {
        self.orphan = true;
        if !self.is_closed() {
            let why = cx.event(&kind::ABORTED, self.id, [0, 0]);
            self.fail(Errno::ConnectionAborted, Event::Abort, &mut cx.caused_by(why));
        }
    }

    /// In TIME-WAIT: whether `syn` may begin a new incarnation of the connection (RFC 6191 §2, RFC 9293 §3.6.1, MAY-2). If so,
    /// this one is CLOSED, and the result is the least initial sequence number for the answer: beyond all that this one used.
    /// Otherwise hand the segment to [`Connection::handle_segment`].
    pub fn reopen(&mut self, syn: &Segment, cx: &mut Cx) -> Option<Seq> {
        let flags = syn.flags;
        let asks = flags.contains(Flags::SYN) && !flags.intersects(Flags::RST | Flags::ACK);
        if self.state != State::TIME_WAIT || !asks {
            return None;
        }
        // A later timestamp, or a later number, cannot be a duplicate from the old incarnation. RFC 6191 §2: where both
        // incarnations have timestamps these decide, and only equal ones leave it to the numbers.
        let later_number = syn.seq.at_or_after(self.rcv_nxt);
        let later = match syn.options.timestamps.filter(|_| self.agreed.timestamps) {
            Some((val, _)) => older(self.ts.recent, val) || (val == self.ts.recent && later_number),
            None => later_number,
        };
        if !later {
            return None;
        }
        let why = cx.event(&kind::REOPENED, self.id, [syn.seq.0.into(), 0]);
        self.step(Event::NewSyn, &mut cx.caused_by(why));
        // As Linux: far enough beyond the largest window without scaling.
        Some(self.snd_nxt + 65_535 + 2)
    }
}

impl Connection {
    /// Ends the connection, with a reset where the other side has one to end (RFC 9293 §3.10.5).
    pub(crate) fn reset(&mut self, error: Errno, cx: &mut Cx) {
        let tells = matches!(
            self.state,
            State::SYN_RECEIVED | State::ESTABLISHED | State::FIN_WAIT_1 | State::FIN_WAIT_2 | State::CLOSE_WAIT
        );
        if tells {
            // <SEQ=SND.NXT><CTL=RST>; with ACK, as Linux sends it.
            let reset = self.segment(self.snd_nxt, Flags::RST, Body::empty(), cx);
            self.post(reset, cx.cause);
        }
        self.fail(error, Event::Abort, cx);
    }

    /// Since when it is in TIME-WAIT, or heard of the other side's FIN there last; `None` in other states.
    pub fn time_wait_since(&self) -> Option<base::Instant> {
        (self.state == State::TIME_WAIT).then(|| self.timers.linger.since())
    }

    /// TIME-WAIT begins, or begins anew: all timers are off but this one (RFC 9293 §3.10.7.4).
    pub(crate) fn enter_time_wait(&mut self, cx: &mut Cx) {
        self.timers.stop_all_but_delayed_ack();
        self.reassembly = Rare::NONE;
        let span = self.config.time_wait;
        let armed = cx.event(&kind::TIME_WAIT_ARMED, self.id, [span.as_nanos() as u64, 0]);
        self.timers.linger.arm(cx.now, span, armed);
    }

    /// Our FIN is acknowledged, the program is gone, and does not want to wait for the other side's: the answer is a reset
    /// (Linux TCP_LINGER2). Whether that is so.
    pub(crate) fn refuses_to_wait(&mut self, segment: &Segment, fin_acked: bool, cx: &mut Cx) -> bool {
        let ends = self.state == State::FIN_WAIT_1 && fin_acked && self.orphan && self.config.fin_wait_2.is_none();
        if ends {
            let why = cx.event(&kind::ABORTED, self.id, [0, 0]);
            if let Some(reset) = refuse(segment) {
                self.post(reset, why);
            }
            self.step(Event::Abort, &mut cx.caused_by(why));
        }
        ends
    }

    /// In FIN-WAIT-2 without a program: the other side has so long to close (Linux's `tcp_fin_timeout`, TCP_LINGER2).
    pub(crate) fn arm_fin_wait(&mut self, cx: &mut Cx) {
        if !self.timers.linger.is_armed() {
            // Long enough for a FIN that is lost to come again (Linux `tcp_fin_time`).
            let span = self.config.fin_wait_2.unwrap_or_default().max(self.rtt.rto() * 7 / 2);
            let armed = cx.event(&kind::FIN_WAIT_ARMED, self.id, [span.as_nanos() as u64, 0]);
            self.timers.linger.arm(cx.now, span, armed);
        }
    }
}
