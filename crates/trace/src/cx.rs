//! What a sans-IO type is told with every call: when it is, where it stands, what brought it here.

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

    /// The same context with another cause: for what follows from `cause`.
    pub fn caused_by(&mut self, cause: EventId) -> Cx<'_> {
        Cx { now: self.now, place: self.place, cause, recorder: self.recorder }
    }
}
