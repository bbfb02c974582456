//! TCP's state machine as text, from the table that the stack obeys.

use std::fmt::Write as _;

use wire::tcp::{State, TRANSITIONS, Transition};

/// The ways into and out of a state, a line each: what happens / what is done, and the other state.
pub fn machine(state: State) -> String {
    let mut out = String::new();
    let list = |out: &mut String, title: &str, rows: &mut dyn Iterator<Item = &'static Transition>, into: bool| {
        let mut first = true;
        for row in rows {
            if std::mem::take(&mut first) {
                let _ = writeln!(out, "{title}");
            }
            let other = if into { row.from } else { row.to };
            let arrow = if into { "from" } else { "to" };
            let what = format!("{} / {}", row.event.label(), row.action.label());
            let _ = writeln!(out, "  {what:<36} {arrow} {:<12}  {}", other.to_string(), row.rfc);
        }
    };
    list(&mut out, "Ways in:", &mut TRANSITIONS.iter().filter(|row| row.to == state), true);
    list(&mut out, "Ways out:", &mut TRANSITIONS.iter().filter(|row| row.from == state), false);
    out
}

/// The whole machine, state by state: every arrow of RFC 9293's figure 5, and, marked with `+`, those that only its text
/// has.
pub fn figure() -> String {
    let mut out = String::new();
    let mut last = None;
    for row in TRANSITIONS {
        if last != Some(row.from) {
            let _ = writeln!(out, "{}", row.from);
            last = Some(row.from);
        }
        let what = format!("{} / {}", row.event.label(), row.action.label());
        let mark = if row.in_figure { ' ' } else { '+' };
        let _ = writeln!(out, " {mark} {what:<38} -> {}", row.to);
    }
    out
}
