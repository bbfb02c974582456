//! A client and a server joined by two buffers.

use std::io::{Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Error, ServerConfig, ServerConnection};

/// What both ends did.
#[derive(Debug)]
pub struct Outcome {
    pub client: ClientConnection,
    pub server: ServerConnection,
    /// All bytes that the client sent, and all that the server sent.
    pub sent: [Vec<u8>; 2],
    /// How many times the direction turned.
    pub flights: usize,
    /// What the server read before the handshake was over.
    pub early: Vec<u8>,
}

/// What the client says in every conversation, and what the server does.
pub const QUESTION: &[u8] = b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
pub const ANSWER: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// A whole conversation: handshake, a question, an answer, and a close from both sides.
pub fn converse(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, name: &str) -> Result<Outcome, Error> {
    let name = ServerName::try_from(name.to_owned()).expect("a name that the test made");
    let mut pair = Outcome {
        client: ClientConnection::new(client.clone(), name)?,
        server: ServerConnection::new(server.clone())?,
        sent: [Vec::new(), Vec::new()],
        flights: 0,
        early: Vec::new(),
    };
    if let Some(mut early) = pair.client.early_data() {
        early.write_all(b"early").expect("fits");
    }
    pair.client.writer().write_all(QUESTION).expect("fits");
    pair.settle()?;
    let mut asked = vec![0; QUESTION.len()];
    pair.server.reader().read_exact(&mut asked).expect("the question arrived");
    assert_eq!(asked, QUESTION);
    pair.server.writer().write_all(ANSWER).expect("fits");
    pair.server.send_close_notify();
    pair.settle()?;
    let mut answered = Vec::new();
    pair.client.reader().read_to_end(&mut answered).expect("the answer arrived, and the close");
    assert_eq!(answered, ANSWER);
    pair.client.send_close_notify();
    pair.settle()?;
    Ok(pair)
}

impl Outcome {
    /// Carries bytes both ways until neither side has any.
    pub fn settle(&mut self) -> Result<(), Error> {
        loop {
            let mut flight = Vec::new();
            while self.client.wants_write() {
                self.client.write_tls(&mut flight).expect("a vector takes all");
            }
            let mut idle = flight.is_empty();
            self.flights += usize::from(!flight.is_empty());
            self.sent[0].extend_from_slice(&flight);
            let mut unread = flight.as_slice();
            while !unread.is_empty() {
                self.server.read_tls(&mut unread).expect("a slice gives all");
                self.server.process_new_packets()?;
                if let Some(mut early) = self.server.early_data() {
                    early.read_to_end(&mut self.early).expect("early data is readable");
                }
            }
            let mut flight = Vec::new();
            while self.server.wants_write() {
                self.server.write_tls(&mut flight).expect("a vector takes all");
            }
            idle &= flight.is_empty();
            self.flights += usize::from(!flight.is_empty());
            self.sent[1].extend_from_slice(&flight);
            let mut unread = flight.as_slice();
            while !unread.is_empty() {
                self.client.read_tls(&mut unread).expect("a slice gives all");
                self.client.process_new_packets()?;
            }
            if idle {
                return Ok(());
            }
        }
    }
}
