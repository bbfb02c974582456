//! A line between two network namespaces: what one TAP device gives, the other gets, later, or not at all.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use tun_rs::SyncDevice;

/// What a line is like.
#[derive(Clone, Debug)]
pub struct Line {
    /// How long a frame takes, each way.
    pub delay: Duration,
    /// Bits a second, each way.
    pub rate: u64,
    /// Bytes that wait at most at each end.
    pub queue: usize,
    /// What goes wrong.
    pub faults: Vec<Fault>,
}

impl Default for Line {
    fn default() -> Line {
        Line { delay: Duration::from_millis(5), rate: 50_000_000, queue: 256_000, faults: Vec::new() }
    }
}

/// A direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    FromClient,
    ToClient,
}

/// A choice of frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Frames {
    Arp,
    Udp,
    Syn,
    /// TCP segments with data, in frames of at least so many bytes.
    Data(usize),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    Lose,
    /// A bit of the payload flips.
    Damage,
    /// It comes so much later.
    Hold(Duration),
    /// A router marks congestion (ECN's CE, RFC 3168 §5).
    Mark,
}

/// Frames of a kind, from the first-named to the last-named, counted from 1, meet a fate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    pub way: Way,
    pub of: Frames,
    pub from: u64,
    pub to: u64,
    pub fate: Fate,
}

/// How late the line may be: a machine that cannot run it in time makes delay and loss of its own.
const LATE: Duration = Duration::from_millis(4);

/// A line at work.
pub struct Running {
    late: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Running {
    /// Starts the line between the client's and the server's device.
    pub fn start(line: &Line, client: SyncDevice, server: SyncDevice) -> Running {
        let (late, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (client, server) = (Arc::new(client), Arc::new(server));
        for (way, from, to) in [(Way::FromClient, &client, &server), (Way::ToClient, &server, &client)] {
            let mut lane = Lane::new(line, way);
            let (sender, waiting) = channel();
            let (from, to, over) = (from.clone(), to.clone(), over.clone());
            std::thread::spawn(move || {
                let mut buffer = [0; 9200];
                // It ends when the device goes with its namespace.
                while let Ok(len) = from.recv(&mut buffer) {
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    let mut frame = buffer[..len].to_vec();
                    if let Some(due) = lane.take(&mut frame, Instant::now())
                        && sender.send((due, frame)).is_err()
                    {
                        return;
                    }
                }
            });
            let late = late.clone();
            std::thread::spawn(move || deliver(&waiting, &to, &late));
        }
        Running { late, over }
    }

    /// Whether it was never later than it should be by more than a little.
    pub fn kept_time(&self) -> bool {
        self.late.load(Ordering::Relaxed) < LATE.as_micros() as u64
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// Sends frames when they are due.
fn deliver(waiting: &Receiver<(Instant, Vec<u8>)>, to: &SyncDevice, late: &AtomicU64) {
    let mut due: BTreeMap<(Instant, u64), Vec<u8>> = BTreeMap::new();
    let mut number = 0;
    loop {
        let next = due.first_key_value().map(|((at, _), _)| at.saturating_duration_since(Instant::now()));
        match waiting.recv_timeout(next.unwrap_or(Duration::from_secs(1))) {
            Ok((at, frame)) => {
                number += 1;
                due.insert((at, number), frame);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        while let Some(entry) = due.first_entry().filter(|entry| entry.key().0 <= Instant::now()) {
            let at = entry.key().0;
            let behind = Instant::now().saturating_duration_since(at).as_micros() as u64;
            late.fetch_max(behind, Ordering::Relaxed);
            if to.send(&entry.remove()).is_err() {
                return;
            }
        }
    }
}

/// One direction.
struct Lane {
    line: Line,
    way: Way,
    counted: Vec<u64>,
    free_at: Option<Instant>,
}

impl Lane {
    fn new(line: &Line, way: Way) -> Lane {
        Lane { line: line.clone(), way, counted: vec![0; line.faults.len()], free_at: None }
    }

    /// When a frame that comes now arrives, if it does; it may be changed.
    fn take(&mut self, frame: &mut [u8], now: Instant) -> Option<Instant> {
        let begins = self.free_at.map_or(now, |free| free.max(now));
        let waits = begins.saturating_duration_since(now);
        if waits.as_secs_f64() * self.line.rate as f64 / 8.0 > self.line.queue as f64 {
            return None;
        }
        let ends = begins + Duration::from_secs_f64(frame.len() as f64 * 8.0 / self.line.rate as f64);
        self.free_at = Some(ends);
        let mut due = ends + self.line.delay;
        for (fault, counted) in self.line.faults.iter().zip(&mut self.counted) {
            if fault.way != self.way || !fault.of.has(frame) {
                continue;
            }
            *counted += 1;
            if !(fault.from..=fault.to).contains(counted) {
                continue;
            }
            match fault.fate {
                Fate::Lose => return None,
                Fate::Hold(time) => due += time,
                Fate::Damage => {
                    if let Some(last) = frame.last_mut() {
                        *last ^= 4;
                    }
                }
                Fate::Mark => mark(frame),
            }
        }
        Some(due)
    }
}

/// The offset of the transport's header in an Ethernet frame with IPv4 in it, and the protocol.
fn transport(frame: &[u8]) -> Option<(u8, usize)> {
    let ip = frame.get(14..).filter(|ip| ip.len() >= 20 && frame[12..14] == [8, 0])?;
    Some((ip[9], 14 + usize::from(ip[0] & 15) * 4))
}

impl Frames {
    fn has(self, frame: &[u8]) -> bool {
        let tcp = || {
            let (_, at) = transport(frame).filter(|(protocol, _)| *protocol == 6)?;
            let header = frame.get(at..at + 20)?;
            let total = 14 + usize::from(u16::from_be_bytes([frame[16], frame[17]]));
            Some((header[13], total.saturating_sub(at + usize::from(header[12] >> 4) * 4)))
        };
        match self {
            Frames::Arp => frame.get(12..14) == Some(&[8, 6]),
            Frames::Udp => transport(frame).is_some_and(|(protocol, _)| protocol == 17),
            Frames::Syn => tcp().is_some_and(|(flags, _)| flags & 2 != 0),
            Frames::Data(least) => frame.len() >= least && tcp().is_some_and(|(_, data)| data > 0),
        }
    }
}

/// Sets CE in a packet whose sender knows ECN, and corrects its checksum (RFC 1624).
fn mark(frame: &mut [u8]) {
    if transport(frame).is_none() || frame[15] & 3 == 0 || frame[15] & 3 == 3 {
        return;
    }
    let old = u16::from_be_bytes([frame[14], frame[15]]);
    frame[15] |= 3;
    let new = u16::from_be_bytes([frame[14], frame[15]]);
    let sum = u32::from(!u16::from_be_bytes([frame[24], frame[25]])) + u32::from(!old) + u32::from(new);
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
    frame[24..26].copy_from_slice(&sum.to_be_bytes());
}
