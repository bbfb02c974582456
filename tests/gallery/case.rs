//! A fault, and how it is played with and without.

use std::io::Write;

use wirescope::base::{Rng, Seed};

use crate::line::Line;
use crate::place::{End, Place, findings};

/// A fault that real programs make.
#[derive(Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    /// The findings one of which names it.
    pub findings: &'static [&'static str],
    /// Where it is captured.
    pub at: End,
    /// The line, with the fault or without.
    pub line: fn(&mut Play<'_>) -> Line,
    /// The programs at the server, started before the capture.
    pub serve: fn(&mut Play<'_>, &mut Place),
    /// What the client does.
    pub ask: fn(&mut Play<'_>, &mut Place),
}

/// What is drawn for a run: the same with the fault and without, but for the fault itself.
pub struct Play<'a> {
    pub faulty: bool,
    pub dice: &'a mut Rng,
}

impl Play<'_> {
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.dice.below(to - from + 1)
    }
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.dice.below(list.len() as u64) as usize]
    }
}

/// So often a run is tried whose line did not keep its time.
const TRIES: usize = 4;
/// So often in a row a run must be wrong. That the line kept its time does not say that Linux did: with too much to do it lets
/// frames wait between the device and its TCP, and then segments are repeated in vain. What is wrong with the analysis is so
/// again each time: chance comes from the seed.
const AGAIN: usize = 3;

/// What came of a case.
#[derive(Default)]
pub struct Told {
    /// What is wrong.
    pub wrong: Vec<String>,
    /// What could not be judged, as this machine was too busy to run the line in time.
    pub late: Vec<String>,
}

impl Case {
    /// Plays it with the fault and without.
    pub fn play(&self, seed: u64) -> Told {
        let mut told = Told::default();
        for faulty in [true, false] {
            let (mut late, mut wrong) = (0, 0);
            while late < TRIES && wrong < AGAIN {
                let (found, kept_time) = self.once(seed, faulty);
                let first = found.first().map(String::as_str);
                let right = if faulty { first.is_some_and(|id| self.findings.contains(&id)) } else { found.is_empty() };
                if right {
                    break;
                }
                let what = if faulty { format!("instead of {:?}", self.findings) } else { "in the twin".to_owned() };
                let text = format!("{} (seed {seed}): {found:?} {what}", self.name);
                // A line that is late makes faults of its own.
                if kept_time {
                    wrong += 1;
                    if wrong == AGAIN {
                        told.wrong.push(text);
                    } else {
                        let _ = std::io::stderr().write_all(format!("\nPLAYED AGAIN: {text}\n").as_bytes());
                    }
                } else {
                    late += 1;
                    if late == TRIES {
                        told.late.push(text);
                    }
                }
            }
        }
        told
    }

    fn once(&self, seed: u64, faulty: bool) -> (Vec<String>, bool) {
        let mut dice = Seed(seed).stream(self.name);
        let mut play = Play { faulty, dice: &mut dice };
        let line = (self.line)(&mut play);
        let mut place = Place::new(&line);
        (self.serve)(&mut play, &mut place);
        let capture = place.capture(self.at);
        (self.ask)(&mut play, &mut place);
        let file = capture.finish(&place);
        let found = findings(&file);
        if let Some(keep) = std::env::var_os("WIRESCOPE_GALLERY_KEEP") {
            let name = format!("{}-{seed}-{}", self.name.replace(' ', "-"), if faulty { "fault" } else { "twin" });
            let keep = std::path::Path::new(&keep);
            let _ = std::fs::copy(&file, keep.join(format!("{name}.pcap")));
            let _ = std::fs::copy(file.with_file_name("keys.txt"), keep.join(format!("{name}.keys")));
        }
        (found, place.kept_time())
    }
}
