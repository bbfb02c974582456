//! pcapng's option lists: code, length, value, padding to four bytes (draft-ietf-opsawg-pcapng §3.5).

use super::Order;
use crate::block::option;

/// Walks an option list. A list may end by its end mark or with its bytes; one that ends inside an option stops there and
/// says so by [`Options::damaged`].
#[derive(Clone, Debug)]
pub(super) struct Options<'a> {
    rest: &'a [u8],
    order: Order,
    damaged: bool,
}

impl<'a> Options<'a> {
    pub(super) fn new(bytes: &'a [u8], order: Order) -> Options<'a> {
        Options { rest: bytes, order, damaged: false }
    }
    /// Whether the list ended inside an option.
    pub(super) fn damaged(&self) -> bool {
        self.damaged
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<(u16, &'a [u8])> {
        if self.rest.is_empty() {
            return None;
        }
        let header = self.order.u16(self.rest, 0).zip(self.order.u16(self.rest, 2));
        let Some((code, length)) = header else {
            self.damaged = true;
            self.rest = &[];
            return None;
        };
        if code == option::END {
            self.rest = &[];
            return None;
        }
        let length = usize::from(length);
        let Some(value) = self.rest.get(4..4 + length) else {
            self.damaged = true;
            self.rest = &[];
            return None;
        };
        // The padding of the last option may be missing without harm.
        self.rest = self.rest.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
        Some((code, value))
    }
}

/// An option's text; bytes that are not UTF-8 are replaced, and a closing NUL, which some programs write, is dropped.
pub(super) fn text(value: &[u8]) -> std::borrow::Cow<'_, str> {
    let value = value.strip_suffix(b"\0").unwrap_or(value);
    String::from_utf8_lossy(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_by_its_mark_or_with_its_bytes() {
        let two = [1, 0, 2, 0, b'h', b'i', 0, 0, 9, 0, 1, 0, 6, 0, 0, 0];
        let mut options = Options::new(&two, Order::Little);
        assert_eq!(options.next(), Some((1, &b"hi"[..])));
        assert_eq!(options.next(), Some((9, &[6][..])));
        assert_eq!(options.next(), None);
        assert!(!options.damaged());

        let mut marked = two.to_vec();
        marked.splice(8..8, [0, 0, 0, 0]);
        assert_eq!(Options::new(&marked, Order::Little).count(), 1, "what follows the end mark is not an option");
    }

    #[test]
    fn an_option_longer_than_the_list_is_damage_and_ends_it() {
        for bytes in [&[1, 0, 5, 0, b'h', b'i', 0, 0][..], &[1, 0, 5][..]] {
            let mut options = Options::new(bytes, Order::Little);
            assert_eq!(options.next(), None);
            assert!(options.damaged());
            assert_eq!(options.next(), None);
        }
    }
}
