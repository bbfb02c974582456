//! What is open while a capture passes: pairs of ends, let go when they are over or have been silent for long.

use std::collections::VecDeque;

use base::{Duration, Instant, Map};

use crate::conversation::Key;

/// How long a connection that is over is kept for what still comes: a last acknowledgment, a FIN sent again.
const LINGER: Duration = Duration::from_secs(1);
/// Connections that are kept for that reason at one time.
const MAX_LINGERING: usize = 1_024;
/// Packets that they may have together: what is kept of a long connection is much.
const MAX_LINGERING_PACKETS: usize = 25_000;
/// How long nothing may be heard of a connection before it is given up: NATs forget it then (RFC 5382 §5 asks them for two
/// hours and four minutes at least, most of those in use wait far less; keep-alives come every two hours).
const IDLE: Duration = Duration::from_secs(2 * 3600 + 4 * 60);
/// The same of UDP (RFC 4787 §4.3: two minutes at least).
const IDLE_UDP: Duration = Duration::from_secs(120);
/// Pairs of ends that are open at one time. For one more, one that has been silent for long is given up.
pub(crate) const MAX_OPEN: usize = 100_000;
/// Pairs that are looked at for the one to be given up.
const LOOKED_AT: usize = 8;

/// What is kept of a pair of ends.
pub(crate) trait Pair {
    /// Whether nothing but what is late can follow.
    fn over(&self, key: &Key) -> bool;
    /// Whether it is UDP.
    fn udp(&self) -> bool;
    /// Packets of which something is kept.
    fn weight(&self) -> usize;
    /// Gives back room that is not needed where little more will come.
    fn shrink(&mut self) {}
    /// When it was heard of last, and whether it is kept only for what may still come.
    fn kept(&mut self) -> &mut Kept;
}

/// Gives back most of a list's room that is not used, where that is much.
pub(crate) fn shrink<T>(list: &mut Vec<T>) {
    let room = list.len() + list.len() / 16 + 4;
    if list.capacity() > room + room / 4 {
        list.shrink_to(room);
    }
}

/// What [`Open`] keeps of a pair.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kept {
    last_at: Instant,
    lingering: bool,
}

/// All pairs of ends that are open.
#[derive(Debug)]
pub(crate) struct Open<P> {
    pairs: Map<Key, Box<P>>,
    /// Those that are over, by when they came to be so, with their weights then.
    lingering: VecDeque<(Instant, Key, usize)>,
    lingering_packets: usize,
    /// All that are open, in the order in which they are looked at for having fallen silent.
    watched: VecDeque<Key>,
    most: usize,
    now: Instant,
    packets: u32,
    given_up: u64,
}

impl<P: Pair> Open<P> {
    /// Nothing yet; at most `most` at one time.
    pub fn new(most: usize) -> Open<P> {
        Open {
            pairs: Map::default(),
            lingering: VecDeque::new(),
            lingering_packets: 0,
            watched: VecDeque::new(),
            most,
            now: Instant::ZERO,
            packets: 0,
            given_up: 0,
        }
    }

    /// The latest moment so far.
    pub fn now(&self) -> Instant {
        self.now
    }
    /// How many are open.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }
    /// Pairs that were given up although they were not over: too many were open, or they had been silent for hours.
    pub fn given_up(&self) -> u64 {
        self.given_up
    }
    pub fn contains(&self, key: &Key) -> bool {
        self.pairs.contains_key(key)
    }
    pub fn get_mut(&mut self, key: &Key) -> Option<&mut P> {
        self.pairs.get_mut(key).map(|pair| &mut **pair)
    }
    pub fn values(&self) -> impl Iterator<Item = &P> {
        self.pairs.values().map(|pair| &**pair)
    }

    /// A packet passes at `at`: lets those go that have been over for long enough, or silent.
    pub fn passes(&mut self, at: Instant, let_go: &mut VecDeque<P>) {
        // A clock that was set back makes nothing older.
        self.now = self.now.max(at);
        self.packets = self.packets.wrapping_add(1);
        while let Some(&(since, key, weight)) = self.lingering.front()
            && (self.lingering.len() > MAX_LINGERING
                || self.lingering_packets > MAX_LINGERING_PACKETS
                || self.now.since(since) > LINGER)
        {
            self.lingering.pop_front();
            self.lingering_packets = self.lingering_packets.saturating_sub(weight);
            // Meanwhile a new connection may have been opened between the same ports.
            match self.pairs.get_mut(&key) {
                Some(pair) if pair.over(&key) => let_go.extend(self.pairs.remove(&key).map(|pair| *pair)),
                Some(pair) => pair.kept().lingering = false,
                None => {}
            }
        }
        if self.packets.is_multiple_of(4)
            && let Some(key) = self.watched.pop_front()
            && let Some(pair) = self.pairs.get_mut(&key)
        {
            let (udp, last_at) = (pair.udp(), pair.kept().last_at);
            if self.now.since(last_at) > if udp { IDLE_UDP } else { IDLE } {
                self.given_up += u64::from(!udp);
                let_go.extend(self.pairs.remove(&key).map(|pair| *pair));
            } else {
                self.watched.push_back(key);
            }
        }
    }

    /// The pair that a packet belongs to, which `new` makes if it is not there.
    pub fn heard(&mut self, key: Key, new: impl FnOnce() -> P) -> &mut P {
        let watched = &mut self.watched;
        let pair = self.pairs.entry(key).or_insert_with(|| {
            watched.push_back(key);
            Box::new(new())
        });
        pair.kept().last_at = self.now;
        pair
    }

    /// A packet was taken in: keeps account of what is over, and gives one up where there are too many.
    pub fn taken(&mut self, key: &Key, let_go: &mut VecDeque<P>) {
        if let Some(pair) = self.pairs.get_mut(key)
            && pair.over(key)
            && !std::mem::replace(&mut pair.kept().lingering, true)
        {
            pair.shrink();
            let weight = pair.weight();
            self.lingering_packets += weight;
            self.lingering.push_back((self.now, *key, weight));
        }
        if self.pairs.len() > self.most {
            self.give_up_one(let_go);
        }
    }

    /// All that is still open, in no order.
    pub fn take_all(&mut self) -> Vec<P> {
        std::mem::take(&mut self.pairs).into_values().map(|pair| *pair).collect()
    }

    /// Gives up the one that has been silent longest among some.
    fn give_up_one(&mut self, let_go: &mut VecDeque<P>) {
        let mut silent: Option<(Instant, Key)> = None;
        for _ in 0..LOOKED_AT {
            let Some(key) = self.watched.pop_front() else { break };
            let Some(pair) = self.pairs.get_mut(&key) else { continue };
            let last_at = pair.kept().last_at;
            if silent.is_none_or(|(at, _)| last_at < at) {
                silent = Some((last_at, key));
            }
            self.watched.push_back(key);
        }
        if let Some((_, key)) = silent {
            self.given_up += 1;
            let_go.extend(self.pairs.remove(&key).map(|pair| *pair));
        }
    }
}
