//! Fast Open (RFC 7413): the server's cookies, and what a listener makes of a SYN that has one or data; what a client puts into
//! its SYN, and what it learns from the answer.

use std::net::IpAddr;

use bytes::Bytes;
use trace::{Cx, kinds::tcp as kind};
use wire::tcp::{FastOpen, Options};

use crate::connection::Connection;
use crate::isn::siphash;
use crate::rare::Blank;
use crate::{Segment, Settings};

/// How a listener takes Fast Open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FastOpenServer {
    /// The key that cookies are made with, and the one before it, whose cookies still count.
    pub keys: (FastOpenKey, Option<FastOpenKey>),
    /// Data in a SYN counts without a cookie (Linux's TFO_SERVER_COOKIE_NOT_REQD).
    pub without_cookie: bool,
    /// How many connections may be open on the word of a cookie alone (RFC 7413 §5.1).
    pub queue: usize,
}

/// A key for cookies.
pub type FastOpenKey = [u8; 16];

/// What becomes of a SYN.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FastOpenAnswer {
    /// The connection is open at once, with the SYN's data.
    pub opens: bool,
    /// The option to put into the SYN-ACK.
    pub option: Option<FastOpen>,
}

/// The cookie of a client at a server's address: as Linux makes it, a keyed hash of both addresses.
pub fn fast_open_cookie(key: FastOpenKey, client: IpAddr, server: IpAddr) -> [u8; 8] {
    let mut ends = Vec::with_capacity(32);
    for end in [client, server] {
        match end {
            IpAddr::V4(ip) => ends.extend(ip.octets()),
            IpAddr::V6(ip) => ends.extend(ip.octets()),
        }
    }
    siphash(key, &ends).to_le_bytes()
}

impl FastOpenServer {
    /// What to make of a SYN with these options, with or without data, when `waiting` connections are open on a cookie alone.
    pub fn answer(
        &self,
        options: &Options,
        has_data: bool,
        waiting: usize,
        client: IpAddr,
        server: IpAddr,
    ) -> FastOpenAnswer {
        let asked = options.fast_open.as_ref();
        if (asked.is_none() && !has_data) || waiting >= self.queue {
            return FastOpenAnswer::default();
        }
        if self.without_cookie {
            return FastOpenAnswer { opens: true, option: None };
        }
        let Some(asked) = asked else { return FastOpenAnswer::default() };
        let own = fast_open_cookie(self.keys.0, client, server);
        let fresh = FastOpen::new(&own, asked.experimental);
        if asked.cookie() == own {
            return FastOpenAnswer { opens: true, option: None };
        }
        let old = self.keys.1.is_some_and(|key| asked.cookie() == fast_open_cookie(key, client, server));
        // RFC 7413 §4.1.2: a cookie that is not valid is answered with one that is; so is a question for one.
        FastOpenAnswer { opens: old, option: fresh }
    }
}

/// What a client asks for with its SYN.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FastOpenRequest {
    /// The option: a cookie, or the question for one; `None` where the server wants none.
    pub option: Option<FastOpen>,
    /// Data that the SYN carries; empty without a cookie, unless the server wants none.
    pub data: Bytes,
}

/// What the answer to such a SYN says to the client's cache (RFC 7413 §4.1.3.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FastOpenNews {
    /// The largest segment that the server takes.
    pub mss: u16,
    /// The new cookie, if one came.
    pub cookie: Option<FastOpen>,
    /// A question for a cookie was not answered; with the experimental option, or without.
    pub unanswered: Option<bool>,
}

impl FastOpenRequest {
    /// How many bytes a SYN carries to a server that takes segments of `mss` bytes: room is left for options that others may
    /// add on the way (RFC 7413 §4.2.1, as Linux does).
    pub fn room(config: &Settings, mss: u16) -> usize {
        const OPTIONS: u16 = 40;
        config.route_mss(60).min(mss).saturating_sub(OPTIONS).into()
    }
}

/// A connection that is being opened with Fast Open.
#[derive(Debug, Default)]
pub(crate) struct FastOpening {
    /// The option of our SYN, or of our SYN-ACK.
    pub(crate) option: Option<FastOpen>,
    /// What our SYN asks for, until it is answered.
    asked: Option<FastOpenRequest>,
    /// What the answer says to the cache of cookies, until somebody asks.
    news: Option<FastOpenNews>,
    /// The SYN waits for the program's first data, of which it has room for so many bytes.
    awaits: Option<usize>,
}

impl Blank for FastOpening {
    const BLANK: &'static FastOpening = &FastOpening { option: None, asked: None, news: None, awaits: None };
}

/// The client.
impl Connection {
    /// The SYN is to leave with what the program writes first, and with `option`; it has room for `room` bytes.
    pub(crate) fn fast_open_later(&mut self, option: Option<FastOpen>, room: usize) {
        self.fast_open.option = option;
        self.fast_open.awaits = Some(room);
    }

    /// How many bytes the SYN takes that waits for the program's first data; `None`: none waits.
    pub(crate) fn syn_awaits(&self) -> Option<usize> {
        if self.connected { None } else { self.fast_open.awaits }
    }

    /// The program has written `data`: it leaves with the SYN.
    pub(crate) fn fast_open_now(&mut self, data: Bytes, cx: &mut Cx) {
        self.fast_open.awaits = None;
        let option = self.fast_open.option;
        self.fast_open_with(FastOpenRequest { option, data }, cx);
    }

    /// The SYN is to carry this (RFC 7413 §4.2.1).
    pub(crate) fn fast_open_with(&mut self, request: FastOpenRequest, cx: &mut Cx) {
        if !request.data.is_empty() {
            self.syn_len = request.data.len() as u32;
            let event = cx.event(&kind::FAST_OPEN_SENT, self.id, [request.data.len() as u64, 0]);
            self.append(request.data.clone(), event);
            self.buffer.push_end();
        } else if request.option.is_some_and(|option| option.cookie().is_empty()) {
            cx.event(&kind::FAST_OPEN_ASKED, self.id, [0, 0]);
        }
        self.fast_open.option = request.option;
        self.fast_open.asked = Some(FastOpenRequest { data: Bytes::new(), ..request });
    }

    /// The answer to our SYN acknowledges it: what it says of Fast Open. Data that the SYN carried and the answer does not
    /// acknowledge is sent again at once (RFC 7413 §4.2.1): whether it is.
    pub(crate) fn fast_open_answered(&mut self, answer: &Segment, cx: &mut Cx) -> bool {
        if self.fast_open.asked.is_none() {
            return false;
        }
        let Some(asked) = self.fast_open.asked.take() else { return false };
        let had_data = self.syn_len > 0;
        // An unsolicited cookie is worth nothing.
        let cookie = answer.options.fast_open.filter(|got| asked.option.is_some() && !got.cookie().is_empty());
        let silent = asked.option.filter(|_| cookie.is_none() && !had_data && self.syn_retries == 0);
        let mss = answer.options.mss.unwrap_or(536);
        self.fast_open.news = Some(FastOpenNews { mss, cookie, unanswered: silent.map(|option| option.experimental) });
        if !had_data {
            return false;
        }
        // SYN and data count as one where both arrived.
        if self.flight.is_empty() {
            self.syn_data = true;
            self.counts.delivered -= 1;
            cx.event(&kind::FAST_OPEN_TAKEN, self.id, [self.syn_len.into(), 0]);
            false
        } else {
            let left = self.snd_nxt.distance(self.snd_una);
            let refused = cx.event(&kind::FAST_OPEN_REFUSED, self.id, [left.into(), 0]);
            for number in self.flight.numbers() {
                self.flight.mark_lost(number);
            }
            self.trigger = refused;
            self.resend_without_congestion();
            true
        }
    }

    /// What the answer to a SYN with Fast Open has said, once.
    pub fn take_fast_open_news(&mut self) -> Option<FastOpenNews> {
        self.fast_open.news?;
        self.fast_open.news.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: FastOpenKey =
        [0xa1, 0xa1, 0xa1, 0xa1, 0xb2, 0xb2, 0xb2, 0xb2, 0xc3, 0xc3, 0xc3, 0xc3, 0xd4, 0xd4, 0xd4, 0xd4];

    fn answer(server: &FastOpenServer, cookie: Option<&[u8]>, data: bool) -> FastOpenAnswer {
        let fast_open = cookie.and_then(|cookie| FastOpen::new(cookie, false));
        let options = Options { fast_open, ..Options::default() };
        let (client, here) = ([192, 0, 2, 1].into(), [192, 168, 0, 1].into());
        server.answer(&options, data, 0, client, here)
    }

    #[test]
    fn cookies_are_those_of_linux() {
        let cookie = fast_open_cookie(KEY, [192, 0, 2, 1].into(), [192, 168, 0, 1].into());
        assert_eq!(cookie, [0x30, 0x21, 0xb9, 0xd8, 0x89, 0x01, 0x7e, 0xeb]);
    }

    #[test]
    fn rfc_7413_section_4_1_2_a_valid_cookie_opens_and_a_wrong_one_is_answered_with_a_right_one() {
        let server = FastOpenServer { keys: (KEY, None), without_cookie: false, queue: 1 };
        let own = fast_open_cookie(KEY, [192, 0, 2, 1].into(), [192, 168, 0, 1].into());
        assert!(answer(&server, Some(&own), true).opens);
        for wrong in [&[][..], &[1, 2, 3, 4, 5, 6, 7, 8]] {
            let answer = answer(&server, Some(wrong), true);
            assert!(!answer.opens);
            assert_eq!(answer.option.unwrap().cookie(), own);
        }
        assert_eq!(answer(&server, None, true), FastOpenAnswer::default());
        assert!(answer(&FastOpenServer { without_cookie: true, ..server }, None, true).opens);
        assert!(!answer(&FastOpenServer { queue: 0, ..server }, Some(&own), true).opens);
    }
}
