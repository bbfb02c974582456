//! The differences between two runs, in words.

use analyze::PhaseKind;

use super::milestones::{Digest, PhaseTime};
use super::{Sentence, milestones};

/// Differences smaller than this are not worth a sentence.
const SMALL_NS: i64 = 10_000;

/// The differences, the most telling first: what the user waits for, where that comes from, what was agreed on, and what it cost.
pub(super) fn sentences(a: &Digest, b: &Digest) -> Vec<Sentence> {
    let mut out = Vec::new();
    let by = |id: &str| Some(b.milestone(id)?.at_ns - a.milestone(id)?.at_ns);
    out.extend(milestone(a, b, "first_byte"));
    // What holds for the first byte as for the last is said once.
    let same = by("first_byte").zip(by("last_byte")).is_some_and(|(first, last)| (first - last).abs() < SMALL_NS);
    if !same {
        out.extend(milestone(a, b, "last_byte"));
    }
    let mut phases: Vec<(i64, Sentence)> = Vec::new();
    for name in names(a, b) {
        phases.extend(phase(a, b, name));
    }
    phases.sort_by_key(|(by, _)| std::cmp::Reverse(by.abs()));
    out.extend(phases.into_iter().map(|(_, sentence)| sentence));
    out.extend(agreed(a, b));
    out.extend(counts(a, b));
    if out.is_empty() {
        out.push(plain("nothing differs: the two runs took the same time and the same packets".to_owned()));
    }
    out
}

fn plain(text: String) -> Sentence {
    Sentence { text, a_ns: None, b_ns: None, phase: String::new() }
}

/// The names of the phases of either run, in the order in which they happen.
pub(super) fn names(a: &Digest, b: &Digest) -> Vec<&'static str> {
    let order = [
        PhaseKind::Dhcp,
        PhaseKind::Arp,
        PhaseKind::Nd,
        PhaseKind::Dns,
        PhaseKind::Tcp,
        PhaseKind::Tls,
        PhaseKind::Http,
        PhaseKind::Local,
    ];
    let names = order.map(PhaseKind::name).into_iter();
    names.filter(|name| a.phase(name).is_some() || b.phase(name).is_some()).collect()
}

/// Milliseconds as people say them: three digits that matter.
fn millis(ns: i64) -> String {
    let ms = ns as f64 / 1e6;
    match ms.abs() {
        0.0..10.0 => format!("{ms:.2} ms"),
        10.0..100.0 => format!("{ms:.1} ms"),
        100.0..10_000.0 => format!("{ms:.0} ms"),
        _ => format!("{:.1} s", ms / 1e3),
    }
}

fn number(n: i64) -> String {
    let words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    usize::try_from(n).ok().and_then(|n| words.get(n)).map_or_else(|| n.to_string(), |word| (*word).to_owned())
}

fn trips(n: i64) -> String {
    format!("{} round trip{}", number(n), if n == 1 { "" } else { "s" })
}

fn milestone(a: &Digest, b: &Digest, id: &str) -> Option<Sentence> {
    let name = milestones::ALL.iter().find(|one| one.0 == id)?.1;
    let sentence =
        |text: String, a_ns: Option<i64>, b_ns: Option<i64>| Sentence { text, a_ns, b_ns, phase: id.to_owned() };
    match (a.milestone(id), b.milestone(id)) {
        (Some(a_at), Some(b_at)) => {
            let by = b_at.at_ns - a_at.at_ns;
            if by.abs() < SMALL_NS {
                return None;
            }
            let when = if by < 0 { "earlier" } else { "later" };
            let because = because(a, b, by).map(|why| format!(": {why}")).unwrap_or_default();
            let text = format!("{name} {} {when} in B{because}", millis(by.abs()));
            Some(sentence(text, Some(a_at.at_ns), Some(b_at.at_ns)))
        }
        (Some(at), None) => Some(sentence(format!("B never has its {name}"), Some(at.at_ns), None)),
        (None, Some(at)) => Some(sentence(format!("A never has its {name}"), None, Some(at.at_ns))),
        (None, None) => None,
    }
}

/// The phase that explains most of a difference, in short.
fn because(a: &Digest, b: &Digest, by: i64) -> Option<String> {
    let change = |name: &str| length(b.phase(name)) - length(a.phase(name));
    let most = names(a, b).into_iter().max_by_key(|name| if by < 0 { -change(name) } else { change(name) })?;
    // Only what goes the same way and makes up a good part of it explains it.
    let share = change(most);
    let enough = share.signum() == by.signum() && share.abs() * 2 >= by.abs();
    // A longer way shows in each phase of the connection.
    let connection = [PhaseKind::Tcp, PhaseKind::Tls, PhaseKind::Http].map(PhaseKind::name).into_iter();
    let mut ways = connection.filter_map(|name| other_round_trips(a.phase(name), b.phase(name)));
    if let Some((a_rtt, b_rtt)) = ways.find(|(a, b)| (b - a).signum() == by.signum()) {
        return Some(format!("a round trip takes {} instead of {}", millis(b_rtt), millis(a_rtt)));
    }
    if !enough {
        return None;
    }
    Some(match whole_trips(a.phase(most), b.phase(most)) {
        Some(n) if n > 0 => format!("{} more in {most}", trips(n)),
        Some(n) if n < 0 => format!("{} less in {most}", trips(-n)),
        _ => format!("mostly in {most}"),
    })
}

fn length(phase: Option<&PhaseTime>) -> i64 {
    phase.map_or(0, |phase| phase.ns)
}

/// The round trips of a phase in both runs, where one is more than a tenth longer than the other.
fn other_round_trips(a: Option<&PhaseTime>, b: Option<&PhaseTime>) -> Option<(i64, i64)> {
    let (a, b) = a.and_then(|phase| phase.rtt_ns).zip(b.and_then(|phase| phase.rtt_ns))?;
    ((a - b).abs() * 10 > a.max(b)).then_some((a, b))
}

/// How many round trips more a phase takes in B, if it is about a whole number and round trips themselves took as long.
fn whole_trips(a: Option<&PhaseTime>, b: Option<&PhaseTime>) -> Option<i64> {
    if other_round_trips(a, b).is_some() {
        return None;
    }
    let n = |phase: Option<&PhaseTime>| match phase {
        Some(phase) => phase.milli_round_trips(),
        None => Some(0),
    };
    let milli = n(b)? - n(a)?;
    let whole = (milli + 500 * milli.signum()) / 1000;
    ((milli - whole * 1000).abs() <= 250).then_some(whole)
}

fn phase(a: &Digest, b: &Digest, name: &'static str) -> Option<(i64, Sentence)> {
    let (in_a, in_b) = (a.phase(name), b.phase(name));
    let by = length(in_b) - length(in_a);
    if by.abs() < SMALL_NS {
        return None;
    }
    let text = match (in_a, in_b, whole_trips(in_a, in_b)) {
        (None, Some(_), _) => format!("{name} only in B: {}", millis(by)),
        (Some(_), None, _) => format!("{name} only in A: {}", millis(-by)),
        (_, _, Some(n)) if n != 0 => {
            let more = if n > 0 { "more" } else { "less" };
            format!(
                "{name} takes {} {more} in B: {} instead of {}",
                trips(n.abs()),
                millis(length(in_b)),
                millis(length(in_a))
            )
        }
        _ => {
            let slower = other_round_trips(in_a, in_b).map_or_else(String::new, |(a_rtt, b_rtt)| {
                format!(", where a round trip takes {} instead of {}", millis(b_rtt), millis(a_rtt))
            });
            let longer = if by > 0 { "longer" } else { "shorter" };
            format!("{name} is {} {longer} in B{slower}", millis(by.abs()))
        }
    };
    let sentence =
        Sentence { text, a_ns: in_a.map(|phase| phase.ns), b_ns: in_b.map(|phase| phase.ns), phase: name.to_owned() };
    Some((by, sentence))
}

fn agreed(a: &Digest, b: &Digest) -> Vec<Sentence> {
    let differs = |(what, in_a): &(&'static str, String)| {
        let in_b = b.agreed.iter().find(|other| other.0 == *what).map(|other| &other.1)?;
        (in_a != in_b).then(|| plain(format!("A {what} {in_a}, B {what} {in_b}")))
    };
    a.agreed.iter().filter_map(differs).collect()
}

fn counts(a: &Digest, b: &Digest) -> Vec<Sentence> {
    let differs = |(id, name, in_a): &(&'static str, &'static str, Option<u64>)| {
        let (in_a, in_b) = ((*in_a)?, b.count(id)?);
        let more = i64::try_from(in_b).ok()? - i64::try_from(in_a).ok()?;
        let which = if more > 0 { "more" } else { "fewer" };
        (more != 0).then(|| plain(format!("{name}: {} {which} in B ({in_b} instead of {in_a})", more.abs())))
    };
    a.counts.iter().filter_map(differs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_round_trips_are_told_and_others_are_not() {
        let phase = |ns, rtt| PhaseTime { name: "TLS", ns, rtt_ns: Some(rtt) };
        assert_eq!(whole_trips(Some(&phase(66, 33)), Some(&phase(33, 33))), Some(-1));
        assert_eq!(whole_trips(None, Some(&phase(67, 33))), Some(2));
        assert_eq!(whole_trips(Some(&phase(66, 33)), Some(&phase(50, 33))), None, "half a round trip is none");
        assert_eq!(whole_trips(Some(&phase(66, 33)), Some(&phase(200, 100))), None, "round trips differ");
        assert_eq!(
            (trips(1), trips(3), trips(12)),
            ("one round trip".into(), "three round trips".into(), "12 round trips".into())
        );
    }
}
