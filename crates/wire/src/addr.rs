//! Hardware addresses.

use std::fmt;
use std::str::FromStr;

/// A 48-bit Ethernet address (IEEE 802.3 §3.2.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MacAddr(pub [u8; 6]);

impl MacAddr {
    /// All ones: every station on the link.
    pub const BROADCAST: MacAddr = MacAddr([0xff; 6]);
    /// All zeros: "not known" in an ARP request.
    pub const ZERO: MacAddr = MacAddr([0; 6]);

    /// Whether it is the broadcast address.
    pub fn is_broadcast(self) -> bool {
        self == MacAddr::BROADCAST
    }
    /// Whether it addresses a group: the least significant bit of the first byte.
    pub fn is_multicast(self) -> bool {
        self.0[0] & 1 != 0
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}
impl fmt::Debug for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for MacAddr {
    type Err = String;
    /// Reads `02:00:00:00:00:01`.
    fn from_str(input: &str) -> Result<MacAddr, String> {
        let error = || format!("`{input}` is not a MAC address such as 02:00:00:00:00:01");
        let mut bytes = [0; 6];
        let mut parts = input.split(':');
        for byte in &mut bytes {
            let part = parts.next().filter(|p| p.len() == 2).ok_or_else(error)?;
            *byte = u8::from_str_radix(part, 16).map_err(|_| error())?;
        }
        if parts.next().is_some() { Err(error()) } else { Ok(MacAddr(bytes)) }
    }
}
