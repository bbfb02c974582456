//! Outside programs that tests hold the project against, and an account of it.
//!
//! A test asks for its oracle first, and passes without one, visibly:
//!
//! ```no_run
//! if !oracle::program("tshark") {
//!     return;
//! }
//! ```
//!
//! Two environment variables have a say. With `WIRESCOPE_ORACLES=required` a missing oracle fails the test. With
//! `WIRESCOPE_ORACLE_LOG=FILE` every question adds a line to the file, `NAME ran` or `NAME skipped`: `.ci/run` counts them.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Whether `program` is installed. If not, the test is skipped, or fails where oracles are required.
///
/// # Panics
/// If the program is missing and oracles are required.
pub fn program(program: &str) -> bool {
    programs(program, &[program])
}

/// Whether all `programs` are installed that the oracle called `name` consists of. See [`program`].
///
/// # Panics
/// If one is missing and oracles are required.
pub fn programs(name: &str, programs: &[&str]) -> bool {
    match programs.iter().find(|program| find(program).is_none()) {
        Some(missing) => check(name, Err(&format!("{missing} is not installed"))),
        None => check(name, Ok(())),
    }
}

/// Counts a check by the oracle called `name`, which is at hand or is not, for this reason: the Linux kernel without the
/// right to make network namespaces, a library that this processor cannot run. Says whether it is at hand.
///
/// # Panics
/// If it is not and oracles are required.
pub fn check(name: &str, at_hand: Result<(), &str>) -> bool {
    log(name, if at_hand.is_ok() { "ran" } else { "skipped" });
    let Err(reason) = at_hand else { return true };
    assert!(!required(), "{name} is required by WIRESCOPE_ORACLES=required, but {reason}");
    // Not by eprintln!, which a test's harness captures: nobody would see that the test checked nothing.
    let _ = std::io::stderr().write_all(format!("\nSKIPPED: {reason}: no check by {name}\n").as_bytes());
    false
}

/// Whether a missing oracle is a failure: `WIRESCOPE_ORACLES=required`.
pub fn required() -> bool {
    std::env::var_os("WIRESCOPE_ORACLES").is_some_and(|value| value == "required")
}

/// Where `program` is: in one of the directories of `PATH`, or of those of the system's administration, which only the
/// administrator's `PATH` has.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(system).map(|directory| directory.join(program)).find(|file| executable(file))
}

#[cfg(unix)]
fn executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}
#[cfg(not(unix))]
fn executable(file: &Path) -> bool {
    file.is_file()
}

/// One line, by one call of `write` in append mode: lines of tests that run at the same time do not mix.
fn log(name: &str, what: &str) {
    let Some(file) = std::env::var_os("WIRESCOPE_ORACLE_LOG").filter(|file| !file.is_empty()) else { return };
    let line = format!("{name} {what}\n");
    let written =
        OpenOptions::new().create(true).append(true).open(&file).and_then(|mut f| f.write_all(line.as_bytes()));
    assert!(written.is_ok(), "WIRESCOPE_ORACLE_LOG={}: cannot be written", file.display());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_by_their_names() {
        assert!(find("sh").is_some_and(|path| path.is_absolute()));
        assert_eq!(find("there is no such program"), None);
    }
}
