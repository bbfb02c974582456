//! GREASE: values without meaning that clients mix in, so that servers keep tolerating unknown ones (RFC 8701).

/// Whether `value` is one of the sixteen reserved 16-bit values 0x0a0a, 0x1a1a, ... 0xfafa (RFC 8701 §2).
pub fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}

/// An [`crate::open_enum!`] of 16-bit values with the GREASE values in it.
macro_rules! grease_enum {
    ($(#[$doc:meta])* $vis:vis struct $name:ident(u16) { $($variant:ident = $value:expr, $label:expr, $rfc:expr, $line:expr;)* }) => {
        $crate::open_enum! {
            $(#[$doc])*
            $vis struct $name(u16) {
                $($variant = $value, $label, $rfc, $line;)*
                GREASE_0 = 0x0a0a, "GREASE (0x0a0a)", "RFC 8701 §2", "without meaning: sent so that servers keep ignoring what they do not know";
                GREASE_1 = 0x1a1a, "GREASE (0x1a1a)", "RFC 8701 §2", "without meaning: sent so that servers keep ignoring what they do not know";
                GREASE_2 = 0x2a2a, "GREASE (0x2a2a)", "RFC 8701 §2", "without meaning: sent so that servers keep ignoring what they do not know";
                GREASE_3 = 0x3a3a, "GREASE (0x3a3a)", "RFC 8701 §2", "without meaning: sent so that servers keep ignoring what they do not know";
                GREASE_4 = 0x4a4a, "GREASE (0x4a4a)", "RFC 8701 §2", "without meaning: sent so that servers keep ignoring what they do not know";
                GREASE_5 = 0x5a5a, "GREASE (0x5a5a)", "RFC 8701 §2", "without meaning: sent so that servers keep ignoring what they do not know";
                GREASE_6 = 0x6a6a, "GREASE (0x6a6a)", "RFC 8701 §2", "without meaning: sent so that servers keep ignoring what they do not know";
                GREASE_7 = 0x7a7a, "GREASE (0x7a7a)", "RFC 8701 §2", "without meaning: sent so that servers keep ignoring what they do not know";
                GREASE_8 = 0x8a8a, "GREASE (0x8a8a)", "RFC 8701 §2", "without meaning: sent so that servers keep ignoring what they do not know";
                GREASE_9 = 0x9a9a, "GREASE (0x9a9a)", "RFC 8701 §2", "without meaning: sent so that servers keep ignoring what they do not know";
                GREASE_A = 0xaaaa, "GREASE (0xaaaa)", "RFC 8701 §2", "without meaning: sent so that servers keep ignoring what they do not know";
                GREASE_B = 0xbaba, "GREASE (0xbaba)", "RFC 8701 §2", "without meaning: sent so that servers keep ignoring what they do not know";
                GREASE_C = 0xcaca, "GREASE (0xcaca)", "RFC 8701 §2", "without meaning: sent so that servers keep ignoring what they do not know";
                GREASE_D = 0xdada, "GREASE (0xdada)", "RFC 8701 §2", "without meaning: sent so that servers keep ignoring what they do not know";
                GREASE_E = 0xeaea, "GREASE (0xeaea)", "RFC 8701 §2", "without meaning: sent so that servers keep ignoring what they do not know";
                GREASE_F = 0xfafa, "GREASE (0xfafa)", "RFC 8701 §2", "without meaning: sent so that servers keep ignoring what they do not know";
            }
        }
        #[allow(dead_code)]
        impl $name {
            /// Whether it is a value without meaning (RFC 8701 §2).
            pub fn is_grease(self) -> bool {
                $crate::tls::is_grease(self.0)
            }
        }
    };
}
pub(super) use grease_enum;

#[cfg(test)]
mod tests {
    #[test]
    fn the_sixteen_values() {
        assert_eq!((0..=u16::MAX).filter(|v| super::is_grease(*v)).count(), 16);
        assert!(super::is_grease(0x0a0a) && super::is_grease(0xfafa) && !super::is_grease(0x0a1a));
    }
}
