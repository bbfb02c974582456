//! The home router's DNS proxy: answers from its cache, and asks the provider's resolver for the rest (RFC 5625).

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use base::Duration;
use net::Os;
use trace::kinds::dns as kinds;
use wire::dns::{Message, Rcode};

use super::cache::Cache;
use super::query::{Patience, ask, summary};

/// dnsmasq leaves retries to the client; one attempt within the client's patience.
const PATIENCE: Patience = Patience { timeout: Duration::from_millis(4_500), attempts: 1 };

/// Answers queries that arrive at `listen` for ever, with the help of `upstream`.
pub async fn forward(os: Os, listen: Ipv4Addr, upstream: Ipv4Addr) {
    let Ok(socket) = os.udp_bind(SocketAddr::new(listen.into(), wire::dns::PORT)) else { return };
    let socket = Rc::new(socket);
    let cache = Rc::new(RefCell::new(Cache::new()));
    let mut rng = os.rng("forwarder");
    loop {
        let Ok((data, from)) = socket.recv_from().await else { continue };
        let Ok(query) = Message::parse(&data) else { continue };
        let Some(question) = query.question().cloned().filter(|_| !query.response) else { continue };
        let who = os.text("the home router");
        let mut response = Message::response_to(&query);
        response.recursion_available = true;
        let known = cache.borrow().get(&question, os.now());
        if let Some(answer) = known {
            os.event(&kinds::CACHE_HIT, 0, [who, 0]);
            response.rcode = answer.rcode;
            response.answers = answer.records;
            response.authorities = answer.soa.into_iter().collect();
            let _ = socket.send_to(response.encode_within(query.udp_limit()), from);
            continue;
        }
        os.event(&kinds::CACHE_MISS, 0, [who, 0]);
        let (task_os, socket, cache) = (os.clone(), socket.clone(), cache.clone());
        let mut rng = base::Seed(rng.u64()).stream("query");
        drop(os.spawn("question", async move {
            match ask(&task_os, &mut rng, upstream, &question, true, PATIENCE).await {
                Ok(found) => {
                    cache.borrow_mut().insert(&found, task_os.now());
                    response.rcode = found.rcode;
                    response.answers = found.answers;
                    response.authorities = found.authorities;
                    response.additionals = found.additionals;
                }
                Err(_) => response.rcode = Rcode::SERVFAIL,
            }
            let text = task_os.text(&summary(&response));
            task_os.event(&kinds::ANSWER, u32::from(query.id), [text, 0]);
            let _ = socket.send_to(response.encode_within(query.udp_limit()), from);
        }));
    }
}
