//! Listening for questions, over UDP and TCP, and asking them: the sockets of the servers and resolvers here.

use std::cell::Cell;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;

use base::{Duration, Rng};
use bytes::BytesMut;
use net::{Os, TcpStream, UdpSocket};
use tcp::Errno;
use trace::kinds::dns;
use wire::dns::{Header, Message, PORT, Rcode, split_stream};

/// Questions answered at a time; more are dropped, and asked again by their clients.
const MAX_AT_A_TIME: usize = 1000;
/// How long an idle TCP connection stays open (RFC 7766 §6.2.3: a few seconds).
const IDLE: Duration = Duration::from_secs(10);
/// Ports tried before the machine is asked for any.
const PORT_TRIES: usize = 8;

/// Listens at port 53 of `local` and answers each question with what `answer` makes of it. Ends only with the world.
///
/// # Errors
/// If the port is taken, or the address not this machine's.
pub(super) async fn serve<F, A>(os: Os, local: IpAddr, answer: F) -> Result<(), Errno>
where
    F: Fn(Message, IpAddr) -> A + Clone + 'static,
    A: Future<Output = Option<Message>> + 'static,
{
    let local = SocketAddr::new(local, PORT);
    let udp = Rc::new(os.udp_bind(local)?);
    let listener = os.tcp_listen(local, 16)?;
    let busy = Rc::new(Cell::new(0usize));
    {
        let (here, answer, busy) = (os.clone(), answer.clone(), busy.clone());
        let accept = async move {
            while let Ok((stream, peer)) = listener.accept().await {
                if let Some(slot) = Slot::take(&busy) {
                    let task = serve_stream(here.clone(), stream, peer.ip(), answer.clone(), slot);
                    drop(here.spawn("a connection", task));
                }
            }
        };
        drop(os.spawn("DNS over TCP", accept));
    }
    loop {
        // An ICMP error that answers an answer is nobody's business here.
        let Ok((bytes, peer)) = udp.recv_from().await else { continue };
        let Some(slot) = Slot::take(&busy) else { continue };
        match Message::parse(&bytes) {
            Ok(query) if !query.response => {
                let (udp, answer, limit) = (udp.clone(), answer.clone(), query.udp_limit());
                let answering = async move {
                    if let Some(response) = answer(query, peer.ip()).await {
                        // Who cannot be reached asks again, or does not.
                        let _ = udp.send_to(response.encode_within(limit), peer);
                    }
                    drop(slot);
                };
                drop(os.spawn("the answer", answering));
            }
            Ok(_) => {}
            Err(_) => {
                if let Some(refusal) = format_error(&bytes) {
                    let _ = udp.send_to(refusal.encode(), peer);
                }
            }
        }
    }
}

async fn serve_stream<F, A>(os: Os, stream: TcpStream, peer: IpAddr, answer: F, slot: Slot)
where
    F: Fn(Message, IpAddr) -> A,
    A: Future<Output = Option<Message>>,
{
    let mut pending = BytesMut::new();
    loop {
        while let Some((message, taken)) = split_stream(&pending) {
            let response = match Message::parse(message) {
                Ok(query) if !query.response => answer(query, peer).await,
                Ok(_) => None,
                Err(_) => format_error(message),
            };
            let _ = pending.split_to(taken);
            if let Some(response) = response
                && stream.send_all(response.encode_for_stream().into()).await.is_err()
            {
                return;
            }
        }
        match os.timeout(IDLE, stream.recv(0x1_0000)).await {
            Ok(Ok(more)) if !more.is_empty() => pending.extend_from_slice(&more),
            _ => break,
        }
    }
    drop(slot);
}

/// RFC 1035 §4.1.1: "unable to interpret the query", if at least its id can be read.
fn format_error(bytes: &[u8]) -> Option<Message> {
    let header = Header::read(bytes.get(..Header::LEN)?);
    let query = Message { id: header.id, opcode: header.opcode, recursion_desired: header.rd, ..Message::default() };
    (!header.qr).then(|| Message { rcode: Rcode::FORMERR, ..Message::response_to(&query) })
}

/// One of the questions that are answered at a time.
struct Slot(Rc<Cell<usize>>);
impl Slot {
    fn take(busy: &Rc<Cell<usize>>) -> Option<Slot> {
        (busy.get() < MAX_AT_A_TIME).then(|| {
            busy.set(busy.get() + 1);
            Slot(busy.clone())
        })
    }
}
impl Drop for Slot {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Sends `query` to `server` over UDP and gives each message that comes back to `judge`, until that makes something of
/// one or `timeout` is over.
///
/// # Errors
/// [`Errno::TimedOut`], or what the network says.
pub(super) async fn ask<R>(
    os: &Os,
    socket: &UdpSocket,
    server: IpAddr,
    query: &Message,
    timeout: Duration,
    mut judge: impl FnMut(IpAddr, Message) -> Option<R>,
) -> Result<R, Errno> {
    record_query(os, server, query);
    let deadline = os.now() + timeout;
    socket.send_to(query.encode(), SocketAddr::new(server, PORT))?;
    loop {
        match socket.recv_from_within(deadline - os.now()).await {
            Ok((bytes, from)) => {
                let judged = Message::parse(&bytes).ok().filter(|_| from.port() == PORT);
                if let Some(result) = judged.and_then(|message| judge(from.ip(), message)) {
                    return Ok(result);
                }
            }
            Err(error) => {
                if error == Errno::TimedOut {
                    os.event(&dns::TIMEOUT, query.id.into(), [timeout.as_nanos().unsigned_abs(), 0]);
                }
                return Err(error);
            }
        }
    }
}

/// Sends `query` to `server` over TCP and waits for the answer (RFC 7766 §5).
///
/// # Errors
/// What the network says, [`Errno::TimedOut`], or [`Errno::ConnectionReset`] if the stream ends early or makes no sense.
pub(super) async fn ask_over_tcp(
    os: &Os,
    server: IpAddr,
    query: &Message,
    timeout: Duration,
) -> Result<Message, Errno> {
    record_query(os, server, query);
    let exchange = async {
        let stream = os.tcp_connect(SocketAddr::new(server, PORT)).await?;
        stream.send_all(query.encode_for_stream().into()).await?;
        let mut pending = BytesMut::new();
        loop {
            if let Some((message, _)) = split_stream(&pending) {
                return Message::parse(message).map_err(|_| Errno::ConnectionReset);
            }
            let more = stream.recv(0x1_0000).await?;
            if more.is_empty() {
                return Err(Errno::ConnectionReset);
            }
            pending.extend_from_slice(&more);
        }
    };
    os.timeout(timeout, exchange).await.unwrap_or(Err(Errno::TimedOut))
}

fn record_query(os: &Os, server: IpAddr, query: &Message) {
    if let Some(question) = query.question() {
        let text = os.text(&question.to_string());
        let server = os.address_arg(server);
        os.event(&dns::QUERY, query.id.into(), [text, server]);
    }
}

/// A socket at a port drawn at random (RFC 5452 §9.2), to ask `server` from.
///
/// # Errors
/// If no port is free.
pub(super) fn bind_anywhere(os: &Os, rng: &mut Rng, server: IpAddr) -> Result<UdpSocket, Errno> {
    let all: IpAddr = match server {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let any = |port| os.udp_bind(SocketAddr::new(all, port));
    (0..PORT_TRIES).find_map(|_| any(1024 + rng.below(0xfc00) as u16).ok()).map_or_else(|| any(0), Ok)
}
