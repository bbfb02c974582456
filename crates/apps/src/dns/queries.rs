//! One question to a list of servers that resolve for us, as glibc's stub resolver asks it: one server after the other, a
//! timeout each, several rounds. Sans-IO.

use std::net::IpAddr;

use base::{Duration, Rng};
use wire::dns::{Message, Rcode};

/// How often and how long servers are asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// How long the first server is waited for; as glibc computes it, server `i` of `n` is waited for
    /// `timeout * 2^i / n`, at least a second.
    pub timeout: Duration,
    /// Rounds over all servers.
    pub attempts: u32,
}

impl Policy {
    /// glibc's defaults (resolv.conf(5)): 5 s and 2 attempts.
    pub const GLIBC: Policy = Policy { timeout: Duration::from_secs(5), attempts: 2 };
    /// A forwarder's: once, and the client itself asks again; after 10 s (dnsmasq's default) nobody waits any more.
    pub const FORWARDER: Policy = Policy { timeout: Duration::from_secs(10), attempts: 1 };
}

/// What a message turned out to be.
#[derive(Clone, PartialEq, Debug)]
pub enum Reply {
    /// Not the answer to what was asked: wait on.
    Ignored(&'static str),
    /// It was cut: ask the same server over TCP.
    Truncated,
    /// The server cannot help: ask the next.
    NextServer(Rcode),
    /// The answer.
    Answer,
}

/// A question on its way.
#[derive(Clone, Debug)]
pub struct Queries {
    query: Message,
    servers: Vec<IpAddr>,
    policy: Policy,
    /// Questions sent so far.
    sent: u32,
    last: Option<IpAddr>,
}

impl Queries {
    /// Asks `servers` what `query` asks; each time with an id of its own.
    pub fn new(query: Message, servers: &[impl Into<IpAddr> + Copy], policy: Policy) -> Queries {
        let servers = servers.iter().map(|&server| server.into()).collect();
        Queries { query, servers, policy, sent: 0, last: None }
    }

    /// Whom to ask next, what, and how long to wait; `None` when all have been asked often enough.
    pub fn next(&mut self, rng: &mut Rng) -> Option<(IpAddr, Message, Duration)> {
        let n = u32::try_from(self.servers.len()).ok().filter(|n| *n > 0)?;
        if self.sent / n >= self.policy.attempts {
            return None;
        }
        let i = self.sent % n;
        let server = *self.servers.get(i as usize)?;
        self.sent += 1;
        self.last = Some(server);
        self.query.id = rng.u32() as u16;
        // glibc, resolv/res_send.c: retrans << ns, shared among the servers but for the first.
        let shifted = self.policy.timeout * (1 << i.min(16));
        let timeout = if i == 0 { shifted } else { (shifted / i64::from(n)).max(Duration::from_secs(1)) };
        Some((server, self.query.clone(), timeout))
    }

    /// A message has come from `from` to the port from which the last question was sent.
    pub fn handle_response(&mut self, from: IpAddr, message: &Message) -> Reply {
        // RFC 5452 §9.1: the same server, id and question.
        if self.last != Some(from) {
            return Reply::Ignored("from somebody else");
        }
        if !message.response || message.id != self.query.id {
            return Reply::Ignored("with another id");
        }
        if message.questions != self.query.questions {
            return Reply::Ignored("to another question");
        }
        match message.rcode {
            _ if message.truncated => Reply::Truncated,
            Rcode::NOERROR | Rcode::NXDOMAIN => Reply::Answer,
            other => Reply::NextServer(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use base::Seed;
    use wire::dns::{Question, Type};

    use super::*;

    #[test]
    fn servers_are_asked_in_turn_as_glibc_does() {
        let query = Message::query(0, Question::new("www.example".parse().unwrap(), Type::A));
        let (a, b) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let mut queries = Queries::new(query, &[a, b], Policy::GLIBC);
        let mut rng = Seed(1).stream("dns");
        let asked: Vec<_> = std::iter::from_fn(|| queries.next(&mut rng)).map(|(s, q, t)| (s, q.id, t)).collect();
        let five = Duration::from_secs(5);
        assert_eq!(
            asked.iter().map(|(s, _, t)| (*s, *t)).collect::<Vec<_>>(),
            [(a, five), (b, five), (a, five), (b, five)]
        );
        assert_ne!(asked[0].1, asked[1].1, "each question has an id of its own");
    }

    #[test]
    fn only_the_answer_to_the_question_counts() {
        let query = Message::query(0, Question::new("www.example".parse().unwrap(), Type::A));
        let server = IpAddr::from([192, 0, 2, 1]);
        let mut queries = Queries::new(query, &[server], Policy::GLIBC);
        let (_, sent, _) = queries.next(&mut Seed(1).stream("dns")).unwrap();
        let good = Message::response_to(&sent);
        assert_eq!(queries.handle_response(server, &good), Reply::Answer);
        assert_eq!(queries.handle_response([192, 0, 2, 9].into(), &good), Reply::Ignored("from somebody else"));
        let other = Message { id: sent.id ^ 1, ..good.clone() };
        assert_eq!(queries.handle_response(server, &other), Reply::Ignored("with another id"));
        assert_eq!(queries.handle_response(server, &sent), Reply::Ignored("with another id"));
        let failed = Message { rcode: Rcode::SERVFAIL, ..good.clone() };
        assert_eq!(queries.handle_response(server, &failed), Reply::NextServer(Rcode::SERVFAIL));
        let cut = Message { truncated: true, ..good };
        assert_eq!(queries.handle_response(server, &cut), Reply::Truncated);
    }
}
