//! The program writes: how much is taken, where stretches end that are handed down in one, what waits for more.

use base::EventId;
use bytes::Bytes;
use trace::{Cx, kinds::tcp as kind};
use wire::Body;

use crate::Errno;
use crate::connection::Connection;

/// The most that is handed down in one (Linux: what an offload takes, 64 KiB less its headers).
const LONGEST_STRETCH: u32 = 65_215;

/// How a write is to leave.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct SendFlags {
    /// More follows: a segment that is not full waits for it (MSG_MORE).
    pub more: bool,
    /// A record ends: what is written next never shares a segment with it (MSG_EOR).
    pub end_of_record: bool,
    /// The last byte is urgent (MSG_OOB): every segment says so until it is acknowledged (RFC 9293 §3.8.5).
    pub urgent: bool,
}

/// Commands.
impl Connection {
    /// Writes `data`: takes as much as the send buffer has room for, shared, and says how much.
    ///
    /// # Errors
    /// [`Errno::WouldBlock`] without room or before the connection is complete; [`Errno::BrokenPipe`] after
    /// [`Connection::shutdown`]; the connection's error once it has failed.
    pub fn send(&mut self, data: Body, cx: &mut Cx) -> Result<usize, Errno> {
        self.send_with(data, SendFlags::default(), cx)
    }

    /// As [`Connection::send`], with a word on how it is to leave.
    ///
    /// # Errors
    /// As [`Connection::send`].
    pub fn send_with(&mut self, data: Body, flags: SendFlags, cx: &mut Cx) -> Result<usize, Errno> {
        let taken = self.take_in(data.len(), cx)?;
        let event = self.written(taken, cx);
        if self.syn_awaits().is_some() {
            self.fast_open_now(data.to_bytes().slice(..taken), &mut cx.caused_by(event));
            return Ok(taken);
        }
        let mut left = taken;
        for chunk in data.chunks() {
            let n = chunk.bytes().len().min(left);
            self.append(chunk.bytes().slice(..n), event);
            left -= n;
        }
        self.end_write(taken == data.len(), flags);
        Ok(taken)
    }

    /// As [`Connection::send`], for bytes whose checksum nobody has computed yet.
    ///
    /// # Errors
    /// As [`Connection::send`].
    pub fn send_bytes(&mut self, data: Bytes, cx: &mut Cx) -> Result<usize, Errno> {
        let taken = self.take_in(data.len(), cx)?;
        let event = self.written(taken, cx);
        if self.syn_awaits().is_some() {
            self.fast_open_now(data.slice(..taken), &mut cx.caused_by(event));
            return Ok(taken);
        }
        self.append(data.slice(..taken), event);
        self.end_write(taken == data.len(), SendFlags::default());
        Ok(taken)
    }

    /// How many bytes [`Connection::send`] would take now: at least one.
    ///
    /// # Errors
    /// As [`Connection::send`].
    pub fn send_room(&self) -> Result<usize, Errno> {
        self.writable(1)
    }

    /// Turns Nagle's algorithm off, or on (TCP_NODELAY). As on Linux, off has what waits leave, corked or not.
    pub fn set_nodelay(&mut self, nodelay: bool, cx: &mut Cx) {
        self.config.nagle = !nodelay;
        self.push_now |= nodelay;
        self.trigger = cx.cause;
    }

    /// Holds segments back that are not full, or lets them go (TCP_CORK).
    pub fn set_cork(&mut self, cork: bool, cx: &mut Cx) {
        self.corked = cork;
        self.push_now = !cork && !self.config.nagle;
        self.trigger = cx.cause;
    }

    /// A call waits to write, or no longer.
    pub fn set_writer_waits(&mut self, waits: bool) {
        self.writer_waits = waits;
    }

    /// How many bytes a program may write ahead from now on (SO_SNDBUF); the buffer grows no more by itself.
    pub fn set_send_buffer(&mut self, bytes: usize, cx: &mut Cx) {
        self.config.send_buffer_most = 0;
        self.config.send_buffer = bytes;
        self.trigger = cx.cause;
    }

    /// How many bytes may wait to be sent before the program is told to pause (TCP_NOTSENT_LOWAT).
    pub fn set_notsent_low_water(&mut self, bytes: Option<u32>) {
        self.config.notsent_low_water = bytes;
    }
}

impl Connection {
    /// As Linux, the first call after a failure says why; those behind it find the connection closed.
    fn take_in(&mut self, len: usize, cx: &Cx) -> Result<usize, Errno> {
        if let Some(error) = self.untold.take() {
            return Err(error);
        }
        let room = self.writable(len);
        if room.is_err() || room.is_ok_and(|room| room < len) {
            self.limits.program_waits(true, cx.now);
        }
        Ok(len.min(room?))
    }

    fn writable(&self, len: usize) -> Result<usize, Errno> {
        if let Some(error) = self.untold {
            return Err(error);
        }
        if self.fin_wanted.is_some() || self.is_closed() {
            return Err(Errno::BrokenPipe);
        }
        if let Some(room) = self.syn_awaits() {
            return Ok(room);
        }
        let room = self.room();
        if !self.connected || (room == 0 && len > 0) {
            return Err(Errno::WouldBlock);
        }
        Ok(room)
    }

    fn written(&mut self, taken: usize, cx: &mut Cx) -> EventId {
        let event = cx.event(&kind::WRITTEN, self.id, [taken as u64, (self.queued() + taken) as u64]);
        self.trigger = event;
        event
    }

    /// Appends what was written. As Linux does, a stretch that ends half of the window behind the last push is pushed, so that
    /// the receiver does not wait for the end of a long write.
    pub(crate) fn append(&mut self, mut data: Bytes, event: EventId) {
        if self.config.stretch_overhead == 0 {
            return self.buffer.push(data, event);
        }
        let goal = self.stretch_goal();
        while !data.is_empty() {
            let room = self.buffer.stretch_room(self.snd_nxt, goal);
            let part = data.split_to((room as usize).min(data.len()));
            let full = part.len() as u32 == room;
            self.buffer.push(part, event);
            if full {
                self.buffer.push_long_stretch(self.max_snd_wnd / 2);
            }
        }
    }

    fn end_write(&mut self, whole: bool, flags: SendFlags) {
        self.more_follows = flags.more;
        if !flags.more && (whole || self.room() == 0) {
            self.buffer.push_end();
        }
        if flags.end_of_record && whole {
            self.buffer.end_record();
        }
        if flags.urgent && whole {
            self.buffer.mark_urgent();
        }
    }

    /// The longest stretch that is handed down in one: whole segments, half of the largest window at most.
    fn stretch_goal(&self) -> u32 {
        let mss = self.agreed.mss.max(1);
        let bound = if self.max_snd_wnd > 536 { self.max_snd_wnd / 2 } else { self.max_snd_wnd };
        (LONGEST_STRETCH.min(bound) / mss).max(1) * mss
    }

    /// Bytes that wait to be sent for the first time.
    pub(crate) fn unsent(&self) -> u32 {
        let from = self.snd_nxt.max(self.iss + 1).min(self.buffer.end());
        self.buffer.end().distance(from)
    }

    /// Linux `tcp_sndbuf_expand`: two windows of segments with their overhead, while the network takes more than the program was
    /// let write.
    pub(crate) fn grow_send_buffer(&mut self) {
        let most = self.config.send_buffer_most;
        if most > self.config.send_buffer && self.flight.segments() < self.window.cwnd {
            let segment = (self.agreed.mss as usize + 640).next_power_of_two() + 256;
            let segments = self.window.cwnd.max(10).max(self.recovery.reordering + 1) as usize;
            self.config.send_buffer = (2 * segments * segment).min(most).max(self.config.send_buffer);
        }
    }

    /// What the send buffer is charged for what is in it.
    fn charged(&self) -> usize {
        self.queued() + self.buffer.stretches() * self.config.stretch_overhead
    }

    /// Linux `sk_stream_memory_free`: there is room in the buffer, and little waits to be sent.
    fn is_free(&self, factor: u32) -> bool {
        let low = self.config.notsent_low_water;
        self.charged() < self.config.send_buffer && low.is_none_or(|low| self.unsent().saturating_mul(factor) < low)
    }

    /// Bytes that may be written.
    pub(crate) fn room(&self) -> usize {
        if self.config.stretch_overhead == 0 {
            let free = self.is_free(1);
            return if free { self.config.send_buffer - self.queued() } else { 0 };
        }
        // As Linux does: the last stretch may always be filled up; another one begins if there is any room.
        let goal = self.stretch_goal();
        let open = self.buffer.open_stretch(self.snd_nxt, goal);
        if open > 0 {
            open as usize
        } else if self.is_free(1) {
            goal as usize
        } else {
            0
        }
    }

    /// Whether a program is told to write again: as on Linux when a third of the buffer is free, and less than half of what may
    /// wait to be sent does.
    pub(crate) fn is_roomy(&self) -> bool {
        let charged = self.charged();
        let free = self.config.send_buffer.saturating_sub(charged);
        self.is_free(2) && free >= charged / 2 && free > 0
    }
}
