//! Urgent data (RFC 9293 §3.8.5, RFC 6093): as on Linux the last byte that a sender calls urgent stands aside, for who asks for it,
//! unless the program wants it in its place.

use trace::{Cx, kinds::tcp as kind};

use crate::connection::Connection;
use crate::{Errno, Segment};

/// Where the urgent byte stands in the stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Urgent {
    /// Its offset from IRS.
    at: u64,
    /// The program has taken it.
    taken: bool,
}

impl Connection {
    /// A segment says where its urgent data ends (RFC 9293 §3.10.7.4, sixth).
    pub(crate) fn take_urgent_pointer(&mut self, segment: &Segment, cx: &mut Cx) {
        // RFC 9293 §3.8.5: the pointer stands behind the last urgent byte.
        let last = segment.seq + u32::from(segment.urgent.saturating_sub(1));
        cx.event(&kind::URGENT, self.id, [(segment.seq + u32::from(segment.urgent)).0.into(), 0]);
        let ahead = last.distance(self.rcv_nxt);
        // What has arrived is not urgent any more.
        if last.at_or_after(self.rcv_nxt) {
            self.urgent = Some(Urgent { at: self.received + u64::from(ahead), taken: false });
        }
    }

    /// The offset from IRS of what is read next.
    fn read_up_to(&self) -> u64 {
        self.received - self.readable_len as u64 - u64::from(self.fin_received)
    }

    /// Whether what is read next is the urgent byte (SIOCATMARK).
    pub fn at_urgent(&self) -> bool {
        self.urgent.is_some_and(|urgent| urgent.at == self.read_up_to())
    }

    /// How much may be read up to the urgent byte, which is left out if it is next and does not stand in its place.
    pub(crate) fn pass_urgent(&mut self, max: usize) -> usize {
        let Some(urgent) = self.urgent else { return max };
        match urgent.at.checked_sub(self.read_up_to()) {
            Some(0) if self.readable_len > 0 && max > 0 => {
                if !self.config.urgent_inline {
                    self.skip_one();
                }
                self.urgent = None;
                max
            }
            Some(0) => max,
            Some(left) => max.min(usize::try_from(left).unwrap_or(usize::MAX)),
            None => {
                self.urgent = None;
                max
            }
        }
    }

    /// The next byte is left out of what is read.
    fn skip_one(&mut self) {
        if let Some(chunk) = self.readable.pop_front() {
            if chunk.bytes().len() > 1 {
                self.readable.push_front(wire::Chunk::unsummed(chunk.bytes().slice(1..)));
            }
            self.readable_len -= 1;
        }
    }

    /// Takes the urgent byte (MSG_OOB).
    ///
    /// # Errors
    /// [`Errno::Invalid`] without urgent data, or if it stands in its place in the stream; [`Errno::WouldBlock`] before it has
    /// arrived.
    pub fn recv_urgent(&mut self) -> Result<u8, Errno> {
        let from = self.read_up_to();
        let urgent = self.urgent.as_mut().filter(|urgent| !urgent.taken && !self.config.urgent_inline);
        let urgent = urgent.ok_or(Errno::Invalid)?;
        let mut left = urgent.at.checked_sub(from).ok_or(Errno::Invalid)?;
        for chunk in &self.readable {
            let bytes = chunk.bytes();
            if let Some(&byte) = usize::try_from(left).ok().and_then(|at| bytes.get(at)) {
                urgent.taken = true;
                return Ok(byte);
            }
            left -= bytes.len() as u64;
        }
        Err(Errno::WouldBlock)
    }

    /// Leaves urgent data in its place in the stream, or not (SO_OOBINLINE; RFC 6093 §6 advises it).
    pub fn set_urgent_inline(&mut self, inline: bool) {
        self.config.urgent_inline = inline;
    }
}
