//! `wirescope open --stream`: a capture read once, connection by connection, tells what one that is read whole tells.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use wirescope::export::TapSet;

use crate::runs;

fn wirescope(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wirescope")).env("NO_COLOR", "1").args(args).output().expect("built")
}

/// The rows of a capture as JSON lines.
fn rows(args: &[&str]) -> Vec<Value> {
    let output = wirescope(&[&["open", "--format", "jsonl"], args].concat());
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Rows in an order of their own. Findings are numbered as they come.
fn comparable(rows: Vec<Value>) -> BTreeSet<String> {
    let one = |mut row: Value| {
        if row["row"] == "finding" {
            row["number"] = Value::Null;
        }
        // Whether a host's port is named beside it depends on what else it does; source and destination say it anyhow.
        row.to_string()
    };
    rows.into_iter().map(one).collect()
}

#[test]
fn a_stream_tells_what_the_whole_tells() {
    let place = runs::place("stream");
    for (name, trace) in runs::traces() {
        let tap = runs::at_client(&trace).tap().expect("one tap");
        let path = place.join(format!("{name}.pcapng"));
        std::fs::write(&path, runs::reopened(&trace, TapSet::One(tap)).0).expect("it can be written");
        let path = path.display().to_string();
        let (whole, stream) = (comparable(rows(&[&path])), comparable(rows(&["--stream", &path])));
        let missing: Vec<_> = whole.difference(&stream).take(3).collect();
        let other: Vec<_> = stream.difference(&whole).take(3).collect();
        assert!(missing.is_empty() && other.is_empty(), "{name}:\nwhole:  {missing:#?}\nstream: {other:#?}");
    }
}

/// `--transport` says of each connection what the full analysis says, as far as headers tell.
#[test]
fn headers_alone_tell_the_same_of_connections() {
    let place = runs::place("transport");
    for (name, trace) in runs::traces() {
        let tap = runs::at_client(&trace).tap().expect("one tap");
        let path = place.join(format!("{name}.pcapng"));
        std::fs::write(&path, runs::reopened(&trace, TapSet::One(tap)).0).expect("it can be written");
        let path = path.display().to_string();
        let told = rows(&["--transport", &path]);
        let keys = told.first().map(keys_that_are_known).unwrap_or_default();
        let whole = rows(&[&path]).into_iter().filter(|row| row["row"] == "connection");
        let whole: BTreeSet<String> = whole.map(|row| only(&row, &keys)).collect();
        let told: BTreeSet<String> = told.iter().map(|row| only(row, &keys)).collect();
        assert_eq!(told, whole, "{name}");
        // A round trip may be unknown; what else is empty is what headers do not tell.
        let expected = ["number", "client", "server_port", "packets", "server_retransmissions", "ending"];
        assert!(told.is_empty() || expected.iter().all(|key| keys.iter().any(|known| known == key)), "{keys:?}");
    }
}

/// What is asked for of a capture that is not kept in memory is found in a first pass and read in a second one: it is told as
/// if all had been read at once, under the same numbers.
#[test]
fn a_part_of_a_stream_is_told_as_of_the_whole() {
    let place = runs::place("excerpt");
    for (name, trace) in runs::traces() {
        let tap = runs::at_client(&trace).tap().expect("one tap");
        let path = place.join(format!("{name}.pcapng"));
        std::fs::write(&path, runs::reopened(&trace, TapSet::One(tap)).0).expect("it can be written");
        let path = path.display().to_string();
        let asked: [&[&str]; 11] = [
            &["--packet", "9"],
            &["--packet", "1", "--format", "json"],
            &["--connection", "2"],
            &["--connection", "1", "--format", "jsonl"],
            &["--request", "2"],
            &["--request", "1", "--time"],
            &["--filter", "tcp.flags.fin == 1 || dns", "--format", "jsonl"],
            &["--filter", "http.status >= 100 && tcp.port > 1", "--findings"],
            &["--time"],
            &["--time", "--format", "json"],
            &["--time", "--format", "jsonl"],
        ];
        for args in asked {
            let whole = wirescope(&[&["open", &path], args].concat());
            let stream = wirescope(&[&["open", "--stream", &path], args].concat());
            let said = |output: &Output| {
                let (out, err) = (&output.stdout, &output.stderr);
                (
                    output.status.code(),
                    String::from_utf8_lossy(out).into_owned(),
                    String::from_utf8_lossy(err).into_owned(),
                )
            };
            let ((code, out, err), (whole_code, whole_out, whole_err)) = (said(&stream), said(&whole));
            let differ = out.lines().zip(whole_out.lines()).find(|(a, b)| a != b);
            assert_eq!(differ, None, "{name} {args:?}");
            assert_eq!((code, err, out.len()), (whole_code, whole_err, whole_out.len()), "{name} {args:?}");
        }
        for kind in ["pcapng", "har", "requests.csv"] {
            for of in [&["--connection", "1"][..], &[]] {
                let written = |stream: &[&str]| {
                    let file = place.join(format!("out.{kind}"));
                    let out = file.display().to_string();
                    wirescope(&[&["open", &path, "-o", &out], of, stream].concat());
                    std::fs::read(file).expect("it was written")
                };
                assert!(written(&["--stream"]) == written(&[]), "{name} {of:?} {kind}");
            }
        }
    }
}

fn keys_that_are_known(row: &Value) -> Vec<String> {
    let cells = row.as_object().expect("a row is an object");
    let known = cells.iter().filter(|(key, cell)| !cell.is_null() || *key == "round_trip_ns");
    known.map(|(key, _)| key.clone()).collect()
}

/// These cells of a row.
fn only(row: &Value, keys: &[String]) -> String {
    keys.iter().map(|key| format!("{key}={} ", row[key])).collect()
}

#[test]
fn several_files_are_one_in_order_of_time() {
    let place = runs::place("several");
    let (_, run) = runs::four().next().expect("there are four");
    let all = runs::reopened(&run.trace, TapSet::All).1;
    // Each packet of the client's link in one of two files, in turn.
    let tap = runs::at_client(&run.trace).tap().expect("one tap");
    let file = runs::reopened(&run.trace, TapSet::One(tap)).1;
    assert!(all.packets.len() > file.packets.len());
    let (a, b) = (place.join("a.pcapng"), place.join("b.pcapng"));
    for (side, path) in [(0, &a), (1, &b)] {
        use wirescope::capture::write::{Interface, Packet, PcapNg};
        let mut out = PcapNg::new(Vec::new()).expect("a vector takes all");
        let interface = out.interface(&Interface::new(file.interfaces[0].link_type)).expect("a vector takes all");
        for packet in file.packets.iter().skip(side).step_by(2) {
            out.packet(&Packet::new(interface, packet.at.expect("it has a time")), [&packet.data]).expect("it fits");
        }
        std::fs::write(path, out.finish().expect("it fits")).expect("it can be written");
    }
    let (a, b) = (a.display().to_string(), b.display().to_string());
    for stream in [&[][..], &["--stream"]] {
        let rows = rows(&[stream, &[&a, &b]].concat());
        let mut packets: Vec<&Value> = rows.iter().filter(|row| row["row"] == "packet").collect();
        packets.sort_by_key(|row| row["number"].as_u64());
        assert_eq!(packets.len(), file.packets.len());
        let times: Vec<i64> = packets.iter().filter_map(|row| row["at_ns"].as_i64()).collect();
        let zero = file.packets[0].at.expect("it has a time");
        let expected: Vec<i64> =
            file.packets.iter().map(|packet| (packet.at.expect("it has a time") - zero).as_nanos()).collect();
        assert_eq!(times, expected);
        // Of each file its packets are in its order; at one moment the first file's come first.
        for side in [0, 1] {
            let lengths = |packet: &&&Value| packet["interface"] == side;
            let lengths: Vec<u64> = packets.iter().filter(lengths).filter_map(|row| row["length"].as_u64()).collect();
            let own = file.packets.iter().skip(side).step_by(2).map(|packet| packet.data.len() as u64);
            assert_eq!(lengths, own.collect::<Vec<_>>());
        }
    }
}

/// Two captures of one connection, one of them by a clock that is three seconds ahead.
#[test]
fn a_clock_that_is_ahead_is_found_and_corrected() {
    let place = runs::place("clocks");
    let (_, run) = runs::four().next().expect("there are four");
    let taps = runs::taps(&run.trace);
    let mut paths = Vec::new();
    for (place_of, ahead) in [("laptop", 0), ("server", 3_000)] {
        let name = taps.iter().find(|name| name.starts_with(place_of)).expect("it saw something");
        let story = wirescope::Story::from_trace(
            run.trace.clone(),
            wirescope::TapChoice::Named(name.split('.').next().unwrap_or(name).to_owned()),
        )
        .expect("there is such a tap");
        let file = runs::reopened(&run.trace, TapSet::One(story.tap().expect("one tap"))).1;
        use wirescope::capture::write::{Interface, Packet, PcapNg};
        let mut out = PcapNg::new(Vec::new()).expect("a vector takes all");
        let interface = out.interface(&Interface::new(file.interfaces[0].link_type)).expect("a vector takes all");
        for packet in &file.packets {
            let at = packet.at.expect("it has a time") + wirescope::base::Duration::from_millis(ahead);
            out.packet(&Packet::new(interface, at), [&packet.data]).expect("it fits");
        }
        let path = place.join(format!("{place_of}.pcapng"));
        std::fs::write(&path, out.finish().expect("it fits")).expect("it can be written");
        paths.push(path.display().to_string());
    }
    let output = wirescope(&["open", "--findings", &paths[0], &paths[1]]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    println!("{said}");
    // NAT stands between the two: what identifies a packet is its sequence number, which it leaves alone.
    let number = said.split("pcapng is ").nth(1).and_then(|rest| rest.split(' ').next()).expect("the offset is said");
    let offset: f64 = number.parse().expect("a number");
    assert!((2_990.0..3_010.0).contains(&offset) && said.contains("ahead of"), "{said}");
}

/// A pipe that ends is a file like others.
#[test]
fn standard_input_can_be_streamed() {
    let place = runs::place("stream-pipe");
    let (_, trace) = runs::traces().next().expect("there is one");
    let tap = runs::at_client(&trace).tap().expect("one tap");
    let bytes = runs::reopened(&trace, TapSet::One(tap)).0;
    let path = place.join("pipe.pcapng");
    std::fs::write(&path, &bytes).expect("it can be written");
    let mut child = Command::new(env!("CARGO_BIN_EXE_wirescope"))
        .args(["open", "--stream", "--findings", "--format", "jsonl", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("built");
    child.stdin.take().expect("piped").write_all(&bytes).expect("it reads");
    let piped = child.wait_with_output().expect("it ends");
    let file = wirescope(&["open", "--findings", "--format", "jsonl", &path.display().to_string()]);
    assert!(piped.status.success());
    assert_eq!(String::from_utf8_lossy(&piped.stdout), String::from_utf8_lossy(&file.stdout));
}

/// `tcpdump -w - | wirescope open -`: the lines of packets come while the pipe is open, what went wrong when it is closed.
#[test]
fn a_pipe_is_followed_as_it_grows() {
    use std::io::{BufRead, BufReader, Read};
    let (_, run) = runs::four().next().expect("there are four");
    let tap = runs::at_client(&run.trace).tap().expect("one tap");
    let (bytes, file) = runs::reopened(&run.trace, TapSet::One(tap));
    let half = file.packets.len() / 2;
    let cut = usize::try_from(file.packets[half].offset).expect("a short file");
    let mut child = Command::new(env!("CARGO_BIN_EXE_wirescope"))
        .env("NO_COLOR", "1")
        .args(["open", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("built");
    let mut pipe = child.stdin.take().expect("piped");
    let mut lines = BufReader::new(child.stdout.take().expect("piped"));
    pipe.write_all(&bytes[..cut]).expect("it reads");
    let mut seen = String::new();
    let last = half.to_string();
    // It ends: the line of the last packet that was written is printed although the pipe is open.
    while !seen.lines().any(|line| line.split_whitespace().next() == Some(last.as_str())) {
        assert!(lines.read_line(&mut seen).expect("UTF-8") > 0, "{seen}");
    }
    assert!(!seen.contains("TCP connections"), "{seen}");
    pipe.write_all(&bytes[cut..]).expect("it reads");
    drop(pipe);
    lines.read_to_string(&mut seen).expect("UTF-8");
    assert!(child.wait().expect("it ends").success());
    let numbers: Vec<usize> =
        seen.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).take(file.packets.len()).collect();
    assert_eq!(numbers, (1..=file.packets.len()).collect::<Vec<_>>(), "{seen}");
    assert!(seen.contains("TCP connections") && seen.contains("HTTP"), "{seen}");
}

/// Ctrl-C while the pipe is open: what is known by then is told, and the exit code says that it was stopped.
#[test]
fn a_pipe_that_is_stopped_tells_what_it_knows() {
    use std::io::{BufRead, BufReader, Read};
    let (_, run) = runs::four().next().expect("there are four");
    let tap = runs::at_client(&run.trace).tap().expect("one tap");
    let (bytes, file) = runs::reopened(&run.trace, TapSet::One(tap));
    let mut child = Command::new(env!("CARGO_BIN_EXE_wirescope"))
        .env("NO_COLOR", "1")
        .args(["open", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("built");
    let mut pipe = child.stdin.take().expect("piped");
    let mut lines = BufReader::new(child.stdout.take().expect("piped"));
    pipe.write_all(&bytes).expect("it reads");
    let (mut seen, last) = (String::new(), file.packets.len().to_string());
    while !seen.lines().any(|line| line.split_whitespace().next() == Some(last.as_str())) {
        assert!(lines.read_line(&mut seen).expect("UTF-8") > 0, "{seen}");
    }
    let stopped = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(stopped.success());
    lines.read_to_string(&mut seen).expect("UTF-8");
    assert_eq!(child.wait().expect("it ends").code(), Some(130), "{seen}");
    assert!(seen.contains("TCP connections"), "{seen}");
    drop(pipe);
}
