//! What packets behind a gap take of the receive buffer. Each arrival costs a search, whatever waits: the other side chooses the
//! numbers, and would otherwise choose those that cost the most.

use std::collections::{BTreeMap, BTreeSet};

use super::Charge;

/// The packets that wait behind a gap. They may overlap, but each brought something that was not there.
#[derive(Clone, Debug, Default)]
pub(super) struct Behind {
    by_start: BTreeMap<u64, Charge>,
    /// End and start of each.
    by_end: BTreeSet<(u64, u64)>,
}

impl Behind {
    /// As many bytes from `start` to `end` share the buffer of the packet that ends where they begin, if it has room (Linux
    /// `tcp_ooo_try_coalesce`). Whether they do.
    pub(super) fn extend(&mut self, start: u64, end: u64, len: u32) -> bool {
        let Some(&key) = self.by_end.range((start, 0)..=(start, u64::MAX)).next() else { return false };
        let Some(before) = self.by_start.get_mut(&key.1).filter(|before| before.room >= len) else { return false };
        (before.end, before.room) = (end, before.room - len);
        self.by_end.remove(&key);
        self.by_end.insert((end, key.1));
        true
    }

    /// Keeps a packet; those behind it that it covers are no longer needed (Linux `tcp_data_queue_ofo`: up to the first that reaches
    /// beyond it). Gives the memory that they took.
    pub(super) fn insert(&mut self, charge: Charge) -> u64 {
        let mut given_back = 0;
        while let Some((&start, held)) = self.by_start.range(charge.start..charge.end).next() {
            if held.end > charge.end {
                break;
            }
            given_back += u64::from(held.memory);
            self.by_end.remove(&(held.end, start));
            self.by_start.remove(&start);
        }
        self.by_end.insert((charge.end, charge.start));
        if let Some(held) = self.by_start.insert(charge.start, charge) {
            given_back += u64::from(held.memory);
            self.by_end.remove(&(held.end, charge.start));
        }
        given_back
    }

    /// Takes out the first of those that end before `received`, or there.
    pub(super) fn pop_before(&mut self, received: u64) -> Option<Charge> {
        let &(end, start) = self.by_end.first().filter(|&&(end, _)| end <= received)?;
        self.by_end.remove(&(end, start));
        self.by_start.remove(&start)
    }

    /// Takes out the one that reaches farthest, if it begins behind `number`; and where those that are left end.
    pub(super) fn pop_last(&mut self, number: u64) -> Option<(Charge, u64)> {
        let &(end, start) = self.by_end.last().filter(|&&(_, start)| start > number)?;
        self.by_end.remove(&(end, start));
        let charge = self.by_start.remove(&start)?;
        Some((charge, self.by_end.last().map_or(0, |&(end, _)| end)))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        debug_assert_eq!(self.by_start.len(), self.by_end.len());
        self.by_start.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same by looking at all of them each time.
    #[derive(Default)]
    struct Plain(Vec<Charge>);

    impl Plain {
        fn extend(&mut self, start: u64, end: u64, len: u32) -> bool {
            let found = self.0.iter_mut().filter(|held| held.end == start).min_by_key(|held| held.start);
            let Some(held) = found.filter(|held| held.room >= len) else { return false };
            (held.end, held.room) = (end, held.room - len);
            true
        }
        fn insert(&mut self, new: Charge) -> u64 {
            let covered = |held: &Charge| new.start <= held.start && held.end <= new.end;
            let given_back = self.0.iter().filter(|held| covered(held)).map(|held| u64::from(held.memory)).sum();
            self.0.retain(|held| !covered(held));
            self.0.push(new);
            given_back
        }
    }

    proptest! {
        /// Whatever arrives, the same is charged as by looking at all; only new bytes come here.
        #[test]
        fn as_by_looking_at_all(packets in proptest::collection::vec((1u64..400, 1u64..40), 1..60)) {
            let (mut fast, mut plain) = (Behind::default(), Plain::default());
            let mut there = [false; 500];
            for (start, len) in packets {
                let end = start + len;
                if (start..end).all(|at| there[at as usize]) {
                    continue;
                }
                (start..end).for_each(|at| there[at as usize] = true);
                let room = if start % 3 == 0 { 50 } else { 0 };
                let charge = Charge { start, end, memory: 1000 + len as u32, room };
                // What shares a buffer may cover others without giving them back, as on Linux; that is left out here.
                let alone = plain.0.iter().all(|held| held.end <= start || held.start >= end);
                if alone {
                    let shares = fast.extend(start, end, len as u32);
                    prop_assert_eq!(shares, plain.extend(start, end, len as u32));
                    if shares {
                        continue;
                    }
                }
                prop_assert_eq!(fast.insert(charge), plain.insert(charge));
                prop_assert_eq!(fast.len(), plain.0.len());
            }
            plain.0.sort_by_key(|held| (held.end, held.start));
            for held in plain.0 {
                let popped = fast.pop_before(500).map(|charge| (charge.start, charge.end, charge.memory));
                prop_assert_eq!(popped, Some((held.start, held.end, held.memory)));
            }
            prop_assert!(fast.pop_before(500).is_none());
        }
    }
}
