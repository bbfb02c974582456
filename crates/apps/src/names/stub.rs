//! The stub resolver of a host's operating system: its cache, then the name server that it was given (RFC 1034 §5.3.1).

use std::cell::RefCell;
use std::net::Ipv4Addr;

use base::{Duration, Rng};
use net::Os;
use trace::kinds::dns as kinds;
use wire::dns::{Name, Question, Rcode, Type};

use super::cache::{Cache, answer_of};
use super::query::{Patience, ResolveError, ask, summary};

/// glibc's defaults (resolv.conf(5)): five seconds, two attempts.
const PATIENCE: Patience = Patience { timeout: Duration::from_secs(5), attempts: 2 };

/// A stub resolver.
pub struct Stub {
    os: Os,
    servers: Vec<Ipv4Addr>,
    cache: RefCell<Cache>,
    rng: RefCell<Rng>,
}

impl Stub {
    /// A stub resolver that asks `servers` in order.
    pub fn new(os: Os, servers: Vec<Ipv4Addr>) -> Stub {
        let rng = RefCell::new(os.rng("stub"));
        Stub { os, servers, cache: RefCell::new(Cache::new()), rng }
    }

    /// The IPv4 address of `host`.
    ///
    /// # Errors
    /// If there is no such name, it has no address, or no server answers.
    pub async fn resolve(&self, host: &str) -> Result<Ipv4Addr, ResolveError> {
        let name: Name = host.parse().map_err(|error| ResolveError::BadName(format!("{error}")))?;
        let question = Question::new(name, Type::A);
        let who = self.os.text("the operating system");
        let known = self.cache.borrow().get(&question, self.os.now());
        if let Some(answer) = known {
            self.os.event(&kinds::CACHE_HIT, 0, [who, 0]);
            return answer.address().ok_or(ResolveError::NoAddress);
        }
        self.os.event(&kinds::CACHE_MISS, 0, [who, 0]);
        let mut last = ResolveError::Timeout;
        for server in &self.servers {
            let mut rng = base::Seed(self.rng.borrow_mut().u64()).stream("query");
            match ask(&self.os, &mut rng, *server, &question, true, PATIENCE).await {
                Ok(response) => {
                    self.cache.borrow_mut().insert(&response, self.os.now());
                    let text = self.os.text(&summary(&response));
                    self.os.event(&kinds::ANSWER, u32::from(response.id), [text, 0]);
                    let answer = match response.rcode {
                        Rcode::NXDOMAIN => return Err(ResolveError::NoSuchName),
                        Rcode::NOERROR => answer_of(&response).and_then(|answer| answer.address()),
                        other => {
                            last = ResolveError::Server(other);
                            continue;
                        }
                    };
                    return answer.ok_or(ResolveError::NoAddress);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}
