//! Certificates as they are issued, and the invariants of the decoder on any bytes.

use proptest::prelude::*;

use super::*;
use crate::{Datum, Malformed, Reader, Record, Silent};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The certificate of RFC 8448 §3.
const RSA: &str = "308201ac30820115a003020102020102300d06092a864886f70d01010b0500300e310c300a0603550403130372736130
    1e170d3136303733303031323335395a170d3236303733303031323335395a300e310c300a0603550403130372736130819f300d06092a8648
    86f70d010101050003818d0030818902818100b4bb498f8279303d980836399b36c6988c0c68de55e1bdb826d3901a2461eafd2de49a91d015
    abbc9a95137ace6c1af19eaa6af98c7ced43120998e187a80ee0ccb0524b1b018c3e0b63264d449a6d38e22a5fda430846748030530ef0461c
    8ca9d9efbfae8ea6d1d03e2bd193eff0ab9a8002c47428a6d35a8d88d79f7f1e3f0203010001a31a301830090603551d1304023000300b0603
    551d0f0404030205a0300d06092a864886f70d01010b05000381810085aad2a0e5b9276b908c65f73a7267170618a54c5f8a7b337d2df7a594
    365417f2eae8f8a58c8f8172f9319cf36b7fd6c55b80f21a03015156726096fd335e5e67f2dbf102702e608ccae6bec1fc63a42a99be5c3eb7
    107c3c54e9b9eb2bd5203b1c3b84e0a8b2f759409ba3eac9d91d402dcc0cc8f8961229ac9187b42b4de1";

/// Decodes with both sinks and checks what holds for every decoder: the leaves tile the buffer, and the inspector finds
/// an error exactly where the stack stops.
fn both(bytes: &[u8]) -> (Record, Result<Certificate, Malformed>) {
    let mut record = Record::new();
    Reader::decode_all(bytes, &mut record, |reader| decode(reader)).expect("a recording sink goes on");
    assert_eq!(record.check_tiling(bytes.len()), Ok(()));
    let silent = Reader::decode_all(bytes, &mut Silent, |reader| decode(reader));
    assert_eq!(record.errors.first(), silent.as_ref().err(), "the first error is the one that stops");
    (record, silent.map(|certificate| certificate.expect("no error, so there is a value")))
}

/// A DER element.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut out = vec![tag];
    match content.len() {
        len @ 0..0x80 => out.push(len as u8),
        len => out.extend([0x82, (len >> 8) as u8, len as u8]),
    }
    out.extend(content);
    out
}

fn extension(id: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    tlv(0x30, &[&tlv(6, &[id]), critical, &tlv(4, &[value])])
}

/// A certificate for an ECDSA key on P-256 with these extensions.
fn ecdsa(extensions: &[Vec<u8>]) -> Vec<u8> {
    let algorithm = hex("300a06082a8648ce3d040302");
    let name = |text: &[u8]| tlv(0x30, &[&tlv(0x31, &[&tlv(0x30, &[&hex("0603550403"), &tlv(0x0c, &[text])])])]);
    let mut key = vec![0, 4];
    key.extend([0x11; 32]);
    key.extend([0x22; 32]);
    let key_info = tlv(0x30, &[&hex("301306072a8648ce3d020106082a8648ce3d030107"), &tlv(3, &[&key])]);
    let validity = tlv(0x30, &[&tlv(0x17, &[b"260101000000Z"]), &tlv(0x18, &[b"20500101000000Z"])]);
    let extensions: Vec<&[u8]> = extensions.iter().map(Vec::as_slice).collect();
    let extensions = tlv(0xa3, &[&tlv(0x30, &extensions)]);
    let tbs = tlv(
        0x30,
        &[
            &hex("a003020102"),
            &[2, 2, 0x12, 0x34],
            &algorithm,
            &name(b"CA"),
            &validity,
            &name(b"leaf"),
            &key_info,
            &extensions,
        ],
    );
    let signature = tlv(3, &[&[0], &tlv(0x30, &[&[2, 1, 0x55], &[2, 2, 0, 0x99]])]);
    tlv(0x30, &[&tbs, &algorithm, &signature])
}

fn leaf<'r>(record: &'r Record, id: &str) -> &'r Datum {
    &record.leaves().find(|leaf| leaf.field.id == id).unwrap_or_else(|| panic!("no {id}")).value
}

fn text(text: &str) -> Datum {
    Datum::Text(text.into())
}

#[test]
fn the_certificate_of_rfc_8448() {
    let (record, result) = both(&hex(RSA));
    let certificate = result.unwrap();
    assert_eq!(certificate.version, Version::V3);
    assert_eq!(certificate.serial, [2]);
    assert_eq!(certificate.signature_algorithm, "sha256WithRSAEncryption");
    assert_eq!(certificate.subject.to_string(), "CN=rsa");
    assert!(certificate.is_self_issued());
    assert_eq!(certificate.key, PublicKey { algorithm: "rsaEncryption".into(), curve: None, bits: Some(1024) });
    assert!(!certificate.is_ca && certificate.subject_alt_names.is_empty());
    // digitalSignature and keyEncipherment: bits 0 and 2.
    assert_eq!(certificate.key_usage, Some(0b101));
    assert_eq!(leaf(&record, "x509.key_usage.key_encipherment"), &Datum::Uint(1));
    assert_eq!(leaf(&record, "x509.rsa.exponent.value"), &Datum::Uint(65537));
    assert_eq!(leaf(&record, "x509.not_after.value"), &text("2026-07-30 01:23:59 UTC"));
    assert_eq!(leaf(&record, "x509.attribute.type.oid"), &text("commonName (2.5.4.3)"));
    assert!(record.find("x509.ext.basic_constraints").is_some());
    assert_eq!(certificate.not_after.unwrap() - certificate.not_before.unwrap(), 3652 * 86_400);
    assert!(certificate.is_valid_at(certificate.not_after.unwrap()));
    assert!(!certificate.is_valid_at(certificate.not_after.unwrap() + 1));
}

#[test]
fn names_purposes_and_places() {
    let names =
        tlv(0x30, &[&tlv(0x82, &[b"*.example.com"]), &tlv(0x82, &[b"example.org"]), &tlv(0x87, &[&[192, 0, 2, 1]])]);
    let purposes = tlv(0x30, &[&hex("06082b06010505070301")]);
    let access = tlv(0x30, &[&tlv(0x30, &[&hex("06082b06010505073001"), &tlv(0x86, &[b"http://ocsp.test"])])]);
    let crl = tlv(0x30, &[&tlv(0x30, &[&tlv(0xa0, &[&tlv(0xa0, &[&tlv(0x86, &[b"http://crl.test"])])])])]);
    let mut sct = vec![0];
    sct.extend([9; 32]);
    sct.extend(1_767_225_600_000u64.to_be_bytes());
    sct.extend([0, 0, 4, 1, 0, 1, 7]);
    let scts = tlv(4, &[&[0, sct.len() as u8 + 2, 0, sct.len() as u8], &sct]);
    let bytes = ecdsa(&[
        extension(&[0x55, 0x1d, 0x11], false, &names),
        extension(&[0x55, 0x1d, 0x25], false, &purposes),
        extension(&[0x55, 0x1d, 0x13], true, &hex("30060101ff020100")),
        extension(&hex("2b06010505070101"), false, &access),
        extension(&[0x55, 0x1d, 0x1f], false, &crl),
        extension(&[0x55, 0x1d, 0x0e], false, &tlv(4, &[b"key"])),
        extension(&[0x55, 0x1d, 0x23], false, &tlv(0x30, &[&tlv(0x80, &[b"ca"])])),
        extension(&[0x55, 0x1d, 0x20], false, &hex("300a3008060667810c010201")),
        extension(&hex("2b06010401d679020402"), false, &scts),
        extension(&hex("2a0304"), false, b"not DER"),
    ]);
    let (record, result) = both(&bytes);
    let certificate = result.unwrap();
    assert!(
        certificate.is_for("WWW.example.com.") && certificate.is_for("example.org") && certificate.is_for("192.0.2.1")
    );
    for other in ["example.com", "a.b.example.com", "192.0.2.2", "leaf", "com", ""] {
        assert!(!certificate.is_for(other), "{other}");
    }
    assert!(certificate.is_ca);
    assert_eq!(certificate.purposes, ["serverAuth"]);
    assert_eq!(certificate.scts, 1);
    assert_eq!(certificate.signature_algorithm, "ecdsa-with-SHA256");
    let key = PublicKey { algorithm: "id-ecPublicKey".into(), curve: Some("secp256r1".into()), bits: Some(256) };
    assert_eq!(certificate.key, key);
    assert_eq!(certificate.not_after, Some(2_524_608_000));
    assert_eq!(leaf(&record, "x509.basic_constraints.path_len.value"), &Datum::Uint(0));
    assert_eq!(leaf(&record, "x509.signature.r.value"), &Datum::Uint(0x55));
    for id in [
        "x509.ext.crl",
        "x509.ext.authority_access",
        "x509.general_name.uri",
        "x509.policy.id.oid",
        "tls.sct.log_id",
        "x509.ext.bytes",
    ] {
        assert!(record.find(id).is_some(), "{id}");
    }
}

#[test]
fn another_tag_than_expected_is_named_and_shown() {
    let mut bytes = hex(RSA);
    // The serial number becomes an octet string.
    assert_eq!(bytes[13..16], [2, 1, 2]);
    bytes[13] = 4;
    let (record, result) = both(&bytes);
    assert_eq!(result.unwrap_err().to_string(), "x509.serial at byte 13 has another tag than its structure demands");
    assert!(record.find("der.octets").is_some() && record.find("x509.subject").is_some(), "and it goes on");
}

/// An OCSP response about one certificate, with this status.
fn ocsp_response(status: &[u8]) -> Vec<u8> {
    let time = tlv(0x18, &[b"20260101000000Z"]);
    let hash = tlv(4, &[&[7; 20]]);
    let id = tlv(0x30, &[&hex("300906052b0e03021a0500"), &hash, &hash, &[2, 1, 9]]);
    let single = tlv(0x30, &[&id, status, &time, &tlv(0xa0, &[&time])]);
    let data = tlv(0x30, &[&tlv(0xa2, &[&hash]), &time, &tlv(0x30, &[&single])]);
    let signature = tlv(3, &[&[0], &tlv(0x30, &[&[2, 1, 0x55], &[2, 1, 0x66]])]);
    let basic = tlv(0x30, &[&data, &hex("300a06082a8648ce3d040302"), &signature]);
    let bytes = tlv(0x30, &[&hex("06092b0601050507300101"), &tlv(4, &[&basic])]);
    tlv(0x30, &[&[10, 1, 0], &tlv(0xa0, &[&bytes])])
}

/// [`both`] for OCSP responses.
fn both_ocsp(bytes: &[u8]) -> (Record, Result<(), Malformed>) {
    let mut record = Record::new();
    Reader::decode_all(bytes, &mut record, |reader| ocsp::response(reader)).expect("a recording sink goes on");
    assert_eq!(record.check_tiling(bytes.len()), Ok(()));
    let silent = Reader::decode_all(bytes, &mut Silent, |reader| ocsp::response(reader));
    assert_eq!(record.errors.first(), silent.as_ref().err(), "the first error is the one that stops");
    (record, silent.map(drop))
}

#[test]
fn ocsp_responses_say_whether_a_certificate_is_good() {
    let revoked = tlv(0xa1, &[&tlv(0x18, &[b"20251231235959Z"])]);
    for (status, id) in
        [(&[0x80, 0][..], "ocsp.good"), (&revoked, "ocsp.revoked.at.value"), (&[0x82, 0], "ocsp.unknown")]
    {
        let (record, result) = both_ocsp(&ocsp_response(status));
        result.unwrap();
        assert!(record.find(id).is_some(), "{id}");
        assert_eq!(leaf(&record, "ocsp.next_update.value"), &text("2026-01-01 00:00:00 UTC"));
        assert_eq!(leaf(&record, "ocsp.status.value"), &Datum::Uint(0));
        assert_eq!(leaf(&record, "x509.signature.s.value"), &Datum::Uint(0x66));
    }
    both_ocsp(&[0x30, 3, 10, 1, 6]).1.unwrap();
}

#[test]
fn depth_is_bounded() {
    let mut bytes = vec![5, 0];
    for _ in 0..200 {
        bytes = tlv(0x30, &[&bytes]);
    }
    let (record, _) = both(&bytes);
    assert!(record.nodes.iter().all(|node| usize::from(node.depth) < der::MAX_DEPTH + 10));
    assert!(record.find("der.content").is_some());
}

proptest! {
    #[test]
    fn any_bytes_are_tiled(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = both(&bytes);
    }

    /// Bytes that look like DER, so that they get far.
    #[test]
    fn any_elements_are_tiled(
        elements in proptest::collection::vec((0usize..20, proptest::collection::vec(any::<u8>(), 0..6)), 0..12), wrap in 0usize..6,
    ) {
        let tags = [1u8, 2, 3, 4, 5, 6, 10, 12, 19, 23, 24, 30, 28, 48, 49, 0x82, 0x87, 0xa0, 0xa3, 0x1f];
        let mut bytes: Vec<u8> = elements.iter().flat_map(|(tag, content)| tlv(tags[*tag], &[content])).collect();
        for _ in 0..wrap {
            bytes = tlv(0x30, &[&bytes]);
        }
        let _ = both(&bytes);
    }

    #[test]
    fn mutated_certificates_are_tiled(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6), rsa: bool,
    ) {
        let names = tlv(0x30, &[&tlv(0x82, &[b"*.example.com"]), &tlv(0xa4, &[&hex("300e310c300a06035504031303727361")])]);
        let usage = hex("0303078080");
        let mut bytes = if rsa { hex(RSA) } else {
            ecdsa(&[extension(&[0x55, 0x1d, 0x11], true, &names), extension(&[0x55, 0x1d, 0x0f], true, &usage)])
        };
        prop_assert!(both(&bytes).1.is_ok());
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = both(&bytes);
    }

    #[test]
    fn mutated_ocsp_responses_are_tiled(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let mut bytes = ocsp_response(&[0x80, 0]);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = both_ocsp(&bytes);
    }

    /// Every extension that has a decoder, with any DER or bytes in it.
    #[test]
    fn any_extension_is_tiled(
        row in 0usize..12, elements in proptest::collection::vec((0usize..16, proptest::collection::vec(any::<u8>(), 0..5)), 0..5),
        wrap in 0usize..4,
    ) {
        let ids = ["551d0e", "551d0f", "551d11", "551d13", "551d1f", "551d20", "551d23", "551d25", "551d12", "2b06010505070101", "2b06010401d679020402", "551d1e"];
        let tags = [1u8, 2, 3, 4, 5, 6, 12, 48, 0x80, 0x81, 0x82, 0x86, 0x87, 0xa0, 0xa1, 0xa4];
        let mut value: Vec<u8> = elements.iter().flat_map(|(tag, content)| tlv(tags[*tag], &[content])).collect();
        for i in 0..wrap {
            value = tlv(if i % 2 == 0 { 0x30 } else { 0xa0 }, &[&value]);
        }
        let _ = both(&ecdsa(&[extension(&hex(ids[row]), false, &value)]));
    }
}
