//! One question to one server over UDP, with retries.

use std::net::{Ipv4Addr, SocketAddr};

use base::{Duration, Rng};
use net::Os;
use trace::kinds::dns as kinds;
use wire::dns::{Message, Question, RData, Rcode};

/// Why a name could not be resolved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ResolveError {
    /// It does not exist.
    NoSuchName,
    /// It exists but has no address.
    NoAddress,
    /// No server answered in time.
    Timeout,
    /// The server could not find out, and said so by this code.
    Server(Rcode),
    /// It is not a name.
    BadName(String),
}

impl std::fmt::Display for ResolveError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ResolveError::NoSuchName => f.write_str("there is no such name (NXDOMAIN)"),
            ResolveError::NoAddress => f.write_str("the name has no IPv4 address"),
            ResolveError::Timeout => f.write_str("no name server answered"),
            ResolveError::Server(rcode) => write!(f, "the name server answered {rcode}"),
            ResolveError::BadName(why) => write!(f, "it is not a name that DNS can carry: {why}"),
        }
    }
}
impl std::error::Error for ResolveError {}

/// How a question is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// How long an answer may take.
    pub timeout: Duration,
    /// How often the question is sent.
    pub attempts: u32,
}

/// Asks `server`. Each attempt has an id and a port of its own, and only an answer from that server with that id and
/// question counts (RFC 5452 §4, §9).
///
/// # Errors
/// [`ResolveError::Timeout`] if no answer came.
pub(super) async fn ask(
    os: &Os,
    rng: &mut Rng,
    server: Ipv4Addr,
    question: &Question,
    recursion: bool,
    patience: Patience,
) -> Result<Message, ResolveError> {
    let to = SocketAddr::new(server.into(), wire::dns::PORT);
    for _ in 0..patience.attempts {
        let Ok(socket) = os.udp_bind(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0)) else {
            return Err(ResolveError::Timeout);
        };
        let id = rng.u32() as u16;
        let mut query = Message::query(id, question.clone());
        query.recursion_desired = recursion;
        let text = os.text(&format!("{} {}", question.name, question.kind));
        os.event(&kinds::QUERY, u32::from(id), [text, u64::from(u32::from(server))]);
        let _ = socket.send_to(query.encode(), to);
        let deadline = os.now() + patience.timeout;
        loop {
            let left = deadline - os.now();
            if left <= Duration::ZERO {
                break;
            }
            let Ok((data, from)) = socket.recv_from_within(left).await else { break };
            let Ok(response) = Message::parse(&data) else { continue };
            let ours = from == to && response.response && response.id == id && response.question() == Some(question);
            if ours {
                return Ok(response);
            }
        }
        // The port may have been refused (an ICMP error): the time is waited for all the same, as resolvers do.
        let left = deadline - os.now();
        if left > Duration::ZERO {
            os.sleep(left).await;
        }
        os.event(&kinds::TIMEOUT, u32::from(id), [patience.timeout.as_nanos() as u64, 0]);
    }
    Err(ResolveError::Timeout)
}

/// A response in a few words.
pub(super) fn summary(response: &Message) -> String {
    let name = response.question().map(|question| question.name.to_string()).unwrap_or_default();
    if response.rcode != Rcode::NOERROR {
        return format!("{name}: {}", response.rcode);
    }
    let addresses: Vec<String> = response
        .answers
        .iter()
        .filter_map(|record| match &record.data {
            RData::A(ip) => Some(ip.to_string()),
            RData::Cname(other) => Some(format!("the same as {other}")),
            _ => None,
        })
        .collect();
    if addresses.is_empty() { format!("{name}: no such record") } else { format!("{name} is {}", addresses.join(", ")) }
}
