//! How knobs read their values and write them.

use std::str::FromStr;

use crate::{Span, Speed};

pub(super) fn read<T: FromStr<Err = base::ParseUnitError>>(text: &str, into: &mut T) -> Result<(), String> {
    *into = text.parse().map_err(|error: base::ParseUnitError| error.to_string())?;
    Ok(())
}

pub(super) fn number<T: TryFrom<u64>>(text: &str, from: u64, to: u64, into: &mut T) -> Result<(), String> {
    let wrong = || format!("`{text}` is not a whole number from {from} to {to}");
    let n = text.trim().parse::<u64>().ok().filter(|n| (from..=to).contains(n)).ok_or_else(wrong)?;
    *into = T::try_from(n).map_err(|_| wrong())?;
    Ok(())
}

pub(super) fn switch(text: &str, into: &mut bool) -> Result<(), String> {
    *into = match text {
        "on" => true,
        "off" => false,
        _ => return Err(format!("`{text}` is neither on nor off")),
    };
    Ok(())
}

/// One of several, by its name.
pub(super) fn choose<T: FromStr<Err = String>>(text: &str, into: &mut T) -> Result<(), String> {
    *into = text.parse()?;
    Ok(())
}

/// `part` of `unit` as a decimal without needless zeros: 1500 of 1000 is `1.5`.
pub(super) fn decimal(part: u64, unit: u64) -> String {
    let digits = unit.ilog10() as usize;
    let text = format!("{}.{:0digits$}", part / unit, part % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(super) fn span(span: Span) -> String {
    format!("{}ms", decimal(span.0.as_nanos().unsigned_abs(), 1_000_000))
}

pub(super) fn speed(speed: Speed) -> String {
    match speed.0.0 {
        0 => "unlimited".to_owned(),
        n if n >= 1_000_000_000 => format!("{}Gbit/s", decimal(n, 1_000_000_000)),
        n if n >= 1_000_000 => format!("{}Mbit/s", decimal(n, 1_000_000)),
        n if n >= 1_000 => format!("{}kbit/s", decimal(n, 1_000)),
        n => n.to_string(),
    }
}

pub(super) fn octets(n: u64) -> String {
    if n > 0 && n.is_multiple_of(1000) { format!("{}k", n / 1000) } else { n.to_string() }
}

pub(super) fn on_off(on: bool) -> String {
    if on { "on" } else { "off" }.to_owned()
}

pub(super) fn ordinals(numbers: &[u64]) -> String {
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

/// Frames that are lost by their numbers, at most.
const MOST_ORDINALS: usize = 1000;

pub(super) fn read_ordinals(text: &str, into: &mut Vec<u64>) -> Result<(), String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let wrong = |part: &str| format!("`{part}` is not the number of a frame: they are counted from 1");
    let read = |part: &str| part.parse().ok().filter(|&n| n > 0).ok_or_else(|| wrong(part));
    let numbers: Vec<u64> = parts.map(read).collect::<Result<_, _>>()?;
    if numbers.len() > MOST_ORDINALS {
        return Err(format!("more than {MOST_ORDINALS} frames cannot be named; a chance of loss is --loss"));
    }
    *into = numbers;
    Ok(())
}
