//! Eifel (RFC 3522, RFC 4015) and its kin: a retransmission turns out to have been needless, so the reduction that came with it
//! was, too, and is taken back.

use trace::{Cx, Kind, kinds::tcp as kind};
use wire::tcp::Seq;

use super::{Ack, Phase};
use crate::connection::Connection;
use crate::receive::older;

/// What is needed to take a reduction back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Undo {
    /// SND.UNA when the window was reduced; `None`: there is nothing to take back.
    pub(crate) marker: Option<Seq>,
    /// Retransmissions since then that no DSACK has reported as needless; `None` before the first.
    pub(crate) resends: Option<u32>,
    /// Threshold and window as they were; a threshold of 0: they may not come back (RFC 3168 §6.1.2).
    pub(crate) ssthresh: u32,
    pub(crate) cwnd: u32,
    /// Our timestamp clock at the first retransmission of the episode (RFC 3522 §3.2, step 1).
    pub(crate) first_resend: Option<u32>,
}

impl Connection {
    /// A reduction begins: remember how things stand (RFC 4015 §3.2, step 1).
    pub(super) fn remember(&mut self) {
        // The loss probe that is out counts, too: a DSACK may come of it.
        let resent = self.flight.resent() + u32::from(self.recovery.tlp.is_some_and(|probe| probe.resent));
        let undo = &mut self.recovery.undo;
        undo.marker = self.config.undo.then_some(self.snd_una);
        undo.resends = (resent > 0).then_some(resent);
    }

    /// A segment is sent again.
    pub(crate) fn note_resend(&mut self, now: base::Instant) {
        let clock = self.ts_now(now);
        let undo = &mut self.recovery.undo;
        undo.first_resend.get_or_insert(clock);
        undo.resends = Some(undo.resends.unwrap_or(0).saturating_add(1));
    }

    /// DSACKs (RFC 3708 §3) or the timestamp that the acknowledgment echoes (RFC 3522 §3.2, step 4) say that what was sent again
    /// had arrived.
    fn may_undo(&self, ack: &Ack) -> Option<&'static Kind> {
        let undo = &self.recovery.undo;
        undo.marker?;
        if undo.resends == Some(0) {
            return Some(&kind::UNDO_DSACK);
        }
        self.was_only_late(ack).then_some(&kind::UNDO_EIFEL)
    }

    /// The acknowledgment echoes a timestamp from before the first retransmission: it is the original's.
    fn was_only_late(&self, ack: &Ack) -> bool {
        match (self.recovery.undo.first_resend, ack.echo) {
            (Some(first), Some(echo)) => older(echo, first),
            (Some(_), None) => false,
            // Nothing was sent again yet.
            (None, _) => self.agreed.sack,
        }
    }

    /// RFC 4015 §3.2, as Linux does it: window and threshold come back; `unmark`: nothing is lost.
    fn take_back(&mut self, why: &'static Kind, unmark: bool, cx: &mut Cx) {
        let said = cx.event(why, self.id, [0, 0]);
        self.trigger = said;
        if unmark {
            self.flight.unmark_lost();
        }
        let before = self.window_now();
        let undo = self.recovery.undo;
        if undo.ssthresh > 0 {
            self.window.cwnd = self.congestion.undo(&self.window, undo.cwnd);
            if undo.ssthresh > self.window.ssthresh {
                self.window.ssthresh = undo.ssthresh;
                self.ecn.withdraw();
            }
        }
        self.tell_window(before, said, cx);
        self.recovery.undo.marker = None;
        self.recovery.rack.look_again();
    }

    /// Everything up to the end of the recovery is acknowledged. Whether the phase stays as it is.
    pub(super) fn undo_at_the_end(&mut self, ack: &Ack, cx: &mut Cx) -> bool {
        match self.may_undo(ack) {
            Some(why) => self.take_back(why, false, cx),
            None => self.recovery.rack.on_recovered(),
        }
        if self.stays_closed() {
            return true;
        }
        self.trigger = cx.event(&kind::RECOVERY_DONE, self.id, [0, 0]);
        false
    }

    /// RFC 6582 §3.2, step 4 and §4.1: without SACK the phase is left only when something beyond its end is acknowledged, or
    /// duplicates of what was sent twice would begin another one.
    fn stays_closed(&mut self) -> bool {
        let stays = self.snd_una == self.recovery.until && !self.agreed.sack;
        if stays && !self.any_resent() {
            self.recovery.undo.first_resend = None;
        }
        stays
    }

    /// RFC 3708 §3: each retransmission was reported as a duplicate.
    pub(super) fn undo_by_dsack(&mut self, cx: &mut Cx) -> bool {
        let all = self.recovery.undo.marker.is_some() && self.recovery.undo.resends == Some(0);
        if all {
            self.recovery.rack.on_undone();
            self.take_back(&kind::UNDO_DSACK, false, cx);
        }
        all
    }

    /// A part of what was out is acknowledged, by an acknowledgment of originals. Whether that was all that it says.
    pub(super) fn undo_partially(&mut self, ack: &Ack, cx: &mut Cx) -> bool {
        if self.recovery.undo.marker.is_none() || !self.was_only_late(ack) {
            return false;
        }
        // The hole was filled by a late original: the path reorders.
        self.learn_reordering(ack.una_before, cx);
        // While retransmissions are out their acknowledgments would confuse what follows.
        if self.flight.resent() > 0 {
            return true;
        }
        if !self.any_resent() {
            self.recovery.undo.first_resend = None;
        }
        self.take_back(&kind::UNDO_EIFEL, true, cx);
        self.stay_open();
        false
    }

    /// After a timeout. `frto`: F-RTO has found it spurious (RFC 5682 §3.1, step 3.b). Whether it is undone.
    pub(super) fn undo_timeout(&mut self, ack: &Ack, frto: bool, cx: &mut Cx) -> bool {
        let why = if frto { Some(&kind::UNDO_FRTO) } else { self.may_undo(ack) };
        let Some(why) = why.filter(|_| self.config.undo) else { return false };
        self.take_back(why, true, cx);
        self.attempts = 0;
        if self.stays_closed() {
            return true;
        }
        if frto || self.agreed.sack {
            self.recovery.phase = Phase::Open;
        }
        true
    }
}
