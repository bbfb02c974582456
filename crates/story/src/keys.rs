//! Whether a key log belongs to a capture.

use std::fmt;

use capture::keylog::KeyLog;

use crate::Story;

/// A key log that helps nothing: it has secrets, and none of them is for a connection of the capture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UselessKeys {
    /// TLS connections that it has secrets of.
    pub secrets: usize,
    /// TLS connections whose ClientHello the capture shows.
    pub hellos: usize,
}

/// What to do about it.
pub const USELESS_KEYS_REMEDY: &str = "take the key log that was written while this capture was made";

impl fmt::Display for UselessKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UselessKeys { secrets, hellos } = self;
        write!(
            f,
            "has secrets of {secrets} TLS connections, and none of them is among the {hellos} whose ClientHello the capture shows"
        )
    }
}

/// Says so if `key_log` has secrets, but none for a connection of the story.
pub fn useless_keys(story: &Story, key_log: &KeyLog) -> Option<UselessKeys> {
    if key_log.is_empty() {
        return None;
    }
    let hellos = story.survey().hellos();
    let helps = hellos.iter().any(|random| !key_log.secrets(random).is_empty());
    (!helps).then_some(UselessKeys { secrets: key_log.connections().len(), hellos: hellos.len() })
}
