//! Questions and answers outside TCP: ARP, DNS and DHCP, paired while the packets pass.

mod arp;
mod dhcp;
mod dns;

pub use arp::ArpExchange;
pub use dhcp::{DhcpExchange, DhcpMessage};
pub use dns::DnsTransaction;

pub(crate) use arp::ArpExchanges;
pub(crate) use dhcp::DhcpExchanges;
pub(crate) use dns::DnsTransactions;
