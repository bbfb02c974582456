//! Who asks: the `[client]` table.

use std::net::Ipv4Addr;

use serde::Deserialize;

use crate::Span;

/// Who asks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Client {
    /// Its name in the output.
    pub name: String,
    /// How it got on the network.
    pub join: Join,
    /// Whether it knows the hardware addresses of its neighbours already.
    pub knows_neighbours: bool,
    /// Whether the operating system has the host's address in its cache already.
    pub knows_address: bool,
    /// Its first initial sequence numbers; RFC 6528 chooses if there is none.
    pub isns: Vec<u32>,
    /// Its ephemeral ports begin here and go up; RFC 6056 chooses in Linux' range if there is none.
    pub first_port: Option<u16>,
    /// Its address, in a direct network.
    pub address: Option<Ipv4Addr>,
    /// How long the program waits, once it has the response, before it closes.
    pub linger: Span,
    /// Whether, with both versions of IP, it tries the next address beside one that does not answer (RFC 8305); otherwise only
    /// once that one has failed.
    pub happy_eyeballs: bool,
    /// How many connections of HTTP/1.1 it opens at most for the files of a page.
    pub connections: u32,
}

impl Default for Client {
    fn default() -> Client {
        Client {
            name: "laptop".to_owned(),
            join: Join::Dhcp,
            knows_neighbours: false,
            knows_address: false,
            isns: Vec::new(),
            first_port: None,
            address: None,
            linger: Span(base::Duration::ZERO),
            happy_eyeballs: true,
            connections: 6,
        }
    }
}

/// How a machine got on the network.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Join {
    /// It joins now, by DHCP.
    #[default]
    Dhcp,
    /// It has its address already.
    Already,
}
