//! Reading SSLKEYLOGFILE text: a label, the ClientHello's Random, a secret, parted by spaces (RFC 9850 §2).

use std::borrow::Cow;

use super::hex::decode;
use super::{Inserted, KeyLog, Label, RsaSecret};
use crate::{Place, Problems};

/// The longest line that is believed; a secret of TLS needs less than 300 bytes.
const LONGEST_LINE: usize = 16 << 10;

type Reason = Cow<'static, str>;

pub(super) fn read(log: &mut KeyLog, text: &[u8]) -> Problems {
    let mut problems = Problems::default();
    for (number, bytes) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        if let Err(reason) = line(log, bytes) {
            problems.note(Place::Line(number), || reason);
        }
    }
    problems
}

fn line(log: &mut KeyLog, bytes: &[u8]) -> Result<(), Reason> {
    let mut bytes = bytes.trim_ascii();
    // A mark of the byte order begins a file, and so a line where files were joined.
    while let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        bytes = rest.trim_ascii_start();
    }
    // RFC 9850 §2: empty lines and those that start with `#` are ignored.
    if bytes.is_empty() || bytes.starts_with(b"#") {
        return Ok(());
    }
    if bytes.len() > LONGEST_LINE {
        return Err(format!("{} bytes are too long for a line of a key log: ignored", bytes.len()).into());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "not text: ignored")?;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let [label, first, second] = words[..] else {
        let found = words.len();
        return Err(format!("{found} words instead of three (label, client random, secret): ignored").into());
    };
    if label == "RSA" {
        log.insert_rsa(rsa(first, second)?);
        return Ok(());
    }
    let client_random = decode(first).map_err(|why| format!("the client random {why}: ignored"))?;
    let Ok(client_random) = <[u8; 32]>::try_from(client_random.as_slice()) else {
        return Err(format!("the client random has {} bytes instead of 32: ignored", client_random.len()).into());
    };
    let secret = decode(second).map_err(|why| format!("the secret {why}: ignored"))?;
    let label = Label::from_text(label);
    if let Some(right) = label.wrong_length(secret.len()) {
        return Err(format!("the secret of {label} has {} bytes instead of {right}: ignored", secret.len()).into());
    }
    match log.insert(client_random, label.clone(), &secret) {
        Inserted::New | Inserted::Known => Ok(()),
        Inserted::Contradicts => Err(format!("another {label} of the same connection: the first one is used").into()),
        Inserted::Full => {
            Err(format!("more than {} secrets of one connection: ignored", KeyLog::PER_CONNECTION).into())
        }
    }
}

/// The two forms of a line that starts with `RSA`.
fn rsa(first: &str, second: &str) -> Result<RsaSecret, Reason> {
    let hex =
        |what: &str, digits: &str| decode(digits).map_err(|why| Reason::from(format!("the {what} {why}: ignored")));
    if let Some(id) = first.strip_prefix("Session-ID:") {
        let Some(master) = second.strip_prefix("Master-Key:") else {
            return Err("no Master-Key: behind the Session-ID: ignored".into());
        };
        let (session_id, master) = (hex("session id", id)?, hex("master secret", master)?);
        if master.len() != 48 {
            return Err(format!("the master secret has {} bytes instead of 48: ignored", master.len()).into());
        }
        return Ok(RsaSecret::Session { session_id, master });
    }
    let (start, premaster) = (hex("encrypted premaster secret's start", first)?, hex("premaster secret", second)?);
    let Ok(encrypted_start) = <[u8; 8]>::try_from(start.as_slice()) else {
        return Err(
            format!("the encrypted premaster secret's start has {} bytes instead of 8: ignored", start.len()).into()
        );
    };
    // RFC 5246 §7.4.7.1: two bytes of version and 46 random ones.
    if premaster.len() != 48 {
        return Err(format!("the premaster secret has {} bytes instead of 48: ignored", premaster.len()).into());
    }
    Ok(RsaSecret::Premaster { encrypted_start, premaster })
}
