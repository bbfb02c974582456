//! What a client remembers of servers that it opened connections to with Fast Open (RFC 7413 §4.1.3).

use std::net::IpAddr;

use base::Map;
use tcp::{FastOpenNews, FastOpenRequest, FastOpenServer, FastOpenUse};
use wire::tcp::FastOpen;

use crate::Host;

/// So many servers are remembered at most.
const MOST: usize = 1024;
/// So many connections of a listener may be open on the word of a cookie at a time (RFC 7413 §5.1).
const PENDING: usize = 128;

/// What is known of a server.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    mss: u16,
    cookie: Option<FastOpen>,
    /// A question for a cookie was not answered: 1: with RFC 7413's option, so the experimental one is tried; 2: nor with that.
    tries: u8,
}

/// The cache.
#[derive(Debug, Default)]
pub(crate) struct Cookies {
    known: Map<IpAddr, Known>,
}

impl Cookies {
    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.known = Map::default();
    }

    /// Whether a SYN to `server` may carry data.
    pub(crate) fn has(&self, server: IpAddr) -> bool {
        self.known.get(&server).is_some_and(|known| known.cookie.is_some())
    }

    /// The option for a SYN to `server`: its cookie, or the question for one. The segment size that it last told of.
    pub(crate) fn option(&self, server: IpAddr) -> (FastOpen, Option<u16>) {
        let known = self.known.get(&server).copied().unwrap_or_default();
        let experimental = known.tries == 1;
        let ask = FastOpen::new(&[], experimental).unwrap_or_default();
        (known.cookie.unwrap_or(ask), Some(known.mss).filter(|&mss| mss > 0))
    }

    /// What the SYN of a program that has no data for it asks: a cookie, where programs use Fast Open and none is known.
    pub(super) fn question(&self, config: &tcp::Settings, server: IpAddr) -> Option<FastOpenRequest> {
        let asks = config.fast_open == FastOpenUse::Cookie && !self.has(server);
        asks.then(|| FastOpenRequest { option: Some(self.option(server).0), data: bytes::Bytes::new() })
    }

    /// Where programs use Fast Open and the server takes data with a SYN: its option, and how many bytes it has room for.
    pub(super) fn later(&self, config: &tcp::Settings, server: IpAddr) -> Option<(Option<FastOpen>, usize)> {
        let (option, mss) = self.option(server);
        let room = FastOpenRequest::room(config, mss.unwrap_or(config.mss));
        match config.fast_open {
            FastOpenUse::Off => None,
            FastOpenUse::Cookie => self.has(server).then_some((Some(option), room)),
            FastOpenUse::NoCookie => Some((None, room)),
        }
    }

    /// What an answer has told.
    pub(crate) fn learn(&mut self, server: IpAddr, news: FastOpenNews) {
        if self.known.len() >= MOST && !self.known.contains_key(&server) {
            self.clear();
        }
        let known = self.known.entry(server).or_default();
        known.mss = news.mss;
        if let Some(cookie) = news.cookie {
            known.cookie = Some(cookie);
        } else if let Some(experimental) = news.unanswered
            && known.cookie.is_none()
        {
            known.tries = known.tries.max(if experimental { 2 } else { 1 });
        }
    }
}

/// How a connection is to be opened with data in its SYN.
#[derive(Clone, Debug, Default)]
pub struct FastOpenConnect {
    /// What the program has to say; as much of it as fits goes with the SYN, if the server may be trusted to take it.
    pub data: bytes::Bytes,
    /// Servers take data without a cookie (Linux's `tcp_fastopen` with 4, TCP_FASTOPEN_NO_COOKIE).
    pub without_cookie: bool,
}

impl FastOpenConnect {
    /// What to put into a SYN to `server`.
    pub(super) fn request(&self, cookies: &Cookies, config: &tcp::Settings, server: IpAddr) -> FastOpenRequest {
        let (option, mss) = cookies.option(server);
        let room = FastOpenRequest::room(config, mss.unwrap_or(config.mss)).min(self.data.len());
        if self.without_cookie {
            return FastOpenRequest { option: None, data: self.data.slice(..room) };
        }
        // RFC 7413 §4.1.2: no data without a cookie.
        let data = if option.cookie().is_empty() { bytes::Bytes::new() } else { self.data.slice(..room) };
        FastOpenRequest { option: Some(option), data }
    }
}

impl Host {
    /// How a listener takes Fast Open where the machine says how.
    pub(super) fn fast_open_server(&self, usage: FastOpenUse) -> Option<FastOpenServer> {
        // A key of its own, so that cookies tell nothing of sequence numbers.
        let half = |label: &[u8]| tcp::siphash(self.tcp.isns.secret, label).to_le_bytes();
        let mut key = [0; 16];
        key[..8].copy_from_slice(&half(b"fast open, first half"));
        key[8..].copy_from_slice(&half(b"fast open, second half"));
        let server =
            FastOpenServer { keys: (key, None), without_cookie: usage == FastOpenUse::NoCookie, queue: PENDING };
        (usage != FastOpenUse::Off).then_some(server)
    }
}
