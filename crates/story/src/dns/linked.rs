//! Which question led to which.

use std::collections::BTreeMap;

use base::{EventId, Instant, PlaceId};
use trace::{Event, Trace, kinds::dns as kind};

use super::asked::Asked;
use super::{CacheAsked, Question, is, led_to, question, sending};
use crate::why;

/// Causes that are followed for one question, at most.
const MAX_CHAIN: usize = 10_000;
/// How deep questions lead to questions, at most.
const MAX_DEPTH: usize = 32;

/// A simulation's questions: the chain of causes tells which question led to which.
pub(super) fn by_causes(trace: &Trace, asked: Vec<Asked>) -> Vec<Question> {
    let frame_event = |one: &Asked| one.frame.and_then(|frame| trace.frames.meta(frame)).map(|meta| meta.event);
    // The questions by the events of their sending.
    let sent: Vec<Option<&Event>> = asked.iter().map(|one| sending(trace, frame_event(one)?)).collect();
    let numbers: BTreeMap<EventId, usize> =
        sent.iter().enumerate().filter_map(|(number, event)| Some(((*event)?.id, number))).collect();
    let parents = sent.iter().map(|event| event.map_or(Parent::None, |event| parent(trace, event, &numbers)));
    let mut children: BTreeMap<Parent, Vec<usize>> = BTreeMap::new();
    for (number, parent) in parents.enumerate() {
        children.entry(parent).or_default().push(number);
    }
    let world = World { trace, asked: &asked, children, caches: cache_events(trace) };

    let programs: Vec<&Event> = trace.events.iter().filter(|event| is(event, &[&kind::ASK])).collect();
    let mut roots: Vec<Question> = Vec::new();
    let mut from = Instant::ZERO;
    for ask in programs {
        let mut root = world.program(ask, from);
        root.children = world.below(Parent::Program(ask.id), 0);
        from = Instant::from_nanos(root.to_ns.unwrap_or(root.at_ns));
        root.packet = root.children.first().and_then(|child| child.packet);
        root.answer_packet = root.children.last().and_then(|child| child.answer_packet);
        roots.push(root);
    }
    roots.extend(world.below(Parent::None, 0));
    roots.sort_by_key(|root| root.at_ns);
    roots
}

/// What led to a question.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Parent {
    /// A program asked.
    Program(EventId),
    /// Another question.
    Question(usize),
    /// Nothing that is known.
    None,
}

/// The nearest question up the chain of causes. One of the same machine is a sibling: its answer led here.
fn parent(trace: &Trace, sent: &Event, numbers: &BTreeMap<EventId, usize>) -> Parent {
    for cause in led_to(trace, sent.id).skip(1).take(MAX_CHAIN) {
        if is(cause, &[&kind::ASK]) {
            return Parent::Program(cause.id);
        }
        if is(cause, &[&kind::QUERY])
            && cause.place != sent.place
            && let Some(&number) = numbers.get(&cause.id)
            && !answered_by_others(trace, cause, sent)
        {
            return Parent::Question(number);
        }
    }
    Parent::None
}

/// Whether `question` went elsewhere than to the machine that `sent`: then the chain came back through an answer.
fn answered_by_others(trace: &Trace, question: &Event, sent: &Event) -> bool {
    trace.owner(trace.address(question.args[1])).is_none_or(|owner| owner.id != sent.place)
}

/// The questions to caches, by place and by the id of the query that they were asked for.
fn cache_events(trace: &Trace) -> BTreeMap<(PlaceId, u32), Vec<&Event>> {
    let mut by_query: BTreeMap<(PlaceId, u32), Vec<&Event>> = BTreeMap::new();
    for event in trace.events.iter().filter(|event| is(event, &[&kind::CACHE_HIT, &kind::CACHE_MISS])) {
        by_query.entry((event.place, event.subject)).or_default().push(event);
    }
    by_query
}

/// What a simulation knows of its questions.
struct World<'t> {
    trace: &'t Trace,
    asked: &'t [Asked],
    children: BTreeMap<Parent, Vec<usize>>,
    caches: BTreeMap<(PlaceId, u32), Vec<&'t Event>>,
}

impl World<'_> {
    /// The questions that `parent` led to.
    fn below(&self, parent: Parent, depth: usize) -> Vec<Question> {
        if depth >= MAX_DEPTH {
            return Vec::new();
        }
        let numbers = self.children.get(&parent).map_or(&[][..], Vec::as_slice);
        let one = |&number: &usize| {
            let asked = &self.asked[number];
            let mut question = question(asked);
            if let Some(server) = self.trace.owner(asked.server) {
                let until = asked.answered_at.unwrap_or(Instant::NEVER);
                question.caches = self.cache(server.id, asked.id.into(), asked.at, until);
            }
            question.children = self.below(Parent::Question(number), depth + 1);
            question
        };
        numbers.iter().map(one).collect()
    }

    /// The caches asked at a place for a query, in a stretch of time.
    fn cache(&self, place: PlaceId, query: u32, from: Instant, to: Instant) -> Vec<CacheAsked> {
        let events = self.caches.get(&(place, query)).map_or(&[][..], Vec::as_slice);
        let inside = events.iter().filter(|event| (from..=to).contains(&event.at));
        let one = |event: &&Event| CacheAsked {
            at_ns: event.at.as_nanos(),
            hit: is(event, &[&kind::CACHE_HIT]),
            text: why::text(self.trace, event),
        };
        inside.map(one).collect()
    }

    /// A program's question to its machine, asked at `ask`; caches asked since `from` belong to it.
    fn program(&self, ask: &Event, from: Instant) -> Question {
        let trace = self.trace;
        let place = trace.place(ask.place).map_or("", |place| place.name.as_str());
        let ends = |event: &&Event| {
            let ended = is(event, &[&kind::ANSWER, &kind::FAILED]);
            ended && event.place == ask.place && event.subject == ask.subject
        };
        let after = trace.events.partition_point(|event| event.id <= ask.id);
        let end = trace.events[after..].iter().find(ends);
        Question {
            at_ns: ask.at.as_nanos(),
            to_ns: end.map(|end| end.at.as_nanos()),
            from: format!("a program on {place}"),
            to: place.to_owned(),
            name: trace.string(ask.args[0]).to_owned(),
            sort: "A".to_owned(),
            answer: end.map(|end| why::text(trace, end)).unwrap_or_default(),
            referral: false,
            transport: "",
            // A program and its machine ask their caches before there is a query with an id.
            caches: self.cache(ask.place, 0, from, end.map_or(Instant::NEVER, |end| end.at)),
            packet: None,
            answer_packet: None,
            children: Vec::new(),
        }
    }
}

/// A capture's questions: one that a server asks while a question waits for it belongs to that, the latest that does.
pub(super) fn by_times(asked: Vec<Asked>) -> Vec<Question> {
    let waits = |outer: &Asked, inner: &Asked| {
        outer.server == inner.client && outer.at <= inner.at && outer.answered_at.is_none_or(|at| at >= inner.at)
    };
    let mut roots: Vec<Question> = Vec::new();
    let mut parents: Vec<Option<usize>> = Vec::with_capacity(asked.len());
    // Questions that may still wait, by the server that was asked: few at a time.
    let mut waiting: BTreeMap<std::net::IpAddr, Vec<usize>> = BTreeMap::new();
    for (at, one) in asked.iter().enumerate() {
        let open = waiting.entry(one.client).or_default();
        open.retain(|&outer| asked[outer].answered_at.is_none_or(|end| end >= one.at));
        parents.push(open.iter().rev().copied().find(|&outer| waits(&asked[outer], one)));
        let list = waiting.entry(one.server).or_default();
        list.push(at);
        if list.len() > MAX_WAITING {
            list.remove(0);
        }
    }
    // Children have larger numbers than what led to them: from the last to the first each is complete when it is hung up.
    let mut questions: Vec<Option<Question>> = asked.iter().map(|one| Some(question(one))).collect();
    for at in (0..asked.len()).rev() {
        let Some(mut done) = questions[at].take() else { continue };
        done.children.reverse();
        match parents[at].and_then(|parent| questions[parent].as_mut()) {
            Some(parent) => parent.children.push(done),
            None => roots.push(done),
        }
    }
    roots.reverse();
    roots
}

/// Questions that may wait for one server, at most.
const MAX_WAITING: usize = 256;
