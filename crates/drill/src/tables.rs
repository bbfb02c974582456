//! What scripts look up in the machine's tables: `grep` in `/proc/net/tcp` and `/proc/net/tcp6`, as Linux writes them.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

use host::Host;
use trace::{Event, Kind, kinds};
use wire::tcp::State;

use crate::calls::state_number;
use crate::kernel::Refused;
use crate::shell::Trouble;

/// The file of this name, if the machine has such a table.
pub(crate) fn table(host: &Host, name: &str) -> Option<String> {
    let v6 = match name {
        "/proc/net/tcp" => false,
        "/proc/net/tcp6" => true,
        _ => return None,
    };
    let anyone =
        |local: SocketAddr| SocketAddr::new(if local.is_ipv6() { [0u16; 8].into() } else { [0u8; 4].into() }, 0);
    let listening = host.listening().into_iter().map(|local| (local, anyone(local), state_number(State::LISTEN)));
    let open = host.connections().into_iter().map(|row| (row.local, row.remote, state_number(row.state)));
    let mut text = "  sl  local_address rem_address   st\n".to_owned();
    for (n, (local, remote, state)) in listening.chain(open).filter(|(local, ..)| local.is_ipv6() == v6).enumerate() {
        let _ = writeln!(text, "{n:4}: {} {} {state:02X} ", address(local), address(remote));
    }
    Some(text)
}

/// An address as Linux writes it: words in the machine's order, which is the little-endian one.
fn address(at: SocketAddr) -> String {
    let octets = match at.ip() {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    };
    let words =
        octets.chunks(4).map(|word| word.iter().rev().fold(String::new(), |text, byte| text + &format!("{byte:02X}")));
    format!("{}:{:04X}", words.collect::<String>(), at.port())
}

/// The counters that `nstat` tells of, by the kinds of events that they count.
const COUNTERS: [(&str, &Kind); 8] = [
    ("TcpRetransSegs", &kinds::tcp::RETRANSMIT),
    ("TcpExtTCPTimeouts", &kinds::tcp::RTO_FIRED),
    ("TcpExtTCPLossProbes", &kinds::tcp::TLP_FIRED),
    ("TcpExtTCPChallengeACK", &kinds::tcp::CHALLENGE_ACK),
    ("TcpExtOutOfWindowIcmps", &kinds::tcp::ICMP_IGNORED),
    ("TcpExtBeyondWindow", &kinds::tcp::UNACCEPTABLE),
    ("TcpExtTCPZeroWindowDrop", &kinds::tcp::ZERO_WINDOW_DROP),
    ("TcpExtTCPRcvQDrop", &kinds::tcp::RECEIVE_MEMORY_FULL),
];

/// What `nstat` prints when these events have happened since it was asked last: counters that moved.
pub(crate) fn counters<'a>(events: impl Iterator<Item = &'a Event>) -> String {
    let mut counts = [0u64; COUNTERS.len()];
    for event in events {
        for (count, (_, kind)) in counts.iter_mut().zip(COUNTERS) {
            *count += u64::from(event.kind.id == kind.id);
        }
    }
    let moved = COUNTERS.iter().zip(counts).filter(|(_, count)| *count > 0);
    moved.fold("#kernel\n".to_owned(), |text, ((name, _), count)| text + &format!("{name:32}{count:<16}0.0\n"))
}

/// `grep TEXT FILE... | grep TEXT ...` or `nstat | grep TEXT ...`: whether a line of the files, or of what `nstat` tells, has
/// all the texts. It fails as `grep` does where none has.
///
/// # Errors
/// That, and what is not such a pipeline, or a pattern that is more than a text.
pub(crate) fn search(stages: &[Vec<String>], read: impl Fn(&str) -> Option<String>) -> Result<(), Trouble> {
    let mut lines: Option<Vec<String>> = None;
    for stage in stages {
        let told = |name: &str| read(name).ok_or_else(|| Refused(format!("`{name}` cannot be read here")));
        let (pattern, files) = match stage.split_first().map(|(name, rest)| (name.as_str(), rest)) {
            Some(("nstat", [])) if lines.is_none() => {
                lines = Some(told("nstat")?.lines().map(str::to_owned).collect());
                continue;
            }
            // From here on they count, and nothing is told.
            Some(("nstat", [flag])) if lines.is_none() && flag == "-n" => {
                lines = Some(vec![String::new()]);
                continue;
            }
            Some(("nstat", [flag])) if lines.is_none() && flag == "-s" => {
                lines = Some(told("nstat")?.lines().map(str::to_owned).collect());
                continue;
            }
            // Nobody reads what it finds.
            Some(("grep", [flag, pattern, files @ ..])) if flag == "-q" => (pattern, files),
            Some(("grep", [pattern, files @ ..])) => (pattern, files),
            _ => return Err(Refused(format!("`{}` is not known in a pipe", stage.join(" "))).into()),
        };
        if pattern.starts_with('-') || pattern.contains(['.', '*', '[', ']', '^', '$', '\\']) {
            return Err(Refused(format!("`grep` looks for texts alone here, not for `{pattern}`")).into());
        }
        let text = match lines.take() {
            Some(lines) => lines,
            None => {
                let mut text = Vec::new();
                for file in files {
                    text.extend(told(file)?.lines().map(str::to_owned));
                }
                text
            }
        };
        lines = Some(text.into_iter().filter(|line| line.contains(pattern.as_str())).collect());
    }
    match lines {
        Some(lines) if lines.is_empty() => Err(Trouble::Failed("`grep` finds no such line".to_owned())),
        _ => Ok(()),
    }
}
