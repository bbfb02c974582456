//! `-o NAME.parquet`, of programs that were built with the feature `parquet` and of those that were not.

use std::process::{Command, Output};

use wirescope::export::TapSet;

use crate::runs;

fn open(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wirescope")).env("NO_COLOR", "1").arg("open").args(args).output().expect("built")
}

/// A capture of a simulated run.
fn capture(place: &std::path::Path) -> String {
    let (_, run) = runs::four().next().expect("there are four");
    let tap = runs::at_client(&run.trace).tap().expect("one tap");
    let path = place.join("run.pcapng");
    std::fs::write(&path, runs::reopened(&run.trace, TapSet::One(tap)).0).expect("it can be written");
    path.display().to_string()
}

/// A capture that passes as a stream gives the same files as one that is in memory: rows of the same columns, which
/// `wirescope-export` reads back in its own tests. Packets and connections come in another order.
#[cfg(feature = "parquet")]
#[test]
fn a_stream_gives_the_same_tables_of_columns_as_the_whole() {
    let place = runs::place("columns");
    let capture = capture(&place);
    let written = |name: &str, more: &[&str]| {
        let path = place.join(name).display().to_string();
        let output = open(&[&[capture.as_str(), "-o", &path], more].concat());
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let bytes = std::fs::read(&path).expect("it was written");
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"), "{name} is no Parquet file");
        bytes
    };
    for table in ["requests", "findings"] {
        let whole = written(&format!("whole.{table}.parquet"), &[]);
        let stream = written(&format!("stream.{table}.parquet"), &["--stream"]);
        assert_eq!(whole, stream, "{table}");
    }
    let (whole, stream) = (written("whole.parquet", &[]), written("stream.parquet", &["--stream"]));
    // Compressed, in another order: about as long.
    assert!(whole.len().abs_diff(stream.len()) * 5 < whole.len(), "{} and {} bytes", whole.len(), stream.len());
    let some = written("some.parquet", &["--filter", "tcp.flags.syn"]);
    assert!(some.len() < whole.len(), "{} of {} bytes", some.len(), whole.len());
}

/// What the program cannot do it says, and how to come by it; no file is left behind.
#[cfg(not(feature = "parquet"))]
#[test]
fn a_program_that_was_built_without_parquet_says_so() {
    let place = runs::place("columns");
    let capture = capture(&place);
    for more in [&[][..], &["--stream"], &["--filter", "tcp"]] {
        let path = place.join("run.requests.parquet");
        let output = open(&[&[capture.as_str(), "-o", &path.display().to_string()], more].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("without Parquet") && said.contains("--features parquet"), "{said}");
        assert!(!path.exists(), "{more:?}");
    }
}
