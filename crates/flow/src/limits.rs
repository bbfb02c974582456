//! How much memory flow may use, and what it dropped to stay within.

/// Limits. What does not fit is dropped and counted in [`Dropped`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Packets; later ones are not looked at. About 160 bytes each are kept, 32 more if they carry stream data.
    pub packets: u32,
    /// Conversations. Packets that would open another one have none.
    pub conversations: u32,
    /// IP packets that wait for fragments at one time; the oldest is given up for a new one.
    pub waiting_datagrams: usize,
    /// Bytes of all IP packets put together from fragments.
    pub datagram_bytes: usize,
    /// Overlaps kept for each direction of a connection.
    pub overlaps_per_stream: usize,
    /// Bytes of one direction of a connection that its upper layers are read from, but for those that were let go.
    pub stream_bytes: usize,
    /// The same, with those that were let go.
    pub stream_len: usize,
    /// The longest hole in a stream that upper layers are read across, in bytes.
    pub hole_bytes: usize,
    /// DNS, DHCP and ARP messages kept.
    pub messages: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            packets: 50_000_000,
            conversations: 5_000_000,
            waiting_datagrams: 1_024,
            datagram_bytes: 256 << 20,
            overlaps_per_stream: 4_096,
            stream_bytes: 64 << 20,
            stream_len: 1 << 30,
            hole_bytes: 4 << 20,
            messages: 2_000_000,
        }
    }
}

/// What was dropped because of the limits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Dropped {
    /// Packets that were not looked at.
    pub packets: u64,
    /// Packets that would have opened a conversation too many.
    pub conversations: u64,
    /// IP packets given up while waiting for fragments, because of their number.
    pub waiting_datagrams: u64,
    /// IP packets that were whole but did not fit.
    pub datagrams: u64,
    /// DNS, DHCP and ARP messages.
    pub messages: u64,
}

impl Dropped {
    /// Whether anything was dropped.
    pub fn any(&self) -> bool {
        *self != Dropped::default()
    }
}
