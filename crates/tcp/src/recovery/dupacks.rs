//! Losses by what arrived behind them: duplicate acknowledgments where there is no SACK (RFC 5681 §3.2, RFC 6582), SACKed segments
//! where there is no RACK (RFC 6675).

use trace::{Cx, kinds::tcp as kind};

use super::{Ack, Phase};
use crate::connection::Connection;

impl Connection {
    /// Without SACK: a duplicate acknowledgment says that some segment has arrived (RFC 9937 §6.2).
    pub(super) fn add_duplicate(&mut self, ack: &mut Ack, cx: &mut Cx) {
        let told = self.flight.sacked() + 1;
        if self.flight.set_told(told) < told {
            // More duplicates than segments: the path reorders, or duplicates.
            let all = self.flight.len() as u32;
            self.set_reordering(all, cx);
        } else {
            ack.delivered += 1;
        }
    }

    /// Without SACK: `acked` segments are acknowledged, of which duplicates may have told. Gives how many are news.
    pub(crate) fn eat_duplicates(&mut self, acked: u32) -> u32 {
        if acked == 0 {
            return 0;
        }
        let told = self.flight.sacked();
        // One filled the hole, the others were told of.
        let left = told.saturating_sub(acked - 1);
        self.flight.set_told(left);
        acked.saturating_sub(told).max(1)
    }

    /// Without SACK and without RFC 6582: whatever acknowledges something new ends the recovery (RFC 5681 §3.2, step 6).
    pub(super) fn ends_without_newreno(&self, ack: &Ack) -> bool {
        !self.agreed.sack && !self.config.newreno && self.recovery.phase == Phase::Recovery && ack.advanced > 0
    }

    /// RFC 6582 §3.2, steps 2 and 3: the third duplicate, and each partial acknowledgment, have the oldest segment taken for lost.
    pub(super) fn find_lost_by_duplicates(&mut self, ack: &Ack, cx: &mut Cx) {
        let first = self.recovery.phase < Phase::Recovery && self.flight.sacked() >= self.recovery.reordering;
        let partial = self.recovery.phase == Phase::Recovery && ack.advanced > 0;
        let head = self.flight.numbers().start;
        if !(first || partial) || self.flight.get(head).is_none_or(|sent| sent.lost) {
            return;
        }
        let (kind, at) =
            if first { (&kind::FAST_RETRANSMIT, self.snd_una) } else { (&kind::PARTIAL_ACK, self.snd_una) };
        self.trigger = cx.event(kind, self.id, [at.0.into(), 0]);
        self.flight.mark_lost(head);
        self.recovery.lost += 1;
    }

    /// RFC 6675 §4, IsLost: as many segments above it were sacked as the path is believed to reorder.
    pub(super) fn find_lost_by_sack(&mut self, cx: &mut Cx) {
        let Some(above) = self.flight.nth_sacked_from_end(self.recovery.reordering) else { return };
        let from = self.recovery.looked_at.max(self.flight.numbers().start);
        for number in from..above {
            let Some(&sent) = self.flight.get(number) else { break };
            // What was sent again waits for its timer: RFC 6675 does not look at it twice (§5, NextSeg).
            if !sent.resent && self.flight.mark_lost(number) {
                self.recovery.lost += 1;
                self.trigger = cx.event(&kind::SACK_LOST, self.id, [sent.len().into(), sent.start.0.into()]);
            }
        }
        self.recovery.looked_at = self.recovery.looked_at.max(above);
    }
}
