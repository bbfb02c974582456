//! One TLS connection: what both sides' records tell about its keys, and each record's way to its content.

use capture::keylog::KeyLog;
use wire::tls::{CipherSuite, ContentType, Version};

use super::half12::Half12;
use super::half13::Half13;
use super::hello::{ClientHello, ServerHello};
use super::messages::{Message, Messages, looks_plain};
use super::opened::{Opened, Plaintext};
use super::why::Why;

/// Who sent a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Sender {
    /// The side that sent the ClientHello.
    Client,
    /// The other.
    Server,
}

/// A record as it stands on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record<'a> {
    /// The type in its header.
    pub content_type: ContentType,
    /// The version in its header.
    pub version: Version,
    /// What follows the header: as many bytes as the header says.
    pub fragment: &'a [u8],
}

/// What the two sides agreed on, as far as it was seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Agreed {
    /// The Random of the ClientHello: the connection's name in a key log.
    pub client_random: [u8; 32],
    /// The Random of the ServerHello.
    pub server_random: [u8; 32],
    /// The version.
    pub version: Version,
    /// The cipher suite.
    pub suite: CipherSuite,
    /// Whether the MAC stands behind the ciphertext (RFC 7366). Says something of CBC suites only.
    pub encrypt_then_mac: bool,
}

/// Bytes that a stream lacks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Hole {
    pub(super) offset: u64,
    pub(super) len: u64,
}

/// What both directions need to know.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) client: Option<ClientHello>,
    pub(super) server: Option<ServerHello>,
    /// The first bytes of the encrypted premaster secret, as older key logs name connections.
    pub(super) encrypted_premaster: Option<[u8; 8]>,
    /// A HelloRetryRequest was seen.
    retry: bool,
}

impl Known {
    /// The version, if it is known already.
    fn version(&self) -> Option<Version> {
        // Only TLS 1.3 has HelloRetryRequest.
        self.server.as_ref().map(|server| server.version).or(self.retry.then_some(Version::TLS13))
    }
}

/// One TLS connection whose records are to be decrypted.
#[derive(Debug, Default)]
pub struct Session {
    known: Known,
    halves: [Half; 2],
}

/// One direction.
#[derive(Debug, Default)]
struct Half {
    messages: Messages,
    /// The handshake message under way is plain, so what continues it is.
    plain: bool,
    tls12: Half12,
    tls13: Half13,
}

impl Session {
    /// A connection of which nothing is known yet.
    pub fn new() -> Session {
        Session::default()
    }

    /// What was agreed on, once both hellos were seen.
    pub fn agreed(&self) -> Option<Agreed> {
        let (client, server) = (self.known.client.as_ref()?, self.known.server.as_ref()?);
        Some(Agreed {
            client_random: client.random,
            server_random: server.random,
            version: server.version,
            suite: server.suite,
            encrypt_then_mac: server.encrypt_then_mac,
        })
    }

    /// The Random of the ClientHello, once it was seen.
    pub fn client_random(&self) -> Option<[u8; 32]> {
        self.known.client.as_ref().map(|client| client.random)
    }

    /// `len` bytes of the sender's stream are missing, from `offset` on. The next record given of this sender is the
    /// first one whose beginning is known again.
    pub fn missing(&mut self, sender: Sender, offset: u64, len: u64) {
        let half = self.half(sender);
        half.plain = false;
        half.messages.reset();
        let hole = Hole { offset, len };
        half.tls12.missing(hole);
        half.tls13.missing(hole);
    }

    /// Opens the sender's next record. Records of one sender come in their order; of both, so that an answer does not
    /// come before its question.
    pub fn record(&mut self, sender: Sender, record: Record<'_>, keys: &KeyLog) -> Opened {
        let opened = self.open(sender, &record, keys);
        let half = self.half(sender);
        let (content_type, content) = match &opened {
            Opened::Plain => (record.content_type, record.fragment),
            Opened::Decrypted(plaintext) => (plaintext.content_type, plaintext.content()),
            Opened::Undecrypted(_) => {
                half.plain = false;
                half.messages.reset();
                return opened;
            }
        };
        match content_type {
            ContentType::HANDSHAKE => {
                half.plain = opened == Opened::Plain;
                let mut told = Vec::new();
                half.messages.push(content, |message| told.push(message));
                for message in told {
                    self.learn(sender, message, &opened, keys);
                }
            }
            ContentType::CHANGE_CIPHER_SPEC => self.change_cipher_spec(sender),
            _ => {}
        }
        opened
    }

    /// The sender's next record, an application's data, was opened before: with this sequence number, by these keys.
    pub fn opened_before(&mut self, sender: Sender, epoch: super::Epoch, sequence: u64) {
        // Where the ServerHello is missing only TLS 1.3 is opened: by the key log.
        let tls13 = self.known.version().is_none_or(|version| version == Version::TLS13);
        let half = self.half(sender);
        half.plain = false;
        half.messages.reset();
        if tls13 { half.tls13.opened_before(epoch, sequence) } else { half.tls12.opened_before(sequence) }
    }

    /// The sender's next record, an application's data, could not be opened before.
    pub fn closed_before(&mut self, sender: Sender) {
        let version = self.known.version();
        let [client, server] = &mut self.halves;
        let half = if sender == Sender::Client { client } else { server };
        half.plain = false;
        half.messages.reset();
        match version {
            Some(Version::TLS13) => half.tls13.closed_before(sender, &self.known),
            Some(Version::TLS12 | Version::TLS11 | Version::TLS10) => half.tls12.closed_before(),
            _ => {}
        }
    }

    fn half(&mut self, sender: Sender) -> &mut Half {
        let [client, server] = &mut self.halves;
        if sender == Sender::Client { client } else { server }
    }

    fn open(&mut self, sender: Sender, record: &Record<'_>, keys: &KeyLog) -> Opened {
        let version = self.known.version();
        let [client, server] = &mut self.halves;
        let half = if sender == Sender::Client { client } else { server };
        let protected = record.content_type == ContentType::APPLICATION_DATA;
        let result = match version {
            Some(Version::TLS13) => {
                // RFC 8446 §5.2: what is protected says application_data. The rest is plain: hellos, alerts before
                // keys, and change_cipher_spec, which means nothing here (§5, appendix D.4).
                if !protected {
                    return Opened::Plain;
                }
                half.tls13.open(sender, record, &self.known, keys)
            }
            Some(Version::TLS12 | Version::TLS11 | Version::TLS10) => {
                match half.tls12.open(sender, record, &self.known, keys) {
                    Some(result) => result,
                    None => return Opened::Plain,
                }
            }
            Some(version) if protected => Err(Why::Version(version)),
            Some(_) => return Opened::Plain,
            // Early data comes before the ServerHello; and where that is lost, the key log may tell that this is TLS 1.3.
            None if protected && half.tls13.may_open(sender, &self.known, keys) => {
                half.tls13.open(sender, record, &self.known, keys)
            }
            None => match record.content_type {
                ContentType::HANDSHAKE if half.plain || (!half.tls12.is_on() && looks_plain(record.fragment)) => {
                    return Opened::Plain;
                }
                ContentType::ALERT if record.fragment.len() == 2 => return Opened::Plain,
                ContentType::CHANGE_CIPHER_SPEC if record.fragment.len() == 1 => return Opened::Plain,
                _ => Err(match half.tls13.hole() {
                    Some(hole) => Why::Missing { offset: hole.offset, len: hole.len },
                    None => Why::HandshakeNotSeen,
                }),
            },
        };
        result.map_or_else(Opened::Undecrypted, Opened::Decrypted)
    }

    /// Takes note of a message that changes what is known about keys.
    fn learn(&mut self, sender: Sender, message: Message, opened: &Opened, keys: &KeyLog) {
        match (sender, message) {
            (Sender::Client, Message::ClientHello(hello)) => {
                self.known.encrypted_premaster = None;
                // After a HelloRetryRequest early data are no longer offered, but those of the first hello may still
                // arrive (RFC 8446 §4.2.10).
                let early =
                    self.known.client.as_ref().is_some_and(|first| first.early_data && first.random == hello.random);
                let early_data = hello.early_data || early;
                self.known.client = Some(ClientHello { early_data, ..hello });
            }
            (Sender::Server, Message::ServerHello(hello)) if hello.retry => self.known.retry = true,
            (Sender::Server, Message::ServerHello(hello)) => self.known.server = Some(hello),
            (Sender::Client, Message::ClientKeyExchange(start)) => self.known.encrypted_premaster = Some(start),
            (_, message @ (Message::Finished | Message::EndOfEarlyData | Message::KeyUpdate))
                if matches!(opened, Opened::Decrypted(_)) =>
            {
                let (known, [client, server]) = (&self.known, &mut self.halves);
                let half = if sender == Sender::Client { client } else { server };
                half.tls13.advance(sender, message, known, keys);
            }
            _ => {}
        }
    }

    /// RFC 5246 §7.1: in TLS 1.2 and before, the sender's next record is protected by the keys just agreed on.
    fn change_cipher_spec(&mut self, sender: Sender) {
        if self.known.version() != Some(Version::TLS13) {
            let half = self.half(sender);
            half.plain = false;
            half.tls12.change();
        }
    }
}

impl Plaintext {
    pub(super) fn new(inside: super::protection::Inside, sequence: u64, epoch: super::Epoch) -> Plaintext {
        Plaintext { bytes: inside.bytes, content_type: inside.content_type, sequence, epoch, layout: inside.layout }
    }
}
