//! The tables of HPACK (RFC 7541 §2.3): fields that a number stands for.

use std::sync::Arc;

/// The static table (RFC 7541 Appendix A): 1 is the first.
const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// Bytes that an entry takes beside its name and value (RFC 7541 §4.1).
const OVERHEAD: usize = 32;

/// A field in the dynamic table.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Entry {
    name: Arc<str>,
    value: Arc<str>,
}

/// The dynamic table of one direction (RFC 7541 §2.3.2). It keeps what it ever held, so that it can be had again as it
/// stood before any block: entries come at one end and go at the other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    entries: Vec<Entry>,
    live: usize,
    size: usize,
    max: usize,
    allowed: usize,
    lost: bool,
}

/// How a [`Table`] stood at some moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    live: usize,
    end: usize,
    size: usize,
    max: usize,
    allowed: usize,
    lost: bool,
}

/// The largest table that is kept, whatever the peers agree on: in bytes as RFC 7541 §4.1 counts them.
const MOST: usize = 1 << 20;

impl Default for Table {
    /// Empty, of at most 4096 bytes (RFC 9113 §6.5.2).
    fn default() -> Table {
        Table { entries: Vec::new(), live: 0, size: 0, max: 4096, allowed: 4096, lost: false }
    }
}

impl Table {
    /// The receiver's SETTINGS_HEADER_TABLE_SIZE: the sender may make the table so large.
    pub fn allow(&mut self, bytes: u32) {
        // What was allowed before may still be on its way.
        self.allowed = self.allowed.max(bytes as usize).min(MOST);
    }
    /// Blocks are missing: what they added is unknown, and by which numbers the entries before them go.
    pub fn forget(&mut self) {
        (self.live, self.size, self.lost) = (self.entries.len(), 0, true);
    }
    /// How it stands now.
    pub fn mark(&self) -> Mark {
        let Table { live, size, max, allowed, lost, .. } = *self;
        Mark { live, end: self.entries.len(), size, max, allowed, lost }
    }
    /// The table as it stood at `mark`.
    pub fn rewind(&self, mark: Mark) -> Table {
        let Mark { live, end, size, max, allowed, lost } = mark;
        let entries = self.entries.get(live..end).unwrap_or_default().to_vec();
        Table { entries, live: 0, size, max, allowed, lost }
    }

    /// The field that `index` stands for (RFC 7541 §2.3.3).
    pub(super) fn get(&self, index: u64) -> Result<(Arc<str>, Arc<str>), &'static str> {
        let Some(at) = usize::try_from(index).ok().and_then(|index| index.checked_sub(1)) else {
            return Err("is 0, which stands for nothing");
        };
        if let Some((name, value)) = STATIC.get(at) {
            return Ok(((*name).into(), (*value).into()));
        }
        let newest = self.entries.get(self.live..).unwrap_or_default().iter().rev();
        match newest.clone().nth(at - STATIC.len()) {
            Some(entry) => Ok((entry.name.clone(), entry.value.clone())),
            None if self.lost => Err("stands for a field of a block that was not captured"),
            None => Err("stands for nothing: the table has fewer entries"),
        }
    }
    /// Adds a field, for which others go (RFC 7541 §4.4).
    pub(super) fn insert(&mut self, name: Arc<str>, value: Arc<str>) {
        let bytes = OVERHEAD + name.len() + value.len();
        self.shrink_to(self.max.saturating_sub(bytes));
        if bytes <= self.max {
            self.entries.push(Entry { name, value });
            self.size += bytes;
        }
    }
    /// Sets its largest size (RFC 7541 §6.3).
    pub(super) fn resize(&mut self, max: u64) -> Result<(), &'static str> {
        match usize::try_from(max) {
            Ok(max) if max <= self.allowed || (self.lost && max <= MOST) => {
                self.max = max;
                self.shrink_to(max);
                Ok(())
            }
            _ => Err("is more than the other side allows"),
        }
    }
    fn shrink_to(&mut self, bytes: usize) {
        while self.size > bytes
            && let Some(entry) = self.entries.get(self.live)
        {
            self.size -= OVERHEAD + entry.name.len() + entry.value.len();
            self.live += 1;
        }
    }
}
