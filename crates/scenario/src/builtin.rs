//! The scenarios that ship inside the program.

use crate::Scenario;

/// A scenario that ships inside the program.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its file's text.
    pub toml: &'static str,
}

impl BuiltIn {
    /// The scenario.
    ///
    /// # Panics
    /// Never: a test reads them all.
    pub fn scenario(&self) -> Scenario {
        match Scenario::parse(self.toml) {
            Ok(scenario) => scenario,
            Err(error) => panic!("the built-in scenario {} is wrong: {error}", self.name),
        }
    }
}

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        /// All of them, in the order in which they are listed.
        pub static BUILT_IN: &[BuiltIn] = &[$(BuiltIn {
            name: $name,
            toml: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/", $name, ".toml")),
        }),*];
    };
}

built_in!["https", "browser", "curl", "lifecycle", "ipv6", "happy-eyeballs", "http2"];

/// The built-in scenario called `name`.
pub fn find(name: &str) -> Option<&'static BuiltIn> {
    BUILT_IN.iter().find(|built_in| built_in.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_scenario_is_right_and_bears_its_name() {
        for built_in in BUILT_IN {
            let scenario = built_in.scenario();
            assert_eq!(scenario.name, built_in.name);
            assert!(!scenario.title.is_empty() && !scenario.about.is_empty(), "{}", built_in.name);
        }
    }
}
