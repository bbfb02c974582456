//! What cargo knows of the workspace and of what it is built from.

use std::process::Command;

use serde_json::Value;

/// What `cargo metadata` says, for this machine's platform, from what is on this machine: the build has fetched it.
pub fn workspace() -> Value {
    let host = run(Command::new("rustc").arg("-vV"));
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc says what it compiles for");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version=1", "--offline", "--locked", "--filter-platform", host]);
    // What other features would need may never have been fetched.
    if cfg!(feature = "parquet") {
        cargo.args(["--features", "parquet"]);
    }
    let text = run(cargo.arg("--manifest-path").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")));
    serde_json::from_str(&text).expect("cargo writes JSON")
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("cargo and rustc are there, since this was compiled");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The elements of a list.
pub fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// A text, or nothing.
pub fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}
