//! What one look at every connection tells of its packets: the innermost protocol of each, and which contradict themselves or
//! each other. So a list of a million packets needs no words, and the upper layers are read once.

use std::collections::BTreeMap;
use std::rc::Rc;

use analyze::{Analysis, States};
use capture::keylog::KeyLog;
use flow::{ConversationId, Flow, Layers, Source};

use crate::held::Held;
use crate::upper::{self, PROTOCOLS};

/// What was seen of the packets of TCP connections.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Of each packet, packet 1 first: its innermost protocol, a place in [`PROTOCOLS`].
    protocols: Vec<u8>,
    /// The packets that complete a message whose fields contradict each other.
    malformed: Vec<u32>,
    /// The packets that carry other bytes than came before under the same numbers.
    conflicts: Vec<u32>,
    /// The random numbers of the ClientHellos.
    hellos: Vec<[u8; 32]>,
}

/// The states of the connections' ends, by connection.
pub(crate) type Inferred = BTreeMap<ConversationId, Option<Rc<States>>>;

impl Survey {
    /// Looks at all connections, one after the other. What was read of the first few stays in `held`.
    pub fn of(flow: &Flow, source: &dyn Source, keys: &KeyLog, held: &mut Held) -> (Analysis, Survey, Inferred) {
        let mut survey = Survey { protocols: vec![0; flow.rows().len()], ..Survey::default() };
        let mut inferred = Inferred::default();
        let analysis = Analysis::with(flow, source, keys, &mut |layers, states| {
            survey.look(&layers);
            let id = layers.conversation;
            inferred.insert(id, Some(Rc::new(states)));
            held.offer(id, layers);
        });
        survey.malformed.sort_unstable();
        survey.conflicts.sort_unstable();
        (analysis, survey, inferred)
    }

    fn look(&mut self, layers: &Layers) {
        let mut carriers = layers.carriers().peekable();
        while let Some((number, first)) = carriers.next() {
            let rest = std::iter::from_fn(|| carriers.next_if(|(next, _)| *next == number).map(|(_, carried)| carried));
            let (protocol, malformed) = upper::protocol(layers, number, std::iter::once(first).chain(rest));
            while carriers.next_if(|(next, _)| *next == number).is_some() {}
            let place = PROTOCOLS.iter().position(|known| *known == protocol).unwrap_or(0);
            if let Some(slot) = (number as usize).checked_sub(1).and_then(|at| self.protocols.get_mut(at)) {
                *slot = place as u8;
            }
            if malformed {
                self.malformed.push(number);
            }
        }
        self.conflicts.extend(layers.conflicts.iter().map(|(_, overlap)| overlap.dropped.frame));
        self.hellos.extend(layers.tls.as_ref().and_then(|tls| tls.client_hello.as_ref()).map(|hello| hello.random));
    }

    /// The innermost protocol of a segment.
    pub fn protocol(&self, number: u32) -> &'static str {
        let place = (number as usize).checked_sub(1).and_then(|at| self.protocols.get(at));
        place.and_then(|&place| PROTOCOLS.get(usize::from(place))).copied().unwrap_or("TCP")
    }
    /// Whether what a segment completes contradicts itself.
    pub fn is_malformed(&self, number: u32) -> bool {
        self.malformed.binary_search(&number).is_ok()
    }
    /// Whether a segment contradicts an earlier one.
    pub fn contradicts(&self, number: u32) -> bool {
        self.conflicts.binary_search(&number).is_ok()
    }
    /// The random numbers of the ClientHellos.
    pub fn hellos(&self) -> &[[u8; 32]] {
        &self.hellos
    }
}
