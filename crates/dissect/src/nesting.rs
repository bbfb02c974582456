//! Which of the buffers that a packet completes stands in which.

use std::ops::Range;

use flow::Layers;

use crate::Section;

/// Derivations that are followed at most: a message in frames in plaintext in records in a stream.
const MOST: usize = 8;
/// A packet that closes a gap may complete thousands of small units; then they are shown beside each other.
const MANY: usize = 500;

/// Says of each section in which other it stands: a decrypted record in its record, a message in the decrypted record that
/// ends it. What stands in none is carried by the transport itself.
pub(crate) fn nest(layers: &Layers, sections: &mut [Section]) {
    if sections.len() > MANY {
        return;
    }
    for at in 0..sections.len() {
        let inside = holder(layers, sections, at);
        if let Some(section) = sections.get_mut(at) {
            section.inside = inside;
        }
    }
}

fn holder(layers: &Layers, sections: &[Section], at: usize) -> Option<usize> {
    let section = sections.get(at)?;
    let Some((mut buffer, mut range)) = section.place.clone() else {
        // What is made of a unit's own bytes comes right behind them.
        return at.checked_sub(1);
    };
    for _ in 0..MOST {
        let others = sections.iter().enumerate().filter(|(other, _)| *other != at);
        let holds = |other: &Section| {
            other.made == Some(buffer)
                || other.place.as_ref().is_some_and(|(own, bytes)| *own == buffer && wider(bytes, &range))
        };
        let narrowest = others.filter(|(_, other)| holds(other)).min_by_key(|(_, other)| other.bytes.len());
        if let Some((found, _)) = narrowest {
            return Some(found);
        }
        // The piece that ends it: the others came with packets before.
        let last = layers.buffer(buffer)?.origins(range.clone()).last()?;
        let length = last.range.len();
        (buffer, range) = (last.parent, last.at..last.at + length);
    }
    None
}

/// Whether one range holds another and more.
fn wider(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start <= other.start && other.end <= one.end && one.len() > other.len()
}
