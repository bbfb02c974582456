//! The same for the same: what addresses, names and words become.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sha2::{Digest, Sha256};

/// Labels and words that tell nothing about whose they are.
const PUBLIC: &[&str] = &[
    "www",
    "com",
    "net",
    "org",
    "arpa",
    "in-addr",
    "ip6",
    "localhost",
    "local",
    "invalid",
    "example",
    "test",
    "api",
    "cdn",
    "http",
    "https",
    "dns",
    "html",
    "txt",
    "css",
    "js",
    "png",
    "jpg",
    "json",
    "xml",
    "index",
];

/// What was replaced by what. A keyed hash decides, so that nothing leads back without the key.
pub(super) struct Names {
    key: [u8; 32],
    addresses: BTreeMap<IpAddr, IpAddr>,
}

impl Names {
    pub fn new(key: &[u8; 32]) -> Names {
        Names { key: *key, addresses: BTreeMap::new() }
    }

    fn hash(&self, what: &str, of: &[u8]) -> [u8; 32] {
        let mut hash = Sha256::new();
        // Each part is preceded by its length, or is of a fixed one: no two inputs run together.
        hash.update(self.key);
        hash.update([what.len() as u8]);
        hash.update(what);
        hash.update(of);
        hash.finalize().into()
    }

    /// The address that stands for `ip`, in its `len` bytes. Two addresses share as many leading bits as before; what says
    /// what sort of address it is (private, link-local, multicast) stays.
    pub fn address(&mut self, ip: IpAddr, len: usize) -> Vec<u8> {
        let new = match self.addresses.get(&ip) {
            Some(known) => *known,
            None => {
                let new = self.permuted(ip);
                self.addresses.insert(ip, new);
                new
            }
        };
        match new {
            IpAddr::V4(ip) if len == 4 => ip.octets().to_vec(),
            IpAddr::V6(ip) if len == 16 => ip.octets().to_vec(),
            _ => Vec::new(),
        }
    }

    fn permuted(&self, ip: IpAddr) -> IpAddr {
        let Some(kept) = kept_bits(ip) else { return ip };
        let mut at = ip;
        // A public address becomes a public one: walk on until it does. The walk is along a cycle that holds `ip` itself, so
        // it ends, and no two addresses end at the same one.
        loop {
            at = match at {
                IpAddr::V4(ip) => IpAddr::V4(Ipv4Addr::from(self.flipped(u32::from(ip).into(), 32, kept) as u32)),
                IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from(self.flipped(u128::from(ip), 128, kept))),
            };
            if kept_bits(at) == Some(kept) {
                return at;
            }
        }
    }

    /// Flips each bit behind the first `kept` according to those before it: this keeps common prefixes, and is one to one.
    fn flipped(&self, bits: u128, width: u32, kept: u32) -> u128 {
        let mut out = bits;
        for at in kept..width {
            let before = if at == 0 { 0 } else { bits >> (width - at) };
            let mut prefix = [0; 18];
            prefix[..16].copy_from_slice(&before.to_be_bytes());
            prefix[16..].copy_from_slice(&[at as u8, width as u8]);
            if self.hash("address", &prefix)[0] & 1 == 1 {
                out ^= 1 << (width - 1 - at);
            }
        }
        out
    }

    /// The hardware address that stands for one of six bytes. Group addresses, and none at all, stay as they are.
    pub fn hardware(&self, mac: &[u8]) -> Vec<u8> {
        // RFC 2464 §7: the group of a solicited-node address ends as it does.
        if let [0x33, 0x33, 0xff, a, b, c] = *mac {
            let group = [0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(a), u16::from_be_bytes([b, c])];
            if let IpAddr::V6(new) = self.permuted(IpAddr::V6(group.into())) {
                return [&mac[..3], &new.octets()[13..]].concat();
            }
        }
        let group = mac.first().is_some_and(|first| first & 1 == 1);
        if group || mac.iter().all(|byte| *byte == 0) {
            return mac.to_vec();
        }
        let mut new = self.hash("hardware", mac)[..mac.len()].to_vec();
        if let Some(first) = new.first_mut() {
            // Locally administered, of one machine (IEEE 802 §8.2.2).
            *first = (*first & 0xfc) | 0x02;
        }
        new
    }

    /// A text of which each word is replaced; what is between words stays.
    pub fn text(&self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80 || *byte == b'-' || *byte == b'_';
        let mut at = 0;
        while let Some(first) = text.get(at) {
            if !part(first) {
                out.push(*first);
                at += 1;
                continue;
            }
            let len = text[at..].iter().take_while(|byte| part(byte)).count();
            out.extend(self.word(&text[at..at + len]));
            at += len;
        }
        out
    }

    /// One word: letters for letters, digits for digits.
    fn word(&self, word: &[u8]) -> Vec<u8> {
        let lower = word.to_ascii_lowercase();
        if PUBLIC.iter().any(|public| public.as_bytes() == lower) {
            return word.to_vec();
        }
        let mut out = Vec::with_capacity(word.len());
        for (block, bytes) in lower.chunks(32).enumerate() {
            let hash = self.hash("word", &[&(block as u32).to_be_bytes()[..], &lower].concat());
            out.extend(bytes.iter().zip(hash).map(|(byte, random)| match byte {
                b'0'..=b'9' => b'0' + random % 10,
                b'-' | b'_' => *byte,
                _ => b'a' + random % 26,
            }));
        }
        out
    }

    /// A request target: its parts are replaced, its shape stays.
    pub fn url(&self, target: &[u8]) -> Vec<u8> {
        self.text(target)
    }

    /// A field's value: its words are replaced, its shape stays.
    pub fn fields(&self, value: &[u8]) -> Vec<u8> {
        self.text(value)
    }
}

/// How many leading bits of an address say what sort it is; `None` if all of it does, and it stays as it is.
fn kept_bits(ip: IpAddr) -> Option<u32> {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            match (a, b) {
                // RFC 1918, RFC 3927, RFC 6598.
                (10, _) => Some(8),
                (172, 16..=31) => Some(12),
                (192, 168) | (169, 254) => Some(16),
                (100, 64..=127) => Some(10),
                // RFC 6890: this network and loopback; RFC 5771: multicast; RFC 1112 §4: what is reserved, and broadcast.
                (0 | 127, _) | (224..=255, _) => None,
                _ => Some(0),
            }
        }
        // RFC 4291 §2.7.1: a solicited-node address ends as the address does that is asked for; §2.5.5.2: a mapped one is IPv4.
        IpAddr::V6(ip) if matches!(ip.segments(), [0xff02, 0, 0, 0, 0, 1, 0xff00..=0xffff, _]) => Some(104),
        IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some() => Some(96),
        IpAddr::V6(ip) => match ip.segments()[0] {
            // RFC 4291 §2.4: link-local; RFC 4193: unique local; multicast; and what begins with zeros (loopback).
            0xfe80..=0xfebf => Some(64),
            0xfc00..=0xfdff => Some(8),
            0xff00..=0xffff | 0 => None,
            _ => Some(3),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(names: &mut Names, text: &str) -> Ipv4Addr {
        let bytes = names.address(text.parse().unwrap(), 4);
        Ipv4Addr::from(<[u8; 4]>::try_from(bytes).unwrap())
    }

    #[test]
    fn addresses_keep_their_sort_and_their_neighbours() {
        let mut names = Names::new(&[7; 32]);
        let (a, b) = (v4(&mut names, "192.168.1.10"), v4(&mut names, "192.168.1.77"));
        assert_eq!(a.octets()[..2], [192, 168]);
        assert_eq!(a.octets()[..3], b.octets()[..3], "one network stays one");
        assert_ne!(a, b);
        assert_ne!(a, Ipv4Addr::new(192, 168, 1, 10));
        for kept in ["127.0.0.1", "224.0.0.251", "255.255.255.255", "0.0.0.0"] {
            assert_eq!(v4(&mut names, kept).to_string(), kept);
        }
        let mut all = std::collections::BTreeSet::new();
        for n in 0..2000u32 {
            let public = Ipv4Addr::from(0x0808_0000 + n * 7919);
            let new = v4(&mut names, &public.to_string());
            assert_eq!(kept_bits(new.into()), Some(0), "{public} became {new}");
            all.insert(new);
        }
        assert_eq!(all.len(), 2000, "no two became one");
    }

    #[test]
    fn words_become_words_of_their_length_the_same_by_the_same() {
        let names = Names::new(&[7; 32]);
        let new = String::from_utf8(names.text(b"www.Secret-9.com/secret-9?id=42")).unwrap();
        assert_eq!(new.len(), 31);
        assert!(new.starts_with("www.") && new.contains(".com/") && new.contains('?'));
        let words: Vec<&str> = new.split(['.', '/', '?', '=']).collect();
        assert_eq!(words[1], words[3], "whatever the case");
        assert!(!new.contains("ecret") && !new.contains("42"), "{new}");
        assert_ne!(Names::new(&[8; 32]).text(b"secret"), names.text(b"secret"), "another key, another word");
    }
}
