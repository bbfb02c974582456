//! The same seed gives the same bytes: over two runs, and on every machine.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use sha2::{Digest as _, Sha256};
use wirescope::scenario::BUILT_IN;

use crate::runs;

const FILES: [&str; 3] = ["run.pcapng", "run.json", "run.keys"];

/// The files that the program writes of a scenario.
fn written(scenario: &str, tap: &str, seed: &str, into: &Path) -> Vec<Vec<u8>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirescope"));
    command.args(["simulate", "--scenario", scenario, "--tap", tap, "--seed", seed]);
    let paths = FILES.map(|file| into.join(format!("{scenario}-{tap}-{file}")));
    for path in &paths {
        command.arg("-o").arg(path);
    }
    let output = command.output().expect("it was built");
    assert!(output.status.code().is_some_and(|code| code < 2), "{}", String::from_utf8_lossy(&output.stderr));
    paths.iter().map(|path| std::fs::read(path).expect("it was written")).collect()
}

/// The place of the client in a scenario.
fn client(scenario: &str) -> String {
    let built_in = BUILT_IN.iter().find(|built_in| built_in.name == scenario).expect("it is built in");
    built_in.scenario().client.name
}

#[test]
fn two_runs_and_the_list_of_hashes_agree() {
    let place = runs::place("same-bytes");
    let mut list = String::from("# SHA-256 of what each built-in scenario writes with seed 1.\n");
    for built_in in BUILT_IN {
        for tap in [client(built_in.name).as_str(), "all"] {
            let first = written(built_in.name, tap, "1", &place);
            let second = written(built_in.name, tap, "1", &place);
            for ((file, first), second) in FILES.iter().zip(&first).zip(&second) {
                assert!(first == second, "{} at {tap}: two runs wrote two different {file}", built_in.name);
                let hash: String = Sha256::digest(first).iter().map(|byte| format!("{byte:02x}")).collect();
                let tap = if tap == "all" { tap } else { "client" };
                let _ = writeln!(list, "{hash}  {} {tap} {file}", built_in.name);
            }
        }
    }
    runs::compare_with_file("hashes.txt", &list);
}

#[test]
fn another_seed_gives_other_bytes() {
    let place = runs::place("other-bytes");
    let (one, two) = (written("https", "client", "1", &place), written("https", "client", "2", &place));
    for ((file, one), two) in FILES.iter().zip(one).zip(two) {
        assert!(one != two, "{file} does not depend on the seed");
    }
}
