//! What can be told of TLS 1.3 that is not decrypted: an alert by its length, and by what follows it.

use flow::{Direction, RecordContent, TlsRecord};
use wire::tls::{ContentType, Version};

use super::{Confidence, Connection, Finding, finding};

/// RFC 8446 §5.2 and §6: an alert of two bytes, its type, and the tag of 16 bytes that all common suites have.
const ALERT: usize = 2 + 1 + 16;
/// A record's header.
const HEADER: usize = 5;

/// The protected records of one direction that could not be read.
fn sealed<'a>(connection: &'a Connection<'_>, direction: Direction) -> Vec<&'a TlsRecord> {
    let records = connection.layers.tls.iter().flat_map(|tls| &tls.records);
    let unread = |record: &&TlsRecord| {
        let read = matches!(record.content, RecordContent::Plain | RecordContent::Decrypted { .. });
        record.direction == direction && record.header.content_type == ContentType::APPLICATION_DATA && !read
    };
    records.filter(unread).collect()
}

fn as_long_as_an_alert(record: &TlsRecord) -> bool {
    record.range.len() == HEADER + ALERT
}

/// Whether one end closed or reset the connection, and no later than the other.
fn ended_first(connection: &Connection<'_>, by: Direction) -> bool {
    let end = |direction| {
        let half = connection.tcp.half(direction);
        half.fin_frame().into_iter().chain(half.rst_frame()).min()
    };
    match (end(by), end(by.opposite())) {
        (Some(own), other) => other.is_none_or(|other| own < other),
        (None, _) => false,
    }
}

finding! {
    /// An alert that nobody can read.
    SealedAlert = "finding.tls.sealed_alert", "TLS 1.3 was broken off, and the reason is encrypted", "RFC 8446 §6",
        "one end sent nothing in its turn but a record as long as an alert, and closed: what it did not accept stands in that record, encrypted",
        advice "Behind the server's flight a client refuses its certificate: out of date, for another name, of an issuer that it does not trust. Behind the client's a server misses a certificate of the client. The key log (SSLKEYLOGFILE, --keylog) shows the alert; so do both programs' own messages.";
    look_at = |card, connection, out| {
        let Some(tls) = connection.layers.tls.as_ref() else { return };
        if tls.server_hello.as_ref().is_none_or(|hello| hello.version() != Version::TLS13) {
            return;
        }
        let (client, server) = (sealed(connection, Direction::ToServer), sealed(connection, Direction::ToClient));
        // The client's first protected record is its Finished (RFC 8446 §2), longer than an alert.
        if let ([first], false) = (client.as_slice(), server.is_empty()) && as_long_as_an_alert(first) && ended_first(connection, Direction::ToServer) {
            let text = "The client answered the server's certificate with a record as long as an alert, and closed: it does not accept the server.".to_owned();
            let shown = server.last().map(|record| record.frame);
            out.push(Finding::new(card, text, [first.frame].into_iter().chain(shown)).failed().sure(Confidence::Likely));
            return;
        }
        // Programs check the name when the handshake is done. Who only tries whether TLS answers closes in peace.
        if let [finished, last] = client.as_slice() && as_long_as_an_alert(last) && connection.tcp.client().rst_frame().is_some() {
            let text = "The client asked for nothing behind the handshake, and broke off with a record as long as an alert: perhaps it does not accept the certificate's name.".to_owned();
            out.push(Finding::new(card, text, [finished.frame, last.frame]).failed().sure(Confidence::Possible));
            return;
        }
        let (Some(finished), Some(last)) = (client.first(), client.last()) else { return };
        let mut answers = server.iter().filter(|record| record.frame > finished.frame);
        // Session tickets are longer (RFC 8446 §4.6.1); the answer to a request is, too.
        if let (Some(only), None) = (answers.next(), answers.next()) && as_long_as_an_alert(only) && ended_first(connection, Direction::ToClient) {
            let text = format!("Behind the handshake {} sent nothing but a record as long as an alert, and closed: it does not accept the client.", connection.server());
            out.push(Finding::new(card, text, [finished.frame, last.frame, only.frame]).failed().sure(Confidence::Likely));
        }
    };
}
