//! The story of a part of a capture, while the capture passes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use analyze::findings::{Search, Sight};
use analyze::{Analysis, Span};
use base::WallTime;
use capture::keylog::KeyLog;
use flow::{ConversationId, Layers, Part};

use crate::Story;
use crate::held::Held;
use crate::source::Frames;

/// What the capture tells of a part beside its own packets.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// When the capture began: the stories' zero.
    pub epoch: WallTime,
    /// The secrets so far.
    pub keys: &'a KeyLog,
    /// The resolution of the server's name before a connection; see [`analyze::resolution`].
    pub lookups: &'a [(ConversationId, Span)],
}

impl Story {
    /// The story of a part that is not over yet, as far as it goes: lent to `look`, and forgotten.
    pub fn peek<T>(part: &mut Part, epoch: WallTime, keys: &KeyLog, look: impl FnOnce(&Story) -> T) -> T {
        let (flow, bytes) = (std::mem::take(&mut part.flow), std::mem::take(&mut part.bytes));
        let story = Story::with(Frames::Part { bytes, epoch }, flow, keys.clone());
        let _ = story.numbers.set(part.connections.clone());
        let told = look(&story);
        part.flow = story.flow;
        if let Frames::Part { bytes, .. } = story.frames {
            part.bytes = bytes;
        }
        told
    }

    /// The story of a part of a capture, read once: connections, requests, and what went wrong on them, which `search` takes
    /// as well. Packets, connections and conversations bear the numbers that they have in the whole capture, requests have none.
    pub fn of_part(part: Part, around: Around<'_>, search: &mut Search) -> Story {
        let Part { flow, bytes, connections, until, .. } = part;
        let frames = Frames::Part { bytes, epoch: around.epoch };
        let mut analysis = Analysis { dns: flow.dns().to_vec(), ..Analysis::default() };
        let read: RefCell<BTreeMap<ConversationId, Option<Rc<Layers>>>> = RefCell::default();
        let layers = |conversation: &flow::Conversation| {
            let layers = Layers::of(&flow, conversation.id, &frames, around.keys).map(Rc::new);
            read.borrow_mut().insert(conversation.id, layers.clone());
            layers
        };
        let mut own = Search::default();
        own.look(Sight { flow: &flow, source: &frames, epoch: around.epoch, until }, layers, |connection| {
            let id = connection.conversation.id;
            let lookup = around.lookups.iter().find(|(of, _)| *of == id).map(|(_, span)| *span);
            let mut requests = connection.requests.clone();
            if let Some(first) = requests.first_mut() {
                first.dns = lookup;
            }
            analysis.requests.extend(requests);
            analysis.connections.push(connection.summary.clone());
            analysis.dns.extend(connection.layers.dns_transactions(&flow));
        });
        analysis.requests.sort_by_key(analyze::Request::start);
        let layers = RefCell::new(Held::of(read.into_inner()));
        let story = Story { layers, ..Story::with(frames, flow, KeyLog::default()) };
        let _ = story.findings.set(own.found().cloned().collect());
        let _ = story.analysis.set(analysis);
        let _ = story.numbers.set(connections);
        search.append(own);
        story
    }
}
