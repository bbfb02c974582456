//! Ids of things in a trace. Each is an index into one of the trace's tables, in order of creation.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($int:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
        pub struct $name(pub $int);
        impl $name {
            /// The id as an index into its table.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// One observation of a frame at one tap. Zero-based; the same bytes seen at the next hop are another frame.
    FrameId(u32)
}
id! {
    /// A point where frames are observed: one interface of one device.
    TapId(u16)
}
id! {
    /// A device or a part of one: the laptop, the router's WAN side, a link, the user.
    PlaceId(u16)
}
id! {
    /// An event of a trace. Ids start at 1 and grow in order of happening; they are assigned whether or not events are
    /// recorded, so that recording never changes a run. [`EventId::NONE`] stands for "no event".
    EventId(u64)
}

impl EventId {
    /// No event: the cause of an act of the user, which nothing in the trace caused.
    pub const NONE: EventId = EventId(0);

    /// Whether this is [`EventId::NONE`].
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}
