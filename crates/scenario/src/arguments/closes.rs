//! Closing: in three packets, in four, and from both sides at once.

use std::net::Ipv4Addr;

use base::{Duration, Instant, Seed};
use trace::kinds::app;
use wire::tcp::State;

use super::lab::{self, Pair, SERVER, path, port, reached, segments, states};
use super::{Argument, Findings, Played};
use crate::RunError;

pub(super) const THREE_PACKETS: Argument = Argument {
    name: "three-packet-close",
    title: "A close of three packets: the second FIN carries the acknowledgment of the first",
    about: "The client closes. The server's kernel holds the acknowledgment of the FIN back for a moment, as Linux does; \
            the server's program closes within it, and its FIN takes the acknowledgment along.",
    tap: "client",
    play: |seed| play(seed, How::AtOnce),
};

pub(super) const FOUR_PACKETS: Argument = Argument {
    name: "four-packet-close",
    title: "A close of four packets: the server's program takes its time",
    about: "The client closes its direction. The server acknowledges that, and its direction stays open (the connection is \
            half closed, RFC 9293 §3.6) until its program closes as well: FIN, ACK, FIN, ACK.",
    tap: "client",
    play: |seed| play(seed, How::Later),
};

pub(super) const SIMULTANEOUS: Argument = Argument {
    name: "simultaneous-close",
    title: "Both sides close at the same moment: CLOSING, and TIME-WAIT on both",
    about: "The two FINs cross on the way. Each side acknowledges the other's, passes through CLOSING, which no other close \
            does, and both wait in TIME-WAIT (RFC 9293 §3.6, figure 13).",
    tap: "client",
    play: |seed| play(seed, How::Together),
};

#[derive(Clone, Copy, PartialEq)]
enum How {
    AtOnce,
    Later,
    Together,
}

/// When the close begins: long after the handshake.
const BEGINS: Instant = Instant::from_millis(100);
/// How long a slow program takes to close.
const SLOW: Duration = Duration::from_millis(150);

fn play(seed: Seed, how: How) -> Result<Played, RunError> {
    let pair = Pair::new(seed, lab::line(), |_| {}, |server| server.tcp.delay_fin_ack = how == How::AtOnce);
    let os = pair.world.os(pair.server);
    drop(pair.world.spawn_root(pair.server, &app::OPERATOR_STARTS, "a server", async move {
        let Ok(listener) = os.tcp_listen(port(Ipv4Addr::UNSPECIFIED, 80), 1) else { return };
        let Ok((stream, _)) = listener.accept().await else { return };
        match how {
            How::Together => os.sleep_until(BEGINS).await,
            How::AtOnce | How::Later => drop(stream.recv_to_end().await),
        }
        if how == How::Later {
            os.sleep(SLOW).await;
        }
        drop(stream);
    }));
    let os = pair.world.os(pair.client);
    drop(pair.world.spawn_root(pair.client, &app::USER_OPENS, "a connection", async move {
        let Ok(stream) = os.tcp_connect(port(SERVER, 80)).await else { return };
        os.sleep_until(BEGINS).await;
        drop(stream);
    }));
    let trace = pair.finish()?;

    let mut rows = Vec::new();
    for name in ["client", "server"] {
        let steps = states(&trace, name);
        let waits = match (reached(&steps, State::TIME_WAIT), steps.last()) {
            (Some(from), Some((to, State::CLOSED))) => format!("{} s", to.since(from).as_millis() / 1000),
            _ => "none".to_owned(),
        };
        rows.push(vec![name.to_owned(), path(&steps, State::ESTABLISHED), waits]);
    }
    let packets = segments(&trace, BEGINS, Instant::NEVER);
    let waiting = rows.iter().filter(|row| row[2] != "none").count();
    let verdict = format!(
        "The close took {packets} packets; {} in TIME-WAIT.",
        if waiting == 2 { "both sides ended" } else { "only the side that closed first ended" }
    );
    Ok(Played { trace, findings: Findings { columns: vec!["machine", "states", "TIME-WAIT"], rows, verdict } })
}
