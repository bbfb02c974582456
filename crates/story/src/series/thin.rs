//! Points of a series, and leaving out those that would not be seen.

use base::Instant;

use super::Window;

/// Columns of points.
#[derive(Clone, Default, Debug)]
pub(super) struct Points {
    pub at: Vec<i64>,
    pub value: Vec<i64>,
    pub value_to: Option<Vec<i64>>,
    pub packet: Option<Vec<u32>>,
}

impl Points {
    /// A point at `at`, if it lies in the window.
    pub fn add(&mut self, window: Window, at: Instant, value: i64) {
        if (window.from..=window.to).contains(&at) {
            self.at.push(at.as_nanos());
            self.value.push(value);
        }
    }
    /// As [`Points::add`], for a point that is a packet. All points of a series must be of one sort.
    pub fn add_packet(&mut self, window: Window, at: Instant, value: i64, packet: u32) {
        if (window.from..=window.to).contains(&at) {
            self.add(window, at, value);
            self.packet.get_or_insert_default().push(packet);
        }
    }
    /// A bar of a packet.
    pub fn add_bar(&mut self, window: Window, at: Instant, (from, to): (i64, i64), packet: u32) {
        if (window.from..=window.to).contains(&at) {
            self.add_packet(window, at, from, packet);
            self.value_to.get_or_insert_default().push(to);
        }
    }
    /// A step line: each value holds until the next. The one that holds when the window begins stands at its beginning.
    pub fn steps(window: Window, values: impl Iterator<Item = (Instant, i64)>) -> Points {
        let mut points = Points::default();
        let mut before = None;
        for (at, value) in values {
            if at < window.from {
                before = Some(value);
                continue;
            }
            if let Some(value) = before.take() {
                points.add(window, window.from, value);
            }
            // Of several values at one moment the last holds.
            if points.at.last() == Some(&at.as_nanos()) {
                points.value.pop();
                points.at.pop();
            }
            points.add(window, at, value);
        }
        if let Some(value) = before {
            points.add(window, window.from, value);
        }
        points
    }

    /// At most about `limit` points, and how many were left out. Of each stretch the first, the lowest, the highest and the last
    /// stay, so that the outline does.
    pub fn thinned(self, limit: usize) -> (Points, usize) {
        let n = self.at.len();
        if n <= limit.max(4) {
            return (self, 0);
        }
        let stretch = (n * 4).div_ceil(limit.max(4));
        let mut kept: Vec<usize> = Vec::with_capacity(limit);
        for from in (0..n).step_by(stretch) {
            let to = (from + stretch).min(n);
            let lowest = (from..to).min_by_key(|&i| self.value[i]).unwrap_or(from);
            let highest = (from..to).max_by_key(|&i| self.value[i]).unwrap_or(from);
            let mut of_stretch = [from, lowest, highest, to - 1];
            of_stretch.sort_unstable();
            kept.extend(of_stretch);
        }
        kept.dedup();
        let left_out = n - kept.len();
        let pick = |column: &[i64]| kept.iter().filter_map(|&i| column.get(i).copied()).collect::<Vec<i64>>();
        let points = Points {
            at: pick(&self.at),
            value: pick(&self.value),
            value_to: self.value_to.as_deref().map(pick),
            packet: self.packet.as_deref().map(|column| kept.iter().filter_map(|&i| column.get(i).copied()).collect()),
        };
        (points, left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_survives_thinning() {
        let mut points = Points::default();
        for i in 0..10_000 {
            let value = if i == 7_777 { 1_000_000 } else { i % 10 };
            points.add(Window::default(), Instant::from_nanos(i), value);
        }
        let (thin, left_out) = points.thinned(100);
        assert!(thin.at.len() <= 104, "{}", thin.at.len());
        assert_eq!(thin.at.len() + left_out, 10_000);
        assert_eq!(thin.value.iter().max(), Some(&1_000_000));
        assert!(thin.at.is_sorted() && thin.at.first() == Some(&0) && thin.at.last() == Some(&9_999));
    }

    #[test]
    fn a_step_that_began_before_the_window_is_there_when_it_begins() {
        let window = Window { from: Instant::from_nanos(50), to: Instant::from_nanos(100), points: 100 };
        let values = [(10, 1), (40, 2), (60, 3), (60, 4), (200, 5)];
        let steps = Points::steps(window, values.into_iter().map(|(at, value)| (Instant::from_nanos(at), value)));
        assert_eq!((steps.at, steps.value), (vec![50, 60], vec![2, 4]));
        let after = Window { from: Instant::from_nanos(300), ..Window::default() };
        let steps = Points::steps(after, values.into_iter().map(|(at, value)| (Instant::from_nanos(at), value)));
        assert_eq!((steps.at, steps.value), (vec![300], vec![5]));
    }
}
