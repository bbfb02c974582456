//! Both ends of a TCP connection at a moment: states, the transition just taken, timers, windows, buffers.

mod arrow;
mod drawing;
mod end;
mod turns;
mod values;

pub use drawing::{Arrow, Drawing, StateBox, drawing};
pub use end::{Machine, RunningTimer, Taken};
pub(crate) use turns::Turns;
pub use values::Value;

use base::Instant;
use flow::{ConversationId, Direction};
use serde::Serialize;
use trace::FrameMeta;

use crate::Story;

/// Both ends of a connection at a moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Machines {
    /// The conversation.
    pub conversation: u32,
    /// The moment, in nanoseconds of the story's time; all that happened at it is included.
    pub at_ns: i64,
    /// The connection's last packet that has passed the tap by then.
    pub packet: Option<u32>,
    /// The client's end, and the server's.
    pub ends: [Machine; 2],
}

/// What is asked about: a moment, or what a packet leaves.
#[derive(Clone, Copy, Debug)]
struct When<'a> {
    at: Instant,
    /// The packet, if it is asked about one.
    packet: Option<u32>,
    /// Its way through a simulation.
    passage: Option<&'a FrameMeta>,
}

impl Story {
    /// Both ends of a connection at `at`. `None` if the conversation is no TCP connection.
    ///
    /// A simulation tells each figure itself; of a capture's figures those that its packets tell are inferred, the others not
    /// known, and each says why.
    pub fn machines(&self, id: ConversationId, at: Instant) -> Option<Machines> {
        self.machines_when(id, When { at, packet: None, passage: None })
    }

    fn machines_when(&self, id: ConversationId, when: When<'_>) -> Option<Machines> {
        let progress = self.progress(id)?;
        let last = match when.packet {
            Some(number) => progress.after(self.flow(), number),
            None => progress.at(self.flow(), when.at),
        };
        let packet = last.map(|step| step.number);
        let one = |direction| end::machine(self, id, last.as_ref(), direction, when);
        Some(Machines {
            conversation: id.0,
            at_ns: when.at.as_nanos(),
            packet,
            ends: [one(Direction::ToServer)?, one(Direction::ToClient)?],
        })
    }

    /// Both ends of the connection that packet `number` belongs to, when it has passed the tap. The states are those that belong to
    /// this packet, as in its row, where several packets pass at one moment or a capture's clock goes back.
    pub fn machines_after(&self, number: u32) -> Option<Machines> {
        let row = self.flow().row(number)?.row;
        let passage = self.frame_id(number).and_then(|frame| self.trace()?.frames.meta(frame));
        let when = When { at: row.at, packet: Some(number), passage };
        let mut machines = self.machines_when(row.conversation?, when)?;
        machines.packet = Some(number);
        Some(machines)
    }
}
