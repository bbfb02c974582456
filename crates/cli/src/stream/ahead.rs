//! A capture that is read and decoded by a thread of its own, ahead of whoever follows its connections.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use base::{Instant, WallTime};
use capture::read::{Joined, JoinedItem};
use flow::Packet;
use wire::frame::{self, Frame};
use wire::link::LinkType;

use super::pushed;
use crate::input::Stoppable;

/// Packets that are handed over together, and bytes of them: few enough to stay in a processor's own cache.
const PACKETS: usize = 512;
const BYTES: usize = 512 << 10;
/// Room for the last packet behind these.
const MORE: usize = 64 << 10;
/// Batches that wait.
const WAITING: usize = 1;

/// What was read.
pub struct Batch {
    bytes: Vec<u8>,
    packets: Vec<Read>,
    /// TLS secrets that stand behind these packets.
    pub secrets: Vec<u8>,
    /// The capture's zero, once a packet had a time.
    pub epoch: Option<WallTime>,
}

/// A packet, decoded; its bytes stand in its batch.
struct Read {
    at: Instant,
    interface: u32,
    link: LinkType,
    len: usize,
    original_len: usize,
    frame: Frame,
}

impl Default for Batch {
    fn default() -> Batch {
        let (bytes, packets) = (Vec::with_capacity(BYTES + MORE), Vec::with_capacity(PACKETS));
        Batch { bytes, packets, secrets: Vec::new(), epoch: None }
    }
}

impl Batch {
    /// The packets, in order.
    pub fn packets(&self) -> impl Iterator<Item = (Packet<'_>, &Frame)> {
        let mut rest = self.bytes.as_slice();
        self.packets.iter().map(move |read| {
            let (bytes, behind) = rest.split_at_checked(read.len).unwrap_or_default();
            rest = behind;
            let &Read { at, interface, link, original_len, ref frame, .. } = read;
            (Packet { at, interface, link, bytes, original_len }, frame)
        })
    }
}

/// The thread that reads, and what it has read.
pub struct Ahead<'scope> {
    batches: Receiver<Batch>,
    emptied: Sender<Batch>,
    thread: ScopedJoinHandle<'scope, Joined<Stoppable>>,
}

impl<'scope> Ahead<'scope> {
    /// Begins to read.
    pub fn new<'env>(scope: &'scope Scope<'scope, 'env>, joined: Joined<Stoppable>) -> Ahead<'scope> {
        let (sender, batches) = sync_channel(WAITING);
        let (emptied, again) = channel();
        Ahead { batches, emptied, thread: scope.spawn(move || read(joined, &sender, &again)) }
    }

    /// What comes next; `None` at the end.
    pub fn next(&self) -> Option<Batch> {
        self.batches.recv().ok()
    }
    /// Gives a batch back, to be filled again.
    pub fn empty(&self, mut batch: Batch) {
        batch.bytes.clear();
        batch.packets.clear();
        batch.secrets.clear();
        // Where nothing more is read nobody needs it.
        let _ = self.emptied.send(batch);
    }
    /// What was read from, at the end.
    pub fn finish(self) -> Option<Joined<Stoppable>> {
        drop(self.batches);
        self.thread.join().ok()
    }
}

fn read(mut joined: Joined<Stoppable>, sender: &SyncSender<Batch>, again: &Receiver<Batch>) -> Joined<Stoppable> {
    let (mut epoch, mut last) = (None, Instant::ZERO);
    let mut batch = Batch::default();
    loop {
        let full = match joined.next() {
            None => break,
            Some(JoinedItem::Packet(packet)) => {
                let packet = pushed(&packet, &mut epoch, &mut last);
                let frame = frame::decode(packet.link, packet.bytes, packet.original_len, &mut wire::Silent);
                let Packet { at, interface, link, bytes, original_len } = packet;
                batch.bytes.extend_from_slice(bytes);
                batch.packets.push(Read { at, interface, link, len: bytes.len(), original_len, frame });
                batch.packets.len() >= PACKETS || batch.bytes.len() >= BYTES
            }
            // Whoever follows shall know them before the packets behind them.
            Some(JoinedItem::TlsSecrets(text)) => {
                batch.secrets.extend_from_slice(text);
                true
            }
            Some(_) => false,
        };
        if full {
            batch.epoch = epoch;
            let next = again.try_recv().unwrap_or_default();
            if sender.send(std::mem::replace(&mut batch, next)).is_err() {
                return joined;
            }
        }
    }
    batch.epoch = epoch;
    let _ = sender.send(batch);
    joined
}
