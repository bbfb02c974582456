//! A whole capture.

use capture::keylog::KeyLog;
use flow::{DnsTransaction, Flow, Kind, Layers, Source};

use crate::{CriticalPath, Request, States, Summary};

/// What a capture tells of its connections and requests.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// The TCP connections, in order of their first packets.
    pub connections: Vec<Summary>,
    /// The requests on them, in order of their beginning.
    pub requests: Vec<Request>,
    /// DNS queries and their responses, over UDP and TCP, in order of asking.
    pub dns: Vec<DnsTransaction>,
}

impl Analysis {
    /// Analyses all connections, one at a time: each one's upper layers are read and let go again.
    pub fn of(flow: &Flow, source: &dyn Source, keys: &KeyLog) -> Analysis {
        Analysis::with(flow, source, keys, &mut |_, _| ())
    }

    /// As [`Analysis::of`]; `look` is given what was read of each connection: its upper layers, and its ends' states.
    pub fn with(flow: &Flow, source: &dyn Source, keys: &KeyLog, look: &mut dyn FnMut(Layers, States)) -> Analysis {
        let mut analysis = Analysis { dns: flow.dns().to_vec(), ..Analysis::default() };
        for conversation in flow.conversations().iter().filter(|c| matches!(c.kind, Kind::Tcp(_))) {
            let Some(layers) = Layers::of(flow, conversation.id, source, keys) else { continue };
            let Some(states) = States::of(flow, conversation.id) else { continue };
            analysis.connections.extend(Summary::with(flow, &layers, &states));
            analysis.requests.extend(Request::of(flow, &layers));
            analysis.dns.extend(layers.dns_transactions(flow));
            look(layers, states);
        }
        analysis.dns.sort_by_key(|transaction| transaction.asked_at);
        for request in analysis.requests.iter_mut().filter(|request| request.first) {
            request.resolved_by(flow, &analysis.dns);
        }
        analysis.requests.sort_by_key(Request::start);
        analysis
    }

    /// The request that the capture is about: the first one that was answered whole, else the first that was answered,
    /// else the first.
    pub fn main_request(&self) -> Option<&Request> {
        let answered = |request: &&Request| request.receive.is_some();
        let requests = self.requests.iter();
        requests
            .clone()
            .find(|request| request.whole)
            .or_else(|| requests.clone().find(answered))
            .or_else(|| self.requests.first())
    }

    /// The way of that request.
    pub fn main_path(&self, flow: &Flow) -> Option<CriticalPath> {
        CriticalPath::of(flow, &self.dns, self.main_request()?)
    }
}
