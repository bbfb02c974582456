//! The AccECN option (RFC 9768 §3.2.3): how many bytes arrived with which ECN field, so that marks are counted exactly.

use crate::ipv4::Ecn;

/// Up to three counters of 24 bits, in the order that the option's kind says.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct AccEcn {
    /// Order 1 begins with ECT(1), order 0 with ECT(0); CE stands between.
    first_is_ect1: bool,
    counters: [u32; 3],
    n: u8,
}

impl AccEcn {
    /// The most bytes that it takes, kind and length included.
    pub const MAX_LEN: usize = 11;

    /// The first `n` counters of order 1: ECT(1), CE, ECT(0), modulo 2^24; at most three.
    pub fn order_1(counters: [u32; 3], n: usize) -> AccEcn {
        let n = n.min(3) as u8;
        let mut counters = counters.map(|counter| counter & 0xFF_FFFF);
        counters.iter_mut().skip(n.into()).for_each(|counter| *counter = 0);
        AccEcn { first_is_ect1: true, counters, n }
    }

    /// The option with this data (behind kind and length): its first counters in one of the orders.
    pub(super) fn read(first_is_ect1: bool, data: &[u8]) -> AccEcn {
        let mut counters = [0; 3];
        let chunks = data.chunks_exact(3).take(3);
        let n = chunks.len() as u8;
        for (counter, bytes) in counters.iter_mut().zip(chunks) {
            *counter = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]);
        }
        AccEcn { first_is_ect1, counters, n }
    }

    /// The counters that it has, each with the ECN field whose bytes it counts.
    pub fn counters(&self) -> impl Iterator<Item = (Ecn, u32)> + '_ {
        let order = if self.first_is_ect1 { [Ecn::ECT1, Ecn::CE, Ecn::ECT0] } else { [Ecn::ECT0, Ecn::CE, Ecn::ECT1] };
        order.into_iter().zip(self.counters).take(self.n.into())
    }

    /// Its length on the wire in bytes, without padding.
    pub(super) fn len(&self) -> usize {
        2 + 3 * usize::from(self.n)
    }

    /// Writes it to the front of `bytes`, and returns its length.
    pub(super) fn write(&self, bytes: &mut [u8; AccEcn::MAX_LEN]) -> usize {
        bytes[0] = if self.first_is_ect1 { 174 } else { 172 };
        bytes[1] = self.len() as u8;
        for (i, counter) in self.counters.iter().take(self.n.into()).enumerate() {
            bytes[2 + 3 * i..5 + 3 * i].copy_from_slice(&counter.to_be_bytes()[1..]);
        }
        self.len()
    }
}
