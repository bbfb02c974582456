//! What is due, and when: a queue of future happenings, by time.

use crate::Instant;

/// How many children an entry of the heap has: four lie side by side in memory, and the heap is half as high as with two.
const CHILDREN: usize = 4;

/// Everything that is due, by time, and at one time by ticket. Tickets are given by whoever puts things in, each once: so the
/// order is total, and does not depend on how the queue keeps it.
#[derive(Clone, Debug)]
pub struct Schedule<T> {
    /// A heap: no entry is due after its children.
    heap: Vec<Entry<T>>,
}

/// Something that is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry<T> {
    /// When; not before zero.
    pub at: Instant,
    /// Which of those that are due at one time is first.
    pub ticket: u64,
    /// What.
    pub due: T,
}

impl<T> Entry<T> {
    /// Time and ticket as one number: one comparison, not two.
    #[inline]
    fn key(&self) -> u128 {
        u128::from(self.at.as_nanos() as u64) << 64 | u128::from(self.ticket)
    }
}

impl<T> Default for Schedule<T> {
    fn default() -> Schedule<T> {
        Schedule { heap: Vec::new() }
    }
}

impl<T: Copy> Schedule<T> {
    /// What is due next.
    #[inline]
    pub fn first(&self) -> Option<&Entry<T>> {
        self.heap.first()
    }

    /// How much is planned.
    #[allow(clippy::len_without_is_empty)] // whether there is anything says `first`
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Adds something.
    pub fn push(&mut self, entry: Entry<T>) {
        let mut hole = self.heap.len();
        self.heap.push(entry);
        while hole > 0 {
            let parent = (hole - 1) / CHILDREN;
            if self.heap[parent].key() <= entry.key() {
                break;
            }
            self.heap[hole] = self.heap[parent];
            hole = parent;
        }
        self.heap[hole] = entry;
    }

    /// Takes what is due next off.
    pub fn pop(&mut self) -> Option<Entry<T>> {
        let first = self.heap.first().copied();
        self.replace_first(None);
        first
    }

    /// Takes what is due next off, putting `next` in its stead where there is one: one pass through the heap, not two.
    #[inline]
    pub fn replace_first(&mut self, next: Option<Entry<T>>) {
        if self.heap.is_empty() {
            self.heap.extend(next);
        } else if let Some(entry) = next.or_else(|| self.heap.pop()) {
            self.sift_down(entry);
        }
    }

    /// The first place is free: what is due before `entry` moves up until there is a place for it.
    fn sift_down(&mut self, entry: Entry<T>) {
        let heap = &mut self.heap[..];
        let mut hole = 0;
        loop {
            let first = hole * CHILDREN + 1;
            let Some(children) = heap.get(first..) else { break };
            let least = match children.first_chunk::<CHILDREN>() {
                Some(four) => {
                    let left = usize::from(four[1].key() < four[0].key());
                    let right = 2 + usize::from(four[3].key() < four[2].key());
                    first + if four[right].key() < four[left].key() { right } else { left }
                }
                None => {
                    let few = children.iter().enumerate();
                    let Some((least, _)) = few.min_by_key(|(_, entry)| entry.key()) else { break };
                    first + least
                }
            };
            if entry.key() <= heap[least].key() {
                break;
            }
            heap[hole] = heap[least];
            hole = least;
        }
        // Empty: the one that was taken off was the only one, and is the entry itself.
        if let Some(place) = heap.get_mut(hole) {
            *place = entry;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seed;

    #[test]
    fn by_time_then_by_ticket() {
        let mut schedule = Schedule::default();
        for (ticket, (ms, due)) in [(5, 'a'), (1, 'b'), (5, 'c'), (1, 'd'), (0, 'e')].into_iter().enumerate() {
            schedule.push(Entry { at: Instant::from_millis(ms), ticket: ticket as u64, due });
        }
        let order: String = std::iter::from_fn(|| schedule.pop()).map(|entry| entry.due).collect();
        assert_eq!(order, "ebdac");
    }

    #[test]
    fn the_first_can_be_replaced() {
        let entry = |ms, due| Entry { at: Instant::from_millis(ms), ticket: due, due };
        let mut schedule = Schedule::default();
        schedule.replace_first(None);
        schedule.replace_first(Some(entry(1, 0)));
        schedule.push(entry(2, 1));
        schedule.replace_first(Some(entry(3, 2)));
        assert_eq!(schedule.first(), Some(&entry(2, 1)));
        schedule.replace_first(None);
        assert_eq!(schedule.first(), Some(&entry(3, 2)));
        schedule.replace_first(None);
        assert_eq!(schedule.first(), None);
    }

    #[test]
    fn it_gives_what_a_sorted_list_gives() {
        let mut rng = Seed(7).stream("schedule");
        let (mut schedule, mut list) = (Schedule::default(), Vec::new());
        for ticket in 0..5000 {
            let entry = Entry { at: Instant::from_nanos(rng.below(1000) as i64), ticket, due: ticket };
            match rng.below(5) {
                0 | 1 => {
                    schedule.push(entry);
                    list.push(entry);
                }
                2 => {
                    assert_eq!(schedule.pop(), (!list.is_empty()).then(|| list.remove(0)));
                }
                _ => {
                    schedule.replace_first(Some(entry));
                    list.drain(..list.len().min(1));
                    list.push(entry);
                }
            }
            list.sort_by_key(|entry| (entry.at, entry.ticket));
            assert_eq!(schedule.first(), list.first());
        }
    }
}
