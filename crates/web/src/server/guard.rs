//! Who may ask: this server's own page, and nobody else's.
//!
//! A page of another site can make a browser send requests here, and by DNS rebinding even under a name of its own. So
//! - the Host has to be an address or `localhost`: a rebinding attack needs a name (RFC 9110 §7.2);
//! - an Origin, where the browser sends one, has to be this very server's (RFC 6454 §7.2);
//! - Sec-Fetch-Site, where the browser sends it, has to say that the request comes from here or from the address bar
//!   (W3C Fetch Metadata); only the page itself may be opened from elsewhere, by a link;
//! - whatever starts work or brings data carries a header that no other site can send without asking first, and nobody
//!   gets a permission here (there is no CORS).

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method};

use crate::api::{Code, Problem};

/// The header that every POST carries.
pub const OURS: &str = "x-wirescope";

/// Checks who asks.
///
/// # Errors
/// If it is not this server's own page.
pub fn check(method: &Method, path: &str, headers: &HeaderMap) -> Result<(), Problem> {
    let foreign =
        |message: String| Problem::new(Code::Foreign, message).remedy("open the address that `wirescope serve` prints");
    let text = |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let host = text(HOST.as_str()).ok_or_else(|| foreign("the request names no host".to_owned()))?;
    if headers.get_all(HOST).iter().count() != 1 || !is_address(&host) {
        return Err(foreign(format!("`{host}` is not an address of this server")).input(host).place("Host"));
    }
    if let Some(origin) = text(ORIGIN.as_str())
        && origin != format!("http://{host}")
    {
        return Err(foreign(format!("the request comes from {origin}")).input(origin).place("Origin"));
    }
    let link = method == Method::GET && path == "/";
    if let Some(site) = text("sec-fetch-site")
        && !matches!(site.as_str(), "same-origin" | "none")
        && !link
    {
        return Err(foreign("the request comes from another site".to_owned()).input(site).place("Sec-Fetch-Site"));
    }
    match *method {
        Method::GET | Method::HEAD => Ok(()),
        Method::POST if headers.contains_key(OURS) => Ok(()),
        Method::POST => Err(foreign(format!("the header {OURS} is missing")).place(OURS)),
        _ => Err(Problem::new(Code::BadRequest, format!("{method} is not answered here"))),
    }
}

/// Whether a Host is an address or `localhost`, with or without a port.
fn is_address(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((ip, port)) => {
            return ip.parse::<Ipv6Addr>().is_ok() && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
        }
        None => host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
    };
    (name == "localhost" || name.parse::<Ipv4Addr>().is_ok()) && port.is_none_or(is_port)
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    fn asks(method: Method, path: &str, headers: &[(&str, &str)]) -> Result<(), Problem> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        check(&method, path, &map)
    }

    #[test]
    fn hosts_are_addresses() {
        for good in ["127.0.0.1:8080", "localhost:1", "localhost", "[::1]:80", "192.0.2.1:80"] {
            assert!(asks(Method::GET, "/api/sources", &[("host", good)]).is_ok(), "{good}");
        }
        for bad in
            ["evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "[::1]evil", "127.0.0.1:x"]
        {
            let error = asks(Method::GET, "/api/sources", &[("host", bad)]).unwrap_err();
            assert_eq!((error.code, error.place.as_deref()), (Code::Foreign, Some("Host")), "{bad}");
        }
        assert!(asks(Method::GET, "/", &[]).is_err());
        assert!(asks(Method::GET, "/", &[("host", "127.0.0.1"), ("host", "evil.example")]).is_err());
    }

    #[test]
    fn other_sites_get_nothing() {
        let host = ("host", "127.0.0.1:8080");
        assert!(asks(Method::GET, "/api/sources", &[host, ("origin", "http://127.0.0.1:8080")]).is_ok());
        for origin in ["http://evil.example", "http://127.0.0.1:9999", "https://127.0.0.1:8080", "null"] {
            assert!(asks(Method::GET, "/api/sources", &[host, ("origin", origin)]).is_err(), "{origin}");
        }
        for site in ["cross-site", "same-site"] {
            assert!(asks(Method::GET, "/api/sources", &[host, ("sec-fetch-site", site)]).is_err(), "{site}");
            assert!(asks(Method::GET, "/", &[host, ("sec-fetch-site", site)]).is_ok(), "a link may open the page");
            assert!(asks(Method::POST, "/", &[host, ("sec-fetch-site", site), (OURS, "1")]).is_err(), "{site}");
        }
    }

    #[test]
    fn work_needs_the_header() {
        let host = ("host", "127.0.0.1:8080");
        assert_eq!(asks(Method::POST, "/api/run", &[host]).unwrap_err().code, Code::Foreign);
        assert!(asks(Method::POST, "/api/run", &[host, (OURS, "1")]).is_ok());
        assert_eq!(asks(Method::DELETE, "/api/run", &[host, (OURS, "1")]).unwrap_err().code, Code::BadRequest);
    }
}
