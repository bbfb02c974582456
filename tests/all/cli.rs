//! The program as a user or a script meets it.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use wirescope::export::TapSet;

use crate::runs;

fn wirescope(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirescope"));
    command.args(args).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Output {
    wirescope(args).output().expect("it was built")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what it prints is UTF-8")
}

/// Runs it and expects this exit code; what it printed, on both streams.
#[track_caller]
fn expect(code: i32, args: &[&str]) -> (String, String) {
    let output = run(args);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{args:?}\n{out}\n{err}");
    (out, err)
}

/// Runs it, expects an error, and that it names all of this.
#[track_caller]
fn complains(code: i32, args: &[&str], parts: &[&str]) {
    let (_, err) = expect(code, args);
    for part in parts {
        assert!(err.contains(part), "{args:?} does not say `{part}`, but:\n{err}");
    }
}

fn file(name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = runs::place("cli").join(name);
    std::fs::write(&path, bytes).expect("it can be written");
    name_of(&path)
}

fn name_of(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

/// A capture of the scenario `https` at its client, with or without the secrets.
fn https(secrets: bool) -> Vec<u8> {
    let mut run = runs::run(wirescope::scenario::find("https").expect("it is built in"));
    if !secrets {
        run.trace.secrets.clear();
    }
    let tap = runs::at_client(&run.trace).tap().expect("one tap");
    runs::reopened(&run.trace, TapSet::One(tap)).0
}

#[test]
fn a_request_is_done_with_code_0() {
    let (out, err) = expect(0, &["--scenario", "curl"]);
    assert_eq!(err, "");
    for part in ["SYN", "ESTABLISHED", "TIME-WAIT", "GET / HTTP/1.1", "200 OK"] {
        assert!(out.contains(part), "{part}\n{out}");
    }
    // One line a packet, the document's eleven.
    let numbers = out.lines().filter_map(|line| line.split_whitespace().next()?.parse::<u32>().ok());
    assert_eq!(numbers.collect::<Vec<_>>(), (1..=11).collect::<Vec<_>>(), "{out}");
    assert_eq!(expect(0, &["simulate", "curl"]).0, out);
    assert_eq!(expect(0, &["simulate", "--scenario", "curl"]).0, out);
}

#[test]
fn the_requests_of_a_page_go_by_the_clock_of_the_ladder() {
    let (out, _) = expect(0, &["https://www.example.com/", "--http", "2", "--files", "3"]);
    assert!(out.contains("Where the time went: GET / HTTP/2\n"), "of one of them\n{out}");
    let time = |line: &str, at: usize| line.split_whitespace().nth(at).map(str::to_owned);
    let files: Vec<&str> = out.lines().filter(|line| line.starts_with("  GET ")).collect();
    assert_eq!(files.len(), 4, "the page and its files\n{out}");
    // The response that is whole last, and the packet of the ladder that completes it.
    let last = out.lines().rfind(|line| line.contains("HTTP/2 200 OK")).and_then(|line| time(line, 1));
    let ends = files.iter().filter_map(|line| time(line, 7)).max_by(|a, b| a.len().cmp(&b.len()).then(a.cmp(b)));
    assert_eq!(ends, last, "{out}");
}

#[test]
fn a_request_that_fails_has_code_1_and_the_view_says_why() {
    // Every packet of the line is lost: nobody answers.
    let (out, _) = expect(1, &["--scenario", "curl", "--loss", "100%"]);
    assert!(out.contains("lost on"), "{out}");
    assert!(out.contains("The request failed: "), "{out}");
    let (out, _) = expect(1, &["https://www.example.invalid/"]);
    assert!(out.contains("The request failed: ") && out.contains("www.example.invalid"), "{out}");
    assert!(out.contains("NXDOMAIN"), "{out}");
}

#[test]
fn wrong_use_has_code_2_and_names_input_and_remedy() {
    complains(2, &["http://"], &["error: ", "http://", "help: "]);
    complains(2, &["http://www.example.com:70000/"], &["70000", "help: "]);
    complains(2, &["gopher://www.example.com/"], &["gopher", "help: ", "http"]);
    complains(2, &["ftp://www.example.com/"], &["ftp", "https"]);
    complains(2, &["--scenario", "nonsense"], &["`nonsense`", "help: ", "browser", "curl", "https", "lifecycle"]);
    complains(2, &["--scenario", "curl", "--packet", "99"], &["packet 99", "1 to 11"]);
    complains(2, &["--scenario", "curl", "--packet", "0"], &["packet 0", "1 to 11"]);
    complains(2, &["--scenario", "curl", "--tap", "moon"], &["`moon`", "client"]);
    complains(2, &["--scenario", "curl", "--rtt", "33 parsecs"], &["--rtt", "33 parsecs", "33ms"]);
    complains(2, &["--scenario", "curl", "--loss", "150%"], &["--loss", "150%"]);
    complains(2, &["--scenario", "curl", "--mtu", "20"], &["mtu", "20", "68"]);
    complains(2, &["--scenario", "curl", "-H", "nonsense"], &["nonsense"]);
    complains(2, &["--scenario", "curl", "-o", "run.bmp"], &["run.bmp", ".pcapng", ".json", ".keys"]);
    complains(2, &["--no-such-option"], &["--no-such-option"]);
    complains(2, &["open"], &["FILE"]);
    let (out, err) = expect(2, &[]);
    assert!(format!("{out}{err}").contains("Usage:"), "{out}{err}");
}

#[test]
fn a_mistake_in_a_scenario_file_has_its_place() {
    let name = file("mistake.toml", "[request]\nurl = \"http://a.example/\"\n[network]\nrtt = \"33 parsecs\"\n");
    complains(2, &["--scenario", &name], &[&name, "line 4", "column 7", "33 parsecs"]);
    let name = file("key.toml", "[request]\nurl = \"http://a.example/\"\ncolour = \"red\"\n");
    complains(2, &["--scenario", &name], &[&name, "line 3", "column 1", "colour"]);
    let name = file("not.toml", "[request\n");
    complains(2, &["--scenario", &name], &[&name, "line 1"]);
    let name = file("good.toml", include_str!("../../crates/scenario/scenarios/curl.toml"));
    assert_eq!(expect(0, &["--scenario", &name]).0, expect(0, &["--scenario", "curl"]).0);
    complains(3, &["--scenario", "missing.toml"], &["missing.toml"]);
    // What is TOML and makes no sense has its place as well; and so for the page.
    let name = file("senseless.toml", "[request]\nurl = \"http://a.example/\"\n[network]\n  mtu = 20\n");
    complains(2, &["--scenario", &name], &[&name, "line 4, column 9", "mtu"]);
    complains(2, &["serve", &name], &["senseless.toml", "line 4, column 9", "line 4 reads: mtu = 20"]);
    let name = file("unknown.toml", "[request]\nurl = \"http://a.example/\"\ncolour = \"red\"\n");
    complains(2, &["serve", &name], &["unknown.toml", "line 3, column 1", "colour", "line 3 reads"]);
    complains(3, &["serve", "missing.toml"], &["missing.toml"]);
    complains(2, &["serve", &name, "--keylog", &name], &["no capture"]);
}

#[test]
fn unreadable_input_has_code_3() {
    complains(3, &["open", "no-such-file.pcapng"], &["no-such-file.pcapng", "help: "]);
    let name = file("text.pcapng", "this is no capture at all, whatever its name says\n");
    complains(3, &["open", &name], &[&name, "help: "]);
    let name = file("empty.pcapng", "");
    complains(3, &["open", &name], &[&name, "help: "]);
    complains(3, &["open", &name_of(&runs::place("cli"))], &["cli"]);
    let good = file("good.pcapng", https(true));
    complains(3, &["open", &good, "--keylog", "no-such.keys"], &["no-such.keys", "help: "]);
    complains(3, &["--scenario", "curl", "-o", "no/such/directory/run.pcapng"], &["no/such/directory/run.pcapng"]);
}

#[test]
fn of_a_truncated_capture_what_is_readable_is_shown() {
    let whole = https(true);
    let all = expect(0, &["open", &file("whole.pcapng", &whole)]).0;
    let cut = &whole[..whole.len() - 100];
    let name = file("cut.pcapng", cut);
    let (out, err) = expect(3, &["open", &name]);
    assert!(out.contains("SYN"), "{out}");
    assert!(out.lines().count() < all.lines().count() && out.lines().count() > 5, "{out}");
    assert!(err.contains(&name) && err.contains("help: "), "{err}");
    // The place: an offset in the file, near its end.
    let offsets: Vec<usize> = err.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
    assert!(offsets.iter().any(|&at| at <= cut.len() && at + 4000 > cut.len()), "{err}");
}

#[test]
fn a_key_log_that_matches_nothing_is_told_of() {
    let capture = file("secret.pcapng", https(false));
    let keys = file("other.keys", format!("CLIENT_HANDSHAKE_TRAFFIC_SECRET {} {}\n", "ab".repeat(32), "cd".repeat(32)));
    let (out, err) = expect(0, &["open", &capture, "--keylog", &keys]);
    assert!(!out.contains("GET / HTTP/1.1"), "{out}");
    assert!(err.contains(&keys), "{err}");
    let empty = file("empty.keys", "# nothing\n");
    let (_, err) = expect(0, &["open", &capture, "--keylog", &empty]);
    assert!(err.contains(&empty) && err.contains("no TLS secret") && err.contains("help: "), "{err}");
}

#[test]
fn a_key_log_decrypts() {
    let place = runs::place("cli");
    let keys = name_of(&place.join("run.keys"));
    expect(0, &["--scenario", "https", "-o", &keys]);
    let capture = file("secret-too.pcapng", https(false));
    let (without, _) = expect(0, &["open", &capture]);
    let (with, err) = expect(0, &["open", &capture, "--keylog", &keys]);
    assert_eq!(err, "");
    assert!(!without.contains("GET / HTTP/1.1") && with.contains("GET / HTTP/1.1"), "{without}\n{with}");
    assert_eq!(with, expect(0, &["open", &file("inside.pcapng", https(true))]).0, "the same secrets inside the file");
}

#[test]
fn a_capture_comes_from_standard_input_too() {
    let mut child = wirescope(&["open", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("built");
    child.stdin.take().expect("piped").write_all(&https(true)).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), expect(0, &["open", &file("stdin.pcapng", https(true))]).0);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut child = wirescope(&["--scenario", "https", "--format", "json"]);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("built");
    let mut out = child.stdout.take().expect("piped");
    let mut some = [0; 10];
    out.read_exact(&mut some).expect("it prints");
    drop(out);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    // Closed before a byte is read.
    let mut child = wirescope(&["--scenario", "curl"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    assert!(!expect(0, &["--scenario", "https"]).0.contains('\u{1b}'));
    assert!(!expect(0, &["--scenario", "https", "--packet", "1"]).0.contains('\u{1b}'));
    // On a terminal, which util-linux's `script` provides.
    if !oracle::program("script") {
        return;
    }
    let program = env!("CARGO_BIN_EXE_wirescope");
    let on_terminal = |colour: Option<&str>, columns: u32, what: &str| {
        let line = format!("stty rows 40 cols {columns}; {program} {what}");
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm").env_remove("NO_COLOR").stdin(Stdio::null());
        if let Some(value) = colour {
            command.env("NO_COLOR", value);
        }
        text(&command.output().expect("it is there").stdout)
    };
    assert!(on_terminal(None, 120, "--scenario https").contains('\u{1b}'));
    assert!(!on_terminal(Some("1"), 120, "--scenario https").contains('\u{1b}'), "NO_COLOR is respected");
    let long =
        "'http://www.a-rather-long-name.example/a/path/that/no/narrow/terminal/holds?query=of-two&parameters=to-show'";
    for columns in [40, 48, 60, 69, 80, 100, 119, 120, 160] {
        for what in ["--scenario https", "--scenario lifecycle --tap all", "--scenario stale-segment", long] {
            let printed = on_terminal(Some("1"), columns, what);
            for line in printed.lines().map(str::trim_end) {
                let wide = line.chars().count();
                assert!(wide <= columns as usize, "{what}: {wide} characters in {columns} columns: {line}");
            }
            // No meaning is cut where it stands on lines of its own.
            let cut =
                printed.lines().filter(|line| line.starts_with("     ") && line.trim_end().ends_with('…')).count();
            assert!(columns >= 120 || cut == 0, "{what}: {cut} meanings are cut in {columns} columns");
        }
    }
}

#[test]
fn help_has_examples_and_every_command_helps() {
    let (help, _) = expect(0, &["--help"]);
    for part in ["Examples:", "wirescope https://www.example.com/", "Exit codes:", "--seed", "--tap", "NO_COLOR"] {
        assert!(help.contains(part), "{part}\n{help}");
    }
    for command in ["simulate", "open", "explain", "header", "scenarios", "completions", "man"] {
        assert!(help.contains(command), "{command}\n{help}");
        let (help, _) = expect(0, &[command, "--help"]);
        assert!(help.contains("Usage:"), "{command}\n{help}");
    }
    let (version, _) = expect(0, &["--version"]);
    assert_eq!(version.trim(), format!("wirescope {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn names_of_filters_and_of_wireshark_are_explained_and_slips_answered() {
    assert!(expect(0, &["explain", "tcp.port"]).0.contains("either port"));
    let (text, _) = expect(0, &["explain", "tcp.seq_raw"]);
    assert!(text.contains("Wireshark's name for tcp.seq") && text.contains("Sequence number"), "{text}");
    let (_, error) = expect(2, &["explain", "tcp.prot"]);
    assert!(error.contains("did you mean tcp.port"), "{error}");
}

#[test]
fn the_examples_of_the_help_work() {
    let place = runs::place("examples");
    std::fs::write(place.join("trace.pcapng"), https(false)).expect("it can be written");
    std::fs::write(place.join("keys.txt"), "# none\n").expect("it can be written");
    let (help, _) = expect(0, &["--help"]);
    let examples: Vec<&str> = help
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("wirescope "))
        .filter(|line| line.contains("  ") || line.contains(" -o "))
        .collect();
    assert!(examples.len() >= 6, "{examples:?}");
    for example in examples {
        let arguments = example.split("  ").next().unwrap_or_default();
        let arguments = words(arguments);
        let output = wirescope(&arguments).current_dir(&place).output().expect("it was built");
        // The page needs Node when the program is built; without it, such an example says so.
        if wirescope::web::page_missing().is_some() && arguments.iter().any(|argument| argument.ends_with(".html")) {
            assert_eq!(output.status.code(), Some(3), "{arguments:?}");
            assert!(text(&output.stderr).contains("built without its page"), "{}", text(&output.stderr));
            continue;
        }
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
        assert!(!output.stdout.is_empty(), "{arguments:?}");
    }
}

/// The words of a command, as a shell takes them: what stands between apostrophes is one.
fn words(command: &str) -> Vec<&str> {
    let mut quoted = false;
    let parts = command.split(|c: char| {
        quoted ^= c == '\'';
        c == '\'' || (c.is_whitespace() && !quoted)
    });
    parts.filter(|part| !part.is_empty()).collect()
}

#[test]
fn completions_and_man_pages_are_made() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (script, _) = expect(0, &["completions", shell]);
        assert!(script.contains("wirescope") && script.contains("scenario"), "{shell}");
    }
    let place = runs::place("man");
    let _ = std::fs::remove_dir_all(&place);
    expect(0, &["man", &name_of(&place)]);
    let pages: Vec<PathBuf> =
        std::fs::read_dir(&place).expect("made").map(|page| page.expect("a page").path()).collect();
    assert!(pages.len() >= 7, "{pages:?}");
    for page in pages {
        let text = std::fs::read_to_string(&page).expect("text");
        assert!(text.contains(".TH") && text.contains(".SH NAME"), "{}", page.display());
    }
}

#[test]
fn scenarios_are_listed() {
    let (list, _) = expect(0, &["scenarios"]);
    for built_in in wirescope::scenario::BUILT_IN {
        let line = list.lines().find(|line| line.split_whitespace().next() == Some(built_in.name));
        assert!(line.is_some_and(|line| line.len() > built_in.name.len() + 5), "{}\n{list}", built_in.name);
    }
}

#[test]
fn json_is_for_programs() {
    let (out, _) = expect(0, &["--scenario", "curl", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(document["schema"], wirescope::export::SCHEMA);
    assert_eq!(document["source"], "simulated");
    assert_eq!(document["packets"].as_array().map(Vec::len), Some(11));
    assert_eq!(document["outcome"]["status"], 200);
    let path = name_of(&runs::place("cli").join("curl.json"));
    expect(0, &["--scenario", "curl", "-o", &path]);
    assert_eq!(std::fs::read_to_string(&path).expect("written"), out, "-o writes what --format prints");

    let (out, _) = expect(0, &["--scenario", "curl", "--packet", "1", "--format", "json"]);
    let packet: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&packet["number"], &packet["schema"]), (&1.into(), &wirescope::export::SCHEMA.into()));
    assert!(packet["buffers"][0]["nodes"].as_array().is_some_and(|nodes| nodes.len() > 20), "{out}");
    assert!(packet["why"].as_array().is_some_and(|why| !why.is_empty()), "{out}");

    let (out, _) = expect(0, &["open", &file("json.pcapng", https(true)), "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(document["source"], "captured");
    assert!(document["events"].is_null(), "a capture has no events");
}

#[test]
fn a_connection_says_whether_it_was_decrypted_and_why_not() {
    let (out, _) = expect(0, &["open", &file("decrypted.pcapng", https(true))]);
    assert!(out.contains("decrypted: all ") && out.contains("whole: handshake, data both ways, close"), "{out}");
    assert!(out.contains("offers MSS 1460") && out.contains("(inferred)"), "{out}");
    let (out, _) = expect(0, &["open", &file("secret.pcapng", https(false))]);
    assert!(out.contains("not decrypted: the key log has no ") && out.contains("client random "), "{out}");
}

/// `docs/json.md` names every key that the documents have, and no other.
#[test]
fn the_schema_is_in_the_docs() {
    let page = include_str!("../../docs/json.md");
    assert!(page.contains(&format!("`schema` is {}", wirescope::export::SCHEMA)), "docs/json.md is of another schema");
    let mut keys = std::collections::BTreeSet::new();
    for args in [
        &["--scenario", "https", "--format", "json"][..],
        &["--scenario", "lifecycle", "--format", "json"],
        &["--scenario", "https", "--loss", "100%", "--format", "json"],
        &["--scenario", "https", "--packet", "4", "--format", "json"],
    ] {
        let document: serde_json::Value = serde_json::from_slice(&run(args).stdout).expect("JSON");
        collect(&document, &mut keys);
    }
    let (opened, _) = expect(0, &["open", &file("schema.pcapng", https(true)), "--format", "json"]);
    collect(&serde_json::from_str(&opened).expect("JSON"), &mut keys);
    for key in keys {
        assert!(page.contains(&format!("`{key}`")), "docs/json.md does not say what `{key}` is");
    }
}

fn collect(value: &serde_json::Value, keys: &mut std::collections::BTreeSet<String>) {
    match value {
        serde_json::Value::Object(object) => {
            for (key, value) in object {
                keys.insert(key.clone());
                // The keys of a URL's parameters are the user's.
                if key != "parameters" {
                    collect(value, keys);
                }
            }
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| collect(value, keys)),
        _ => {}
    }
}

#[test]
fn taps_choose_where_to_look() {
    let (all, _) = expect(0, &["--scenario", "curl", "--tap", "all"]);
    let (server, _) = expect(0, &["--scenario", "curl", "--tap", "server"]);
    let (client, _) = expect(0, &["--scenario", "curl"]);
    assert!(all.lines().count() > client.lines().count() && server != client);
}

#[test]
fn knobs_turn() {
    let slow = expect(0, &["--scenario", "curl", "--rtt", "100ms"]).0;
    assert!(slow.contains("Round trip 100.000 ms"), "{slow}");
    let (old, _) = expect(0, &["--scenario", "https", "--tls", "1.2"]);
    assert!(old.contains("TLS 1.2") || old.contains("ServerKeyExchange") || old.contains("ServerHelloDone"), "{old}");
    let (out, _) = expect(0, &["--scenario", "curl", "-X", "PUT", "-d", "abc", "-H", "X-One: 1"]);
    assert!(out.contains("PUT / HTTP/1.1"), "{out}");
    let (large, _) = expect(0, &["--scenario", "curl", "--size", "100k"]);
    assert!(large.contains("100000 bytes of body"), "{large}");
    assert!(large.lines().count() > slow.lines().count());
    let (lossy, _) = expect(0, &["--scenario", "curl", "--size", "100k", "--loss", "5%", "--seed", "3"]);
    assert!(lossy.contains("lost on") && lossy.contains("retransmission"), "{lossy}");
}

/// What README shows is what is printed, as far as its lines go.
#[test]
fn the_readme_shows_what_is_printed() {
    let readme = include_str!("../../README.md");
    let excerpt = readme.split("```").nth(1).expect("an excerpt");
    let mut lines = excerpt.trim_start().lines();
    let command = lines.next().expect("a command").strip_prefix("$ wirescope ").expect("a command of ours");
    let (out, _) = expect(0, &command.split(' ').collect::<Vec<_>>());
    for line in lines.filter(|line| !line.is_empty() && *line != "...") {
        assert!(out.lines().any(|printed| printed.starts_with(line)), "README has a line that is not printed:\n{line}");
    }
}
