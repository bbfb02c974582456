//! A segment of a connection that is gone arrives in the next one between the same ports.

use std::net::Ipv4Addr;

use base::{Duration, Instant, Seed};
use bytes::Bytes;
use host::HostConfig;
use net::link::{Fault, Match, Then, Which};
use trace::Trace;
use trace::kinds::{app, tcp};
use wire::tcp::Seq;

use super::lab::{self, Pair, SERVER, count, from_port, port};
use super::{Argument, Findings, Played};
use crate::RunError;

pub(super) const STALE_SEGMENT: Argument = Argument {
    name: "stale-segment",
    title: "A stale segment that a fixed initial sequence number lets in, and a random one keeps out",
    about: "A segment of a first connection is held up on its way for a second. The client's program dies, its connection is \
            reset, and it opens a new one from the same port. Then the old segment arrives. If both connections count from \
            the same number, nothing in it tells that it is old. RFC 6528's numbers grow with time and differ by four-tuple: \
            the old one lies outside the window. Timestamps, whose PAWS check (RFC 7323 §5) would notice too, are off. \
            The packets below are those of the fixed numbers.",
    tap: "server",
    play,
};

/// What the first connection sends and the second must not receive; as long as [`NEW`].
const OLD: &[u8] = b"PAY ALICE 900 EUROS\n";
/// What the second connection sends.
const NEW: &[u8] = b"PAY BOBBY 100 EUROS\n";
/// How long the old segment is held up.
const HELD: Duration = Duration::from_millis(1000);
/// When the first program dies: before TCP sends the segment again.
const DIES: Instant = Instant::from_millis(100);
/// When the second connection is opened; it is open when the old segment arrives.
const REOPENS: Instant = Instant::from_millis(950);
/// When the second connection sends.
const SENDS: Instant = Instant::from_millis(1200);

fn play(seed: Seed) -> Result<Played, RunError> {
    let (fixed, read_fixed) = one(seed, true)?;
    let (random, read_random) = one(seed, false)?;
    let mut rows = Vec::new();
    let mut words = Vec::new();
    for (what, trace, read) in [("fixed", &fixed, read_fixed), ("random (RFC 6528)", &random, read_random)] {
        let outside = [&tcp::UNACCEPTABLE, &tcp::DUPLICATE];
        let judged: usize = outside.into_iter().map(|kind| count(trace, "server", kind, REOPENS)).sum();
        let stale = read.windows(OLD.len()).any(|part| part == OLD);
        let fresh = read.windows(NEW.len()).any(|part| part == NEW);
        let taken = match (stale, fresh) {
            (true, false) => "takes the stale segment for the new connection's and drops the real one",
            (true, true) => "takes both",
            (false, true) => "drops the stale segment and takes the real one",
            (false, false) => "takes neither",
        };
        words.push(format!("With {what} numbers the server {taken}."));
        rows.push(vec![
            what.to_owned(),
            String::from_utf8_lossy(&read).trim_end().replace('\n', " / "),
            judged.to_string(),
            taken.to_owned(),
        ]);
    }
    let columns = vec!["initial numbers", "the server's program reads", "segments outside the window", "the server"];
    Ok(Played { trace: fixed, findings: Findings { columns, rows, verdict: words.join(" ") } })
}

fn one(seed: Seed, fixed: bool) -> Result<(Trace, Bytes), RunError> {
    let mut line = lab::line();
    line.a_to_b = line.a_to_b.fault(Fault { of: Match::TcpData, which: Which::Nth(1), then: Then::Hold(HELD) });
    let set = |isn: u32| {
        move |config: &mut HostConfig| {
            config.tcp.timestamps = false;
            if fixed {
                config.isns = vec![Seq(isn); 2];
            }
        }
    };
    let pair = Pair::new(seed, line, set(1000), set(5000));
    let os = pair.world.os(pair.server);
    let read = pair.world.spawn_root(pair.server, &app::OPERATOR_STARTS, "a server", async move {
        let Ok(listener) = os.tcp_listen(port(Ipv4Addr::UNSPECIFIED, 80), 4) else { return Bytes::new() };
        while let Ok((stream, _)) = listener.accept().await {
            // The first connection fails: it is reset before anything arrives.
            if let Ok(data) = stream.recv_to_end().await {
                return data;
            }
        }
        Bytes::new()
    });
    let os = pair.world.os(pair.client);
    drop(pair.world.spawn_root(pair.client, &app::USER_OPENS, "two connections in turn, from one port", async move {
        let Ok(first) = os.tcp_connect_with(port(SERVER, 80), from_port(40_000)).await else { return };
        let _ = first.send_all(Bytes::from_static(OLD)).await;
        os.sleep_until(DIES).await;
        first.abort();
        os.sleep_until(REOPENS).await;
        let Ok(second) = os.tcp_connect_with(port(SERVER, 80), from_port(40_000)).await else { return };
        os.sleep_until(SENDS).await;
        let _ = second.send_all(Bytes::from_static(NEW)).await;
    }));
    let Pair { mut world, .. } = pair;
    lab::finish(&mut world)?;
    Ok((world.into_trace(), read.take().unwrap_or_default()))
}
