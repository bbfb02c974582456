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
