//! Packetization-layer path MTU discovery (RFC 4821): how large a packet the path takes is found out by trying, where no
//! router says so. As Linux does it: probes carry data, and are searched for by halving.

use base::{Duration, EventId, Instant};
use trace::{Cx, kinds::tcp as kind};
use wire::tcp::Seq;

use crate::connection::Connection;
use crate::handshake::headers_towards;
use crate::rare::Blank;
use crate::recovery::Phase;
use crate::route_mtu::RouteChange;

/// When larger packets than are known to pass are tried (Linux `tcp_mtu_probing`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MtuProbing {
    /// Never: the path takes what the routers do not complain about.
    #[default]
    Off,
    /// Once nothing large arrives any more: a black hole (RFC 2923 §2.1).
    OnBlackHole,
    /// From the start.
    Always,
}

/// Less than this is not searched for, in bytes (Linux `tcp_probe_threshold`).
const THRESHOLD: u32 = 8;
/// After so long the path may have changed (RFC 4821 §7.6.2; Linux `tcp_probe_interval`).
const INTERVAL: Duration = Duration::from_secs(600);
/// The least segment, whatever is lost (Linux `tcp_mtu_probe_floor`).
const FLOOR: u32 = 48;
/// A congestion window below this many segments is not spent on probes, as on Linux (RFC 4821 §7.4).
const LEAST_WINDOW: u32 = 11;
/// Black holes are looked for once a segment has been sent again for so long: as three timeouts would take of 200 ms, doubled
/// each time (Linux `tcp_retries1`; RFC 4821 §7.7, a full-stop timeout).
const SILENCE: Duration = Duration::from_secs(3);

/// What is known of the path: sizes of IP packets in bytes (RFC 4821 §7.1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct MtuSearch {
    /// Whether there is a search; before, only [`MtuSearch::silent_since`] counts.
    on: bool,
    /// This much passes.
    low: u32,
    /// More than this does not, or nobody would take it.
    high: u32,
    /// What both ends would take.
    most: u32,
    /// What routers say that the path takes.
    path: u32,
    /// The route takes packets of another size than when the connection began.
    pub(crate) route: Option<RouteChange>,
    /// The probe that is out.
    probe: Option<MtuProbe>,
    /// When the search began.
    since: Instant,
    /// When the timer first had something sent again that is still not acknowledged.
    silent_since: Instant,
}

/// A probe that is out.
#[derive(Clone, Copy, Debug)]
struct MtuProbe {
    start: Seq,
    end: Seq,
    size: u32,
}

impl Default for MtuSearch {
    fn default() -> MtuSearch {
        *MtuSearch::BLANK
    }
}

impl Blank for MtuSearch {
    const BLANK: &'static MtuSearch = &MtuSearch {
        on: false,
        low: 0,
        high: 0,
        most: 0,
        path: 0,
        route: None,
        probe: None,
        since: Instant::ZERO,
        silent_since: Instant::ZERO,
    };
}

/// What the search says of the next segment.
pub(crate) enum MtuStep {
    /// It is like others.
    Usual,
    /// It waits until there is room for a probe.
    Wait,
    /// It is a probe, with so many bytes of data.
    Probe(u32),
}

impl Connection {
    /// Bytes of each packet that are no data: headers and the options of every segment.
    pub(crate) fn mtu_headers(&self) -> u32 {
        let options = if self.agreed.timestamps { 12 } else { 0 };
        options + u32::from(headers_towards(self.remote))
    }

    /// Whether the next segment may have to be a probe.
    pub(crate) fn searches_mtu(&self) -> bool {
        self.mtu.on
    }

    /// The connection is open, and what both ends take is known. With [`MtuProbing::Always`] the search begins here; as on Linux
    /// the side that was opened goes on with full segments until it has learnt something.
    pub(crate) fn begin_mtu_search(&mut self, cx: &mut Cx) {
        if self.config.mtu_probing == MtuProbing::Always {
            self.start_mtu_search(cx.now);
            if !self.passive {
                self.follow_mtu_search();
            }
        }
    }

    fn start_mtu_search(&mut self, now: Instant) {
        let headers = self.mtu_headers();
        // As on Linux the side that was opened looks beyond what its route takes now; what is larger is not tried meanwhile.
        let most = if self.passive { self.agreed.most.into() } else { self.agreed.mss } + headers;
        // RFC 4821 §7.2: a size that all paths are likely to take.
        let low = (self.config.base_mss + headers).min(most);
        let (silent_since, route) = (self.mtu.silent_since, self.mtu.route);
        *self.mtu =
            MtuSearch { on: true, low, high: most, most, path: most, route, probe: None, since: now, silent_since };
    }

    /// Segments follow what is known to pass.
    pub(crate) fn follow_mtu_search(&mut self) {
        let room = self.mtu.low.min(self.mtu.path).saturating_sub(self.mtu_headers());
        self.agreed.mss = room.max(FLOOR);
    }

    /// The route takes packets of so many bytes now: what is searched for lies below that.
    pub(crate) fn widen_mtu_search(&mut self, mtu: u32) {
        let search = &mut *self.mtu;
        (search.path, search.high) = (mtu, search.high.min(mtu));
        self.follow_mtu_search();
    }

    /// A router says what the path takes: a probe that is larger has not arrived, and none will be.
    pub(crate) fn limit_mtu_search(&mut self, mtu: u32, cx: &mut Cx) {
        if self.mtu.on {
            let search = &mut *self.mtu;
            (search.path, search.high, search.low) = (search.path.min(mtu), search.high.min(mtu), search.low.min(mtu));
            if let Some(probe) = self.mtu.probe.filter(|probe| probe.size > mtu) {
                self.give_mtu_probe_up(probe, cx);
            }
        }
    }

    /// The retransmission timer ran out: where that goes on although the other side was there, the path may swallow large packets
    /// without a word (RFC 4821 §7.7, RFC 2923 §2.1). Then segments become smaller.
    pub(crate) fn look_for_black_hole(&mut self, fired: EventId, cx: &mut Cx) {
        if self.config.mtu_probing == MtuProbing::Off || !self.connected {
            return;
        }
        if self.attempts == 0 {
            self.mtu.silent_since = cx.now;
            return;
        }
        // A probe whose fate nobody knows tells nothing (RFC 4821 §7.6.4).
        if cx.now - self.mtu.silent_since < SILENCE {
            return;
        }
        let before = self.agreed.mss;
        if self.mtu.on {
            // As on Linux, half of what had passed: it no longer does.
            let half = self.mtu.low.saturating_sub(self.mtu_headers()) / 2;
            let low = half.min(self.config.base_mss).max(FLOOR) + self.mtu_headers();
            self.mtu.low = low.min(self.mtu.high);
        } else {
            self.start_mtu_search(cx.now);
        }
        self.follow_mtu_search();
        if self.agreed.mss < before {
            let args = [before.into(), self.agreed.mss.into()];
            cx.caused_by(fired).event(&kind::MTU_BLACK_HOLE, self.id, args);
        }
    }

    /// Whether the next of `unsent` bytes shall be a probe (RFC 4821 §7.3, §7.4, as Linux's `tcp_mtu_probe`).
    pub(crate) fn next_mtu_step(&mut self, unsent: u32, record: u32, window_left: u32, now: Instant) -> MtuStep {
        let search = *self.mtu;
        // Not while the answer to another is awaited, nor in recovery; SACK blocks would take of its room.
        let calm = self.recovery.phase == Phase::Open && self.reassembly.is_empty() && self.repeated.is_none();
        if !search.on || search.probe.is_some() || !calm || self.window.cwnd < LEAST_WINDOW {
            return MtuStep::Usual;
        }
        let size = (search.low + search.high) / 2;
        if search.high.saturating_sub(search.low) < THRESHOLD {
            if now - search.since >= INTERVAL {
                // RFC 4821 §7.6.2: the path may take more by now.
                let low = self.agreed.mss + self.mtu_headers();
                let search = &mut *self.mtu;
                (search.low, search.high, search.since) = (low, search.most.min(search.path), now);
            }
            return MtuStep::Usual;
        }
        if self.route_mtu().is_some_and(|route| size > route) {
            return MtuStep::Usual;
        }
        let len = size - self.mtu_headers();
        // Behind it so much follows that its loss is found by what arrives.
        let needed = len + (self.recovery.reordering + 1) * self.agreed.mss;
        if unsent < needed || record < len || self.snd_wnd < needed {
            return MtuStep::Usual;
        }
        let full = self.flight.segments() + 2 > self.window.cwnd;
        match (self.flight.is_empty(), full || window_left < needed) {
            (true, true) => MtuStep::Usual,
            (false, true) => MtuStep::Wait,
            _ => MtuStep::Probe(len),
        }
    }

    /// A probe with `len` bytes leaves (RFC 4821 §7.5). It takes the place of two segments.
    pub(crate) fn note_mtu_probe(&mut self, start: Seq, len: u32, cx: &mut Cx) {
        let size = len + self.mtu_headers();
        let low = self.mtu.low;
        self.mtu.probe = Some(MtuProbe { start, end: start + len, size });
        self.window.cwnd = self.window.cwnd.saturating_sub(1).max(1);
        let probe = cx.caused_by(self.trigger).event(&kind::MTU_PROBE, self.id, [size.into(), low.into()]);
        self.trigger = probe;
    }

    /// SND.UNA has moved: the probe may have arrived (RFC 4821 §7.6.1).
    pub(crate) fn judge_mtu_probe(&mut self, cx: &mut Cx) {
        let Some(probe) = self.mtu.probe.filter(|probe| probe.end.at_or_before(self.snd_una)) else { return };
        // The window keeps its bytes, as it is counted in segments.
        let (before, was) = (self.window_now(), self.agreed.mss + self.mtu_headers());
        self.mtu.probe = None;
        self.mtu.low = probe.size;
        self.window.ssthresh = self.current_ssthresh();
        self.follow_mtu_search();
        let cwnd = u64::from(self.window.cwnd) * u64::from(was) / u64::from(probe.size.max(1));
        (self.window.cwnd, self.window.credit) = ((cwnd as u32).max(1), 0);
        let passed = cx.event(&kind::MTU_PROBE_PASSED, self.id, [probe.size.into(), self.agreed.mss.into()]);
        self.tell_window(before, passed, cx);
    }

    /// Something is lost: if it is the probe, and all before it has arrived, the path does not take so much, and nobody was congested
    /// (RFC 4821 §7.6.2). Whether that is so.
    pub(crate) fn mtu_probe_is_lost(&mut self, cx: &mut Cx) -> bool {
        let lost = |probe: &MtuProbe| probe.start == self.snd_una && self.recovery.phase < Phase::Cwr;
        let Some(probe) = self.mtu.probe.filter(lost) else { return false };
        self.give_mtu_probe_up(probe, cx);
        true
    }

    fn give_mtu_probe_up(&mut self, probe: MtuProbe, cx: &mut Cx) {
        let search = &mut *self.mtu;
        (search.probe, search.high) = (None, search.high.min(probe.size - 1));
        let low = search.low;
        self.window.cwnd += 1;
        self.trigger = cx.event(&kind::MTU_PROBE_LOST, self.id, [probe.size.into(), low.into()]);
        for number in self.flight.numbers() {
            if self.flight.get(number).is_some_and(|sent| sent.len() > self.agreed.mss) {
                self.flight.mark_lost(number);
            }
        }
        self.flight.take_found_lost();
        self.resend_without_congestion();
    }

    /// Something is sent again for another reason: the probe says nothing any more (RFC 4821 §7.6.4).
    pub(crate) fn forget_mtu_probe(&mut self) {
        if self.mtu.probe.is_some() {
            self.mtu.probe = None;
        }
    }
}
