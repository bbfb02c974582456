//! Fast retransmit, fast recovery and its NewReno modification (RFC 5681 §3.2, RFC 6582), with limited transmit (RFC 3042).

use wire::tcp::Seq;

use super::{AckEvent, Recovery, Verdict};
use crate::InFlight;

/// RFC 5681 §3.2: the third duplicate says that a segment is lost.
const THRESHOLD: u32 = 3;

/// NewReno.
#[derive(Clone, Copy, Debug)]
pub struct NewReno {
    dup_acks: u32,
    /// RFC 6582 §3.2: no fast retransmit for duplicates of what was sent before this.
    recover: Seq,
    recovering: bool,
    partial_acks: u32,
    /// What duplicate acknowledgments add to the window, and partial ones take off it.
    inflation: i64,
}

impl NewReno {
    /// For a connection whose first number is `iss`.
    pub fn new(iss: Seq) -> NewReno {
        NewReno { dup_acks: 0, recover: iss, recovering: false, partial_acks: 0, inflation: 0 }
    }
}

impl Recovery for NewReno {
    fn on_ack(&mut self, ack: &AckEvent, flight: &mut InFlight) -> Verdict {
        let mss = i64::from(ack.mss);
        if ack.duplicate {
            self.dup_acks = self.dup_acks.saturating_add(1);
            if self.recovering {
                // RFC 6582 §3.2, step 3: a segment has left the network.
                self.inflation += mss;
                return Verdict::Nothing;
            }
            // RFC 6582 §3.2, step 2: only if the acknowledgment covers more than `recover`.
            if self.dup_acks >= THRESHOLD && ack.una.after(self.recover) {
                self.recover = ack.nxt;
                self.recovering = true;
                self.partial_acks = 0;
                // RFC 5681 §3.2, step 3: the three segments that have left the network.
                self.inflation = i64::from(THRESHOLD) * mss;
                flight.mark_lost(0);
                return Verdict::Enter;
            }
            // RFC 3042 §2: the first two let a new segment out each.
            self.inflation = i64::from(self.dup_acks.min(THRESHOLD - 1)) * mss;
            return Verdict::Nothing;
        }
        if ack.acked == 0 {
            return Verdict::Nothing;
        }
        self.dup_acks = 0;
        if !self.recovering {
            self.inflation = 0;
            return Verdict::Nothing;
        }
        if ack.una.at_or_after(self.recover) {
            // RFC 6582 §3.2, step 3, full acknowledgment.
            self.recovering = false;
            self.inflation = 0;
            return Verdict::Done;
        }
        // RFC 6582 §3.2, step 3, partial acknowledgment: the next segment is lost too; deflate by what was acknowledged,
        // less a segment if it was one.
        self.inflation -= i64::from(ack.acked);
        if ack.acked >= ack.mss {
            self.inflation += mss;
        }
        self.partial_acks += 1;
        flight.mark_lost(0);
        Verdict::Partial { restart: self.partial_acks == 1 }
    }

    fn on_timeout(&mut self, nxt: Seq) {
        // RFC 6582 §3.2, step 4.
        *self = NewReno { recover: nxt, ..NewReno::new(nxt) };
    }

    fn allowance(&self) -> i64 {
        self.inflation
    }

    fn until(&self) -> Option<Seq> {
        self.recovering.then_some(self.recover)
    }

    fn dup_acks(&self) -> u32 {
        self.dup_acks
    }
}
