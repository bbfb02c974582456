//! Initial sequence numbers that nobody off the path can guess (RFC 6528).

use std::net::{IpAddr, SocketAddr};

use base::Instant;
use wire::tcp::Seq;

/// The initial sequence number for a connection from `local` to `remote` at `now` (RFC 6528 §3): M, a clock that ticks every
/// 4 microseconds, plus F, a keyed hash of the four-tuple. `secret` belongs to the host and does not change while it is up.
pub fn isn(secret: [u8; 16], now: Instant, local: SocketAddr, remote: SocketAddr) -> Seq {
    let m = now.as_nanos().div_euclid(4_000) as u32;
    Seq(m.wrapping_add(siphash(secret, &four_tuple(local, remote)) as u32))
}

/// What to add to the timestamp clock of a connection, so that its values do not tell the host's uptime and grow for one
/// four-tuple from connection to connection (RFC 7323 §7.1).
pub fn timestamp_offset(secret: [u8; 16], local: SocketAddr, remote: SocketAddr) -> u32 {
    (siphash(secret, &four_tuple(local, remote)) >> 32) as u32
}

/// The four-tuple as bytes: addresses as IPv6 (IPv4 mapped), then ports.
pub(crate) fn four_tuple(local: SocketAddr, remote: SocketAddr) -> [u8; 36] {
    let octets = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    };
    let mut bytes = [0; 36];
    bytes[..16].copy_from_slice(&octets(local.ip()));
    bytes[16..32].copy_from_slice(&octets(remote.ip()));
    bytes[32..34].copy_from_slice(&local.port().to_be_bytes());
    bytes[34..].copy_from_slice(&remote.port().to_be_bytes());
    bytes
}

/// SipHash-2-4, a keyed hash made for short inputs: 64 bits of `bytes` under `key`.
pub fn siphash(key: [u8; 16], bytes: &[u8]) -> u64 {
    let word = |b: &[u8]| b.iter().rev().fold(0, |word, &b| word << 8 | u64::from(b));
    let (k0, k1) = (word(&key[..8]), word(&key[8..]));
    // The initial state is "somepseudorandomlygeneratedbytes" under the key.
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    let absorb = |v: &mut [u64; 4], m: u64| {
        v[3] ^= m;
        (0..2).for_each(|_| round(v));
        v[0] ^= m;
    };
    let chunks = bytes.chunks_exact(8);
    let last = word(chunks.remainder()) | (bytes.len() as u64) << 56;
    chunks.for_each(|chunk| absorb(&mut v, word(chunk)));
    absorb(&mut v, last);
    v[2] ^= 0xff;
    (0..4).for_each(|_| round(&mut v));
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

fn round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[2] = v[2].rotate_left(32);
}

#[cfg(test)]
mod tests {
    use base::Duration;

    use super::*;

    const SECRET: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn siphash_gives_the_figure_of_its_paper() {
        // Aumasson and Bernstein, "SipHash: a fast short-input PRF", Appendix A: key 00..0f, input 00..0e.
        let input: Vec<u8> = (0..15).collect();
        assert_eq!(siphash(SECRET, &input), 0xa129_ca61_49be_45e5);
    }

    #[test]
    fn rfc_6528_section_3_the_clock_ticks_every_4_microseconds() {
        let (a, b) = (at("192.0.2.1:49152"), at("198.51.100.7:443"));
        let start = isn(SECRET, Instant::ZERO, a, b);
        for (us, ticks) in [(3, 0), (4, 1), (1_000_000, 250_000), (17_179_869_184, 0 /* 2^34 us: once around */)] {
            let later = isn(SECRET, Instant::ZERO + Duration::from_micros(us), a, b);
            assert_eq!(later, start + ticks, "after {us} us");
        }
    }

    #[test]
    fn rfc_6528_section_3_each_four_tuple_and_secret_has_its_own_numbers() {
        let (a, b) = (at("192.0.2.1:49152"), at("198.51.100.7:443"));
        let mut numbers = vec![
            isn(SECRET, Instant::ZERO, a, b),
            isn(SECRET, Instant::ZERO, b, a),
            isn(SECRET, Instant::ZERO, at("192.0.2.1:49153"), b),
            isn(SECRET, Instant::ZERO, at("192.0.2.2:49152"), b),
            isn([7; 16], Instant::ZERO, a, b),
        ];
        numbers.sort_by_key(|seq| seq.0);
        numbers.dedup();
        assert_eq!(numbers.len(), 5);
    }
}
