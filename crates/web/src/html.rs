//! A run as files: the page with the run inside, and the formats that others read.

use std::collections::BTreeMap;
use std::io::{self, BufWriter};

use capture::read::Held;

use crate::api::{Bundle, Code, Problem};
use crate::page;
use crate::run::{Seen, Workshop};
use crate::spool::{Spool, no_room};
use crate::view;

/// Packets whose trees stand in one exported page.
const MAX_TREES: usize = 2000;

/// Why there is no page to export.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HtmlError {
    /// The program was built without its page.
    #[error("this wirescope was built without its page: {0}")]
    NoPage(&'static str),
    /// The selection is wrong, or what it asks for is not there.
    #[error("{0}")]
    Problem(#[from] Problem),
}

/// A format to export in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Export {
    /// The page with the run inside.
    Html,
    /// pcapng.
    Pcapng,
    /// The run as one JSON document.
    Json,
    /// The ladder as a drawing.
    Svg,
    /// The TLS secrets.
    Keys,
}

/// Packets of a run that goes as a whole into one document: about 10 kB of memory each while it is made.
const MAX_WHOLE: usize = 100_000;

impl Export {
    const ALL: [Export; 5] = [Export::Html, Export::Svg, Export::Pcapng, Export::Json, Export::Keys];

    /// The format of files that end so.
    pub fn named(extension: &str) -> Option<Export> {
        Export::ALL.into_iter().find(|export| export.extension() == extension)
    }
    /// Those that a run of so many packets is written in here.
    pub fn of(packets: usize) -> impl Iterator<Item = Export> {
        Export::ALL.into_iter().filter(move |export| match export {
            Export::Html | Export::Svg | Export::Json => packets <= MAX_WHOLE,
            Export::Pcapng | Export::Keys => true,
        })
    }
    /// How its files end.
    pub const fn extension(self) -> &'static str {
        match self {
            Export::Html => "html",
            Export::Pcapng => "pcapng",
            Export::Json => "json",
            Export::Svg => "svg",
            Export::Keys => "keys",
        }
    }
    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Export::Html => "text/html; charset=utf-8",
            Export::Pcapng => "application/x-pcapng",
            Export::Json => "application/json",
            Export::Svg => "image/svg+xml",
            Export::Keys => "text/plain; charset=utf-8",
        }
    }

    /// Makes the file.
    ///
    /// # Errors
    /// If the source has no such thing, the selection of packets is wrong, or there is no room for it.
    pub fn make(self, run: &str, workshop: &Workshop, seen: &Seen, how: &Wanted) -> Result<Held, Problem> {
        let story = &seen.story;
        if !Export::of(story.len()).any(|export| export == self) {
            let message =
                format!("a file of this kind holds at most {MAX_WHOLE} packets here: there are {}", story.len());
            let problem = Problem::new(Code::TooLarge, message).input(self.extension());
            return Err(problem.remedy("choose some of them on the command line, with --filter and -o"));
        }
        let in_memory = |text: String| Held::Memory(text.into());
        match self {
            Export::Html => {
                html(run, workshop, seen, how.packets.as_deref()).map(in_memory).map_err(|error| match error {
                    HtmlError::Problem(problem) => problem,
                    other => Problem::new(Code::NotAvailable, other.to_string()),
                })
            }
            // A capture is what it was.
            Export::Pcapng => match workshop.file() {
                Some(held) => Ok(held.clone()),
                None => written(|out| export::write_story(out, story, None)),
            },
            Export::Json => written(|out| workshop.subject().write_document(out, story)),
            Export::Svg => Ok(in_memory(export::ladder_svg(story, None, how.ends(), &workshop.subject().title))),
            Export::Keys => Ok(in_memory(story.secrets())),
        }
    }
}

/// What of a run goes into a file.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The packets whose trees an HTML file holds: `1-200,300`.
    pub packets: Option<String>,
    /// The two hosts that have the drawing to themselves, by name.
    pub left: Option<String>,
    /// The other of them.
    pub right: Option<String>,
}

impl Wanted {
    fn ends(&self) -> Option<[&str; 2]> {
        Some([self.left.as_deref()?, self.right.as_deref()?])
    }
}

/// Has a file written packet by packet. It never stands in memory.
fn written(write: impl FnOnce(&mut BufWriter<Spool>) -> io::Result<()>) -> Result<Held, Problem> {
    let all = Spool::new().and_then(|spool| {
        let mut out = BufWriter::new(spool);
        write(&mut out)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)
    });
    all.map(Spool::into_held).map_err(|error| no_room(&error))
}

/// The page with a run inside: one file that asks nobody for anything. `packets` (`1-200,300`) says whose trees are inside;
/// without it those of the first 2,000.
///
/// # Errors
/// If the program has no page, or the selection is wrong.
pub fn html(run: &str, workshop: &Workshop, seen: &Seen, packets: Option<&str>) -> Result<String, HtmlError> {
    let Some(template) = page::page() else { return Err(HtmlError::NoPage(page::missing().unwrap_or_default())) };
    let numbers = selection(packets, seen.story.len() as u32)?;
    let bundle = bundle(run, workshop, seen, &numbers)?;
    let json = serde_json::to_string(&bundle).map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    let data = in_script(&json);
    let Some((before, after)) = template.split_once(page::DATA) else {
        return Err(HtmlError::NoPage("its file has no place for a run"));
    };
    // The policy stands first in the head, before anything that it is to hold.
    let policy = page::policy(template, "'none'");
    let meta = format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">");
    let before = before.replacen("<head>", &format!("<head>{meta}"), 1);
    Ok(format!("{before}{}{data}{after}", page::DATA))
}

/// All that the page asks a server for.
fn bundle(run: &str, workshop: &Workshop, seen: &Seen, numbers: &[u32]) -> Result<Bundle, Problem> {
    let story = &seen.story;
    let head = view::head(run, workshop, seen);
    let mut packets = BTreeMap::new();
    for &number in numbers {
        packets.insert(number.to_string(), view::packed(&view::packet(seen, number)?)?);
    }
    let all = numbers.len() == story.len();
    let selection = (!all).then(|| {
        let (first, last) = (numbers.first().copied().unwrap_or(0), numbers.last().copied().unwrap_or(0));
        format!("the bytes of {} of {} packets are inside: between {first} and {last}", numbers.len(), story.len())
    });
    Ok(Bundle {
        version: 2,
        title: head.title.clone(),
        run: run.to_owned(),
        tap: seen.tap.clone(),
        columns: view::base64(&seen.tables().columns.joined()),
        hops: view::hops(seen).map(|hops| view::base64(&hops.joined())),
        texts: story.rows().map(|row| row.meaning).collect(),
        packets,
        selection,
        extra: extra(workshop, seen, &head.extra, numbers)?,
        head,
    })
}

/// Connections whose graphs, and packets whose machines and hops, stand in one exported page.
const MAX_GRAPHED: usize = 16;
const MAX_FOLLOWED: usize = 300;

/// The answers to what else the page would ask.
fn extra(
    workshop: &Workshop,
    seen: &Seen,
    paths: &[String],
    numbers: &[u32],
) -> Result<BTreeMap<String, String>, Problem> {
    let graphs = paths.iter().filter(|path| path.starts_with("series")).take(MAX_GRAPHED);
    let others = paths.iter().filter(|path| !path.starts_with("series"));
    let mut wanted: Vec<String> = graphs.chain(others).cloned().collect();
    for number in numbers.iter().take(MAX_FOLLOWED) {
        if seen.story.trace().is_some() {
            wanted.push(format!("follow/{number}"));
        }
        if seen.story.flow().row(*number).is_some_and(|view| view.tcp.is_some()) {
            wanted.push(format!("machines?packet={number}"));
        }
    }
    let mut answers = BTreeMap::new();
    for path in wanted {
        if let Some(answer) = view::answer(seen, workshop.subject(), &path) {
            answers.insert(path, view::packed(&answer?)?);
        }
    }
    Ok(answers)
}

/// JSON that can stand inside a script element: nothing in it ends the element, opens a comment or ends a line of script,
/// whatever a stranger wrote into a packet; and nothing turns its text round for whoever opens the file in an editor (the
/// characters of Unicode UAX #9 §2.1 and §2.2).
fn in_script(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for c in text.chars() {
        match c {
            // All of these stand inside JSON strings only, where an escape means the same.
            '<' | '>' | '&' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)))
            }
            _ => out.push(c),
        }
    }
    out
}

/// Reads `1-200,300`: numbers of packets from 1 to `last`, in order, each once, at most 2,000.
fn selection(packets: Option<&str>, last: u32) -> Result<Vec<u32>, Problem> {
    let Some(text) = packets.filter(|text| !text.trim().is_empty()) else {
        return Ok((1..=last.min(MAX_TREES as u32)).collect());
    };
    let wrong = |part: &str| {
        Problem::new(Code::BadRequest, format!("`{part}` selects no packets; they are numbered 1 to {last}"))
            .input(part)
            .place("packets")
            .remedy("write it like 1-200,300")
    };
    let mut numbers = std::collections::BTreeSet::new();
    for part in text.split(',').map(str::trim) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let read = |text: &str| text.trim().parse::<u32>().ok();
        let (Some(from), Some(to)) = (read(from), read(to)) else { return Err(wrong(part)) };
        if from == 0 || from > to || from > last {
            return Err(wrong(part));
        }
        for number in from..=to.min(last) {
            numbers.insert(number);
            if numbers.len() > MAX_TREES {
                let message = format!("more than {MAX_TREES} packets cannot be inside one file");
                return Err(Problem::new(Code::TooLarge, message).input(text).place("packets"));
            }
        }
    }
    Ok(numbers.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selections_are_read() {
        assert_eq!(selection(Some("1-3, 7,2-4"), 9), Ok(vec![1, 2, 3, 4, 7]));
        assert_eq!(selection(None, 3), Ok(vec![1, 2, 3]));
        assert_eq!(selection(None, 5000).map(|numbers| numbers.len()), Ok(2000));
        assert_eq!(selection(Some("8-20"), 9), Ok(vec![8, 9]));
        for bad in ["0", "5-3", "x", "1-", "10", "-1", "4294967296"] {
            assert_eq!(selection(Some(bad), 9).unwrap_err().place.as_deref(), Some("packets"), "{bad}");
        }
        assert_eq!(selection(Some("1-4000000000"), 5000).unwrap_err().code, Code::TooLarge);
    }

    #[test]
    fn nothing_ends_the_script() {
        let hostile = "</script><!--<script>\u{2028}\u{2029}]]>&amp;\u{202e}\u{2066}";
        let text = in_script(&serde_json::json!({ "a": hostile }).to_string());
        assert!(!text.contains(['<', '>', '&', '\u{2028}', '\u{2029}', '\u{202e}', '\u{2066}']), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()["a"], hostile);
    }
}
