//! DNS queries and their responses (RFC 1035 §7.3: paired by id, ends and question).

use std::net::IpAddr;

use base::{Duration, Instant, Map};
use wire::dns::{Message, Question, RData, Rcode};

use crate::ConversationId;

/// A question put to a server, and its answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DnsTransaction {
    /// The conversation: its client asks.
    pub conversation: ConversationId,
    /// The message's id.
    pub id: u16,
    /// What is asked.
    pub question: Option<Question>,
    /// The packets that ask, the first one first; empty for a response whose query was not captured.
    pub queries: Vec<u32>,
    /// When it was asked first (or, unseen, answered).
    pub asked_at: Instant,
    /// The response's packet and time.
    pub response: Option<(u32, Instant)>,
    /// How it went.
    pub rcode: Option<Rcode>,
    /// Whether the response was too long for UDP, so that the question is put again over TCP (RFC 7766 §5).
    pub truncated: bool,
    /// The addresses in the answer.
    pub addresses: Vec<IpAddr>,
    /// Further responses to the same query.
    pub more_responses: Vec<u32>,
}

impl DnsTransaction {
    /// The time from the first query to the response.
    pub fn duration(&self) -> Option<Duration> {
        self.response.map(|(_, at)| at.since(self.asked_at))
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct DnsTransactions {
    pub list: Vec<DnsTransaction>,
    open: Map<(ConversationId, u16), usize>,
}

impl DnsTransactions {
    pub fn push(&mut self, conversation: ConversationId, number: u32, at: Instant, message: &Message) {
        let key = (conversation, message.id);
        let question = message.question();
        let open = self.open.get(&key).and_then(|&i| self.list.get_mut(i));
        // A response may leave the question out, e.g. when it reports an error in the format.
        let open = open.filter(|known| question.is_none() || known.question.as_ref() == question);
        if message.response {
            let addresses = addresses(message);
            match open {
                Some(known) if known.response.is_none() => {
                    known.response = Some((number, at));
                    known.rcode = Some(message.rcode);
                    known.truncated = message.truncated;
                    known.addresses = addresses;
                }
                Some(known) => known.more_responses.push(number),
                None => self.add(DnsTransaction {
                    conversation,
                    id: message.id,
                    question: question.cloned(),
                    queries: Vec::new(),
                    asked_at: at,
                    response: Some((number, at)),
                    rcode: Some(message.rcode),
                    truncated: message.truncated,
                    addresses,
                    more_responses: Vec::new(),
                }),
            }
            return;
        }
        match open {
            Some(known) if known.response.is_none() => known.queries.push(number),
            _ => self.add(DnsTransaction {
                conversation,
                id: message.id,
                question: question.cloned(),
                queries: vec![number],
                asked_at: at,
                response: None,
                rcode: None,
                truncated: false,
                addresses: Vec::new(),
                more_responses: Vec::new(),
            }),
        }
    }

    fn add(&mut self, transaction: DnsTransaction) {
        self.open.insert((transaction.conversation, transaction.id), self.list.len());
        self.list.push(transaction);
    }
}

fn addresses(message: &Message) -> Vec<IpAddr> {
    message
        .answers
        .iter()
        .filter_map(|record| match &record.data {
            RData::A(ip) => Some(IpAddr::V4(*ip)),
            RData::Aaaa(ip) => Some(IpAddr::V6(*ip)),
            _ => None,
        })
        .collect()
}
