//! Pieces of messages that a packet carries and does not complete, in plain words.

use wire::http2::{FrameHeader, FrameType};

/// What becomes of something larger that a packet carries a part of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rest {
    /// That packet completes it.
    Whole(u32),
    /// That packet brings the last of it, but more was announced.
    CutShort(u32),
    /// More of the capture may complete it.
    Unread,
}

/// The pieces of a packet: of one thing, or of messages on streams of HTTP/2, which take turns.
#[derive(Default, Debug)]
pub(crate) struct Pieces {
    /// The last that is on no stream.
    single: Option<(String, Rest)>,
    /// `request` or `response`, its stream, and what becomes of it.
    on_streams: Vec<(&'static str, u32, Rest)>,
    /// The frames that carry messages, each kind with its streams.
    frames: Vec<(FrameType, Vec<u32>)>,
}

/// Streams that are listed at most: a segment may carry a hundred answers of a few bytes.
const LISTED: usize = 8;

impl Pieces {
    /// A part of something that is on no stream.
    pub fn part_of(&mut self, what: String, rest: Rest) {
        self.single = Some((what, rest));
    }

    /// A part of a message on a stream.
    pub fn part_on(&mut self, stream: u32, message: &'static str, rest: Rest) {
        self.on_streams.push((message, stream, rest));
    }

    /// A frame that carries a part of a message, or all of it.
    pub fn frame(&mut self, header: FrameHeader) {
        match self.frames.iter_mut().find(|(kind, _)| *kind == header.kind) {
            Some((_, streams)) if streams.contains(&header.stream) => {}
            Some((_, streams)) => streams.push(header.stream),
            None => self.frames.push((header.kind, vec![header.stream])),
        }
    }

    /// What there is to say of them, one after the other; the last says most.
    pub fn said(self) -> Vec<String> {
        let mut out: Vec<String> = self.single.map(|(what, rest)| single(&what, rest)).into_iter().collect();
        let [(message, _, first), others @ ..] = &*self.on_streams else { return out };
        let streams: Vec<u32> = self.on_streams.iter().map(|(_, stream, _)| *stream).collect();
        let (whole, ended): (Vec<u32>, Vec<u32>) = (
            self.on_streams
                .iter()
                .filter_map(|(.., rest)| if let Rest::Whole(n) = rest { Some(*n) } else { None })
                .collect(),
            self.on_streams.iter().filter_map(|(_, s, rest)| matches!(rest, Rest::CutShort(_)).then_some(*s)).collect(),
        );
        let what = if others.is_empty() {
            single(&format!("the {message}"), *first)
        } else {
            let mut fate = Vec::new();
            if !whole.is_empty() {
                fate.push(format!("whole with {}", list("packet", &whole)));
            }
            if !ended.is_empty() {
                fate.push(format!("on {} not whole", list("stream", &ended)));
            }
            if whole.len() + ended.len() < streams.len() {
                fate.push("the rest is still being read".to_owned());
            }
            format!("parts of {} {message}s ({})", streams.len(), fate.join("; "))
        };
        // The frames of these streams alone: whatever is whole speaks for itself.
        let frames = self.frames.into_iter().filter_map(|(kind, on)| {
            let on: Vec<u32> = on.into_iter().filter(|stream| streams.contains(stream)).collect();
            (!on.is_empty()).then(|| format!("{kind} on {}", list("stream", &on)))
        });
        let frames: Vec<String> = frames.collect();
        out.push(if frames.is_empty() {
            format!("{what}, on {}", list("stream", &streams))
        } else {
            format!("{}: {what}", frames.join(", "))
        });
        out
    }
}

/// A part of one thing, and what becomes of it.
fn single(what: &str, rest: Rest) -> String {
    match rest {
        Rest::Whole(number) => format!("a part of {what} (whole with packet {number})"),
        Rest::CutShort(number) => format!("a part of {what} (it ends with packet {number}, and is not whole)"),
        Rest::Unread => format!("a part of {what} (the rest is still being read)"),
    }
}

/// `stream 3`, `streams 3, 5 and 7`; of many the first.
fn list(what: &str, numbers: &[u32]) -> String {
    let mut shown: Vec<String> = numbers.iter().map(u32::to_string).collect();
    shown.dedup();
    if shown.len() > LISTED {
        let more = shown.len() - (LISTED - 1);
        shown.truncate(LISTED - 1);
        shown.push(format!("{more} more"));
    }
    match &*shown {
        [one] => format!("{what} {one}"),
        [first @ .., last] => format!("{what}s {} and {last}", first.join(", ")),
        [] => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: FrameType, stream: u32) -> FrameHeader {
        let [a, b, c, d] = stream.to_be_bytes();
        FrameHeader::read(&[0, 0, 0, kind.0, 0, a, b, c, d])
    }

    #[test]
    fn a_part_says_of_what_and_what_becomes_of_it() {
        let said = |rest| {
            let mut pieces = Pieces::default();
            pieces.part_of("the response".to_owned(), rest);
            pieces.said().join(", ")
        };
        assert_eq!(said(Rest::Whole(9)), "a part of the response (whole with packet 9)");
        assert_eq!(said(Rest::CutShort(9)), "a part of the response (it ends with packet 9, and is not whole)");
        assert_eq!(said(Rest::Unread), "a part of the response (the rest is still being read)");
        assert!(Pieces::default().said().is_empty());
    }

    #[test]
    fn messages_on_streams_say_their_streams_and_frames() {
        let mut pieces = Pieces::default();
        pieces.frame(header(FrameType::DATA, 1)); // of a message that is whole, and says so itself
        pieces.frame(header(FrameType::DATA, 3));
        pieces.frame(header(FrameType::DATA, 3));
        pieces.part_on(3, "response", Rest::Whole(121));
        assert_eq!(pieces.said(), ["DATA on stream 3: a part of the response (whole with packet 121)"]);

        let mut pieces = Pieces::default();
        for stream in [3, 5, 7] {
            pieces.frame(header(FrameType::HEADERS, stream));
            pieces.part_on(stream, "response", if stream == 5 { Rest::CutShort(40) } else { Rest::Whole(30 + stream) });
        }
        pieces.frame(header(FrameType::DATA, 3));
        assert_eq!(
            pieces.said(),
            [
                "HEADERS on streams 3, 5 and 7, DATA on stream 3: parts of 3 responses (whole with packets 33 and 37; on stream 5 not whole)"
            ]
        );
    }

    #[test]
    fn of_many_streams_the_first_are_listed() {
        let mut pieces = Pieces::default();
        (0..100).for_each(|n| pieces.part_on(2 * n + 1, "request", Rest::Unread));
        assert_eq!(
            pieces.said(),
            ["parts of 100 requests (the rest is still being read), on streams 1, 3, 5, 7, 9, 11, 13 and 93 more"]
        );
    }
}
