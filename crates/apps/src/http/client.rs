//! The client's side of one exchange.

use std::net::SocketAddr;
use std::sync::Arc;

use ::tcp::Errno;
use base::Duration;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use net::{Os, TcpStream};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tls::{Clock, KeyLines};
use trace::kinds::app;

use super::{Connection, TlsError, TlsStream};

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method: `GET`.
    pub method: http::Method,
    /// The target in origin form: path and query.
    pub target: http::Uri,
    /// Header fields in order; `Host` among them.
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
    /// The exchange of HTTP messages failed.
    Http(hyper::Error),
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
    exchange_over(os, tcp, to, request).await
}

/// As [`exchange`], over a connection that is open already.
///
/// # Errors
/// If any of that fails.
pub async fn exchange_over(os: &Os, tcp: TcpStream, to: &Exchange, request: Request) -> Result<Response, FetchError> {
    let number = tcp.id().0;
    let connection = match &to.tls {
        None => Connection::from(tcp),
        Some((config, name)) => {
            let text = os.text(&name.to_str());
            os.event(&app::TLS_STARTS, number, [text, 0]);
            to.clock.set(os.wall());
            let before = to.keys.as_ref().map_or(0, |keys| keys.len());
            let result = TlsStream::connect(tcp, config.clone(), name.clone()).await;
            if let Some(keys) = &to.keys {
                keys.since(before).iter().for_each(|line| os.secrets(&format!("{line}\n")));
            }
            let stream = result.map_err(|error| {
                let text = os.text(&error.to_string());
                os.event(&app::TLS_FAILED, number, [text, 0]);
                FetchError::Tls(error)
            })?;
            let text = os.text(&agreed(stream.tls()));
            os.event(&app::TLS_DONE, number, [text, 0]);
            Connection::from(stream)
        }
    };

    let (mut sender, driver) = hyper::client::conn::http1::handshake(connection).await.map_err(FetchError::Http)?;
    let driver = os.spawn("http client", driver);
    let line = os.text(&format!("{} {}", request.method, request.target));
    os.event(&app::HTTP_REQUEST, number, [line, 0]);
    let mut message = http::Request::new(Full::new(request.body));
    *message.method_mut() = request.method;
    *message.uri_mut() = request.target;
    message.headers_mut().extend(request.headers.into_iter().map(|(name, value)| (Some(name), value)));
    let response = sender.send_request(message).await.map_err(FetchError::Http)?;
    let (head, body) = response.into_parts();
    let line = os.text(&head.status.to_string());
    os.event(&app::HTTP_RESPONSE, number, [line, 0]);
    let body = body.collect().await.map_err(FetchError::Http)?.to_bytes();
    os.event(&app::HTTP_DONE, number, [body.len() as u64, 0]);
    if to.linger > Duration::ZERO {
        os.sleep(to.linger).await;
    }
    // Dropping the sender tells hyper that there will be no further request: it closes the connection.
    drop(sender);
    let _ = driver.await;
    Ok(Response { status: head.status, headers: head.headers, body })
}

/// What a TLS handshake agreed on, in words: `TLS 1.3, TLS13_AES_128_GCM_SHA256, http/1.1`.
pub(super) fn agreed(tls: &rustls::Connection) -> String {
    let version = match tls.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "TLS",
    };
    let suite = tls.negotiated_cipher_suite().map(|suite| format!(", {:?}", suite.suite())).unwrap_or_default();
    let alpn = tls.alpn_protocol().map(|alpn| format!(", {}", String::from_utf8_lossy(alpn))).unwrap_or_default();
    format!("{version}{suite}{alpn}")
}
