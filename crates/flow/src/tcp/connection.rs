//! One TCP connection at one tap.

use base::Duration;
use smallvec::SmallVec;
use wire::tcp::{Flags, Seq};

use super::half::Unacked;
use super::judge::{self, View};
use super::segment::{Check, Segment};
use super::steps::{ClockStep, Steps};
use super::{Half, StreamPiece, Tcp, Verdicts};
use crate::{Direction, Limits};

/// One TCP connection at one tap: what each end sent, and what follows from both.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    halves: [Half; 2],
    initial_rtt: Option<Duration>,
    syn_rtt: Option<Duration>,
    established_frame: u32,
    steps: Steps,
    /// Segments that were taken for damaged until the last one came.
    believed: Vec<(u32, Tcp)>,
    /// SYNs inside the open connection that may turn out to open another one.
    pub(crate) challengers: SmallVec<[(Direction, Box<Segment>); 1]>,
}

/// SYNs that are kept until it is known whether they open a new connection.
const MAX_CHALLENGERS: usize = 8;

impl Connection {
    /// What the sender of segments in this direction sent.
    pub fn half(&self, direction: Direction) -> &Half {
        &self.halves[direction as usize]
    }
    /// What the client sent.
    pub fn client(&self) -> &Half {
        self.half(Direction::ToServer)
    }
    /// What the server sent.
    pub fn server(&self) -> &Half {
        self.half(Direction::ToClient)
    }
    /// Derived: the time from the client's SYN to its acknowledgment of the server's SYN, as seen at the tap: one round
    /// trip between the ends, wherever on the way the tap is. `None` if the handshake was not captured whole or a SYN was
    /// sent twice.
    pub fn initial_rtt(&self) -> Option<Duration> {
        self.initial_rtt
    }
    /// Derived: the time from the client's SYN to the server's, as seen at the tap: the part of the initial round trip
    /// between tap and server. At the client it is the whole round trip.
    pub fn syn_rtt(&self) -> Option<Duration> {
        self.syn_rtt
    }
    /// Derived: where the capture's clock was set forward, as the ends' own clocks and their silence tell: the first few.
    pub fn clock_steps(&self) -> &[ClockStep] {
        &self.steps.list
    }
    /// The packet that completes the three-way handshake: the client's first acknowledgment of the server's SYN.
    pub fn established_frame(&self) -> Option<u32> {
        (self.established_frame != 0).then_some(self.established_frame)
    }
    /// Whether the connection was open already when the capture began: no SYN was seen.
    pub fn mid_stream(&self) -> bool {
        self.halves.iter().all(|half| half.syn_frame == 0)
    }
    /// Whether a reset ended it.
    pub fn reset(&self) -> bool {
        self.halves.iter().any(|half| half.rst_frame != 0)
    }
    /// Whether nothing but a new SYN can follow: both directions are closed, or it was reset, or nobody answered.
    pub fn over(&self) -> bool {
        self.reset()
            || self.halves.iter().all(|half| half.fin.is_some())
            || self.halves.iter().any(|half| half.counts.packets == 0 && half.max_seen.is_none())
    }
    /// Whether both directions are closed, or it was reset.
    pub fn ended(&self) -> bool {
        self.reset() || self.halves.iter().all(|half| half.fin.is_some())
    }
    /// Whether both ends' SYNs were seen or data flowed both ways.
    pub(crate) fn was_open(&self) -> bool {
        self.established_frame != 0 || self.halves.iter().all(|half| half.counts.data_bytes > 0)
    }

    /// Keeps a SYN that does not belong to this connection until its answer tells what it is.
    pub(crate) fn challenge(&mut self, direction: Direction, segment: Segment) -> Tcp {
        let mut tcp = Tcp::of(&segment);
        tcp.verdicts |= Verdicts::SYN_IN_CONNECTION;
        let half = &mut self.halves[direction as usize];
        half.counts.packets += 1;
        half.counts.wire_bytes += u64::from(segment.wire_len);
        if let Some(relative) = half.relative(segment.seq) {
            tcp.relative_seq = relative;
        }
        half.provokes = Verdicts::CHALLENGE_ACK;
        if self.challengers.len() < MAX_CHALLENGERS {
            self.challengers.push((direction, Box::new(segment)));
        }
        tcp
    }

    /// A packet that stands in the capture as packet `first` already: it changes nothing.
    pub(crate) fn copied(&self, direction: Direction, segment: &Segment, first: u32) -> Tcp {
        let mut tcp = Tcp::of(segment);
        tcp.verdicts |= Verdicts::COPY;
        tcp.repeats = first;
        if let Some(relative) = self.half(direction).relative(segment.seq) {
            tcp.relative_seq = relative;
        }
        if let Some(ack) =
            self.half(direction.opposite()).relative(segment.ack).filter(|_| segment.flags.contains(Flags::ACK))
        {
            tcp.relative_ack = ack;
        }
        tcp
    }

    /// Whether `segment` answers a SYN that did not belong to this connection: then they open a new one.
    pub(crate) fn answers_challenger(&self, direction: Direction, segment: &Segment) -> bool {
        segment.flags.contains(Flags::SYN | Flags::ACK)
            && !segment.flags.contains(Flags::RST)
            && self.challengers.iter().any(|(d, syn)| *d != direction && segment.ack == syn.seq + 1)
    }

    /// The SYNs inside this connection that `answer` acknowledges; it forgets all.
    pub(crate) fn opened_by(&mut self, answer: &Segment) -> Vec<Segment> {
        let challengers = std::mem::take(&mut self.challengers);
        challengers.into_iter().map(|(_, syn)| *syn).filter(|syn| syn.seq + 1 == answer.ack).collect()
    }

    /// One of which only figures are kept: where its bytes stand is forgotten.
    pub(crate) fn figures_only() -> Connection {
        let mut connection = Connection::default();
        connection.halves.iter_mut().for_each(|half| half.stream.forget_places());
        connection
    }

    /// Takes one segment in and tells what it is. What it makes known of earlier ones: [`Connection::believed`].
    pub(crate) fn push(&mut self, direction: Direction, segment: &Segment, limits: &Limits) -> Tcp {
        let (me, peer) = self.ends(direction);
        me.counts.packets += 1;
        me.counts.wire_bytes += u64::from(segment.wire_len);
        if me.first_frame == 0 {
            me.first_frame = segment.frame;
        }
        me.provokes = Verdicts::NONE;
        let sum = judge_sum(me, peer, segment);
        if sum == Verdicts::DAMAGED {
            let mut tcp = Tcp::of(segment);
            tcp.verdicts = sum | snapped(segment);
            me.counts.damaged += 1;
            if segment.len > 0 && me.doubtful.len() < MAX_DOUBTFUL {
                me.doubtful.push(segment.clone());
            }
            return tcp;
        }
        if segment.flags.contains(Flags::ACK) && !peer.doubtful.is_empty() {
            self.believe(direction.opposite(), segment.ack, limits);
        }
        self.take(direction, segment, sum, limits)
    }

    /// What the other end acknowledges arrived. If nothing else that was captured brought it, the segment with the wrong checksum
    /// did: it was changed when the capture was made, or after.
    fn believe(&mut self, direction: Direction, acked: Seq, limits: &Limits) {
        let (me, _) = self.ends(direction);
        let end = |segment: &Segment| segment.seq + segment.len;
        let known: Vec<Segment> = me.doubtful.extract_if(.., |segment| end(segment).at_or_before(acked)).collect();
        for segment in known {
            let (me, _) = self.ends(direction);
            let Some(start) = me.relative(segment.seq) else { continue };
            let here = me.stream.covered(start..start + i64::from(segment.len)) == u64::from(segment.len);
            if here || segment.flags.contains(Flags::SYN) {
                continue;
            }
            me.counts.damaged -= 1;
            let mut tcp = self.take(direction, &segment, Verdicts::ALTERED, limits);
            // It is taken behind what came later.
            tcp.verdicts = Verdicts(tcp.verdicts.0 & !(Verdicts::RETRANSMISSION.0 | Verdicts::OUT_OF_ORDER.0));
            self.believed.push((segment.frame, tcp));
        }
    }

    /// Segments that had been taken for damaged and were acknowledged by the last one.
    pub(crate) fn believed(&mut self) -> Vec<(u32, Tcp)> {
        std::mem::take(&mut self.believed)
    }

    /// The end that sends in this direction, and the other.
    fn ends(&mut self, direction: Direction) -> (&mut Half, &mut Half) {
        let [to_server, to_client] = &mut self.halves;
        match direction {
            Direction::ToServer => (to_server, to_client),
            Direction::ToClient => (to_client, to_server),
        }
    }

    /// Takes in a segment whose checksum is no reason not to.
    fn take(&mut self, direction: Direction, segment: &Segment, sum: Verdicts, limits: &Limits) -> Tcp {
        let mut tcp = Tcp::of(segment);
        tcp.verdicts = sum | snapped(segment);
        let initial_rtt = self.initial_rtt;
        let [to_server, to_client] = &mut self.halves;
        let (me, peer) = match direction {
            Direction::ToServer => (to_server, to_client),
            Direction::ToClient => (to_client, to_server),
        };
        let flags = segment.flags;
        let reset = flags.contains(Flags::RST);
        let syn = flags.contains(Flags::SYN);
        find_base(me, peer, segment);

        let relative = me.relative(segment.seq);
        let ack = if flags.contains(Flags::ACK) { peer.relative(segment.ack) } else { None };
        tcp.relative_seq = relative.unwrap_or(super::segment::NO_NUMBER);
        tcp.relative_ack = ack.unwrap_or(super::segment::NO_NUMBER);
        if reset {
            me.counts.resets += 1;
            if me.rst_frame == 0 {
                me.rst_frame = segment.frame;
            }
            // RFC 5961 §3.2: only a reset at exactly the expected number is believed.
            if peer.last_ack.is_some() && relative != peer.last_ack {
                me.provokes = Verdicts::CHALLENGE_ACK;
            }
            return tcp;
        }
        let Some(start) = relative else { return tcp };

        let data_start = start + i64::from(syn);
        let data_end = data_start + i64::from(segment.len);
        let fin = flags.contains(Flags::FIN);
        let end = data_end + i64::from(fin);
        let below = me.next.is_some_and(|next| start < next);
        let new_bytes = below
            && ((segment.len > 0 && me.stream.covered(data_start..data_end) < u64::from(segment.len))
                || (fin && me.fin.is_none()));
        let view = View {
            at: segment.at,
            start,
            data_start,
            end,
            len: segment.len,
            ack,
            peer_acked: peer.last_ack,
            flags,
            window: segment.window,
            answers_syn: syn && ack.is_some() && me.syns > 0 && !me.syn_acked,
            has_sack: !segment.options.sack.is_empty(),
            timestamp: segment.options.timestamps.map(|(value, _)| value),
            new_bytes,
        };
        let verdicts = judge::judge(&view, me, peer, initial_rtt);
        tcp.verdicts |= verdicts;
        if verdicts.intersects(Verdicts::CHALLENGE_ACK | Verdicts::UNACCEPTABLE_ANSWERED) {
            peer.provokes = Verdicts::NONE;
        }

        if !verdicts.intersects(Verdicts::OUT_OF_WINDOW) {
            sequence_space(me, segment, &view, &mut tcp, limits);
        }
        if let Some(ack) = ack {
            acknowledgment(me, peer, segment, ack, &mut tcp);
        }
        if segment.len > 0
            && let (Some(next), Some(acked)) = (me.next, peer.last_ack)
        {
            // Bytes only: a FIN occupies a number, but is none.
            let sent = next - i64::from(me.fin.is_some_and(|fin| fin < next));
            tcp.in_flight = u32::try_from((sent - acked).max(0)).unwrap_or(super::segment::NO_COUNT - 1);
        }
        let answered = tcp.rtt().zip(peer.rtt_min);
        self.steps.hears(direction as usize, segment, answered);
        count(me, tcp.verdicts);
        if syn && !segment.options_cut && me.syn_options.is_none() {
            me.syn_options = Some(segment.options);
        }
        if flags.contains(Flags::ACK) || syn {
            me.window_bytes = me.scaled(peer, segment.window, flags);
            me.window = Some(segment.window);
        }
        me.sack = segment.options.sack;
        me.last_verdicts = tcp.verdicts;
        me.provokes = judge::provokes(tcp.verdicts);
        me.syn_asked |= syn && ack.is_none();
        me.syn_acked |= syn && ack.is_some();
        self.handshake(direction, segment, ack);
        tcp
    }

    /// Notes the handshake's times and its last packet.
    fn handshake(&mut self, direction: Direction, segment: &Segment, ack: Option<i64>) {
        let [client, server] = &self.halves;
        if client.syns == 0 || server.syns == 0 || self.established_frame != 0 {
            return;
        }
        let once = client.syns == 1 && server.syns == 1;
        match direction {
            Direction::ToClient if segment.flags.contains(Flags::SYN) && self.syn_rtt.is_none() && once => {
                self.syn_rtt = Some(server.syn_at.since(client.syn_at));
            }
            // In a simultaneous open a SYN carries the acknowledgment (RFC 9293 §3.5, figure 7).
            Direction::ToServer
                if ack.is_some_and(|ack| ack >= 1) && (!segment.flags.contains(Flags::SYN) || server.syn_asked) =>
            {
                self.established_frame = segment.frame;
                if once {
                    self.initial_rtt = Some(segment.at.since(client.syn_at));
                }
            }
            _ => {}
        }
    }
}

/// Segments of one direction that may turn out not to have been damaged.
const MAX_DOUBTFUL: usize = 8;

fn snapped(segment: &Segment) -> Verdicts {
    if segment.captured < segment.len { Verdicts::SNAPPED } else { Verdicts::NONE }
}

/// See [`Verdicts::DAMAGED`] and [`Verdicts::ALTERED`]. Only the machine that captures sees checksums that its card has yet to
/// complete, and only in the packets that it sends: they show what such a packet holds in place of the sum. Who changes addresses in
/// a capture may leave all sums as they are. Any other wrong sum is damage.
fn judge_sum(me: &mut Half, peer: &Half, segment: &Segment) -> Verdicts {
    // More than the receiver takes in a segment was not on the wire like this (RFC 9293 §3.7.1): a card cuts it, or has put it
    // together. Its checksum is that of a part, or of none.
    let most = peer.syn_options.as_ref().and_then(|options| options.mss);
    let joined = most.is_some_and(|most| segment.len > u32::from(most));
    match segment.checksum {
        Check::Unverified => Verdicts::NONE,
        Check::Good => {
            me.checksums_fit = true;
            Verdicts::NONE
        }
        Check::Partial => {
            me.checksums_offloaded = true;
            Verdicts::NONE
        }
        Check::Bad if me.checksums_offloaded || joined => Verdicts::NONE,
        Check::Bad if me.checksums_fit || peer.checksums_fit => Verdicts::DAMAGED,
        Check::Bad => Verdicts::ALTERED,
    }
}

/// Finds out where each direction's relative numbers start, if this segment is the first to tell.
fn find_base(me: &mut Half, peer: &mut Half, segment: &Segment) {
    if segment.flags.contains(Flags::RST) {
        return;
    }
    if segment.flags.contains(Flags::SYN) {
        if me.base.is_none() || !me.base_known {
            // Data of this direction that was seen before its SYN keeps its place: only if there was none is this zero.
            if me.next.is_none() {
                (me.base, me.base_known) = (Some(segment.seq), true);
            }
        }
    } else if me.base.is_none() {
        me.base = Some(segment.seq - 1);
    }
    if segment.flags.contains(Flags::ACK) && peer.base.is_none() {
        // RFC 9293 §3.5: the acknowledgment in a SYN is of the other side's SYN, so it gives that side's number.
        (peer.base, peer.base_known) = (Some(segment.ack - 1), segment.flags.contains(Flags::SYN));
    }
}

/// What the segment's own numbers change: the stream, what is in flight, and how far this side has sent.
fn sequence_space(me: &mut Half, segment: &Segment, view: &View, tcp: &mut Tcp, limits: &Limits) {
    let verdicts = tcp.verdicts;
    let probe = verdicts.contains(Verdicts::ZERO_WINDOW_PROBE);
    let below = me.next.is_some_and(|next| view.start < next);
    if segment.flags.contains(Flags::SYN) {
        me.syns += 1;
        if me.syn_frame == 0 {
            (me.syn_frame, me.syn_at) = (segment.frame, segment.at);
        } else {
            tcp.repeats = me.syn_frame;
        }
    }
    if segment.flags.contains(Flags::FIN) {
        if me.fin.is_none() {
            (me.fin, me.fin_frame) = (Some(view.end - 1), segment.frame);
        } else if segment.len == 0 {
            tcp.repeats = me.fin_frame;
        }
    }
    // A keep-alive's byte, if it has one, is filling (RFC 9293 §3.8.4), and so is that of a probe below `next`.
    let filling = verdicts.contains(Verdicts::KEEP_ALIVE) || (probe && below);
    if view.end > view.start && !filling {
        let again = me.sent_again(view.start, view.end);
        if again != 0 && tcp.repeats == 0 {
            tcp.repeats = again;
        }
        // A segment that fills a hole without having been overtaken was sent before, but lost ahead of the tap.
        let unsure = again != 0 || (below && verdicts.is_retransmission());
        if view.peer_acked.is_some_and(|acked| view.end <= acked) {
            // Nothing of it is in flight.
        } else if again == 0 {
            me.sent(Unacked { start: view.start, end: view.end, frame: segment.frame, at: segment.at, again: unsure });
        } else if me.next.is_some_and(|next| view.end > next) {
            let start = me.next.unwrap_or(view.start);
            me.sent(Unacked { start, end: view.end, frame: segment.frame, at: segment.at, again: false });
        }
    }
    if segment.len > 0 && !filling && (view.data_start >= 1 || !me.base_known) {
        let piece = StreamPiece {
            start: view.data_start,
            len: segment.len,
            have: segment.captured.min(segment.len),
            frame: segment.frame,
            at: segment.offset,
            buffer: segment.buffer,
        };
        let inserted = me.stream.insert(piece, limits.overlaps_per_stream);
        me.counts.data_bytes += u64::from(segment.len);
        me.counts.repeated_bytes += u64::from(segment.len - inserted.new);
        if inserted.known_from != 0 {
            tcp.repeats = inserted.known_from;
            if inserted.new > 0 {
                tcp.verdicts |= Verdicts::OVERLAP;
            }
        }
    }
    me.max_len = me.max_len.max(segment.len);
    if me.max_seen.is_none_or(|seen| view.end > seen) {
        me.max_seen = Some(view.end);
    }
    if !probe && me.next.is_none_or(|next| view.end > next) {
        (me.next, me.next_at, me.next_timestamp) = (Some(view.end), segment.at, view.timestamp);
    }
}

/// What the acknowledgment changes: what is in flight on the other side, and what this side has acknowledged.
fn acknowledgment(me: &mut Half, peer: &mut Half, segment: &Segment, ack: i64, tcp: &mut Tcp) {
    if peer.max_seen.is_some_and(|seen| ack > seen) {
        peer.max_seen = Some(ack);
    } else if peer.next.is_some_and(|next| ack > next) {
        // A probe's byte was accepted.
        peer.next = Some(ack);
    }
    if let Some(acked) = peer.acknowledged(ack) {
        tcp.acks = acked.frame;
        if !acked.again {
            let rtt = segment.at.since(acked.at);
            tcp.rtt = rtt.as_nanos();
            peer.rtt_min = Some(peer.rtt_min.map_or(rtt, |min| min.min(rtt)));
        }
    }
    match me.last_ack {
        Some(last) if ack < last => {}
        Some(last) if ack == last => {
            if tcp.verdicts.contains(Verdicts::DUP_ACK) {
                if me.dup_acks == 0 {
                    me.dup_acks_since = segment.at;
                }
                me.dup_acks += 1;
                me.last_ack_at = segment.at;
                tcp.dup_ack = me.dup_acks;
                tcp.repeats = me.last_ack_frame;
            }
        }
        _ => {
            me.last_ack = Some(ack);
            me.last_ack_at = segment.at;
            me.last_ack_frame = segment.frame;
            me.dup_acks = 0;
        }
    }
}

fn count(me: &mut Half, verdicts: Verdicts) {
    let counts = &mut me.counts;
    counts.retransmissions += u32::from(verdicts.is_retransmission());
    counts.out_of_order += u32::from(verdicts.contains(Verdicts::OUT_OF_ORDER));
    counts.dup_acks += u32::from(verdicts.contains(Verdicts::DUP_ACK));
    counts.zero_windows += u32::from(verdicts.contains(Verdicts::ZERO_WINDOW));
}

/// Whether a SYN with this number belongs to a half whose own number is known.
pub(crate) fn same_isn(half: &Half, seq: Seq) -> bool {
    half.isn() == Some(seq)
}
