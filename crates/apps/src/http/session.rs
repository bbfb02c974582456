//! A client's connection to a server: opened, asked over as often as wanted, closed.

use std::cell::RefCell;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use net::{Join, Os, TcpStream};
use trace::kinds::app;

use super::{Connection, Exchange, FetchError, Request, Response, TlsStream, Version, http2};

/// A client's connection to a server, on which either version of HTTP is spoken.
pub struct Session {
    os: Os,
    /// The socket's number: the subject of its events.
    number: u32,
    speaks: Speaks,
}

enum Speaks {
    /// One request at a time (RFC 9112 §9.3).
    One { sender: RefCell<Option<hyper::client::conn::http1::SendRequest<Full<Bytes>>>>, driver: Join<()> },
    /// A stream for each request (RFC 9113 §5).
    Two(http2::Client),
}

impl Session {
    /// Shakes hands for TLS, if the server is to be reached by it, and begins to speak HTTP: the version that TLS agreed on, or
    /// the one that `to` says.
    ///
    /// # Errors
    /// If the handshake fails.
    pub async fn open(os: &Os, tcp: TcpStream, to: &Exchange) -> Result<Session, FetchError> {
        let number = tcp.id().0;
        let (connection, version) = match &to.tls {
            None => (Connection::from(tcp), to.version),
            Some(_) => {
                let stream = handshake(os, tcp, to).await?;
                // RFC 9113 §3.2: HTTP/2 over TLS goes by the identifier "h2".
                let version =
                    if stream.tls().alpn_protocol() == Some(b"h2") { Version::Http2 } else { Version::Http11 };
                (Connection::from(stream), version)
            }
        };
        let speaks = match version {
            Version::Http11 => {
                let (sender, driver) =
                    hyper::client::conn::http1::handshake(connection).await.map_err(FetchError::Http)?;
                let driver = os.spawn("http client", async move { drop(driver.await) });
                Speaks::One { sender: RefCell::new(Some(sender)), driver }
            }
            Version::Http2 => Speaks::Two(http2::Client::start(os, connection, to.tls.is_some()).await?),
        };
        Ok(Session { os: os.clone(), number, speaks })
    }

    /// Whether several requests may be under way at once.
    pub fn multiplexes(&self) -> bool {
        matches!(self.speaks, Speaks::Two(_))
    }

    /// Sends a request and takes the response in. In HTTP/1.1, one at a time.
    ///
    /// # Errors
    /// If the request cannot be sent in this version of HTTP, or the exchange fails.
    pub async fn fetch(&self, request: Request) -> Result<Response, FetchError> {
        match &self.speaks {
            Speaks::Two(client) => client.fetch(&self.os, self.number, request).await,
            Speaks::One { sender, .. } => {
                let busy = || FetchError::Request("a request is under way on this connection".to_owned());
                let mut taken = sender.borrow_mut().take().ok_or_else(busy)?;
                let response = self.fetch_alone(&mut taken, request).await;
                *sender.borrow_mut() = Some(taken);
                response
            }
        }
    }

    async fn fetch_alone(
        &self,
        sender: &mut hyper::client::conn::http1::SendRequest<Full<Bytes>>,
        request: Request,
    ) -> Result<Response, FetchError> {
        let (os, number) = (&self.os, self.number);
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
        Ok(Response { status: head.status, headers: head.headers, body })
    }

    /// Whether another request may be sent. Without one under way, waits until that is known.
    pub async fn is_open(&self) -> bool {
        match &self.speaks {
            Speaks::One { sender, .. } => {
                let Some(mut taken) = sender.borrow_mut().take() else { return false };
                let open = taken.ready().await.is_ok();
                *sender.borrow_mut() = Some(taken);
                open
            }
            Speaks::Two(_) => true,
        }
    }

    /// Closes the connection and waits until that is done.
    pub async fn close(self) {
        // Dropping the sender tells hyper and h2 that there will be no further request: they close the connection.
        match self.speaks {
            Speaks::One { sender, driver } => {
                drop(sender);
                driver.await;
            }
            Speaks::Two(client) => client.close().await,
        }
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("number", &self.number)
            .field("multiplexes", &self.multiplexes())
            .finish_non_exhaustive()
    }
}

async fn handshake(os: &Os, tcp: TcpStream, to: &Exchange) -> Result<TlsStream, FetchError> {
    let number = tcp.id().0;
    let Some((config, name)) = &to.tls else {
        return Err(FetchError::Request("there is no configuration for TLS".to_owned()));
    };
    let text = os.text(&name.to_str());
    os.event(&app::TLS_STARTS, number, [text, 0]);
    to.clock.set(os.wall());
    let result = TlsStream::connect(tcp, config.clone(), name.clone()).await;
    if let Some(keys) = &to.keys {
        keys.take_new().iter().for_each(|line| os.secrets(&format!("{line}\n")));
    }
    let stream = result.map_err(|error| {
        let text = os.text(&error.to_string());
        os.event(&app::TLS_FAILED, number, [text, 0]);
        FetchError::Tls(error)
    })?;
    let text = os.text(&agreed(stream.tls()));
    os.event(&app::TLS_DONE, number, [text, 0]);
    Ok(stream)
}

/// What a TLS handshake agreed on, in words: `TLS 1.3, TLS13_AES_128_GCM_SHA256, http/1.1`.
fn agreed(tls: &rustls::Connection) -> String {
    let version = match tls.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "TLS",
    };
    let suite = tls.negotiated_cipher_suite().map(|suite| format!(", {:?}", suite.suite())).unwrap_or_default();
    let alpn = tls.alpn_protocol().map(|alpn| format!(", {}", String::from_utf8_lossy(alpn))).unwrap_or_default();
    format!("{version}{suite}{alpn}")
}
