//! A capture that is longer than what is kept in memory: read once, connection by connection. Each is looked at when it is
//! over, by as many threads as there are processors, and let go; rows are written as they come. Where a part of it is asked
//! for, that is found so, and read again.

mod ahead;
mod copy;
mod digest;
mod excerpt;
mod follow;
mod sinks;
mod spool;
mod tables;
mod transport;

pub use excerpt::{Excerpt, run as excerpt};
pub use follow::run as follow;
pub use transport::run as transport;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError, RwLock};

use base::{Instant, WallTime};
use capture::keylog::KeyLog;
use capture::read::JoinedPacket;
use flow::{Limits, Packet, Part, Split};
use wire::link::LinkType;

use crate::args::{Open, View, ViewFormat};
use crate::error::Error;
use crate::input::{Input, Stop};
use ahead::Ahead;
use digest::{Digest, Job, Wants};
use sinks::Sinks;

/// Packets that are looked at together: small connections are many.
const TOGETHER: usize = 512;
/// Jobs that wait for a thread, for each of them.
const WAITING: usize = 1;

/// Bytes of a connection that are kept for a HAR before bodies are let go.
const BODIES: usize = 64 << 20;

/// How a capture is looked at that is not kept in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// Once, all of it: rows are written as they come.
    Once,
    /// First for what is asked for, then for the packets of that.
    Excerpt,
    /// Not at all: what is asked for takes all of it at hand.
    Whole,
}

/// Whether what is asked for takes the capture to be read a second time.
pub fn copies(open: &Open) -> bool {
    open.view.output.iter().any(|path| copy::is_meant(path))
}

/// How what is asked for can be told.
pub fn way(open: &Open) -> Way {
    let View { packet, filter, connection, request, output, format, .. } = &open.view;
    let html = output.iter().any(|path| path.extension().is_some_and(|kind| kind == "html"));
    // Beside one packet that is shown, all of them are written.
    let one = packet.is_some() && output.is_empty() && !open.findings && !open.time;
    let some = packet.is_none() && (filter.is_some() || connection.is_some() || request.is_some());
    if one || (some && !html) {
        return Way::Excerpt;
    }
    if packet.is_some() {
        return Way::Whole;
    }
    let kinds = ["jsonl", "csv", "parquet", "har", "pcapng"];
    let written = output.iter().all(|path| path.extension().is_some_and(|kind| kinds.iter().any(|one| kind == *one)));
    let once = written && !html && (*format != ViewFormat::Json || open.findings || open.time);
    if once { Way::Once } else { Way::Whole }
}

/// Takes what was found in the parts of a capture, in order.
trait Takes {
    /// What it wants to know.
    fn wants(&mut self) -> Wants;
    /// Takes what was found in the next parts.
    fn take(&mut self, digest: Digest) -> Result<(), Error>;
    /// Whether the capture was read before, and what is wrong with it was said.
    fn again(&self) -> bool {
        false
    }
}

/// Reads the capture and prints what is asked for.
pub fn run(out: &mut impl Write, open: &Open, input: &Input, keys: KeyLog) -> Result<ExitCode, Error> {
    let mut sinks = Sinks::new(out, open)?;
    let split = Split::new(Limits::default());
    let wants = Takes::wants(&mut sinks);
    let split = if wants.json || wants.csv { split } else { split.without_headers() };
    let split = if wants.har { split.keeping(BODIES) } else { split };
    let Passed { split, damaged, keys, epoch } = pass(input, keys, split, &mut sinks)?;
    let stopped = input.stop.pressed();
    sinks.finish(&split, stopped)?;
    for path in open.view.output.iter().filter(|path| !stopped && copy::is_meant(path)) {
        copy::run(input, path, &keys, epoch)?;
        if input.stop.pressed() {
            let _ = writeln!(std::io::stderr(), "\nstopped: {} has the first packets alone", path.display());
            break;
        }
    }
    let stopped = input.stop.done();
    Ok(code(stopped, damaged))
}

/// What a reading leaves behind.
struct Passed {
    /// What took the capture apart.
    split: Split,
    /// Whether a file ended before its end.
    damaged: bool,
    /// The secrets that were given, and those inside.
    keys: KeyLog,
    /// The capture's zero.
    epoch: WallTime,
}

/// Reads the capture once, part by part.
fn pass(input: &Input, keys: KeyLog, mut split: Split, taker: &mut impl Takes) -> Result<Passed, Error> {
    let joined = input.stream()?;
    let wants = taker.wants();
    let keys = RwLock::new(keys);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (jobs, waiting) = sync_channel::<Job>(threads * WAITING);
    let waiting = Mutex::new(waiting);
    let (done, results) = channel();
    let looked = std::thread::scope(|scope| {
        for _ in 0..threads {
            let done = done.clone();
            let (waiting, keys, wants) = (&waiting, &keys, &wants);
            scope.spawn(move || {
                loop {
                    let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(job) = job else { return };
                    let digest = digest::of(job, &keys.read().unwrap_or_else(PoisonError::into_inner), wants);
                    if done.send(digest).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);
        // Where this ends the threads find no more jobs, and end as well.
        let joining = wants.time.is_some();
        let mut desk = Desk { jobs, results, joining, early: BTreeMap::new(), taken: 0, job: Job::default(), given: 0 };
        let (ahead, mut epoch) = (Ahead::new(scope, joined), None);
        while let Some(batch) = ahead.next() {
            epoch = batch.epoch.or(epoch);
            for (packet, frame) in batch.packets() {
                split.push_decoded(packet, frame);
                if split.full() {
                    split.settle(&keys.read().unwrap_or_else(PoisonError::into_inner));
                }
                while let Some(part) = split.poll() {
                    desk.add(part, &split, epoch, taker)?;
                }
            }
            if !batch.secrets.is_empty() {
                keys.write().unwrap_or_else(PoisonError::into_inner).read(&batch.secrets);
            }
            ahead.empty(batch);
        }
        let joined = ahead.finish();
        for part in split.finish() {
            desk.add(part, &split, epoch, taker)?;
        }
        let rest = split.take_rest();
        desk.add(rest, &split, epoch, taker)?;
        desk.finish(taker)?;
        Ok::<_, Error>((joined, epoch))
    });
    let (joined, epoch) = looked?;
    let report = |joined| !taker.again() && input.report(&joined, split.packets().into());
    let damaged = joined.is_some_and(report);
    let keys = keys.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Passed { split, damaged, keys, epoch: epoch.unwrap_or(WallTime::from_unix_nanos(0)) })
}

/// The exit code of what was read.
fn code(stopped: bool, damaged: bool) -> ExitCode {
    ExitCode::from(match (stopped, damaged) {
        (true, _) => Stop::EXIT,
        (false, true) => 3,
        (false, false) => 0,
    })
}

/// A packet as flow takes it. The capture's zero is its first packet that has a time.
fn pushed<'a>(packet: &JoinedPacket<'a>, epoch: &mut Option<WallTime>, last: &mut Instant) -> Packet<'a> {
    if let Some(at) = packet.at {
        // A packet without a time (pcapng's Simple Packet Block) stands where the one before it does.
        *last = Instant::ZERO + (at - *epoch.get_or_insert(at));
    }
    Packet {
        at: *last,
        interface: packet.interface,
        link: LinkType(u32::from(packet.link_type.to_u16())),
        bytes: packet.data,
        original_len: (packet.original_len as usize).max(packet.data.len()),
    }
}

/// Gives parts of the capture to the threads, and takes what they found in the order in which it was given.
struct Desk {
    jobs: SyncSender<Job>,
    results: Receiver<Digest>,
    /// Whether it is asked how clients joined their networks.
    joining: bool,
    /// What was found before its turn.
    early: BTreeMap<u64, Digest>,
    taken: u64,
    /// The next job, while it is put together.
    job: Job,
    given: u64,
}

impl Desk {
    fn add(&mut self, part: Part, split: &Split, epoch: Option<WallTime>, taker: &mut impl Takes) -> Result<(), Error> {
        let rest = &split.rest().flow;
        self.job.epoch = epoch.unwrap_or(WallTime::from_unix_nanos(0));
        self.job.weight += part.flow.rows().len();
        self.job.parts.push((digest::waited(&part, rest, self.joining), part));
        if self.job.weight >= TOGETHER {
            self.give();
            while let Ok(digest) = self.results.try_recv() {
                self.take(digest, taker)?;
            }
        }
        Ok(())
    }

    fn give(&mut self) {
        let job = Job { number: self.given, ..std::mem::take(&mut self.job) };
        self.given += 1;
        // It fails only if all threads have ended, which they do not before this does.
        let _ = self.jobs.send(job);
    }

    fn take(&mut self, digest: Digest, taker: &mut impl Takes) -> Result<(), Error> {
        self.early.insert(digest.number, digest);
        while let Some(digest) = self.early.remove(&self.taken) {
            self.taken += 1;
            taker.take(digest)?;
        }
        Ok(())
    }

    /// Waits for all that is still looked at.
    fn finish(mut self, taker: &mut impl Takes) -> Result<(), Error> {
        self.give();
        while self.taken < self.given {
            match self.results.recv() {
                Ok(digest) => self.take(digest, taker)?,
                Err(_) => break,
            }
        }
        Ok(())
    }
}
