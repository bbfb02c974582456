//! SYNs in the names of machines that never answer, and the clients who want in meanwhile.

use std::net::Ipv4Addr;

use ::tcp::{Errno, SynCookies};
use base::{Duration, Instant, Seed};
use bytes::Bytes;
use host::InterfaceId;
use net::Os;
use trace::kinds::{app, tcp};
use trace::{Role, Trace};
use wire::tcp::{Flags, Header, Seq};

use super::lab::{self, count, port};
use super::{Argument, Findings, Played};
use crate::RunError;
use crate::plan::mac;

pub(super) const SYN_FLOOD: Argument = Argument {
    name: "syn-flood",
    title: "A SYN flood shuts a listener that remembers every SYN, and not one with SYN cookies",
    about: "An attacker sends SYNs from an address where nobody answers. The server keeps each of them for a minute, while it \
            sends its SYN-ACK again, and its listener has room for sixteen (RFC 4987 §2). Five clients then want in. With SYN \
            cookies (RFC 4987 §3.6) a listener that is full remembers nothing: what it must know again stands in the number of \
            its SYN-ACK, and whoever acknowledges that number is real. The packets below, at the server, are those of the last \
            row but one.",
    tap: "server",
    play,
};

const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const SERVER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 80);
const ATTACKER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 66);
/// In whose name it sends: nobody's.
const NOBODY: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 99);

/// The listener's backlog.
const BACKLOG: usize = 15;
/// How many SYNs the flood has, and the time between them.
const SYNS: u16 = 100;
const BETWEEN: Duration = Duration::from_millis(50);
/// How many clients want in, when the first one comes, and the time between them.
const CLIENTS: usize = 5;
const FIRST_CLIENT: Instant = Instant::from_millis(2000);
const BETWEEN_CLIENTS: Duration = Duration::from_millis(500);
/// How often a client sends its SYN again: it waits for 15 s.
const PATIENCE: u32 = 3;

const ASK: &[u8] = b"is anybody there?";
const ANSWER: &[u8] = b"yes";

/// What came of one run.
struct Came {
    answered: usize,
    /// The longest that a client waited for its answer.
    longest: Duration,
    error: Option<Errno>,
}

const ROWS: [(bool, SynCookies, &str); 4] = [
    (false, SynCookies::Never, "no flood"),
    (true, SynCookies::Never, "without SYN cookies"),
    (true, SynCookies::WhenFull, "SYN cookies when the listener is full"),
    (true, SynCookies::Always, "SYN cookies for all"),
];

fn play(seed: Seed) -> Result<Played, RunError> {
    let (mut rows, mut words, mut telling) = (Vec::new(), Vec::new(), None);
    for (flooded, cookies, what) in ROWS {
        let (trace, came) = one(seed, flooded, cookies)?;
        let happened = |kind| count(&trace, "server", kind, Instant::ZERO).to_string();
        let longest = if came.answered > 0 { format!("{} ms", came.longest.as_millis()) } else { "-".to_owned() };
        rows.push(vec![
            what.to_owned(),
            format!("{} of {CLIENTS}", came.answered),
            longest,
            came.error.map_or_else(|| "none".to_owned(), |error| error.to_string()),
            happened(&tcp::BACKLOG_FULL),
            happened(&tcp::SYN_COOKIE),
            happened(&tcp::COOKIE_CAME_BACK),
        ]);
        words.push(format!("{what}: {} of {CLIENTS} clients are answered", came.answered));
        if cookies == SynCookies::WhenFull {
            telling = Some(trace);
        }
    }
    let columns = vec![
        "variant",
        "clients answered",
        "longest wait",
        "the others' error",
        "SYNs ignored",
        "answered with a cookie",
        "cookies that came back",
    ];
    let verdict = format!("{}.", words.join("; "));
    Ok(Played { trace: telling.unwrap_or_default(), findings: Findings { columns, rows, verdict } })
}

fn one(seed: Seed, flooded: bool, cookies: SynCookies) -> Result<(Trace, Came), RunError> {
    let mut client = lab::behind_router("client", seed, 1, CLIENT);
    client.tcp.syn_retries = PATIENCE;
    let mut server = lab::behind_router("server", seed, 2, SERVER);
    server.tcp.syn_cookies = cookies;
    let attacker = lab::behind_router("attacker", seed, 3, ATTACKER);
    let machines = [(Role::Client, client), (Role::Server, server), (Role::Attacker, attacker)];
    let (mut world, [client, server, attacker], router) = lab::three_networks(seed, machines);
    // What is sent to nobody ends where nobody looks at it.
    let text = "the router, which believes that somebody has the address";
    world.with_host(router, &app::OPERATOR_STARTS, text, |host, cx| {
        host.set_neighbour(InterfaceId(2), NOBODY, mac(3, 0), cx);
    });

    let os = world.os(server);
    drop(world.spawn_root(server, &app::OPERATOR_STARTS, "a server", serve(os)));
    if flooded {
        let os = world.os(attacker);
        drop(world.spawn_root(attacker, &app::OPERATOR_STARTS, "the attacker's program", async move {
            for n in 0..SYNS {
                os.act(&app::ATTACKER_SENDS, "");
                let seq = Seq(u32::from(n) << 16);
                let header = Header::new((1024 + n, 80), seq, Seq(0), Flags::SYN, 65_535, 0);
                let _ = os.with_host(|host, cx| host.send_raw(lab::forged(NOBODY, SERVER, header, b""), cx));
                os.sleep(BETWEEN).await;
            }
        }));
    }
    let asked: Vec<_> = (0..CLIENTS)
        .map(|n| {
            let os = world.os(client);
            world.spawn_root(client, &app::USER_OPENS, "a client", ask(os, FIRST_CLIENT + BETWEEN_CLIENTS * n as i64))
        })
        .collect();
    lab::finish(&mut world)?;
    let mut came = Came { answered: 0, longest: Duration::ZERO, error: None };
    for answer in asked {
        match answer.take() {
            Some(Ok(waited)) => {
                came.answered += 1;
                came.longest = came.longest.max(waited);
            }
            Some(Err(error)) => came.error = Some(error),
            None => {}
        }
    }
    Ok((world.into_trace(), came))
}

/// Answers whoever asks.
async fn serve(os: Os) {
    let Ok(listener) = os.tcp_listen(port(Ipv4Addr::UNSPECIFIED, 80), BACKLOG) else { return };
    while let Ok((stream, _)) = listener.accept().await {
        drop(os.spawn("connection", async move {
            if stream.recv(ASK.len()).await.is_ok_and(|data| !data.is_empty()) {
                let _ = stream.send_all(Bytes::from_static(ANSWER)).await;
            }
        }));
    }
}

/// Asks at `at`, and says how long the answer took.
async fn ask(os: Os, at: Instant) -> Result<Duration, Errno> {
    os.sleep_until(at).await;
    let stream = os.tcp_connect(port(SERVER, 80)).await?;
    stream.send_all(Bytes::from_static(ASK)).await?;
    stream.recv(ANSWER.len()).await?;
    Ok(os.now() - at)
}
