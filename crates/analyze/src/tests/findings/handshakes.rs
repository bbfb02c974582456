//! TLS handshakes, byte by byte.

use super::make::*;
use super::*;

pub(super) fn with_len(bytes: usize, content: &[u8]) -> Vec<u8> {
    let len = (content.len() as u32).to_be_bytes();
    [&len[4 - bytes..], content].concat()
}
pub(super) fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3][..], &with_len(2, content)].concat()
}
pub(super) fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &with_len(3, body)].concat()
}
pub(super) fn extension(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &with_len(2, body)].concat()
}
pub(super) fn client_hello(more: &[u8]) -> Vec<u8> {
    let name = with_len(2, &[&[0][..], &with_len(2, b"www.example.com")].concat());
    let extensions = with_len(2, &[&extension(0, &name)[..], more].concat());
    let body = [&[3, 3][..], &[7; 32], &[0, 0, 4, 0xc0, 0x2f, 0x13, 0x01, 1, 0], &extensions].concat();
    record(22, &handshake(1, &body))
}
pub(super) fn server_hello(version: [u8; 2], random: [u8; 32], suite: [u8; 2], extensions: &[u8]) -> Vec<u8> {
    let body = [&version[..], &random, &[0], &suite, &[0], &with_len(2, extensions)].concat();
    record(22, &handshake(2, &body))
}
/// The Random that makes a ServerHello a HelloRetryRequest (RFC 8446 §4.1.3).
pub(super) const RETRY: [u8; 32] = [
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91, 0xC2, 0xA2, 0x11,
    0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
];
pub(super) fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let len = content.len();
    match len {
        0..128 => [&[tag, len as u8][..], &content].concat(),
        _ => [&[tag, 0x82, (len >> 8) as u8, len as u8][..], &content].concat(),
    }
}
pub(super) fn certificate(issuer: &str, subject: &str, name: &str, until: &str) -> Vec<u8> {
    let algorithm = der(0x30, &[&der(6, &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]]), &[5, 0]]);
    let named =
        |who: &str| der(0x30, &[&der(0x31, &[&der(0x30, &[&der(6, &[&[0x55, 4, 3]]), &der(12, &[who.as_bytes()])])])]);
    let validity = der(0x30, &[&der(0x17, &[b"250101000000Z"]), &der(0x17, &[until.as_bytes()])]);
    let rsa = der(0x30, &[&der(6, &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]]), &[5, 0]]);
    let key = der(0x30, &[&der(2, &[&[0x55; 64]]), &der(2, &[&[1, 0, 1]])]);
    let spki = der(0x30, &[&rsa, &der(3, &[&[0], &key])]);
    let names = der(4, &[&der(0x30, &[&der(0x82, &[name.as_bytes()])])]);
    let extensions = der(0xa3, &[&der(0x30, &[&der(0x30, &[&der(6, &[&[0x55, 0x1d, 0x11]]), &names])])]);
    let (issuer, subject) = (named(issuer), named(subject));
    let version = der(0xa0, &[&[2, 1, 2]]);
    let tbs = der(0x30, &[&version, &[2, 1, 9], &algorithm, &issuer, &validity, &subject, &spki, &extensions]);
    der(0x30, &[&tbs, &algorithm, &der(3, &[&[0; 65]])])
}
/// A TLS 1.2 handshake up to the server's certificates, and the client's alert.
pub(super) fn presented(t: &mut Tape, certificates: &[Vec<u8>], alert: Option<u8>) {
    t.ports.1 = 443;
    open(t);
    let hello = client_hello(&[]);
    t.c(P, 1001, 4501, &hello);
    let c = 1001 + hello.len() as u32;
    let list: Vec<u8> = certificates.iter().flat_map(|one| with_len(3, one)).collect();
    let mut answer = server_hello([3, 3], [9; 32], [0xc0, 0x2f], &[]);
    answer.extend(record(22, &handshake(11, &with_len(3, &list))));
    t.ms(20).s(P, 4501, c, &answer);
    let s = 4501 + answer.len() as u32;
    t.c(A, c, s, b"");
    if let Some(kind) = alert {
        t.c(P, c, s, &record(21, &[2, kind]));
        close(t, c + 7, s);
    }
}
/// A ClientHello that the server answers with an alert.
pub(super) fn tls_refused(t: &mut Tape, alert: u8) {
    t.ports.1 = 443;
    open(t);
    let hello = client_hello(&[]);
    t.c(P, 1001, 4501, &hello);
    t.ms(20).s(P, 4501, 1001 + hello.len() as u32, &record(21, &[2, alert]));
    close(t, 1001 + hello.len() as u32, 4508);
}

pub(super) const GOOD: &str = "300101000000Z";

/// A TLS 1.2 handshake in which the server asks for a certificate, and the client has none.
pub(super) fn without_certificate(t: &mut Tape) {
    t.ports.1 = 443;
    open(t);
    let hello = client_hello(&[]);
    t.c(P, 1001, 4501, &hello);
    let c = 1001 + hello.len() as u32;
    let list = with_len(3, &certificate("A CA", "site", "www.example.com", GOOD));
    let mut answer = server_hello([3, 3], [9; 32], [0xc0, 0x2f], &[]);
    answer.extend(record(22, &handshake(11, &with_len(3, &list))));
    // CertificateRequest (RFC 5246 §7.4.4): a type, a signature algorithm, any authority.
    answer.extend(record(22, &handshake(13, &[1, 64, 0, 2, 4, 3, 0, 0])));
    t.ms(20).s(P, 4501, c, &answer);
    let s = 4501 + answer.len() as u32;
    let none = record(22, &handshake(11, &[0, 0, 0]));
    t.c(P, c, s, &none);
    t.ms(20).s(P, s, c + none.len() as u32, &record(21, &[2, 40]));
    close(t, c + none.len() as u32, s + 7);
}

/// A handshake of TLS 1.3 that nobody can read, up to the server's flight; the next numbers.
pub(super) fn sealed_flight(t: &mut Tape) -> (u32, u32) {
    t.ports.1 = 443;
    open(t);
    let hello = client_hello(&extension(43, &[2, 3, 4]));
    t.c(P, 1001, 4501, &hello);
    let c = 1001 + hello.len() as u32;
    let share = extension(51, &[&[0, 29][..], &with_len(2, &[3; 32])].concat());
    let mut answer = server_hello([3, 3], [9; 32], [0x13, 0x01], &[extension(43, &[3, 4]), share].concat());
    answer.extend(record(23, &[6; 900]));
    t.ms(20).s(P, 4501, c, &answer);
    let s = 4501 + answer.len() as u32;
    t.c(A, c, s, b"");
    (c, s)
}
