//! DHCPv4 (RFC 2131, RFC 2132): how a host gets its address, its gateway and its name servers.
//!
//! [`decode`] reads a message with any sink and makes a typed [`Message`]; [`Message::parse`] is the same with the
//! silent sink. Options that nobody here knows keep their bytes; long ones that were split are put together (RFC 3396).

mod codes;
mod message;
mod options;
#[cfg(test)]
mod tests;

pub use codes::{HardwareType, MessageType, Op, OptionCode};
pub use message::{Header, MAGIC_COOKIE, MESSAGE_FIELDS, Message, decode, field};
pub use options::{ClientId, DhcpOption, Fqdn, OPTION_FIELDS};

/// UDP port of clients (RFC 2131 §4.1).
pub const CLIENT_PORT: u16 = 68;
/// UDP port of servers (RFC 2131 §4.1).
pub const SERVER_PORT: u16 = 67;

/// Every field of DHCP, a list a part.
pub static FIELD_LISTS: &[&[&crate::Field]] = &[field::ALL, MESSAGE_FIELDS, OPTION_FIELDS];
