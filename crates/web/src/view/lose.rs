//! What would have to be turned for one packet to be lost.

use base::FrameId;
use trace::{Direction, FrameMeta, Trace};

use crate::api::Turn;
use crate::run::{Seen, Subject};

/// The knobs that lose single frames of the access line, from its client's side and towards it.
const KNOBS: [&str; 2] = ["drop-up", "drop-down"];

/// The knob that loses packet `number` on the access line, if it passes there whole and the run can be had again.
pub fn lose(seen: &Seen, subject: &Subject, number: u32) -> Option<Turn> {
    let (trace, line) = (seen.story.trace()?, subject.access_line?);
    let frame = seen.story.frame_id(number)?;
    let sent = way(seen, trace, frame);
    KNOBS.into_iter().zip(line).find_map(|(knob, end)| {
        let tap = trace.taps.iter().find(|tap| tap.name == end)?.id;
        let goes_out = |meta: &&FrameMeta| meta.tap == tap && meta.direction == Direction::Out;
        let mut here = sent.iter().filter_map(|id| trace.frames.meta(*id)).filter(goes_out);
        // Cut into pieces, no single frame is the packet.
        let (Some(on_the_line), None) = (here.next(), here.next()) else { return None };
        let earlier = trace.frames.metas().iter().take(on_the_line.id.index());
        let ordinal = earlier.filter(goes_out).count() + 1;
        Some(Turn { knob: knob.to_owned(), value: ordinal.to_string() })
    })
}

/// All observations of a packet, from its sender on.
fn way(seen: &Seen, trace: &Trace, frame: FrameId) -> Vec<FrameId> {
    let Some(journeys) = &seen.tables().journeys else { return Vec::new() };
    let mut found = vec![trace.ancestors(frame).last().unwrap_or(frame)];
    let mut at = 0;
    while let Some(&frame) = found.get(at) {
        found.extend(journeys.following(frame));
        at += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::RunRequest;
    use crate::run::{Plan, Report, Workshop};

    fn run(source: &str, knobs: &[(&str, &str)]) -> Workshop {
        let knobs = knobs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Plan::new(RunRequest { source: source.to_owned(), knobs, file: None }).unwrap().run(&Report::nobody()).unwrap()
    }

    #[test]
    fn the_knob_loses_this_very_packet_and_no_other() {
        for source in ["https", "browser", "https://www.example.com/"] {
            let whole = run(source, &[]);
            let mut tried = 0;
            for number in 1..=whole.story().len() as u32 {
                let Some(turn) = lose(whole.main(), whole.subject(), number) else { continue };
                tried += 1;
                let other = run(source, &[(&turn.knob, &turn.value)]);
                let lost = |story: &story::Story, number| {
                    let marks = story.row(number).map(|row| row.marks).unwrap_or_default();
                    marks.iter().any(|mark| matches!(mark, story::Mark::Lost(_)))
                };
                // What goes up passes the client's tap before it is lost; what comes down never gets there.
                let (before, after) = (whole.story(), other.story());
                assert!(
                    (1..number).all(|n| before.row(n).map(|row| row.meaning) == after.row(n).map(|row| row.meaning))
                );
                match turn.knob.as_str() {
                    "drop-up" => {
                        assert!(lost(after, number) && (1..number).all(|n| !lost(after, n)), "{source} {number}")
                    }
                    _ => {
                        let at = |story: &story::Story| story.row(number).map(|row| (row.at, row.meaning));
                        assert_ne!(at(before), at(after), "{source} {number}");
                    }
                }
            }
            assert!(tried >= 10, "{source}: {tried}");
        }
    }

    #[test]
    fn what_never_leaves_the_house_cannot_be_lost_on_the_line() {
        let run = run("https://www.example.com/", &[]);
        let arp = run.story().rows().find(|row| row.protocol == "ARP").unwrap();
        assert_eq!(lose(run.main(), run.subject(), arp.number), None);
    }
}
