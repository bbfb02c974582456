//! When slow start should end before something is lost: HyStart as Linux's CUBIC has it, and HyStart++ (RFC 9406).

use std::num::NonZeroU32;

use base::{Duration, Instant};
use wire::tcp::Seq;

use super::{AckSample, Note, Window};
use crate::SlowStart;

/// RFC 9406 §4.3: MIN_RTT_THRESH, MAX_RTT_THRESH, MIN_RTT_DIVISOR, N_RTT_SAMPLE, CSS_GROWTH_DIVISOR, CSS_ROUNDS, L. The first
/// four are the same in HyStart.
const MIN_THRESH: Duration = Duration::from_millis(4);
const MAX_THRESH: Duration = Duration::from_millis(16);
const DIVISOR: i64 = 8;
const SAMPLES: u32 = 8;
const GROWTH_DIVISOR: u32 = 4;
const CSS_ROUNDS: u32 = 5;
const MOST: u32 = 8;
/// Linux: smaller windows are left alone.
const LOW_WINDOW: u32 = 16;
/// Linux: acknowledgments this close belong to one train.
const TRAIN_GAP: Duration = Duration::from_millis(2);
/// Linux: what senders' and receivers' batching may add to a train.
const BATCHING: Duration = Duration::from_millis(1);

/// Slow start with or without an early end.
#[derive(Clone, Debug)]
pub(crate) struct HyStart {
    kind: SlowStart,
    /// The round ends when this is acknowledged; when it began, and when the last acknowledgment of its train came.
    round: Option<(Seq, Instant, Instant)>,
    /// The least round trip of this round and of the last, of so many samples.
    least: Option<Duration>,
    last_least: Option<Duration>,
    samples: u32,
    /// RFC 9406 §4.2, conservative slow start: the round trip that it began with, and in which round it is.
    css: Option<(Duration, NonZeroU32)>,
    /// Segments that conservative slow start has not turned into growth yet.
    credit: u32,
    /// The end was found.
    found: bool,
    note: Option<Box<Note>>,
}

/// RFC 9406 §4.2: RttThresh, an eighth of the least round trip, 4 ms to 16 ms.
fn threshold(least: Duration) -> Duration {
    (least / DIVISOR).clamp(MIN_THRESH, MAX_THRESH)
}

impl HyStart {
    pub(crate) fn new(kind: SlowStart) -> HyStart {
        HyStart {
            kind,
            round: None,
            least: None,
            last_least: None,
            samples: 0,
            css: None,
            credit: 0,
            found: false,
            note: None,
        }
    }

    /// For a new slow start.
    pub(crate) fn again(&self) -> HyStart {
        HyStart { note: self.note.clone(), ..HyStart::new(self.kind) }
    }

    pub(crate) fn take_note(&mut self) -> Option<Note> {
        self.note.take().map(|note| *note)
    }

    /// An acknowledgment lets the window grow. Gives what is left of it once the threshold is reached.
    pub(crate) fn slow_start(&mut self, window: &mut Window, ack: &AckSample) -> u32 {
        if self.kind != SlowStart::HyStartPlusPlus {
            return window.slow_start(ack.acked);
        }
        // RFC 9406 §4.2: at most L segments for an acknowledgment, as nothing paces them.
        let acked = ack.acked.min(MOST);
        if self.css.is_none() {
            return window.slow_start(acked);
        }
        self.credit += acked;
        let grown = self.credit / GROWTH_DIVISOR;
        self.credit %= GROWTH_DIVISOR;
        window.slow_start(grown)
    }

    /// A round trip was measured.
    pub(crate) fn on_rtt(&mut self, window: &mut Window, ack: &AckSample) {
        let Some(rtt) = ack.rtt else { return };
        if !window.in_slow_start() {
            return;
        }
        match self.kind {
            SlowStart::Plain => {}
            SlowStart::HyStart => self.classic(window, ack, rtt),
            SlowStart::HyStartPlusPlus => self.plus_plus(window, ack, rtt),
        }
    }

    /// Whether a new round begins with this acknowledgment.
    fn begins_round(&mut self, ack: &AckSample) -> bool {
        if self.round.is_some_and(|(end, ..)| ack.una.at_or_before(end)) {
            return false;
        }
        self.round = Some((ack.nxt, ack.now, ack.now));
        (self.last_least, self.least, self.samples) = (self.least, None, 0);
        true
    }

    fn end(&mut self, window: &mut Window, note: Note) {
        self.found = true;
        self.note = Some(Box::new(note));
        window.ssthresh = window.cwnd;
    }

    /// RFC 9438 §4.10 names it; Ha and Rhee, "Taming the elephants" (2011), as in Linux.
    fn classic(&mut self, window: &mut Window, ack: &AckSample, rtt: Duration) {
        let Some(least) = ack.min_rtt.filter(|_| !self.found && window.cwnd >= LOW_WINDOW) else { return };
        self.begins_round(ack);
        // A train of acknowledgments half as long as the path: the window fills it.
        if let Some((_, began, last)) = &mut self.round
            && ack.now - *last <= TRAIN_GAP
        {
            *last = ack.now;
            let train = ack.now - *began;
            if train > (least + BATCHING) / 2 {
                return self.end(window, Note::LongTrain { train });
            }
        }
        // The least of eight samples has grown: a queue builds up.
        let now = self.least.map_or(rtt, |known| known.min(rtt));
        self.least = Some(now);
        if self.samples < SAMPLES {
            self.samples += 1;
        } else if now > least + threshold(least) {
            self.end(window, Note::DelayGrew { now, least });
        }
    }

    /// RFC 9406 §4.2.
    fn plus_plus(&mut self, window: &mut Window, ack: &AckSample, rtt: Duration) {
        if self.begins_round(ack)
            && let Some((_, rounds)) = &mut self.css
        {
            *rounds = rounds.saturating_add(1);
            if rounds.get() > CSS_ROUNDS {
                // "If CSS_ROUNDS rounds are complete, enter congestion avoidance."
                let (least, now) = (self.css.map_or(rtt, |(least, _)| least), rtt);
                self.css = None;
                return self.end(window, Note::DelayGrew { now, least });
            }
        }
        let now = self.least.map_or(rtt, |known| known.min(rtt));
        self.least = Some(now);
        self.samples += 1;
        if self.samples < SAMPLES {
            return;
        }
        match self.css {
            // The round trips were a passing trouble: slow start goes on.
            Some((baseline, _)) if now < baseline => self.css = None,
            Some(_) => {}
            None => {
                if self.last_least.is_some_and(|last| now >= last + threshold(last)) {
                    self.css = Some((now, NonZeroU32::MIN));
                    self.credit = 0;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ack(at: i64, rtt: i64, una: u32, nxt: u32) -> AckSample {
        let ms = Duration::from_millis;
        AckSample {
            now: Instant::ZERO + ms(at),
            acked: 1,
            lost: 0,
            rtt: Some(ms(rtt)),
            srtt: Some(ms(rtt)),
            min_rtt: Some(ms(rtt.min(40))),
            delivered: 0,
            prior_delivered: 0,
            interval: Duration::ZERO,
            app_limited: false,
            cwnd_limited: true,
            sent_in_flight: 20,
            lost_since_sent: 0,
            recovering: false,
            sack: true,
            in_flight: (20, 19),
            mss: 1000,
            una: Seq(una),
            nxt: Seq(nxt),
        }
    }

    #[test]
    fn rfc_9406_section_4_2_the_threshold_is_an_eighth_between_4_and_16_ms() {
        let of = |ms| threshold(Duration::from_millis(ms)).as_millis();
        assert_eq!([of(10), of(32), of(80), of(128), of(500)], [4, 4, 10, 16, 16]);
    }

    #[test]
    fn linux_hystart_ends_slow_start_when_the_least_of_eight_round_trips_has_grown() {
        let mut window = Window::new(20);
        let mut hystart = HyStart::new(SlowStart::HyStart);
        // 40 / 8 = 5 ms: 45 is not more, 46 is; the ninth sample tells.
        for (rtt, found) in [(45, false), (46, true)] {
            hystart = hystart.again();
            for i in 0..9 {
                hystart.on_rtt(&mut window, &ack(i * 5, rtt, 1, 1000));
            }
            assert_eq!(window.ssthresh == 20, found, "{rtt} ms");
        }
        assert!(matches!(hystart.take_note(), Some(Note::DelayGrew { .. })));
    }

    #[test]
    fn linux_hystart_ends_slow_start_at_a_train_of_half_a_round_trip() {
        let mut window = Window::new(20);
        let mut hystart = HyStart::new(SlowStart::HyStart);
        // (40 + 1) / 2 ms.
        for at in 0..=20 {
            hystart.on_rtt(&mut window, &ack(at, 40, 1, 1000));
            assert!(!hystart.found, "after {at} ms");
        }
        hystart.on_rtt(&mut window, &ack(21, 40, 1, 1000));
        assert_eq!(window.ssthresh, 20);
    }

    #[test]
    fn rfc_9406_section_4_2_conservative_slow_start_lasts_five_rounds_and_grows_by_a_quarter() {
        let mut window = Window::new(20);
        let mut hystart = HyStart::new(SlowStart::HyStartPlusPlus);
        let round = |hystart: &mut HyStart, window: &mut Window, n: u32, rtt| {
            for i in 0..8 {
                let ack = ack(i64::from(n * 100 + i), rtt, n * 100 + 1, (n + 1) * 100);
                hystart.on_rtt(window, &ack);
                hystart.slow_start(window, &ack);
            }
        };
        round(&mut hystart, &mut window, 0, 40);
        assert_eq!((hystart.css, window.cwnd), (None, 28));
        // The eighth sample of 45 is 5 more than 40.
        round(&mut hystart, &mut window, 1, 45);
        assert_eq!((hystart.css.is_some(), window.cwnd), (true, 35), "7 before, and a quarter of 1");
        for n in 2..6 {
            round(&mut hystart, &mut window, n, 45);
            assert!(window.in_slow_start(), "round {n}");
        }
        assert_eq!(window.cwnd, 35 + 8, "a quarter of 4 times 8");
        round(&mut hystart, &mut window, 6, 45);
        assert!(!window.in_slow_start(), "five rounds are over");
        // It goes on if the round trip comes back.
        let mut window = Window::new(20);
        let mut hystart = HyStart::new(SlowStart::HyStartPlusPlus);
        for (n, rtt) in [(0, 40), (1, 45), (2, 40)] {
            round(&mut hystart, &mut window, n, rtt);
        }
        assert_eq!(hystart.css, None);
    }
}
