//! A resolver's cache (RFC 1034 §5.3.3, RFC 2308): answers and absences, each until its time to live has run out.

use std::collections::BTreeMap;

use base::{Duration, Instant};
use wire::dns::{Message, Name, Question, RData, Rcode, ResourceRecord, Type};

/// Questions that are remembered at most; the one that would run out first makes room.
const MAX_ENTRIES: usize = 10_000;
/// The longest that anything is kept (RFC 8767 §4 advises a limit of days; we keep a week, as BIND does).
const MAX_TTL: u32 = 7 * 86_400;
/// The longest that an absence is kept (RFC 2308 §5: one to three hours).
const MAX_NEGATIVE_TTL: u32 = 3 * 3600;

/// What is known about a question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// How it went: NOERROR or NXDOMAIN.
    pub rcode: Rcode,
    /// The records that answer, their times to live as of now.
    pub records: Vec<ResourceRecord>,
    /// Of an absence: the zone's SOA record.
    pub soa: Option<ResourceRecord>,
}

impl Answer {
    /// The first IPv4 address in the answer.
    pub fn address(&self) -> Option<std::net::Ipv4Addr> {
        self.records.iter().find_map(|record| match record.data {
            RData::A(ip) => Some(ip),
            _ => None,
        })
    }
}

#[derive(Clone, Debug)]
struct Entry {
    answer: Answer,
    since: Instant,
    until: Instant,
}

/// Answers by question.
#[derive(Clone, Default, Debug)]
pub struct Cache {
    entries: BTreeMap<(Name, u16), Entry>,
}

fn key(name: &Name, kind: Type) -> (Name, u16) {
    (name.to_lowercase(), kind.0)
}

impl Cache {
    /// An empty cache.
    pub fn new() -> Cache {
        Cache::default()
    }

    /// What is known about a question at `now`, the times to live counted down.
    pub fn get(&self, question: &Question, now: Instant) -> Option<Answer> {
        let entry = self.entries.get(&key(&question.name, question.kind)).filter(|entry| now < entry.until)?;
        let age = ((now - entry.since).as_millis() / 1000) as u32;
        let mut answer = entry.answer.clone();
        for record in answer.records.iter_mut().chain(&mut answer.soa) {
            record.ttl = record.ttl.saturating_sub(age);
        }
        Some(answer)
    }

    /// Remembers what a response says about its question; responses that say nothing definite are not kept.
    pub fn insert(&mut self, response: &Message, now: Instant) {
        let Some(question) = response.question() else { return };
        let Some(answer) = answer_of(response) else { return };
        let ttl = match (&answer.soa, answer.records.iter().map(|record| record.ttl).min()) {
            (_, Some(least)) => least.min(MAX_TTL),
            // RFC 2308 §5: the lesser of the SOA's own time to live and its minimum field.
            (Some(soa), None) => match &soa.data {
                RData::Soa(data) => soa.ttl.min(data.minimum).min(MAX_NEGATIVE_TTL),
                _ => return,
            },
            // RFC 2308 §2: an absence without an SOA is not to be cached.
            (None, None) => return,
        };
        self.put(question, answer, ttl, now);
    }

    /// Remembers records that came beside an answer: a referral's name servers and their addresses.
    pub fn insert_records(&mut self, name: &Name, kind: Type, records: Vec<ResourceRecord>, now: Instant) {
        let Some(ttl) = records.iter().map(|record| record.ttl).min() else { return };
        let answer = Answer { rcode: Rcode::NOERROR, records, soa: None };
        self.put(&Question::new(name.clone(), kind), answer, ttl.min(MAX_TTL), now);
    }

    fn put(&mut self, question: &Question, answer: Answer, ttl: u32, now: Instant) {
        // RFC 1035 §3.2.1: zero means that the record is for this transaction alone.
        if ttl == 0 {
            return;
        }
        if self.entries.len() >= MAX_ENTRIES {
            self.entries.retain(|_, entry| now < entry.until);
            let first = self.entries.iter().min_by_key(|(_, entry)| entry.until).map(|(key, _)| key.clone());
            if let (true, Some(first)) = (self.entries.len() >= MAX_ENTRIES, first) {
                self.entries.remove(&first);
            }
        }
        let until = now + Duration::from_secs(i64::from(ttl));
        self.entries.insert(key(&question.name, question.kind), Entry { answer, since: now, until });
    }
}

/// What a response says definitely about its question: records, or that there are none. `None` for a referral or a failure.
pub(super) fn answer_of(response: &Message) -> Option<Answer> {
    let soa = response.authorities.iter().find(|record| matches!(record.data, RData::Soa(_))).cloned();
    match response.rcode {
        Rcode::NXDOMAIN => Some(Answer { rcode: Rcode::NXDOMAIN, records: Vec::new(), soa }),
        Rcode::NOERROR if !response.answers.is_empty() => {
            Some(Answer { rcode: Rcode::NOERROR, records: response.answers.clone(), soa: None })
        }
        // RFC 2308 §2.2: no answers and an SOA: the name is there, records of that type are not.
        Rcode::NOERROR if soa.is_some() => Some(Answer { rcode: Rcode::NOERROR, records: Vec::new(), soa }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(ttl: u32) -> Message {
        let name: Name = "www.example.com".parse().unwrap();
        let mut response = Message::response_to(&Message::query(1, Question::new(name.clone(), Type::A)));
        response.answers.push(ResourceRecord::new(name, ttl, RData::A([203, 0, 113, 9].into())));
        response
    }

    #[test]
    fn times_to_live_count_down_and_run_out() {
        let mut cache = Cache::new();
        let (start, question) = (Instant::from_millis(500), response(300).questions[0].clone());
        cache.insert(&response(300), start);
        let at = |s: i64| start + Duration::from_secs(s);
        assert_eq!(cache.get(&question, at(0)).unwrap().records[0].ttl, 300);
        assert_eq!(cache.get(&question, at(299)).unwrap().records[0].ttl, 1);
        assert_eq!(cache.get(&question, at(300)), None);
        let upper = Question::new("WWW.Example.COM".parse().unwrap(), Type::A);
        assert!(cache.get(&upper, at(1)).is_some(), "names do not depend on case (RFC 1035 §2.3.3)");
        cache.insert(&response(0), at(301));
        assert_eq!(cache.get(&question, at(301)), None, "a TTL of zero is not kept");
    }

    #[test]
    fn the_cache_is_bounded() {
        let mut cache = Cache::new();
        for n in 0..MAX_ENTRIES + 50 {
            let name: Name = format!("h{n}.example").parse().unwrap();
            let record = ResourceRecord::new(name.clone(), 60, RData::A([192, 0, 2, 1].into()));
            cache.insert_records(&name, Type::A, vec![record], Instant::ZERO);
        }
        assert!(cache.entries.len() <= MAX_ENTRIES);
    }
}
