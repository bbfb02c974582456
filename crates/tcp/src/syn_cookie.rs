//! SYN cookies (RFC 4987 §3.6): a listener whose queue is full keeps nothing of a SYN. What it must know again stands in the
//! number of its SYN-ACK, which the other side's acknowledgment brings back; the rest in its timestamp, if there is one.

use std::net::SocketAddr;

use base::{Duration, Instant};
use trace::{Cx, kinds::tcp as kind};
use wire::ipv4::Ecn;
use wire::tcp::{Event, Flags, Options, Seq, State};

use crate::connection::Connection;
use crate::handshake::offered_shift;
use crate::isn::{four_tuple, siphash};
use crate::memory::Memory;
use crate::{EcnUse, Segment, Settings};

/// What a listener does with SYNs that its queue of half-open connections has no room for (Linux `tcp_syncookies`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SynCookies {
    /// It ignores them.
    Never,
    /// It answers them with a cookie.
    #[default]
    WhenFull,
    /// It answers every SYN with a cookie.
    Always,
}

/// How long a cookie is good for at least, and the tick of the clock in it, as on Linux: one of the last two ticks counts.
const TICK: Duration = Duration::from_secs(60);
const TICKS: u32 = 2;
/// A listener that has given no cookie out for so long gets none back.
pub(crate) const RECENT: Duration = Duration::from_secs(120);
/// The segment sizes that a cookie can tell apart, as on Linux: over IPv4, over IPv6. The largest that is not above what the
/// SYN says counts, and the first for whatever is below.
const SIZES: [[u16; 4]; 2] = [[536, 1300, 1440, 1460], [1220, 1420, 1440, 8940]];

/// Bits of a timestamp that hold what a cookie has no room for: the shift count of windows (15: no scaling), SACK, ECN.
const STAMP_BITS: u32 = 6;
const NO_SCALING: u32 = 15;
const SACK: u32 = 1 << 4;
const ECN: u32 = 1 << 5;

/// What cookies of one four-tuple are made with.
#[derive(Clone, Copy, Debug)]
pub struct CookieJar {
    /// Belongs to the host and does not change while it is up.
    pub secret: [u8; 16],
    /// The listener's side.
    pub local: SocketAddr,
    /// Whoever sent the SYN.
    pub remote: SocketAddr,
}

impl CookieJar {
    /// The keyed hash of the four-tuple, which nobody else can make.
    fn hash(&self, count: u32, which: u8) -> u32 {
        let mut bytes = [0; 41];
        bytes[..36].copy_from_slice(&four_tuple(self.local, self.remote));
        bytes[36..40].copy_from_slice(&count.to_be_bytes());
        bytes[40] = which;
        siphash(self.secret, &bytes) as u32
    }

    /// The number of the SYN-ACK (RFC 4987 §3.6, as Linux makes it): a hash, the other side's number, the clock in the upper
    /// eight bits, and in the lower 24 bits `size` under another hash that the clock is part of.
    fn cookie(&self, theirs: Seq, size: u32, now: Instant) -> Seq {
        let count = ticks(now);
        let size = self.hash(count, 1).wrapping_add(size) & 0xFF_FFFF;
        Seq(self.hash(0, 0).wrapping_add(theirs.0).wrapping_add(count << 24).wrapping_add(size))
    }

    /// What a cookie says: the size's place in the table. `None` if it is none of ours, or too old.
    fn read(&self, cookie: Seq, theirs: Seq, now: Instant) -> Option<u32> {
        let rest = cookie.0.wrapping_sub(self.hash(0, 0)).wrapping_sub(theirs.0);
        let count = ticks(now);
        let age = count.wrapping_sub(rest >> 24) & 0xFF;
        let size = rest.wrapping_sub(self.hash(count.wrapping_sub(age), 1)) & 0xFF_FFFF;
        (age < TICKS && size < SIZES[0].len() as u32).then_some(size)
    }

    fn sizes(&self) -> &'static [u16; 4] {
        &SIZES[usize::from(!self.remote.is_ipv4())]
    }

    /// The SYN-ACK that answers `syn` and of which nothing is kept. It is not sent again. `id` is the listener's.
    pub fn answer(&self, config: &Settings, id: u32, syn: &Segment, cx: &mut Cx) -> Segment {
        let theirs = &syn.options;
        let mss = theirs.mss.unwrap_or(536);
        let size = self.sizes().iter().rposition(|&size| size <= mss).unwrap_or(0);
        let number = self.cookie(syn.seq, size as u32, cx.now);
        cx.event(&kind::SYN_COOKIE, id, [number.0.into(), self.sizes()[size].into()]);
        let mut options = Options { mss: Some(config.announced_mss()), ..Options::default() };
        let mut flags = Flags::SYN | Flags::ACK;
        // Without timestamps there is no room for more than the segment size.
        if let Some((val, _)) = theirs.timestamps.filter(|_| config.timestamps) {
            let ecn = config.ecn != EcnUse::Off && syn.flags.contains(Flags::ECE | Flags::CWR);
            let shift = theirs.window_scale.filter(|_| config.window_scale);
            options.sack_permitted = theirs.sack_permitted && config.sack;
            options.window_scale = shift.and_then(|_| offered_shift(config));
            let mut bits = shift.map_or(NO_SCALING, |shift| u32::from(shift.min(14)));
            bits |= if options.sack_permitted { SACK } else { 0 };
            if ecn {
                bits |= ECN;
                flags |= Flags::ECE;
            }
            options.timestamps = Some((stamp(clock(cx.now), bits).wrapping_add(config.timestamp_offset), val));
        }
        Segment {
            src_port: self.local.port(),
            dst_port: self.remote.port(),
            seq: number,
            ack: syn.seq + 1,
            flags,
            // RFC 7323 §2.2: not scaled.
            window: first_window(config, options.timestamps.is_some()),
            urgent: 0,
            options,
            payload: wire::Body::empty(),
            ecn: Ecn::NOT_ECT,
        }
    }

    /// The SYN that `ack` must have followed, if it acknowledges a cookie of ours: what is known of it.
    fn recall(&self, config: &Settings, ack: &Segment, now: Instant) -> Option<Segment> {
        let size = self.read(ack.ack - 1, ack.seq - 1, now)?;
        let mut options = Options { mss: Some(self.sizes()[size as usize]), ..Options::default() };
        let mut flags = Flags::SYN;
        if let Some((val, echo)) = ack.options.timestamps {
            // As on Linux: what was switched off meanwhile cannot have been agreed on.
            let bits = echo.wrapping_sub(config.timestamp_offset) & ((1 << STAMP_BITS) - 1);
            let (shift, sack) = (bits & NO_SCALING, bits & SACK != 0);
            let scales = shift != NO_SCALING;
            if !config.timestamps || (sack && !config.sack) || (scales && !config.window_scale) {
                return None;
            }
            options.timestamps = Some((val, 0));
            options.sack_permitted = sack;
            options.window_scale = scales.then_some(shift as u8);
            if bits & ECN != 0 {
                flags |= Flags::ECE | Flags::CWR;
            }
        }
        let (src_port, dst_port) = (self.remote.port(), self.local.port());
        // The SYN's window is not known, and `ack` says what holds now.
        Some(Segment { src_port, dst_port, seq: ack.seq - 1, flags, options, window: ack.window, ..Segment::default() })
    }

    /// The connection that `ack`, which came to a listener, completes by bringing a cookie back: hand it the segment next.
    /// `None` if it brings none. `id` numbers the connection on its host.
    pub fn open(&self, config: &Settings, id: u32, ack: &Segment, cx: &mut Cx) -> Option<Connection> {
        let syn = self.recall(config, ack, cx.now)?;
        let came_back = cx.event(&kind::COOKIE_CAME_BACK, id, [ack.ack.0.into(), syn.options.mss.unwrap_or(0).into()]);
        let cx = &mut cx.caused_by(came_back);
        let mut connection =
            Connection::new(config.clone(), id, self.local, self.remote, ack.ack - 1, State::LISTEN, came_back, cx);
        connection.passive = true;
        connection.take_syn(&syn, cx);
        connection.step(Event::RcvSyn, cx);
        connection.ts.last_ack_sent = connection.rcv_nxt;
        connection.snd_nxt = connection.iss + 1;
        // Nobody knows when the SYN-ACK was sent, but for what its timestamp says, as exact as the bits in it leave it. Without one no
        // round trip is measured (RFC 6298 §5.7).
        match connection.echoed(ack.options.timestamps, cx.now) {
            Some(r) => connection.take_round_trip(r, 1, cx),
            None => connection.rtt.syn_was_lost(),
        }
        Some(connection)
    }
}

/// The window field of the answer.
fn first_window(config: &Settings, timestamps: bool) -> u16 {
    let mss = config.announced_mss() - if timestamps { 12 } else { 0 };
    let window = match config.grow_window {
        true => Memory::new(config, mss.into()).window as usize,
        false => config.receive_buffer,
    };
    window.min(65_535) as u16
}

/// The clock of cookies: minutes.
fn ticks(now: Instant) -> u32 {
    now.as_nanos().div_euclid(TICK.as_nanos()) as u32
}

/// The clock of timestamps, without what is added to it: milliseconds.
fn clock(now: Instant) -> u32 {
    now.as_nanos().div_euclid(1_000_000) as u32
}

/// The latest timestamp up to `now` whose lowest bits are `bits`.
fn stamp(now: u32, bits: u32) -> u32 {
    let stamp = now >> STAMP_BITS << STAMP_BITS | bits;
    if stamp > now { stamp.wrapping_sub(1 << STAMP_BITS) } else { stamp }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jar(port: u16) -> CookieJar {
        let end = |port| SocketAddr::from(([192, 0, 2, 1], port));
        CookieJar { secret: [7; 16], local: end(80), remote: end(port) }
    }
    fn at(seconds: i64) -> Instant {
        Instant::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn a_cookie_is_read_where_it_was_made_and_nowhere_else() {
        let (jar, other) = (jar(1000), jar(1001));
        for size in 0..4 {
            let cookie = jar.cookie(Seq(99), size, at(600));
            assert_eq!(jar.read(cookie, Seq(99), at(600)), Some(size));
            assert_eq!(jar.read(cookie, Seq(5000), at(600)), None, "of another SYN");
            assert_eq!(other.read(cookie, Seq(99), at(600)), None, "of another port");
            assert_eq!(jar.read(cookie + 4, Seq(99), at(600)), None, "guessed");
        }
    }

    #[test]
    fn a_cookie_lasts_one_to_two_minutes() {
        let jar = jar(1000);
        let cookie = jar.cookie(Seq(99), 3, at(659));
        assert_eq!(jar.read(cookie, Seq(99), at(719)), Some(3));
        assert_eq!(jar.read(cookie, Seq(99), at(720)), None);
        let early = jar.cookie(Seq(99), 3, at(600));
        assert_eq!(jar.read(early, Seq(99), at(719)), Some(3));
    }

    #[test]
    fn a_timestamp_holds_bits_and_is_not_from_the_future() {
        for now in [64, 1000, 1023, 123_456] {
            for bits in [0, 7 | SACK, NO_SCALING | ECN, 63] {
                let stamp = stamp(now, bits);
                assert!(stamp <= now && now - stamp < 64);
                assert_eq!(stamp & 63, bits);
            }
        }
    }
}
