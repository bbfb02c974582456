//! IP, and what the capture itself lacks.

use base::Duration;
use flow::{Direction, Verdicts};

use super::{Confidence, Connection, Finding, Rule, finding, ms};

/// All of them.
pub(super) static RULES: &[&dyn Rule] = &[
    &FragmentMissing,
    &Doubled,
    &Malformed,
    &Snapped,
    &Altered,
    &CapturedTwice,
    &NotCaptured,
    &OneDirection,
    &ClockBack,
    &ClockForward,
];

finding! {
    /// A fragment that never becomes whole.
    FragmentMissing = "finding.ip.fragment_missing", "a fragment is missing", "RFC 791 §3.2",
        "an IP packet was cut into fragments and not all of them came, so all of it is lost",
        advice "Firewalls often drop fragments. Make the packets smaller (EDNS 1232 bytes, a lower MTU in the tunnel) so that nothing needs to be cut.";
    conclude = |card, across, out| {
        let lonely = &across.fragments;
        if lonely.count > 0 {
            let text = format!("{} fragments belong to IP packets that never became whole.", lonely.count);
            out.push(Finding::new(card, text, lonely.first.iter().copied()).failed().sure(Confidence::Likely));
        }
    };
}

/// Fewer packets that come twice than this are an accident of the network, however few packets there are.
const MIRRORED: usize = 3;

finding! {
    /// A packet that comes twice.
    Doubled = "finding.ip.doubled", "the network doubles packets", "RFC 5560 §1",
        "some packets arrive twice, the same in every bit: no sender repeats itself so, something on the way did",
        advice "Look for a loop between switches, redundant paths that both deliver, a wireless link that repeats what was acknowledged, or rules that duplicate (tee, netem).";
    conclude = |card, across, out| {
        let (few, most) = (&across.doubled, &across.mirrored);
        let all = if most.count < MIRRORED { few.count + most.count } else { few.count };
        if all > 0 {
            let text = format!("{all} packets came twice, the second time unchanged.");
            let others = most.first.iter().filter(|_| most.count < MIRRORED);
            out.push(Finding::new(card, text, few.first.iter().chain(others).copied()).sure(Confidence::Likely));
        }
    };
}

finding! {
    /// A mirror that shows everything twice.
    CapturedTwice = "finding.capture.twice", "each packet is captured twice", "RFC 7011 §2",
        "the capture shows the same packets at more than one place: where they come in and where they go out, or at several interfaces; nobody sent them twice",
        advice "Mirror one direction of a port, or capture at one interface instead of all (tcpdump -i eth0); editcap -d removes what is the same in every bit. The copies were left out here.";
    conclude = |card, across, out| {
        let copies = &across.mirrored;
        if copies.count >= MIRRORED {
            let text = format!("{} of {} packets are copies of others in this capture.", copies.count, across.packets);
            out.push(Finding::new(card, text, copies.first.iter().copied()));
        }
    };
}

finding! {
    /// A packet that breaks its format.
    Malformed = "finding.ip.malformed", "malformed packets", "RFC 1122 §3.2.1",
        "a header breaks its format: damaged on the way, cut by a faulty device, or made by an attacker",
        advice "See where the tree of the packet says malformed, and look at the device that sent it; hosts drop such packets.";
    conclude = |card, across, out| {
        let bad = &across.malformed;
        if bad.count > 0 {
            let text = format!("{} packets break their format.", bad.count);
            out.push(Finding::new(card, text, bad.first.iter().copied()));
        }
    };
}

finding! {
    /// The snap length was too short.
    Snapped = "finding.capture.snapped", "the capture kept only the beginning of packets", "draft-ietf-opsawg-pcapng §4.2",
        "packets are cut by the capture's snap length: what they carried cannot be read",
        advice "Capture again with full length (tcpdump -s 0).";
    conclude = |card, across, out| {
        let cut = &across.snapped;
        if cut.count > 0 {
            let text = format!("{} of {} packets are cut short.", cut.count, across.packets);
            out.push(Finding::new(card, text, cut.first.iter().copied()));
        }
    };
}

finding! {
    /// Checksums that fit nothing, of segments that arrived.
    Altered = "finding.capture.altered", "the capture was changed after it was made", "RFC 9293 §3.1",
        "segments have checksums that fit neither them nor the addresses, and were taken all the same: addresses or data were replaced in the file, or a network card was to complete the sums",
        advice "Do not trust the bytes that were replaced (addresses, names, contents). Whoever makes captures anonymous should compute the checksums anew, as wirescope sanitize does.";
    conclude = |card, across, out| {
        let changed = &across.altered;
        if changed.count > 0 {
            let text = format!("{} segments have a wrong checksum, and were taken all the same.", changed.count);
            out.push(Finding::new(card, text, changed.first.iter().copied()).sure(Confidence::Likely));
        }
    };
}

/// What acknowledged bytes of one direction in the midst of its stream that the capture does not have.
fn hole(connection: &Connection<'_>, direction: Direction) -> Option<u32> {
    let (half, other) = (connection.tcp.half(direction), connection.tcp.half(direction.opposite()));
    let from = half.stream().start()?;
    let acked = other.acked()?.min(half.fin().unwrap_or(i64::MAX));
    let lacks = acked > from && half.stream().covered(from..acked) < (acked - from) as u64;
    let acks = |(_, tcp): &(&flow::Row, &flow::Tcp)| tcp.relative_ack().is_some_and(|ack| ack >= acked);
    connection.of(direction.opposite()).find(|segment| lacks && acks(segment)).map(|(row, _)| row.number)
}

finding! {
    /// The capture lost packets.
    NotCaptured = "finding.capture.packets_missing", "the capture lost packets", "RFC 9293 §3.4",
        "the other side acknowledges bytes that the capture does not have: they arrived, but were not captured",
        advice "Capture with a larger buffer (tcpdump -B), a filter or a shorter snap length, or nearer to the host; do not take the holes for loss on the network.";
    look_at = |card, connection, out| {
        let unseen = connection.segments.iter().filter(|(_, tcp)| tcp.verdicts.contains(Verdicts::ACKED_UNSEEN));
        let mut frames: Vec<u32> = unseen.map(|(row, _)| row.number).collect();
        for direction in Direction::BOTH {
            frames.extend(hole(connection, direction).filter(|_| frames.is_empty()));
        }
        let both = connection.tcp.client().counts().packets > 0 && connection.tcp.server().counts().packets > 0;
        if !frames.is_empty() && both {
            let text = format!("{} acknowledgments are of data that the capture lacks.", frames.len());
            out.push(Finding::new(card, text, frames));
        }
    };
}

finding! {
    /// Only one side was captured.
    OneDirection = "finding.capture.one_direction", "only one direction was captured", "RFC 9293 §3.4",
        "one end acknowledges what the other sends, but nothing of the other was captured",
        advice "The ways there and back differ, or the tap mirrors one direction only. Capture at one of the ends.";
    look_at = |card, connection, out| {
        if connection.unseen().is_some() {
            let frames = connection.segments.iter().map(|(row, _)| row.number).take(3);
            out.push(Finding::new(card, format!("All {} packets of this connection go one way.", connection.segments.len()), frames));
        }
    };
}

/// Queues of a card may be read out of turn by less than this.
const OUT_OF_TURN: Duration = Duration::from_millis(10);

finding! {
    /// The clock was set back.
    ClockBack = "finding.capture.clock_back", "the capture's clock was set back", "draft-ietf-opsawg-pcapng §4.3",
        "packets bear earlier times than those that stand before them in the file: what was waited for cannot be told from it",
        advice "Let the capturing machine's clock be slewed instead of stepped (chronyd, ntpd -x), or put the files in order of time (mergecap, reordercap).";
    look_at = |card, connection, out| {
        let pairs = connection.segments.windows(2).map(|pair| (pair[0].0, pair[1].0));
        let back: Vec<(u32, Duration)> = pairs
            .filter(|(before, row)| before.interface == row.interface && before.at.since(row.at) > OUT_OF_TURN)
            .map(|(before, row)| (row.number, before.at.since(row.at)))
            .collect();
        let Some(furthest) = back.iter().map(|(_, by)| *by).max() else { return };
        let times = if back.len() == 1 { "once".to_owned() } else { format!("{} times", back.len()) };
        let text = format!("On this connection time went back {times}, by up to {}.", ms(furthest));
        out.push(Finding::new(card, text, back.into_iter().map(|(number, _)| number)));
    };
}

finding! {
    /// The clock was set forward.
    ClockForward = "finding.capture.clock_forward", "the capture's clock was set forward", "RFC 7323 §3.2",
        "the capture's clock went on much farther than the ends' own clocks, or than any sender waits: it was stepped, or the capturing machine slept",
        advice "Let the capturing machine's clock be slewed instead of stepped (chronyd, ntpd -x). What seems to have lasted as long as the step is left out here.";
    look_at = |card, connection, out| {
        let steps = connection.tcp.clock_steps();
        let Some(furthest) = steps.iter().map(|step| step.by).max() else { return };
        let times = if steps.len() == 1 { "once".to_owned() } else { format!("{} times", steps.len()) };
        let text = format!("On this connection time went forward {times}, by up to {}.", ms(furthest));
        out.push(Finding::new(card, text, steps.iter().flat_map(|step| [step.before, step.frame])).sure(Confidence::Likely));
    };
}
