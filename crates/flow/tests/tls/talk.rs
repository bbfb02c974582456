//! Real TLS conversations as records, and what a session makes of them.

use capture::keylog::KeyLog;
use flow::tls::{Opened, Record, Sender, Session};
use wire::tls::{ContentType, Version};

/// Bytes that one side sent in one go.
pub type Flight = (Sender, Vec<u8>);

/// Splits flights into records. A flight holds whole records.
pub fn records(flights: &[Flight]) -> Vec<(Sender, Vec<u8>)> {
    let mut records = Vec::new();
    for (sender, bytes) in flights {
        let mut rest = bytes.as_slice();
        while let Some(header) = rest.get(..5) {
            let len = 5 + usize::from(u16::from_be_bytes([header[3], header[4]]));
            records.push((*sender, rest[..len].to_vec()));
            rest = &rest[len..];
        }
        assert!(rest.is_empty(), "a flight ends with a record");
    }
    records
}

/// A record's bytes as a session takes them.
pub fn record(bytes: &[u8]) -> Record<'_> {
    Record {
        content_type: ContentType(bytes[0]),
        version: Version(u16::from_be_bytes([bytes[1], bytes[2]])),
        fragment: &bytes[5..],
    }
}

/// Opens all records in a new session. Checks that the parts of every opened record add up to it.
pub fn open_all(records: &[(Sender, Vec<u8>)], keys: &KeyLog) -> Vec<(Sender, Opened)> {
    let mut session = Session::new();
    records.iter().map(|(sender, bytes)| (*sender, open_one(&mut session, *sender, bytes, keys))).collect()
}

/// Opens a record. Checks that the parts of an opened record add up to it.
pub fn open_one(session: &mut Session, sender: Sender, bytes: &[u8], keys: &KeyLog) -> Opened {
    let opened = session.record(sender, record(bytes), keys);
    if let Opened::Decrypted(plain) = &opened {
        let l = plain.layout;
        assert_eq!(l.explicit_nonce + l.ciphertext + l.tag, bytes.len() - 5, "the fragment's parts: {l:?}");
        assert_eq!(l.ciphertext, plain.bytes.len());
        assert_eq!(l.content + l.content_type + l.mac + l.padding + l.padding_length, plain.bytes.len(), "{l:?}");
    }
    opened
}

/// The application data that one side sent, as far as they could be read.
pub fn application_data(opened: &[(Sender, Opened)], sender: Sender) -> Vec<u8> {
    let of_sender = opened.iter().filter(|(of, _)| *of == sender);
    let contents = of_sender.filter_map(|(_, opened)| match opened {
        Opened::Decrypted(plain) if plain.content_type == ContentType::APPLICATION_DATA => Some(plain.content()),
        _ => None,
    });
    contents.collect::<Vec<_>>().concat()
}

/// Everything was read that is not plain.
pub fn assert_all_read(opened: &[(Sender, Opened)], what: &str) {
    for (nth, (sender, opened)) in opened.iter().enumerate() {
        if let Opened::Undecrypted(why) = opened {
            panic!("{what}: record {nth}, from the {sender:?}: {why}");
        }
    }
}

/// Records from the text of a data file: `>` begins one of the client, `<` one of the server, then hexadecimal digits,
/// which may go on in further lines. `#` begins a comment.
pub fn from_text(text: &str) -> Vec<(Sender, Vec<u8>)> {
    let mut flights: Vec<Flight> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.as_bytes().first() {
            Some(b'>') => flights.push((Sender::Client, Vec::new())),
            Some(b'<') => flights.push((Sender::Server, Vec::new())),
            _ => {}
        }
        let digits: Vec<u8> = line.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
        let bytes = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]);
        flights.last_mut().expect("a record begins with > or <").1.extend(bytes);
    }
    records(&flights)
}
