//! Where in a scenario file a mistake stands.

use std::fmt;

use toml::de::{DeTable, DeValue};

use crate::ScenarioError;

/// A place in a text, both numbers from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl Place {
    /// The place of a byte.
    fn of(text: &str, byte: usize) -> Place {
        let before = text.get(..byte).unwrap_or(text);
        let line = before.rfind('\n').map_or(0, |end| end + 1);
        Place {
            line: before.matches('\n').count() + 1,
            column: before.get(line..).map_or(0, |rest| rest.chars().count()) + 1,
        }
    }

    /// The line of a text that it is in, without blanks around it.
    pub fn line_of(self, text: &str) -> &str {
        text.lines().nth(self.line - 1).unwrap_or_default().trim()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// What is wrong with TOML.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// What.
    pub message: String,
    /// Where, if that is known.
    pub place: Option<Place>,
    /// Both, with the line and a pointer below it.
    drawing: String,
}

impl Mistake {
    pub(crate) fn of(toml: &str, error: &toml::de::Error) -> Mistake {
        Mistake {
            message: error.message().to_owned(),
            place: error.span().map(|span| Place::of(toml, span.start)),
            drawing: error.to_string().trim_end().to_owned(),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.drawing)
    }
}

/// Where in the file `toml` an error of it stands. `None` if the file says nothing of what is wrong.
pub fn place_of(toml: &str, error: &ScenarioError) -> Option<Place> {
    match error {
        ScenarioError::Toml(mistake) => mistake.place,
        ScenarioError::Url(_) => key(toml, "request.url"),
        ScenarioError::Value { key: at, .. } => key(toml, at),
    }
}

/// Where the value of a dotted key stands.
fn key(toml: &str, dotted: &str) -> Option<Place> {
    let whole = DeTable::parse(toml).ok()?;
    let mut table = Some(whole.get_ref());
    let mut place = None;
    for name in dotted.split('.') {
        let value = table?.get(name)?;
        place = Some(value.span().start);
        table = match value.get_ref() {
            DeValue::Table(inner) => Some(inner),
            _ => None,
        };
    }
    place.map(|byte| Place::of(toml, byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scenario;

    fn place(toml: &str) -> Option<String> {
        let error = Scenario::parse(toml).unwrap_err();
        place_of(toml, &error).map(|place| place.to_string())
    }

    #[test]
    fn every_mistake_has_its_place() {
        let url = "[request]\nurl = \"http://a.example/\"\n";
        let at = |more: &str| place(&format!("{url}{more}"));
        assert_eq!(at("[network]\nrtt = \"33 parsecs\"\n").as_deref(), Some("line 4, column 7"));
        assert_eq!(at("colour = \"red\"\n").as_deref(), Some("line 3, column 1"));
        assert_eq!(
            at("[network]\n  mtu = 20\n").as_deref(),
            Some("line 4, column 9"),
            "it is TOML, and makes no sense"
        );
        assert_eq!(
            at("network = { queue = 12 }\n").as_deref(),
            Some("line 3, column 1"),
            "that is no key of a request"
        );
        assert_eq!(place("[request]\n\nurl = \"gopher://a/\"\n").as_deref(), Some("line 3, column 7"));
        assert_eq!(place("[request\n").as_deref(), Some("line 1, column 9"));
        // Characters, not bytes.
        assert_eq!(
            place("[request]\nurl = \"http://a/\"\nmethod = \"größer\" x\n").as_deref(),
            Some("line 3, column 19")
        );
        let error = Scenario::parse("[request]\n  url = 7\n").unwrap_err();
        let place = place_of("[request]\n  url = 7\n", &error).unwrap();
        assert_eq!(place.line_of("[request]\n  url = 7\n"), "url = 7");
    }
}
