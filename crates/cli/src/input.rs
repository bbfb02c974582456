//! Captures opened: how far the reading is, a Ctrl-C that ends it with what is known so far, and clocks that differ.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use analyze::{ClockOffset, Stamped};
use base::Duration;
use capture::read::{File as Capture, Item, Joined, JoinedItem, Reader};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::error::Error;

/// From this size on, all files together, a capture is read as a stream.
const LONG: u64 = 64 << 20;
/// The same of a file that is compressed.
const LONG_COMPRESSED: u64 = 8 << 20;
/// From this size on reading takes long enough for a bar.
const BAR: u64 = 32 << 20;
/// Packets of each file by which clocks are compared.
const COMPARED: usize = 200_000;

/// Ctrl-C: the first one ends the reading, so that what was read is shown; the next one ends the program.
#[derive(Clone)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// The exit code of a program that Ctrl-C ended, as a shell tells it: 128 + SIGINT.
    pub const EXIT: u8 = 130;

    /// Listens from now on. Where the system lets nobody listen, Ctrl-C ends the program as ever.
    pub fn listen() -> Stop {
        let stop = Arc::new(AtomicBool::new(false));
        // In this order: what ends the program looks at the flag before this press of the keys sets it.
        let signal = signal_hook::consts::SIGINT;
        let ends = signal_hook::flag::register_conditional_shutdown(signal, Stop::EXIT.into(), stop.clone());
        if ends.is_ok() {
            let _ = signal_hook::flag::register(signal, stop.clone());
        }
        Stop(stop)
    }

    /// Whether it was pressed.
    pub fn pressed(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
    /// Nothing is left to be ended early: from now on Ctrl-C ends the program. Gives whether it was pressed before.
    pub fn done(&self) -> bool {
        self.0.swap(true, Ordering::Relaxed)
    }
}

/// A source that ends when it is told to.
pub struct Stoppable {
    source: Box<dyn Read + Send>,
    stop: Stop,
    bar: ProgressBar,
}

impl Read for Stoppable {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.stop.pressed() {
                return Ok(0);
            }
            match self.source.read(into) {
                Ok(read) => {
                    self.bar.inc(read as u64);
                    return Ok(read);
                }
                // Ctrl-C wakes a read that waits.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The captures that are to be opened.
#[derive(Clone)]
pub struct Input {
    paths: Vec<PathBuf>,
    bar: ProgressBar,
    /// A pipe of which something was read ahead.
    pipe: Arc<Mutex<Option<Pipe>>>,
    /// By how much the files' clocks differ, once that is known.
    shifts: Arc<OnceLock<Vec<Duration>>>,
    /// Ctrl-C.
    pub stop: Stop,
}

impl Input {
    /// Those in `paths`; `-` is standard input.
    pub fn new(paths: &[PathBuf]) -> Input {
        let size = paths.iter().filter_map(|path| path.metadata().ok()).map(|meta| meta.len()).sum();
        Input {
            paths: paths.to_vec(),
            bar: bar(size),
            pipe: Arc::default(),
            shifts: Arc::default(),
            stop: Stop::listen(),
        }
    }

    /// Whether they are longer than what is kept in memory.
    pub fn long(&self) -> bool {
        let weight = |path: &PathBuf| {
            let mut file = File::open(path).ok()?;
            let size = file.metadata().ok().filter(std::fs::Metadata::is_file)?.len();
            let mut magic = [0; 4];
            file.read_exact(&mut magic).ok()?;
            let compressed = magic.starts_with(&[0x1f, 0x8b]) || magic == [0x28, 0xb5, 0x2f, 0xfd];
            Some(if compressed { size.saturating_mul(LONG / LONG_COMPRESSED) } else { size })
        };
        self.paths.iter().filter_map(weight).fold(0, u64::saturating_add) >= LONG
    }

    /// Whether they are a pipe, or a terminal's other end: what is still being made.
    #[cfg(unix)]
    pub fn grows(&self) -> bool {
        use std::os::unix::fs::FileTypeExt;
        let [path] = self.paths.as_slice() else { return false };
        let path = if path == Path::new("-") { Path::new("/dev/stdin") } else { path };
        path.metadata().is_ok_and(|meta| meta.file_type().is_fifo())
    }
    /// Whether they are a pipe: what is still being made. This system does not tell.
    #[cfg(not(unix))]
    pub fn grows(&self) -> bool {
        false
    }

    /// Whether a pipe has ended already: then it is a file like others. What it gives within a moment is read ahead.
    pub fn ends_soon(&self) -> bool {
        let name = self.paths.first().map_or(Path::new("-"), PathBuf::as_path);
        let Ok(source) = plain(name) else { return true };
        let mut pipe = Pipe::open(source);
        let over = Arc::new(AtomicBool::new(false));
        let moment = over.clone();
        std::thread::spawn(move || {
            std::thread::sleep(MOMENT);
            moment.store(true, Ordering::Relaxed);
        });
        let ended = loop {
            match pipe.more.recv_timeout(MOMENT / 10) {
                Ok(Ok(chunk)) if pipe.ahead.len() < AHEAD && !over.load(Ordering::Relaxed) => {
                    pipe.ahead.extend_from_slice(&chunk);
                }
                Ok(chunk) => {
                    pipe.next = Some(chunk);
                    break false;
                }
                Err(RecvTimeoutError::Timeout) if over.load(Ordering::Relaxed) => break false,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break true,
            }
        };
        *self.pipe.lock().unwrap_or_else(PoisonError::into_inner) = Some(pipe);
        ended
    }

    /// Their names.
    pub fn name(&self) -> String {
        let names: Vec<String> = self.paths.iter().map(|path| path.display().to_string()).collect();
        names.join(", ")
    }

    /// Reads all of them into memory, joined in order of time, and says what is wrong with each.
    ///
    /// # Errors
    /// If one cannot be opened or is no capture.
    pub fn read_all(&self) -> Result<Capture, Error> {
        let [path] = self.paths.as_slice() else {
            let mut joined = self.stream()?;
            let mut file = joined.excerpt(|_| true);
            self.report(&joined, file.packets.len() as u64);
            (file.problems, file.ended_by) = joined.into_damage();
            if self.stop.pressed() {
                file.ended_by = None;
            }
            return Ok(file);
        };
        let name = path.display().to_string();
        let read = capture::read::read_all(self.source(path)?);
        let mut file = read.map_err(|error| from_capture(&name, &error))?;
        if self.stop.pressed() {
            // The end is ours, no damage.
            file.ended_by = None;
        }
        report(&name, &file.problems, file.ended_by.as_ref(), file.packets.len() as u64);
        self.bar.finish_and_clear();
        Ok(file)
    }

    /// Starts to read all of them, joined in order of time.
    ///
    /// # Errors
    /// As [`Input::read_all`].
    pub fn stream(&self) -> Result<Joined<Stoppable>, Error> {
        self.bar.reset();
        let mut readers = Vec::new();
        for (path, shift) in self.paths.iter().zip(self.shifts()?) {
            let reader = Reader::open(self.source(path)?);
            readers.push((reader.map_err(|error| from_capture(&path.display().to_string(), &error))?, shift));
        }
        Ok(Joined::new(readers))
    }

    /// Reads all of them once more, and keeps the packets that `keep` holds by their numbers in order of time.
    ///
    /// # Errors
    /// As [`Input::read_all`].
    pub fn excerpt(&self, keep: impl FnMut(u64) -> bool) -> Result<Capture, Error> {
        let file = self.stream()?.excerpt(keep);
        self.bar.finish_and_clear();
        Ok(file)
    }

    /// How many packets they have.
    ///
    /// # Errors
    /// As [`Input::read_all`].
    pub fn packets(&self) -> Result<usize, Error> {
        let (mut joined, mut count) = (self.stream()?, 0);
        while let Some(item) = joined.next() {
            count += usize::from(matches!(item, JoinedItem::Packet(_)));
        }
        self.bar.finish_and_clear();
        Ok(count)
    }

    /// They were read once more, to the end.
    pub fn read_again(&self) {
        self.bar.finish_and_clear();
    }

    /// Whether they can be read twice.
    pub fn lasts(&self) -> bool {
        self.paths.iter().all(|path| path.metadata().is_ok_and(|meta| meta.is_file()))
    }

    /// Says what was wrong with files that were read as a stream. Gives whether one ended before its end.
    pub fn report(&self, joined: &Joined<Stoppable>, packets: u64) -> bool {
        self.bar.finish_and_clear();
        let mut damaged = false;
        for (path, (problems, ended_by)) in self.paths.iter().zip(joined.damage()) {
            let ended_by = ended_by.filter(|_| !self.stop.pressed());
            damaged |= ended_by.is_some();
            report(&path.display().to_string(), problems, ended_by, packets);
        }
        damaged
    }

    fn source(&self, path: &Path) -> Result<Stoppable, Error> {
        let ahead = self.pipe.lock().unwrap_or_else(PoisonError::into_inner).take();
        let source: Box<dyn Read + Send> = match ahead {
            Some(pipe) => Box::new(pipe),
            None => plain(path)?,
        };
        Ok(Stoppable { source, stop: self.stop.clone(), bar: self.bar.clone() })
    }

    /// What is to be added to the times of each file, so that they are those of the first one's clock; says what it found.
    fn shifts(&self) -> Result<Vec<Duration>, Error> {
        if let Some(known) = self.shifts.get() {
            return Ok(known.clone());
        }
        let mut shifts = vec![Duration::ZERO; self.paths.len()];
        let Some((first, others)) = self.paths.split_first().filter(|(_, others)| !others.is_empty()) else {
            return Ok(shifts);
        };
        let Some(known) = beginning(first) else { return Ok(shifts) };
        for (path, shift) in others.iter().zip(shifts.iter_mut().skip(1)) {
            let Some(theirs) = beginning(path) else { continue };
            if let Some(offset) = ClockOffset::of(stamped(&known), stamped(&theirs)) {
                *shift = align(&offset, first, path);
            }
        }
        let _ = self.shifts.set(shifts.clone());
        Ok(shifts)
    }
}

fn plain(path: &Path) -> Result<Box<dyn Read + Send>, Error> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    Ok(Box::new(File::open(path).map_err(|error| unreadable(&path.display().to_string(), &error))?))
}

/// How long is waited for a pipe's end before it is taken for one that grows.
const MOMENT: std::time::Duration = std::time::Duration::from_millis(500);
/// Bytes of it that are read ahead.
const AHEAD: usize = 16 << 20;
/// Bytes that are asked of it at a time, and how many such pieces wait.
const PIECE: usize = 64 << 10;
const PIECES: usize = 64;

/// A pipe, read by a thread of its own: so nothing else waits where it is quiet.
struct Pipe {
    /// What was read ahead, and how much of it was given.
    ahead: Vec<u8>,
    given: usize,
    next: Option<io::Result<Vec<u8>>>,
    more: Receiver<io::Result<Vec<u8>>>,
}

impl Pipe {
    fn open(mut source: Box<dyn Read + Send>) -> Pipe {
        let (sender, more) = sync_channel(PIECES);
        std::thread::spawn(move || {
            loop {
                let mut piece = vec![0; PIECE];
                let read = match source.read(&mut piece) {
                    Ok(0) => return,
                    Ok(read) => Ok(read),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => Err(error),
                };
                let failed = read.is_err();
                let piece = read.map(|read| {
                    piece.truncate(read);
                    piece
                });
                if sender.send(piece).is_err() || failed {
                    return;
                }
            }
        });
        Pipe { ahead: Vec::new(), given: 0, next: None, more }
    }
}

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == self.ahead.len() {
            let next = match self.next.take() {
                Some(next) => next,
                None => match self.more.recv_timeout(std::time::Duration::from_millis(100)) {
                    Ok(next) => next,
                    // Whoever reads looks whether it is to stop, and asks again.
                    Err(RecvTimeoutError::Timeout) => return Err(io::ErrorKind::Interrupted.into()),
                    Err(RecvTimeoutError::Disconnected) => return Ok(0),
                },
            };
            (self.ahead, self.given) = (next?, 0);
        }
        let rest = self.ahead.get(self.given..).unwrap_or_default();
        let len = rest.len().min(into.len());
        if let (Some(from), Some(to)) = (rest.get(..len), into.get_mut(..len)) {
            to.copy_from_slice(from);
        }
        self.given += len;
        Ok(len)
    }
}

/// A packet: when, of which link type, its first bytes, its length on the wire in bytes.
type Head = (base::WallTime, wire::link::LinkType, Vec<u8>, usize);

/// The first packets of a file that can be read twice.
fn beginning(path: &Path) -> Option<Vec<Head>> {
    let mut file = File::open(path).ok()?;
    file.rewind().ok()?;
    let mut reader = Reader::open(file).ok()?;
    let (mut links, mut out) = (Vec::new(), Vec::new());
    while out.len() < COMPARED {
        match reader.next() {
            Ok(Some(Item::Interface(interface))) => links.push(interface.link_type),
            Ok(Some(Item::Packet(packet))) => {
                let link = links.get(packet.interface as usize).map_or(1, |link| u32::from(link.to_u16()));
                let Some(at) = packet.at else { continue };
                // Headers are enough.
                let bytes = packet.data.get(..packet.data.len().min(160)).unwrap_or_default().to_vec();
                let len = (packet.original_len as usize).max(packet.data.len());
                out.push((at, wire::link::LinkType(link), bytes, len));
            }
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => break,
        }
    }
    Some(out)
}

fn stamped(packets: &[Head]) -> impl Iterator<Item = Stamped<'_>> {
    packets.iter().map(|(at, link, bytes, len)| Stamped { at: *at, link: *link, bytes, original_len: *len })
}

/// What is added to the times of a file whose clock differs so from the first one's; says so.
fn align(offset: &ClockOffset, first: &Path, path: &Path) -> Duration {
    let (first, name) = (first.display(), path.display());
    let ms = offset.ahead.as_millis_f64();
    let wrong = offset.round_trip.as_millis_f64() / 2.0;
    let (said, shift) = if offset.fits_one_clock() {
        (format!("the clocks of {name} and {first} agree to within {wrong:.3} ms"), Duration::ZERO)
    } else {
        let side = if ms < 0.0 { "behind" } else { "ahead of" };
        let said = format!(
            "the clock of {name} is {:.3} ms {side} that of {first}: its times are corrected, at most {wrong:.3} ms wrong",
            ms.abs()
        );
        (said, Duration::from_nanos(-offset.ahead.as_nanos()))
    };
    let _ = writeln!(io::stderr(), "note: {said} (by {} packets that both have)", offset.packets);
    shift
}

/// A bar with rate and remaining time, on a terminal and for long files only.
fn bar(size: u64) -> ProgressBar {
    if size < BAR || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

pub(crate) fn unreadable(name: &str, error: &io::Error) -> Error {
    let plain = Error::input(format!("cannot read {name}: {error}"));
    match error.kind() {
        io::ErrorKind::NotFound => plain.remedy("check the path"),
        io::ErrorKind::PermissionDenied => plain.remedy("check the file's permissions"),
        _ => plain,
    }
}

fn from_capture(name: &str, error: &capture::Error) -> Error {
    Error::input(format!("{name}: {error}")).remedy(error.remedy())
}

/// Says what was damaged; what was readable is shown all the same.
fn report(name: &str, problems: &capture::Problems, ended_by: Option<&capture::Error>, packets: u64) {
    let mut err = io::stderr();
    for problem in problems.kept().iter().take(10) {
        let _ = writeln!(err, "warning: {name}: {problem}");
    }
    if let Some(error) = ended_by {
        let _ = writeln!(err, "warning: {name}: {error}; the {packets} packets before that are shown");
        let _ = writeln!(err, "  help: {}", error.remedy());
    }
}
