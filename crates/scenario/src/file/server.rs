//! Who answers, and what: the tables `[server]` and `[server.page]`.

use std::net::Ipv4Addr;

use serde::Deserialize;

use super::{Header, HttpVersion, TlsVersion};
use crate::{Certificate, Octets, Span};

/// Who answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Its name in the output.
    pub name: String,
    /// Its first initial sequence numbers.
    pub isns: Vec<u32>,
    /// Its address; the address plan chooses one by the host's name if it is not given.
    pub address: Option<Ipv4Addr>,
    /// How long the program takes to close once the client has closed.
    pub close_delay: Span,
    /// Whether a program listens at the port; without, connections are refused.
    pub listens: bool,
    /// What is wrong with its certificate.
    pub certificate: Certificate,
    /// The TLS version that it speaks, if not both.
    pub tls: Option<TlsVersion>,
    /// The version of HTTP that it speaks, if not both.
    pub http: Option<HttpVersion>,
    /// What it answers.
    pub page: Page,
}

impl Default for Server {
    fn default() -> Server {
        Server {
            name: "server".to_owned(),
            isns: Vec::new(),
            address: None,
            close_delay: Span(base::Duration::ZERO),
            listens: true,
            certificate: Certificate::Good,
            tls: None,
            http: None,
            page: Page::default(),
        }
    }
}

/// A page.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Page {
    /// The status code.
    pub status: u16,
    /// Header fields beside Date, Content-Length and Content-Type.
    pub headers: Vec<Header>,
    /// The media type of the body.
    pub content_type: Option<String>,
    /// The size of the body, which is made up; not together with `body`.
    pub size: Option<Octets>,
    /// The size of the whole response, head and body: the body is as long as it needs to be.
    pub response_size: Option<Octets>,
    /// The body.
    pub body: Option<String>,
    /// How long the server thinks.
    pub think: Span,
    /// After how many bytes of the body the program breaks off, as one that crashes does; a shorter body is sent whole.
    pub breaks_after: Option<Octets>,
    /// To how many files of its server the page refers; the client fetches them once it has the page.
    pub files: u32,
    /// The size of each.
    pub file_size: Octets,
    /// How long the server thinks about each.
    pub file_think: Span,
    /// Whether a Date is sent.
    pub date: bool,
}

impl Default for Page {
    fn default() -> Page {
        Page {
            status: 200,
            headers: Vec::new(),
            content_type: Some("text/html; charset=utf-8".to_owned()),
            size: None,
            response_size: None,
            body: None,
            think: Span(base::Duration::ZERO),
            breaks_after: None,
            files: 0,
            file_size: Octets(10_000),
            file_think: Span(base::Duration::ZERO),
            date: true,
        }
    }
}
