//! `--transport`: TCP alone, by headers. One thread reads and decodes, others follow the connections, each its share of them.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use base::{Instant, Map};
use capture::read::JoinedItem;
use flow::{Talk, Tally, Wired, Wires};

use super::tables::Tables;
use super::{code, pushed};
use crate::args::Open;
use crate::error::Error;
use crate::input::Input;

/// Packets that are decoded before they are handed on: few enough to stay in a processor's own cache.
const ROUND: u32 = 4_096;
/// Rounds that wait for a thread.
const WAITING: usize = 2;
/// Threads that follow connections: reading keeps no more of them busy.
const MOST: usize = 4;

/// What one thread found in a round.
struct Found {
    round: u64,
    /// The packets that opened connections.
    opened: Vec<u32>,
    /// The connections that are over.
    over: Vec<Talk>,
    /// What was handed to it, to be filled again.
    emptied: Vec<Wired>,
    given_up: u64,
}

/// Reads the capture and prints what is asked for.
pub fn run(out: &mut impl Write, open: &Open, input: &Input) -> Result<ExitCode, Error> {
    let mut joined = input.stream()?;
    let mut tables = Tables::new(out, open)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let shares = threads.saturating_sub(1).clamp(1, MOST);
    let mut seen = Seen::default();
    let followed = std::thread::scope(|scope| {
        let (done, found) = channel();
        let mut rounds = Vec::new();
        for _ in 0..shares {
            let (sender, waiting) = sync_channel::<Vec<Wired>>(WAITING);
            let done = done.clone();
            scope.spawn(move || follow(shares, &waiting, &done));
            rounds.push(sender);
        }
        drop(done);
        // Where this ends the threads find no more rounds, and end as well.
        let mut desk = Desk::new(rounds, found);
        let (mut epoch, mut last, mut wires) = (None, Instant::ZERO, Wires::default());
        while let Some(item) = joined.next() {
            let JoinedItem::Packet(packet) = item else { continue };
            let Some(number) = seen.packets.checked_add(1) else { break };
            seen.packets = number;
            match wires.of(number, &pushed(&packet, &mut epoch, &mut last)) {
                Some(wired) => {
                    // The fragments before it were taken for others.
                    seen.others = seen.others.saturating_sub(wired.packets().saturating_sub(1));
                    desk.hand(wired);
                }
                None => seen.others += 1,
            }
            if number.is_multiple_of(ROUND) {
                desk.next_round();
                desk.take_what_is_there(&mut tables)?;
            }
        }
        desk.next_round();
        let (given_up, connections) = desk.finish(&mut tables)?;
        (seen.given_up, seen.connections) = (given_up, connections);
        Ok::<(), Error>(())
    });
    followed?;
    let damaged = input.report(&joined, seen.packets.into());
    let stopped = input.stop.done();
    tables.finish(&seen, stopped)?;
    Ok(code(stopped, damaged))
}

/// What the capture held.
#[derive(Default)]
pub struct Seen {
    /// Packets.
    pub packets: u32,
    /// Those that carry no whole TCP segment.
    pub others: u32,
    /// TCP connections.
    pub connections: usize,
    /// Connections that were given up although they were not over.
    pub given_up: u64,
}

/// Follows a share of the connections.
fn follow(shares: usize, waiting: &Receiver<Vec<Wired>>, done: &Sender<Found>) {
    let mut tally = Tally::new(shares);
    let mut round = 0;
    while let Ok(mut segments) = waiting.recv() {
        segments.iter().for_each(|wired| tally.push(wired));
        segments.clear();
        let (opened, over) = (tally.take_opened(), tally.take_ready());
        if done.send(Found { round, opened, over, emptied: segments, given_up: 0 }).is_err() {
            return;
        }
        round += 1;
    }
    let (over, given_up) = (tally.finish(), tally.given_up());
    let _ = done.send(Found { round, opened: Vec::new(), over, emptied: Vec::new(), given_up });
}

/// Hands segments to the threads and takes what they found, numbered in the order in which connections were opened.
struct Desk {
    rounds: Vec<SyncSender<Vec<Wired>>>,
    found: Receiver<Found>,
    /// What each thread gets next.
    next: Vec<Vec<Wired>>,
    /// Vectors to be filled again.
    emptied: Vec<Vec<Wired>>,
    /// Rounds of which not all threads have told yet what they found: how many have, and what.
    early: BTreeMap<u64, (usize, Vec<u32>, Vec<Talk>)>,
    numbers: Map<u32, usize>,
    connections: usize,
    given_up: u64,
    told: u64,
}

impl Desk {
    fn new(rounds: Vec<SyncSender<Vec<Wired>>>, found: Receiver<Found>) -> Desk {
        let next = rounds.iter().map(|_| Vec::new()).collect();
        Desk {
            rounds,
            found,
            next,
            emptied: Vec::new(),
            early: BTreeMap::new(),
            numbers: Map::default(),
            connections: 0,
            given_up: 0,
            told: 0,
        }
    }

    fn hand(&mut self, wired: Wired) {
        let share = wired.share(self.next.len());
        if let Some(next) = self.next.get_mut(share) {
            next.push(wired);
        }
    }

    /// Gives each thread its share of the round, be it empty: so all count rounds alike.
    fn next_round(&mut self) {
        for (next, sender) in self.next.iter_mut().zip(&self.rounds) {
            let empty = self.emptied.pop().unwrap_or_default();
            // It fails only if the thread has ended, which it does not before this does.
            let _ = sender.send(std::mem::replace(next, empty));
        }
    }

    fn take_what_is_there<W: Write>(&mut self, tables: &mut Tables<'_, W>) -> Result<(), Error> {
        while let Ok(found) = self.found.try_recv() {
            self.take(found, tables)?;
        }
        Ok(())
    }

    fn take<W: Write>(&mut self, found: Found, tables: &mut Tables<'_, W>) -> Result<(), Error> {
        self.emptied.push(found.emptied);
        self.given_up += found.given_up;
        let (count, opened, over) = self.early.entry(found.round).or_default();
        *count += 1;
        opened.extend(found.opened);
        over.extend(found.over);
        let all = self.next.len();
        while let Some(first) = self.early.first_entry()
            && *first.key() == self.told
            && first.get().0 == all
        {
            let (_, mut opened, mut over) = first.remove();
            self.told += 1;
            opened.sort_unstable();
            for packet in opened {
                self.connections += 1;
                self.numbers.insert(packet, self.connections);
            }
            over.sort_unstable_by_key(|talk| talk.opened_by);
            for talk in over {
                let number = self.numbers.remove(&talk.opened_by).unwrap_or(0);
                tables.connection(number, talk)?;
            }
        }
        Ok(())
    }

    /// Waits for all that is still to be told. Gives how many connections were given up, and how many there were.
    fn finish<W: Write>(mut self, tables: &mut Tables<'_, W>) -> Result<(u64, usize), Error> {
        self.rounds.clear();
        while let Ok(found) = self.found.recv() {
            self.take(found, tables)?;
        }
        Ok((self.given_up, self.connections))
    }
}
