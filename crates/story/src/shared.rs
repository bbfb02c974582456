//! The story of a capture in memory: one thread reads packets and decodes their headers, another finds out what belongs
//! together.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use base::{Instant, WallTime};
use bytes::Bytes;
use capture::keylog::KeyLog;
use capture::read::{File, OwnedPacket, read_in_memory};
use flow::{Decoded, Flow, Limits, Packet};
use wire::link::LinkType;

use crate::Story;
use crate::source::Frames;

/// Packets that pass from thread to thread at a time.
const BATCH: usize = 2_048;
/// How many times as many may wait.
const WAITING: usize = 4;

/// A packet that was read.
struct Read {
    packet: OwnedPacket,
    link: LinkType,
    at: Instant,
    decoded: Decoded,
}

/// Packets that were read, and how many bytes of the file lie before the next.
struct Batch {
    packets: Vec<Read>,
    position: u64,
}

impl Story {
    /// As [`Story::from_capture`], of a file in memory, whose bytes the story shares. `progress` is told how many bytes of it
    /// (of its decompressed content) have been read.
    ///
    /// # Errors
    /// As [`capture::read::read_all`].
    pub fn from_memory(file: &Bytes, key_log: KeyLog, progress: impl Fn(u64)) -> Result<Story, capture::Error> {
        let mut flow = Flow::new(Limits::default());
        let mut packets = Vec::new();
        let (send, batches) = sync_channel::<Batch>(WAITING);
        let read = thread::scope(|scope| {
            let reader = thread::Builder::new().name("reading".to_owned()).spawn_scoped(scope, || read(file, send));
            for batch in batches {
                for Read { packet, link, at, decoded } in batch.packets {
                    flow.push_decoded(pushed(&packet, link, at), decoded);
                    packets.push(packet);
                }
                progress(batch.position);
            }
            match reader.map(thread::ScopedJoinHandle::join) {
                Ok(Ok(read)) => Some(read),
                Ok(Err(fault)) => std::panic::resume_unwind(fault),
                Err(_no_thread) => None,
            }
        });
        let Some(read) = read else {
            return capture::read::read_all(&file[..]).map(|file| Story::from_capture(file, key_log));
        };
        let mut file = read?;
        file.packets = packets;
        let frames = Frames::captured(file, key_log);
        let (key_log, _) = KeyLog::parse(frames.secrets().as_bytes());
        Ok(Story::with(frames, flow, key_log))
    }
}

/// Reads the packets of a file and sends them on.
fn read(file: &Bytes, to: SyncSender<Batch>) -> Result<File, capture::Error> {
    let mut batch = Batch { packets: Vec::with_capacity(BATCH), position: 0 };
    let (mut epoch, mut last): (Option<WallTime>, _) = (None, Instant::ZERO);
    let read = read_in_memory(file, |packet, arrived| {
        // As Frames::push_into: the first packet that has a time is zero, and one without stands where that before it does.
        let at = packet.at.map_or(last, |at| Instant::ZERO + (at - *epoch.get_or_insert(at)));
        last = at;
        let link = LinkType(u32::from(arrived.link_type.to_u16()));
        let decoded = Decoded::of(&pushed(&packet, link, at));
        batch.packets.push(Read { packet, link, at, decoded });
        if batch.packets.len() == BATCH {
            let empty = Batch { packets: Vec::with_capacity(BATCH), position: 0 };
            let full = std::mem::replace(&mut batch, empty);
            // Whoever listens does so to the end.
            let _ = to.send(Batch { position: arrived.position, ..full });
        }
    });
    let position = file.len() as u64;
    let _ = to.send(Batch { position, ..batch });
    read
}

/// A packet as flow takes it.
fn pushed(packet: &OwnedPacket, link: LinkType, at: Instant) -> Packet<'_> {
    let original_len = (packet.original_len as usize).max(packet.data.len());
    Packet { at, interface: packet.interface, link, bytes: &packet.data, original_len }
}
