//! Packets chosen, and what is written of them, as a user or another program meets it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn wirescope(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirescope"));
    command.args(args).env_remove("CLICOLOR_FORCE").stdin(Stdio::null()).output().expect("it was built")
}

#[track_caller]
fn out(args: &[&str]) -> String {
    let output = wirescope(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("what it prints is UTF-8")
}

/// A file of this test's own.
fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("chosen");
    std::fs::create_dir_all(&folder).expect("it can be made");
    folder.join(name)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the name is UTF-8")
}

/// The built-in HTTPS request as a capture with its secrets.
fn capture(name: &str) -> PathBuf {
    let path = file(name);
    out(&["https://www.example.com/a?b=c%20d", "--seed", "3", "-o", text(&path)]);
    path
}

#[test]
fn a_filter_chooses_rows_json_and_files() {
    let whole = capture("filtered.pcapng");
    let part = file("part.pcapng");
    let printed = out(&["open", text(&whole), "--filter", "http.status == 200", "-o", text(&part)]);
    assert!(printed.contains("HTTP/1.1 200 OK") && printed.contains("\n1 of "), "{printed}");
    assert!(!printed.contains("GET /a"), "{printed}");

    // The part opens by itself; the packet alone does not tell what it says, but the secrets for it are there.
    let file =
        wirescope::capture::read::read_all(std::fs::File::open(&part).expect("it was written")).expect("a capture");
    assert_eq!(file.packets.len(), 1);
    assert!(!file.key_log().0.is_empty());
    let none = self::file("none.pcapng");
    out(&["open", text(&whole), "--filter", "dns", "-o", text(&none)]);
    let file =
        wirescope::capture::read::read_all(std::fs::File::open(&none).expect("it was written")).expect("a capture");
    assert!(!file.packets.is_empty() && file.key_log().0.is_empty(), "others' secrets stay behind");

    let json: Value =
        serde_json::from_str(&out(&["open", text(&whole), "--filter", "dns", "--format", "json"])).expect("JSON");
    assert!(
        json["packets"]
            .as_array()
            .is_some_and(|packets| packets.len() == 2 && packets.iter().all(|p| p["protocol"] == "DNS"))
    );
    let simulated = out(&["https://www.example.com/", "--filter", "tls.handshake.type == client_hello"]);
    assert!(simulated.contains("ClientHello") && simulated.contains("\n1 of "), "{simulated}");
    let request = out(&["open", text(&whole), "--request", "1"]);
    assert!(request.contains("please find www.example.com") && request.contains("200 OK"), "{request}");
    assert!(!request.contains("DISCOVER"), "{request}");
}

#[test]
fn a_mistake_in_a_filter_is_shown_where_it_is() {
    let whole = capture("mistaken.pcapng");
    let output = wirescope(&["open", text(&whole), "--filter", "tcp.port = 443"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("column 10") && said.contains("\n  tcp.port = 443\n           ^"), "{said}");
    let output = wirescope(&["open", text(&whole), "--connection", "9"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no connection 9"));
}

#[test]
fn requests_become_a_har() {
    let (whole, har) = (capture("archived.pcapng"), file("run.har"));
    out(&["open", text(&whole), "-o", text(&har)]);
    let har: Value = serde_json::from_slice(&std::fs::read(&har).expect("it was written")).expect("a HAR is JSON");
    assert_eq!(har["log"]["version"], "1.2");
    let entries = har["log"]["entries"].as_array().expect("a list");
    assert_eq!(entries.len(), 1);
    let entry = &entries[0];
    assert_eq!(entry["request"]["url"], "https://www.example.com/a?b=c%20d");
    assert_eq!(entry["request"]["queryString"][0]["value"], "c d");
    assert_eq!(entry["response"]["status"], 200);
    let body = entry["response"]["content"]["text"].as_str().expect("a text");
    assert_eq!(entry["response"]["content"]["size"], body.len());
    // HAR 1.2: the parts that are there add up to `time`; `ssl` is inside `connect`.
    let part = |name: &str| entry["timings"][name].as_f64().expect("a number").max(0.0);
    let sum: f64 = ["blocked", "dns", "connect", "send", "wait", "receive"].into_iter().map(part).sum();
    assert!((sum - entry["time"].as_f64().expect("a number")).abs() < 1e-6, "{entry}");
    assert!(part("dns") > 0.0 && part("ssl") > 0.0 && part("connect") > part("ssl") && part("wait") > 0.0, "{entry}");
}

#[test]
fn tables_have_a_row_for_each_and_their_columns() {
    let whole = capture("tables.pcapng");
    let all =
        wirescope::capture::read::read_all(std::fs::File::open(&whole).expect("it was written")).expect("a capture");
    for (table, rows) in [("packets", all.packets.len()), ("connections", 1), ("requests", 1)] {
        let csv = file(&format!("run.{table}.csv"));
        out(&["open", text(&whole), "-o", text(&csv)]);
        let csv = std::fs::read_to_string(&csv).expect("it was written");
        let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
        assert_eq!(lines.len(), rows + 1, "{table}");
        let columns = wirescope::export::table(table).expect("there is one").columns.len();
        assert_eq!(lines[0].split(',').count(), columns);
    }
    let lines = out(&["open", text(&whole), "--format", "jsonl"]);
    let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    assert_eq!(rows[0]["row"], "run");
    let of = |row: &str| rows.iter().filter(|value| value["row"] == row).collect::<Vec<_>>();
    assert_eq!((of("packet").len(), of("connection").len(), of("request").len()), (all.packets.len(), 1, 1));
    assert_eq!(of("request")[0]["status"], 200);
    assert_eq!(of("connection")[0]["server_name"], "www.example.com");
    // 2026-01-01T00:00:00Z, the simulation's zero.
    assert_eq!(of("packet")[0]["epoch_ns"], 1_767_225_600_000_000_000_i64);
}

#[test]
fn a_sanitized_copy_is_sound_for_tshark_and_tells_nothing() {
    let (whole, clean) = (file("private.pcapng"), file("clean.pcapng"));
    out(&["https://intranet.corp.test/alice", "--seed", "3", "-o", text(&whole)]);
    let said = out(&["sanitize", text(&whole), "-o", text(&clean)]);
    for what in ["IP addresses", "hardware addresses", "host names", "encrypted records", "blocks of TLS secrets"] {
        assert!(said.contains(what), "{said}");
    }
    let bytes = std::fs::read(&clean).expect("it was written");
    for secret in [&b"intranet"[..], b"corp", b"laptop", &[192, 168, 1, 100]] {
        assert!(
            !bytes.windows(secret.len()).any(|window| window.eq_ignore_ascii_case(secret)),
            "{secret:?} is still there"
        );
    }
    if !oracle::program("tshark") {
        return;
    }
    let ask = |file: &Path, fields: &[&str]| {
        let mut command = Command::new("tshark");
        command.args([
            "-r",
            text(file),
            "-o",
            "tcp.check_checksum:TRUE",
            "-o",
            "ip.check_checksum:TRUE",
            "-T",
            "fields",
        ]);
        command.args(fields.iter().flat_map(|field| ["-e", field]));
        let output = command.output().expect("tshark runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let same = ["frame.len", "frame.time_epoch", "tcp.seq", "tcp.ack", "tcp.len", "tcp.flags", "tls.record.length"];
    assert_eq!(ask(&whole, &same), ask(&clean, &same), "lengths, times and numbers stay");
    let sums = ask(&clean, &["ip.checksum.status", "tcp.checksum.status", "udp.checksum.status"]);
    // 0 is bad, 1 good, 2 not checked.
    assert!(!sums.contains('0'), "{sums}");
    let before = ask(&whole, &["ip.src"]);
    let after = ask(&clean, &["ip.src"]);
    for (a, b) in before.lines().zip(after.lines()).filter(|(a, _)| !a.is_empty() && *a != "0.0.0.0") {
        assert_ne!(a, b);
    }
}
