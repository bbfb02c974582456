//! One direction of a link: a queue, a line with a rate and a delay, and what is in flight on it.

use std::collections::VecDeque;

use base::{Draws, Duration, Entry, EventId, FrameId, Instant, PlaceId, Seed};
use trace::{Cx, kinds};
use wire::{Packet, ethernet};

use super::fault::{Layer, Then};
use super::mark::mark;
use super::{LaneConfig, QueueLimit};
use crate::agenda::{Agenda, Due};

/// What a lane has done so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LaneStats {
    /// Frames put on the line, lost ones included.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Frames lost on the line.
    pub lost: u64,
    /// Frames dropped because the queue was full.
    pub queue_drops: u64,
    /// Frames marked as having met congestion.
    pub marked: u64,
    /// Frames dropped because they were larger than the MTU.
    pub too_big: u64,
    /// The most bytes that ever waited.
    pub peak_queue_bytes: usize,
}

/// What becomes of a frame in flight.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Arrives,
    Lost,
}

/// A frame between the two ends of a link.
#[derive(Debug)]
pub(crate) struct InFlight {
    pub(crate) at: Instant,
    pub(crate) ticket: u64,
    pub(crate) fate: Fate,
    /// Its observation at the sending end.
    pub(crate) frame: Option<FrameId>,
    /// The latest event of its way: its sending, or what happened to it on the line.
    pub(crate) event: EventId,
    pub(crate) packet: Packet,
}

/// A frame that is handed to a lane.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) packet: Packet,
    pub(crate) frame: Option<FrameId>,
    pub(crate) sent: EventId,
}

/// One direction of a link.
#[derive(Debug)]
#[repr(C)] // in this order in memory: of many lanes each frame touches little
pub(crate) struct Lane {
    /// The node and port at the far end.
    pub(crate) to: (u32, u16),
    /// Its index among all lanes.
    index: u32,
    /// The number of its link, which events name.
    link: u32,
    pub(crate) place: PlaceId,
    /// When the line has sent everything that it was given.
    idle_at: Instant,
    waiting_bytes: usize,
    /// How long the last length took: most frames of a run have one of two lengths.
    last_time: (usize, Duration),
    /// In order of arrival.
    flight: VecDeque<InFlight>,
    /// What waits in front of the line: when its sending starts, and its length.
    waiting: VecDeque<(Instant, u32)>,
    stats: LaneStats,
    layers: Vec<Layer>,
    config: LaneConfig,
    loss: Draws,
}

/// An event's argument for a frame that is not recorded.
fn frame_arg(frame: Option<FrameId>) -> u64 {
    frame.map_or(u64::MAX, |frame| u64::from(frame.0))
}

impl Lane {
    /// A lane. `name` is unique in the run and names its streams of randomness.
    pub(crate) fn new(
        (index, link): (u32, u32),
        place: PlaceId,
        to: (u32, u16),
        config: LaneConfig,
        seed: Seed,
        name: &str,
    ) -> Lane {
        let draws = |i| seed.draws(&format!("fault {i} on {name}"));
        let layers = config.faults.iter().enumerate().map(|(i, fault)| Layer::new(fault.clone(), draws(i))).collect();
        Lane {
            index,
            link,
            place,
            to,
            layers,
            loss: seed.draws(&format!("loss on {name}")),
            idle_at: Instant::ZERO,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            last_time: (0, Duration::ZERO),
            flight: VecDeque::new(),
            stats: LaneStats::default(),
            config,
        }
    }

    /// What it has done so far.
    pub(crate) fn stats(&self) -> LaneStats {
        self.stats
    }

    /// A frame is handed to the lane: it is put on the line, waits, or is dropped.
    pub(crate) fn handle_offer(&mut self, offer: Offer, agenda: &mut Agenda, cx: &mut Cx<'_>) {
        let Offer { mut packet, frame, mut sent } = offer;
        let len = packet.len();
        if len > self.config.mtu.saturating_add(ethernet::Header::LEN) {
            self.stats.too_big += 1;
            cx.event(&kinds::link::TOO_BIG, self.link, [frame_arg(frame), self.config.mtu as u64]);
            return;
        }
        if self.idle_at > cx.now {
            while let Some((_, n)) = self.waiting.pop_front_if(|(starts, _)| *starts <= cx.now) {
                self.waiting_bytes -= n as usize;
            }
            let QueueLimit { bytes, packets } = self.config.queue;
            if self.waiting_bytes.saturating_add(len) > bytes || self.waiting.len() >= packets {
                self.stats.queue_drops += 1;
                let args = [frame_arg(frame), self.waiting_bytes as u64];
                cx.event(&kinds::link::QUEUE_DROP, self.link, args);
                return;
            }
            let wait = self.idle_at - cx.now;
            cx.event(&kinds::link::QUEUED, self.link, [frame_arg(frame), wait.as_nanos().unsigned_abs()]);
            if self.waiting_bytes >= self.config.mark && mark(&mut packet) {
                self.stats.marked += 1;
                let args = [frame_arg(frame), self.waiting_bytes as u64];
                sent = cx.caused_by(sent).event(&kinds::link::MARKED, self.link, args);
            }
            self.waiting.push_back((self.idle_at, len as u32));
            self.waiting_bytes += len;
            self.stats.peak_queue_bytes = self.stats.peak_queue_bytes.max(self.waiting_bytes);
        } else {
            self.waiting.clear();
            self.waiting_bytes = 0;
        }
        self.transmit(packet, frame, sent, agenda, cx);
    }

    /// Puts a frame on the line behind everything that was put on it before.
    #[inline]
    fn transmit(
        &mut self,
        mut packet: Packet,
        frame: Option<FrameId>,
        sent: EventId,
        agenda: &mut Agenda,
        cx: &mut Cx<'_>,
    ) {
        let len = packet.len();
        self.stats.frames += 1;
        self.stats.bytes += len as u64;
        if self.last_time.0 != len {
            self.last_time = (len, self.config.rate.time_for(len));
        }
        self.idle_at = self.idle_at.max(cx.now) + self.last_time.1;
        let (mut at, mut event, mut copies) = (self.idle_at + self.config.delay, sent, 1);
        let mut lost = self.config.loss.happens(self.loss, self.stats.frames);
        for layer in &mut self.layers {
            if lost {
                break;
            }
            let arg = frame_arg(frame);
            match layer.handle_frame(&packet, cx.now) {
                None => {}
                Some(Then::Lose) => lost = true,
                Some(Then::FlipBit(bit)) if bit >= len.saturating_mul(8) => {}
                Some(Then::FlipBit(bit)) => {
                    packet.corrupt(bit);
                    event = cx.caused_by(event).event(&kinds::link::CORRUPTED, self.link, [arg, bit as u64]);
                }
                Some(Then::Duplicate) => {
                    copies += 1;
                    event = cx.caused_by(event).event(&kinds::link::DUPLICATED, self.link, [arg, 0]);
                }
                Some(Then::Hold(extra)) => {
                    at += extra.abs();
                    let args = [arg, extra.abs().as_nanos() as u64];
                    event = cx.caused_by(event).event(&kinds::link::HELD, self.link, args);
                }
            }
        }
        let fate = if lost { Fate::Lost } else { Fate::Arrives };
        if copies > 1 {
            self.fly_often(copies - 1, (at, fate, frame, event), &packet, agenda);
        }
        self.fly(at, fate, frame, event, packet, agenda);
    }

    #[cold]
    fn fly_often(
        &mut self,
        copies: u32,
        (at, fate, frame, event): (Instant, Fate, Option<FrameId>, EventId),
        packet: &Packet,
        agenda: &mut Agenda,
    ) {
        for _ in 0..copies {
            self.fly(at, fate, frame, event, packet.clone(), agenda);
        }
    }

    #[inline(always)]
    fn fly(
        &mut self,
        at: Instant,
        fate: Fate,
        frame: Option<FrameId>,
        event: EventId,
        packet: Packet,
        agenda: &mut Agenda,
    ) {
        let ticket = agenda.ticket();
        let flying = InFlight { at, ticket, fate, frame, event, packet };
        // Almost always the last to arrive; only held frames are overtaken.
        if self.flight.back().is_none_or(|last| last.at <= at) {
            self.flight.push_back(flying);
            if self.flight.len() == 1 {
                agenda.push(at, ticket, Due::Lane(self.index));
            }
        } else {
            let place = self.flight.partition_point(|other| other.at <= at);
            self.flight.insert(place, flying);
            if place == 0 {
                // The former first is due as well; it is recognised as not the first when it comes up.
                agenda.push(at, ticket, Due::Lane(self.index));
            }
        }
    }

    /// The agenda says that the frame with `ticket` arrives: takes it off the line, and says which one is next. `None`
    /// for a ticket that a frame which overtook it has made stale.
    pub(crate) fn poll_arrival(&mut self, ticket: u64) -> (Option<InFlight>, Option<Entry<Due>>) {
        if self.flight.front().is_none_or(|first| first.ticket != ticket) {
            return (None, None);
        }
        let arrived = self.flight.pop_front();
        let next =
            self.flight.front().map(|next| Entry { at: next.at, ticket: next.ticket, due: Due::Lane(self.index) });
        (arrived, next)
    }

    /// A frame that was lost would have arrived now.
    pub(crate) fn handle_loss(&mut self, lost: &InFlight, cx: &mut Cx<'_>) {
        self.stats.lost += 1;
        cx.event(&kinds::link::LOST, self.link, [frame_arg(lost.frame), 0]);
    }
}

#[cfg(test)]
mod tests {
    use base::Rate;
    use trace::{Level, Recorder};
    use wire::Body;
    use wire::tcp::Flags;

    use super::super::{Fault, Match, Which};
    use super::*;

    /// A lane with what surrounds it.
    struct Bench {
        lane: Lane,
        agenda: Agenda,
        recorder: Recorder,
    }

    impl Bench {
        fn new(config: LaneConfig) -> Bench {
            let lane = Lane::new((0, 0), PlaceId(0), (0, 0), config, Seed(1), "a to b");
            Bench { lane, agenda: Agenda::default(), recorder: Recorder::new(Level::Full) }
        }

        fn offer(&mut self, us: i64, packet: Packet) {
            let now = Instant::ZERO + Duration::from_micros(us);
            let mut cx = Cx::new(now, PlaceId(0), EventId(1), &mut self.recorder);
            let offer = Offer { packet, frame: None, sent: EventId(1) };
            self.lane.handle_offer(offer, &mut self.agenda, &mut cx);
        }

        /// All that is in flight, in order of arrival: when, in us, what becomes of it, and the packet's last byte.
        fn arrivals(&mut self) -> Vec<(i64, Fate, u8)> {
            let mut out = Vec::new();
            while let Some(Entry { at, ticket, .. }) = self.agenda.first() {
                let (arrived, next) = self.lane.poll_arrival(ticket);
                self.agenda.replace_first(next);
                if let Some(arrived) = arrived {
                    assert_eq!(at, arrived.at);
                    let last = arrived.packet.to_vec().last().copied().unwrap_or(0);
                    out.push((at.since(Instant::ZERO).as_micros(), arrived.fate, last));
                }
            }
            out
        }

        fn count(&self, id: &str) -> usize {
            self.recorder.trace().events.iter().filter(|event| event.kind.id == id).count()
        }
    }

    /// A frame of `len` bytes that ends with `mark`.
    fn frame(len: usize, mark: u8) -> Packet {
        let mut bytes = vec![0; len];
        bytes[len - 1] = mark;
        Packet::from_bytes(bytes.into())
    }

    /// A TCP segment with `payload` in a frame.
    fn segment(flags: Flags, payload: &'static [u8]) -> Packet {
        let mut packet = Packet::new(Body::from(payload));
        wire::tcp::Header::new((1, 2), wire::tcp::Seq(0), wire::tcp::Seq(0), flags, 0, 0).write(packet.push(20));
        let ip = packet.push(20);
        ip[0] = 0x45;
        ip[2..4].copy_from_slice(&(40 + payload.len() as u16).to_be_bytes());
        ip[9] = 6;
        packet.push(14)[12..].copy_from_slice(&[8, 0]);
        packet
    }

    const SLOW: Rate = Rate::mbit(8); // a byte a microsecond

    #[test]
    fn rfc_3168_section_5_a_long_queue_marks_what_may_be_marked_and_a_full_one_drops_it() {
        let ect = |ecn: u8| {
            let mut packet = segment(Flags::ACK, &[7; 46]);
            let head = packet.head_mut();
            (head[15], head[22]) = (ecn, 64);
            packet
        };
        let mut bench = Bench::new(LaneConfig::new(Duration::ZERO, SLOW).mark_bytes(100).queue_bytes(400));
        for ecn in [2, 2, 2, 0, 1, 2] {
            bench.offer(0, ect(ecn));
        }
        let mut seen = vec![];
        while let Some(Entry { ticket, .. }) = bench.agenda.first() {
            let (arrived, next) = bench.lane.poll_arrival(ticket);
            bench.agenda.replace_first(next);
            seen.extend(arrived.map(|arrived| {
                let bytes = arrived.packet.to_vec();
                (bytes[15], wire::Sum::of(&bytes[14..34]).verifies())
            }));
        }
        // The first finds the line idle, the second an empty queue, the third 100 bytes; ECT(1) is marked as well. The sixth
        // finds 400.
        assert_eq!(seen, [(2, false), (2, false), (3, true), (0, false), (3, true)]);
        assert_eq!((bench.count("link.marked"), bench.count("link.queue_drop"), bench.lane.stats().marked), (2, 1, 2));
    }

    #[test]
    fn frames_follow_each_other_at_the_lines_rate() {
        let mut bench = Bench::new(LaneConfig::new(Duration::from_millis(1), SLOW));
        for mark in 1..=3 {
            bench.offer(0, frame(100, mark));
        }
        bench.offer(1000, frame(50, 4));
        let arrives = |us, mark| (us, Fate::Arrives, mark);
        assert_eq!(bench.arrivals(), [arrives(1100, 1), arrives(1200, 2), arrives(1300, 3), arrives(2050, 4)]);
        assert_eq!(bench.count("link.queued"), 2, "the first and the last found the line idle");
    }

    #[test]
    fn what_the_queue_has_no_room_for_is_dropped() {
        let mut bench = Bench::new(LaneConfig::new(Duration::ZERO, SLOW).queue_bytes(250));
        for mark in 1..=5 {
            bench.offer(0, frame(100, mark));
        }
        // One is on the line, two wait, two are dropped; once the first is sent, there is room again.
        bench.offer(100, frame(100, 6));
        assert_eq!(bench.arrivals().iter().map(|a| a.2).collect::<Vec<_>>(), [1, 2, 3, 6]);
        assert_eq!(bench.count("link.queue_drop"), 2);
        let stats = bench.lane.stats();
        assert_eq!((stats.queue_drops, stats.frames, stats.peak_queue_bytes), (2, 4, 200));

        let queue = QueueLimit::packets(1);
        let mut bench = Bench::new(LaneConfig { queue, ..LaneConfig::new(Duration::ZERO, SLOW) });
        (1..=3).for_each(|mark| bench.offer(0, frame(100, mark)));
        assert_eq!(bench.arrivals().len(), 2);
    }

    #[test]
    fn giants_are_dropped() {
        let mut bench = Bench::new(LaneConfig::default());
        bench.offer(0, frame(1514, 1));
        bench.offer(0, frame(1515, 2));
        assert_eq!(bench.arrivals(), [(0, Fate::Arrives, 1)]);
        assert_eq!(bench.count("link.too_big"), 1);
    }

    #[test]
    fn losses_are_drawn_by_number() {
        let config = LaneConfig::default().loss("10%".parse().unwrap());
        let lost = |faults: Vec<Fault>| {
            let mut bench = Bench::new(LaneConfig { faults, ..config.clone() });
            (0..1000).for_each(|i| bench.offer(i, frame(60, 0)));
            let fates = bench.arrivals().into_iter().map(|(_, fate, _)| fate == Fate::Lost);
            fates.collect::<Vec<_>>()
        };
        let alone = lost(Vec::new());
        let n = alone.iter().filter(|lost| **lost).count();
        assert!((70..130).contains(&n), "{n} of 1000");
        let flips = Fault { of: Match::All, which: Which::Every, then: Then::FlipBit(3) };
        assert_eq!(lost(vec![flips]), alone, "another fault on the line does not change which frames are lost");
    }

    #[test]
    fn faults_choose_by_kind_and_number() {
        let fault = |of, which, then| Fault { of, which, then };
        let config = LaneConfig::default()
            .fault(fault(Match::TcpData, Which::Nth(2), Then::Lose))
            .fault(fault(Match::TcpFlags(Flags::SYN), Which::Every, Then::Duplicate))
            .fault(fault(Match::TcpData, Which::Nth(1), Then::Hold(Duration::from_micros(5))));
        let mut bench = Bench::new(config);
        bench.offer(0, segment(Flags::SYN, b""));
        bench.offer(1, segment(Flags::ACK, b"a"));
        bench.offer(2, segment(Flags::ACK, b""));
        bench.offer(3, segment(Flags::ACK, b"b"));
        bench.offer(4, segment(Flags::ACK, b"c"));
        let seen: Vec<_> =
            bench.arrivals().into_iter().map(|(us, fate, last)| (us, fate == Fate::Lost, last)).collect();
        let want = [(0, false, 0), (0, false, 0), (2, false, 0), (3, true, b'b'), (4, false, b'c'), (6, false, b'a')];
        assert_eq!(seen, want);
        assert_eq!((bench.count("link.duplicated"), bench.count("link.held")), (1, 1));
    }

    #[test]
    fn a_flipped_bit_is_the_receivers_alone() {
        let fault = Fault { of: Match::All, which: Which::Nth(1), then: Then::FlipBit(59 * 8 + 7) };
        let mut bench = Bench::new(LaneConfig::default().fault(fault));
        let original = frame(60, 2);
        bench.offer(0, original.clone());
        bench.offer(0, original.clone());
        assert_eq!(bench.arrivals().iter().map(|a| a.2).collect::<Vec<_>>(), [3, 2]);
        assert_eq!(original.to_vec()[59], 2);
    }

    #[test]
    fn during_a_time_nothing_gets_through() {
        let outage = Which::During(Instant::from_nanos(10_000), Instant::from_nanos(20_000));
        let mut bench =
            Bench::new(LaneConfig::default().fault(Fault { of: Match::All, which: outage, then: Then::Lose }));
        (0..30).for_each(|us| bench.offer(us, frame(60, us as u8)));
        let arrived = bench.arrivals().into_iter().filter(|a| a.1 == Fate::Arrives).map(|a| a.2);
        assert_eq!(arrived.collect::<Vec<_>>(), (0..10).chain(20..30).collect::<Vec<u8>>());
    }
}
