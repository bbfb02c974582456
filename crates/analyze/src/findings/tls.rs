//! TLS: handshakes that fail, cost more than they need, or are weaker than they should be.

use base::Duration;
use flow::Direction;
use wire::tls::{AlertDescription, AlertLevel, Body, HandshakeType, Version};
use wire::x509::{Certificate, GeneralName};

use super::{Confidence, Connection, Finding, Rule, finding};

/// All of them.
pub(super) static RULES: &[&dyn Rule] = &[
    &Expired,
    &NameMismatch,
    &MissingIntermediate,
    &SelfSigned,
    &UntrustedIssuer,
    &NoCommonVersion,
    &ClientCertificate,
    &NoCommonParameters,
    &UnknownName,
    &OtherAlert,
    &super::tls_sealed::SealedAlert,
    &NotTls,
    &NoAnswer,
    &OldVersion,
    &Retried,
    &NotResumed,
];

/// Alerts of one kind that could be read.
fn alerts<'a>(
    connection: &'a Connection<'_>,
) -> impl Iterator<Item = (Direction, u32, AlertLevel, AlertDescription)> + 'a {
    let tls = connection.layers.tls.iter();
    tls.flat_map(|tls| {
        tls.alerts.iter().filter_map(|(at, alert)| {
            let record = tls.records.get(*at)?;
            Some((record.direction, record.frame, alert.level, alert.description))
        })
    })
}

fn alert(connection: &Connection<'_>, kinds: &[AlertDescription]) -> Option<(Direction, u32)> {
    alerts(connection).find(|(_, _, _, kind)| kinds.contains(kind)).map(|(direction, frame, ..)| (direction, frame))
}

/// The server's certificates and the packet that completes them; `None` where the handshake was not seen or decrypted.
fn chain(connection: &Connection<'_>) -> Option<(u32, Vec<Option<Certificate>>)> {
    let tls = connection.layers.tls.as_ref()?;
    let message =
        tls.messages.iter().find(|m| m.kind == HandshakeType::CERTIFICATE && m.direction == Direction::ToClient)?;
    let bytes = connection.layers.bytes(message.buffer);
    let bytes = bytes.get(message.range.clone())?;
    let version = tls.server_hello.as_ref().map(|hello| hello.version());
    let context = wire::tls::Context { version, ..wire::tls::Context::default() };
    let mut silent = wire::Silent;
    let mut reader = wire::Reader::new(bytes, &mut silent);
    match wire::tls::decode_handshake(&mut reader, &context).ok()?.body {
        Some(Body::Certificate(certificate)) => Some((message.frame, certificate.chain)),
        _ => None,
    }
}

fn name(connection: &Connection<'_>) -> Option<String> {
    Some(connection.layers.tls.as_ref()?.client_hello.as_ref()?.server_name()?.to_owned())
}

fn seconds(connection: &Connection<'_>) -> i64 {
    let at = connection.epoch + connection.conversation.first_at.since(base::Instant::ZERO);
    at.as_unix_nanos().div_euclid(1_000_000_000)
}

finding! {
    /// Out of its time.
    Expired = "finding.tls.certificate_expired", "the certificate is out of date", "RFC 5280 §4.1.2.5",
        "the server's certificate is no longer, or not yet, valid",
        advice "Renew the certificate and reload the server; automate it (ACME). If the certificate is right, the client's clock is wrong.";
    look_at = |card, connection, out| {
        let said = alert(connection, &[AlertDescription::CERTIFICATE_EXPIRED]);
        let leaf = chain(connection).and_then(|(frame, chain)| Some((frame, chain.into_iter().next()??)));
        let old = leaf.filter(|(_, leaf)| leaf.not_after.is_some() && !leaf.is_valid_at(seconds(connection)));
        match (said, old) {
            (None, None) => {}
            (said, old) => {
                let span = old.as_ref().and_then(|(_, leaf)| Some((leaf.not_before?, leaf.not_after?)));
                let text = match span {
                    Some((from, to)) => format!("The server's certificate is valid from {} to {}.", wire::x509::time::format(from), wire::x509::time::format(to)),
                    None => "The client rejected the server's certificate as out of date.".to_owned(),
                };
                out.push(Finding::new(card, text, said.map(|(_, n)| n).into_iter().chain(old.map(|(n, _)| n))).failed());
            }
        }
    };
}

/// A name of a certificate as people write it.
fn said(name: &GeneralName) -> String {
    match name {
        GeneralName::Dns(name) | GeneralName::Uri(name) | GeneralName::Mail(name) => name.clone(),
        GeneralName::Ip(address) => address.to_string(),
        GeneralName::Other => "another kind of name".to_owned(),
    }
}

finding! {
    /// For another site.
    NameMismatch = "finding.tls.name_mismatch", "the certificate is for another name", "RFC 9525 §6.3",
        "none of the names in the server's certificate is the one that the client asked for",
        advice "Add the name to the certificate's subject alternative names, or let the server choose by the name asked for (SNI).";
    look_at = |card, connection, out| {
        let (Some(name), Some((frame, chain))) = (name(connection), chain(connection)) else { return };
        if let Some(Some(leaf)) = chain.first() && !leaf.is_for(&name) {
            let names: Vec<String> = leaf.subject_alt_names.iter().take(3).map(said).collect();
            let text = format!("The client asked for {name}, and the certificate is for {}.", if names.is_empty() { "no name".to_owned() } else { names.join(", ") });
            let said = alert(connection, &[AlertDescription::BAD_CERTIFICATE, AlertDescription::CERTIFICATE_UNKNOWN]);
            out.push(Finding::new(card, text, [frame].into_iter().chain(said.map(|(_, n)| n))).failed());
        }
    };
}

/// The issuer is not trusted, says the client; the chain, if it could be read.
fn untrusted(connection: &Connection<'_>) -> Option<(u32, Option<Vec<Option<Certificate>>>)> {
    let (_, frame) = alert(connection, &[AlertDescription::UNKNOWN_CA])?;
    Some((frame, chain(connection).map(|(_, chain)| chain)))
}

/// Whether a certificate that came alone was issued by a root, as its issuer's name says: a root is not sent (RFC 8446 §4.4.2
/// lets servers leave it out), so nothing is missing. Public authorities, which log what they issue (RFC 6962 §3), sign with
/// intermediates whatever these are called.
fn by_root(leaf: &Certificate) -> bool {
    let name = leaf.issuer.common_name().unwrap_or_default().to_ascii_lowercase();
    leaf.scts == 0 && name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "root")
}

finding! {
    /// A chain of one.
    MissingIntermediate = "finding.tls.missing_intermediate", "the intermediate certificate is missing", "RFC 8446 §4.4.2",
        "the server sends only its own certificate, and the client does not know its issuer",
        advice "Configure the full chain (fullchain.pem): the server's certificate and then each issuer up to, without, the root. Browsers hide this by caching intermediates.";
    look_at = |card, connection, out| {
        if let Some((frame, Some(chain))) = untrusted(connection)
            && let [Some(leaf)] = chain.as_slice()
            && !leaf.is_self_issued()
            && !by_root(leaf)
        {
            let text = format!("The server sent one certificate, issued by {}, and not that issuer's own.", leaf.issuer.common_name().unwrap_or("an unnamed issuer"));
            out.push(Finding::new(card, text, [frame]).failed().sure(Confidence::Likely));
        }
    };
}

finding! {
    /// It vouches for itself.
    SelfSigned = "finding.tls.self_signed", "the certificate vouches for itself", "RFC 5280 §6.1",
        "issuer and subject of the server's certificate are the same, and the client does not trust it",
        advice "Take a certificate from an authority that the clients trust, or put this one into their stores.";
    look_at = |card, connection, out| {
        if let Some((frame, Some(chain))) = untrusted(connection)
            && let Some(Some(leaf)) = chain.first()
            && leaf.is_self_issued()
        {
            out.push(Finding::new(card, "The server's certificate is its own issuer, and the client does not trust it.".to_owned(), [frame]).failed());
        }
    };
}

finding! {
    /// Nobody knows the issuer.
    UntrustedIssuer = "finding.tls.untrusted_issuer", "the certificate's issuer is not trusted", "RFC 8446 §6.2",
        "the client does not know the authority that issued the server's certificate (alert unknown_ca)",
        advice "Install the authority's root in the client, or check whether a proxy that opens TLS stands in between and its root is missing.";
    look_at = |card, connection, out| {
        let Some((frame, chain)) = untrusted(connection) else { return };
        let alone = |chain: &[Option<Certificate>]| matches!(chain, [Some(leaf)] if !by_root(leaf));
        let explained = chain.as_deref().is_some_and(alone) || chain.as_ref().is_some_and(|c| matches!(c.first(), Some(Some(leaf)) if leaf.is_self_issued()));
        if !explained {
            let issuer = chain.as_deref().and_then(|chain| chain.last()?.as_ref()?.issuer.common_name());
            let issuer = issuer.map(|name| format!(", {name}")).unwrap_or_default();
            out.push(Finding::new(card, format!("The client does not trust the issuer of the server's certificate{issuer}."), [frame]).failed());
        }
    };
}

finding! {
    /// protocol_version.
    NoCommonVersion = "finding.tls.no_common_version", "no common TLS version", "RFC 8446 §4.2.1",
        "client and server have no version of TLS in common (alert protocol_version)",
        advice "One side is too old or configured too strictly. Offer TLS 1.2 and 1.3 on both.";
    look_at = |card, connection, out| {
        if let Some((direction, frame)) = alert(connection, &[AlertDescription::PROTOCOL_VERSION]) {
            out.push(Finding::new(card, format!("The {} refused the TLS version of the other.", Connection::sender(direction)), [frame]).failed());
        }
    };
}

finding! {
    /// handshake_failure.
    NoCommonParameters = "finding.tls.no_common_parameters", "no common cipher, group or signature", "RFC 8446 §4.1.1",
        "client and server could not agree on how to protect the connection (alert handshake_failure or insufficient_security)",
        advice "Compare the ClientHello's suites, groups and signature schemes with the server's configuration; an ECDSA certificate needs ECDSA in the list.";
    look_at = |card, connection, out| {
        let kinds = [AlertDescription::HANDSHAKE_FAILURE, AlertDescription::INSUFFICIENT_SECURITY];
        // Behind a ServerHello the parameters were agreed on.
        let agreed = connection.layers.tls.as_ref().is_some_and(|tls| tls.server_hello.is_some());
        if let Some((direction, frame)) = alert(connection, &kinds).filter(|_| !agreed) {
            out.push(Finding::new(card, format!("The {} found no parameters that both accept.", Connection::sender(direction)), [frame]).failed());
        }
    };
}

/// The server's fatal alert behind a request for a certificate that the client did not have: the packets of the request,
/// the client's empty answer, and the alert.
fn without_certificate(connection: &Connection<'_>) -> Option<[u32; 3]> {
    let tls = connection.layers.tls.as_ref()?;
    let kinds = [
        AlertDescription::CERTIFICATE_REQUIRED,
        AlertDescription::HANDSHAKE_FAILURE,
        AlertDescription::BAD_CERTIFICATE,
    ];
    let (direction, end) = alert(connection, &kinds)?;
    let asked = tls.messages.iter().find(|m| m.kind == HandshakeType::CERTIFICATE_REQUEST)?;
    let mut certificates = tls.messages.iter().filter(|m| m.kind == HandshakeType::CERTIFICATE);
    let given = certificates.find(|m| m.direction == Direction::ToServer)?;
    // RFC 5246 §7.4.2: an empty list behind the message's four bytes takes three; RFC 8446 §4.4.2 has a context before it.
    (direction == Direction::ToClient && given.range.len() <= 8).then_some([asked.frame, given.frame, end])
}

finding! {
    /// A server that wants to know its clients.
    ClientCertificate = "finding.tls.client_certificate", "the server wants a certificate of the client", "RFC 8446 §4.3.2",
        "the server asked the client for a certificate (mutual TLS), the client had none, and the server broke off",
        advice "Give the client a certificate and its key (curl: --cert and --key) from an authority that the server names in its CertificateRequest, or let the server do without (nginx: ssl_verify_client optional).";
    look_at = |card, connection, out| {
        if let Some(frames) = without_certificate(connection) {
            let text = format!("{} asked for a certificate of the client, which has none.", connection.server());
            out.push(Finding::new(card, text, frames).failed());
        }
    };
}

finding! {
    /// unrecognized_name.
    UnknownName = "finding.tls.unknown_name", "the server has no such site", "RFC 6066 §3",
        "the server knows no site of the name in the ClientHello (alert unrecognized_name)",
        advice "Point the name at the right server, or configure the site and its certificate there.";
    look_at = |card, connection, out| {
        if let Some((_, frame)) = alert(connection, &[AlertDescription::UNRECOGNIZED_NAME]) {
            let name = name(connection).unwrap_or_else(|| "the name".to_owned());
            out.push(Finding::new(card, format!("The server has no site called {name}."), [frame]).failed());
        }
    };
}

/// Alerts that other findings explain.
const EXPLAINED: [AlertDescription; 6] = [
    AlertDescription::CERTIFICATE_EXPIRED,
    AlertDescription::UNKNOWN_CA,
    AlertDescription::PROTOCOL_VERSION,
    AlertDescription::UNRECOGNIZED_NAME,
    AlertDescription::CLOSE_NOTIFY,
    AlertDescription::USER_CANCELED,
];

finding! {
    /// Any other alert.
    OtherAlert = "finding.tls.alert", "TLS was broken off with an alert", "RFC 8446 §6.2",
        "one side ended the connection with a fatal alert",
        advice "The alert's name says what its sender did not accept: explain it (wirescope explain, with the name), then look at the message before it.";
    look_at = |card, connection, out| {
        let agreed = connection.layers.tls.as_ref().is_some_and(|tls| tls.server_hello.is_some());
        let explained = |kind: &AlertDescription| match *kind {
            AlertDescription::HANDSHAKE_FAILURE | AlertDescription::INSUFFICIENT_SECURITY => !agreed,
            _ => EXPLAINED.contains(kind),
        };
        let others = alerts(connection).filter(|(_, _, level, kind)| *level == AlertLevel::FATAL && !explained(kind));
        let others = others.filter(|_| without_certificate(connection).is_none());
        for (direction, frame, _, kind) in others.take(1) {
            out.push(Finding::new(card, format!("The {} broke TLS off: {kind}.", Connection::sender(direction)), [frame]).failed());
        }
    };
}

/// The first bytes that the server sent, and their packet.
fn first_bytes(connection: &Connection<'_>) -> Option<(u32, Vec<u8>)> {
    let first = connection.of(Direction::ToClient).find(|(_, tcp)| tcp.len > 0 && tcp.relative_seq() == Some(1));
    let payload = first?.0.payload;
    let number = first?.0.number;
    let bytes = connection.case.source.frame(number)?;
    Some((number, bytes.get(payload.at as usize..(payload.at + payload.len) as usize)?.to_vec()))
}

finding! {
    /// Another protocol.
    NotTls = "finding.tls.not_tls", "the server does not speak TLS", "RFC 8446 §5.1",
        "the ClientHello was answered by something that is no TLS record: the port speaks another protocol, in clear",
        advice "Use the port that speaks TLS (443 instead of 80), ask without TLS (http), or turn TLS on at the server (nginx: listen 443 ssl). Mail and databases want to be asked first (STARTTLS).";
    look_at = |card, connection, out| {
        let Some(tls) = connection.layers.tls.as_ref().filter(|tls| tls.client_hello.is_some() && tls.server_hello.is_none()) else { return };
        let answered = tls.records.iter().any(|record| record.direction == Direction::ToClient);
        let Some((frame, bytes)) = first_bytes(connection).filter(|_| !answered) else { return };
        // RFC 8446 §5.1: a record begins with its type, 20 to 24, and the version's first byte, 3.
        let record = matches!(bytes.first(), Some(20..=24)) && bytes.get(1).is_none_or(|&byte| byte == 3);
        if bytes.is_empty() || record {
            return;
        }
        let asked = tls.records.first().map(|record| record.frame);
        let line: String = bytes.iter().take(40).map(|&byte| char::from(byte)).take_while(|c| matches!(c, ' '..='~')).collect();
        let said = if line.len() >= 4 { format!("\u{201c}{line}\u{201d}") } else { "bytes that are no TLS record".to_owned() };
        let text = format!("{} answered the ClientHello with {said}.", connection.server());
        out.push(Finding::new(card, text, [frame].into_iter().chain(asked)).failed());
    };
}

finding! {
    /// Silence behind the ClientHello.
    NoAnswer = "finding.tls.no_answer", "no answer to the ClientHello", "RFC 8446 §4.1.3",
        "the connection was opened, the ClientHello was sent, and no TLS came back",
        advice "The port does not speak TLS, a middlebox drops large ClientHellos (post-quantum keys make them two packets), or a filter does not like the name in it.";
    look_at = |card, connection, out| {
        let Some(tls) = connection.layers.tls.as_ref().filter(|_| connection.unseen().is_none()) else { return };
        let silent = connection.summary.server.stream_bytes == 0 && tls.server_hello.is_none();
        let Some(record) = tls.records.iter().find(|r| r.direction == Direction::ToServer) else { return };
        let waited = connection.case.end().since(connection.case.at(record.frame));
        let over = connection.tcp.over() && !connection.tcp.reset();
        if silent && tls.client_hello.is_some() && (waited > Duration::from_secs(3) || over) {
            out.push(Finding::new(card, format!("{} sent no TLS in answer to the ClientHello.", connection.server()), [record.frame]).failed());
        }
    };
}

finding! {
    /// Below 1.2.
    OldVersion = "finding.tls.old_version", "an outdated TLS version", "RFC 8996",
        "the connection uses a version of TLS or SSL that must not be used any more",
        advice "Turn on TLS 1.2 and 1.3 and turn the older ones off at both ends.";
    look_at = |card, connection, out| {
        let Some(hello) = connection.layers.tls.as_ref().and_then(|tls| tls.server_hello.as_ref()) else { return };
        if hello.version().0 < Version::TLS12.0 {
            let frame = connection.layers.tls.iter().flat_map(|tls| &tls.messages).find(|m| m.kind == HandshakeType::SERVER_HELLO).map(|m| m.frame);
            out.push(Finding::new(card, format!("Client and server agreed on {}.", hello.version()), frame));
        }
    };
}

finding! {
    /// HelloRetryRequest.
    Retried = "finding.tls.retried", "the TLS handshake took a second try", "RFC 8446 §4.1.4",
        "the client guessed a group that the server does not take: a second ClientHello cost a round trip",
        advice "Let the client send a key share for a group that the server prefers (x25519 is nearly everywhere), or let the server take what clients guess.";
    look_at = |card, connection, out| {
        let Some(tls) = connection.layers.tls.as_ref().filter(|tls| tls.retried) else { return };
        let hellos: Vec<u32> = tls.messages.iter().filter(|m| matches!(m.kind, HandshakeType::CLIENT_HELLO | HandshakeType::SERVER_HELLO)).map(|m| m.frame).collect();
        let text = "The server asked for a second ClientHello with another key share.".to_owned();
        out.push(Finding::new(card, text, hellos).costs(connection.round_trip().unwrap_or_default()));
    };
}

finding! {
    /// A ticket that was not taken.
    NotResumed = "finding.tls.not_resumed", "a needless full handshake", "RFC 8446 §2.2",
        "the client offered to resume an earlier session, and the server made a full handshake",
        advice "Let all servers behind one name share their ticket keys, keep tickets valid long enough, and do not restart them away.";
    look_at = |card, connection, out| {
        let Some(tls) = &connection.layers.tls else { return };
        let Some(hello) = tls.client_hello.as_ref().filter(|hello| hello.extensions.psk_identities > 0) else { return };
        if tls.resumed == Some(false) {
            let frame = tls.messages.iter().find(|m| m.kind == HandshakeType::CLIENT_HELLO).map(|m| m.frame);
            let text = format!("The client offered {} earlier sessions, and the server took none.", hello.extensions.psk_identities);
            out.push(Finding::new(card, text, frame));
        }
    };
}
