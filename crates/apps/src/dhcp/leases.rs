//! A server's leases and what it answers, without sockets: messages in, messages out (RFC 2131 §4.3).

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use base::{Duration, Instant};
use wire::MacAddr;
use wire::dhcp::{DhcpOption, Message, MessageType, Op, OptionCode};

/// How long an offered address is set aside. RFC 2131 §4.3.1 leaves it open; ISC's server waits two minutes.
const OFFER_HOLD: Duration = Duration::from_secs(120);

/// What a server gives out.
#[derive(Clone, Debug)]
pub struct Pool {
    /// The server's own address: its identifier.
    pub server: Ipv4Addr,
    /// The first and the last address that it gives.
    pub addresses: (Ipv4Addr, Ipv4Addr),
    /// Length of the network's prefix.
    pub prefix: u8,
    /// The gateway.
    pub router: Ipv4Addr,
    /// Resolvers.
    pub dns: Vec<Ipv4Addr>,
    /// How long a lease lasts, in whole seconds.
    pub lease: Duration,
}

impl Pool {
    fn mask(&self) -> Ipv4Addr {
        Ipv4Addr::from(u32::MAX.checked_shl(32 - u32::from(self.prefix.min(32))).unwrap_or(0))
    }
    fn contains(&self, address: Ipv4Addr) -> bool {
        (self.addresses.0..=self.addresses.1).contains(&address)
    }
}

/// Where an answer goes (RFC 2131 §4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum To {
    /// To an address that the client has.
    Address(Ipv4Addr),
    /// To the address that it is being given, which it does not answer ARP for yet: straight to its hardware address.
    Hardware(Ipv4Addr, MacAddr),
    /// To everybody on the link: it asked for that, or a refusal concerns it.
    Everybody,
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// What is said.
    pub message: Message,
    /// To whom.
    pub to: To,
}

#[derive(Clone, Copy, Debug)]
struct Binding {
    address: Ipv4Addr,
    until: Instant,
    /// Offered, but not taken yet.
    offered: bool,
}

/// A server's leases. Clients are known by their identifier, or their hardware address without one (RFC 2131 §4.2).
#[derive(Clone, Debug)]
pub struct Leases {
    pool: Pool,
    bindings: BTreeMap<Vec<u8>, Binding>,
    /// Addresses that a client found in use.
    declined: BTreeMap<Ipv4Addr, Instant>,
}

impl Leases {
    /// No leases yet.
    pub fn new(pool: Pool) -> Leases {
        Leases { pool, bindings: BTreeMap::new(), declined: BTreeMap::new() }
    }

    /// The addresses lent at `now`, in order of clients.
    pub fn lent(&self, now: Instant) -> Vec<Ipv4Addr> {
        self.bindings.values().filter(|binding| !binding.offered && binding.until > now).map(|b| b.address).collect()
    }

    /// Takes a client's message and says what to answer, if anything.
    pub fn handle_message(&mut self, message: &Message, now: Instant) -> Option<Reply> {
        let mac = message.header.mac().filter(|_| message.header.op == Op::REQUEST)?;
        let client = match message.client_id() {
            Some(id) => [&[id.kind.0], id.id.as_slice()].concat(),
            None => mac.0.to_vec(),
        };
        match message.message_type()? {
            MessageType::DISCOVER => self.discover(message, &client, mac, now),
            MessageType::REQUEST => self.request(message, &client, mac, now),
            MessageType::RELEASE => {
                // RFC 2131 §4.3.4: marked as not allocated; the server may remember the binding.
                if self.bindings.get(&client).is_some_and(|binding| binding.address == message.header.ciaddr) {
                    self.bindings.remove(&client);
                }
                None
            }
            MessageType::DECLINE => {
                // RFC 2131 §4.3.3: somebody else uses the address.
                if let Some(address) = message.requested_address().filter(|&address| self.pool.contains(address)) {
                    self.bindings.remove(&client);
                    self.declined.insert(address, now + self.pool.lease);
                }
                None
            }
            MessageType::INFORM => {
                // RFC 2131 §4.3.5: no lease and no address, only the parameters.
                let mut answer = self.answer(message, MessageType::ACK, mac);
                answer.header.ciaddr = message.header.ciaddr;
                self.parameters(&mut answer, message);
                Some(Reply { message: answer, to: To::Address(message.header.ciaddr) })
            }
            _ => None,
        }
    }

    /// RFC 2131 §4.3.1: the client's own address, the one that it had, the one that it asks for, or any free one.
    fn discover(&mut self, message: &Message, client: &[u8], mac: MacAddr, now: Instant) -> Option<Reply> {
        let earlier = self.bindings.get(client).map(|binding| binding.address);
        let wanted = message.requested_address();
        let candidates = earlier.into_iter().chain(wanted).chain(self.any());
        let address = candidates.into_iter().find(|&address| self.is_free(address, client, now))?;
        let lent = self.bindings.get(client).filter(|binding| !binding.offered && binding.until > now);
        if lent.is_none_or(|binding| binding.address != address) {
            self.bindings.insert(client.to_vec(), Binding { address, until: now + OFFER_HOLD, offered: true });
        }
        let mut offer = self.answer(message, MessageType::OFFER, mac);
        offer.header.yiaddr = address;
        self.terms(&mut offer);
        self.parameters(&mut offer, message);
        Some(Reply { message: offer, to: destination(message, address, mac) })
    }

    /// RFC 2131 §4.3.2.
    fn request(&mut self, message: &Message, client: &[u8], mac: MacAddr, now: Instant) -> Option<Reply> {
        let header = &message.header;
        let address = match (message.server_id(), message.requested_address()) {
            // SELECTING: the client takes an offer; if it is another server's, ours is free again.
            (Some(server), _) if server != self.pool.server => {
                if self.bindings.get(client).is_some_and(|binding| binding.offered) {
                    self.bindings.remove(client);
                }
                return None;
            }
            (Some(_), wanted) => wanted?,
            // INIT-REBOOT: the client asks whether the address that it had is still right.
            (None, Some(wanted)) => {
                if !self.pool.contains(wanted) {
                    return Some(self.refuse(message, mac, "that address is not of this network"));
                }
                // A server that knows nothing of the client stays silent: another one may know.
                self.bindings.get(client)?;
                wanted
            }
            // RENEWING and REBINDING: the client uses its address.
            (None, None) => header.ciaddr,
        };
        if !self.pool.contains(address) || !self.is_free(address, client, now) {
            return Some(self.refuse(message, mac, "that address is not yours"));
        }
        let until = now + self.pool.lease;
        self.bindings.insert(client.to_vec(), Binding { address, until, offered: false });
        let mut ack = self.answer(message, MessageType::ACK, mac);
        ack.header.yiaddr = address;
        ack.header.ciaddr = header.ciaddr;
        self.terms(&mut ack);
        self.parameters(&mut ack, message);
        Some(Reply { message: ack, to: destination(message, address, mac) })
    }

    fn refuse(&self, message: &Message, mac: MacAddr, why: &str) -> Reply {
        let mut nak = self.answer(message, MessageType::NAK, mac);
        nak.options.push(DhcpOption::Message(why.as_bytes().to_vec()));
        // RFC 2131 §4.3.2: to everybody, as the client may have a wrong idea of its address.
        Reply { message: nak, to: To::Everybody }
    }

    fn answer(&self, to: &Message, kind: MessageType, mac: MacAddr) -> Message {
        let mut message = Message::new(Op::REPLY, kind, to.header.xid, mac);
        message.header.broadcast = to.header.broadcast;
        message.header.giaddr = to.header.giaddr;
        message.options.push(DhcpOption::ServerId(self.pool.server));
        message
    }

    /// The lease's length, and T1 and T2 at their usual places in it (RFC 2131 §4.4.5: 0.5 and 0.875).
    fn terms(&self, message: &mut Message) {
        let seconds = u32::try_from(self.pool.lease.as_millis() / 1000).unwrap_or(u32::MAX);
        message.options.push(DhcpOption::LeaseTime(seconds));
        message.options.push(DhcpOption::RenewalTime(seconds / 2));
        message.options.push(DhcpOption::RebindingTime((u64::from(seconds) * 7 / 8) as u32));
    }

    /// The parameters that the client asked for, all of ours if it asked for none.
    fn parameters(&self, message: &mut Message, asked: &Message) {
        let list = asked.parameter_request_list();
        let wanted = |code: OptionCode| list.as_ref().is_none_or(|list| list.contains(&code));
        let options = [
            DhcpOption::SubnetMask(self.pool.mask()),
            DhcpOption::Router(vec![self.pool.router]),
            DhcpOption::DnsServers(self.pool.dns.clone()),
        ];
        message.options.extend(options.into_iter().filter(|option| wanted(option.code())));
    }

    fn any(&self) -> impl Iterator<Item = Ipv4Addr> + use<> {
        let (first, last) = (u32::from(self.pool.addresses.0), u32::from(self.pool.addresses.1));
        (first..=last).map(Ipv4Addr::from)
    }

    /// Whether nobody but `client` has the address.
    fn is_free(&self, address: Ipv4Addr, client: &[u8], now: Instant) -> bool {
        self.pool.contains(address)
            && self.declined.get(&address).is_none_or(|&until| until <= now)
            && !self
                .bindings
                .iter()
                .any(|(other, binding)| other != client && binding.address == address && binding.until > now)
    }
}

/// RFC 2131 §4.1: to the address that the client has; else to everybody if it asks for that; else to its hardware address.
fn destination(message: &Message, address: Ipv4Addr, mac: MacAddr) -> To {
    if !message.header.ciaddr.is_unspecified() {
        To::Address(message.header.ciaddr)
    } else if message.header.broadcast {
        To::Everybody
    } else {
        To::Hardware(address, mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(192, 168, 1, last)
    }
    fn leases() -> Leases {
        Leases::new(Pool {
            server: ip(1),
            addresses: (ip(100), ip(101)),
            prefix: 24,
            router: ip(1),
            dns: vec![ip(1)],
            lease: Duration::from_secs(3600),
        })
    }
    fn mac(n: u8) -> MacAddr {
        MacAddr([2, 0, 0, 0, 0, n])
    }
    fn say(kind: MessageType, n: u8, options: Vec<DhcpOption>) -> Message {
        let mut message = Message::new(Op::REQUEST, kind, 7, mac(n));
        message.options.extend(options);
        message
    }
    fn take(leases: &mut Leases, n: u8, now: Instant) -> Option<Ipv4Addr> {
        let offer = leases.handle_message(&say(MessageType::DISCOVER, n, vec![]), now)?;
        assert_eq!(offer.message.message_type(), Some(MessageType::OFFER));
        let wanted = vec![DhcpOption::ServerId(ip(1)), DhcpOption::RequestedAddress(offer.message.header.yiaddr)];
        let ack = leases.handle_message(&say(MessageType::REQUEST, n, wanted), now)?;
        assert_eq!(ack.message.message_type(), Some(MessageType::ACK));
        assert_eq!(ack.to, To::Hardware(ack.message.header.yiaddr, mac(n)));
        Some(ack.message.header.yiaddr)
    }

    #[test]
    fn each_client_gets_an_address_of_its_own_until_none_is_left() {
        let mut leases = leases();
        let now = Instant::ZERO;
        assert_eq!(take(&mut leases, 1, now), Some(ip(100)));
        assert_eq!(take(&mut leases, 2, now), Some(ip(101)));
        assert_eq!(take(&mut leases, 3, now), None, "the pool is empty");
        assert_eq!(take(&mut leases, 1, now), Some(ip(100)), "a client gets its own address again");
        assert_eq!(take(&mut leases, 3, now + Duration::from_secs(3600)), Some(ip(100)), "a lease runs out");
    }

    #[test]
    fn the_terms_are_half_and_seven_eighths() {
        let offer = leases().handle_message(&say(MessageType::DISCOVER, 1, vec![]), Instant::ZERO).unwrap().message;
        assert_eq!(
            (offer.lease_time(), offer.renewal_time(), offer.rebinding_time()),
            (Some(3600), Some(1800), Some(3150))
        );
        assert_eq!(offer.subnet_mask(), Some(Ipv4Addr::new(255, 255, 255, 0)));
    }

    #[test]
    fn a_foreign_address_is_refused_and_a_declined_one_is_not_given_again() {
        let mut leases = leases();
        let now = Instant::ZERO;
        let foreign = vec![DhcpOption::RequestedAddress(Ipv4Addr::new(10, 0, 0, 9))];
        let nak = leases.handle_message(&say(MessageType::REQUEST, 1, foreign), now).unwrap();
        assert_eq!((nak.message.message_type(), nak.to), (Some(MessageType::NAK), To::Everybody));
        assert_eq!(take(&mut leases, 1, now), Some(ip(100)));
        let used = vec![DhcpOption::RequestedAddress(ip(100))];
        assert_eq!(leases.handle_message(&say(MessageType::DECLINE, 1, used), now), None);
        assert_eq!(take(&mut leases, 1, now), Some(ip(101)));
    }

    #[test]
    fn an_offer_for_another_servers_client_is_free_again() {
        let mut leases = leases();
        let now = Instant::ZERO;
        leases.handle_message(&say(MessageType::DISCOVER, 1, vec![]), now).unwrap();
        let other = vec![DhcpOption::ServerId(ip(9)), DhcpOption::RequestedAddress(ip(50))];
        assert_eq!(leases.handle_message(&say(MessageType::REQUEST, 1, other), now), None);
        assert_eq!(take(&mut leases, 2, now), Some(ip(100)));
    }
}
