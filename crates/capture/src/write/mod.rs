//! Writing captures. The bytes depend on the arguments only: no program, system or host name, no clock.
//!
//! ```
//! use base::WallTime;
//! use capture::{Direction, LinkType};
//! use capture::write::{Interface, Packet, PcapNg};
//! # fn main() -> std::io::Result<()> {
//! let mut out = PcapNg::new(Vec::new())?;
//! let laptop = out.interface(&Interface { name: "laptop", ..Interface::new(LinkType::Ethernet) })?;
//! out.tls_secrets("CLIENT_RANDOM 00.. 11..\n")?;
//! let packet = Packet {
//!     direction: Some(Direction::Outbound),
//!     comments: &["the SYN"],
//!     ..Packet::new(laptop, WallTime::SIMULATION_EPOCH)
//! };
//! let (head, body) = ([0u8; 14], [1u8; 40]);
//! out.packet(&packet, [&head[..], &body[..]])?;
//! let file: Vec<u8> = out.finish()?;
//! # Ok(())
//! # }
//! ```

mod pcap;
mod pcapng;

#[cfg(test)]
mod tests;

pub use pcap::Pcap;
pub use pcapng::{Interface, Packet, PcapNg};

use std::io;

/// The payload's total length, if a capture can hold it.
fn total<T: AsRef<[u8]>>(data: impl Iterator<Item = T>) -> io::Result<u32> {
    let len = data.map(|piece| piece.as_ref().len() as u64).sum::<u64>();
    // Readers, ours and others, take longer packets for damage.
    match u32::try_from(len) {
        Ok(len) if len <= 128 << 20 => Ok(len),
        _ => Err(misuse(format!("a packet of {len} bytes: a capture holds at most 128 MiB"))),
    }
}

fn misuse(reason: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason.into())
}
