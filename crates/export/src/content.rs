//! Bodies without their content codings (RFC 9110 §8.4).

use std::io::Read;

/// Bytes that a body may grow to: what is larger is left as it came.
const MAX: u64 = 64 << 20;

/// The content inside `body`, which went through `codings` in this order. `None` if a coding is not known, its data is
/// damaged or cut, or the content would be too large.
pub(crate) fn decoded<'c>(codings: impl DoubleEndedIterator<Item = &'c str>, body: &[u8]) -> Option<Vec<u8>> {
    let mut content = body.to_vec();
    for coding in codings.rev() {
        content = match coding.to_ascii_lowercase().as_str() {
            "identity" | "" => content,
            "gzip" | "x-gzip" => read(flate2::read::MultiGzDecoder::new(&content[..]))?,
            // RFC 9110 §8.4.1.2: in the zlib format; some servers send the bare one.
            "deflate" => read(flate2::read::ZlibDecoder::new(&content[..]))
                .or_else(|| read(flate2::read::DeflateDecoder::new(&content[..])))?,
            "br" => read(brotli_decompressor::Decompressor::new(&content[..], 4096))?,
            "zstd" => read(ruzstd::decoding::StreamingDecoder::new(&content[..]).ok()?)?,
            _ => return None,
        };
    }
    Some(content)
}

fn read(decoder: impl Read) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let n = decoder.take(MAX + 1).read_to_end(&mut out).ok()?;
    (n as u64 <= MAX).then_some(out)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn codings_are_undone_last_first_and_bombs_refused() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"hello").unwrap();
        let gzip = gzip.finish().unwrap();
        let zstd = ruzstd::encoding::compress_to_vec(&gzip[..], ruzstd::encoding::CompressionLevel::Fastest);
        assert_eq!(decoded(["gzip", "zstd"].into_iter(), &zstd).as_deref(), Some(&b"hello"[..]));
        assert_eq!(decoded(["GZIP"].into_iter(), &gzip).as_deref(), Some(&b"hello"[..]));
        assert_eq!(decoded(["gzip"].into_iter(), &gzip[..gzip.len() - 9]), None, "cut");
        assert_eq!(decoded(["rot13"].into_iter(), b"x"), None);
        let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::copy(&mut std::io::repeat(0).take(MAX + 2), &mut bomb).unwrap();
        assert_eq!(decoded(["gzip"].into_iter(), &bomb.finish().unwrap()), None, "a bomb");
    }
}
