//! `explain` and `header`: what terms mean, and the RFCs' bit diagrams.

use std::io::Write;
use std::process::ExitCode;

use crate::args::{Explain, Header};
use crate::error::Error;
use crate::style::Style;

/// Explains a term.
pub fn explain(out: &mut impl Write, args: &Explain) -> Result<ExitCode, Error> {
    let term = args.term.join(" ");
    let found = explain::find(&term);
    if found.is_empty() {
        if let Some(own) = filter::OWN.iter().find(|own| own.name == term) {
            writeln!(out, "{}  a name for --filter: {}", own.name, own.line)?;
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(alias) = filter::WIRESHARK.iter().find(|alias| alias.name == term) {
            writeln!(out, "{}  Wireshark's name for {}", alias.name, alias.means.join(" and "))?;
            for name in alias.means {
                let meaning = explain::find(name).render(Style::detect().prose_width());
                writeln!(out, "\n{}", meaning.trim_end())?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        let error = Error::usage(format!("`{term}` is not a term that is known here"));
        let mut near = filter::alike(&term);
        near.extend(
            found.near.iter().map(|entry| entry.id.as_str()).filter(|id| !near.contains(id)).collect::<Vec<_>>(),
        );
        near.truncate(5);
        return Err(if near.is_empty() {
            error.remedy("try a field (tcp.window), a flag (SYN), a state, a status code")
        } else {
            error.remedy(format!("did you mean {}?", near.join(", ")))
        });
    }
    writeln!(out, "{}", found.render(Style::detect().prose_width()).trim_end())?;
    Ok(ExitCode::SUCCESS)
}

/// Draws a header.
pub fn header(out: &mut impl Write, args: &Header) -> Result<ExitCode, Error> {
    match explain::header(&args.name, Style::detect().prose_width()) {
        Some(text) => {
            writeln!(out, "{}", text.trim_end())?;
            Ok(ExitCode::SUCCESS)
        }
        None => Err(Error::usage(format!("there is no header `{}`", args.name))
            .remedy(format!("there are {}", explain::headers().join(", ")))),
    }
}
