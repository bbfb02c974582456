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
        let error = Error::usage(format!("`{term}` is not a term that is known here"));
        let near: Vec<&str> = found.near.iter().take(5).map(|entry| entry.id.as_str()).collect();
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
