//! The time of many requests: what is the same for all of a connection is found out once.

use std::collections::hash_map::Entry;

use base::{Instant, Map};
use flow::{ConversationId, Flow};

use super::transfers::Transfers;
use super::{Cause, TimeSpent};
use crate::causes::clock::Clock;
use crate::{Analysis, CriticalPath, PhaseKind, Request};

/// Assigns the time of requests, in any order. The whole takes time in proportion to packets and requests.
pub struct Spending<'a> {
    flow: &'a Flow,
    analysis: &'a Analysis,
    connections: Map<ConversationId, Connection<'a>>,
}

struct Connection<'a> {
    transfers: Transfers<'a>,
    /// The packets that each request came in, in order, and when the last response to it and those before it was through.
    through: Vec<((u32, u32), Option<Instant>)>,
}

impl<'a> Spending<'a> {
    /// For the requests of `analysis`.
    pub fn new(flow: &'a Flow, analysis: &'a Analysis) -> Spending<'a> {
        Spending { flow, analysis, connections: Map::default() }
    }

    /// Where the time of one of them went.
    pub fn of(&mut self, request: &Request) -> Option<TimeSpent> {
        let path = CriticalPath::of(self.flow, &self.analysis.dns, request)?;
        self.on_path(&path, request)
    }

    /// The same, where its critical path is known.
    pub fn on_path(&mut self, path: &CriticalPath, request: &Request) -> Option<TimeSpent> {
        if self.connections.is_empty() {
            self.find_connections();
        }
        let connection = self.connections.get(&request.conversation)?;
        let mut clock = Clock::new(&connection.transfers, path.phases.first()?.from);
        // What is asked for earlier on the same connection is answered earlier (RFC 9112 §9.3.2).
        let earlier = connection.through.partition_point(|(frames, _)| *frames < request.request_frames);
        let ahead = earlier.checked_sub(1).and_then(|last| connection.through.get(last)?.1);
        let ahead = ahead.filter(|_| !request.multiplexed);
        for phase in &path.phases {
            match phase.kind {
                PhaseKind::Dhcp | PhaseKind::Arp | PhaseKind::Nd => clock.spend(Cause::Joining, phase.to),
                PhaseKind::Dns => clock.spend(Cause::NameLookup, phase.to),
                PhaseKind::Tcp => clock.handshake(Cause::ConnectionSetup, phase.to),
                PhaseKind::Tls => clock.handshake(Cause::Tls, phase.to),
                PhaseKind::Local => clock.spend(Cause::ClientIdle, phase.to),
                PhaseKind::Http | PhaseKind::Data => clock.exchange(request, ahead, phase.to),
            }
        }
        Some(TimeSpent { stretches: clock.into_stretches() })
    }

    fn find_connections(&mut self) {
        for request in &self.analysis.requests {
            let connection = match self.connections.entry(request.conversation) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    let conversation = self.flow.conversation(request.conversation);
                    let Some(transfers) = conversation.and_then(|it| Transfers::of(self.flow, it)) else { continue };
                    new.insert(Connection { transfers, through: Vec::new() })
                }
            };
            connection.through.push((request.request_frames, request.last_byte()));
        }
        for connection in self.connections.values_mut() {
            connection.through.sort_unstable();
            let mut last = None;
            for (_, through) in &mut connection.through {
                last = last.max(*through);
                *through = last;
            }
        }
    }
}
