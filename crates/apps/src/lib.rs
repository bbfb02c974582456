//! What runs on hosts: HTTP clients and servers, resolvers and name servers, DHCP clients and servers.

pub mod dhcp;
pub mod dns;
pub mod http;
