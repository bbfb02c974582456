//! How far both directions of a connection are after each of its packets, as the tap saw it.

use base::Instant;
use flow::{Connection, ConversationId, Direction, Flow, Verdicts};
use wire::tcp::Flags;

/// A segment, and how far the connection is after it. Numbers are relative, windows in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub number: u32,
    pub at: Instant,
    pub direction: Direction,
    pub flags: Flags,
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

/// All packets of a connection, in order.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub steps: Vec<Step>,
}

impl Progress {
    /// Follows a TCP connection from its first packet to its last.
    pub fn of(flow: &Flow, id: ConversationId) -> Option<Progress> {
        let conversation = flow.conversation(id)?;
        let connection = conversation.tcp()?;
        let shifts = shifts(connection);
        let (mut sent, mut acked, mut offered) = ([0i64; 2], [0i64; 2], [None; 2]);
        let mut steps = Vec::with_capacity(conversation.packets.len());
        for view in flow.packets(conversation) {
            let Some(tcp) = view.tcp else { continue };
            let direction = view.row.direction;
            let (me, other) = (direction as usize, direction.opposite() as usize);
            let (syn, fin) = (tcp.flags.contains(Flags::SYN), tcp.flags.contains(Flags::FIN));
            let ignored = tcp.verdicts.intersects(Verdicts::DAMAGED) || tcp.flags.contains(Flags::RST);
            let range = tcp.relative_seq().map(|seq| (seq, seq + i64::from(tcp.len) + i64::from(syn) + i64::from(fin)));
            // RFC 7323 §2.2: the window in a SYN is not scaled.
            let shift = if syn { Some(0) } else { shifts[me] };
            let window = shift.map(|shift| u64::from(tcp.window) << shift);
            if !ignored {
                if let Some((_, end)) = range {
                    sent[me] = sent[me].max(end);
                }
                if let Some(ack) = tcp.relative_ack() {
                    acked[other] = acked[other].max(ack);
                }
                offered[me] = window;
            }
            steps.push(Step {
                number: view.row.number,
                at: view.row.at,
                direction,
                flags: tcp.flags,
                range,
                ack: tcp.relative_ack(),
                verdicts: tcp.verdicts,
                sent,
                acked,
                offered,
            });
        }
        Some(Progress { steps })
    }

    /// The last step up to `at`, and including it.
    pub fn at(&self, at: Instant) -> Option<&Step> {
        self.steps.get(self.steps.partition_point(|step| step.at <= at).checked_sub(1)?)
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
