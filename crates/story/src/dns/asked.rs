//! Questions on the wire and their answers, wherever they were seen.

use std::borrow::Cow;
use std::net::IpAddr;

use base::{FrameId, Instant};
use capture::keylog::KeyLog;
use flow::{Conversation, Direction, Flow, Kind, Layers, Limits, Packet, Source};
use trace::Trace;
use wire::dns::{Message, PORT, RData};
use wire::link::LinkType;

use super::MAX_QUESTIONS;
use crate::Story;

/// A question on the wire.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub at: Instant,
    pub answered_at: Option<Instant>,
    pub client: IpAddr,
    pub server: IpAddr,
    pub from: String,
    pub to: String,
    pub id: u16,
    pub name: String,
    pub sort: String,
    pub answer: String,
    pub referral: bool,
    pub transport: &'static str,
    /// The packets at the story's tap.
    pub packet: Option<u32>,
    pub answer_packet: Option<u32>,
    /// A simulation's frame that asked, at the one who asks.
    pub frame: Option<FrameId>,
}

/// The frames of name servers' traffic, as a source of packets.
struct Chosen<'t> {
    trace: &'t Trace,
    ids: Vec<FrameId>,
}

impl Source for Chosen<'_> {
    fn frame(&self, number: u32) -> Option<Cow<'_, [u8]>> {
        let id = (number as usize).checked_sub(1).and_then(|at| self.ids.get(at))?;
        Some(Cow::Owned(self.trace.frames.bytes(*id)))
    }
}

/// All questions of a simulation, each as the one saw it who asked.
pub(super) fn everywhere(story: &Story, trace: &Trace) -> Vec<Asked> {
    let mut chosen = Chosen { trace, ids: Vec::new() };
    let mut flow = Flow::new(Limits::default());
    for meta in trace.frames.metas() {
        let bytes = trace.frames.bytes(meta.id);
        let frame = wire::frame::decode(LinkType::ETHERNET, &bytes, bytes.len(), &mut wire::Silent);
        if frame.ports().is_some_and(|(from, to)| from == PORT || to == PORT) {
            let (at, interface, link) = (meta.at, u32::from(meta.tap.0), LinkType::ETHERNET);
            flow.push(Packet { at, interface, link, bytes: &bytes, original_len: bytes.len() });
            chosen.ids.push(meta.id);
        }
    }
    // The same question passes many taps: the one counts that belongs to who asks.
    let at_home = |conversation: &Conversation| {
        let tap = trace.taps.get(conversation.interface as usize);
        let owner = trace.owner(conversation.client.ip);
        tap.zip(owner).is_some_and(|(tap, owner)| tap.place == owner.id)
    };
    let mut asked = questions(story, &flow, &chosen, at_home);
    for one in &mut asked {
        let frame = |number: Option<u32>| number.and_then(|n| chosen.ids.get(n as usize - 1)).copied();
        let (question, answer) = (frame(one.packet), frame(one.answer_packet));
        one.frame = question;
        one.packet = question.and_then(|frame| story.lineage().number(frame));
        one.answer_packet = answer.and_then(|frame| story.lineage().number(frame));
    }
    asked
}

/// All questions of a capture.
pub(super) fn captured(story: &Story) -> Vec<Asked> {
    questions(story, story.flow(), story, |_| true)
}

fn questions(story: &Story, flow: &Flow, source: &dyn Source, which: impl Fn(&Conversation) -> bool) -> Vec<Asked> {
    let mut all = over_udp(story, flow, source, &which);
    all.extend(over_tcp(story, flow, source, &which));
    all.sort_by_key(|asked| asked.at);
    all.truncate(MAX_QUESTIONS);
    all
}

fn over_udp(story: &Story, flow: &Flow, source: &dyn Source, which: &impl Fn(&Conversation) -> bool) -> Vec<Asked> {
    let told = flow.dns().iter().filter_map(|transaction| {
        let conversation = flow.conversation(transaction.conversation).filter(|conversation| which(conversation))?;
        let response = transaction.response.and_then(|(number, _)| message(flow, source, number));
        Some(Asked {
            at: transaction.asked_at,
            answered_at: transaction.response.map(|(_, at)| at),
            packet: transaction.queries.first().copied(),
            answer_packet: transaction.response.map(|(number, _)| number),
            ..blank(story, conversation, transaction.id, transaction.question.as_ref(), response.as_ref(), "UDP")
        })
    });
    told.take(MAX_QUESTIONS).collect()
}

fn over_tcp(story: &Story, flow: &Flow, source: &dyn Source, which: &impl Fn(&Conversation) -> bool) -> Vec<Asked> {
    let mut all = Vec::new();
    let of_dns =
        |conversation: &&Conversation| matches!(conversation.kind, Kind::Tcp(_)) && conversation.server.port == PORT;
    for conversation in flow.conversations().iter().filter(of_dns).filter(|conversation| which(conversation)) {
        let Some(layers) = Layers::of(flow, conversation.id, source, &KeyLog::default()) else { continue };
        let parsed =
            |message: &flow::DnsOverTcp| Message::parse(layers.bytes(message.buffer).get(message.range.clone())?).ok();
        let at = |number: u32| flow.row(number).map(|view| view.row.at);
        for asks in layers.dns.iter().filter(|message| message.direction == Direction::ToServer) {
            let (Some(query), Some(asked_at)) = (parsed(asks), at(asks.frame)) else { continue };
            let answers = layers.dns.iter().filter(|message| message.direction == Direction::ToClient);
            let mut answers = answers.filter_map(|message| Some((message.frame, parsed(message)?)));
            let answer = answers.find(|(frame, answer)| answer.id == query.id && *frame > asks.frame);
            all.push(Asked {
                at: asked_at,
                answered_at: answer.as_ref().and_then(|(frame, _)| at(*frame)),
                packet: Some(asks.frame),
                answer_packet: answer.as_ref().map(|(frame, _)| *frame),
                ..blank(story, conversation, query.id, query.question(), answer.as_ref().map(|(_, m)| m), "TCP")
            });
            if all.len() >= MAX_QUESTIONS {
                return all;
            }
        }
    }
    all
}

/// What question and answer say; the caller adds when and where.
fn blank(
    story: &Story,
    conversation: &Conversation,
    id: u16,
    question: Option<&wire::dns::Question>,
    answer: Option<&Message>,
    transport: &'static str,
) -> Asked {
    let refers = |message: &Message| {
        message.answers.is_empty() && message.authorities.iter().any(|record| matches!(record.data, RData::Ns(_)))
    };
    Asked {
        at: Instant::ZERO,
        answered_at: None,
        client: conversation.client.ip,
        server: conversation.server.ip,
        from: story.names().host(conversation.client.ip),
        to: story.names().host(conversation.server.ip),
        id,
        name: question.map(|question| question.name.to_string()).unwrap_or_default(),
        sort: question.map(|question| question.kind.to_string()).unwrap_or_default(),
        answer: answer.map(crate::upper::dns).unwrap_or_default(),
        referral: answer.is_some_and(refers),
        transport,
        packet: None,
        answer_packet: None,
        frame: None,
    }
}

/// The message in a datagram that came whole, or in fragments.
fn message(flow: &Flow, source: &dyn Source, number: u32) -> Option<Message> {
    let payload = flow.row(number)?.row.payload;
    let range = payload.at as usize..(payload.at + payload.len) as usize;
    match payload.buffer {
        flow::BufferRef::Frame(number) => Message::parse(source.frame(number)?.get(range)?).ok(),
        flow::BufferRef::Datagram(index) => Message::parse(flow.datagram(index)?.bytes.get(range)?).ok(),
        flow::BufferRef::Derived(_) => None,
    }
}
