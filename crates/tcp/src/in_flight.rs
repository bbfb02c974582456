//! What has been sent and not been acknowledged, a record for each segment.

use std::collections::VecDeque;

use base::{EventId, Instant};
use wire::tcp::Seq;

/// A segment in flight: it takes sequence numbers and waits for its acknowledgment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sent {
    /// Its first number.
    pub start: Seq,
    /// The number behind its last.
    pub end: Seq,
    /// When it was sent first.
    pub first_sent: Instant,
    /// When it was sent last.
    pub last_sent: Instant,
    /// How often it was sent.
    pub times_sent: u32,
    /// The other side has it, behind a gap (RFC 2018).
    pub sacked: bool,
    /// It is taken for lost and has not been sent again since.
    pub lost: bool,
    /// How many bytes the connection had delivered when it was sent last, and when the last of those was acknowledged.
    pub delivered: u64,
    /// See [`Sent::delivered`].
    pub delivered_at: Instant,
    /// When the first segment of the flight that it was sent in was sent: where its rate sample's interval begins.
    pub flight_began: Instant,
    /// The program had nothing more to send then.
    pub app_limited: bool,
    /// The write that supplied its data, or the act that made it.
    pub write: EventId,
}

impl Sent {
    /// How many numbers it takes.
    pub fn len(&self) -> u32 {
        self.end.distance(self.start)
    }
    /// Whether it takes none; no record in flight does.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

/// The segments in flight, oldest first.
#[derive(Debug, Default)]
pub struct InFlight {
    queue: VecDeque<Sent>,
    /// Bytes neither acknowledged, nor selectively acknowledged, nor taken for lost.
    pipe: u32,
    /// How many segments are lost and not sent again; none of them stands before `hint`.
    lost: usize,
    hint: usize,
}

impl InFlight {
    /// Bytes in flight: not acknowledged in any way, and not taken for lost (RFC 6675 §2, pipe).
    pub fn pipe(&self) -> u32 {
        self.pipe
    }
    /// The records, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Sent> {
        self.queue.iter()
    }
    /// Number of segments.
    pub fn len(&self) -> usize {
        self.queue.len()
    }
    /// Whether nothing waits for an acknowledgment.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
    /// The oldest segment.
    pub fn oldest(&self) -> Option<&Sent> {
        self.queue.front()
    }
    /// Segment number `at`, counted from the oldest.
    pub fn get(&self, at: usize) -> Option<&Sent> {
        self.queue.get(at)
    }
    /// Whether any segment is lost and waits to be sent again.
    pub fn any_lost(&self) -> bool {
        self.lost > 0
    }

    /// A new segment was sent, behind all others.
    pub(crate) fn push(&mut self, sent: Sent) {
        self.pipe += sent.len();
        self.queue.push_back(sent);
    }

    /// Takes the newest segment back: it was a probe that the other side did not take.
    pub(crate) fn pop_newest(&mut self) -> Option<Sent> {
        let sent = self.queue.pop_back()?;
        self.forget(&sent);
        self.hint = self.hint.min(self.queue.len());
        Some(sent)
    }

    /// Everything before `una` is acknowledged: calls `each` with the record of each segment that was so in whole, oldest
    /// first. A segment that was acknowledged in part is shortened.
    pub(crate) fn acknowledge(&mut self, una: Seq, mut each: impl FnMut(&Sent)) {
        while let Some(oldest) = self.queue.front_mut() {
            if oldest.end.at_or_before(una) {
                let sent = *oldest;
                self.queue.pop_front();
                self.hint = self.hint.saturating_sub(1);
                self.forget(&sent);
                each(&sent);
            } else {
                if oldest.start.before(una) {
                    let part = una.distance(oldest.start);
                    oldest.start = una;
                    if !oldest.lost && !oldest.sacked {
                        self.pipe -= part;
                    }
                }
                break;
            }
        }
    }

    fn forget(&mut self, sent: &Sent) {
        if sent.lost {
            self.lost -= 1;
        } else if !sent.sacked {
            self.pipe -= sent.len();
        }
    }

    /// Segment `at` is taken for lost, unless the other side has it. Whether that is news.
    pub fn mark_lost(&mut self, at: usize) -> bool {
        match self.queue.get_mut(at) {
            Some(sent) if !sent.lost && !sent.sacked => {
                sent.lost = true;
                self.pipe -= sent.len();
                self.hint = if self.lost == 0 { at } else { self.hint.min(at) };
                self.lost += 1;
                true
            }
            _ => false,
        }
    }

    /// All segments are taken for lost, except those that the other side has.
    pub fn mark_all_lost(&mut self) {
        (0..self.queue.len()).for_each(|at| _ = self.mark_lost(at));
    }

    /// The first segment that is lost and waits to be sent again.
    pub fn next_lost(&mut self) -> Option<usize> {
        if self.lost == 0 {
            return None;
        }
        while !self.queue.get(self.hint)?.lost {
            self.hint += 1;
        }
        Some(self.hint)
    }

    /// Segment `at` is sent again. If it is longer than `mss`, the rest becomes a record of its own, lost as well. Gives the
    /// record, to be brought up to date.
    pub(crate) fn resend(&mut self, at: usize, mss: u32) -> Option<&mut Sent> {
        let sent = self.queue.get_mut(at)?;
        if sent.lost {
            sent.lost = false;
            self.lost -= 1;
            self.pipe += sent.len();
        }
        if sent.len() > mss {
            let mut rest = *sent;
            sent.end = sent.start + mss;
            rest.start = sent.end;
            self.queue.insert(at + 1, rest);
            self.mark_lost(at + 1);
        }
        self.queue.get_mut(at)
    }

    /// Nothing is in flight any more.
    pub(crate) fn clear(&mut self) {
        *self = InFlight::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flight(lens: &[u32]) -> InFlight {
        let mut flight = InFlight::default();
        let mut start = Seq(0xffff_ffff);
        for &len in lens {
            flight.push(Sent {
                start,
                end: start + len,
                first_sent: Instant::ZERO,
                last_sent: Instant::ZERO,
                times_sent: 1,
                sacked: false,
                lost: false,
                delivered: 0,
                delivered_at: Instant::ZERO,
                flight_began: Instant::ZERO,
                app_limited: false,
                write: EventId::NONE,
            });
            start += len;
        }
        flight
    }

    #[test]
    fn pipe_counts_what_is_neither_acknowledged_nor_lost() {
        let mut flight = flight(&[100, 100, 100]);
        assert_eq!(flight.pipe(), 300);
        assert!(flight.mark_lost(1) && !flight.mark_lost(1));
        assert_eq!((flight.pipe(), flight.next_lost()), (200, Some(1)));
        let mut whole = 0;
        flight.acknowledge(Seq(149), |_| whole += 1);
        assert_eq!((whole, flight.pipe(), flight.next_lost()), (1, 100, Some(0)));
        assert_eq!(flight.resend(0, 1000).map(|sent| sent.len()), Some(50));
        assert_eq!((flight.pipe(), flight.next_lost()), (150, None));
    }

    #[test]
    fn a_segment_that_no_longer_fits_is_split() {
        let mut flight = flight(&[1000, 10]);
        flight.mark_all_lost();
        assert_eq!(flight.pipe(), 0);
        assert_eq!(flight.resend(0, 400).map(|sent| sent.len()), Some(400));
        assert_eq!((flight.pipe(), flight.next_lost(), flight.len()), (400, Some(1), 3));
        flight.acknowledge(Seq(0xffff_ffff) + 1010, |_| {});
        assert_eq!((flight.pipe(), flight.next_lost(), flight.is_empty()), (0, None, true));
    }
}
