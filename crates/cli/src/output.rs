//! `-o`: the run as files.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use story::Story;
use web::Workshop;

use crate::args::View;
use crate::error::Error;

/// Writes every file that the view asks for.
pub fn write(workshop: &Workshop, view: &View) -> Result<(), Error> {
    let story = workshop.story();
    for path in &view.output {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension {
            "pcapng" => pcapng(story, path)?,
            "json" => text(path, &format!("{:#}\n", workshop.subject().document(story)))?,
            "keys" => text(path, &story.secrets())?,
            "svg" => text(path, &export::ladder_svg(story, &workshop.subject().title))?,
            "html" => html(workshop, path)?,
            _ => {
                let error = Error::usage(format!("-o {}: the format is not known", path.display()));
                return Err(error.remedy("the file's name ends in .pcapng, .json, .svg, .html or .keys"));
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

fn pcapng(story: &Story, path: &Path) -> Result<(), Error> {
    if story.trace().is_none() {
        return Err(Error::usage(format!("-o {}: this is a capture already", path.display())));
    }
    export::write_story(create(path)?, story).map_err(|error| failed(path, &error))
}

fn html(workshop: &Workshop, path: &Path) -> Result<(), Error> {
    let name = path.display();
    let page = web::html("file", workshop, workshop.main(), None).map_err(|error| {
        Error::input(format!("-o {name}: {error}")).remedy("build the program where Node 20.19 or newer is")
    })?;
    text(path, &page)
}
