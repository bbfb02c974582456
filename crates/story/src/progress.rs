//! How far both directions of a connection are after each of its packets, as the tap saw it.

use base::Instant;
use flow::{Connection, ConversationId, Direction, Flow, RowView, Verdicts};
use wire::tcp::Flags;

use crate::rtt::Estimate;

/// A segment, and how far the connection is after it. Numbers are relative, windows in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub number: u32,
    pub at: Instant,
    pub direction: Direction,
    /// The segment's own numbers: from, and behind its last; the same for one that occupies none. SYN and FIN occupy one each.
    pub range: Option<(i64, i64)>,
    /// What it acknowledges of the other direction.
    pub ack: Option<i64>,
    pub verdicts: Verdicts,
    /// By direction: the number behind the highest sent, and the highest acknowledged by the other side.
    pub sent: [i64; 2],
    pub acked: [i64; 2],
    /// By the end that offers it (the client's first): the window offered last.
    pub offered: [Option<u64>; 2],
    /// By direction: what its sender makes of the round trips that the tap saw.
    pub estimates: [Option<Estimate>; 2],
}

impl Step {
    /// Bytes (and SYN and FIN) of `direction` that are sent and not acknowledged.
    pub fn in_flight(&self, direction: Direction) -> i64 {
        let d = direction as usize;
        (self.sent[d] - self.acked[d]).max(0)
    }
    /// The room that the peer of `direction`'s sender has left for it: the right edge of the window, as a number of the stream.
    pub fn edge(&self, direction: Direction) -> Option<i64> {
        let window = self.offered[direction.opposite() as usize]?;
        Some(self.acked[direction as usize].saturating_add(i64::try_from(window).ok()?))
    }
}

/// How far a connection is between two packets.
#[derive(Clone, Copy, Debug, Default)]
struct Stand {
    sent: [i64; 2],
    acked: [i64; 2],
    offered: [Option<u64>; 2],
    estimates: [Option<Estimate>; 2],
}

/// So many packets lie between two stands that are kept.
const EVERY: usize = 512;

/// All packets of a connection, in order. Some stands are kept; from the one before it a packet's is found again, so that a
/// million packets take little memory and any of them is told at once.
#[derive(Debug)]
pub(crate) struct Progress {
    id: ConversationId,
    shifts: [Option<u8>; 2],
    /// Before packet 0, [`EVERY`], twice that and so on of the connection.
    stands: Vec<Stand>,
}

impl Progress {
    /// Follows a TCP connection from its first packet to its last.
    pub fn of(flow: &Flow, id: ConversationId) -> Option<Progress> {
        let conversation = flow.conversation(id)?;
        let shifts = shifts(conversation.tcp()?);
        let mut stand = Stand::default();
        let mut stands = Vec::with_capacity(conversation.packets.len().div_ceil(EVERY));
        for (index, view) in flow.packets(conversation).enumerate() {
            if index % EVERY == 0 {
                stands.push(stand);
            }
            stand.follow(view, shifts);
        }
        Some(Progress { id, shifts, stands })
    }

    /// All steps, from the first.
    pub fn steps<'a>(&self, flow: &'a Flow) -> impl Iterator<Item = Step> + 'a {
        self.from(flow, 0)
    }

    /// The steps from the last stand before the packet `index` of the connection on.
    fn from<'a>(&self, flow: &'a Flow, index: usize) -> impl Iterator<Item = Step> + 'a {
        let kept = index / EVERY;
        let mut stand = self.stands.get(kept).copied().unwrap_or_default();
        let shifts = self.shifts;
        let packets = flow.conversation(self.id).map_or(&[][..], |conversation| conversation.packets.as_slice());
        let rest = packets.get(kept * EVERY..).unwrap_or_default();
        rest.iter().filter_map(|&number| flow.row(number)).filter_map(move |view| stand.follow(view, shifts))
    }

    /// The last step up to `at`, and including it.
    pub fn at(&self, flow: &Flow, at: Instant) -> Option<Step> {
        self.last(flow, |number| flow.row(number).is_none_or(|view| view.row.at <= at))
    }

    /// The last step up to packet `number`, and including it.
    pub fn after(&self, flow: &Flow, number: u32) -> Option<Step> {
        self.last(flow, |other| other <= number)
    }

    /// The last step among those that have `passed`: the first packets of the connection, as far as it is true.
    fn last(&self, flow: &Flow, passed: impl Fn(u32) -> bool) -> Option<Step> {
        let packets = flow.conversation(self.id)?.packets.as_slice();
        let passed = packets.partition_point(|&number| passed(number));
        let mut index = passed.checked_sub(1)?;
        let last = *packets.get(index)?;
        loop {
            match self.from(flow, index).take_while(|step| step.number <= last).last() {
                // There may be packets that are no segments: fragments.
                None => index = index.checked_sub(EVERY)?,
                step => return step,
            }
        }
    }
}

impl Stand {
    /// How far the connection is after one more packet; `None` if that is no segment.
    fn follow(&mut self, view: RowView<'_>, shifts: [Option<u8>; 2]) -> Option<Step> {
        let tcp = view.tcp?;
        let direction = view.row.direction;
        let (me, other) = (direction as usize, direction.opposite() as usize);
        let (syn, fin) = (tcp.flags.contains(Flags::SYN), tcp.flags.contains(Flags::FIN));
        let ignored = tcp.verdicts.intersects(Verdicts::DAMAGED | Verdicts::COPY) || tcp.flags.contains(Flags::RST);
        let range = tcp.relative_seq().map(|seq| (seq, seq + i64::from(tcp.len) + i64::from(syn) + i64::from(fin)));
        // RFC 7323 §2.2: the window in a SYN is not scaled.
        let shift = if syn { Some(0) } else { shifts[me] };
        let window = shift.map(|shift| u64::from(tcp.window) << shift);
        if !ignored {
            if let Some((_, end)) = range {
                self.sent[me] = self.sent[me].max(end);
            }
            if let Some(ack) = tcp.relative_ack() {
                self.acked[other] = self.acked[other].max(ack);
            }
            self.offered[me] = window;
        }
        if let Some(sample) = tcp.rtt() {
            let before = self.estimates[other].as_ref();
            self.estimates[other] = Some(Estimate::next(before, view.row.at, view.row.number, sample));
        }
        Some(Step {
            number: view.row.number,
            at: view.row.at,
            direction,
            range,
            ack: tcp.relative_ack(),
            verdicts: tcp.verdicts,
            sent: self.sent,
            acked: self.acked,
            offered: self.offered,
            estimates: self.estimates,
        })
    }
}

/// The shifts of both sides' windows, the client's first; `None` where a SYN was not captured.
fn shifts(connection: &Connection) -> [Option<u8>; 2] {
    let (client, server) = (connection.client().syn_options(), connection.server().syn_options());
    let (Some(client), Some(server)) = (client, server) else { return [None; 2] };
    match (client.window_scale, server.window_scale) {
        // RFC 7323 §2.3: more than 14 counts as 14.
        (Some(c), Some(s)) => [Some(c.min(14)), Some(s.min(14))],
        // RFC 7323 §2.2: scaling is on if both SYNs carried the option.
        _ => [Some(0); 2],
    }
}
