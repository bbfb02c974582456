//! `-o`: the run as files.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use base::FrameId;
use export::{TapSet, write_pcapng};
use story::Story;

use crate::args::View;
use crate::error::Error;
use crate::summary::{self, Top};

/// Writes every file that the view asks for.
pub fn write(story: &Story, view: &View, top: Option<&Top<'_>>) -> Result<(), Error> {
    for path in &view.output {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension {
            "pcapng" => pcapng(story, path)?,
            "json" => text(path, &format!("{:#}\n", summary::document(story, top)))?,
            "keys" => text(path, &keys(story))?,
            _ => {
                let error = Error::usage(format!("-o {}: the format is not known", path.display()));
                return Err(error.remedy("the file's name ends in .pcapng, .json or .keys"));
            }
        }
    }
    Ok(())
}

fn create(path: &Path) -> Result<BufWriter<File>, Error> {
    let file = File::create(path).map_err(|error| failed(path, &error))?;
    Ok(BufWriter::new(file))
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::input(format!("cannot write {}: {error}", path.display()))
}

fn text(path: &Path, text: &str) -> Result<(), Error> {
    let mut file = create(path)?;
    file.write_all(text.as_bytes()).and_then(|()| file.flush()).map_err(|error| failed(path, &error))
}

fn keys(story: &Story) -> String {
    story.secrets()
}

fn pcapng(story: &Story, path: &Path) -> Result<(), Error> {
    let Some(trace) = story.trace() else {
        return Err(Error::usage(format!("-o {}: this is a capture already", path.display())));
    };
    let taps = story.tap().map_or(TapSet::All, TapSet::One);
    let numbers: std::collections::BTreeMap<FrameId, u32> =
        (1..=story.len() as u32).filter_map(|number| Some((story.frame_id(number)?, number))).collect();
    let comment = |frame: FrameId| {
        let row = story.row(*numbers.get(&frame)?)?;
        Some(row.meaning)
    };
    write_pcapng(create(path)?, trace, taps, comment).map_err(|error| failed(path, &error))
}
