//! How much a machine keeps: what tests ask to find what was forgotten.

use crate::Host;

/// How many entries a machine's tables have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Holdings {
    /// Sockets, those that no program holds any more too.
    pub sockets: usize,
    /// Places for sockets, in use or free: as many as there ever were sockets at a time.
    pub places: usize,
    /// Connections that segments can find.
    pub connections: usize,
    /// Local TCP ports in use.
    pub ports: usize,
    /// Timers in the heap, those put off since included.
    pub timers: usize,
    /// Frames that wait to be sent, and sockets that wait to be looked at.
    pub waiting: usize,
}

impl Host {
    /// How much it keeps.
    pub fn holdings(&self) -> Holdings {
        Holdings {
            sockets: self.sockets.iter().count(),
            places: self.sockets.places(),
            connections: self.tcp.connections(),
            ports: self.tcp.ports_used(),
            timers: self.timers.len(),
            waiting: self.out.len() + self.ready.len() + self.looped.len(),
        }
    }
}
