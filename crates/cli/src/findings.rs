//! What went wrong: the first lines of an opened capture, and `--findings`.

use std::io::{self, Write};

use analyze::findings::{Cost, Finding};
use story::Story;

use crate::style::{Style, Tone, wrap};

/// Findings that stand above the packets; the others are counted.
const FIRST: usize = 3;
/// Packets of evidence that are named.
const NAMED: usize = 8;

/// The findings with evidence among `packets`; all, if that is `None`.
pub fn chosen<'s>(story: &'s Story, packets: Option<&[u32]>) -> Vec<&'s Finding> {
    let shows = |finding: &&Finding| {
        packets.is_none_or(|packets| finding.evidence.iter().any(|n| packets.binary_search(n).is_ok()))
    };
    story.findings().iter().filter(shows).collect()
}

/// Prints what went wrong, in short: all of it, or what concerns the packets that are `some` of many.
pub fn first_lines(out: &mut impl Write, findings: &[&Finding], some: bool, style: Style) -> io::Result<()> {
    if findings.is_empty() {
        let text = if some { "Nothing wrong was found in these." } else { "Nothing wrong was found." };
        return writeln!(out, "{}\n", style.paint(Tone::Heading, text));
    }
    writeln!(out, "{}", style.paint(Tone::Heading, "What went wrong"))?;
    for finding in findings.iter().take(FIRST) {
        one(out, finding, style)?;
    }
    if findings.len() > FIRST {
        writeln!(out, "  and {} more: --findings lists them all, with advice", findings.len() - FIRST)?;
    }
    writeln!(out)
}

/// Prints findings with their advice; `packets` is how many were looked at.
pub fn print(out: &mut impl Write, findings: &[&Finding], packets: usize, style: Style) -> io::Result<()> {
    if findings.is_empty() {
        return writeln!(out, "Nothing wrong was found in {packets} packets.");
    }
    for finding in findings {
        one(out, finding, style)?;
        for line in wrap(finding.card.advice, style.prose_width().saturating_sub(4)) {
            writeln!(out, "    {line}")?;
        }
        let text =
            format!("{}; {}; wirescope explain {}", finding.confidence.name(), finding.card.source, finding.card.id);
        writeln!(out, "    {}\n", style.paint(Tone::Quiet, &text))?;
    }
    Ok(())
}

fn one(out: &mut impl Write, finding: &Finding, style: Style) -> io::Result<()> {
    let cost = match finding.cost {
        Cost::Failed => "  failure".to_owned(),
        Cost::Time(time) => format!("{:>6.0} ms", time.as_millis_f64()),
        Cost::Unmeasured => "        -".to_owned(),
    };
    writeln!(out, "{cost}  {}", style.paint(Tone::Trouble, finding.card.title))?;
    for line in wrap(&finding.verdict, style.prose_width().saturating_sub(4)) {
        writeln!(out, "    {line}")?;
    }
    let mut packets: Vec<String> = finding.evidence.iter().take(NAMED).map(u32::to_string).collect();
    if finding.evidence.len() > NAMED {
        packets.push(format!("and {} more", finding.evidence.len() - NAMED));
    }
    let word = if packets.len() == 1 { "packet" } else { "packets" };
    writeln!(out, "    {word} {}", packets.join(", "))
}
