//! What a line of a key log holds.

use std::fmt;

/// The first word of a line: which secret it is. Unknown labels survive with their text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Label {
    /// `CLIENT_RANDOM`: the master secret of TLS 1.2 and before (RFC 9850 §2.2).
    MasterSecret,
    /// `PMS_CLIENT_RANDOM`: a premaster secret of TLS 1.2 and before (known to Wireshark; not in RFC 9850).
    PremasterSecret,
    /// `CLIENT_EARLY_TRAFFIC_SECRET`: protects 0-RTT data (RFC 9850 §2.1).
    ClientEarlyTrafficSecret,
    /// `CLIENT_HANDSHAKE_TRAFFIC_SECRET`: protects the client's part of the handshake (RFC 9850 §2.1).
    ClientHandshakeTrafficSecret,
    /// `SERVER_HANDSHAKE_TRAFFIC_SECRET`: protects the server's part of the handshake (RFC 9850 §2.1).
    ServerHandshakeTrafficSecret,
    /// `CLIENT_TRAFFIC_SECRET_N`: protects what the client sends after N key updates (RFC 9850 §2.1).
    ClientTrafficSecret(u32),
    /// `SERVER_TRAFFIC_SECRET_N`: protects what the server sends after N key updates (RFC 9850 §2.1).
    ServerTrafficSecret(u32),
    /// `EARLY_EXPORTER_SECRET`: for exporters before the handshake is complete (RFC 9850 §2.1).
    EarlyExporterSecret,
    /// `EXPORTER_SECRET`: for exporters (RFC 9850 §2.1).
    ExporterSecret,
    /// `ECH_SECRET`: the secret that HPKE shares for Encrypted Client Hello (RFC 9850 §2.3).
    EchSecret,
    /// `ECH_CONFIG`: the configuration used for Encrypted Client Hello (RFC 9850 §2.3).
    EchConfig,
    /// Another label, as it stands, such as the `QUIC_...` ones of drafts of QUIC.
    Other(String),
}

impl Label {
    /// From a line's first word. Anything is a label.
    pub fn from_text(text: &str) -> Label {
        let numbered = |prefix: &str| {
            let digits = text.strip_prefix(prefix)?;
            let n: u32 = digits.parse().ok()?;
            // Only as it would be written back: no sign, no leading zeros.
            (n.to_string() == digits).then_some(n)
        };
        match text {
            "CLIENT_RANDOM" => Label::MasterSecret,
            "PMS_CLIENT_RANDOM" => Label::PremasterSecret,
            "CLIENT_EARLY_TRAFFIC_SECRET" => Label::ClientEarlyTrafficSecret,
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET" => Label::ClientHandshakeTrafficSecret,
            "SERVER_HANDSHAKE_TRAFFIC_SECRET" => Label::ServerHandshakeTrafficSecret,
            "EARLY_EXPORTER_SECRET" => Label::EarlyExporterSecret,
            "EXPORTER_SECRET" => Label::ExporterSecret,
            "ECH_SECRET" => Label::EchSecret,
            "ECH_CONFIG" => Label::EchConfig,
            _ => match (numbered("CLIENT_TRAFFIC_SECRET_"), numbered("SERVER_TRAFFIC_SECRET_")) {
                (Some(n), _) => Label::ClientTrafficSecret(n),
                (_, Some(n)) => Label::ServerTrafficSecret(n),
                _ => Label::Other(text.to_owned()),
            },
        }
    }

    /// Which lengths in bytes the secret may have, in words; `None` if `len` is right.
    pub(super) fn wrong_length(&self, len: usize) -> Option<&'static str> {
        match self {
            // RFC 5246 §8.1.
            Label::MasterSecret => (len != 48).then_some("48 bytes"),
            // The transcript hash's length (RFC 8446 §7.1): SHA-256, SHA-384; 64 leaves room for SHA-512.
            Label::ClientEarlyTrafficSecret
            | Label::ClientHandshakeTrafficSecret
            | Label::ServerHandshakeTrafficSecret
            | Label::ClientTrafficSecret(_)
            | Label::ServerTrafficSecret(_)
            | Label::EarlyExporterSecret
            | Label::ExporterSecret => (![32, 48, 64].contains(&len)).then_some("32 or 48 bytes"),
            Label::PremasterSecret | Label::EchSecret | Label::EchConfig | Label::Other(_) => {
                (len == 0).then_some("at least one byte")
            }
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Label::MasterSecret => "CLIENT_RANDOM",
            Label::PremasterSecret => "PMS_CLIENT_RANDOM",
            Label::ClientEarlyTrafficSecret => "CLIENT_EARLY_TRAFFIC_SECRET",
            Label::ClientHandshakeTrafficSecret => "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            Label::ServerHandshakeTrafficSecret => "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            Label::ClientTrafficSecret(n) => return write!(f, "CLIENT_TRAFFIC_SECRET_{n}"),
            Label::ServerTrafficSecret(n) => return write!(f, "SERVER_TRAFFIC_SECRET_{n}"),
            Label::EarlyExporterSecret => "EARLY_EXPORTER_SECRET",
            Label::ExporterSecret => "EXPORTER_SECRET",
            Label::EchSecret => "ECH_SECRET",
            Label::EchConfig => "ECH_CONFIG",
            Label::Other(text) => text,
        })
    }
}
