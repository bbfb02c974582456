//! What `story` tells in shapes of its own, passed on as it is: machines, graphs, ways over hops, questions, the log, tours.

use std::collections::BTreeMap;
use std::str::FromStr;

use base::Instant;
use flow::ConversationId;
use serde::Serialize;
use story::compare::Digest;
use story::log::LogQuery;
use story::series::Window;

use super::packet::number;
use crate::api::{Code, Extra, Problem};
use crate::run::{Seen, Subject};

type Query = BTreeMap<String, String>;

/// Points of a series in one answer at most.
const MAX_POINTS: usize = 100_000;

fn told(value: &impl Serialize) -> Result<Extra, Problem> {
    serde_json::to_value(value).map(Extra).map_err(|error| Problem::new(Code::Internal, error.to_string()))
}

/// The number that a query gives as `name`.
fn given<T: FromStr>(query: &Query, name: &str) -> Result<Option<T>, Problem> {
    let Some(text) = query.get(name) else { return Ok(None) };
    let wrong = || Problem::new(Code::BadRequest, format!("`{text}` is not a number that fits")).input(text.as_str());
    text.parse().map(Some).map_err(|_| wrong().place(name))
}

/// The conversation of the connection that a query names by its place in the head's list; the main one's without.
fn connection(seen: &Seen, query: &Query) -> Result<ConversationId, Problem> {
    let connections = &seen.story.analysis().connections;
    let at = match given::<usize>(query, "connection")? {
        Some(at) => connections.get(at).map(|one| one.conversation),
        None => super::head::main_connection(&seen.story),
    };
    let none = || {
        let message = match connections.len() {
            0 => "there is no TCP connection here".to_owned(),
            n => format!("the connections are numbered 0 to {}", n - 1),
        };
        Problem::new(Code::NotAvailable, message).place("connection")
    };
    at.ok_or_else(none)
}

/// Both ends' machines at a moment (`at`) or with a packet (`packet`); without either, the drawing of the machine.
///
/// # Errors
/// If there is no such connection or packet.
pub fn machines(seen: &Seen, query: &Query) -> Result<Extra, Problem> {
    if let Some(text) = query.get("packet") {
        let none = || Problem::new(Code::NotAvailable, format!("packet {text} belongs to no TCP connection"));
        return told(&seen.story.machines_after(number(text)?).ok_or_else(none)?);
    }
    let Some(at) = given::<f64>(query, "at")? else { return told(&story::machines::drawing()) };
    let id = connection(seen, query)?;
    let none = || Problem::new(Code::NotAvailable, "there is no such TCP connection");
    told(&seen.story.machines(id, Instant::from_nanos(at as i64)).ok_or_else(none)?)
}

/// The graphs of a connection, from `from` to `to`, in at most `points` points a series.
///
/// # Errors
/// If there is no such connection.
pub fn series(seen: &Seen, query: &Query) -> Result<Extra, Problem> {
    let id = connection(seen, query)?;
    let all = Window::default();
    let window = Window {
        from: given::<f64>(query, "from")?.map_or(all.from, |ns| Instant::from_nanos(ns as i64)),
        to: given::<f64>(query, "to")?.map_or(all.to, |ns| Instant::from_nanos(ns as i64)),
        points: given(query, "points")?.unwrap_or(all.points).clamp(1, MAX_POINTS),
    };
    let none = || Problem::new(Code::NotAvailable, "there is no such TCP connection");
    told(&seen.story.graphs(id, window).ok_or_else(none)?)
}

/// The way of the packet with this number over its hops.
///
/// # Errors
/// If there is no such packet.
pub fn journey(seen: &Seen, text: &str) -> Result<Extra, Problem> {
    let packet = number(text)?;
    let none = || Problem::new(Code::UnknownPacket, format!("there is no packet {packet}")).input(text);
    told(&seen.story.journey(packet).ok_or_else(none)?)
}

/// The DNS questions, as a tree.
///
/// # Errors
/// None that the browser could bring about.
pub fn dns(seen: &Seen) -> Result<Extra, Problem> {
    told(&seen.story.questions_asked())
}

/// Rows of the log: `count` from row `from` on, or from a little before the moment `at`, of those that contain `q` and belong to `group`.
///
/// # Errors
/// If a number is none.
pub fn log(seen: &Seen, query: &Query) -> Result<Extra, Problem> {
    let text = |name: &str| query.get(name).map_or("", String::as_str);
    let wanted = LogQuery {
        from: given(query, "from")?.unwrap_or(0),
        at: given::<f64>(query, "at")?.map(|ns| Instant::from_nanos(ns as i64)),
        count: given(query, "count")?.unwrap_or(usize::MAX),
        text: text("q"),
        group: text("group"),
    };
    told(&seen.story.log(wanted))
}

/// The guided tour of the scenario that was run.
///
/// # Errors
/// If it has none.
pub fn tour(seen: &Seen, subject: &Subject) -> Result<Extra, Problem> {
    let name = subject.source.source.trim();
    let none = || Problem::new(Code::NotAvailable, format!("no tour leads through {name}")).input(name);
    told(&seen.story.tour(name).ok_or_else(none)?)
}

/// Questions that ask for a prediction.
///
/// # Errors
/// None that the browser could bring about.
pub fn questions(seen: &Seen) -> Result<Extra, Problem> {
    told(&seen.story.predictions())
}

/// Two runs compared.
///
/// # Errors
/// None that the browser could bring about.
pub fn comparison(a: &Digest, b: &Digest) -> Result<Extra, Problem> {
    told(&story::compare::compare(a, b))
}

/// What a server would answer to a path below the run; `None` if it is none of those above. For exports.
///
/// # Errors
/// Those of the answer.
pub fn answer(seen: &Seen, subject: &Subject, path: &str) -> Option<Result<Extra, Problem>> {
    let (name, parameters) = path.split_once('?').unwrap_or((path, ""));
    let pairs = parameters.split('&').filter_map(|pair| pair.split_once('='));
    let query: Query = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    match (name, name.strip_prefix("follow/")) {
        ("machines", _) => Some(machines(seen, &query)),
        ("series", _) => Some(series(seen, &query)),
        ("dns", _) => Some(dns(seen)),
        ("log", _) => Some(log(seen, &query)),
        ("tour", _) => Some(tour(seen, subject)),
        ("questions", _) => Some(questions(seen)),
        (_, Some(number)) => Some(journey(seen, number)),
        _ => None,
    }
}
