//! Where things happen and where they are observed.

use base::{PlaceId, TapId};

/// A device, a link or a person of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Its index in the trace's table.
    pub id: PlaceId,
    /// Its short name, unique in the run: `laptop`, `home-router`.
    pub name: String,
    /// What it is.
    pub role: Role,
}

/// What a place is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Someone who acts: the user at the laptop, the operator of a server.
    Person,
    /// A client's machine.
    Client,
    /// A server.
    Server,
    /// A resolver or a name server.
    NameServer,
    /// A router.
    Router,
    /// A switch.
    Switch,
    /// A link between two devices.
    Link,
    /// Someone who interferes.
    Attacker,
}

/// A point where frames are observed: one interface of one device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tap {
    /// Its index in the trace's table.
    pub id: TapId,
    /// The device.
    pub place: PlaceId,
    /// The interface's name, unique in the run: `laptop`, `home-router.wan`.
    pub name: String,
}
