//! What is asked for of a capture that is longer than what is kept in memory: found in a first pass, and in a second one
//! read into memory with the packets that belong to it.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::net::IpAddr;

use analyze::findings::Search;
use base::{Instant, WallTime};
use capture::keylog::KeyLog;
use flow::{Limits, Split};
use story::{Story, Whole};
use web::Subject;

use super::digest::{Digest, Find, Wants};
use super::{Passed, Takes, pass};
use crate::args::Open;
use crate::error::Error;
use crate::input::Input;

/// Bytes of a connection that are kept for an expression to look at, before bodies are let go.
const LOOKED_AT: usize = 32 << 20;

/// Some packets of a capture.
pub struct Excerpt {
    /// What the file is.
    pub subject: Subject,
    /// The packets' story, in which everything bears its number in the whole.
    pub story: Story,
    /// Whether the file ended before its end.
    pub damaged: bool,
}

/// Reads the capture twice: keeps the packets that are asked for, those of the same connections, and what belongs to none.
/// `None` if the reading was ended before all was found.
///
/// # Errors
/// If the capture cannot be read.
pub fn run(open: &Open, input: &Input, keys: &KeyLog) -> Result<Option<Excerpt>, Error> {
    let view = &open.view;
    let expression = view.filter.as_deref().map(crate::choice::read).transpose()?;
    // One packet alone has to do with no request's number.
    let requests = view.packet.is_none();
    let find = Find { packet: view.packet, connection: view.connection, filter: expression, requests };
    let mut found = Found::default();
    let Passed { split, damaged, .. } = look(input, keys, find, &mut found, false)?;
    found.requests.sort_unstable();
    if let Some(number) = view.request.filter(|_| view.connection.is_none()) {
        // Now it is known whose it is, and the next pass finds what belongs to it.
        let of = number.checked_sub(1).and_then(|at| found.requests.get(at));
        let connection = of.map(|(_, connection, _)| *connection as usize);
        let find = Find { connection: Some(connection.unwrap_or(0)), ..Find::default() };
        look(input, keys, find, &mut found, true)?;
    }
    if input.stop.pressed() {
        return Ok(None);
    }
    let file = input.excerpt(|number| found.packets.has(number))?;
    if input.stop.pressed() {
        return Ok(None);
    }
    let wanted: BTreeSet<u32> = found.connections.values().filter_map(|&number| u32::try_from(number).ok()).collect();
    let all = found.requests.len();
    let numbers = (1..).zip(&found.requests).filter(|(_, (_, connection, _))| wanted.contains(connection));
    let requests = numbers.map(|(number, _)| number).collect();
    let whole = Whole {
        epoch: found.epoch.unwrap_or(WallTime::from_unix_nanos(0)),
        packets: split.packets(),
        connections: found.connections,
        connections_in_all: split.connections(),
        requests,
        requests_in_all: all,
        search: found.search.into(),
        several: found.hosts.into_iter().filter(|(_, several)| *several).map(|(hosts, _)| hosts).collect(),
    };
    let subject = Subject::capture(&input.name(), &file, file.packets.len());
    let story = Story::from_excerpt(file, keys.clone(), whole);
    Ok(Some(Excerpt { subject, story, damaged }))
}

/// One pass that finds.
fn look(input: &Input, keys: &KeyLog, find: Find, into: &mut Found, again: bool) -> Result<Passed, Error> {
    let split = Split::new(Limits::default());
    let split = match (find.requests, &find.filter) {
        (false, _) => split.without_bytes(),
        (true, Some(_)) => split.keeping(LOOKED_AT),
        (true, None) => split.without_headers(),
    };
    let mut finder = Finder { find: Some(find), again, into };
    pass(input, keys.clone(), split, &mut finder)
}

/// What was found.
#[derive(Default)]
struct Found {
    packets: Bits,
    /// The numbers of connections, by their first packets.
    connections: BTreeMap<u32, usize>,
    /// All requests: when each began, its connection, and its place among those of all parts that were looked at.
    requests: Vec<(Instant, u32, u32)>,
    epoch: Option<WallTime>,
    /// Interfaces and hosts, and whether there is more than one connection between them.
    hosts: BTreeMap<(u32, IpAddr, IpAddr), bool>,
    search: Search,
}

/// Pairs of hosts that are remembered: it is for the words alone.
const MAX_HOSTS: usize = 100_000;

/// Takes what was found.
struct Finder<'a> {
    find: Option<Find>,
    again: bool,
    into: &'a mut Found,
}

impl Takes for Finder<'_> {
    fn wants(&mut self) -> Wants {
        Wants { find: self.find.take(), ..Wants::default() }
    }
    fn take(&mut self, digest: Digest) -> Result<(), Error> {
        let found = &mut *self.into;
        found.epoch.get_or_insert(digest.epoch);
        for wanted in digest.wanted {
            wanted.packets.into_iter().for_each(|number| found.packets.add(number));
            found.connections.extend(wanted.connections);
        }
        if !self.again {
            found.search.append(digest.search);
        }
        for hosts in digest.hosts.into_iter().filter(|_| !self.again) {
            let room = found.hosts.len() < MAX_HOSTS;
            match found.hosts.entry(hosts) {
                Entry::Occupied(mut known) => _ = known.insert(true),
                Entry::Vacant(new) if room => _ = new.insert(false),
                Entry::Vacant(_) => {}
            }
        }
        for (connection, request) in &digest.requests {
            let place = found.requests.len() as u32;
            let connection = connection.and_then(|number| u32::try_from(number).ok()).unwrap_or(u32::MAX);
            found.requests.push((request.start(), connection, place));
        }
        Ok(())
    }
    fn again(&self) -> bool {
        self.again
    }
}

/// A set of packets.
#[derive(Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn add(&mut self, number: u32) {
        let at = number as usize / 64;
        if self.0.len() <= at {
            self.0.resize(at + 1, 0);
        }
        if let Some(word) = self.0.get_mut(at) {
            *word |= 1 << (number % 64);
        }
    }
    fn has(&self, number: u64) -> bool {
        let word = usize::try_from(number / 64).ok().and_then(|at| self.0.get(at));
        word.is_some_and(|word| word >> (number % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_added() {
        let mut bits = Bits::default();
        [1, 63, 64, 1_000_000].into_iter().for_each(|number| bits.add(number));
        assert!([1, 63, 64, 1_000_000].into_iter().all(|number| bits.has(number)));
        assert!(![0, 2, 62, 65, 999_999, 1_000_001, u64::MAX].into_iter().any(|number| bits.has(number)));
    }
}
