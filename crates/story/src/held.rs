//! The upper layers of connections that were read and are kept for a while.

use std::collections::BTreeMap;
use std::rc::Rc;

use flow::{ConversationId, Layers};

/// Bytes of buffers that are kept. The connection that was asked for last is kept whatever its size.
const MOST: usize = 256 << 20;
/// The same of those that nobody has asked for yet. The first of them is kept whatever its size: it is what is asked for first.
const OFFERED: usize = 96 << 20;

/// The upper layers of connections: those that were asked for last.
#[derive(Default)]
pub(crate) struct Held {
    /// By connection: what it carries, its bytes, and when it was asked for last.
    known: BTreeMap<ConversationId, (Option<Rc<Layers>>, usize, u64)>,
    bytes: usize,
    asked: u64,
}

impl Held {
    /// Keeps what was read before.
    pub fn of(read: BTreeMap<ConversationId, Option<Rc<Layers>>>) -> Held {
        let mut held = Held::default();
        for (id, layers) in read {
            held.insert(id, layers, usize::MAX);
        }
        held
    }

    /// What a connection carries, if it is kept.
    pub fn get(&mut self, id: ConversationId) -> Option<Option<Rc<Layers>>> {
        self.asked += 1;
        let (layers, _, asked) = self.known.get_mut(&id)?;
        *asked = self.asked;
        Some(layers.clone())
    }

    /// Keeps what a connection carries, and lets go of what was not asked for longest.
    pub fn keep(&mut self, id: ConversationId, layers: Option<Rc<Layers>>) {
        self.insert(id, layers, MOST);
    }

    /// Keeps what a connection carries, if there is room for what may be asked for.
    pub fn offer(&mut self, id: ConversationId, layers: Layers) {
        if self.known.is_empty() || self.bytes + bytes_of(&layers) <= OFFERED {
            self.insert(id, Some(Rc::new(layers)), usize::MAX);
        }
    }

    fn insert(&mut self, id: ConversationId, layers: Option<Rc<Layers>>, most: usize) {
        let bytes = layers.as_ref().map_or(0, |layers| bytes_of(layers));
        while self.bytes.saturating_add(bytes) > most {
            let large = self.known.iter().filter(|(_, (_, bytes, _))| *bytes > 0);
            let Some(oldest) = large.min_by_key(|(_, (.., asked))| *asked).map(|(id, _)| *id) else { break };
            self.bytes -= self.known.remove(&oldest).map_or(0, |(_, bytes, _)| bytes);
        }
        self.asked += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        self.known.insert(id, (layers, bytes, self.asked));
    }
}

/// How many bytes the buffers of a connection's upper layers have.
fn bytes_of(layers: &Layers) -> usize {
    layers.buffers().map(|buffer| buffer.bytes.len()).sum()
}
