//! Packets chosen: by an expression, a connection, a request.

use std::fmt;

use base::Instant;
use flow::ConversationId;
use story::Story;

use crate::Filter;
use crate::packet::{Context, Seen};

/// Which packets are meant: those that satisfy all that is given.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// An expression.
    pub filter: Option<Filter>,
    /// A TCP connection by its number, from 1 in order of first packets.
    pub connection: Option<usize>,
    /// A request by its number, from 1 in order of time.
    pub request: Option<usize>,
}

/// Why nothing can be selected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SelectError {
    /// There is no connection with this number; so many there are.
    NoConnection(usize, usize),
    /// There is no request with this number; so many there are.
    NoRequest(usize, usize),
}

impl SelectError {
    /// What can be asked for.
    pub fn remedy(&self) -> String {
        let (what, count) = match self {
            SelectError::NoConnection(_, count) => ("connection", count),
            SelectError::NoRequest(_, count) => ("request", count),
        };
        match count {
            0 => format!("there is no {what} at all"),
            1 => format!("there is one {what}, number 1"),
            n => format!("the {what}s are numbered 1 to {n}"),
        }
    }
}

impl fmt::Display for SelectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SelectError::NoConnection(number, _) => write!(f, "there is no connection {number}"),
            SelectError::NoRequest(number, _) => write!(f, "there is no request {number}"),
        }
    }
}
impl std::error::Error for SelectError {}

impl Selection {
    /// Whether nothing is asked for: all packets are meant.
    pub fn is_all(&self) -> bool {
        self.filter.is_none() && self.connection.is_none() && self.request.is_none()
    }

    /// The numbers of the packets that are meant, in order.
    ///
    /// # Errors
    /// If there is no such connection or request.
    pub fn packets(&self, story: &Story) -> Result<Vec<u32>, SelectError> {
        let mut numbers: Vec<u32> = match (self.connection, self.request) {
            (None, None) => story.flow().rows().iter().map(|row| row.number).collect(),
            (Some(connection), None) => of_connection(story, connection)?,
            (None, Some(request)) => of_request(story, request)?,
            (Some(connection), Some(request)) => {
                let connection = of_connection(story, connection)?;
                let mut both = of_request(story, request)?;
                both.retain(|number| connection.binary_search(number).is_ok());
                both
            }
        };
        if let Some(filter) = &self.filter {
            let context = Context::new(story);
            numbers.retain(|&number| {
                let Some(view) = story.flow().row(number) else { return false };
                let seen = Seen::new(&context, view);
                filter.holds(&|term| seen.values(term))
            });
        }
        Ok(numbers)
    }
}

fn of_connection(story: &Story, number: usize) -> Result<Vec<u32>, SelectError> {
    let found = story.connection(number);
    let missing = || SelectError::NoConnection(number, story.connections_in_all());
    found.map(|conversation| conversation.packets.clone()).ok_or_else(missing)
}

/// The packets of a request: those of its connection while it lasts, and the name's resolution before it.
fn of_request(story: &Story, number: usize) -> Result<Vec<u32>, SelectError> {
    let analysis = story.analysis();
    let request = story.request(number).ok_or_else(|| SelectError::NoRequest(number, story.requests_in_all()))?;
    let flow = story.flow();
    let during = |id: ConversationId, from: Instant, to: Instant| {
        let packets = flow.conversation(id).map(|c| c.packets.as_slice()).unwrap_or_default();
        let at = move |n: &u32| flow.row(*n).is_some_and(|view| (from..=to).contains(&view.row.at));
        packets.iter().copied().filter(at).collect::<Vec<u32>>()
    };
    let last = request.last_byte().unwrap_or(request.send.1);
    let begins = [request.connect, request.tls].into_iter().flatten().map(|span| span.0);
    let begins = begins.chain([request.send.0]).min().unwrap_or(request.send.0);
    let mut packets = during(request.conversation, begins, last);
    if let Some((from, to)) = request.dns {
        let client = flow.conversation(request.conversation).map(|c| c.client.ip);
        for asked in analysis.dns.iter().filter(|dns| dns.asked_at >= from && dns.asked_at <= to) {
            if flow.conversation(asked.conversation).map(|c| c.client.ip) == client {
                packets.extend(during(asked.conversation, from, to));
            }
        }
    }
    packets.sort_unstable();
    packets.dedup();
    Ok(packets)
}
