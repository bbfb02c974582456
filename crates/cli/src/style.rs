//! Colour and width: colour on a terminal only, and never as the only sign.

use std::io::IsTerminal as _;

/// How output is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    colour: bool,
    width: Option<usize>,
}

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// A heading.
    Heading,
    /// Of less importance: offsets, references.
    Quiet,
    /// From the client.
    Client,
    /// From the server.
    Server,
    /// Loss, retransmission, error.
    Trouble,
    /// A value.
    Value,
}

impl Style {
    /// For standard output: colour if it is a terminal and `NO_COLOR` (https://no-color.org) is not set; the
    /// terminal's width, or no limit where there is no terminal.
    pub fn detect() -> Style {
        let terminal = std::io::stdout().is_terminal();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let width = terminal.then(|| terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0)));
        Style { colour: terminal && !no_colour, width }
    }

    /// Characters a line may have, if there is a limit.
    pub fn width(&self) -> Option<usize> {
        self.width
    }
    /// A width to wrap prose to.
    pub fn prose_width(&self) -> usize {
        self.width.unwrap_or(100).clamp(20, 120)
    }

    /// The text in its colour.
    pub fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Heading => "1",
            Tone::Quiet => "2",
            Tone::Client => "36",
            Tone::Server => "33",
            Tone::Trouble => "1;31",
            Tone::Value => "32",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Cuts `text` to `width` characters, the last one an ellipsis if something is missing.
pub fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(width.saturating_sub(1)).collect();
    if width > 0 {
        out.push('…');
    }
    out
}

/// Breaks `text` into lines of at most `width` characters at blanks, and within words that are longer than a line.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.extend(pieces(word, width.max(1))),
        }
    }
    lines
}

/// A word cut into pieces of at most `width` characters.
fn pieces(word: &str, width: usize) -> impl Iterator<Item = String> + '_ {
    let mut chars = word.chars().peekable();
    std::iter::from_fn(move || chars.peek().is_some().then(|| chars.by_ref().take(width).collect()))
}

/// A line that starts with `lead` and goes on with `text`. Where that is too wide, the text is broken into lines, one under
/// the other; where the lead leaves no room beside it, below it.
pub fn hang(lead: &str, text: &str, width: Option<usize>) -> Vec<String> {
    let beside = lead.chars().count();
    let width = width.unwrap_or(usize::MAX);
    if beside + text.chars().count() <= width {
        return vec![format!("{lead}{text}")];
    }
    let under = if beside + 20 <= width { beside } else { 4 };
    let below = if under == beside { None } else { Some(lead.trim_end().to_owned()) };
    let lines = wrap(text, width.saturating_sub(under)).into_iter().enumerate().map(|(i, line)| match (i, &below) {
        (0, None) => format!("{lead}{line}"),
        _ => format!("{:under$}{line}", ""),
    });
    below.iter().cloned().chain(lines).collect()
}
