//! `-o`: the run as files.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use story::Story;
use web::Workshop;

use crate::args::View;
use crate::error::Error;

/// Packets that a JSON document or a drawing is made of at most: each takes some 7 kB of memory.
const MOST: usize = 100_000;

/// Refuses a JSON document or a drawing of more packets than fit in memory.
pub fn few(packets: usize, what: &str) -> Result<(), Error> {
    if packets <= MOST {
        return Ok(());
    }
    let error =
        Error::usage(format!("{what} of {packets} packets would not fit in memory: at most {MOST} are written"));
    Err(error
        .remedy("choose packets with --filter, --connection or --request; --format jsonl and -o FILE.csv write all"))
}

/// Writes every file that the view asks for, of `packets` or of all.
pub fn write(workshop: &Workshop, view: &View, packets: Option<&[u32]>) -> Result<(), Error> {
    let story = workshop.story();
    let count = packets.map_or(story.len(), <[u32]>::len);
    for path in &view.output {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension {
            "pcapng" => pcapng(story, path, packets)?,
            "json" | "svg" => {
                few(count, &format!("-o {}", path.display()))?;
                let subject = workshop.subject();
                let written = match extension {
                    "svg" => export::ladder_svg(story, packets, None, &subject.title),
                    _ => format!("{:#}\n", subject.document(story, packets)),
                };
                text(path, &written)?;
            }
            "jsonl" => with(path, |out| export::write_jsonl(out, story, packets))?,
            "csv" => {
                let table = table(path)?;
                with(path, |out| table.write_csv(out, story, packets))?;
            }
            "parquet" => crate::parquet::write(path, story, packets)?,
            "har" => har(story, path, packets)?,
            "keys" => text(path, &story.secrets())?,
            "html" => html(workshop, path)?,
            _ => {
                let error = Error::usage(format!("-o {}: the format is not known", path.display()));
                return Err(error.remedy(
                    "the file's name ends in .pcapng, .json, .jsonl, .csv, .parquet, .har, .svg, .html or .keys",
                ));
            }
        }
    }
    Ok(())
}

/// Makes a file.
pub fn create(path: &Path) -> Result<BufWriter<File>, Error> {
    let file = File::create(path).map_err(|error| failed(path, &error))?;
    Ok(BufWriter::new(file))
}

/// A file could not be written.
pub fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::input(format!("cannot write {}: {error}", path.display()))
}

fn text(path: &Path, text: &str) -> Result<(), Error> {
    let mut file = create(path)?;
    file.write_all(text.as_bytes()).and_then(|()| file.flush()).map_err(|error| failed(path, &error))
}

/// Writes a file by way of a buffer.
fn with(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>) -> Result<(), Error> {
    let mut file = create(path)?;
    write(&mut file).and_then(|()| file.flush()).map_err(|error| failed(path, &error))
}

/// The table that a file's name asks for: `NAME.requests.csv`; that of the packets for a plain `.csv`.
pub fn table(path: &Path) -> Result<&'static export::Table, Error> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let named = export::table(stem.rsplit('.').next().unwrap_or_default());
    let table = named.or_else(|| export::table("packets"));
    table.ok_or_else(|| Error::usage(format!("-o {}: there is no such table", path.display())))
}

fn har(story: &Story, path: &Path, packets: Option<&[u32]>) -> Result<(), Error> {
    with(path, |out| {
        let written = export::write_har(out, story, packets)?;
        warn_of_har(path, written, story.analysis().requests.len());
        Ok(())
    })
}

/// Says that a HAR is empty because no request could be read.
pub fn warn_of_har(path: &Path, written: usize, all: usize) {
    if written == 0 && all > 0 {
        let _ = writeln!(
            std::io::stderr(),
            "warning: -o {}: none of the {all} requests can be read\n  help: give the TLS secrets with --keylog",
            path.display()
        );
    }
}

fn pcapng(story: &Story, path: &Path, packets: Option<&[u32]>) -> Result<(), Error> {
    export::write_story(create(path)?, story, packets).map_err(|error| failed(path, &error))
}

fn html(workshop: &Workshop, path: &Path) -> Result<(), Error> {
    let name = path.display();
    let page = web::html("file", workshop, workshop.main(), None).map_err(|error| {
        Error::input(format!("-o {name}: {error}")).remedy("build the program where Node 20.19 or newer is")
    })?;
    text(path, &page)
}
