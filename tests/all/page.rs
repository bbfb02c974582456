//! The page, in a real Chromium against the real server; and its parts by themselves. The tests are the page's own
//! (`page/tests`, `page/src/**/*.test.ts`); here the server is started and they are run.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

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
        Server::of(Command::new(env!("CARGO_BIN_EXE_wirescope")).args(["serve", "--port", "0"]))
    }

    fn of(command: &mut Command) -> Server {
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("wirescope serves");
        let mut address = String::new();
        let said = process.stdout.take().expect("its output");
        BufReader::new(said).read_line(&mut address).expect("a line");
        Server { process, address: address.trim().to_owned() }
    }

    /// What it answers to a GET, header and all.
    fn get(&self, path: &str) -> String {
        let host = self.address.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(host).expect("it listens where it says");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn serve_opens_on_what_it_is_given_and_starts_the_browser_if_asked() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page-serve");
    fs::create_dir_all(&folder).expect("a folder");
    let wirescope = || Command::new(env!("CARGO_BIN_EXE_wirescope"));
    let capture = folder.join("trace.pcapng");
    passes("wirescope simulate", wirescope().args(["simulate", "curl", "-o"]).arg(&capture));
    for (source, opens) in [
        ("curl", "A TCP connection, packet by packet"),
        ("http://www.example.com/serve", "http://www.example.com/serve"),
        (&*capture.to_string_lossy(), "trace.pcapng"),
    ] {
        let server = Server::of(wirescope().args(["serve", source, "--port", "0"]));
        let sources = server.get("/api/sources");
        let run = sources.split("\"run\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a run");
        let head = server.get(&format!("/api/run/{run}/head"));
        assert!(head.contains(opens), "{source}: {head}");
    }

    // A browser that writes down what it is asked to open.
    let (program, asked) = (folder.join("xdg-open"), folder.join("asked"));
    let _ = fs::remove_file(&asked);
    fs::write(&program, format!("#!/bin/sh\necho \"$1\" > {}\n", asked.display())).expect("a program");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("its rights");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let server = Server::of(wirescope().args(["serve", "curl", "--port", "0", "--open"]).env("PATH", path));
    let opened = || fs::read_to_string(&asked).unwrap_or_default();
    for _ in 0..600 {
        if opened().ends_with('\n') {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(opened().trim(), server.address);
}

#[test]
fn serve_stays_on_this_machine_and_warns_where_it_does_not() {
    let said = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wirescope"));
        let mut server = Server::of(command.arg("serve").args(arguments).args(["--port", "0"]).stderr(Stdio::piped()));
        let answer = server.get("/");
        let _ = server.process.kill();
        let mut warning = String::new();
        let said = server.process.stderr.take().expect("its errors").read_to_string(&mut warning);
        said.expect("text");
        (answer, warning)
    };
    let (page, warning) = said(&[]);
    assert_eq!(warning, "");
    let (header, _) = page.split_once("\r\n\r\n").expect("a header");
    let policy = header.lines().find(|line| line.to_lowercase().starts_with("content-security-policy:"));
    let policy = policy.expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(said(&["--listen", "0.0.0.0"]).1.contains("everyone who reaches 0.0.0.0"));
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

#[test]
fn the_keyboard_map_names_each_key_that_the_page_knows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).expect("a file of the repository");
    let (keys, map) = (read("page/src/lib/keys.ts"), read("docs/page.md"));
    let listed = keys.lines().filter_map(|line| line.split("keys: [").nth(1)?.split("], does").next());
    let keys: Vec<&str> = listed.flat_map(|list| list.split('"').skip(1).step_by(2)).collect();
    assert!(keys.len() > 15, "{keys:?}");
    for key in keys.iter().flat_map(|key| key.split('–')) {
        assert!(map.contains(&format!("`{key}`")), "docs/page.md does not tell what `{key}` does");
    }
    // And what the page does with a key is in its own list.
    let acts = read("page/src/App.svelte");
    let acts = acts.split("const ACTS").nth(1).and_then(|rest| rest.split("};").next()).expect("the keys' acts");
    let known = |key: &str| matches!(key, "=" | "<" | ">") || keys.contains(&key);
    for line in acts.lines().skip(1).filter(|line| line.contains(": () =>")) {
        let key = line.trim().split(": () =>").next().unwrap_or_default().trim_matches('"');
        assert!(known(key), "“{key}” is in no list");
    }
}
