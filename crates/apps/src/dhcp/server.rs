//! The DHCP server on a host.

use std::net::{Ipv4Addr, SocketAddr};

use host::{InterfaceId, UdpOptions};
use net::Os;
use trace::kinds::dhcp as kinds;
use wire::dhcp::{Message, MessageType};

use super::{CLIENT_PORT, Leases, Pool, Reply, SERVER_PORT, To};

/// Answers on `interface` for ever.
pub async fn serve(os: Os, interface: InterfaceId, pool: Pool) {
    let options =
        UdpOptions { broadcast: true, interface: Some(interface), reuse_address: true, ..UdpOptions::default() };
    let any = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), SERVER_PORT);
    let Ok(socket) = os.udp_bind_with(any, options) else { return };
    let mut leases = Leases::new(pool);
    loop {
        // An error here is an ICMP message about an earlier answer: the client has gone.
        let Ok((data, _)) = socket.recv_from().await else { continue };
        // What is not DHCP is nobody's fault here: it is dropped.
        let Ok(message) = Message::parse(&data) else { continue };
        let Some(kind) = message.message_type() else { continue };
        let name = os.text(kind.name().unwrap_or("an unknown message"));
        os.event(&kinds::RECEIVED, message.header.xid, [name, 0]);
        let Some(Reply { message: answer, to }) = leases.handle_message(&message, os.now()) else { continue };
        let mac = answer.header.mac().map_or(0, |mac| mac.0.iter().fold(0, |n, &b| n << 8 | u64::from(b)));
        let address = u64::from(u32::from(answer.header.yiaddr));
        let xid = answer.header.xid;
        let granted = match answer.message_type() {
            Some(MessageType::OFFER) => Some(&kinds::OFFERED),
            Some(MessageType::ACK) if address != 0 => Some(&kinds::LEASED),
            _ => None,
        };
        if let Some(kind) = granted {
            os.event(kind, xid, [address, mac]);
        }
        let name = os.text(answer.message_type().and_then(MessageType::name).unwrap_or("an answer"));
        os.event(&kinds::SENT, xid, [name, 0]);
        let ip = match to {
            To::Address(ip) => ip,
            To::Everybody => Ipv4Addr::BROADCAST,
            To::Hardware(ip, mac) => {
                // The client does not answer ARP for an address that it does not have yet (RFC 2131 §4.1).
                os.with_host(|host, cx| host.set_neighbour(interface, ip, mac, cx));
                ip
            }
        };
        let size = message.max_message_size().map_or(576, usize::from);
        let _ = socket.send_to(answer.encode(size), SocketAddr::new(ip.into(), CLIENT_PORT));
    }
}
