//! What is asked for: the `[request]` table.

use serde::Deserialize;

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

choice! {
    /// A TLS version.
    TlsVersion {
        /// TLS 1.3 (RFC 8446).
        #[default]
        Tls13 = "1.3",
        /// TLS 1.2 (RFC 5246).
        Tls12 = "1.2",
    }
}

choice! {
    /// A version of HTTP.
    HttpVersion {
        /// HTTP/1.1 (RFC 9112).
        #[default]
        Http11 = "1.1",
        /// HTTP/2 (RFC 9113).
        Http2 = "2",
    }
}
