//! Builds the page from `page/` with the locked npm build, and puts its one file into the program.
//!
//! The sources are copied below the target directory, so that the source tree stays clean, and what came out is kept there
//! under the hash of the sources: several profiles share it, and nothing is built again unless the page changed. Without a
//! fit Node or without npm's registry the program is built without its page and says so.
//!
//! `WIRESCOPE_PAGE=skip` leaves the page out; `WIRESCOPE_PAGE=required` (or `WIRESCOPE_ORACLES=required`) makes its absence
//! an error.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

/// What a page is made of, in `page/`. Folders with all that is in them.
const SOURCES: &[&str] =
    &["package.json", "package-lock.json", "index.html", "vite.config.ts", "tsconfig.json", "svelte.config.js", "src"];
/// The first Node that the tools run on (vite 8: ^20.19 or >= 22.12).
const NODE: (u32, u32) = (20, 19);
const NODE_22: (u32, u32) = (22, 12);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=WIRESCOPE_PAGE");
    println!("cargo::rerun-if-env-changed=WIRESCOPE_ORACLES");
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let wanted = variable("WIRESCOPE_PAGE");
    let required = wanted == "required" || (wanted != "skip" && variable("WIRESCOPE_ORACLES") == "required");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../page");
    let out = PathBuf::from(variable("OUT_DIR"));
    let made =
        if wanted == "skip" { Err("WIRESCOPE_PAGE=skip left it out".to_owned()) } else { page_file(&page, &out) };
    let code = match made {
        Ok(html) => {
            format!("pub const PAGE: Option<&str> = Some(include_str!({html:?}));\npub const WHY_NOT: &str = \"\";\n")
        }
        Err(why) if required => {
            println!("cargo::error=the page cannot be built: {why}");
            return;
        }
        Err(why) => {
            if wanted != "skip" {
                println!("cargo::warning=the page is left out: {}", why.replace('\n', " "));
            }
            format!("pub const PAGE: Option<&str> = None;\npub const WHY_NOT: &str = {why:?};\n")
        }
    };
    if let Err(error) = fs::write(out.join("page.rs"), code) {
        println!("cargo::error=cannot write to {}: {error}", out.display());
    }
}

/// The page's one file: built before, or built now.
fn page_file(page: &Path, out: &Path) -> Result<PathBuf, String> {
    let files = sources(page).map_err(|error| format!("{}: {error}", page.display()))?;
    let mut hash = Sha256::new();
    for (name, bytes) in &files {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    let key: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    // OUT_DIR is target/PROFILE/build/PACKAGE/out.
    let cache = out.ancestors().nth(4).ok_or("OUT_DIR is not in a target directory")?.join("page");
    let made = cache.join(format!("{key}.html"));
    if !made.exists() {
        build(&files, &cache, &made)?;
    }
    Ok(made)
}

/// Every source of the page, with its name, in order.
fn sources(page: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    let mut todo: Vec<PathBuf> = SOURCES.iter().map(|name| page.join(name)).filter(|path| path.exists()).collect();
    println!("cargo::rerun-if-changed={}", page.join("package.json").display());
    while let Some(path) = todo.pop() {
        println!("cargo::rerun-if-changed={}", path.display());
        if path.is_dir() {
            for entry in fs::read_dir(&path)? {
                todo.push(entry?.path());
            }
        } else {
            let name = path.strip_prefix(page).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            // Tests are no part of the page.
            if !name.ends_with(".test.ts") {
                files.push((name, fs::read(&path)?));
            }
        }
    }
    if files.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "there are no sources of the page"));
    }
    files.sort();
    Ok(files)
}

/// Builds the page in a folder of its own; one builder at a time.
fn build(files: &[(String, Vec<u8>)], cache: &Path, made: &Path) -> Result<(), String> {
    fit_node()?;
    let work = cache.join("work");
    fs::create_dir_all(&work).map_err(|error| format!("{}: {error}", work.display()))?;
    // Another profile may be at it.
    let lock = fs::File::create(cache.join("lock")).map_err(|error| format!("the lock: {error}"))?;
    lock.lock().map_err(|error| format!("the lock: {error}"))?;
    if made.exists() {
        return Ok(());
    }
    let installed = work.join("node_modules/.installed");
    let lock_file = files.iter().find(|(name, _)| name == "package-lock.json");
    let lock_file = lock_file.map(|(_, bytes)| bytes.as_slice()).ok_or("package-lock.json is missing")?;
    if fs::read(&installed).ok().as_deref() != Some(lock_file) {
        fs::remove_dir_all(&work).map_err(|error| format!("{}: {error}", work.display()))?;
    } else {
        let _ = fs::remove_dir_all(work.join("src"));
    }
    for (name, bytes) in files {
        let path = work.join(name);
        let folder = path.parent().unwrap_or(&work);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, bytes))
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    if !installed.exists() {
        npm(
            &work,
            &["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=2", "--fetch-timeout=60000"],
        )?;
        fs::write(&installed, lock_file).map_err(|error| format!("{}: {error}", installed.display()))?;
    }
    npm(&work, &["run", "build", "--", "--outDir", "made", "--emptyOutDir", "--logLevel", "warn"])?;
    let file = work.join("made/index.html");
    let html = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    if !html.contains("id=\"wirescope-data\"") {
        return Err("the page has no place for a run (an element with the id wirescope-data)".to_owned());
    }
    let part = made.with_extension("part");
    fs::write(&part, html)
        .and_then(|()| fs::rename(&part, made))
        .map_err(|error| format!("{}: {error}", made.display()))
}

/// Checks that Node is there and new enough.
fn fit_node() -> Result<(), String> {
    let output =
        Command::new("node").arg("--version").output().map_err(|_| "there is no Node (node --version)".to_owned())?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut numbers = version.trim_start_matches('v').split('.').map(|part| part.parse().unwrap_or(0));
    let found: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if (found.0 == NODE.0 && found >= NODE) || found >= NODE_22 {
        return Ok(());
    }
    Err(format!("Node {version} is too old: 20.19 or 22.12 and newer will do"))
}

/// Runs npm; the error holds the end of what it said.
fn npm(work: &Path, arguments: &[&str]) -> Result<(), String> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let output = Command::new(program)
        .args(arguments)
        .current_dir(work)
        .env("CI", "1")
        .env("NO_UPDATE_NOTIFIER", "1")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("npm cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let end: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let end = end[end.len().saturating_sub(12)..].join("\n");
    Err(format!("npm {} failed: {end}", arguments.first().copied().unwrap_or_default()))
}
