//! The page, in a real Chromium against the real server; and its parts by themselves. The tests are the page's own
//! (`page/tests`, `page/src/**/*.test.ts`); here the server is started and they are run.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What the page's build in the target directory installed, or what stands beside the page.
fn packages() -> Option<PathBuf> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
    let built = Path::new(env!("CARGO_BIN_EXE_wirescope")).ancestors().take(5).map(|folder| folder.join("page/work"));
    built
        .chain([page])
        .map(|folder| folder.join("node_modules"))
        .find(|modules| modules.join("playwright-core").is_dir())
}

/// The page with its tests and packages, where they can be run: the source tree stays as it is.
fn stage(name: &str, modules: &Path) -> PathBuf {
    let stage = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_file(stage.join("node_modules")); // the link, before what it stands in is removed
    let _ = fs::remove_dir_all(&stage);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
    for part in ["package.json", "tsconfig.json", "vite.config.ts", "index.html", "src", "tests"] {
        copy(&page.join(part), &stage.join(part));
    }
    std::os::unix::fs::symlink(modules, stage.join("node_modules")).expect("a link to the page's packages");
    stage
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        for entry in fs::read_dir(from).expect("a folder of the page") {
            let entry = entry.expect("an entry of the page");
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder for the page");
        fs::copy(from, to).expect("a copy of a file of the page");
    }
}

/// Runs a program of the page's; all that it said if it failed.
fn outcome(what: &str, command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().expect("node runs");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    if output.status.success() { Ok(()) } else { Err(format!("{what}: {}\n{said}", output.status)) }
}

/// Runs a program of the page's, and fails with all that it said.
fn passes(what: &str, command: &mut Command) {
    outcome(what, command).unwrap_or_else(|said| panic!("{said}"));
}

/// The files of tests in a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the page's tests").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.to_string_lossy().ends_with(".test.mjs")).collect();
    files.sort();
    assert!(files.len() >= 5, "{files:?}");
    files
}

/// A server of this program, on a free port of the loopback address.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start() -> Server {
        let mut process = Command::new(env!("CARGO_BIN_EXE_wirescope"))
            .args(["serve", "--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("wirescope serves");
        let mut address = String::new();
        let said = process.stdout.take().expect("its output");
        BufReader::new(said).read_line(&mut address).expect("a line");
        Server { process, address: address.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_reader_finds_on_the_page_what_it_promises() {
    if !oracle::programs("chromium", &["chromium", "node"]) {
        return;
    }
    let Some(modules) = packages() else {
        oracle::check("chromium", Err("the page was not built: its packages are not installed"));
        return;
    };
    let stage = stage("page-chromium", &modules);
    let chromium = oracle::find("chromium").expect("it is there");
    let run = || {
        let server = Server::start();
        assert!(server.address.starts_with("http://127.0.0.1:"), "{:?}", server.address);
        let mut tests = Command::new("node");
        tests.args(["--test", "--test-reporter=spec"]).args(files(&stage.join("tests"))).current_dir(&stage);
        tests.env("WIRESCOPE_URL", &server.address).env("WIRESCOPE_CHROMIUM", &chromium);
        tests.env("WIRESCOPE_PROGRAM", env!("CARGO_BIN_EXE_wirescope"));
        outcome("the page in Chromium", &mut tests)
    };
    // A browser that gets no processor for seconds fails a journey that is sound: it has a second try, and that is said.
    if let Err(first) = run() {
        let said = format!("\nTRIED AGAIN, on a fresh server: {first}\n");
        let _ = std::io::stderr().write_all(said.as_bytes());
        run().unwrap_or_else(|second| panic!("twice: {second}"));
    }
}

#[test]
fn the_page_is_sound_in_its_parts() {
    if !oracle::program("node") {
        return;
    }
    let Some(modules) = packages() else {
        oracle::check("node", Err("the page was not built: its packages are not installed"));
        return;
    };
    let stage = stage("page-parts", &modules);
    let node = |arguments: &[&str]| {
        let mut command = Command::new("node");
        command.args(arguments).current_dir(&stage);
        command
    };
    passes(
        "svelte-check",
        &mut node(&[
            "node_modules/svelte-check/bin/svelte-check",
            "--tsconfig",
            "./tsconfig.json",
            "--fail-on-warnings",
        ]),
    );
    passes("vitest", &mut node(&["node_modules/vitest/vitest.mjs", "run"]));
}
