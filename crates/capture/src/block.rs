//! pcapng's numbers: block types, option codes, magics (draft-ietf-opsawg-pcapng §4), shared by reader and writer.

use std::fmt;

/// Section Header Block; reads the same in both byte orders.
pub(crate) const SECTION: u32 = 0x0A0D_0D0A;
/// Interface Description Block.
pub(crate) const INTERFACE: u32 = 1;
/// Packet Block, obsolete since Enhanced Packet Blocks exist.
pub(crate) const OBSOLETE_PACKET: u32 = 2;
/// Simple Packet Block: a packet without a time.
pub(crate) const SIMPLE_PACKET: u32 = 3;
/// Name Resolution Block.
pub(crate) const NAMES: u32 = 4;
/// Interface Statistics Block.
pub(crate) const STATISTICS: u32 = 5;
/// Enhanced Packet Block.
pub(crate) const ENHANCED_PACKET: u32 = 6;
/// systemd Journal Export Block.
pub(crate) const JOURNAL: u32 = 9;
/// Decryption Secrets Block.
pub(crate) const SECRETS: u32 = 0xA;
/// Custom Block that a program may copy.
pub(crate) const CUSTOM: u32 = 0x0BAD;
/// Custom Block that must not be copied.
pub(crate) const CUSTOM_NO_COPY: u32 = 0x4000_0BAD;

/// The byte-order magic of a section header.
pub(crate) const BYTE_ORDER_MAGIC: u32 = 0x1A2B_3C4D;

/// Option codes (§3.5 and each block's section).
pub(crate) mod option {
    pub(crate) const END: u16 = 0;
    pub(crate) const COMMENT: u16 = 1;
    pub(crate) const SHB_HARDWARE: u16 = 2;
    pub(crate) const SHB_OS: u16 = 3;
    pub(crate) const SHB_APPLICATION: u16 = 4;
    pub(crate) const IF_NAME: u16 = 2;
    pub(crate) const IF_DESCRIPTION: u16 = 3;
    pub(crate) const IF_SPEED: u16 = 8;
    pub(crate) const IF_TSRESOL: u16 = 9;
    pub(crate) const IF_FILTER: u16 = 11;
    pub(crate) const IF_OS: u16 = 12;
    pub(crate) const IF_FCSLEN: u16 = 13;
    pub(crate) const IF_TSOFFSET: u16 = 14;
    pub(crate) const IF_HARDWARE: u16 = 15;
    pub(crate) const PACKET_FLAGS: u16 = 2;
    pub(crate) const PACKET_DROPPED: u16 = 4;
    pub(crate) const STATS_START: u16 = 2;
    pub(crate) const STATS_END: u16 = 3;
    pub(crate) const STATS_RECEIVED: u16 = 4;
    pub(crate) const STATS_DROPPED: u16 = 5;
    pub(crate) const STATS_FILTERED: u16 = 6;
    pub(crate) const STATS_OS_DROPPED: u16 = 7;
    pub(crate) const STATS_DELIVERED: u16 = 8;
}

/// What a Decryption Secrets Block holds (§4.7); other values survive with their number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum SecretsKind {
    /// A TLS key log (RFC 9850), 0x544c534b.
    TlsKeyLog,
    /// An SSH key log, 0x5353484b.
    SshKeyLog,
    /// A WireGuard key log, 0x57474b4c.
    WireGuardKeyLog,
    /// A ZigBee network key, 0x5a4e574b.
    ZigBeeNetworkKey,
    /// A ZigBee application support key, 0x5a415053.
    ZigBeeApplicationKey,
    /// An OPC UA key log, 0x55414b4c.
    OpcUaKeyLog,
    /// Another kind.
    Other(u32),
}

impl SecretsKind {
    /// From the number in the block.
    pub const fn from_u32(n: u32) -> SecretsKind {
        match n {
            0x544c_534b => SecretsKind::TlsKeyLog,
            0x5353_484b => SecretsKind::SshKeyLog,
            0x5747_4b4c => SecretsKind::WireGuardKeyLog,
            0x5a4e_574b => SecretsKind::ZigBeeNetworkKey,
            0x5a41_5053 => SecretsKind::ZigBeeApplicationKey,
            0x5541_4b4c => SecretsKind::OpcUaKeyLog,
            n => SecretsKind::Other(n),
        }
    }
    /// The number in the block.
    pub const fn to_u32(self) -> u32 {
        match self {
            SecretsKind::TlsKeyLog => 0x544c_534b,
            SecretsKind::SshKeyLog => 0x5353_484b,
            SecretsKind::WireGuardKeyLog => 0x5747_4b4c,
            SecretsKind::ZigBeeNetworkKey => 0x5a4e_574b,
            SecretsKind::ZigBeeApplicationKey => 0x5a41_5053,
            SecretsKind::OpcUaKeyLog => 0x5541_4b4c,
            SecretsKind::Other(n) => n,
        }
    }
}

impl fmt::Display for SecretsKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            SecretsKind::TlsKeyLog => "TLS key log",
            SecretsKind::SshKeyLog => "SSH key log",
            SecretsKind::WireGuardKeyLog => "WireGuard key log",
            SecretsKind::ZigBeeNetworkKey => "ZigBee network key",
            SecretsKind::ZigBeeApplicationKey => "ZigBee application support key",
            SecretsKind::OpcUaKeyLog => "OPC UA key log",
            SecretsKind::Other(n) => return write!(f, "secrets of type {n:#010x}"),
        })
    }
}
