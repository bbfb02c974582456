//! What a resolver remembers: record sets until their time to live is over, and names and types that do not exist
//! (RFC 2308).

use std::collections::{BTreeMap, BTreeSet};

use base::{Duration, Instant};
use wire::dns::{Message, Name, Question, RData, Rcode, ResourceRecord, Type};

/// The longest that anything is kept, whatever its TTL says: a day, as most resolvers do (RFC 8767 §4 permits a cap).
const MAX_TTL: u32 = 86_400;
/// The longest that "it does not exist" is kept: RFC 2308 §5 calls one to three hours sensible.
const MAX_NEGATIVE_TTL: u32 = 10_800;
/// Aliases followed in one answer.
pub(super) const MAX_ALIASES: usize = 16;

/// How far a record is to be believed (RFC 2181 §5.4.1, shortened): a lower one never replaces a higher one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Trust {
    /// From the additional section, or a referral: good for asking on, not as an answer.
    Glue,
    /// From an answer.
    Answer,
}

/// What the cache says to a question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lookup {
    /// It knows the answer.
    Hit(Answer),
    /// It knows nothing, or nothing that is still good.
    Miss {
        /// It knew once, but the time is over.
        expired: bool,
    },
}

/// A complete answer: to a client as good as the server's own, with the TTLs that remain.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answer {
    /// NOERROR, NXDOMAIN or a failure.
    pub rcode: Rcode,
    /// Aliases in order, then the records asked for; of those none if there are none (NODATA).
    pub answers: Vec<ResourceRecord>,
    /// The SOA record of a negative answer.
    pub authorities: Vec<ResourceRecord>,
}

impl Answer {
    /// A failure.
    pub fn failure(rcode: Rcode) -> Answer {
        Answer { rcode, ..Answer::default() }
    }

    /// The answer as a resolver sends it (RA set, AA not).
    pub fn response_to(&self, query: &Message) -> Message {
        Message {
            recursion_available: true,
            rcode: self.rcode,
            answers: self.answers.clone(),
            authorities: self.authorities.clone(),
            // RFC 6891 §6.1.1: a response has an OPT record if and only if the query had one.
            edns: query.edns.as_ref().map(|_| wire::dns::Edns::new(super::UDP_SIZE)),
            ..Message::response_to(query)
        }
    }
}

/// `None` stands for the name as a whole (NXDOMAIN): RFC 2308 §5.
type Key = (Name, Option<Type>);

#[derive(Clone, Debug)]
struct Entry {
    expires: Instant,
    trust: Trust,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Set(Vec<ResourceRecord>),
    /// With the SOA record that says so.
    Nothing(Rcode, Option<ResourceRecord>),
}

/// A bounded cache. When it is full, what would expire first goes first.
#[derive(Clone, Debug)]
pub struct Cache {
    entries: BTreeMap<Key, Entry>,
    by_expiry: BTreeSet<(Instant, Key)>,
    capacity: usize,
}

impl Cache {
    /// An empty cache for at most `capacity` record sets.
    pub fn new(capacity: usize) -> Cache {
        Cache { entries: BTreeMap::new(), by_expiry: BTreeSet::new(), capacity }
    }

    /// How many sets it holds, expired ones that nobody has asked for since among them.
    pub fn len(&self) -> usize {
        self.entries.len()
    }
    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Everything that is still good: name, type (`None`: the name does not exist), remaining seconds and records.
    pub fn rows(&self, now: Instant) -> impl Iterator<Item = (&Name, Option<Type>, u32, &[ResourceRecord])> {
        self.entries.iter().filter_map(move |((name, kind), entry)| {
            let records = match &entry.what {
                What::Set(records) => records.as_slice(),
                What::Nothing(..) => &[],
            };
            Some((name, *kind, remaining(entry.expires, now)?, records))
        })
    }

    /// Answers a question from what answers have said, following aliases.
    pub fn answer(&self, now: Instant, question: &Question) -> Lookup {
        let mut answer = Answer::default();
        let mut name = question.name.clone();
        let mut expired = false;
        for _ in 0..MAX_ALIASES {
            let mut find = |kind: Option<Type>| {
                let entry = self.entries.get(&(name.clone(), kind))?;
                let left = remaining(entry.expires, now);
                expired |= left.is_none();
                left.filter(|_| entry.trust == Trust::Answer).map(|left| (entry, left))
            };
            let found = find(None).or_else(|| find(Some(question.kind)));
            let alias = if found.is_none() { find(Some(Type::CNAME)) } else { None };
            let Some((entry, left)) = found.or(alias) else { return Lookup::Miss { expired } };
            match &entry.what {
                What::Nothing(rcode, soa) => {
                    answer.rcode = *rcode;
                    answer.authorities.extend(soa.iter().map(|soa| with_ttl(soa, left)));
                    return Lookup::Hit(answer);
                }
                What::Set(records) => answer.answers.extend(records.iter().map(|record| with_ttl(record, left))),
            }
            match (alias.is_some(), answer.answers.last().map(|record| &record.data)) {
                (true, Some(RData::Cname(target))) => name = target.clone(),
                _ => return Lookup::Hit(answer),
            }
        }
        Lookup::Miss { expired: false }
    }

    /// The records of one set that are still good, glue as well; none if there are none.
    pub fn set(&self, now: Instant, name: &Name, kind: Type) -> Vec<ResourceRecord> {
        match self.entries.get(&(name.clone(), Some(kind))) {
            Some(Entry { expires, what: What::Set(records), .. }) => match remaining(*expires, now) {
                Some(left) => records.iter().map(|record| with_ttl(record, left)).collect(),
                None => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Keeps a set: records of one name and type.
    pub fn insert(&mut self, now: Instant, records: &[ResourceRecord], trust: Trust) {
        let Some(first) = records.first() else { return };
        // RFC 2181 §5.2: TTLs of one set should be the same; where they are not, the lowest counts.
        let ttl = records.iter().map(|record| effective_ttl(record.ttl)).min().unwrap_or(0);
        let key = (first.name.clone(), Some(first.kind()));
        self.put(now, key, ttl, trust, What::Set(records.to_vec()));
    }

    /// Keeps that a name (NXDOMAIN), or records of a type at it (NOERROR), do not exist, as the SOA record says
    /// (RFC 2308 §5). Without one it is not kept.
    pub fn insert_nothing(&mut self, now: Instant, question: &Question, rcode: Rcode, soa: Option<&ResourceRecord>) {
        let Some((soa, RData::Soa(data))) = soa.map(|soa| (soa, &soa.data)) else { return };
        let ttl = effective_ttl(soa.ttl).min(data.minimum).min(MAX_NEGATIVE_TTL);
        let kind = if rcode == Rcode::NXDOMAIN { None } else { Some(question.kind) };
        let what = What::Nothing(rcode, Some(soa.clone()));
        self.put(now, (question.name.clone(), kind), ttl, Trust::Answer, what);
    }

    /// Keeps what a server that resolves for us has answered: each set of its answer, or that there is nothing.
    pub fn insert_response(&mut self, now: Instant, question: &Question, response: &Message) {
        let mut name = question.name.clone();
        for _ in 0..MAX_ALIASES {
            let of = |kind| -> Vec<ResourceRecord> {
                response.answers.iter().filter(|record| record.name == name && record.kind() == kind).cloned().collect()
            };
            let found = of(question.kind);
            if !found.is_empty() {
                return self.insert(now, &found, Trust::Answer);
            }
            let alias = of(Type::CNAME);
            let Some(RData::Cname(target)) = alias.first().map(|record| &record.data) else { break };
            let target = target.clone();
            self.insert(now, &alias[..1], Trust::Answer);
            name = target;
        }
        if matches!(response.rcode, Rcode::NOERROR | Rcode::NXDOMAIN) {
            let soa = response.authorities.iter().find(|record| record.kind() == Type::SOA);
            let end = Question { name, ..question.clone() };
            self.insert_nothing(now, &end, response.rcode, soa);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.by_expiry.clear();
    }

    fn put(&mut self, now: Instant, key: Key, ttl: u32, trust: Trust, what: What) {
        // RFC 1035 §3.2.1: with a TTL of zero it is for the question at hand alone.
        if ttl == 0 || self.capacity == 0 {
            return;
        }
        if let Some(old) = self.entries.get(&key) {
            if old.trust > trust && old.expires > now {
                return;
            }
            self.by_expiry.remove(&(old.expires, key.clone()));
        } else if self.entries.len() >= self.capacity
            && let Some((_, first)) = self.by_expiry.pop_first()
        {
            self.entries.remove(&first);
        }
        let expires = now + Duration::from_secs(ttl.into());
        self.by_expiry.insert((expires, key.clone()));
        self.entries.insert(key, Entry { expires, trust, what });
    }
}

/// RFC 2181 §8: a TTL with the highest bit set counts as zero.
fn effective_ttl(ttl: u32) -> u32 {
    if ttl > i32::MAX as u32 { 0 } else { ttl.min(MAX_TTL) }
}

/// Whole seconds that remain, rounded up so that a fresh record shows its own TTL; `None` when the time is over.
fn remaining(expires: Instant, now: Instant) -> Option<u32> {
    let left = expires.since(now).as_nanos();
    (left > 0).then(|| left.unsigned_abs().div_ceil(1_000_000_000) as u32)
}

fn with_ttl(record: &ResourceRecord, ttl: u32) -> ResourceRecord {
    ResourceRecord { ttl: ttl.min(record.ttl), ..record.clone() }
}

#[cfg(test)]
mod tests {
    use wire::dns::Soa;

    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }
    fn a(owner: &str, ttl: u32, last: u8) -> ResourceRecord {
        ResourceRecord::new(name(owner), ttl, RData::A([192, 0, 2, last].into()))
    }
    fn ask(owner: &str) -> Question {
        Question::new(name(owner), Type::A)
    }
    fn soa(ttl: u32, minimum: u32) -> ResourceRecord {
        let data = Soa { mname: name("m"), rname: name("r"), serial: 1, refresh: 1, retry: 1, expire: 1, minimum };
        ResourceRecord::new(name("example"), ttl, RData::Soa(data))
    }
    fn at(seconds: i64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    #[test]
    fn the_time_to_live_counts_down() {
        let mut cache = Cache::new(10);
        cache.insert(at(0), &[a("www.example", 300, 1)], Trust::Answer);
        let Lookup::Hit(answer) = cache.answer(at(0), &ask("WWW.example")) else { panic!("a hit") };
        assert_eq!(answer.answers[0].ttl, 300);
        let Lookup::Hit(answer) = cache.answer(at(299), &ask("www.example")) else { panic!("a hit") };
        assert_eq!(answer.answers[0].ttl, 1);
        assert_eq!(cache.answer(at(300), &ask("www.example")), Lookup::Miss { expired: true });
        assert_eq!(cache.answer(at(0), &ask("other.example")), Lookup::Miss { expired: false });
        cache.insert(at(0), &[a("zero.example", 0, 1)], Trust::Answer);
        cache.insert(at(0), &[a("high.example", 0x8000_0000, 1)], Trust::Answer);
        assert_eq!(cache.len(), 1, "TTLs of zero, and above 2^31, are not kept");
    }

    #[test]
    fn what_does_not_exist_is_remembered_for_as_long_as_the_soa_says() {
        let mut cache = Cache::new(10);
        cache.insert_nothing(at(0), &ask("no.example"), Rcode::NXDOMAIN, Some(&soa(900, 60)));
        let mx = Question::new(name("no.example"), Type::MX);
        let Lookup::Hit(answer) = cache.answer(at(59), &mx) else { panic!("no type of record exists") };
        assert_eq!((answer.rcode, answer.authorities[0].ttl), (Rcode::NXDOMAIN, 1));
        assert_eq!(cache.answer(at(60), &mx), Lookup::Miss { expired: true });
        // NODATA holds for one type alone; without a SOA record nothing is kept.
        cache.insert_nothing(at(0), &ask("some.example"), Rcode::NOERROR, Some(&soa(60, 900)));
        assert!(matches!(cache.answer(at(59), &ask("some.example")), Lookup::Hit(_)));
        let mx = Question::new(name("some.example"), Type::MX);
        assert_eq!(cache.answer(at(0), &mx), Lookup::Miss { expired: false });
        cache.insert_nothing(at(0), &ask("x.example"), Rcode::NXDOMAIN, None);
        assert_eq!(cache.len(), 2);
    }

    #[test]
    fn glue_is_no_answer_and_does_not_replace_one() {
        let mut cache = Cache::new(10);
        cache.insert(at(0), &[a("ns.example", 300, 1)], Trust::Glue);
        assert_eq!(cache.answer(at(0), &ask("ns.example")), Lookup::Miss { expired: false });
        assert_eq!(cache.set(at(0), &name("ns.example"), Type::A).len(), 1);
        cache.insert(at(0), &[a("ns.example", 300, 2)], Trust::Answer);
        cache.insert(at(1), &[a("ns.example", 300, 3)], Trust::Glue);
        assert_eq!(cache.set(at(1), &name("ns.example"), Type::A)[0].data, RData::A([192, 0, 2, 2].into()));
    }

    #[test]
    fn aliases_are_followed_and_loops_end() {
        let mut cache = Cache::new(10);
        let alias = |from: &str, to: &str| ResourceRecord::new(name(from), 60, RData::Cname(name(to)));
        cache.insert(at(0), &[alias("www.example", "web.example")], Trust::Answer);
        assert_eq!(cache.answer(at(0), &ask("www.example")), Lookup::Miss { expired: false });
        cache.insert(at(0), &[a("web.example", 60, 9)], Trust::Answer);
        let Lookup::Hit(answer) = cache.answer(at(0), &ask("www.example")) else { panic!("a hit") };
        assert_eq!(answer.answers.len(), 2);
        cache.insert(at(0), &[alias("l.example", "l.example")], Trust::Answer);
        assert_eq!(cache.answer(at(0), &ask("l.example")), Lookup::Miss { expired: false });
    }

    #[test]
    fn a_full_cache_drops_what_expires_first() {
        let mut cache = Cache::new(2);
        cache.insert(at(0), &[a("long", 300, 1)], Trust::Answer);
        cache.insert(at(0), &[a("short", 10, 1)], Trust::Answer);
        cache.insert(at(0), &[a("new", 60, 1)], Trust::Answer);
        assert_eq!(cache.len(), 2);
        assert_eq!(cache.answer(at(0), &ask("short")), Lookup::Miss { expired: false });
        assert_eq!(cache.rows(at(0)).map(|(name, ..)| name.to_string()).collect::<Vec<_>>(), ["long", "new"]);
    }
}
