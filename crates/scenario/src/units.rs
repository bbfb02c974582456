//! Quantities in scenario files, written as on the command line: `33ms`, `100Mbit/s`, `1%`, `64k`.

use base::{Chance, Duration, Rate, parse_bytes, parse_duration};
use serde::Deserialize;

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident($inner:ty), $parse:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(pub $inner);

        impl TryFrom<String> for $name {
            type Error = base::ParseUnitError;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                let parse: fn(&str) -> Result<$inner, base::ParseUnitError> = $parse;
                parse(&text).map($name)
            }
        }
        impl std::str::FromStr for $name {
            type Err = base::ParseUnitError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $name::try_from(text.to_owned())
            }
        }
    };
}

quantity! {
    /// A span of time: `33ms`.
    Span(Duration), parse_duration
}
impl Default for Span {
    fn default() -> Span {
        Span(Duration::ZERO)
    }
}
quantity! {
    /// A rate: `100Mbit/s`.
    Speed(Rate), |text| text.parse()
}
quantity! {
    /// A probability: `1%`.
    Share(Chance), |text| text.parse()
}
quantity! {
    /// A number of bytes: `64k`.
    Octets(u64), parse_bytes
}
