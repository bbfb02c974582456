//! The client's side of one exchange.

use std::net::SocketAddr;
use std::sync::Arc;

use ::tcp::Errno;
use base::Duration;
use bytes::Bytes;
use net::Os;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tls::{Clock, KeyLines};

use super::{Session, TlsError, Version};

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method: `GET`.
    pub method: http::Method,
    /// The target in origin form: path and query.
    pub target: http::Uri,
    /// Header fields in order; `Host` among them. HTTP/2 sends it as `:authority`.
    pub headers: Vec<(http::HeaderName, http::HeaderValue)>,
    /// The body; empty for none.
    pub body: Bytes,
}

/// A response that has arrived whole.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: http::StatusCode,
    /// Header fields in order.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// How to reach the server.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Its address and port.
    pub server: SocketAddr,
    /// For `https`: the configuration and the name that the certificate must bear.
    pub tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    /// The version that is spoken where nothing is negotiated: over plain TCP. Over TLS the two ends agree by ALPN (RFC 7301).
    pub version: Version,
    /// How many connections of HTTP/1.1 are opened at most for the files of a page.
    pub connections: usize,
    /// The clock that certificates are judged by; set to virtual time before they are.
    pub clock: Arc<Clock>,
    /// Where the secrets are collected, to be recorded with the run.
    pub keys: Option<Arc<KeyLines>>,
    /// How long the program waits, once it has everything, before it closes the connection.
    pub linger: Duration,
}

/// Why a request failed, and whose doing it was.
#[derive(Debug)]
pub enum FetchError {
    /// The name could not be resolved.
    Dns(String),
    /// No connection to the server.
    Connect(SocketAddr, Errno),
    /// The TLS handshake failed.
    Tls(TlsError),
    /// The exchange of HTTP/1.1 messages failed.
    Http(hyper::Error),
    /// The exchange of HTTP/2 frames failed.
    Http2(h2::Error),
    /// The server was spoken to in HTTP/2 over plain TCP and hung up: it does not speak it.
    NotHttp2,
    /// The request cannot be made: a header or target that HTTP does not allow.
    Request(String),
}

impl std::fmt::Display for FetchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FetchError::Dns(why) => write!(f, "the name cannot be resolved: {why}"),
            FetchError::Connect(server, errno) => write!(f, "no connection to {server}: {errno}"),
            FetchError::Tls(error) => write!(f, "the TLS handshake failed: {error}"),
            FetchError::Http(error) => {
                write!(f, "the HTTP exchange failed: {error}")?;
                let source = std::error::Error::source(error);
                source.map_or(Ok(()), |source| write!(f, ": {source}"))
            }
            FetchError::Http2(error) => write!(f, "the HTTP/2 exchange failed: {error}"),
            FetchError::NotHttp2 => f.write_str(
                "the server hung up on HTTP/2. Over http:// nothing is negotiated: a client has to know that the server speaks \
                 it (RFC 9113 §3.3). Ask for HTTP/1.1, or by https, where both agree on a version",
            ),
            FetchError::Request(why) => write!(f, "the request cannot be made: {why}"),
        }
    }
}
impl std::error::Error for FetchError {}

/// Connects, sends the request, takes the response in, and closes the connection.
///
/// # Errors
/// If any of that fails.
pub async fn exchange(os: &Os, to: &Exchange, request: Request) -> Result<Response, FetchError> {
    let tcp = os.tcp_connect(to.server).await.map_err(|errno| FetchError::Connect(to.server, errno))?;
    let session = Session::open(os, tcp, to).await?;
    let response = session.fetch(request).await?;
    if to.linger > Duration::ZERO {
        os.sleep(to.linger).await;
    }
    session.close().await;
    Ok(response)
}
