//! The story of a capture that stays where it is, in memory or in a file: one thread reads packets and decodes their headers,
//! another finds out what belongs together.

use std::ops::Range;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use base::{Instant, WallTime};
use capture::keylog::KeyLog;
use capture::read::{File, Held, Placed, read_held};
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
    at: Instant,
    interface: u32,
    link: LinkType,
    /// Its bytes, among those of the batch.
    bytes: Range<usize>,
    original_len: usize,
    decoded: Decoded,
}

/// Packets that were read, and how many bytes of the file lie before the last of them.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    packets: Vec<Read>,
    position: u64,
}

impl Story {
    /// As [`Story::from_capture`], of bytes that stay where they are: a packet's are read again when they are asked for. `progress` is told how many bytes (of the decompressed content) have been read.
    ///
    /// # Errors
    /// As [`capture::read::read_all`].
    pub fn from_held(held: &Held, key_log: KeyLog, progress: impl Fn(u64)) -> Result<Story, capture::Error> {
        let mut flow = Flow::new(Limits::default());
        let (send, batches) = sync_channel::<Batch>(WAITING);
        // What was worked off is filled again: its memory is there already.
        let (give_back, empty) = sync_channel::<Batch>(WAITING + 2);
        let read = thread::scope(|scope| {
            let reader = thread::Builder::new().name("reading".to_owned());
            let reader = reader.spawn_scoped(scope, move || {
                let next = || empty.try_recv().unwrap_or_default();
                read(held, send, next)
            });
            let mut expected = false;
            for mut batch in batches {
                if !std::mem::replace(&mut expected, true) {
                    flow.expect(capture::read::expected(batch.packets.len(), batch.position, held.len()));
                }
                for Read { at, interface, link, bytes, original_len, decoded } in batch.packets.drain(..) {
                    let bytes = batch.bytes.get(bytes).unwrap_or_default();
                    flow.push_decoded(Packet { at, interface, link, bytes, original_len }, decoded);
                }
                progress(batch.position);
                batch.bytes.clear();
                let _ = give_back.try_send(batch);
            }
            match reader.map(thread::ScopedJoinHandle::join) {
                Ok(Ok(read)) => Some(read),
                Ok(Err(fault)) => std::panic::resume_unwind(fault),
                Err(_no_thread) => None,
            }
        });
        let Some(read) = read else {
            return capture::read::read_all(held.reader()).map(|file| Story::from_capture(file, key_log));
        };
        let (file, placed) = read?;
        let frames = Frames::placed(file, placed, key_log);
        let (key_log, _) = KeyLog::parse(frames.secrets().as_bytes());
        Ok(Story::with(frames, flow, key_log))
    }
}

/// Reads the packets of a capture and sends them on.
fn read(
    held: &Held,
    to: SyncSender<Batch>,
    empty: impl Fn() -> Batch,
) -> Result<(File, Option<Placed>), capture::Error> {
    let mut batch = empty();
    let (mut epoch, mut last): (Option<WallTime>, _) = (None, Instant::ZERO);
    let read = read_held(held, |packet, arrived| {
        // As Frames::push_into: the first packet that has a time is zero, and one without stands where that before it does.
        let at = packet.at.map_or(last, |at| Instant::ZERO + (at - *epoch.get_or_insert(at)));
        last = at;
        let link = LinkType(u32::from(arrived.link_type.to_u16()));
        let (interface, original_len) = (packet.interface, (packet.original_len as usize).max(packet.data.len()));
        let decoded = Decoded::of(&Packet { at, interface, link, bytes: packet.data, original_len });
        let from = batch.bytes.len();
        batch.bytes.extend_from_slice(packet.data);
        let bytes = from..batch.bytes.len();
        batch.packets.push(Read { at, interface, link, bytes, original_len, decoded });
        if batch.packets.len() == BATCH {
            batch.position = arrived.position;
            // Whoever listens does so to the end.
            let _ = to.send(std::mem::replace(&mut batch, empty()));
        }
    });
    batch.position = held.len();
    let _ = to.send(batch);
    read
}
