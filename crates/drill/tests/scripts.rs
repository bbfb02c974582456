//! Our own scripts, all of them, and that what they say matters: a script whose expectations are changed fails.

use std::path::{Path, PathBuf};

use drill::{IpVersion, Report, Script, Setup, Verdict};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/drill")
}

/// Every script: its name and its text.
fn scripts() -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder()).expect("our scripts are there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "pkt"));
    paths.sort();
    let read = |path: &PathBuf| std::fs::read_to_string(path).expect("text");
    paths.iter().map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), read(path))).collect()
}

fn run(name: &str, text: &str) -> Report {
    run_over(IpVersion::V4, name, text)
}

fn run_over(version: IpVersion, name: &str, text: &str) -> Report {
    let setup = Setup { strict: true, version, ..Setup::default() };
    match Script::parse_with(name, text, &setup.symbols()) {
        Ok(script) => script.run(&setup, &folder()),
        Err(error) => Report::of_error(error),
    }
}

#[test]
fn each_of_our_scripts_passes() {
    let scripts = scripts();
    assert!(scripts.len() >= 7);
    for (name, text) in scripts {
        match run(&name, &text).verdict {
            Verdict::Passed => {}
            Verdict::Failed(mismatch) => panic!("{mismatch}"),
            Verdict::Unsupported(place, why) | Verdict::Invalid(place, why) => panic!("{place}: {why}"),
        }
    }
}

#[test]
fn each_of_our_scripts_passes_over_ipv6_and_with_mapped_addresses() {
    for (name, text) in scripts() {
        // A script about one version of IP says so.
        if text.contains("--ip_version") {
            continue;
        }
        for version in [IpVersion::V6, IpVersion::Mapped] {
            let verdict = run_over(version, &name, &text).verdict;
            assert_eq!(verdict, Verdict::Passed, "{name} over {version:?}");
        }
    }
}

#[test]
fn addresses_of_the_other_version_of_ip_are_refused() {
    let text = "--local_ip=192.168.0.1\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3";
    assert_eq!(run_over(IpVersion::V4, "a script", text).verdict, Verdict::Passed);
    assert!(matches!(run_over(IpVersion::V6, "a script", text).verdict, Verdict::Invalid(..)));
}

/// A field that nobody knows could say anything: such a script is not run as if it were not there.
#[test]
fn fields_of_messages_are_compared_or_refused() {
    let head = "0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3
        +0 setsockopt(3, SOL_IP, IP_RECVERR, [1], 4) = 0
        +0 connect(3, ..., ...) = 0
        +0 send(3, ..., 100, 0) = 100
        +0 > udp (100)
        +0 < icmp unreachable port_unreachable [udp (100)]
        +0 recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{iov_base=..., iov_len=0}], msg_flags=MSG_ERRQUEUE,";
    let run = |control: &str| run("a script", &format!("{head} {control}}}, MSG_ERRQUEUE) = 0")).verdict;
    let control = "msg_control(48)=[{cmsg_len=48, cmsg_level=SOL_IP, cmsg_type=IP_RECVERR, cmsg_data={ee_code=3}}]";
    assert_eq!(run(control), Verdict::Passed);
    assert!(matches!(run(&control.replace("=48", "=40")), Verdict::Failed(_)));
    assert!(matches!(run(&control.replace("ee_code=3", "ee_code=4")), Verdict::Failed(_)));
    for (from, to) in
        [("ee_code", "ee_hue"), ("cmsg_len", "cmsg_hue"), ("msg_control(48)", "msg_hue"), ("(48)", "(40)")]
    {
        assert!(matches!(run(&control.replace(from, to)), Verdict::Unsupported(..)), "{to}");
    }
}

#[test]
fn each_of_our_scripts_says_first_what_it_shows() {
    for (name, text) in scripts() {
        assert!(
            text.lines().take(2).all(|line| line.starts_with("// ")),
            "{name} does not begin with two lines for its reader"
        );
    }
}

#[test]
fn two_runs_are_the_same() {
    for (name, text) in scripts() {
        let bytes = |report: Report| format!("{:?} {:?}", report.trace.frames, report.took);
        assert_eq!(bytes(run(&name, &text)), bytes(run(&name, &text)), "{name}");
    }
}

/// Ways to change what a script expects in a line; each gives a line that says something else.
fn mutations(line: &str) -> Vec<String> {
    let mut changed = Vec::new();
    let code = line.split("//").next().unwrap_or(line);
    let is_packet = code.contains(" > ");
    if is_packet {
        // Another flag, another acknowledgment, another window, another option, a later time.
        for (from, to) in [
            (" > P.", " > ."),
            (" > . ", " > P. "),
            (" > F.", " > ."),
            (" > R.", " > ."),
            (" > S.", " > S"),
            (" > S ", " > SE "),
        ] {
            if code.contains(from) {
                changed.push(code.replacen(from, to, 1));
            }
        }
        for (from, to) in [
            ("ack 1", "ack 2"),
            ("mss 1460", "mss 1459"),
            ("wscale 7", "wscale 6"),
            ("sackOK", "nop,nop"),
            ("ecr ", "ecr 9"),
        ] {
            if code.contains(from) {
                changed.push(code.replacen(from, to, 1));
            }
        }
        if let Some(rest) = code.trim_start().strip_prefix("+0 >") {
            changed.push(format!("+.5 >{rest}"));
        }
    } else if let Some((call, result)) = code.rsplit_once(") = ") {
        let result = result.trim();
        // A descriptor is whatever number the script gives it.
        let names = ["socket(", "accept(", "open(", "epoll_create("];
        if names.iter().all(|name| !call.contains(name)) {
            changed.push(match result.split_whitespace().nth(1) {
                Some(errno) if errno.starts_with('E') => {
                    format!("{call}) = -1 {}", if errno == "EINTR" { "EBADF" } else { "EINTR" })
                }
                _ => format!("{call}) = 12345"),
            });
        }
        for (from, to) in [("revents=POLLIN", "revents=POLLERR"), ("[ECONNREFUSED]", "[ETIMEDOUT]"), ("...0.", "...9.")]
        {
            if call.contains(from) {
                changed.push(format!("{}) = {result}", call.replacen(from, to, 1)));
            }
        }
    } else if code.contains("assert") {
        changed.push(code.replacen("==", "!=", 1));
    }
    changed.retain(|line| line != code);
    changed
}

#[test]
fn a_script_whose_expectations_are_changed_fails() {
    let mut tried = 0;
    for (name, text) in scripts() {
        let lines: Vec<&str> = text.lines().collect();
        for (i, line) in lines.iter().enumerate() {
            for mutation in mutations(line) {
                let mut lines: Vec<&str> = lines.clone();
                lines[i] = &mutation;
                let report = run(&name, &lines.join("\n"));
                assert!(report.verdict != Verdict::Passed, "{name}:{}: `{mutation}` passes", i + 1);
                tried += 1;
            }
        }
    }
    assert!(tried > 60, "only {tried} changes were tried");
}

#[test]
fn a_packet_that_the_script_leaves_out_fails_it() {
    for (name, text) in scripts() {
        let lines: Vec<&str> = text.lines().collect();
        // A packet that comes later may never come if the line is gone that waits for it.
        for (i, _) in lines.iter().enumerate().filter(|(_, line)| line.trim_start().starts_with("+0 >")) {
            // As packetdrill does, what a socket sends that the script has closed is left out once it looks at another.
            let next = lines[i + 1..].iter().find(|line| !line.trim().is_empty());
            if next.is_some_and(|line| line.contains(" socket(")) {
                continue;
            }
            let mut fewer = lines.clone();
            fewer.remove(i);
            let report = run(&name, &fewer.join("\n"));
            assert!(report.verdict != Verdict::Passed, "{name}: without line {} it passes", i + 1);
        }
    }
}
