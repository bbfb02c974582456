//! TLS: alerts, versions, certificates.

use super::handshakes::*;
use super::make::*;
use super::*;

/// One capture for each kind; the finding of that kind is the first.
pub(super) const TLS: &[Example] = &[
    ("finding.tls.certificate_expired", |t| {
        presented(t, &[certificate("A CA", "site", "www.example.com", "250601000000Z")], Some(45));
    }),
    ("finding.tls.name_mismatch", |t| presented(t, &[certificate("A CA", "site", "other.example", GOOD)], Some(42))),
    ("finding.tls.missing_intermediate", |t| {
        presented(t, &[certificate("A CA", "site", "www.example.com", GOOD)], Some(48));
    }),
    ("finding.tls.self_signed", |t| presented(t, &[certificate("site", "site", "www.example.com", GOOD)], Some(48))),
    ("finding.tls.untrusted_issuer", |t| {
        let chain =
            [certificate("A CA", "site", "www.example.com", GOOD), certificate("Root", "A CA", "ca.example", GOOD)];
        presented(t, &chain, Some(48));
    }),
    ("finding.tls.no_common_version", |t| tls_refused(t, 70)),
    ("finding.tls.client_certificate", |t| without_certificate(t)),
    ("finding.tls.no_common_parameters", |t| tls_refused(t, 40)),
    ("finding.tls.unknown_name", |t| tls_refused(t, 112)),
    ("finding.tls.alert", |t| tls_refused(t, 80)),
    ("finding.tls.no_answer", |t| {
        t.ports.1 = 443;
        open(t);
        let hello = client_hello(&[]);
        t.c(P, 1001, 4501, &hello);
        t.ms(20).s(A, 4501, 1001 + hello.len() as u32, b"");
        t.ms(5000).c(F | A, 1001 + hello.len() as u32, 4501, b"");
    }),
    ("finding.tls.old_version", |t| {
        t.ports.1 = 443;
        open(t);
        let hello = client_hello(&[]);
        t.c(P, 1001, 4501, &hello);
        t.ms(20).s(P, 4501, 1001 + hello.len() as u32, &server_hello([3, 1], [9; 32], [0xc0, 0x13], &[]));
    }),
    ("finding.tls.retried", |t| {
        t.ports.1 = 443;
        open(t);
        let hello = client_hello(&extension(43, &[2, 3, 4]));
        t.c(P, 1001, 4501, &hello);
        let c = 1001 + hello.len() as u32;
        let chosen = [extension(43, &[3, 4]), extension(51, &[0, 23])].concat();
        let retry = server_hello([3, 3], RETRY, [0x13, 0x01], &chosen);
        t.ms(20).s(P, 4501, c, &retry);
        t.c(P, c, 4501 + retry.len() as u32, &hello);
        let answer = server_hello([3, 3], [9; 32], [0x13, 0x01], &chosen);
        t.ms(20).s(P, 4501 + retry.len() as u32, c + hello.len() as u32, &answer);
    }),
    ("finding.tls.not_resumed", |t| {
        t.ports.1 = 443;
        open(t);
        let identity = [&with_len(2, b"ticket")[..], &[0, 0, 0, 1]].concat();
        let offer = [with_len(2, &identity), with_len(2, &with_len(1, &[5; 32]))].concat();
        let hello = client_hello(&[extension(43, &[2, 3, 4]), extension(45, &[1, 1]), extension(41, &offer)].concat());
        t.c(P, 1001, 4501, &hello);
        let share = extension(51, &[&[0, 29][..], &with_len(2, &[3; 32])].concat());
        let answer = server_hello([3, 3], [9; 32], [0x13, 0x01], &[extension(43, &[3, 4]), share].concat());
        t.ms(20).s(P, 4501, 1001 + hello.len() as u32, &answer);
    }),
    ("finding.tls.not_tls", |t| {
        open(t);
        let hello = client_hello(&extension(43, &[2, 3, 4]));
        t.c(P, 1001, 4501, &hello);
        let answer = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
        let (c, s) = (1001 + hello.len() as u32, 4501 + answer.len() as u32);
        t.ms(20).s(P, 4501, c, answer);
        t.ms(1).c(R | A, c, s, b"");
    }),
    ("finding.tls.sealed_alert", |t| {
        let (c, s) = sealed_flight(t);
        t.ms(1).c(P, c, s, &record(23, &[5; 19]));
        t.ms(1).c(F | A, c + 24, s, b"");
        t.ms(20).s(F | A, s, c + 25, b"");
        t.c(A, c + 25, s + 1, b"");
    }),
];
