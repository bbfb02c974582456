//! Congestion is marked where a packet would have to be dropped soon (RFC 3168 §5).

use wire::ethernet::{self, EtherType};
use wire::{Packet, Sum};

/// Where the headers of IP stand in a frame.
const IP: usize = ethernet::Header::LEN;

/// The two bits of ECN in the second byte of an IPv4 header, and in the second byte of an IPv6 header, where they lie four
/// bits higher.
const V4_SHIFT: u8 = 0;
const V6_SHIFT: u8 = 4;

/// Marks the packet in `frame` with CE if its sender understands marks (ECT). Whether it bears the mark now.
pub(super) fn mark(frame: &mut Packet) -> bool {
    let Some(head) = frame.pull(IP + 20) else { return false };
    let shift = match EtherType(u16::from_be_bytes([head[IP - 2], head[IP - 1]])) {
        EtherType::IPV4 => V4_SHIFT,
        EtherType::IPV6 => V6_SHIFT,
        _ => return false,
    };
    if head[IP + 1] >> shift & 3 == 0 {
        return false;
    }
    head[IP + 1] |= 3 << shift;
    let end = IP + usize::from(head[IP] & 15) * 4;
    if shift == V4_SHIFT
        && let Some(head) = frame.pull(end.max(IP + 20))
    {
        // RFC 1071 §1: the header's checksum, computed anew.
        head[IP + 10..IP + 12].fill(0);
        let sum = Sum::of(&head[IP..end.max(IP + 20)]).checksum();
        head[IP + 10..IP + 12].copy_from_slice(&sum.to_be_bytes());
    }
    true
}
