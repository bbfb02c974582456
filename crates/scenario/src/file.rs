//! A scenario: who asks whom for what, over which network. Written in TOML.

use std::net::Ipv4Addr;

use serde::Deserialize;

use crate::{Certificate, LineFault, Octets, Share, Span, Speed, TcpOptions, UrlError, UrlParts};

/// A scenario. Everything but the URL has a default: a laptop at home, a server that answers 200.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name: lower case, for the command line.
    #[serde(default)]
    pub name: String,
    /// A line about it.
    #[serde(default)]
    pub title: String,
    /// What it shows, in a few sentences.
    #[serde(default)]
    pub about: String,
    /// What everything random comes from.
    #[serde(default = "one")]
    pub seed: u64,
    /// What is asked for.
    pub request: Request,
    /// Who asks.
    #[serde(default)]
    pub client: Client,
    /// Who answers.
    #[serde(default)]
    pub server: Server,
    /// What lies between.
    #[serde(default)]
    pub network: Network,
    /// TCP, on both ends.
    #[serde(default)]
    pub tcp: TcpOptions,
}

fn one() -> u64 {
    1
}

/// What is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The URL.
    pub url: String,
    /// The method; GET, or POST if there is a body.
    pub method: Option<String>,
    /// Header fields beside `Host` and those of the browser, in order.
    #[serde(default)]
    pub headers: Vec<Header>,
    /// The body.
    pub body: Option<String>,
    /// Which header fields the program adds of its own.
    #[serde(default)]
    pub browser: Browser,
    /// The TLS version of an https request.
    #[serde(default)]
    pub tls: TlsVersion,
    /// The version of HTTP: what is offered to a server over https, what is spoken at once over http.
    #[serde(default)]
    pub http: HttpVersion,
}

/// A header field: `["Accept", "text/html"]`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Header(pub String, pub String);

/// The program that asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Browser {
    /// A browser: User-Agent, Accept, Accept-Language.
    #[default]
    Browser,
    /// curl: User-Agent and Accept.
    Curl,
    /// Nothing but what the scenario says.
    Bare,
}

/// A TLS version.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
pub enum TlsVersion {
    /// TLS 1.3 (RFC 8446).
    #[default]
    #[serde(rename = "1.3")]
    Tls13,
    /// TLS 1.2 (RFC 5246).
    #[serde(rename = "1.2")]
    Tls12,
}

/// A version of HTTP.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
pub enum HttpVersion {
    /// HTTP/1.1 (RFC 9112).
    #[default]
    #[serde(rename = "1.1")]
    Http11,
    /// HTTP/2 (RFC 9113).
    #[serde(rename = "2")]
    Http2,
}

impl HttpVersion {
    /// Its name: `1.1`, `2`.
    pub fn name(self) -> &'static str {
        match self {
            HttpVersion::Http11 => "1.1",
            HttpVersion::Http2 => "2",
        }
    }
}

impl std::str::FromStr for HttpVersion {
    type Err = ();
    fn from_str(text: &str) -> Result<HttpVersion, ()> {
        [HttpVersion::Http11, HttpVersion::Http2].into_iter().find(|known| known.name() == text).ok_or(())
    }
}

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
            files: 0,
            file_size: Octets(10_000),
            file_think: Span(base::Duration::ZERO),
            date: true,
        }
    }
}

/// What lies between.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// The shape of it.
    pub topology: Topology,
    /// Round-trip time between client and server, without queues and transmission times.
    pub rtt: Span,
    /// Rate of the access line towards the home.
    pub rate: Speed,
    /// Rate of the access line from the home; at most `rate`.
    pub upload: Speed,
    /// Length of the access line's queues.
    pub queue: Octets,
    /// From so many bytes in a queue on packets that may be are marked instead of dropped (RFC 3168 §5); 0: never.
    pub mark: Octets,
    /// Loss on the access line, each way.
    pub loss: Share,
    /// MTU of the client's link.
    pub mtu: u16,
    /// Which versions of IP are spoken between client and server.
    pub ip: IpVersions,
    /// Whether the access line loses every IPv6 packet, as a broken network does.
    pub ipv6_broken: bool,
    /// Frames of the access line that are dropped, from the client, counted from 1.
    pub drop_from_client: Vec<u64>,
    /// Frames of the access line that are dropped, towards the client, counted from 1.
    pub drop_to_client: Vec<u64>,
    /// What else goes wrong on the access line.
    pub faults: Vec<LineFault>,
}

impl Default for Network {
    /// A home connection: 33 ms to the server, 100 Mbit/s down and 20 up, queues of 256 kB, no loss, Ethernet's MTU.
    fn default() -> Network {
        Network {
            topology: Topology::Home,
            rtt: Span(base::Duration::from_millis(33)),
            rate: Speed(base::Rate::mbit(100)),
            upload: Speed(base::Rate::mbit(20)),
            queue: Octets(256_000),
            mark: Octets(0),
            loss: Share(base::Chance::NEVER),
            mtu: 1500,
            ip: IpVersions::Four,
            ipv6_broken: false,
            drop_from_client: Vec::new(),
            drop_to_client: Vec::new(),
            faults: Vec::new(),
        }
    }
}

/// Versions of IP.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
pub enum IpVersions {
    /// IPv4 alone.
    #[default]
    #[serde(rename = "4")]
    Four,
    /// IPv6 alone.
    #[serde(rename = "6")]
    Six,
    /// Both.
    #[serde(rename = "dual")]
    Dual,
}

impl IpVersions {
    /// Its name: `4`, `6`, `dual`.
    pub fn name(self) -> &'static str {
        match self {
            IpVersions::Four => "4",
            IpVersions::Six => "6",
            IpVersions::Dual => "dual",
        }
    }
    /// Whether IPv4 is spoken.
    pub fn has_ipv4(self) -> bool {
        self != IpVersions::Six
    }
    /// Whether IPv6 is spoken.
    pub fn has_ipv6(self) -> bool {
        self != IpVersions::Four
    }
}

impl std::str::FromStr for IpVersions {
    type Err = ();
    fn from_str(text: &str) -> Result<IpVersions, ()> {
        let all = [IpVersions::Four, IpVersions::Six, IpVersions::Dual];
        all.into_iter().find(|known| known.name() == text).ok_or(())
    }
}

/// The shape of a network.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Topology {
    /// A laptop behind a switch and a home router with NAT, a provider, resolvers and name servers, and the server.
    #[default]
    Home,
    /// Client, one router, server.
    Direct,
}

impl Topology {
    /// The taps at both ends of the access line, the client's side first.
    pub const fn access_line(self) -> [&'static str; 2] {
        match self {
            Topology::Home => ["home-router.wan", "access-router.homes"],
            Topology::Direct => ["client", "router.near"],
        }
    }
}

/// Why a scenario cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The TOML is wrong: a message with line and column.
    #[error("{0}")]
    Toml(String),
    /// The URL is wrong.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// A value makes no sense.
    #[error("{key} = {value}: {reason}")]
    Value {
        /// The key, dotted.
        key: &'static str,
        /// The value.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Scenario {
    /// A scenario with all defaults for `url`.
    ///
    /// # Errors
    /// If the URL cannot be requested.
    pub fn for_url(url: &str) -> Result<Scenario, ScenarioError> {
        let parts = UrlParts::parse(url)?;
        let request = Request {
            url: parts.href,
            method: None,
            headers: Vec::new(),
            body: None,
            browser: Browser::Browser,
            tls: TlsVersion::Tls13,
            http: HttpVersion::Http11,
        };
        Ok(Scenario {
            name: String::new(),
            title: String::new(),
            about: String::new(),
            seed: 1,
            request,
            client: Client::default(),
            server: Server::default(),
            network: Network::default(),
            tcp: TcpOptions::default(),
        })
    }

    /// Reads a scenario file.
    ///
    /// # Errors
    /// If it is not TOML, has a key or value that makes no sense (with line and column), or a URL that cannot be requested.
    pub fn parse(toml: &str) -> Result<Scenario, ScenarioError> {
        let scenario: Scenario =
            toml::from_str(toml).map_err(|error| ScenarioError::Toml(error.to_string().trim_end().to_owned()))?;
        scenario.check()?;
        Ok(scenario)
    }

    /// Checks what types cannot.
    ///
    /// # Errors
    /// If a value makes no sense: the error names its key.
    pub fn check(&self) -> Result<(), ScenarioError> {
        UrlParts::parse(&self.request.url)?;
        let value =
            |key, value: String, reason: &str| Err(ScenarioError::Value { key, value, reason: reason.to_owned() });
        let network = &self.network;
        if !(68..=9000).contains(&network.mtu) {
            return value("network.mtu", network.mtu.to_string(), "an MTU lies between 68 (RFC 791 §3.2) and 9000");
        }
        if network.ip.has_ipv6() && network.mtu < 1280 {
            let reason = "IPv6 needs links of at least 1280 bytes (RFC 8200 §5): raise it, or speak IPv4 alone";
            return value("network.mtu", network.mtu.to_string(), reason);
        }
        if network.ip == IpVersions::Six {
            let parts = UrlParts::parse(&self.request.url)?;
            let reason = "the URL names an IPv4 address: use a host name, or 4 or dual";
            if parts.literal.is_some() {
                return value("network.ip", "6".to_owned(), reason);
            }
        }
        if network.rtt.0 < base::Duration::from_micros(100) || network.rtt.0 > base::Duration::from_secs(60) {
            return value("network.rtt", network.rtt.0.to_string(), "a round trip lies between 0.1 ms and 60 s here");
        }
        if network.queue.0 < 1600 || network.queue.0 > 1 << 32 {
            return value("network.queue", network.queue.0.to_string(), "a queue holds between 1600 bytes and 4 GiB");
        }
        if network.rate.0.0 != 0 && network.rate.0.0 < 1000 {
            return value("network.rate", network.rate.0.to_string(), "a line has at least 1 kbit/s");
        }
        for (number, fault) in (1..).zip(&network.faults) {
            if let Err(reason) = fault.check() {
                return value("network.faults", format!("table {number}"), reason);
            }
        }
        if !(100..=999).contains(&self.server.page.status) {
            return value("server.page.status", self.server.page.status.to_string(), "a status code has three digits");
        }
        let size = self.server.page.size.or(self.server.page.response_size).map_or(0, |size| size.0);
        if size > MAX_BODY {
            return value("server.page.size", size.to_string(), "a simulated body has at most 1 GiB");
        }
        let page = &self.server.page;
        if page.files > MAX_FILES {
            return value("server.page.files", page.files.to_string(), "a page refers to at most 500 files here");
        }
        if page.files > 0 && page.file_size.0.saturating_mul(page.files.into()) > MAX_BODY {
            return value(
                "server.page.file_size",
                page.file_size.0.to_string(),
                "all files together have at most 1 GiB",
            );
        }
        let html = page.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/html"));
        if page.files > 0 && !html {
            let reason = "only HTML refers to files: its `content_type` is another";
            return value("server.page.files", page.files.to_string(), reason);
        }
        if !(1..=100).contains(&self.client.connections) {
            return value("client.connections", self.client.connections.to_string(), "between 1 and 100 connections");
        }
        if self.tcp.initial_window == 0 || self.tcp.initial_window > 1000 {
            return value("tcp.initial_window", self.tcp.initial_window.to_string(), "between 1 and 1000 segments");
        }
        Ok(())
    }
}

/// The most files that a simulated page refers to.
const MAX_FILES: u32 = 500;
/// The largest body that a simulated server sends.
const MAX_BODY: u64 = 1 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_has_a_line_and_a_column() {
        let error = Scenario::parse("[request]\nurl = \"http://a.example/\"\n[network]\nrtt = \"33 parsecs\"\n");
        let text = error.unwrap_err().to_string();
        assert!(text.contains("line 4, column 7"), "{text}");
        assert!(text.contains("33 parsecs") && text.contains("such as 33ms"), "{text}");
        let error =
            Scenario::parse("[request]\nurl = \"http://a.example/\"\ncolour = \"red\"\n").unwrap_err().to_string();
        assert!(error.contains("line 3, column 1") && error.contains("colour"), "{error}");
    }

    #[test]
    fn values_that_make_no_sense_are_named() {
        let error = Scenario::parse("[request]\nurl = \"http://a.example/\"\n[network]\nmtu = 20\n").unwrap_err();
        assert!(error.to_string().starts_with("network.mtu = 20: "), "{error}");
        assert!(matches!(Scenario::parse("[request]\nurl = \"gopher://a/\"\n"), Err(ScenarioError::Url(_))));
    }
}
