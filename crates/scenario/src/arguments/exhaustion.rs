//! A client that opens a connection a request, until its ephemeral ports run out.

use std::net::Ipv4Addr;

use base::{Duration, Seed};
use bytes::Bytes;
use host::{ConnectOptions, EphemeralPorts, HostConfig, PortOrder};
use net::Os;
use tcp::Errno;
use trace::Trace;
use trace::kinds::app;

use super::lab::{self, CLIENT, Pair, SERVER, port};
use super::{Argument, Findings, Played};
use crate::RunError;

pub(super) const PORT_EXHAUSTION: Argument = Argument {
    name: "port-exhaustion",
    title: "A client that runs out of ephemeral ports, the cures that work, and the one that does not",
    about: "A program opens a new connection for every request to one server and closes it first. Each leaves its port in \
            TIME-WAIT for a minute (RFC 9293 §3.6.1), on the side that closed first, and to this one server the port cannot be \
            used again until then. The client here has ten ephemeral ports, so that the end is near; the server never runs \
            out, as all its connections share its one port. The packets below are those of the first row.",
    tap: "client",
    play,
};

/// How many ephemeral ports the client has.
const PORTS: u16 = 10;
/// How many requests the program wants to make.
const REQUESTS: usize = 30;
/// The client's further addresses, for the cure that adds some.
const MORE: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 2, 11), Ipv4Addr::new(192, 0, 2, 12)];

/// A way to make many requests.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    ClientCloses,
    ReuseAddress,
    OneConnection,
    ServerCloses,
    MoreAddresses,
}

const WAYS: [(Way, &str); 5] = [
    (Way::ClientCloses, "a connection a request, the client closes first"),
    (Way::ReuseAddress, "the same with SO_REUSEADDR"),
    (Way::OneConnection, "one connection for all requests"),
    (Way::ServerCloses, "a connection a request, the server closes first"),
    (Way::MoreAddresses, "the client closes first, from three addresses"),
];

/// What came of the requests.
struct Made {
    answered: usize,
    connections: usize,
    error: Option<Errno>,
}

fn play(seed: Seed) -> Result<Played, RunError> {
    let mut rows = Vec::new();
    let mut telling = None;
    let (mut cured, mut failed) = (Vec::new(), Vec::new());
    for (way, what) in WAYS {
        let (trace, made) = one(seed, way)?;
        let error = made.error.map_or_else(|| "none".to_owned(), name);
        match made.error {
            None => cured.push(format!("{what} ({} of {REQUESTS} answered)", made.answered)),
            Some(_) => failed.push(format!("{what} ({})", made.connections)),
        }
        rows.push(vec![
            what.to_owned(),
            made.connections.to_string(),
            format!("{} of {REQUESTS}", made.answered),
            error,
        ]);
        telling.get_or_insert(trace);
    }
    let (usual, waits) = (EphemeralPorts::default(), tcp::Config::default().time_wait);
    let ports = u32::from(usual.last - usual.first) + 1;
    let seconds = waits.as_millis() / 1000;
    let verdict = format!(
        "Out of ports, with so many connections opened: {}. Cured: {}. More addresses multiply the ports, no more than that. \
         SO_REUSEADDR lets a program bind a port that is in TIME-WAIT; it brings no four-tuple back. Linux has {ports} \
         ephemeral ports and {seconds} s of TIME-WAIT: to one server, a client that closes first can open {:.0} connections a \
         second for long, no more.",
        failed.join("; "),
        cured.join("; "),
        f64::from(ports) / seconds as f64,
    );
    let columns = vec!["variant", "connections opened", "requests answered", "error"];
    Ok(Played { trace: telling.unwrap_or_default(), findings: Findings { columns, rows, verdict } })
}

/// An error as programmers know it.
fn name(errno: Errno) -> String {
    match errno {
        Errno::AddrNotAvailable => "EADDRNOTAVAIL".to_owned(),
        Errno::AddrInUse => "EADDRINUSE".to_owned(),
        other => other.to_string(),
    }
}

fn one(seed: Seed, way: Way) -> Result<(Trace, Made), RunError> {
    let client = |config: &mut HostConfig| {
        let first = 40_000;
        config.ephemeral = EphemeralPorts { first, last: first + PORTS - 1, order: PortOrder::Ascending };
        if way == Way::MoreAddresses {
            config.interfaces[0].addresses.extend(MORE.map(|address| (address, 24)));
        }
    };
    let pair = Pair::new(seed, lab::line(), client, |_| {});
    let os = pair.world.os(pair.server);
    drop(pair.world.spawn_root(pair.server, &app::OPERATOR_STARTS, "a server", serve(os, way == Way::ServerCloses)));
    let os = pair.world.os(pair.client);
    let made = pair.world.spawn_root(pair.client, &app::USER_OPENS, "many requests", request(os, way));
    let Pair { mut world, .. } = pair;
    lab::finish(&mut world)?;
    let made = made.take().unwrap_or(Made { answered: 0, connections: 0, error: None });
    Ok((world.into_trace(), made))
}

const ASK: &[u8] = b"GET / HTTP/1.1\r\nHost: 192.0.2.80\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
const LAST_ANSWER: &[u8] = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";

/// Answers requests, and closes after the first of a connection or when the client has closed.
async fn serve(os: Os, closes_first: bool) {
    let Ok(listener) = os.tcp_listen(port(Ipv4Addr::UNSPECIFIED, 80), 64) else { return };
    while let Ok((stream, _)) = listener.accept().await {
        drop(os.spawn("connection", async move {
            let answer = if closes_first { LAST_ANSWER } else { ANSWER };
            // A request is one segment here.
            while stream.recv(ASK.len()).await.is_ok_and(|data| !data.is_empty()) {
                if stream.send_all(Bytes::from_static(answer)).await.is_err() || closes_first {
                    break;
                }
            }
        }));
    }
}

async fn request(os: Os, way: Way) -> Made {
    let mut made = Made { answered: 0, connections: 0, error: None };
    let mut addresses = vec![CLIENT];
    if way == Way::MoreAddresses {
        addresses.extend(MORE);
    }
    let mut kept = None;
    for n in 0..REQUESTS {
        let stream = match kept.take() {
            Some(stream) => stream,
            None => {
                let mut options =
                    ConnectOptions { reuse_address: way == Way::ReuseAddress, ..ConnectOptions::default() };
                if way == Way::MoreAddresses {
                    options.local = Some(port(addresses[n % addresses.len()], 0));
                }
                match os.tcp_connect_with(port(SERVER, 80), options).await {
                    Ok(stream) => {
                        made.connections += 1;
                        stream
                    }
                    Err(error) => {
                        made.error = Some(error);
                        return made;
                    }
                }
            }
        };
        if let Err(error) = stream.send_all(Bytes::from_static(ASK)).await {
            made.error = Some(error);
            return made;
        }
        let answered = match way {
            Way::ServerCloses => stream.recv_to_end().await,
            _ => stream.recv(usize::MAX).await,
        };
        match answered {
            Ok(_) => made.answered += 1,
            Err(error) => {
                made.error = Some(error);
                return made;
            }
        }
        if way == Way::OneConnection {
            kept = Some(stream);
        } else {
            drop(stream);
            // The close is over when the next request begins.
            os.sleep(Duration::from_millis(50)).await;
        }
    }
    made
}
