//! TCP's state machine as a drawing, from the table that the stack obeys.

use std::fmt::Write as _;

use wire::tcp::{State, TRANSITIONS, Transition};

const WIDTH: i32 = 940;
/// Half of a box.
const HALF: (f64, f64) = (62.0, 17.0);
const LINE: i32 = 13;

/// Where figure 5 of RFC 9293 has the states. CLOSED stands twice, as there: where connections begin, and where they end.
const PLACES: [(State, (i32, i32)); 11] = [
    (State::CLOSED, (470, 40)),
    (State::LISTEN, (330, 155)),
    (State::SYN_RECEIVED, (130, 270)),
    (State::SYN_SENT, (810, 270)),
    (State::ESTABLISHED, (470, 390)),
    (State::FIN_WAIT_1, (130, 510)),
    (State::CLOSE_WAIT, (810, 510)),
    (State::FIN_WAIT_2, (130, 640)),
    (State::CLOSING, (470, 640)),
    (State::LAST_ACK, (810, 640)),
    (State::TIME_WAIT, (470, 770)),
];
const END: (i32, i32) = (810, 770);

/// Where an arrow's box stands.
fn place(state: State, at_the_end: bool) -> (f64, f64) {
    let known = PLACES.iter().find(|&&(known, _)| known == state);
    let (x, y) = if at_the_end && state == State::CLOSED { END } else { known.map_or(END, |&(_, at)| at) };
    (f64::from(x), f64::from(y))
}

/// The point at which the way from `from`, moved aside by `aside`, leaves or enters the box at `to`.
fn border(from: (f64, f64), to: (f64, f64), aside: (f64, f64)) -> (f64, f64) {
    let reach = |way: f64, half: f64, aside: f64| {
        if way == 0.0 { f64::INFINITY } else { (half * way.signum() - aside) / way }
    };
    let (dx, dy) = (from.0 - to.0, from.1 - to.1);
    let scale = reach(dx, HALF.0, aside.0).min(reach(dy, HALF.1, aside.1));
    (to.0 + aside.0 + dx * scale, to.1 + aside.1 + dy * scale)
}

/// The machine as an SVG image: an arrow for each of figure 5's, what happens above what is done; below it the arrows that only
/// RFCs' texts have.
pub fn tcp_states_svg() -> String {
    let only_text: Vec<&Transition> = TRANSITIONS.iter().filter(|row| !row.in_figure).collect();
    let list_at = 840;
    let height = list_at + 24 + only_text.len().div_ceil(2) as i32 * LINE;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <title>TCP's states (RFC 9293 §3.3.2, figure 5)</title>\n\
         <defs><marker id=\"to\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">\
         <path d=\"M0 0 8 4 0 8z\"/></marker></defs>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    arrows(&mut out);
    for (state, at) in PLACES.iter().copied().chain([(State::CLOSED, END)]) {
        let (x, y) = (f64::from(at.0), f64::from(at.1));
        let _ = writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"4\" fill=\"white\" stroke=\"black\"/>\
             <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" font-weight=\"bold\">{state}</text>",
            x - HALF.0,
            y - HALF.1,
            HALF.0 * 2.0,
            HALF.1 * 2.0,
            y + 4.0,
        );
    }
    let _ =
        writeln!(out, "<text x=\"20\" y=\"{list_at}\" font-weight=\"bold\">What figure 5 leaves to the text</text>");
    for (i, row) in only_text.iter().enumerate() {
        let (column, line) = ((i % 2) as i32, (i / 2) as i32);
        let (x, y) = (20 + column * WIDTH / 2, list_at + 18 + line * LINE);
        let what = format!("{}: {} / {} → {} ({})", row.from, row.event.label(), row.action.label(), row.to, row.rfc);
        let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\">{what}</text>");
    }
    out.push_str("</svg>\n");
    out
}

/// The arrows of the figure. Several between the same two boxes share one line.
fn arrows(out: &mut String) {
    let figure: Vec<&Transition> = TRANSITIONS.iter().filter(|row| row.in_figure).collect();
    // Above all lines.
    let mut labels = String::new();
    let same = |a: &Transition, b: &Transition| (a.from, a.to) == (b.from, b.to);
    for (i, row) in figure.iter().enumerate() {
        if figure[..i].iter().any(|other| same(other, row)) {
            continue;
        }
        let rows: Vec<&&Transition> = figure.iter().filter(|other| same(other, row)).collect();
        let ends = matches!(row.from, State::TIME_WAIT | State::LAST_ACK);
        let (from, to) = (place(row.from, false), place(row.to, ends));
        // Two ways between the same boxes run side by side.
        let back = figure.iter().any(|other| (other.from, other.to) == (row.to, row.from));
        let length = ((to.0 - from.0).powi(2) + (to.1 - from.1).powi(2)).sqrt();
        let aside = if back { 11.0 } else { 0.0 };
        let shift = ((from.1 - to.1) / length * aside, (to.0 - from.0) / length * aside);
        let ((x1, y1), (x2, y2)) = (border(to, from, shift), border(from, to, shift));
        let _ = writeln!(
            out,
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"black\" marker-end=\"url(#to)\"/>"
        );
        // The label on the outer side of the line.
        let side = if shift.0 > 1.0 {
            "start"
        } else if shift.0 < -1.0 {
            "end"
        } else {
            "middle"
        };
        let along = if back { 0.46 } else { 0.5 };
        let (x, mut y) = (x1 + (x2 - x1) * along + shift.0 / 2.0, y1 + (y2 - y1) * along - 3.0 + shift.1);
        for label in rows {
            for text in [label.event.label(), label.action.label()] {
                let _ = writeln!(
                    labels,
                    "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{side}\" stroke=\"white\" stroke-width=\"4\" \
                     paint-order=\"stroke\">{text}</text>"
                );
                y += f64::from(LINE);
            }
        }
    }
    out.push_str(&labels);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawing_in_the_documents_is_of_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/tcp-states.svg");
        let drawn = tcp_states_svg();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &drawn).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(kept == drawn, "docs/tcp-states.svg is not of the table: run this test with UPDATE_DOCS=1");
    }

    #[test]
    fn every_state_has_a_place_and_every_arrow_a_line() {
        let drawn = tcp_states_svg();
        for row in TRANSITIONS {
            assert!(PLACES.iter().any(|&(state, _)| state == row.from) && drawn.contains(row.event.label()), "{row:?}");
        }
    }
}
