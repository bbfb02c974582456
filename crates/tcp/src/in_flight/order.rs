//! The order of transmissions (RFC 8985 §6.2 walks it), as a list through the records.

use super::{InFlight, NONE, Sent};

impl InFlight {
    /// The segment that was sent longest ago of those that may still be found lost.
    pub fn earliest(&self) -> Option<u64> {
        (self.head != NONE).then_some(self.head)
    }
    /// The one that was sent after segment `number`.
    pub fn after(&self, number: u64) -> Option<u64> {
        self.get(number).map(|sent| sent.later).filter(|&later| later != NONE)
    }

    pub(super) fn link_last(&mut self, number: u64) {
        let tail = self.tail;
        if let Some(sent) = self.get_mut(number) {
            (sent.earlier, sent.later) = (tail, NONE);
        }
        match self.get_mut(tail) {
            Some(last) => last.later = number,
            None => self.head = number,
        }
        self.tail = number;
    }

    pub(super) fn unlink(&mut self, number: u64) {
        let Some(sent) = self.get_mut(number) else { return };
        let (earlier, later) = (sent.earlier, sent.later);
        (sent.earlier, sent.later) = (NONE, NONE);
        if self.head != number && earlier == NONE {
            return; // it was not in the list
        }
        match self.get_mut(earlier) {
            Some(before) => before.later = later,
            None => self.head = later,
        }
        match self.get_mut(later) {
            Some(behind) => behind.earlier = earlier,
            None => self.tail = earlier,
        }
    }

    /// Makes the order anew from what the records say.
    pub(super) fn relink(&mut self) {
        (self.head, self.tail) = (NONE, NONE);
        let mut order: Vec<u64> = self.numbers().collect();
        let listed = |sent: &Sent| !sent.sacked && (!sent.lost || sent.resent);
        order.retain(|&number| self.get(number).is_some_and(listed));
        order.sort_by_key(|&number| self.get(number).map(|sent| sent.last_sent));
        order.into_iter().for_each(|number| self.link_last(number));
    }
}
