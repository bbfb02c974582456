//! Questions and answers outside TCP: ARP, neighbour discovery, DNS and DHCP, paired while the packets pass.

mod arp;
mod dhcp;
mod dns;
mod nd;

pub use arp::ArpExchange;
pub use dhcp::{DhcpExchange, DhcpMessage};
pub use dns::DnsTransaction;
pub use nd::NdExchange;

pub(crate) use arp::ArpExchanges;
pub(crate) use dhcp::DhcpExchanges;
pub(crate) use dns::DnsTransactions;
pub(crate) use nd::NdExchanges;
