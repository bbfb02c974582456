//! Classic pcap with nanoseconds, in little-endian order (draft-ietf-opsawg-pcap §4 and §5).

use std::io::{self, Write};

use base::WallTime;

use super::{misuse, total};
use crate::LinkType;

/// Writes a pcap file: one interface, no comments, no secrets. Put a [`std::io::BufWriter`] around a file.
#[derive(Debug)]
pub struct Pcap<W: Write> {
    out: W,
}

impl<W: Write> Pcap<W> {
    /// Starts a file: writes its header.
    ///
    /// # Errors
    /// As `out` fails.
    pub fn new(mut out: W, link_type: LinkType) -> io::Result<Pcap<W>> {
        out.write_all(&0xA1B2_3C4D_u32.to_le_bytes())?;
        // Version 2.4, two unused words, and the snapshot length, for which 0 would be taken literally by old readers.
        out.write_all(&[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
        out.write_all(&(256u32 << 10).to_le_bytes())?;
        out.write_all(&u32::from(link_type.to_u16()).to_le_bytes())?;
        Ok(Pcap { out })
    }

    /// Writes a packet of `original_len` bytes on the wire, all of `data` if that is `None`. The bytes may come in pieces.
    ///
    /// # Errors
    /// As the output fails; [`io::ErrorKind::InvalidInput`] for a time before 1970 or after 2106-02-07, which this format
    /// cannot hold, and for more than 256 KiB, in which cases nothing is written.
    pub fn packet<I>(&mut self, at: WallTime, original_len: Option<u32>, data: I) -> io::Result<()>
    where
        I: IntoIterator<Item: AsRef<[u8]>, IntoIter: Clone>,
    {
        let data = data.into_iter();
        let captured = total(data.clone())?;
        if captured > 256 << 10 {
            return Err(misuse(format!("a packet of {captured} bytes: a pcap holds at most 262144; write a pcapng")));
        }
        let Ok(seconds) = u32::try_from(at.as_unix_secs()) else {
            return Err(misuse(format!("a packet's time, {at}, does not fit into a pcap; write a pcapng")));
        };
        let nanos = at.as_unix_nanos().rem_euclid(1_000_000_000) as u32;
        let mut head = [0; 16];
        let fields = [seconds, nanos, captured, original_len.unwrap_or(captured)];
        for (place, field) in head.chunks_exact_mut(4).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        self.out.write_all(&head)?;
        data.into_iter().try_for_each(|piece| self.out.write_all(piece.as_ref()))
    }

    /// Ends the file and gives the output back, flushed.
    ///
    /// # Errors
    /// As the output fails.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}
