//! Happy eyeballs (RFC 8305): a host that has addresses of both families is asked for by both, and whichever connection is
//! open first is used, so that a broken family costs a quarter of a second and not minutes.

use std::collections::VecDeque;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::Poll;

use ::tcp::Errno;
use base::Duration;
use net::{Join, Os, Sleep, TcpStream};
use trace::kinds::app;

use super::FetchError;
use crate::dns::{ResolveError, Stub};

/// How long an IPv4 address waits for the answer about IPv6 (RFC 8305 §3, Resolution Delay).
const RESOLUTION_DELAY: Duration = Duration::from_millis(50);
/// How long one attempt is alone before the next begins beside it (RFC 8305 §5, Connection Attempt Delay).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

type Attempt = (SocketAddr, Pin<Box<dyn Future<Output = Result<TcpStream, Errno>>>>);
type Answer = Result<Vec<IpAddr>, ResolveError>;

/// What may happen while a connection is looked for.
enum Happening {
    /// The answer about IPv6 (true) or IPv4 is there.
    Answered(bool, Answer),
    /// An attempt has come to its end.
    Ended(usize, Result<TcpStream, Errno>),
    /// The delay is over.
    Waited,
}

/// Looks for a connection to one host.
struct Race {
    port: u16,
    /// The questions that are not answered yet, for IPv6 and IPv4.
    questions: [Option<Join<Answer>>; 2],
    /// Addresses that are not tried yet, by family.
    waiting: [VecDeque<IpAddr>; 2],
    /// The family that is tried next: 0 for IPv6.
    next: usize,
    attempts: Vec<Attempt>,
    delay: Option<Pin<Box<Sleep>>>,
    /// Whether anything was tried yet.
    started: bool,
    failure: Option<FetchError>,
    /// Attempts may run beside one another.
    races: bool,
}

/// Opens a connection to `host`: asks for its IPv6 addresses and at once for its IPv4 addresses, and tries them in turn. `races`:
/// whether the next attempt begins while one is still unanswered. Without that it is as it was before RFC 8305: both answers are
/// awaited, and an address is tried once the one before it has failed (RFC 6724 §6: IPv6 first).
///
/// # Errors
/// If there is no address, or none can be connected to: what was said of the last.
pub async fn connect(os: &Os, stub: &Stub, host: &str, port: u16, races: bool) -> Result<TcpStream, FetchError> {
    let question = |ipv6: bool| -> Join<Answer> {
        let (stub, host) = (stub.clone(), host.to_owned());
        os.spawn(if ipv6 { "the question for IPv6" } else { "the question for IPv4" }, async move {
            if ipv6 {
                Ok(stub.resolve_ipv6(&host).await?.into_iter().map(IpAddr::from).collect())
            } else {
                Ok(stub.resolve(&host).await?.into_iter().map(IpAddr::from).collect())
            }
        })
    };
    // RFC 8305 §3: AAAA first, then A, without waiting in between.
    let ipv6 = question(true);
    let questions = [Some(ipv6), Some(question(false))];
    let mut race = Race {
        port,
        questions,
        waiting: Default::default(),
        next: 0,
        attempts: Vec::new(),
        delay: None,
        started: false,
        failure: None,
        races,
    };
    loop {
        if race.is_lost() {
            return Err(race.failure.unwrap_or(FetchError::Dns("there is no address".to_owned())));
        }
        match race.happening().await {
            Happening::Answered(ipv6, answer) => race.answered(os, ipv6, answer),
            Happening::Waited => {
                race.delay = None;
                race.start_next(os);
            }
            Happening::Ended(at, result) => {
                let (address, _) = race.attempts.remove(at);
                let told = os.socket_arg(address);
                match result {
                    Ok(stream) => {
                        os.event(&app::RACE_WON, stream.id().0, [told, 0]);
                        // RFC 8305 §5: the others are given up.
                        return Ok(stream);
                    }
                    Err(errno) => {
                        let why = os.text(&errno.to_string());
                        os.event(&app::RACE_FAILED, 0, [told, why]);
                        race.failure = Some(FetchError::Connect(address, errno));
                        race.start_next(os);
                    }
                }
            }
        }
    }
}

impl Race {
    /// Whether nothing is left that could end well.
    fn is_lost(&self) -> bool {
        let nothing_waits = self.waiting.iter().all(VecDeque::is_empty);
        self.attempts.is_empty() && nothing_waits && self.questions.iter().all(Option::is_none)
    }

    /// Waits for whatever comes first.
    async fn happening(&mut self) -> Happening {
        std::future::poll_fn(|cx| {
            for (at, (_, attempt)) in self.attempts.iter_mut().enumerate() {
                if let Poll::Ready(result) = attempt.as_mut().poll(cx) {
                    return Poll::Ready(Happening::Ended(at, result));
                }
            }
            for (family, question) in self.questions.iter_mut().enumerate() {
                let answer = question.as_mut().map_or(Poll::Pending, |join| Pin::new(join).poll(cx));
                if let Poll::Ready(answer) = answer {
                    *question = None;
                    return Poll::Ready(Happening::Answered(family == 0, answer));
                }
            }
            match self.delay.as_mut().map(|delay| delay.as_mut().poll(cx)) {
                Some(Poll::Ready(())) => Poll::Ready(Happening::Waited),
                _ => Poll::Pending,
            }
        })
        .await
    }

    fn answered(&mut self, os: &Os, ipv6: bool, answer: Answer) {
        match answer {
            Ok(addresses) => self.waiting[usize::from(!ipv6)].extend(addresses),
            Err(error) => self.failure = Some(FetchError::Dns(error.to_string())),
        }
        if self.started {
            // RFC 8305 §4: addresses that come late join those that wait; they wait for their turn, unless nothing is tried.
            if self.attempts.is_empty() {
                self.start_next(os);
            }
            return;
        }
        let some = self.waiting.iter().any(|waiting| !waiting.is_empty());
        let ipv6_open = self.questions[0].is_some();
        if !self.races {
            if self.questions.iter().all(Option::is_none) {
                self.start_next(os);
            }
        } else if some && ipv6_open {
            // RFC 8305 §3: IPv4 is there first. IPv6 gets a moment more, since it is preferred.
            let told = RESOLUTION_DELAY.as_nanos().unsigned_abs();
            os.event(&app::RACE_WAITS, 0, [told, 0]);
            self.delay = Some(Box::pin(os.sleep(RESOLUTION_DELAY)));
        } else if some {
            self.start_next(os);
        }
    }

    /// Tries the next address (RFC 8305 §4: the families in turn, IPv6 first), beside those that are being tried.
    fn start_next(&mut self, os: &Os) {
        self.delay = None;
        let family = if self.waiting[self.next].is_empty() { 1 - self.next } else { self.next };
        let Some(address) = self.waiting[family].pop_front() else { return };
        (self.next, self.started) = (1 - family, true);
        let to = SocketAddr::new(address, self.port);
        let told = os.socket_arg(to);
        os.event(&app::RACE_TRIES, 0, [told, 0]);
        let here = os.clone();
        self.attempts.push((to, Box::pin(async move { here.tcp_connect(to).await })));
        self.delay = self.races.then(|| Box::pin(os.sleep(ATTEMPT_DELAY)));
    }
}
