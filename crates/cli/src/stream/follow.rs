//! A capture that is still being made: each packet's line as it comes, and at the end what is said first of others.

use std::io::Write;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration as Wait;

use base::{Instant, WallTime};
use capture::LinkType;
use capture::keylog::KeyLog;
use capture::read::{Joined, JoinedItem, JoinedPacket};
use flow::{Limits, Part, Split, Whose};
use story::{Row, Story};

use super::digest::{self, Job};
use super::sinks::Sinks;
use super::{Takes, code, pushed};
use crate::args::Open;
use crate::error::Error;
use crate::input::{Input, Stoppable};
use crate::ladder::Growing;
use crate::style::Style;

/// How long a packet waits for others before its line is printed.
const PATIENCE: Wait = Wait::from_millis(100);
/// Packets that wait for their lines at most.
const MOST: usize = 512;

/// What the thread that reads hands over.
enum Came {
    Packet {
        at: Option<WallTime>,
        interface: u32,
        link_type: LinkType,
        data: Vec<u8>,
        original_len: u32,
    },
    Secrets(Vec<u8>),
    /// Nothing more comes.
    End(Box<Joined<Stoppable>>),
    /// It cannot be read.
    Failed(Error),
}

/// Reads the capture and prints it while it grows.
pub fn run(out: &mut impl Write, open: &Open, input: &Input, keys: KeyLog) -> Result<ExitCode, Error> {
    let (sender, came) = channel();
    // It may wait for a packet that never comes: nobody waits for it.
    let source = input.clone();
    std::thread::spawn(move || read(&source, &sender));
    let mut sinks = Sinks::new(out, open)?;
    sinks.listed = true;
    let mut follow = Follow {
        split: Split::new(Limits::default()),
        keys,
        epoch: None,
        last: Instant::ZERO,
        waiting: Vec::new(),
        most: MOST,
        ladder: Growing::new(Style::detect()),
    };
    let mut ended = None;
    while !input.stop.pressed() {
        let enough = match came.recv_timeout(PATIENCE) {
            Ok(Came::End(joined)) => {
                ended = Some(joined);
                break;
            }
            Ok(Came::Failed(error)) => return Err(error),
            Ok(came) => follow.take(came),
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        if enough {
            follow.print(&mut sinks)?;
        }
        follow.let_go(&mut sinks)?;
    }
    drain(&came, &mut follow);
    follow.print(&mut sinks)?;
    for part in follow.split.finish() {
        follow.look_at(part, &mut sinks)?;
    }
    let rest = follow.split.take_rest();
    follow.look_at(rest, &mut sinks)?;
    let damaged = ended.is_some_and(|joined| input.report(&joined, follow.split.packets().into()));
    let stopped = input.stop.done();
    writeln!(sinks.out())?;
    sinks.finish(&follow.split, stopped)?;
    Ok(code(stopped, damaged))
}

/// Takes what had come already when Ctrl-C was pressed.
fn drain(came: &Receiver<Came>, follow: &mut Follow) {
    while let Ok(came) = came.try_recv() {
        follow.take(came);
    }
}

/// What has come so far.
struct Follow {
    split: Split,
    keys: KeyLog,
    epoch: Option<WallTime>,
    last: Instant,
    /// Packets whose lines are not printed yet.
    waiting: Vec<(u32, Whose)>,
    /// How many of them there may be.
    most: usize,
    ladder: Growing,
}

impl Follow {
    /// Takes what came, and gives whether it is time to print.
    fn take(&mut self, came: Came) -> bool {
        match came {
            Came::Packet { at, interface, link_type, data, original_len } => {
                let (direction, comments) = (None, Vec::new());
                let packet = JoinedPacket { at, interface, link_type, data: &data, original_len, direction, comments };
                let number = self.split.push(pushed(&packet, &mut self.epoch, &mut self.last));
                self.waiting.extend(number.map(|number| (number, self.split.last())));
                if self.split.full() {
                    self.split.settle(&self.keys);
                }
                self.waiting.len() >= self.most || self.split.ready()
            }
            Came::Secrets(text) => {
                self.keys.read(&text);
                false
            }
            Came::End(_) | Came::Failed(_) => true,
        }
    }

    /// Prints the lines of what waits.
    fn print<W: Write>(&mut self, sinks: &mut Sinks<'_, W>) -> Result<(), Error> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let epoch = self.epoch.unwrap_or(WallTime::from_unix_nanos(0));
        let mut rows: Vec<Row> = Vec::with_capacity(self.waiting.len());
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut longest = 0;
        while let Some((first, whose)) = waiting.first().copied() {
            // All that wait of one part: it is read once.
            let (own, others) = waiting.into_iter().partition(|(_, of)| *of == whose);
            waiting = others;
            let own: Vec<(u32, Whose)> = own;
            let Some(part) = self.split.part_of(first, whose) else { continue };
            longest = longest.max(part.flow.rows().len());
            let told = |story: &Story| own.iter().filter_map(|(number, _)| story.row(*number)).collect::<Vec<Row>>();
            rows.extend(Story::peek(part, epoch, &self.keys, told));
        }
        rows.sort_by_key(|row| row.number);
        // A connection is read again for each batch of lines: batches grow with it, so that the work stays in proportion.
        self.most = MOST.max(longest / 4);
        self.ladder.print(sinks.out(), &rows)?;
        Ok(sinks.out().flush()?)
    }

    /// Looks at what is over.
    fn let_go<W: Write>(&mut self, sinks: &mut Sinks<'_, W>) -> Result<(), Error> {
        if self.split.ready() {
            self.print(sinks)?;
        }
        while let Some(part) = self.split.poll() {
            self.look_at(part, sinks)?;
        }
        Ok(())
    }

    fn look_at<W: Write>(&self, part: Part, sinks: &mut Sinks<'_, W>) -> Result<(), Error> {
        let waited = digest::waited(&part, &self.split.rest().flow, false);
        let epoch = self.epoch.unwrap_or(WallTime::from_unix_nanos(0));
        let job = Job { number: 0, epoch, parts: vec![(waited, part)], weight: 0 };
        let wants = sinks.wants();
        sinks.take(digest::of(job, &self.keys, &wants))
    }
}

/// Reads until nothing more comes.
fn read(input: &Input, sender: &Sender<Came>) {
    let mut joined = match input.stream() {
        Ok(joined) => joined,
        Err(error) => {
            let _ = sender.send(Came::Failed(error));
            return;
        }
    };
    while let Some(item) = joined.next() {
        let came = match item {
            JoinedItem::Packet(JoinedPacket { at, interface, link_type, data, original_len, .. }) => {
                Came::Packet { at, interface, link_type, data: data.to_vec(), original_len }
            }
            JoinedItem::TlsSecrets(text) => Came::Secrets(text.to_vec()),
            _ => continue,
        };
        if sender.send(came).is_err() {
            return;
        }
    }
    let _ = sender.send(Came::End(Box::new(joined)));
}
