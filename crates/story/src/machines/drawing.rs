//! The state machine as a drawing: boxes and arrows, laid out like figure 5 of RFC 9293, made from the one table of transitions.

use serde::Serialize;
use wire::tcp::{State, TRANSITIONS, Transition};

/// The drawing. Coordinates are in units of which a letter is about seven wide; y grows downward.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Drawing {
    /// How wide it is.
    pub width: i32,
    /// How high it is.
    pub height: i32,
    /// The boxes.
    pub states: Vec<StateBox>,
    /// The arrows, in the order of the table.
    pub transitions: Vec<Arrow>,
}

/// A state's box.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct StateBox {
    /// The state's code.
    pub code: u8,
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub line: &'static str,
    /// Where it is defined.
    pub rfc: &'static str,
    /// The column (0 to 2) of the grid in which it stands.
    pub x: i32,
    /// The row (0 to 6).
    pub y: i32,
    /// The middle of the box in the drawing.
    pub at: [i32; 2],
    /// Its width and height.
    pub size: [i32; 2],
}

/// A transition's arrow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Arrow {
    /// The code of the state before.
    pub from: u8,
    /// The code of the state after.
    pub to: u8,
    /// What happens, as the RFC's figure writes it.
    pub event: &'static str,
    /// What is done.
    pub action: &'static str,
    /// All of it in a sentence.
    pub line: String,
    /// Where the rule stands.
    pub rfc: &'static str,
    /// Whether the RFC's figure draws it; the others stand in its text alone, and are best drawn only when they are taken.
    pub in_figure: bool,
    /// A line with corners, from the border of one box to that of the other.
    pub path: Vec<[i32; 2]>,
    /// Where its label's middle belongs.
    pub label: [i32; 2],
}

const SIZE: [i32; 2] = [144, 34];
/// The middle of the first box, and how far columns and rows are apart.
const ORIGIN: [i32; 2] = [90, 26];
const STEP: [i32; 2] = [230, 66];
/// How far two arrows between the same boxes keep from the straight line.
const APART: i32 = 9;
/// Where the boxes stand, by column and row, as in the figure; the figure's second box for CLOSED is the first.
const PLACES: [(State, [i32; 2]); 11] = [
    (State::CLOSED, [1, 0]),
    (State::LISTEN, [1, 1]),
    (State::SYN_RECEIVED, [0, 2]),
    (State::SYN_SENT, [2, 2]),
    (State::ESTABLISHED, [1, 3]),
    (State::FIN_WAIT_1, [0, 4]),
    (State::CLOSE_WAIT, [2, 4]),
    (State::FIN_WAIT_2, [0, 5]),
    (State::CLOSING, [1, 5]),
    (State::LAST_ACK, [2, 5]),
    (State::TIME_WAIT, [1, 6]),
];
/// The right margin, in which the arrows from the end back to CLOSED run.
const MARGIN: i32 = 634;

/// The state machine of RFC 9293.
pub fn drawing() -> Drawing {
    let states = PLACES.iter().map(|&(state, [x, y])| {
        let code = State::CODES.iter().find(|code| code.value == u64::from(state.0));
        let (line, rfc) = code.map_or(("", ""), |code| (code.line, code.rfc));
        let name = state.name().unwrap_or_default();
        StateBox { code: state.0, name, line, rfc, x, y, at: middle(state), size: SIZE }
    });
    let transitions = TRANSITIONS.iter().map(|row| {
        let path = path(row);
        let (from, to) = (row.from.name().unwrap_or_default(), row.to.name().unwrap_or_default());
        let done = if row.action.label() == "x" { "nothing is done" } else { row.action.label() };
        Arrow {
            from: row.from.0,
            to: row.to.0,
            event: row.event.label(),
            action: row.action.label(),
            line: format!("in {from}, on {}: {done}; then {to}", row.event.label()),
            rfc: row.rfc,
            in_figure: row.in_figure,
            label: label(&path),
            path,
        }
    });
    Drawing {
        width: 660,
        height: 2 * ORIGIN[1] + 6 * STEP[1],
        states: states.collect(),
        transitions: transitions.collect(),
    }
}

fn middle(state: State) -> [i32; 2] {
    let cell = PLACES.iter().find(|(other, _)| *other == state).map_or([0, 0], |(_, cell)| *cell);
    [ORIGIN[0] + STEP[0] * cell[0], ORIGIN[1] + STEP[1] * cell[1]]
}

/// The arrow of a transition: straight, but for those that lead from the end back to the beginning.
fn path(row: &Transition) -> Vec<[i32; 2]> {
    let (from, to) = (middle(row.from), middle(row.to));
    let around = match (row.in_figure && row.to == State::CLOSED, row.from) {
        (true, State::LAST_ACK) => MARGIN,
        (true, State::TIME_WAIT) => MARGIN + 16,
        _ => return straight(from, to, lane(row)).to_vec(),
    };
    let (right, top) = (SIZE[0] / 2, to[1] - (around - MARGIN) / 2 + 4);
    vec![[from[0] + right, from[1]], [around, from[1]], [around, top], [to[0] + right, top]]
}

/// The middle of a path's longest part.
fn label(path: &[[i32; 2]]) -> [i32; 2] {
    let parts = path.iter().zip(path.iter().skip(1));
    let length = |(a, b): &(&[i32; 2], &[i32; 2])| (a[0] - b[0]).abs() + (a[1] - b[1]).abs();
    parts.max_by_key(length).map_or([0, 0], |(a, b)| [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2])
}

/// How far to its right an arrow runs from the straight line: the figure's arrows there and back keep apart.
fn lane(row: &Transition) -> i32 {
    let back = |other: &&Transition| other.in_figure && (other.to, other.from) == (row.from, row.to);
    if row.in_figure && TRANSITIONS.iter().any(|other| back(&other)) { APART } else { 0 }
}

/// The line from box to box, moved to its right by `by`, without the parts inside the boxes.
fn straight(from: [i32; 2], to: [i32; 2], by: i32) -> [[i32; 2]; 2] {
    let d = [to[0] - from[0], to[1] - from[1]];
    let length = d[0].unsigned_abs().pow(2) + d[1].unsigned_abs().pow(2);
    let length = i32::try_from(length.isqrt()).unwrap_or(1).max(1);
    let off = [-d[1] * by / length, d[0] * by / length];
    let (a, b) = ([from[0] + off[0], from[1] + off[1]], [to[0] + off[0], to[1] + off[1]]);
    [border(a, from, d), border(b, to, [-d[0], -d[1]])]
}

/// Where the ray from `start` (inside the box around `middle`) in direction `d` leaves the box.
fn border(start: [i32; 2], middle: [i32; 2], d: [i32; 2]) -> [i32; 2] {
    // Each axis in thousandths of d: the smaller one is where the ray meets the border.
    let until = |axis: usize| {
        let half = SIZE[axis] / 2;
        let edge = if d[axis] < 0 { middle[axis] - half } else { middle[axis] + half };
        if d[axis] == 0 { i32::MAX } else { ((edge - start[axis]) * 1000 / d[axis]).max(0) }
    };
    let t = until(0).min(until(1)).min(1000);
    [start[0] + d[0] * t / 1000, start[1] + d[1] * t / 1000]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_arrow_leads_from_its_box_to_its_box() {
        let drawing = drawing();
        assert_eq!(drawing.transitions.len(), TRANSITIONS.len());
        assert_eq!(drawing.states.len(), State::CODES.len());
        let touches = |point: Option<&[i32; 2]>, code: u8| {
            let state = drawing.states.iter().find(|state| state.code == code);
            point.zip(state).is_some_and(|(point, state)| {
                let off = [(point[0] - state.at[0]).abs(), (point[1] - state.at[1]).abs()];
                off[0] <= state.size[0] / 2 + 2 && off[1] <= state.size[1] / 2 + 2
            })
        };
        for arrow in &drawing.transitions {
            assert!(touches(arrow.path.first(), arrow.from) && touches(arrow.path.last(), arrow.to), "{arrow:?}");
            assert_ne!(arrow.path.first(), arrow.path.last(), "{arrow:?}");
            for point in &arrow.path {
                assert!(
                    (0..=drawing.width).contains(&point[0]) && (0..=drawing.height).contains(&point[1]),
                    "{arrow:?}"
                );
            }
        }
    }

    #[test]
    fn no_two_boxes_and_no_two_arrows_of_the_figure_lie_on_each_other() {
        let drawing = drawing();
        for (i, a) in drawing.states.iter().enumerate() {
            for b in &drawing.states[i + 1..] {
                let off = [(a.at[0] - b.at[0]).abs(), (a.at[1] - b.at[1]).abs()];
                assert!(off[0] > a.size[0] || off[1] > a.size[1], "{} and {}", a.name, b.name);
            }
        }
        let drawn = || drawing.transitions.iter().filter(|arrow| arrow.in_figure);
        let paths: std::collections::BTreeSet<_> = drawn().map(|arrow| &arrow.path).collect();
        assert_eq!(paths.len(), drawn().count());
    }
}
