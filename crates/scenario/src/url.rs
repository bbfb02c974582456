//! A URL taken apart (RFC 3986 §3), as a browser does before anything else.

use std::fmt;
use std::net::Ipv4Addr;

/// The schemes that can be requested.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// HTTP over TCP.
    Http,
    /// HTTP over TLS over TCP.
    Https,
}

impl Scheme {
    /// As it stands in a URL.
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }
    /// The port that a URL without one means (RFC 9110 §4.2.1, §4.2.2).
    pub fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

/// A URL in its parts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UrlParts {
    /// As it was given, in normal form.
    pub href: String,
    /// The scheme: how to talk.
    pub scheme: Scheme,
    /// The host: a name in its ASCII form or an IPv4 address.
    pub host: String,
    /// The host's address, if the URL gives one instead of a name.
    pub literal: Option<Ipv4Addr>,
    /// The port: given, or the scheme's own.
    pub port: u16,
    /// Whether the URL gives the port.
    pub port_given: bool,
    /// The path, at least `/`.
    pub path: String,
    /// The query without its question mark.
    pub query: Option<String>,
    /// The query's parameters, decoded.
    pub parameters: Vec<(String, String)>,
    /// The fragment, which stays in the browser.
    pub fragment: Option<String>,
}

/// Why a URL cannot be requested: what is wrong, and what would be right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UrlError {
    /// The URL as given.
    pub input: String,
    /// What is wrong with it.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` cannot be requested: {}", self.input, self.reason)
    }
}
impl std::error::Error for UrlError {}

impl UrlParts {
    /// Takes `input` apart.
    ///
    /// # Errors
    /// If it is no URL, its scheme is neither http nor https, or its host is an IPv6 address.
    pub fn parse(input: &str) -> Result<UrlParts, UrlError> {
        let error =
            |reason: String, remedy: &str| UrlError { input: input.to_owned(), reason, remedy: remedy.to_owned() };
        let example = "write it like https://www.example.com/path?query";
        let url = url::Url::parse(input).map_err(|cause| match cause {
            url::ParseError::RelativeUrlWithoutBase => {
                error("it has no scheme".to_owned(), &format!("write the scheme in front: https://{input}"))
            }
            other => error(other.to_string(), example),
        })?;
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => {
                let remedy = match url::Url::parse(&format!("https://{input}")) {
                    // `example.com:8080/` parses as a URL of the scheme `example.com`.
                    Ok(_) if other.contains('.') || other == "localhost" => format!("did you mean https://{input} ?"),
                    _ => "use http:// or https://".to_owned(),
                };
                return Err(error(format!("the scheme `{other}` is not known here"), &remedy));
            }
        };
        let (host, literal) = match url.host() {
            Some(url::Host::Domain(name)) => (name.trim_end_matches('.').to_owned(), None),
            Some(url::Host::Ipv4(ip)) => (ip.to_string(), Some(ip)),
            Some(url::Host::Ipv6(_)) => {
                return Err(error(
                    "an address in a URL must be an IPv4 address here".to_owned(),
                    "use a host name, and --ip 6 to speak IPv6",
                ));
            }
            None => return Err(error("it has no host".to_owned(), example)),
        };
        if host.is_empty() {
            return Err(error("it has no host".to_owned(), example));
        }
        if host.len() > 253 || (literal.is_none() && host.split('.').any(|label| label.is_empty() || label.len() > 63))
        {
            // RFC 1035 §2.3.4
            return Err(error(
                "its host name is too long for DNS".to_owned(),
                "at most 63 characters a label, 253 in all",
            ));
        }
        Ok(UrlParts {
            href: url.to_string(),
            scheme,
            host,
            literal,
            port: url.port_or_known_default().unwrap_or(scheme.default_port()),
            port_given: url.port().is_some(),
            path: url.path().to_owned(),
            query: url.query().map(str::to_owned),
            parameters: url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect(),
            fragment: url.fragment().map(str::to_owned),
        })
    }

    /// The request's target: path and query (RFC 9112 §3.2.1).
    pub fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// The `Host` field: the port only where it is not the scheme's own (RFC 9110 §7.2).
    pub fn host_field(&self) -> String {
        if self.port == self.scheme.default_port() { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lifecycle_documents_url_comes_apart() {
        let url = UrlParts::parse("http://www.funter.com:3010/homepage?query=param&query2=param2").unwrap();
        assert_eq!((url.scheme, url.host.as_str(), url.port), (Scheme::Http, "www.funter.com", 3010));
        assert_eq!(url.path, "/homepage");
        let parameters: Vec<_> = url.parameters.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(parameters, [("query", "param"), ("query2", "param2")]);
        assert_eq!(url.host_field(), "www.funter.com:3010");
    }

    #[test]
    fn wrong_urls_say_what_would_be_right() {
        let remedy = |input: &str| UrlParts::parse(input).unwrap_err().remedy;
        assert_eq!(remedy("www.example.com"), "write the scheme in front: https://www.example.com");
        assert_eq!(remedy("example.com:8080/x"), "did you mean https://example.com:8080/x ?");
        assert_eq!(remedy("ftp://example.com/"), "use http:// or https://");
        assert!(UrlParts::parse("https:///").is_err());
        assert!(UrlParts::parse("https://[2001:db8::1]/").is_err());
        assert!(UrlParts::parse(&format!("https://{}.com/", "a".repeat(64))).is_err());
    }
}
