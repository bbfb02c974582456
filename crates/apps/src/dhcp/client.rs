//! The DHCP client of a host (RFC 2131 §4.4): joins a network, and keeps the lease as long as the host runs.

use std::net::{Ipv4Addr, SocketAddr};

use base::{Duration, Instant, Rng};
use host::{InterfaceId, Prefix, Route, UdpOptions};
use net::{Os, UdpSocket};
use trace::kinds::dhcp as kinds;
use wire::MacAddr;
use wire::dhcp::{ClientId, DhcpOption, Message, MessageType, Op, OptionCode};

use super::{CLIENT_PORT, SERVER_PORT};

/// How often a message is sent before the client gives up: 4, 8, 16, 32 and 64 seconds between them (RFC 2131 §4.1).
const ATTEMPTS: u32 = 5;
/// The longest message that the client takes: what fits into an Ethernet frame.
const MAX_MESSAGE: u16 = 1500;

/// What a client got.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lease {
    /// The host's address.
    pub address: Ipv4Addr,
    /// Length of the network's prefix.
    pub prefix: u8,
    /// The gateway, if there is one.
    pub router: Option<Ipv4Addr>,
    /// Resolvers.
    pub dns: Vec<Ipv4Addr>,
    /// The server.
    pub server: Ipv4Addr,
    /// When it was asked for: T1, T2 and the end count from then (RFC 2131 §4.4.1).
    pub since: Instant,
    /// How long until it is to be renewed.
    pub t1: Duration,
    /// How long until any server will do.
    pub t2: Duration,
    /// How long it lasts.
    pub length: Duration,
}

/// Why a client got no address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JoinError {
    /// The interface is not there, or its port is taken.
    NoInterface,
    /// Nobody answered.
    NoServer,
}

impl std::fmt::Display for JoinError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            JoinError::NoInterface => "the interface cannot be used for DHCP",
            JoinError::NoServer => "no DHCP server answers",
        })
    }
}
impl std::error::Error for JoinError {}

/// A DHCP client at work on one interface.
pub struct Client {
    os: Os,
    interface: InterfaceId,
    socket: UdpSocket,
    mac: MacAddr,
    rng: Rng,
}

/// How an exchange of messages ended.
enum Answer {
    Granted(Box<Message>),
    Refused,
    Silence,
}

impl Client {
    /// A client on `interface`.
    ///
    /// # Errors
    /// If the interface is not there, or another client has the port.
    pub fn new(os: Os, interface: InterfaceId) -> Result<Client, JoinError> {
        let mac = os.with_host(|host, _| host.interfaces().get(usize::from(interface.0)).map(|i| i.mac()));
        let mac = mac.ok_or(JoinError::NoInterface)?;
        let options = UdpOptions {
            broadcast: true,
            interface: Some(interface),
            reuse_address: true,
            unconfigured: true,
            ..UdpOptions::default()
        };
        let any = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), CLIENT_PORT);
        let socket = os.udp_bind_with(any, options).map_err(|_| JoinError::NoInterface)?;
        let rng = os.rng("dhcp");
        Ok(Client { os, interface, socket, mac, rng })
    }

    /// INIT to BOUND (RFC 2131 §4.4, figure 5): finds a server, takes its offer, and configures the host.
    ///
    /// # Errors
    /// If no server answers.
    pub async fn join(&mut self) -> Result<Lease, JoinError> {
        for _ in 0..ATTEMPTS {
            self.state("INIT");
            let xid = self.rng.u32();
            let discover = self.message(MessageType::DISCOVER, xid);
            self.state("SELECTING");
            let Answer::Granted(offer) = self.ask(&discover, Ipv4Addr::BROADCAST, MessageType::OFFER, None).await
            else {
                return Err(JoinError::NoServer);
            };
            let Some(server) = offer.server_id() else { continue };
            let mut request = self.message(MessageType::REQUEST, xid);
            request.options.push(DhcpOption::ServerId(server));
            request.options.push(DhcpOption::RequestedAddress(offer.header.yiaddr));
            self.state("REQUESTING");
            let since = self.os.now();
            match self.ask(&request, Ipv4Addr::BROADCAST, MessageType::ACK, None).await {
                Answer::Granted(ack) => {
                    if let Some(lease) = lease(&ack, since) {
                        self.configure(&lease);
                        return Ok(lease);
                    }
                }
                Answer::Refused => {}
                Answer::Silence => return Err(JoinError::NoServer),
            }
        }
        Err(JoinError::NoServer)
    }

    /// BOUND, RENEWING, REBINDING and so on (RFC 2131 §4.4.5), for ever: renews the lease at T1, asks anyone at T2, gives the
    /// address up at the end and starts again.
    pub async fn keep(mut self, mut lease: Lease) {
        loop {
            self.os.sleep_until(lease.since + lease.t1).await;
            match self.renew(&lease).await {
                Some(renewed) => lease = renewed,
                None => {
                    self.os.with_host(|host, _| host.remove_address(self.interface, lease.address));
                    loop {
                        if let Ok(new) = self.join().await {
                            lease = new;
                            break;
                        }
                    }
                }
            }
        }
    }

    async fn renew(&mut self, lease: &Lease) -> Option<Lease> {
        let steps = [("RENEWING", lease.server, lease.t2), ("REBINDING", Ipv4Addr::BROADCAST, lease.length)];
        for (state, to, until) in steps {
            let until = lease.since + until;
            while self.os.now() < until {
                self.state(state);
                let xid = self.rng.u32();
                let mut request = self.message(MessageType::REQUEST, xid);
                request.header.ciaddr = lease.address;
                let since = self.os.now();
                match self.ask(&request, to, MessageType::ACK, Some(until)).await {
                    Answer::Granted(ack) => {
                        let renewed = self::lease(&ack, since).filter(|renewed| renewed.address == lease.address)?;
                        self.bound(&renewed);
                        return Some(renewed);
                    }
                    Answer::Refused => return None,
                    Answer::Silence => {}
                }
            }
        }
        None
    }

    /// Sends a message until the wanted answer comes. With `until`, waits half the time that is left, at least a minute
    /// (RFC 2131 §4.4.5); without, 4 seconds and then twice as long each time, give or take one (RFC 2131 §4.1).
    async fn ask(&mut self, message: &Message, to: Ipv4Addr, wanted: MessageType, until: Option<Instant>) -> Answer {
        let xid = message.header.xid;
        let started = self.os.now();
        for attempt in 0..ATTEMPTS {
            if until.is_some_and(|until| self.os.now() >= until) {
                return Answer::Silence;
            }
            let mut message = message.clone();
            message.header.secs = u16::try_from((self.os.now() - started).as_millis() / 1000).unwrap_or(u16::MAX);
            let name = self.os.text(message.message_type().and_then(MessageType::name).unwrap_or("a message"));
            self.os.event(&kinds::SENT, xid, [name, 0]);
            let bytes = message.encode(usize::from(MAX_MESSAGE));
            let _ = self.socket.send_to(bytes, SocketAddr::new(to.into(), SERVER_PORT));
            let wait = match until {
                None => {
                    let jitter = Duration::from_nanos(self.rng.below(2_000_000_000) as i64 - 1_000_000_000);
                    Duration::from_secs(4 << attempt) + jitter
                }
                Some(until) => {
                    let left = until - self.os.now();
                    (left / 2).max(Duration::from_secs(60)).min(left)
                }
            };
            let deadline = self.os.now() + wait;
            loop {
                let left = deadline - self.os.now();
                if left <= Duration::ZERO {
                    break;
                }
                let Ok((data, _)) = self.socket.recv_from_within(left).await else { continue };
                let Ok(answer) = Message::parse(&data) else { continue };
                let ours =
                    answer.header.op == Op::REPLY && answer.header.xid == xid && answer.header.mac() == Some(self.mac);
                let Some(kind) = answer.message_type().filter(|_| ours) else { continue };
                let name = self.os.text(kind.name().unwrap_or("an unknown message"));
                self.os.event(&kinds::RECEIVED, xid, [name, 0]);
                if kind == wanted {
                    return Answer::Granted(Box::new(answer));
                }
                if kind == MessageType::NAK {
                    return Answer::Refused;
                }
            }
            self.os.event(&kinds::RETRY, xid, [wait.as_nanos() as u64, 0]);
        }
        Answer::Silence
    }

    fn message(&self, kind: MessageType, xid: u32) -> Message {
        let mut message = Message::new(Op::REQUEST, kind, xid, self.mac);
        message.options.push(DhcpOption::ClientId(ClientId::ethernet(self.mac)));
        message.options.push(DhcpOption::HostName(self.os.host_name().into_bytes()));
        message.options.push(DhcpOption::MaxMessageSize(MAX_MESSAGE));
        message.options.push(DhcpOption::ParameterRequestList(vec![
            OptionCode::SUBNET_MASK,
            OptionCode::ROUTER,
            OptionCode::DNS_SERVERS,
        ]));
        message
    }

    fn state(&self, name: &str) {
        let text = self.os.text(name);
        self.os.event(&kinds::STATE, 0, [text, 0]);
    }

    fn bound(&self, lease: &Lease) {
        self.state("BOUND");
        let address = u64::from(u32::from(lease.address));
        self.os.event(&kinds::BOUND, 0, [address, lease.length.as_nanos() as u64]);
    }

    fn configure(&self, lease: &Lease) {
        self.bound(lease);
        self.os.with_host(|host, cx| {
            // The address came from a network that the interface is on; it cannot be refused but for being there already.
            let _ = host.add_address(self.interface, lease.address, lease.prefix);
            host.remove_routes(Prefix::ALL);
            if let Some(router) = lease.router {
                host.add_route(Route { prefix: Prefix::ALL, via: Some(router.into()), interface: self.interface });
            }
            cx.recorder.name(lease.address.into(), cx.place);
        });
    }
}

/// The lease that an acknowledgment grants, if it says all that is needed.
fn lease(ack: &Message, since: Instant) -> Option<Lease> {
    let length = ack.lease_time()?;
    let mask = ack.subnet_mask().map_or(24, |mask| u32::from(mask).leading_ones() as u8);
    // RFC 2131 §4.4.5: 0.5 and 0.875 of the lease unless the server says otherwise; never beyond its end.
    let t2 = ack.rebinding_time().unwrap_or((u64::from(length) * 7 / 8) as u32).min(length);
    let t1 = ack.renewal_time().unwrap_or(length / 2).min(t2);
    let seconds = |n: u32| Duration::from_secs(i64::from(n));
    let address = ack.header.yiaddr;
    (!address.is_unspecified() && !address.is_broadcast()).then(|| Lease {
        address,
        prefix: mask,
        router: ack.routers().and_then(|routers| routers.first().copied()),
        dns: ack.dns_servers().unwrap_or_default(),
        server: ack.server_id().unwrap_or(Ipv4Addr::UNSPECIFIED),
        since,
        // A lease of a few seconds would be renewed without pause.
        t1: seconds(t1).max(Duration::from_secs(1)),
        t2: seconds(t2),
        length: seconds(length),
    })
}
