//! Opening: at the same moment from both sides, and twice between the same two machines.

use std::net::Ipv4Addr;

use base::{Duration, Instant, Seed};
use bytes::Bytes;
use host::{EphemeralPorts, HostConfig};
use trace::kinds::app;
use wire::tcp::State;

use super::lab::{self, CLIENT, Pair, SERVER, from_port, path, port, reached, segments, states};
use super::{Argument, Findings, Played};
use crate::RunError;

pub(super) const SIMULTANEOUS_OPEN: Argument = Argument {
    name: "simultaneous-open",
    title: "A handshake of four packets: both sides open at once",
    about: "Neither side listens. Each sends a SYN to the other's port, and the two cross on the way. RFC 9293 §3.5 makes \
            one connection of them: both go from SYN-SENT to SYN-RECEIVED and to ESTABLISHED. An ordinary handshake is \
            run beside it.",
    tap: "client",
    play: simultaneous,
};

pub(super) const TWO_CONNECTIONS: Argument = Argument {
    name: "two-connections",
    title: "Two connections between the same two addresses, told apart by their ports",
    about: "One machine opens two connections to the same address and port of another. What differs is the client's \
            port alone: a connection is known by all four, both addresses and both ports (RFC 9293 §3.3.1), and no byte \
            of one reaches the other.",
    tap: "client",
    play: two,
};

/// When both are open, the connection is closed.
const CLOSES_AT: Instant = Instant::from_millis(100);

fn simultaneous(seed: Seed) -> Result<Played, RunError> {
    let usual = Pair::plain(seed);
    let os = usual.world.os(usual.server);
    drop(usual.world.spawn_root(usual.server, &app::OPERATOR_STARTS, "a server", async move {
        let Ok(listener) = os.tcp_listen(port(Ipv4Addr::UNSPECIFIED, 6000), 1) else { return };
        if let Ok((stream, _)) = listener.accept().await {
            let _ = stream.recv_to_end().await;
        }
    }));
    let os = usual.world.os(usual.client);
    drop(usual.world.spawn_root(usual.client, &app::USER_OPENS, "a connection", async move {
        if let Ok(stream) = os.tcp_connect(port(SERVER, 6000)).await {
            os.sleep_until(CLOSES_AT).await;
            drop(stream);
        }
    }));
    let usual = usual.finish()?;

    let both = Pair::plain(seed);
    for (node, own, other, closes) in
        [(both.client, 5000, port(SERVER, 6000), true), (both.server, 6000, port(CLIENT, 5000), false)]
    {
        let os = both.world.os(node);
        drop(both.world.spawn_root(node, &app::USER_OPENS, "a connection", async move {
            let Ok(stream) = os.tcp_connect_with(other, from_port(own)).await else { return };
            if closes {
                os.sleep_until(CLOSES_AT).await;
            } else {
                let _ = stream.recv_to_end().await;
            }
            drop(stream);
        }));
    }
    let both = both.finish()?;

    let mut rows = Vec::new();
    let mut packets = Vec::new();
    for (what, trace) in [("one side opens", &usual), ("both sides open", &both)] {
        let ends = ["client", "server"].map(|name| states(trace, name));
        let open = ends.iter().filter_map(|steps| reached(steps, State::ESTABLISHED)).max();
        // What leaves at the moment when both are open is no part of the opening.
        let before = open.map(|open| open - Duration::from_nanos(1));
        let sent = before.map_or(0, |before| segments(trace, Instant::ZERO, before));
        packets.push(sent);
        let opening = |steps: &[lab::Step]| {
            let until = steps.iter().position(|(_, state)| *state == State::ESTABLISHED).map_or(0, |at| at + 1);
            path(&steps[..until], steps.first().map_or(State::CLOSED, |(_, state)| *state))
        };
        rows.push(vec![what.to_owned(), sent.to_string(), opening(&ends[0]), opening(&ends[1])]);
    }
    let verdict = format!(
        "The connection is open on both sides after {} packets where an ordinary handshake takes {}: each side's SYN needs \
         its own acknowledgment, and here no SYN can carry the other's.",
        packets[1], packets[0]
    );
    let columns = vec!["variant", "packets until both are open", "client", "server"];
    Ok(Played { trace: both, findings: Findings { columns, rows, verdict } })
}

fn two(seed: Seed) -> Result<Played, RunError> {
    let in_order = |config: &mut HostConfig| config.ephemeral = EphemeralPorts::FROM_49152;
    let pair = Pair::new(seed, lab::line(), in_order, |_| {});
    let os = pair.world.os(pair.server);
    drop(pair.world.spawn_root(
        pair.server,
        &app::OPERATOR_STARTS,
        "a server that answers with what it got",
        async move {
            let Ok(listener) = os.tcp_listen(port(Ipv4Addr::UNSPECIFIED, 7), 8) else { return };
            while let Ok((stream, _)) = listener.accept().await {
                drop(os.spawn("connection", async move {
                    if let Ok(data) = stream.recv_to_end().await {
                        let _ = stream.send_all(data).await;
                    }
                }));
            }
        },
    ));
    let mut results = Vec::new();
    for text in ["the first connection's words", "the second connection's words"] {
        let os = pair.world.os(pair.client);
        results.push(pair.world.spawn_root(pair.client, &app::USER_OPENS, text, async move {
            let stream = os.tcp_connect(port(SERVER, 7)).await?;
            stream.send_all(Bytes::from_static(text.as_bytes())).await?;
            // Both are open at the same time.
            os.sleep(Duration::from_millis(50)).await;
            stream.shutdown()?;
            let back = stream.recv_to_end().await?;
            Ok::<_, tcp::Errno>((stream.local_addr(), stream.peer_addr(), text, back))
        }));
    }
    let Pair { mut world, .. } = pair;
    lab::finish(&mut world)?;
    let mut rows = Vec::new();
    let (mut own, mut clients, mut ports) = (0, Vec::new(), Vec::new());
    for (local, remote, said, back) in results.iter().filter_map(|result| result.take()?.ok()) {
        own += usize::from(back == said.as_bytes());
        clients.push(local.ip());
        ports.push(local.port());
        rows.push(vec![local.to_string(), remote.to_string(), said.to_owned(), String::from_utf8_lossy(&back).into()]);
    }
    clients.dedup();
    ports.dedup();
    let verdict = format!(
        "{own} of {} connections got back exactly their own words, from {} client address and {} client ports.",
        rows.len(),
        clients.len(),
        ports.len()
    );
    let columns = vec!["client", "server", "sent", "came back"];
    Ok(Played { trace: world.into_trace(), findings: Findings { columns, rows, verdict } })
}
