//! From HTTP/1.1 to HTTP/2 on the same connection (RFC 7540 §3.2; RFC 9113 §3.1 no longer has it, servers do).

use super::http::{Exchange, Http, HttpMessage};
use crate::Direction;

/// Where a connection goes on with HTTP/2.
pub(super) struct Upgrade {
    /// Behind the request and behind its answer: places in the client's and in the server's stream.
    pub from: [usize; 2],
    /// The exchange that did it, and its request.
    exchange: usize,
    request: usize,
}

/// Whether a response says that HTTP/2 follows.
pub(crate) fn is_upgrade(status: u16, upgrade: Option<&str>) -> bool {
    // RFC 9110 §7.8: the field is a list of protocols; one was chosen.
    status == 101 && upgrade.is_some_and(|protocol| protocol.trim().eq_ignore_ascii_case("h2c"))
}

/// The upgrade on a connection that began with HTTP/1.1.
pub(super) fn of(http: &Http) -> Option<Upgrade> {
    let upgrades = |message: &HttpMessage| {
        let status = message.head.response().map_or(0, |response| response.status.0);
        is_upgrade(status, message.field("upgrade"))
    };
    let answer = http.messages.iter().position(upgrades)?;
    let exchange = http.exchanges.iter().position(|exchange| exchange.responses.contains(&answer))?;
    let request = http.exchanges.get(exchange)?.request?;
    let from = [http.messages.get(request)?.range.end, http.messages.get(answer)?.range.end];
    Some(Upgrade { from, exchange, request })
}

impl Upgrade {
    /// Takes in what was read as HTTP/2 behind it, in place of what was read there as HTTP/1.1.
    pub fn read(&self, http: &mut Http, http2: Http) {
        // The client's preface looks like a request (RFC 9113 §3.4).
        let of_client = |message: &&HttpMessage| message.direction == Direction::ToServer;
        let (kept, all) = (self.request + 1, http.messages.iter().take_while(of_client).count());
        http.messages.drain(kept.min(all)..all);
        let gone = all.saturating_sub(kept);
        http.exchanges.retain(|exchange| exchange.request.is_none_or(|request| request < kept));
        let answers = http.exchanges.iter_mut().flat_map(|exchange| &mut exchange.responses);
        answers.for_each(|answer| *answer -= gone);
        http.unread.retain(|unread| unread.range.start < self.from[unread.direction as usize]);

        let before = http.messages.len();
        http.messages.extend(http2.messages);
        for Exchange { request, responses } in http2.exchanges {
            let responses = responses.into_iter().map(|answer| answer + before);
            let stream = request.is_none().then(|| responses.clone().next());
            let on_stream = |at: usize| http.messages.get(at)?.on_stream.as_ref().map(|on| on.stream);
            match http.exchanges.get_mut(self.exchange) {
                // RFC 7540 §3.2: the request that asked for it is stream 1.
                Some(first) if stream.flatten().and_then(on_stream) == Some(1) => first.responses.extend(responses),
                _ => http.exchanges.push(Exchange {
                    request: request.map(|request| request + before),
                    responses: responses.collect(),
                }),
            }
        }
        http.unread.extend(http2.unread);
        http.frames = http2.frames;
        http.tables = http2.tables;
    }
}
