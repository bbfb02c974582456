//! `open --time`: what the time of each request was spent on.

use std::io::{self, Write};

use analyze::{Cause, Request, Spending, TimeSpent};
use base::Duration;
use serde_json::{Value, json};
use story::Story;

use crate::error::Error;
use crate::style::{Style, Tone};

/// Characters of the widest bar.
const BAR: i128 = 40;

/// The requests that are asked for, with their numbers.
fn chosen(story: &Story, number: Option<usize>) -> Result<Vec<(usize, &Request)>, Error> {
    let requests = &story.analysis().requests;
    let Some(number) = number else {
        return Ok(requests
            .iter()
            .enumerate()
            .map(|(index, request)| (story.request_number(index), request))
            .collect());
    };
    match story.request(number) {
        Some(request) => Ok(vec![(number, request)]),
        None => {
            let error = Error::usage(format!("there is no request {number}"));
            Err(error.remedy(format!("the capture has {} requests, numbered from 1", story.requests_in_all())))
        }
    }
}

/// Prints the requests and their causes.
pub fn print(out: &mut impl Write, story: &Story, number: Option<usize>, style: Style) -> Result<(), Error> {
    let requests = chosen(story, number)?;
    if requests.is_empty() {
        nothing(out, story.packets_in_all())?;
    }
    let mut spending = Spending::new(story.flow(), story.analysis());
    for (number, request) in requests {
        let Some(spent) = spending.of(request) else { continue };
        numbered(out, number, &told(request, &spent), style)?;
    }
    Ok(())
}

/// Says that there is no request.
pub fn nothing(out: &mut impl Write, packets: usize) -> io::Result<()> {
    writeln!(out, "There is no request in {packets} packets.")
}

/// What is told of a request, but for its number: the rest of the first line, and the lines of its causes.
pub fn told(request: &Request, spent: &TimeSpent) -> String {
    let line = request.line.as_deref().unwrap_or("a request that cannot be read");
    let host = request.host.as_deref().map_or_else(String::new, |host| format!(" at {host}"));
    let mut out = format!("{line}{host}\n");
    let total = spent.total();
    for (cause, time) in spent.by_cause() {
        // A capture may say that centuries passed.
        let of = |whole: i128| i128::from(time.as_nanos()) * whole / i128::from(total.as_nanos().max(1));
        let share = of(100);
        let bar = "█".repeat(of(BAR).clamp(0, BAR) as usize);
        out += &format!("  {:<22} {:>12} ms {share:>3} %  {bar}\n", cause.name(), millis(time));
    }
    out + &format!("  {:<22} {:>12} ms\n\n", "total", millis(total))
}

/// Prints what is told of a request, with its number.
pub fn numbered(out: &mut impl Write, number: usize, told: &str, style: Style) -> io::Result<()> {
    let (first, rest) = told.split_once('\n').unwrap_or((told, ""));
    writeln!(out, "{}", style.paint(Tone::Heading, &format!("Request {number}: {first}")))?;
    out.write_all(rest.as_bytes())
}

/// A time in milliseconds, to the nanosecond: so that the lines add up before the reader's eyes.
fn millis(time: Duration) -> String {
    format!("{}.{:06}", time.as_nanos() / 1_000_000, time.as_nanos() % 1_000_000)
}

/// The same for programs.
pub fn document(story: &Story, number: Option<usize>) -> Result<Value, Error> {
    let mut spending = Spending::new(story.flow(), story.analysis());
    let one = |(number, request): (usize, &Request)| {
        let spent = spending.of(request)?;
        Some(entry(Some(number), request, &spent))
    };
    Ok(chosen(story, number)?.into_iter().filter_map(one).collect())
}

/// What programs are told of a request; its number may not be known yet.
pub fn entry(number: Option<usize>, request: &Request, spent: &TimeSpent) -> Value {
    let causes: Vec<Value> = Cause::ALL
        .into_iter()
        .filter(|&cause| spent.on(cause) > Duration::ZERO)
        .map(|cause| json!({ "cause": cause.name(), "ns": spent.on(cause).as_nanos() }))
        .collect();
    let stretch = |s: &analyze::Stretch| json!({ "cause": s.cause.name(), "from_ns": s.from.as_nanos(), "to_ns": s.to.as_nanos() });
    let stretches: Vec<Value> = spent.stretches.iter().map(stretch).collect();
    json!({
        "request": number, "line": request.line, "host": request.host, "total_ns": spent.total().as_nanos(),
        "causes": causes, "stretches": stretches,
    })
}
