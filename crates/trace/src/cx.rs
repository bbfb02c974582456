//! What a sans-IO type is told with every call: when it is, where it stands, what brought it here.

use std::net::IpAddr;

use base::{EventId, Instant, PlaceId};

use crate::{Kind, Recorder};

/// The context of one call into the making side. Everything that the call does happens at `now`, at `place`, caused by
/// `cause`, and is told to the recorder.
#[derive(Debug)]
pub struct Cx<'a> {
    /// The time.
    pub now: Instant,
    /// The device.
    pub place: PlaceId,
    /// The event that triggered the call.
    pub cause: EventId,
    /// The recorder.
    pub recorder: &'a mut Recorder,
}

impl<'a> Cx<'a> {
    /// A context.
    pub fn new(now: Instant, place: PlaceId, cause: EventId, recorder: &'a mut Recorder) -> Cx<'a> {
        Cx { now, place, cause, recorder }
    }

    /// Something happens here and now, caused by what brought us here. `subject` numbers the connection, query or timer.
    pub fn event(&mut self, kind: &'static Kind, subject: u32, args: [u64; 2]) -> EventId {
        self.recorder.event(self.now, self.place, kind, subject, self.cause, None, args)
    }

    /// As [`Cx::event`], serving an earlier event: an ACK (the cause) releases data that a write (`because`) supplied.
    pub fn event_for(
        &mut self,
        kind: &'static Kind,
        subject: u32,
        because: Option<EventId>,
        args: [u64; 2],
    ) -> EventId {
        let because = because.filter(|&id| id != self.cause && !id.is_none());
        self.recorder.event(self.now, self.place, kind, subject, self.cause, because, args)
    }

    /// An address as an argument of an event ([`crate::Arg::Ip`]).
    #[inline]
    pub fn address(&mut self, address: impl Into<IpAddr>) -> u64 {
        self.recorder.address(address.into())
    }
    /// An address and a port as an argument of an event ([`crate::Arg::Socket`]).
    #[inline]
    pub fn socket(&mut self, address: impl Into<IpAddr>, port: u16) -> u64 {
        self.address(address) << 16 | u64::from(port)
    }
    /// A prefix as an argument of an event ([`crate::Arg::Prefix`]).
    #[inline]
    pub fn prefix(&mut self, network: impl Into<IpAddr>, len: u8) -> u64 {
        self.address(network) << 8 | u64::from(len)
    }

    /// The same context with another cause: for what follows from `cause`.
    pub fn caused_by(&mut self, cause: EventId) -> Cx<'_> {
        Cx { now: self.now, place: self.place, cause, recorder: self.recorder }
    }
}
