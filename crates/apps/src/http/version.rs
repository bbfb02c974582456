//! Versions of HTTP.

/// A version of HTTP.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Version {
    /// HTTP/1.1 (RFC 9112).
    #[default]
    Http11,
    /// HTTP/2 (RFC 9113).
    Http2,
}

/// Which versions of HTTP a server speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Versions {
    /// Both, as the client likes.
    #[default]
    Both,
    /// HTTP/1.1 alone.
    Http11,
    /// HTTP/2 alone.
    Http2,
}

impl Versions {
    /// What is offered by ALPN (RFC 7301 §3.1), the preferred first.
    pub fn alpn(self) -> Vec<Vec<u8>> {
        // RFC 9113 §3.2: "h2"; RFC 7301 §6: "http/1.1".
        let (two, one) = (b"h2".to_vec(), b"http/1.1".to_vec());
        match self {
            Versions::Both => vec![two, one],
            Versions::Http11 => vec![one],
            Versions::Http2 => vec![two],
        }
    }
}
