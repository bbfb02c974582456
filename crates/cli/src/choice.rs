//! `--filter`, `--connection`, `--request`: which packets are shown and written.

use filter::{Filter, Selection};
use story::Story;

use crate::args::View;
use crate::error::Error;

/// The numbers of the packets that the view is about, in order; `None` for all.
///
/// # Errors
/// If the expression is none, or there is no such connection or request.
pub fn packets(story: &Story, view: &View) -> Result<Option<Vec<u32>>, Error> {
    let filter = view.filter.as_deref().map(read).transpose()?;
    let selection = Selection { filter, connection: view.connection, request: view.request };
    if selection.is_all() {
        return Ok(None);
    }
    selection.packets(story).map(Some).map_err(|error| Error::usage(error.to_string()).remedy(error.remedy()))
}

/// Checks the view's expression before anything is read or run.
///
/// # Errors
/// If it is none.
pub fn check(view: &View) -> Result<(), Error> {
    view.filter.as_deref().map_or(Ok(()), |text| read(text).map(drop))
}

/// Reads an expression; the error shows where it is wrong.
///
/// # Errors
/// If it is none.
pub fn read(text: &str) -> Result<Filter, Error> {
    Filter::parse(text).map_err(|error| {
        let mark = format!("\n  {text}\n  {}^", " ".repeat(error.column - 1));
        let mark = if text.contains(char::is_control) { String::new() } else { mark };
        let wrong = Error::usage(format!("--filter, {error}{mark}"));
        match error.remedy {
            Some(remedy) => wrong.remedy(remedy),
            None => wrong,
        }
    })
}
