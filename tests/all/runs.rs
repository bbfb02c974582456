//! The built-in scenarios, run.

use std::path::PathBuf;

use wirescope::base::Seed;
use wirescope::capture::keylog::KeyLog;
use wirescope::capture::read::{File, read_all};
use wirescope::export::{TapSet, write_pcapng};
use wirescope::scenario::{self, BUILT_IN, BuiltIn};
use wirescope::{Run, Story, TapChoice, Trace};

/// Every built-in scenario, run.
pub fn every() -> impl Iterator<Item = (&'static str, Run)> {
    BUILT_IN.iter().map(|built_in| (built_in.name, run(built_in)))
}

/// The four that the documents' four are.
pub const FOUR: [&str; 4] = ["browser", "curl", "https", "lifecycle"];

/// Those four, run.
pub fn four() -> impl Iterator<Item = (&'static str, Run)> {
    FOUR.into_iter().map(|name| (name, run(scenario::find(name).expect("it is built in"))))
}

pub fn run(built_in: &BuiltIn) -> Run {
    scenario::run(&built_in.scenario()).unwrap_or_else(|error| panic!("{}: {error}", built_in.name))
}

/// The trace of every built-in run: the scenarios, and what the documents' arguments show.
pub fn traces() -> impl Iterator<Item = (&'static str, Trace)> {
    let arguments = scenario::ARGUMENTS.iter().map(|argument| {
        let played = argument.play(Seed(1)).unwrap_or_else(|error| panic!("{}: {error}", argument.name));
        (argument.name, played.trace)
    });
    every().map(|(name, run)| (name, run.trace)).chain(arguments)
}

/// A run as its client saw it.
pub fn at_client(trace: &Trace) -> Story {
    Story::from_trace(trace.clone(), TapChoice::Client).expect("there is a client")
}

/// A run as everybody saw it.
pub fn everywhere(trace: &Trace) -> Story {
    Story::from_trace(trace.clone(), TapChoice::All).expect("it needs no tap")
}

/// The names of the taps that saw anything.
pub fn taps(trace: &Trace) -> Vec<String> {
    let seen = trace.taps.iter().filter(|tap| trace.frames_at(tap.id).next().is_some());
    seen.map(|tap| tap.name.clone()).collect()
}

/// A run as a pcapng, and read back.
pub fn reopened(trace: &Trace, taps: TapSet) -> (Vec<u8>, File) {
    let mut bytes = Vec::new();
    write_pcapng(&mut bytes, trace, taps, |_| None).expect("a vector takes everything");
    let file = read_all(bytes.as_slice()).expect("it is a capture");
    assert!(file.ended_by.is_none() && file.problems.is_empty(), "{:?}", file.problems);
    (bytes, file)
}

/// A capture's story, with no secrets but its own.
pub fn told(file: File) -> Story {
    Story::from_capture(file, KeyLog::default())
}

/// A directory for the files of one test.
pub fn place(test: &str) -> PathBuf {
    let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    std::fs::create_dir_all(&place).expect("cargo's directory for tests can be written");
    place
}

/// Compares `now` with a file of the repository; `WIRESCOPE_UPDATE=1` writes it instead.
pub fn compare_with_file(file: &str, now: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(file);
    if std::env::var_os("WIRESCOPE_UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(&path, now).expect("the repository can be written");
        return;
    }
    let then = std::fs::read_to_string(&path).unwrap_or_default();
    let only = |of: &str, not: &str, sign: char| -> String {
        let others: std::collections::BTreeSet<&str> = not.lines().collect();
        of.lines().filter(|line| !others.contains(line)).map(|line| format!("{sign} {line}\n")).collect()
    };
    assert!(
        then == now,
        "tests/{file} says otherwise:\n{}{}if the change is meant: WIRESCOPE_UPDATE=1 cargo test --test all",
        only(&then, now, '-'),
        only(now, &then, '+')
    );
}
