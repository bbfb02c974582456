//! Forged segments of an attacker who does not see the connection.

use std::net::Ipv4Addr;

use base::{Instant, Seed};
use bytes::Bytes;
use trace::kinds::{app, tcp};
use trace::{Role, Trace};
use wire::Packet;
use wire::tcp::{Flags, Header, Seq};

use super::lab::{self, count, from_port, port};
use super::{Argument, Findings, Played};
use crate::RunError;

pub(super) const BLIND_INJECTION: Argument = Argument {
    name: "blind-injection",
    title: "A blind injection that succeeds against predictable sequence numbers and fails against random ones",
    about: "An attacker who sees nothing of a connection sends segments in the client's name. It knows the addresses and the \
            ports, and guesses the sequence numbers: 1000 and 5000 are where machines with fixed initial numbers begin. The \
            networks on the way do not check source addresses, as BCP 38 would have them do. RFC 6528's numbers make the guess \
            one in billions; RFC 5961 answers what is only nearly right with a challenge ACK, which goes to the real client. \
            The packets below, at the server, are those of the first row.",
    tap: "server",
    play,
};

const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const SERVER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 80);
const ATTACKER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 66);
const CLIENT_PORT: u16 = 40_000;

/// The numbers that machines with fixed initial numbers begin with, and the attacker's guess.
const GUESS: (u32, u32) = (1000, 5000);
/// What the attacker puts in.
const FORGED: &[u8] = b"GIVE ALL TO MALLORY\n";
/// What the client says; as long as [`FORGED`].
const HONEST: &[u8] = b"KEEP ALL FOR ALICE.\n";
/// When the attacker sends: the connection is open and silent.
const ATTACKS: Instant = Instant::from_millis(200);
/// When the client speaks.
const SPEAKS: Instant = Instant::from_millis(500);

/// What is forged.
#[derive(Clone, Copy)]
struct Forgery {
    what: &'static str,
    fixed: bool,
    flags: Flags,
    /// How far from the guess of what the server expects next.
    off: u32,
    data: &'static [u8],
}

const FORGERIES: [Forgery; 5] = [
    Forgery { what: "data at the guessed number", fixed: true, flags: Flags::ACK, off: 0, data: FORGED },
    Forgery { what: "data at the guessed number", fixed: false, flags: Flags::ACK, off: 0, data: FORGED },
    Forgery { what: "a reset at the guessed number", fixed: true, flags: Flags::RST, off: 0, data: b"" },
    Forgery { what: "a reset 100 beyond it", fixed: true, flags: Flags::RST, off: 100, data: b"" },
    Forgery { what: "a SYN at the guessed number", fixed: true, flags: Flags::SYN, off: 0, data: b"" },
];

fn play(seed: Seed) -> Result<Played, RunError> {
    let mut rows = Vec::new();
    let mut telling = None;
    let mut words = Vec::new();
    for forgery in FORGERIES {
        let (trace, read) = one(seed, forgery)?;
        let happened = |kind| count(&trace, "server", kind, ATTACKS) > 0;
        let answer = match &read {
            Ok(read) if contains(read, FORGED) => "takes it for the client's",
            Err(_) if happened(&tcp::RESET) => "resets the connection",
            Ok(_) if happened(&tcp::CHALLENGE_ACK) => "answers with a challenge ACK",
            // What lies far behind the window is taken for something that arrived long ago.
            Ok(_) if happened(&tcp::UNACCEPTABLE) || happened(&tcp::DUPLICATE) => {
                "answers that it lies outside the window, and drops it"
            }
            _ => "drops it",
        };
        let numbers = if forgery.fixed { "fixed" } else { "random (RFC 6528)" };
        let read = match &read {
            Ok(read) => String::from_utf8_lossy(read).trim_end().replace('\n', " / "),
            Err(error) => error.to_string(),
        };
        words.push(format!("{}, {numbers} numbers: the server {answer}", forgery.what));
        rows.push(vec![forgery.what.to_owned(), numbers.to_owned(), answer.to_owned(), read]);
        telling.get_or_insert(trace);
    }
    let columns = vec!["forged", "initial numbers", "the server", "the server's program reads"];
    let verdict = format!("{}.", words.join("; "));
    Ok(Played { trace: telling.unwrap_or_default(), findings: Findings { columns, rows, verdict } })
}

fn contains(read: &[u8], part: &[u8]) -> bool {
    read.windows(part.len()).any(|window| window == part)
}

fn one(seed: Seed, forgery: Forgery) -> Result<(Trace, Result<Bytes, ::tcp::Errno>), RunError> {
    let machine = |name: &str, n: u8, ip: Ipv4Addr, isn: u32| {
        let mut config = lab::behind_router(name, seed, n, ip);
        // Timestamps are one more thing that an attacker would have to guess.
        config.tcp.timestamps = false;
        config.tcp.nagle = false;
        if forgery.fixed {
            config.isns = vec![Seq(isn)];
        }
        config
    };
    let machines = [
        (Role::Client, machine("client", 1, CLIENT, GUESS.0)),
        (Role::Server, machine("server", 2, SERVER, GUESS.1)),
        (Role::Attacker, machine("attacker", 3, ATTACKER, 0)),
    ];
    let (mut world, [client, server, attacker], _) = lab::three_networks(seed, machines);

    let os = world.os(server);
    let read = world.spawn_root(server, &app::OPERATOR_STARTS, "a server", async move {
        let listener = os.tcp_listen(port(Ipv4Addr::UNSPECIFIED, 80), 1)?;
        let (stream, _) = listener.accept().await?;
        stream.recv_to_end().await
    });
    let os = world.os(client);
    drop(world.spawn_root(client, &app::USER_OPENS, "a connection", async move {
        let Ok(stream) = os.tcp_connect_with(port(SERVER, 80), from_port(CLIENT_PORT)).await else { return };
        os.sleep_until(SPEAKS).await;
        let _ = stream.send_all(Bytes::from_static(HONEST)).await;
    }));
    let os = world.os(attacker);
    drop(world.spawn_root(attacker, &app::OPERATOR_STARTS, "the attacker's program", async move {
        os.sleep_until(ATTACKS).await;
        os.act(&app::ATTACKER_SENDS, "");
        let _ = os.with_host(|host, cx| host.send_raw(forge(forgery), cx));
    }));
    lab::finish(&mut world)?;
    let read = read.take().unwrap_or(Err(::tcp::Errno::TimedOut));
    Ok((world.into_trace(), read))
}

/// A segment in the client's name, at the numbers that follow the guessed ones.
fn forge(forgery: Forgery) -> Packet {
    let seq = Seq(GUESS.0.wrapping_add(1).wrapping_add(forgery.off));
    // A SYN and a reset acknowledge nothing.
    let ack = if forgery.flags.contains(Flags::ACK) { Seq(GUESS.1.wrapping_add(1)) } else { Seq(0) };
    let header = Header::new((CLIENT_PORT, 80), seq, ack, forgery.flags, 65_535, 0);
    lab::forged(CLIENT, SERVER, header, forgery.data)
}
