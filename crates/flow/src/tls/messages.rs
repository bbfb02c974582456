//! Handshake messages, as far as keys depend on them (RFC 8446 §4, RFC 5246 §7.4).

use wire::tls::{HANDSHAKE_HEADER_LEN, HandshakeType};

use super::hello::{ClientHello, ServerHello};

/// Bytes of a message's header.
const HEADER: usize = HANDSHAKE_HEADER_LEN;
/// How much of a hello is kept: hellos with the largest key shares and tickets in use have a few thousand bytes.
const HELLO_LIMIT: usize = 1 << 16;

/// A message that changes what is known about keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Message {
    ClientHello(ClientHello),
    ServerHello(ServerHello),
    EndOfEarlyData,
    /// The first bytes of the encrypted premaster secret, if the exchange is RSA's (RFC 5246 §7.4.7.1).
    ClientKeyExchange([u8; 8]),
    Finished,
    KeyUpdate,
}

/// Cuts one direction's handshake records into messages, which may lie across records.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// What is kept of the message under way, header included.
    kept: Vec<u8>,
    /// How many of its bytes are still to come after the header; not known before.
    to_come: Option<usize>,
}

impl Messages {
    /// Takes a record's content and tells the messages that end in it.
    pub(super) fn push(&mut self, mut content: &[u8], mut tell: impl FnMut(Message)) {
        while !content.is_empty() {
            let to_come = match self.to_come {
                Some(to_come) => to_come,
                None => {
                    let (header, rest) = content.split_at(content.len().min(HEADER - self.kept.len()));
                    self.kept.extend_from_slice(header);
                    content = rest;
                    let &[_, a, b, c] = self.kept.as_slice() else { return };
                    u32::from_be_bytes([0, a, b, c]) as usize
                }
            };
            let (body, rest) = content.split_at(content.len().min(to_come));
            let room = (HEADER + self.limit()).saturating_sub(self.kept.len());
            self.kept.extend_from_slice(body.get(..room).unwrap_or(body));
            content = rest;
            if body.len() < to_come {
                self.to_come = Some(to_come - body.len());
                return;
            }
            self.to_come = None;
            self.read().into_iter().for_each(&mut tell);
            self.kept.clear();
        }
    }

    /// Forgets the message under way: bytes are missing.
    pub(super) fn reset(&mut self) {
        self.kept.clear();
        self.to_come = None;
    }

    /// How much of the body of the message under way is worth keeping.
    fn limit(&self) -> usize {
        match self.kept.first().copied().map(HandshakeType) {
            Some(HandshakeType::CLIENT_HELLO | HandshakeType::SERVER_HELLO) => HELLO_LIMIT,
            Some(HandshakeType::CLIENT_KEY_EXCHANGE) => 10,
            _ => 0,
        }
    }

    fn read(&self) -> Option<Message> {
        let message = self.kept.as_slice();
        match HandshakeType(*message.first()?) {
            HandshakeType::CLIENT_HELLO => ClientHello::read(message).map(Message::ClientHello),
            HandshakeType::SERVER_HELLO => ServerHello::read(message).map(Message::ServerHello),
            HandshakeType::END_OF_EARLY_DATA => Some(Message::EndOfEarlyData),
            // RFC 5246 §7.4.7.1: a length of two bytes before the encrypted secret.
            HandshakeType::CLIENT_KEY_EXCHANGE => {
                message.get(HEADER + 2..HEADER + 10)?.try_into().ok().map(Message::ClientKeyExchange)
            }
            HandshakeType::FINISHED => Some(Message::Finished),
            HandshakeType::KEY_UPDATE => Some(Message::KeyUpdate),
            _ => None,
        }
    }
}

/// Whether a handshake record begins with a message in plain sight: a type that exists and a length of less than 2^17.
/// Of encrypted records, one in a thousand looks like that.
pub(super) fn looks_plain(fragment: &[u8]) -> bool {
    let known = fragment.first().is_some_and(|kind| HandshakeType(*kind).name().is_some());
    known && fragment.get(1).is_none_or(|high| *high <= 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(records: &[&[u8]]) -> Vec<Message> {
        let (mut messages, mut told) = (Messages::default(), Vec::new());
        records.iter().for_each(|record| messages.push(record, |message| told.push(message)));
        told
    }

    #[test]
    fn messages_may_share_a_record_or_span_several() {
        let both = [20, 0, 0, 2, 7, 7, 24, 0, 0, 1, 0];
        assert_eq!(told(&[&both]), [Message::Finished, Message::KeyUpdate]);
        let bytes: Vec<&[u8]> = both.chunks(1).collect();
        assert_eq!(told(&bytes), [Message::Finished, Message::KeyUpdate]);
        assert_eq!(told(&[&both[..10]]), [Message::Finished]);
    }

    #[test]
    fn an_empty_message_ends_with_its_header() {
        assert_eq!(told(&[&[5, 0, 0, 0]]), [Message::EndOfEarlyData]);
        assert_eq!(told(&[&[5, 0, 0], &[0, 20, 0, 0, 0]]), [Message::EndOfEarlyData, Message::Finished]);
    }

    proptest! {
        /// However records cut the stream, the messages are the same, and no more is kept than is allowed.
        #[test]
        fn cuts_change_nothing(bytes in prop::collection::vec(0u8..30, 0..600), cut in 1usize..40) {
            let whole = told(&[&bytes]);
            let pieces: Vec<&[u8]> = bytes.chunks(cut).collect();
            prop_assert_eq!(told(&pieces), whole);
        }
    }
}
