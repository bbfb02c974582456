//! `sanitize`: a copy of a capture without what is private in it.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::process::ExitCode;

use sha2::{Digest, Sha256};

use crate::args::Sanitize;
use crate::error::Error;
use crate::open;

/// Writes the copy and says what was removed.
pub fn run(out: &mut impl Write, args: &Sanitize) -> Result<ExitCode, Error> {
    if args.output.extension().is_none_or(|extension| extension != "pcapng") {
        let error = Error::usage(format!("-o {}: the copy is a pcapng", args.output.display()));
        return Err(error.remedy("give it a name that ends in .pcapng"));
    }
    let same = |a: &std::path::Path, b: &std::path::Path| {
        a.canonicalize().ok().is_some_and(|a| b.canonicalize().ok() == Some(a))
    };
    if same(&args.file, &args.output) {
        return Err(Error::usage("the copy would overwrite the capture").remedy("write it to another file"));
    }
    let key = match &args.key {
        Some(word) => Sha256::digest(word).into(),
        None => random()?,
    };
    let (_, story, damaged) = open::story(&args.file, &[])?;
    let failed = |error: std::io::Error| Error::input(format!("cannot write {}: {error}", args.output.display()));
    let mut file = BufWriter::new(File::create(&args.output).map_err(failed)?);
    let removed = export::sanitize(&mut file, &story, &key).map_err(failed)?;
    file.flush().map_err(failed)?;
    writeln!(out, "Replaced or left out in {} packets:", story.len())?;
    for (what, count) in removed.iter() {
        writeln!(out, "  {count:>9}  {what}")?;
    }
    if removed.fragments > 0 {
        writeln!(out, "  {} repeated segments in fragments were overwritten whole", removed.fragments)?;
    }
    Ok(ExitCode::from(if damaged { 3 } else { 0 }))
}

/// 32 bytes of the system's randomness.
fn random() -> Result<[u8; 32], Error> {
    let mut key = [0; 32];
    let read = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut key));
    read.map_err(|error| {
        Error::input(format!("the system gives no randomness: {error}")).remedy("give a word with --key")
    })?;
    Ok(key)
}
