//! Runs a scenario: the programs start, the user acts, and the world goes on until the last timer of the connection.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;

use apps::dhcp::Pool;
use apps::dns::{AddressOf, Realm, Stub};
use apps::http::{Exchange, FetchError, Request, Response, Server, Version};
use base::{Duration, Instant, Seed, WallTime};
use bytes::Bytes;
use host::InterfaceId;
use net::{Os, Stop};
use rustls::pki_types::ServerName;
use tls::{Authority, Certificates, Clock, KeyLines, Options, Versions};
use trace::kinds::{app, dns};
use trace::{Level, Trace};

use crate::pages::{files, page};
use crate::world::{self, Built};
use crate::{Browser, HttpVersion, IpVersions, Join, Scenario, ScenarioError, Scheme, TlsVersion, UrlParts, plan};

/// A scenario that was run.
#[derive(Debug)]
pub struct Run {
    /// Everything that happened.
    pub trace: Trace,
    /// The URL in its parts.
    pub url: UrlParts,
    /// What came of the request.
    pub outcome: Outcome,
    /// The server's address.
    pub server: SocketAddr,
}

/// What came of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A response arrived whole.
    Response {
        /// Its status code.
        status: u16,
        /// The reason phrase that goes with it.
        reason: String,
        /// Bytes of its body.
        body: usize,
    },
    /// It failed, and why.
    Failed(String),
}

/// Why a scenario could not be run to its end.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RunError {
    /// The scenario makes no sense.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The server's certificate or TLS settings cannot be made.
    #[error("TLS for `{host}` cannot be set up: {reason}")]
    Tls {
        /// The host.
        host: String,
        /// Why.
        reason: String,
    },
    /// The run was too long.
    #[error("the run was stopped after {0} steps: it does not come to an end")]
    TooLong(u64),
}

/// How long a run may last in virtual time: longer than every retry and TIME-WAIT.
const LONGEST: Duration = Duration::from_secs(3600);
/// A home router's lease: a day.
const LEASE: Duration = Duration::from_secs(86_400);
/// Record sets that caches hold: as dnsmasq's default, as BIND's order of magnitude, as systemd-resolved's limit.
const ROUTER_CACHE: usize = 150;
const RESOLVER_CACHE: usize = 10_000;
const SYSTEM_CACHE: usize = 4096;
/// After the request, the run goes on until the client has no connection left, looked at so often.
const LOOK: Duration = Duration::from_millis(100);

/// Runs a scenario and records everything.
///
/// # Errors
/// If it makes no sense or does not come to an end. A request that fails is no error: see [`Outcome`].
pub fn run(scenario: &Scenario) -> Result<Run, RunError> {
    scenario.check()?;
    let url = UrlParts::parse(&scenario.request.url).map_err(ScenarioError::from)?;
    let address = url.literal.or(scenario.server.address).unwrap_or_else(|| plan::web_address(&url.host));
    let server = match scenario.network.ip {
        IpVersions::Six => SocketAddr::new(plan::ipv6::web_address(address).into(), url.port),
        IpVersions::Four | IpVersions::Dual => SocketAddr::new(address.into(), url.port),
    };
    let mut built = world::build(scenario, Level::Full, address);
    let clock = Clock::new(WallTime::SIMULATION_EPOCH);

    start_server(scenario, &url, &built, &clock)?;
    start_home(scenario, &url, &built);
    let fetch = prepare(scenario, &url, server, &clock)?;
    let client = built.client;
    let os = built.world.os(client);
    let result = match scenario.client.join {
        Join::Dhcp if built.home.is_some() => {
            let act = &app::USER_JOINS;
            built.world.spawn_root(client, act, "", async move { fetch.join_and_go(os).await })
        }
        _ => {
            let router: IpAddr = match scenario.network.ip {
                IpVersions::Six => plan::ipv6::ROUTER.into(),
                IpVersions::Four | IpVersions::Dual => plan::home::ROUTER.into(),
            };
            let servers = built.home.as_ref().map(|_| vec![router]).unwrap_or_default();
            let act = &app::USER_OPENS;
            built.world.spawn_root(client, act, &url.href, async move { fetch.go(os, servers).await })
        }
    };

    let mut response = None;
    let mut until = Instant::ZERO + LOOK;
    let end = Instant::ZERO + LONGEST;
    loop {
        let stop = built.world.run_until(until);
        if let Stop::Limit { steps } = stop {
            return Err(RunError::TooLong(steps));
        }
        response = response.or_else(|| result.take());
        let quiet = response.is_some() && built.world.host(client, |host| host.connections().is_empty());
        if quiet || stop == Stop::Idle || until >= end {
            break;
        }
        until += LOOK;
    }
    let outcome = match response {
        Some(Ok(response)) => Outcome::Response {
            status: response.status.as_u16(),
            reason: response.status.canonical_reason().unwrap_or_default().to_owned(),
            body: response.body.len(),
        },
        Some(Err(error)) => Outcome::Failed(error.to_string()),
        None => Outcome::Failed(format!("no answer within {} s of simulated time", LONGEST.as_millis() / 1000)),
    };
    let trace = built.world.into_trace();
    Ok(Run { trace, url, outcome, server })
}

fn versions(version: TlsVersion) -> Versions {
    match version {
        TlsVersion::Tls13 => Versions::Tls13,
        TlsVersion::Tls12 => Versions::Tls12,
    }
}

/// The versions of HTTP that the server speaks.
fn spoken(scenario: &Scenario) -> apps::http::Versions {
    match scenario.server.http {
        None => apps::http::Versions::Both,
        Some(HttpVersion::Http11) => apps::http::Versions::Http11,
        Some(HttpVersion::Http2) => apps::http::Versions::Http2,
    }
}

fn start_server(
    scenario: &Scenario,
    url: &UrlParts,
    built: &Built,
    clock: &std::sync::Arc<Clock>,
) -> Result<(), RunError> {
    if !scenario.server.listens {
        return Ok(());
    }
    let failed = |reason: String| RunError::Tls { host: url.host.clone(), reason };
    let seed = Seed(scenario.seed);
    let tls = match url.scheme {
        Scheme::Http => None,
        Scheme::Https => {
            let defect = scenario.server.certificate.defect();
            let request = tls::Request { defect, ..tls::Request::new(&url.host) };
            let identity = Authority::simulated()
                .issue(&mut seed.stream("tls/certificate"), &request)
                .map_err(|error| failed(error.to_string()))?;
            let versions = scenario.server.tls.map_or(Versions::Both, versions);
            let options = Options { versions, alpn: spoken(scenario).alpn(), ..Options::default() };
            let config = tls::server(seed.stream("tls/server"), clock, Certificates::new(identity), &options);
            Some(config.map_err(|error| failed(error.to_string()))?)
        }
    };
    let server = Server {
        page: Rc::new(page(scenario)?),
        others: Rc::new(files(scenario)),
        versions: spoken(scenario),
        tls,
        clock: clock.clone(),
        close_delay: scenario.server.close_delay.0,
    };
    let (os, port) = (built.world.os(built.server), url.port);
    let all = everywhere(scenario);
    drop(built.world.spawn_root(built.server, &app::OPERATOR_STARTS, "the web server", async move {
        if let Ok(listener) = os.tcp_listen(SocketAddr::new(all, port), 128) {
            apps::http::serve(os, listener, server).await;
        }
    }));
    Ok(())
}

/// Where a server listens to hear everyone: over both versions of IP where the scenario speaks IPv6.
fn everywhere(scenario: &Scenario) -> IpAddr {
    if scenario.network.ip.has_ipv6() { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() }
}

/// Starts what a home network needs: DHCP server, router advertisements and DNS forwarder on the router, the resolver, the
/// name servers.
fn start_home(scenario: &Scenario, url: &UrlParts, built: &Built) {
    let Some(home) = &built.home else { return };
    let world = &built.world;
    let start = |node, text: &str| (world.os(node), format!("{text} on {}", world.os(node).host_name()));
    let act = &app::OPERATOR_STARTS;

    let (os, text) = start(home.router, "the DHCP server");
    let pool = Pool {
        server: plan::home::ROUTER,
        addresses: plan::home::POOL,
        prefix: plan::home::PREFIX,
        router: plan::home::ROUTER,
        dns: vec![plan::home::ROUTER],
        lease: LEASE,
    };
    drop(world.spawn_root(home.router, act, &text, apps::dhcp::serve(os, InterfaceId(0), pool)));
    let ip = scenario.network.ip;
    if ip.has_ipv6() {
        let (os, text) = start(home.router, "router advertisements");
        let advertise = async move { os.with_host(|host, cx| host.start_advertising(InterfaceId(0), cx)) };
        drop(world.spawn_root(home.router, act, &text, advertise));
    }
    let (os, text) = start(home.router, "the DNS forwarder");
    let upstream = vec![plan::provider::RESOLVER.0];
    let local = if ip.has_ipv6() { everywhere(scenario) } else { plan::home::ROUTER.into() };
    let forwarder = apps::dns::forwarder(os, local, upstream, ROUTER_CACHE);
    drop(world.spawn_root(home.router, act, &text, forwarder));
    let (os, text) = start(home.resolver, "the recursive resolver");
    let resolver = apps::dns::recursive_server(os, vec![plan::names::ROOT[1].0], RESOLVER_CACHE);
    drop(world.spawn_root(home.resolver, act, &text, resolver));

    // Every host has an address, whoever asks; the URL's own is where the server was built.
    let (host, here) = (url.host.parse::<wire::dns::Name>().ok(), built.address);
    let address: AddressOf = Rc::new(move |name| {
        let four = if Some(name) == host.as_ref() { here } else { plan::web_address(&name.to_string()) };
        let six = plan::ipv6::web_address(four);
        let both = [(ip.has_ipv4(), IpAddr::V4(four)), (ip.has_ipv6(), IpAddr::V6(six))];
        both.into_iter().filter(|(spoken, _)| *spoken).map(|(_, address)| address).collect()
    });
    let (root, top, hosts) = (plan::names::ROOT[1].0, plan::names::TOP[1].0, plan::names::AUTHORITY[1].0);
    for (node, realm) in [
        (home.root, Realm::Root { own: vec![root], top: vec![top] }),
        (home.top, Realm::Top { own: vec![top], hosts: vec![hosts], address: address.clone() }),
        (home.authority, Realm::Hosts { own: vec![hosts], address, fixed: Vec::new() }),
    ] {
        let (os, text) = start(node, "the name server");
        drop(world.spawn_root(node, act, &text, apps::dns::authority_server(os, apps::dns::Authority::new(realm))));
    }
}

pub(crate) fn header(
    key: &'static str,
    name: &str,
    value: &str,
) -> Result<(http::HeaderName, http::HeaderValue), ScenarioError> {
    let wrong = |reason: String| ScenarioError::Value { key, value: format!("{name}: {value}"), reason };
    Ok((
        name.parse().map_err(|_| wrong("not a header field name (RFC 9110 §5.1)".to_owned()))?,
        value.parse().map_err(|_| wrong("not a header field value (RFC 9110 §5.5)".to_owned()))?,
    ))
}

/// What the client's program does.
struct Fetch {
    url: UrlParts,
    /// Which versions of IP the machine speaks.
    ip: IpVersions,
    /// Whether no name has to be resolved.
    knows_address: bool,
    /// Whether connections by both versions are tried beside one another.
    races: bool,
    exchange: Exchange,
    request: Request,
}

fn prepare(
    scenario: &Scenario,
    url: &UrlParts,
    server: SocketAddr,
    clock: &std::sync::Arc<Clock>,
) -> Result<Fetch, RunError> {
    let keys = KeyLines::new();
    let tls = match url.scheme {
        Scheme::Http => None,
        Scheme::Https => {
            let failed = |reason: String| RunError::Tls { host: url.host.clone(), reason };
            let options = Options {
                versions: versions(scenario.request.tls),
                // Who can speak HTTP/2 can speak HTTP/1.1 as well: the server chooses (RFC 7301 §3.2).
                alpn: match scenario.request.http {
                    HttpVersion::Http11 => apps::http::Versions::Http11.alpn(),
                    HttpVersion::Http2 => apps::http::Versions::Both.alpn(),
                },
                key_log: Some(keys.clone()),
                ..Options::default()
            };
            let rng = Seed(scenario.seed).stream("tls/client");
            let config = tls::client(rng, clock, Authority::simulated().roots(), &options);
            let config = config.map_err(|error| failed(error.to_string()))?;
            let name = ServerName::try_from(url.host.clone()).map_err(|error| failed(error.to_string()))?;
            Some((config, name))
        }
    };
    Ok(Fetch {
        url: url.clone(),
        ip: scenario.network.ip,
        knows_address: url.literal.is_some() || scenario.client.knows_address,
        races: scenario.client.happy_eyeballs,
        exchange: Exchange {
            server,
            tls,
            version: match scenario.request.http {
                HttpVersion::Http11 => Version::Http11,
                HttpVersion::Http2 => Version::Http2,
            },
            connections: scenario.client.connections as usize,
            clock: clock.clone(),
            keys: Some(keys),
            linger: scenario.client.linger.0,
        },
        request: request(scenario, url)?,
    })
}

fn request(scenario: &Scenario, url: &UrlParts) -> Result<Request, ScenarioError> {
    let asked = &scenario.request;
    let body = asked.body.clone().map(Bytes::from).unwrap_or_default();
    let default = if body.is_empty() { "GET" } else { "POST" };
    let method = asked.method.as_deref().unwrap_or(default);
    let wrong = |key, value: &str, reason: &str| ScenarioError::Value {
        key,
        value: value.to_owned(),
        reason: reason.to_owned(),
    };
    let method: http::Method =
        method.parse().map_err(|_| wrong("request.method", method, "not a method (RFC 9110 §9.1)"))?;
    let target: http::Uri =
        url.target().parse().map_err(|_| wrong("request.url", &url.href, "its path cannot be sent (RFC 9112 §3.2)"))?;
    let mut headers = vec![header("request.url", "host", &url.host_field())?];
    let own: &[(&str, &str)] = match asked.browser {
        Browser::Browser => &[
            ("user-agent", "Mozilla/5.0 (simulated) wirescope"),
            ("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"),
            ("accept-language", "en"),
        ],
        Browser::Curl => &[("user-agent", "curl/8.5.0"), ("accept", "*/*")],
        Browser::Bare => &[],
    };
    for (name, value) in own {
        headers.push(header("request.headers", name, value)?);
    }
    for crate::Header(name, value) in &asked.headers {
        let field = header("request.headers", name, value)?;
        // A field that the user gives replaces the program's own.
        headers.retain(|(name, _)| *name != field.0 || own.iter().all(|(own, _)| *own != field.0.as_str()));
        headers.push(field);
    }
    Ok(Request { method, target, headers, body })
}

impl Fetch {
    /// Joins the network, and opens the URL as soon as that is done.
    async fn join_and_go(self, os: Os) -> Result<Response, FetchError> {
        let failed =
            |error: apps::dhcp::JoinError| FetchError::Dns(format!("the machine is not on the network: {error}"));
        let mut servers: Vec<IpAddr> = Vec::new();
        if self.ip.has_ipv6() {
            os.with_host(|host, cx| host.join_ipv6(InterfaceId(0), cx));
        }
        if self.ip.has_ipv4() {
            let mut client = apps::dhcp::Client::new(os.clone(), InterfaceId(0)).map_err(failed)?;
            let lease = client.join().await.map_err(failed)?;
            servers.extend(lease.dns.iter().map(|&server| IpAddr::from(server)));
            drop(os.spawn("dhcp", client.keep(lease)));
        }
        if self.ip.has_ipv6() {
            configured(&os).await;
            let advertised = os.with_host(|host, cx| host.advertised_name_servers(cx.now));
            // Both families lead to the same name server: one is asked.
            servers.extend(advertised.into_iter().map(IpAddr::from).filter(|_| !self.ip.has_ipv4()));
        }
        os.act(&app::USER_OPENS, &self.url.href);
        self.go(os, servers).await
    }

    async fn go(self, os: Os, servers: Vec<IpAddr>) -> Result<Response, FetchError> {
        let result = self.request(&os, servers).await;
        if let Err(error) = &result {
            let text = os.text(&error.to_string());
            os.event(&app::REQUEST_FAILED, 0, [text, 0]);
        }
        result
    }

    async fn request(self, os: &Os, servers: Vec<IpAddr>) -> Result<Response, FetchError> {
        let text = os.text(&self.describe());
        os.event(&app::URL_PARSED, 0, [text, 0]);
        if self.ip == IpVersions::Dual && !self.knows_address {
            let browser = os.text("the browser");
            os.event(&dns::CACHE_MISS, 0, [browser, 0]);
            let stub = Stub::new(os, &servers, SYSTEM_CACHE);
            let tcp = apps::http::connect(os, &stub, &self.url.host, self.url.port, self.races).await?;
            return apps::http::load(os, tcp, &self.exchange, self.request).await;
        }
        self.look_up(os, servers).await?;
        let server = self.exchange.server;
        let tcp = os.tcp_connect(server).await.map_err(|errno| FetchError::Connect(server, errno))?;
        apps::http::load(os, tcp, &self.exchange, self.request).await
    }

    fn describe(&self) -> String {
        let url = &self.url;
        format!("scheme {}, host {}, port {}, path {}", url.scheme.as_str(), url.host, url.port, url.target())
    }

    async fn look_up(&self, os: &Os, servers: Vec<IpAddr>) -> Result<(), FetchError> {
        if self.url.literal.is_some() {
            return Ok(());
        }
        let browser = os.text("the browser");
        os.event(&dns::CACHE_MISS, 0, [browser, 0]);
        if self.knows_address {
            let system = os.text("the operating system");
            os.event(&dns::CACHE_HIT, 0, [system, 0]);
            return Ok(());
        }
        let stub = Stub::new(os, &servers, SYSTEM_CACHE);
        let found: Result<Vec<IpAddr>, _> = if self.ip == IpVersions::Six {
            stub.resolve_ipv6(&self.url.host).await.map(|found| found.into_iter().map(IpAddr::from).collect())
        } else {
            stub.resolve(&self.url.host).await.map(|found| found.into_iter().map(IpAddr::from).collect())
        };
        match found {
            // The world was built with the server at that very address.
            Ok(found) if found.contains(&self.exchange.server.ip()) => Ok(()),
            Ok(found) => Err(FetchError::Dns(format!("the name led to {found:?}, where no server is"))),
            Err(error) => Err(FetchError::Dns(error.to_string())),
        }
    }
}

/// How long a program waits for the machine to have made itself an address, and how often it looks.
const AUTOCONFIGURED: Duration = Duration::from_secs(10);
const LOOK_FOR_ADDRESS: Duration = Duration::from_millis(100);

/// Waits until the machine has an IPv6 address that reaches further than its link; not for ever, since there may be no router.
async fn configured(os: &Os) {
    let ready =
        |own: &host::Ipv6Address| own.state == host::AddressState::Preferred && !own.address.is_unicast_link_local();
    let end = os.now() + AUTOCONFIGURED;
    while os.now() < end && !os.with_host(|host, _| host.ipv6_addresses(InterfaceId(0)).iter().any(ready)) {
        os.sleep(LOOK_FOR_ADDRESS).await;
    }
}
