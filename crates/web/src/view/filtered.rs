//! The packets that a filter expression means.

use filter::{Filter, Selection};
use story::Story;

use crate::api::{Code, Problem};

/// The longest expression that is read.
const MAX_EXPRESSION: usize = 4096;

/// The numbers of the packets that `expression` means, each of 32 bits, little-endian, in order.
///
/// # Errors
/// If it is no expression; the place is the column.
pub fn filter(story: &Story, expression: &str) -> Result<Vec<u8>, Problem> {
    if expression.len() > MAX_EXPRESSION {
        let message = format!("an expression has at most {MAX_EXPRESSION} bytes");
        return Err(Problem::new(Code::BadRequest, message).place("q"));
    }
    let filter = Filter::parse(expression).map_err(|error| {
        let problem = Problem::new(Code::BadRequest, error.message).input(expression);
        let problem = problem.place(format!("column {}", error.column));
        match error.remedy {
            Some(remedy) => problem.remedy(remedy),
            None => problem,
        }
    })?;
    let selection = Selection { filter: Some(filter), ..Selection::default() };
    let packets = selection.packets(story).map_err(|error| Problem::new(Code::BadRequest, error.to_string()))?;
    Ok(packets.into_iter().flat_map(u32::to_le_bytes).collect())
}
