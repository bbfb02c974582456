//! One lossy path, over UDP and over TCP.

use std::net::Ipv4Addr;

use base::{Chance, Duration, Instant, Seed};
use bytes::Bytes;
use trace::kinds::{app, link, tcp};

use super::lab::{self, Pair, SERVER, count, port};
use super::{Argument, Findings, Played};
use crate::RunError;

pub(super) const LOSSY: Argument = Argument {
    name: "lossy",
    title: "One lossy path over UDP, which hopes for the best, and over TCP, which sends again",
    about: "A program sends numbered messages over a line that loses one frame in ten, each way: first as UDP datagrams, then \
            over a TCP connection. UDP tells nobody what is missing (RFC 768). TCP delivers everything, in order and once \
            (RFC 9293 §3.8), and pays with time: what is behind a lost segment waits for it.",
    tap: "client",
    play,
};

/// How many messages are sent each way of sending.
const MESSAGES: usize = 40;
/// The length of a message: its number and filling.
const LEN: usize = 100;
/// The pause between two messages.
const PAUSE: Duration = Duration::from_millis(5);
/// When the TCP connection is opened: UDP's messages are long through.
const TCP_BEGINS: Instant = Instant::from_millis(1000);

fn message(number: usize) -> Bytes {
    Bytes::from(format!("message {number:>3} {}\n", ".".repeat(LEN - 13)))
}

/// The numbers of the messages that arrived, and when the last one did.
type Arrived = (Vec<usize>, Instant);

fn number(message: &[u8]) -> Option<usize> {
    std::str::from_utf8(message.get(8..11)?).ok()?.trim().parse().ok()
}

fn play(seed: Seed) -> Result<Played, RunError> {
    let mut line = lab::line();
    let loss = Chance::parts_per_billion(100_000_000);
    (line.a_to_b.loss, line.b_to_a.loss) = (loss, loss);
    let pair = Pair::new(seed, line, |_| {}, |_| {});

    let os = pair.world.os(pair.server);
    let udp = pair.world.spawn_root(pair.server, &app::OPERATOR_STARTS, "a UDP server", async move {
        let mut arrived: Arrived = (Vec::new(), Instant::ZERO);
        let Ok(socket) = os.udp_bind(port(Ipv4Addr::UNSPECIFIED, 9000)) else { return arrived };
        while os.now() < TCP_BEGINS {
            if let Ok((data, _)) = socket.recv_from_within(TCP_BEGINS - os.now()).await {
                arrived.0.extend(number(&data));
                arrived.1 = os.now();
            }
        }
        arrived
    });
    let os = pair.world.os(pair.server);
    let tcp = pair.world.spawn_root(pair.server, &app::OPERATOR_STARTS, "a TCP server", async move {
        let mut arrived: Arrived = (Vec::new(), Instant::ZERO);
        let Ok(listener) = os.tcp_listen(port(Ipv4Addr::UNSPECIFIED, 9000), 1) else { return arrived };
        let Ok((stream, _)) = listener.accept().await else { return arrived };
        let mut waiting = Vec::new();
        while let Ok(data) = stream.recv(usize::MAX).await {
            if data.is_empty() {
                break;
            }
            waiting.extend_from_slice(&data);
            while waiting.len() >= LEN {
                let one: Vec<u8> = waiting.drain(..LEN).collect();
                arrived.0.extend(number(&one));
                arrived.1 = os.now();
            }
        }
        arrived
    });
    let os = pair.world.os(pair.client);
    drop(pair.world.spawn_root(pair.client, &app::USER_OPENS, "the sending of messages", async move {
        if let Ok(socket) = os.udp_bind(port(Ipv4Addr::UNSPECIFIED, 0)) {
            for n in 1..=MESSAGES {
                let _ = socket.send_to(message(n), port(SERVER, 9000));
                os.sleep(PAUSE).await;
            }
        }
        os.sleep_until(TCP_BEGINS).await;
        let Ok(stream) = os.tcp_connect(port(SERVER, 9000)).await else { return };
        for n in 1..=MESSAGES {
            if stream.send_all(message(n)).await.is_err() {
                return;
            }
            os.sleep(PAUSE).await;
        }
    }));
    let Pair { mut world, .. } = pair;
    lab::finish(&mut world)?;
    let trace = world.into_trace();

    let lost = |from: Instant, to: Instant| {
        let lost = trace.events.iter().filter(|e| std::ptr::eq(e.kind, &link::LOST) && e.at >= from && e.at < to);
        lost.count()
    };
    let again = count(&trace, "client", &tcp::RETRANSMIT, TCP_BEGINS);
    let mut rows = Vec::new();
    let mut counts = Vec::new();
    for (what, arrived, from, to, again) in [
        ("UDP", udp.take(), Instant::ZERO, TCP_BEGINS, "none".to_owned()),
        ("TCP", tcp.take(), TCP_BEGINS, Instant::NEVER, again.to_string()),
    ] {
        let (numbers, last) = arrived.unwrap_or((Vec::new(), from));
        let in_order = numbers.windows(2).all(|two| two[0] < two[1]);
        counts.push(numbers.len());
        rows.push(vec![
            what.to_owned(),
            MESSAGES.to_string(),
            lost(from, to).to_string(),
            again,
            format!("{}{}", numbers.len(), if in_order { ", in order" } else { ", out of order" }),
            format!("{:.0} ms", last.since(from).as_millis_f64()),
        ]);
    }
    let verdict = format!(
        "Of {MESSAGES} messages, UDP delivered {} and TCP {}: {} are missing over UDP and nobody knows, {} over TCP.",
        counts[0],
        counts[1],
        MESSAGES - counts[0],
        MESSAGES - counts[1],
    );
    let columns = vec!["over", "messages sent", "frames lost", "sent again", "arrived", "the last after"];
    Ok(Played { trace, findings: Findings { columns, rows, verdict } })
}
