//! Choices with names: one declaration for a scenario file and for the knob that sets it.

/// A choice of a scenario file, and of the knob that sets it: each by its name.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
        pub enum $name { $($(#[$of])* #[serde(rename = $text)] $variant),* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            /// Its name.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text),* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<$name, String> {
                let known = $name::ALL.iter().copied().find(|known| known.name() == text);
                known.ok_or_else(|| crate::choice::none_of(text, &[$($text),*]))
            }
        }
    };
}

/// That `text` is not among these names.
pub(crate) fn none_of(text: &str, names: &[&str]) -> String {
    match names {
        [one, other] => format!("`{text}` is neither {one} nor {other}"),
        [first @ .., last] => format!("`{text}` is none of {} and {last}", first.join(", ")),
        [] => format!("`{text}` is not known"),
    }
}

#[cfg(test)]
mod tests {
    use crate::{HttpVersion, SlowStart};

    #[test]
    fn what_is_not_a_choice_is_told_the_choices() {
        assert_eq!("3".parse::<HttpVersion>(), Err("`3` is neither 1.1 nor 2".to_owned()));
        assert_eq!("fast".parse::<SlowStart>(), Err("`fast` is none of plain, hystart and hystart++".to_owned()));
        assert!(SlowStart::ALL.iter().all(|kind| kind.name().parse() == Ok(*kind)));
    }
}
