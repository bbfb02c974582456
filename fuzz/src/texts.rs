//! What people write: key logs, scenarios, URLs, packetdrill scripts.

use wirescope::capture::keylog::KeyLog;
use wirescope::drill::Script;
use wirescope::scenario::{ScenarioError, UrlParts};
use wirescope::{Scenario, capture};

/// Key logs: what is read, written and read again is the same, and a secret that is kept can be found.
pub fn keylog(data: &[u8]) {
    let (log, problems) = KeyLog::parse(data);
    let lines = data.split(|byte| *byte == b'\n').count();
    for problem in problems.kept() {
        let capture::Place::Line(line) = problem.place else { panic!("{problem}: a key log has lines") };
        assert!((1..=lines as u64).contains(&line), "{problem}");
    }
    let (again, _) = KeyLog::parse(log.to_string().as_bytes());
    assert_eq!(log, again);
    for connection in log.connections() {
        for secret in &connection.secrets {
            assert!(log.find(&connection.client_random, &secret.label).is_some(), "{:?}", secret.label);
        }
    }
    let mut twice = log.clone();
    twice.merge(&log);
    assert_eq!(log.connections(), twice.connections(), "what is known is not added");
}

/// Scenario files and URLs: a mistake has a place inside the text; a URL in its normal form stays as it is, and leads to the
/// same host.
pub fn scenario(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Scenario::parse(text) {
        Ok(scenario) => normal(&scenario.request.url),
        Err(ScenarioError::Toml(mistake)) => {
            let lines: Vec<&str> = text.split('\n').collect();
            if let Some(place) = mistake.place {
                let line = lines.get(place.line - 1).unwrap_or_else(|| panic!("{mistake}: there is no such line"));
                assert!((1..=line.chars().count() + 1).contains(&place.column), "{mistake}");
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    normal(text);
}

fn normal(url: &str) {
    let Ok(parts) = UrlParts::parse(url) else { return };
    let again = UrlParts::parse(&parts.href).unwrap_or_else(|error| panic!("{}: {error}", parts.href));
    // `port_given` may differ: the normal form leaves out a scheme's own port.
    assert_eq!((&parts.href, &parts.host, parts.port), (&again.href, &again.host, again.port));
    assert_eq!(parts.target(), again.target());
    assert!(parts.target().starts_with('/') && !parts.target().contains([' ', '\r', '\n']), "it fits a request line");
}

/// packetdrill scripts: a mistake has a place inside the text, and a comment in front moves it one line down and changes
/// nothing else.
pub fn script(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let moved = Script::parse("moved", &format!("// a comment\n{text}"));
    match (Script::parse("script", text), moved) {
        (Ok(_), Ok(_)) => {}
        (Err(error), Err(moved)) => {
            let line = text.split('\n').nth(error.line - 1).unwrap_or_else(|| panic!("{error}: there is no such line"));
            assert!((1..=line.chars().count() + 1).contains(&error.column), "{error}");
            assert_eq!((error.line + 1, error.column, error.message), (moved.line, moved.column, moved.message));
        }
        (plain, moved) => panic!("{plain:?}, but {moved:?} behind a comment"),
    }
}
