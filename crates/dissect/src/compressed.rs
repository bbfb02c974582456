//! Compressed certificates (RFC 8879): the Certificate message inside.

use std::io::Read;

use bytes::Bytes;
use wire::tls::{CertificateCompression, HandshakeType};

/// Bytes of a Certificate message that are uncompressed at most: a few certificates are some kilobytes, and 16 MiB, which
/// the format allows, would be a bomb (RFC 8879 §5).
const MAX: usize = 1 << 20;

/// The Certificate message inside the CompressedCertificate `message`, with a handshake header as it would have had
/// uncompressed.
///
/// # Errors
/// Why there is none: a clause about the compressed data.
pub(crate) fn certificate(message: &[u8]) -> Result<Bytes, &'static str> {
    // RFC 8879 §4, behind the four bytes of the handshake header: algorithm, length uncompressed, length, data.
    let fixed = message.get(4..12).and_then(|head| <[u8; 8]>::try_from(head).ok()).ok_or("is cut short")?;
    let algorithm = CertificateCompression(u16::from_be_bytes([fixed[0], fixed[1]]));
    let len = u32::from_be_bytes([0, fixed[2], fixed[3], fixed[4]]) as usize;
    let data = &message[12..];
    if len > MAX {
        return Err("says that it is larger than a certificate list can sensibly be: it is not uncompressed");
    }
    let mut out = Vec::with_capacity(4 + len);
    out.push(HandshakeType::CERTIFICATE.0);
    out.extend_from_slice(&(len as u32).to_be_bytes()[1..]);
    // One byte more than it says would be too much.
    let mut read = |from: &mut dyn Read| from.take(len as u64 + 1).read_to_end(&mut out);
    let result = match algorithm {
        CertificateCompression::ZLIB => read(&mut flate2::read::ZlibDecoder::new(data)),
        CertificateCompression::BROTLI => read(&mut brotli_decompressor::Decompressor::new(data, 4096)),
        CertificateCompression::ZSTD => match ruzstd::decoding::StreamingDecoder::new(data) {
            Ok(mut decoder) => read(&mut decoder),
            Err(_) => return Err("cannot be uncompressed"),
        },
        _ => return Err("is compressed in a way that is not known here"),
    };
    match result {
        Ok(n) if n == len => Ok(out.into()),
        // RFC 8879 §4: the receiver must abort the connection.
        Ok(_) => Err("is not as long uncompressed as the message says"),
        Err(_) => Err("cannot be uncompressed"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn message(algorithm: u16, len: usize, data: &[u8]) -> Vec<u8> {
        let be24 = |n: usize| (n as u32).to_be_bytes()[1..].to_vec();
        [vec![25], be24(8 + data.len()), algorithm.to_be_bytes().to_vec(), be24(len), be24(data.len()), data.to_vec()]
            .concat()
    }

    fn zlib(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn all_three_algorithms_of_rfc_8879() {
        let list = b"\0\0\0\0".repeat(30);
        let got = certificate(&message(1, list.len(), &zlib(&list))).unwrap();
        assert_eq!((&got[..4], &got[4..]), (&[11, 0, 0, 120][..], &list[..]));
        let zstd = ruzstd::encoding::compress_to_vec(&list[..], ruzstd::encoding::CompressionLevel::Fastest);
        assert_eq!(certificate(&message(3, list.len(), &zstd)).unwrap(), got);
        // By Node's zlib.brotliCompressSync.
        let brotli = [
            0x1b, 0x10, 0x00, 0xf8, 0x8d, 0x94, 0x6e, 0xde, 0x44, 0x55, 0x86, 0x96, 0x6c, 0x20, 0x6f, 0x01, 0x4f, 0x1c,
            0x60, 0x1c,
        ];
        assert_eq!(&certificate(&message(2, 17, &brotli)).unwrap()[4..], b"hello hello hello");
    }

    #[test]
    fn bombs_lies_and_strangers_are_refused() {
        let bomb = zlib(&vec![0; 1 << 22]);
        assert!(certificate(&message(1, 1 << 22, &bomb)).unwrap_err().contains("larger"));
        assert!(certificate(&message(1, 1000, &bomb)).unwrap_err().contains("not as long"));
        assert!(certificate(&message(1, 4, &zlib(b"abc"))).unwrap_err().contains("not as long"));
        assert!(certificate(&message(9, 3, b"abc")).unwrap_err().contains("not known"));
        assert_eq!(certificate(&[25, 0, 0]), Err("is cut short"));
    }

    proptest! {
        #[test]
        fn any_bytes(algorithm in 0u16..5, len in 0usize..5000, data in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = certificate(&message(algorithm, len, &data));
        }
    }
}
