//! Loss and what it costs: retransmissions, timeouts, reordering, damage.

use base::{Duration, Instant, Map};
use flow::{Direction, Tcp, Verdicts};
use wire::tcp::{Flags, Seq};

use super::{Confidence, Connection, Finding, Rule, finding, ms};
use crate::repeats::{RTO_MIN, Repeat, RepeatCause};

/// All of them.
pub(super) static RULES: &[&dyn Rule] =
    &[&BlackHole, &Damaged, &Timeout, &TailLoss, &Loss, &Reordering, &Spurious, &Conflict, &Congested];

/// A retransmission and how long the stream had waited for it.
struct Again {
    frame: u32,
    /// The packet that it repeats, if that was captured.
    first: u32,
    seq: i64,
    len: u32,
    waited: Duration,
}

/// What one side sent again, with the time since it had last sent anything: the wait that the loss cost.
fn again(connection: &Connection<'_>, direction: Direction, which: impl Fn(&Tcp) -> bool) -> Vec<Again> {
    let mut last: Option<Instant> = None;
    let mut out = Vec::new();
    for (row, tcp) in connection.of(direction) {
        if which(tcp) && !tcp.flags.contains(Flags::SYN) {
            let first = tcp.repeats().unwrap_or(0);
            let since = [last, (first != 0).then(|| connection.case.at(first))].into_iter().flatten().max();
            let waited = row.at.since(since.unwrap_or(row.at));
            out.push(Again { frame: row.number, first, seq: tcp.relative_seq().unwrap_or(0), len: tcp.len, waited });
        }
        if tcp.len > 0 || tcp.flags.contains(Flags::FIN) {
            last = Some(row.at);
        }
    }
    out
}

/// Whether a retransmission waited as long as only a timer does.
fn by_timer(connection: &Connection<'_>, again: &Again) -> bool {
    let rtt = connection.round_trip().unwrap_or(Duration::ZERO);
    again.waited >= RTO_MIN.max(rtt)
}

/// Whether something else than loss made the sender send again: a packet too large, or a copy that is not one.
fn explained(connection: &Connection<'_>, again: &Again) -> bool {
    let too_large = |row: &&flow::Row| row.kind == flow::RowKind::Icmp(3, 4) && row.number < again.frame;
    let conflict = |(_, overlap): &(Direction, flow::Overlap)| overlap.dropped.frame == again.frame;
    connection.layers.conflicts.iter().any(conflict)
        || (connection.reported
            && connection
                .case
                .flow
                .rows()
                .iter()
                .filter(too_large)
                .any(|row| row.about == Some(connection.conversation.id)))
}

fn evidence(list: &[Again]) -> Vec<u32> {
    list.iter().flat_map(|again| [again.first, again.frame]).collect()
}

/// What repairs cost: each takes a round trip at least; repairs within one round trip are one.
fn repairs(connection: &Connection<'_>, list: &[Again]) -> Duration {
    let rtt = connection.round_trip().unwrap_or(Duration::ZERO);
    let mut episodes = 0;
    let mut until = Instant::from_nanos(i64::MIN);
    for again in list {
        let at = connection.case.at(again.frame);
        if at >= until {
            episodes += 1;
            until = at + rtt;
        }
    }
    Duration::from_nanos(rtt.as_nanos().saturating_mul(episodes))
}

/// Where each damaged segment of one direction first came, by its sequence number: no more is known of such a one than the
/// numbers as they stood.
fn damaged(connection: &Connection<'_>, direction: Direction) -> Map<u32, u32> {
    let mut first = Map::default();
    for (row, tcp) in connection.of(direction) {
        if tcp.verdicts.contains(Verdicts::DAMAGED) && tcp.len > 0 {
            first.entry(tcp.seq.0).or_insert(row.number);
        }
    }
    first
}

/// Whether what is sent again had come before, damaged.
fn was_damaged(connection: &Connection<'_>, damaged: &Map<u32, u32>, again: &Again) -> bool {
    let seq = || Some(connection.case.flow.row(again.frame)?.tcp?.seq);
    seq().and_then(|seq| damaged.get(&seq.0)).is_some_and(|&first| first < again.frame)
}

finding! {
    /// Large segments never arrive.
    BlackHole = "finding.tcp.mtu_black_hole", "large packets vanish", "RFC 2923 §2.1",
        "small packets pass, large ones are sent again and again and never arrive: a link takes only smaller ones, and its message does not come back",
        advice "Let ICMP fragmentation needed pass, clamp the MSS at the tunnel (iptables TCPMSS --clamp-mss-to-pmtu), or turn on net.ipv4.tcp_mtu_probing.";
    look_at = |card, connection, out| {
        for direction in Direction::BOTH {
            let list = again(connection, direction, |tcp| tcp.verdicts.is_retransmission() && tcp.len > 1000);
            let Some(last) = list.last() else { continue };
            let same: Vec<&Again> = list.iter().filter(|a| a.seq == last.seq).collect();
            let acked = connection.tcp.half(direction.opposite()).acked().unwrap_or(0);
            let small = connection.of(direction).any(|(_, tcp)| tcp.len > 0 && tcp.len < 600 && tcp.relative_seq().is_some_and(|s| s < acked));
            let heard = connection.of(direction.opposite()).any(|(_, tcp)| tcp.flags.contains(Flags::ACK));
            let big_passed = connection.of(direction).any(|(_, tcp)| tcp.len >= last.len && tcp.relative_seq().is_some_and(|s| s + i64::from(tcp.len) <= acked));
            if same.len() >= 3 && acked <= last.seq && heard && !big_passed {
                let text = format!("The {} sent {} bytes {} times, and they never arrived, while smaller packets do.", Connection::sender(direction), last.len, same.len() + 1);
                let frames: Vec<u32> = same.iter().flat_map(|a| [a.first, a.frame]).collect();
                out.push(Finding::new(card, text, frames).failed().sure(if small { Confidence::Likely } else { Confidence::Possible }));
            }
        }
    };
}

finding! {
    /// A retransmission timer ran out.
    Timeout = "finding.tcp.timeout", "waiting for the retransmission timer", "RFC 6298 §5",
        "a segment was lost and nothing told the sender, so it waited until its timer ran out",
        advice "The last segments of a response have nothing behind them that would give duplicate ACKs: tail loss probes (RFC 8985, on in Linux) shorten the wait. Remove the loss itself first.";
    look_at = |card, connection, out| {
        for direction in Direction::BOTH {
            let list = again(connection, direction, |tcp| tcp.verdicts.is_retransmission());
            let list: Vec<Again> = list.into_iter().filter(|a| by_timer(connection, a)).collect();
            let cost: Duration = list.iter().map(|a| a.waited).sum();
            if !list.is_empty() {
                let text = format!("The {} waited {} for its retransmission timer, {} times.", Connection::sender(direction), ms(cost), list.len());
                out.push(Finding::new(card, text, evidence(&list)).costs(cost));
            }
        }
    };
}

/// The loss probes of one side.
fn probes(connection: &Connection<'_>, direction: Direction) -> Vec<Repeat> {
    let list = crate::repeats::repeats(connection.tcp, &connection.segments);
    list.into_iter().filter(|r| r.direction == direction && r.cause == RepeatCause::LossProbe).collect()
}

finding! {
    /// The end of a transfer is lost.
    TailLoss = "finding.tcp.tail_loss", "the last segments were lost", "RFC 8985 §7",
        "nothing followed the lost segments that could give duplicate ACKs: the sender waited about two round trips and probed",
        advice "Tail loss probes already made this shorter than a retransmission timeout. Remove the loss: a queue that overflows at the end of a burst is the usual place; pacing (fq, BBR) makes bursts smaller.";
    look_at = |card, connection, out| {
        for direction in Direction::BOTH {
            let list = probes(connection, direction);
            let cost: Duration = list.iter().map(|probe| probe.waited).sum();
            if !list.is_empty() {
                let text = format!("The {} sent nothing for {} before it probed for a lost end.", Connection::sender(direction), ms(cost));
                out.push(Finding::new(card, text, list.iter().flat_map(|probe| [probe.first, probe.frame])).costs(cost).sure(Confidence::Likely));
            }
        }
    };
}

finding! {
    /// Loss that duplicate ACKs repaired.
    Loss = "finding.tcp.loss", "packets are lost", "RFC 5681 §3.2",
        "segments were lost and sent again; the sender also slows down because of it",
        advice "Find where: compare a capture at each end. A full queue at the slowest link is normal for a bulk transfer; loss at low rate is a bad cable, radio, or policer.";
    look_at = |card, connection, out| {
        for direction in Direction::BOTH {
            let list = again(connection, direction, |tcp| tcp.verdicts.intersects(Verdicts(Verdicts::RETRANSMISSION.0 | Verdicts::FAST_RETRANSMISSION.0)));
            let damaged = damaged(connection, direction);
            let list: Vec<Again> = list.into_iter().filter(|a| !by_timer(connection, a) && !explained(connection, a) && !was_damaged(connection, &damaged, a)).collect();
            let probes = probes(connection, direction);
            let list: Vec<Again> = list.into_iter().filter(|a| probes.iter().all(|probe| probe.frame != a.frame)).collect();
            if list.is_empty() {
                continue;
            }
            let sent = connection.of(direction).filter(|(_, tcp)| tcp.len > 0).count().max(1);
            let cost = repairs(connection, &list);
            let text = format!("{} of {sent} segments of the {} were lost and sent again.", list.len(), Connection::sender(direction));
            out.push(Finding::new(card, text, evidence(&list)).costs(cost));
        }
    };
}

finding! {
    /// Sent again for nothing.
    Spurious = "finding.tcp.spurious", "segments are sent again for nothing", "RFC 4015 §1",
        "segments were repeated although the first ones had arrived: the timer was too short, the ACKs were late or lost",
        advice "Delay that jumps (wireless, bufferbloat) runs into the timer. Timestamps (RFC 7323) let the sender notice and undo; look for lost ACKs on the way back.";
    look_at = |card, connection, out| {
        for direction in Direction::BOTH {
            let list = again(connection, direction, |tcp| tcp.verdicts.contains(Verdicts::SPURIOUS_RETRANSMISSION));
            if !list.is_empty() {
                let text = format!("The {} sent {} segments again that had arrived.", Connection::sender(direction), list.len());
                out.push(Finding::new(card, text, evidence(&list)));
            }
        }
    };
}

finding! {
    /// Overtaken on the way.
    Reordering = "finding.tcp.reordering", "packets overtake each other", "RFC 4737 §3.3",
        "segments arrive in another order than they were sent; much of it looks like loss to the sender",
        advice "Parallel links that spread packets instead of flows, or a wireless link that repeats: hash by flow. RACK (RFC 8985) tolerates it better than three duplicate ACKs.";
    look_at = |card, connection, out| {
        for direction in Direction::BOTH {
            let marked = |verdict| connection.of(direction).filter(move |(_, tcp)| tcp.verdicts.contains(verdict));
            // Without timestamps and SACK what was overtaken is not told from what was sent again (RFC 7323 §3.2).
            if connection.segments.iter().any(|(row, _)| row.options_cut) {
                return;
            }
            let frames: Vec<u32> = marked(Verdicts::OUT_OF_ORDER).map(|(row, _)| row.number).collect();
            // A single one is worth a word only if the sender took it for lost.
            let taken_for_lost = marked(Verdicts::OUT_OF_ORDER).any(|(_, late)| {
                marked(Verdicts::SPURIOUS_RETRANSMISSION).any(|(_, again)| again.relative_seq() == late.relative_seq())
            });
            if frames.len() >= 2 || taken_for_lost {
                out.push(Finding::new(card, format!("{} segments of the {} were overtaken on the way.", frames.len(), Connection::sender(direction)), frames));
            }
        }
    };
}

finding! {
    /// Wrong checksums.
    Damaged = "finding.tcp.damaged", "segments arrive damaged", "RFC 9293 §3.1",
        "the checksum is wrong though others of the same sender are right: bits changed on the way behind the link's own check",
        advice "A faulty router, network card or memory changes bits. Compare captures hop by hop to find it; the checksum of 16 bits misses some, so data may be damaged too.";
    look_at = |card, connection, out| {
        let bad = connection.segments.iter().filter(|(_, tcp)| tcp.verdicts.contains(Verdicts::DAMAGED));
        let frames: Vec<u32> = bad.map(|(row, _)| row.number).collect();
        if !frames.is_empty() {
            let mut cost = Duration::ZERO;
            for direction in Direction::BOTH {
                let list = again(connection, direction, |tcp| tcp.verdicts.is_retransmission());
                let damaged = damaged(connection, direction);
                let list: Vec<Again> = list.into_iter().filter(|a| was_damaged(connection, &damaged, a)).collect();
                cost += repairs(connection, &list);
            }
            let finding = Finding::new(card, format!("{} segments have a wrong checksum.", frames.len()), frames);
            out.push(if cost > Duration::ZERO { finding.costs(cost) } else { finding });
        }
    };
}

finding! {
    /// Two copies that differ.
    Conflict = "finding.tcp.conflicting_data", "the same bytes came twice and differ", "RFC 9293 §3.10.7.4",
        "two segments carry the same range of the stream with different content: one is forged, or damaged unnoticed",
        advice "Receivers disagree which copy counts: this is how intrusion detection is evaded, and how responses are injected. Use TLS, and look at both segments' times to live.";
    look_at = |card, connection, out| {
        let frames: Vec<u32> = connection.layers.conflicts.iter().flat_map(|(_, overlap)| [overlap.kept.frame, overlap.dropped.frame]).collect();
        if !frames.is_empty() {
            let text = format!("{} ranges of the stream came twice with different bytes.", connection.layers.conflicts.len());
            out.push(Finding::new(card, text, frames));
        }
    };
}

/// The count of marked packets begins so, where both ends agreed on accurate ECN (RFC 9768 §3.2.1).
const ACE_AT_FIRST: u8 = 5;

/// The client's segments that tell what became of a SYN ACK instead of counting (RFC 9768 §3.2.2.1): the one behind each.
fn of_handshake(connection: &Connection<'_>, direction: Direction) -> Vec<u32> {
    let (mut answers, mut asked) = (Vec::new(), false);
    for (row, tcp) in connection.segments.iter().filter(|_| direction == Direction::ToServer) {
        if row.direction == direction {
            if std::mem::take(&mut asked) {
                answers.push(row.number);
            }
        } else {
            asked |= tcp.flags.contains(Flags::SYN);
        }
    }
    answers
}

/// The segments that tell of congestion marks.
fn echoes(connection: &Connection<'_>) -> Vec<u32> {
    let opened = connection.segments.iter().filter(|(_, tcp)| !tcp.flags.contains(Flags::SYN));
    // Only where both ends agreed on accurate ECN is AE set: it is the highest bit of a counter.
    if !opened.clone().any(|(_, tcp)| tcp.flags.contains(Flags::AE)) {
        return opened.filter(|(_, tcp)| tcp.flags.contains(Flags::ECE)).map(|(row, _)| row.number).collect();
    }
    let mut frames = Vec::new();
    for direction in Direction::BOTH {
        let opening = connection.tcp.half(direction).syn_frame().is_some();
        let answers = of_handshake(connection, direction);
        let mut told: Option<(Seq, u8)> = None;
        let last = connection.tcp.half(direction.opposite()).fin();
        let mut closed = false;
        for (row, tcp) in connection
            .of(direction)
            .filter(|(_, tcp)| tcp.flags.contains(Flags::ACK) && !tcp.flags.intersects(Flags::SYN | Flags::RST))
            .filter(|(row, _)| !answers.contains(&row.number))
        {
            // Linux counts no more in TIME-WAIT, where it acknowledges the other side's FIN behind its own.
            let in_time_wait = closed && last.is_some_and(|fin| tcp.relative_ack().is_some_and(|ack| ack > fin));
            closed |= tcp.flags.contains(Flags::FIN);
            if in_time_wait {
                continue;
            }
            // What was overtaken on the way tells an older count.
            if told.is_some_and(|(ack, _)| tcp.ack.before(ack)) {
                continue;
            }
            let count = tcp.flags.ace();
            if told.map_or(opening && count != ACE_AT_FIRST, |(_, before)| count != before) {
                frames.push(row.number);
            }
            told = Some((tcp.ack, count));
        }
    }
    frames.sort_unstable();
    frames
}

finding! {
    /// ECN echoes.
    Congested = "finding.tcp.congestion_marked", "a router marks congestion", "RFC 3168 §6.1.2",
        "the receiver echoes congestion marks (ECE, or a count of them): a queue on the way is filling, and the sender slows down without loss",
        advice "That is what ECN is for. If the rate is lower than it should be, find the queue that marks.";
    look_at = |card, connection, out| {
        let frames = echoes(connection);
        if !frames.is_empty() {
            out.push(Finding::new(card, format!("{} segments tell of congestion marks.", frames.len()), frames));
        }
    };
}
