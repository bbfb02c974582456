//! The label that Wireshark's `tcp.analysis` would give a segment.
//!
//! flow's own [`Verdicts`] judge by the RFCs. People who compare captures with Wireshark need its word beside ours, so this
//! judge keeps to the rules that its User's Guide states (chapter 7.5, "TCP Analysis"), as TShark 4.0 applies them: also where
//! an RFC says otherwise (`docs/conformance.md` has those places). The verdicts' bits are the same, their definitions are not.

use base::{Duration, Instant, Map};
use flow::{ConversationId, Direction, Flow, RowKind, Source, Tcp, Verdicts};
use wire::tcp::{Flags, Options, Seq};

/// The longest time from the last acknowledgment to a fast retransmission.
const FAST: Duration = Duration::from_millis(20);
/// How late an overtaken segment may come where no handshake told the round-trip time.
const REORDERING: Duration = Duration::from_millis(3);
/// A window that no segment can have: none was seen.
const NO_WINDOW: u32 = u32::MAX;

/// What Wireshark would say of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Label {
    /// Its verdicts; only one of the retransmission's kinds, the special one.
    pub verdicts: Verdicts,
    /// The number of a duplicate ACK; 0 if it is none.
    pub dup_ack: u32,
}

/// The labels of all TCP segments of a capture.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// By packet, in ascending order: only segments that have a verdict.
    list: Vec<(u32, Label)>,
}

impl Labels {
    /// Judges every segment in the order of the capture. The options of a segment are read again from `source` where a
    /// judgement hangs on its SACK blocks.
    pub fn of(flow: &Flow, source: &dyn Source) -> Labels {
        let mut list = Vec::new();
        // Wireshark tells connections apart by its own rule, so all incarnations of a pair of ends share a judge.
        let mut roots: Map<ConversationId, ConversationId> = Map::default();
        for conversation in flow.conversations() {
            let root = conversation.previous.and_then(|previous| roots.get(&previous).copied());
            roots.insert(conversation.id, root.unwrap_or(conversation.id));
        }
        let mut judges: Map<ConversationId, Judge> = Map::default();
        // Wireshark's analysis comes behind its reading of the options: it says nothing where the capture ends among them.
        for row in flow.rows().iter().filter(|row| row.kind == RowKind::Tcp && !row.options_cut) {
            let Some((tcp, id)) = flow.tcp(row).zip(row.conversation) else { continue };
            let Some(&root) = roots.get(&id) else { continue };
            let (Some(own), Some(first)) = (flow.conversation(id), flow.conversation(root)) else { continue };
            let direction =
                if own.sender(row.direction) == first.client { Direction::ToServer } else { Direction::ToClient };
            let judge = judges.entry(root).or_default();
            let label = judge.push(row.number, row.at, direction, tcp, &mut |number| options(flow, source, number));
            if label != Label::default() {
                list.push((row.number, label));
            }
        }
        Labels { list }
    }

    /// The label of packet `number`; empty if there is nothing to say.
    pub fn get(&self, number: u32) -> Label {
        self.list.binary_search_by_key(&number, |(n, _)| *n).map(|at| self.list[at].1).unwrap_or_default()
    }
    /// All segments that have a verdict.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Label)> + '_ {
        self.list.iter().copied()
    }
}

/// The TCP options of packet `number`, read again from its bytes.
pub(crate) fn options(flow: &Flow, source: &dyn Source, number: u32) -> Options {
    let read = || {
        let row = flow.row(number)?.row;
        let bytes = source.frame(number)?;
        match wire::frame::decode(row.link, &bytes, row.original as usize, &mut wire::Silent).transport {
            wire::frame::Transport::Tcp(_, options) => Some(options),
            _ => None,
        }
    };
    read().unwrap_or_default()
}

/// What one end sent.
#[derive(Clone, Debug)]
struct End {
    /// The first sequence number; `None` if nothing is known.
    base: Option<Seq>,
    /// The number behind the highest that was sent.
    next: Option<Seq>,
    next_at: Instant,
    /// As `next`, but without what lies behind a hole.
    continuous: Option<Seq>,
    /// The acknowledgment number of the last segment: the field as it was, 0 where there was none.
    last_ack: u32,
    last_at: Instant,
    dup_acks: u32,
    window: u32,
    last_verdicts: Verdicts,
    /// The shift of its windows: `None` while it is not known.
    shift: Option<u8>,
    /// Whether it has sent nothing but a SYN: that one's window is not scaled.
    only_syn: bool,
}

/// In the place of a count of duplicate ACKs: the other end has acknowledged more than all that was seen of this one, and that was
/// said already.
const BEYOND_ALL: u32 = u32::MAX;

impl Default for End {
    fn default() -> End {
        End {
            base: None,
            next: None,
            next_at: Instant::ZERO,
            continuous: None,
            last_ack: 0,
            last_at: Instant::ZERO,
            dup_acks: 0,
            window: NO_WINDOW,
            last_verdicts: Verdicts::NONE,
            shift: None,
            only_syn: false,
        }
    }
}

/// What is kept of one connection.
#[derive(Clone, Debug, Default)]
struct Judge {
    ends: [End; 2],
    syn_at: Option<Instant>,
    initial_rtt: Option<Duration>,
}

impl Judge {
    fn push(
        &mut self,
        number: u32,
        at: Instant,
        direction: Direction,
        tcp: &Tcp,
        options: &mut dyn FnMut(u32) -> Options,
    ) -> Label {
        let flags = tcp.flags;
        let (syn, ack) = (flags.contains(Flags::SYN), flags.contains(Flags::ACK));
        let mut label = Label::default();
        let known = &mut self.ends[direction as usize];
        match known.base {
            Some(base) if syn && base != tcp.seq => {
                label.verdicts |= Verdicts::PORT_REUSED;
                if ack {
                    known.base = Some(tcp.seq);
                } else {
                    *self = Judge::default();
                }
            }
            // A reset may have carried another number since the SYN that comes once more.
            Some(_) if syn && !ack => known.next = known.continuous,
            _ => {}
        }
        let initial_rtt = self.initial_rtt.filter(|rtt| *rtt != Duration::ZERO);
        if syn && !ack {
            self.syn_at = Some(at);
        } else if ack && !syn && initial_rtt.is_none() {
            self.initial_rtt = self.syn_at.map(|syn_at| at.since(syn_at));
        }
        let [a, b] = &mut self.ends;
        let (me, peer) = if direction == Direction::ToServer { (a, b) } else { (b, a) };
        if me.base.is_none() {
            me.base = Some(if syn { tcp.seq } else { tcp.seq - 1 });
        }
        if ack && peer.base.is_none() {
            peer.base = Some(tcp.ack - 1);
        }
        let segment = Segment { at, tcp, plain: !flags.intersects(NOT_PLAIN) };
        let verdicts = numbers(&segment, me, peer);
        label.verdicts |= verdicts;
        if verdicts.contains(Verdicts::DUP_ACK) {
            me.dup_acks = if me.dup_acks == BEYOND_ALL { 1 } else { me.dup_acks + 1 };
            label.dup_ack = me.dup_acks;
        }
        if tcp.ack.0 != me.last_ack {
            me.dup_acks = 0;
        }
        if let Some(seen) = peer.continuous.filter(|seen| ack && tcp.ack.after(*seen)) {
            let more = peer.next.is_some_and(|next| seen.before(next));
            if more || peer.dup_acks == 0 {
                label.verdicts |= Verdicts::ACKED_UNSEEN;
            }
            if more {
                peer.continuous = peer.next;
            } else {
                peer.dup_acks = BEYOND_ALL;
            }
        }
        if !label.verdicts.contains(Verdicts::KEEP_ALIVE) {
            label.verdicts |= repeats(&segment, me, peer, initial_rtt);
        }
        me.advance(&segment, label.verdicts);
        me.last_verdicts = label.verdicts;
        if syn {
            me.shift = options(number).window_scale;
            if ack && (me.shift.is_none() || peer.shift.is_none()) {
                // Scaling is on if both ask for it (RFC 7323 §2.2); of a SYN that was not captured nothing is known.
                if peer.base.is_some() && peer.next.is_some() {
                    (me.shift, peer.shift) = (Some(0), Some(0));
                }
            }
        }
        me.only_syn = syn || (me.only_syn && !ack);
        label
    }
}

const NOT_PLAIN: Flags = Flags(Flags::SYN.0 | Flags::FIN.0 | Flags::RST.0);

/// A segment as the rules look at it.
struct Segment<'a> {
    at: Instant,
    tcp: &'a Tcp,
    /// None of SYN, FIN and RST.
    plain: bool,
}

/// What follows from the numbers of a segment and the last ones of both ends.
fn numbers(segment: &Segment<'_>, me: &End, peer: &End) -> Verdicts {
    let Segment { tcp, plain, .. } = *segment;
    let (seq, len, window) = (tcp.seq, tcp.len, u32::from(tcp.window));
    let at_next = me.next == Some(seq);
    if len == 1 && at_next && peer.window == 0 {
        return Verdicts::ZERO_WINDOW_PROBE;
    }
    let mut verdicts = Verdicts::NONE;
    let mut set = |verdict, holds: bool| {
        if holds {
            verdicts |= verdict;
        }
        holds
    };
    let repeats = len == 0 && plain && at_next && tcp.ack.0 == me.last_ack;
    set(Verdicts::ZERO_WINDOW, window == 0 && plain);
    let beyond = me.next.is_some_and(|next| seq.after(next));
    set(Verdicts::LOST_PREVIOUS, beyond && !tcp.flags.contains(Flags::RST));
    set(Verdicts::KEEP_ALIVE, len <= 1 && plain && me.next.is_some_and(|next| seq == next - 1));
    set(Verdicts::WINDOW_UPDATE, repeats && window != 0 && window != me.window);
    let shift = peer.shift.map(|shift| if peer.only_syn { 0 } else { shift });
    let edge = shift.map(|shift| Seq(peer.last_ack) + peer.window.checked_shl(shift.into()).unwrap_or(0));
    set(Verdicts::WINDOW_FULL, len > 0 && plain && edge == Some(seq + len));
    let same = repeats && window == me.window;
    if set(Verdicts::KEEP_ALIVE_ACK, same && window != 0 && peer.last_verdicts.contains(Verdicts::KEEP_ALIVE)) {
        return verdicts;
    }
    let answers = same && window == 0;
    if set(Verdicts::ZERO_WINDOW_PROBE_ACK, answers && peer.last_verdicts.contains(Verdicts::ZERO_WINDOW_PROBE)) {
        return verdicts;
    }
    set(Verdicts::DUP_ACK, same && window != 0);
    verdicts
}

/// Whether a segment was sent again, and how, or came late.
fn repeats(segment: &Segment<'_>, me: &End, peer: &End, initial_rtt: Option<Duration>) -> Verdicts {
    let Segment { at, tcp, .. } = *segment;
    let occupies = tcp.len > 0 || tcp.flags.intersects(Flags(Flags::SYN.0 | Flags::FIN.0));
    let Some(next) = me.next.filter(|_| occupies) else { return Verdicts::NONE };
    let (seq, end) = (tcp.seq, tcp.seq + tcp.len);
    let acked = Seq(peer.last_ack);
    if tcp.len > 0 && peer.last_ack != 0 && end.at_or_before(acked) {
        return Verdicts::SPURIOUS_RETRANSMISSION;
    }
    // What starts at the byte of a probe and goes on is new.
    if !seq.before(next) || (tcp.len > 1 && seq == next - 1) {
        return Verdicts::NONE;
    }
    // TShark 4.0 looks at the number that is acknowledged alone, not at SACK blocks.
    let soon = |since: Instant, limit: Duration| (Duration::ZERO..limit).contains(&at.since(since));
    if peer.dup_acks >= 2 && seq == acked && soon(peer.last_at, FAST) {
        return Verdicts::FAST_RETRANSMISSION;
    }
    // A SYN and a FIN have a number of their own: what comes once more as it was has not been overtaken.
    let control = tcp.flags.intersects(Flags(Flags::SYN.0 | Flags::FIN.0));
    if soon(me.next_at, initial_rtt.unwrap_or(REORDERING)) && end + u32::from(control) != next {
        return Verdicts::OUT_OF_ORDER;
    }
    Verdicts::RETRANSMISSION
}

impl End {
    /// Takes the segment's numbers in.
    fn advance(&mut self, segment: &Segment<'_>, verdicts: Verdicts) {
        let Segment { at, tcp, .. } = *segment;
        let flags = tcp.flags;
        let control = flags.intersects(Flags(Flags::SYN.0 | Flags::FIN.0));
        let end = tcp.seq + tcp.len + u32::from(control);
        let probe = verdicts.contains(Verdicts::ZERO_WINDOW_PROBE);
        if !probe && self.next.is_none_or(|next| end.after(next)) {
            (self.next, self.next_at) = (Some(end), at);
        }
        if !probe && self.continuous.is_none_or(|seen| tcp.seq == seen) {
            self.continuous = self.next;
        }
        self.window = tcp.window.into();
        self.last_ack = tcp.ack.0;
        self.last_at = at;
    }
}
