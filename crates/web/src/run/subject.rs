//! What is known of a run beside its packets.

use std::collections::BTreeMap;

use scenario::{Argument, KNOBS, Scenario, UrlParts};
use serde_json::{Map, Value, json};
use story::Story;

use crate::api::{Badge, Code, Findings, Outcome, Problem, RunRequest, SourceInfo, SourceKind, UrlInfo};

/// Problems of a capture that are told; the others are counted.
const MAX_PROBLEMS: usize = 20;

/// What is known of a run beside its packets.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Where its packets come from.
    pub badge: Badge,
    /// A line about it.
    pub title: String,
    /// What it shows.
    pub about: String,
    /// What was opened.
    pub source: SourceInfo,
    /// The URL, if one was requested.
    pub url: Option<UrlInfo>,
    /// What came of the request.
    pub outcome: Option<Outcome>,
    /// What came of a comparison.
    pub findings: Option<Findings>,
    /// What is wrong with a capture.
    pub problems: Vec<Problem>,
    /// Whether the packets are the first of a capture that is still being read.
    pub beginning: bool,
    /// The taps at both ends of the line on which single frames can be lost, the client's side first.
    pub access_line: Option<[&'static str; 2]>,
    /// What of this stands in the JSON document.
    extra: Map<String, Value>,
}

impl Subject {
    /// A simulated request. `asked` is what it was asked for with.
    pub fn request(asked: &RunRequest, scenario: &Scenario, url: &UrlParts, outcome: &scenario::Outcome) -> Subject {
        let mut extra = Map::new();
        extra.insert("seed".into(), json!(scenario.seed.to_string()));
        extra.insert(
            "url".into(),
            json!({
                "href": url.href, "scheme": url.scheme.as_str(), "host": url.host, "port": url.port,
                "path": url.path, "query": url.query, "parameters": url.parameters,
            }),
        );
        let came = match outcome {
            scenario::Outcome::Response { status, reason, body } => {
                json!({ "status": status, "reason": reason, "body": body })
            }
            scenario::Outcome::Failed(why) => json!({ "failed": why }),
        };
        extra.insert("outcome".into(), came);
        let outcome = match outcome {
            scenario::Outcome::Response { status, reason, body } => {
                Outcome { ok: true, text: format!("{status} {reason}, {body} bytes of body") }
            }
            scenario::Outcome::Failed(why) => Outcome { ok: false, text: why.clone() },
        };
        let conditions = KNOBS.iter().map(|knob| (knob.name.to_owned(), knob.value(scenario))).collect();
        let title = if scenario.title.is_empty() { url.href.clone() } else { scenario.title.clone() };
        Subject {
            badge: Badge::Simulated,
            title,
            about: scenario.about.trim().to_owned(),
            source: SourceInfo {
                kind: SourceKind::Simulation,
                source: asked.source.clone(),
                knobs: asked.knobs.clone(),
                conditions,
                command: command(asked),
                file: asked.file.clone(),
            },
            url: Some(url_info(url)),
            outcome: Some(outcome),
            findings: None,
            problems: Vec::new(),
            beginning: false,
            access_line: Some(scenario.network.topology.access_line()),
            extra,
        }
    }

    /// One of the documents' arguments, played from `seed`.
    pub fn argument(
        argument: &Argument,
        seed: u64,
        knobs: &BTreeMap<String, String>,
        findings: &scenario::Findings,
    ) -> Subject {
        let asked = RunRequest { source: argument.name.to_owned(), knobs: knobs.clone(), file: None };
        let scenario::Findings { columns, rows, verdict } = findings;
        let mut extra = Map::new();
        extra.insert("seed".into(), json!(seed.to_string()));
        extra.insert(
            "argument".into(),
            json!({
                "name": argument.name, "title": argument.title,
                "columns": columns, "rows": rows, "verdict": verdict,
            }),
        );
        Subject {
            badge: Badge::Simulated,
            title: argument.title.to_owned(),
            about: argument.about.trim().to_owned(),
            source: SourceInfo {
                kind: SourceKind::Simulation,
                source: argument.name.to_owned(),
                knobs: knobs.clone(),
                conditions: BTreeMap::new(),
                command: command(&asked),
                file: None,
            },
            url: None,
            outcome: None,
            findings: Some(Findings {
                columns: findings.columns.iter().map(|column| (*column).to_owned()).collect(),
                rows: findings.rows.clone(),
                verdict: findings.verdict.clone(),
            }),
            problems: Vec::new(),
            beginning: false,
            access_line: None,
            extra,
        }
    }

    /// A capture called `name`, of so many packets.
    pub fn capture(name: &str, file: &capture::read::File, packets: usize) -> Subject {
        let problem = |place: String, message: String| {
            Problem::new(Code::BadCapture, message).input(name.to_owned()).place(place)
        };
        let mut problems: Vec<Problem> = file
            .problems
            .kept()
            .iter()
            .take(MAX_PROBLEMS)
            .map(|found| problem(found.place.to_string().replace("at byte", "byte"), found.reason.to_string()))
            .collect();
        let more = file.problems.total().saturating_sub(problems.len() as u64);
        if more > 0 {
            problems.push(Problem::new(Code::BadCapture, format!("and {more} more such places")).input(name));
        }
        if let Some(error) = &file.ended_by {
            let place = error.offset().map_or_else(String::new, |offset| format!("byte {offset}"));
            let message = format!("{error}; the {packets} packets before that are shown");
            problems.push(problem(place, message).remedy(error.remedy()));
        }
        Subject {
            badge: Badge::Captured,
            title: name.to_owned(),
            about: String::new(),
            source: SourceInfo {
                kind: SourceKind::Capture,
                source: name.to_owned(),
                knobs: BTreeMap::new(),
                conditions: BTreeMap::new(),
                command: format!("wirescope open {}", quoted(name)),
                file: None,
            },
            url: None,
            outcome: None,
            findings: None,
            problems,
            beginning: false,
            access_line: None,
            extra: Map::new(),
        }
    }

    /// The same of its first packets alone.
    pub fn of_beginning(self) -> Subject {
        Subject { beginning: true, ..self }
    }

    /// The run as the JSON document that the command line writes, with `packets` or all.
    pub fn document(&self, story: &Story, packets: Option<&[u32]>) -> Value {
        export::document(story, packets, self.around(story, packets))
    }

    /// Writes that document of all packets, one after the other.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn write_document(&self, out: impl std::io::Write, story: &Story) -> std::io::Result<()> {
        export::write_document(out, story, None, self.around(story, None))
    }

    /// What stands in the document beside the packets.
    fn around(&self, story: &Story, packets: Option<&[u32]>) -> Map<String, Value> {
        let mut extra = self.extra.clone();
        if let Some(path) = story.critical_path() {
            extra.insert("time".into(), export::time(&path));
        }
        // A simulation knows what it did; what went wrong in a capture has to be found.
        if story.trace().is_none() {
            extra.insert("findings".into(), export::findings(story, packets));
            extra.insert("connections".into(), export::connections(story));
        }
        extra
    }
}

/// A URL for the page.
fn url_info(url: &UrlParts) -> UrlInfo {
    UrlInfo {
        href: url.href.clone(),
        scheme: url.scheme.as_str().to_owned(),
        host: url.host.clone(),
        port: url.port,
        port_given: url.port_given,
        path: url.path.clone(),
        query: url.query.clone(),
        parameters: url.parameters.clone(),
        fragment: url.fragment.clone(),
    }
}

/// The command that shows the same.
fn command(asked: &RunRequest) -> String {
    let option = if asked.file.is_some() { "--scenario " } else { "" };
    let mut out = format!("wirescope {option}{}", quoted(&asked.source));
    for knob in KNOBS {
        let Some(value) = asked.knobs.get(knob.name) else { continue };
        let values: Vec<&str> = if knob.kind == scenario::Kind::Lines { value.lines().collect() } else { vec![value] };
        for value in values {
            out.push_str(&format!(" --{} {}", knob.name, quoted(value)));
        }
    }
    out
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_can_be_pasted() {
        let knobs = [("loss", "1%"), ("header", "A: b\nC: it's"), ("rtt", "33ms")];
        let knobs = knobs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let asked = RunRequest { source: "https://a.example/?q=1&r=2".to_owned(), knobs, file: None };
        assert_eq!(
            command(&asked),
            r"wirescope 'https://a.example/?q=1&r=2' --rtt 33ms --loss 1% --header 'A: b' --header 'C: it'\''s'"
        );
        let file = RunRequest { source: "my run.toml".to_owned(), file: Some(String::new()), ..RunRequest::default() };
        assert_eq!(command(&file), "wirescope --scenario 'my run.toml'");
    }
}
