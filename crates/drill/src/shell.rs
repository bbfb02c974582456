//! The few shell commands that scripts use to set a machine up: `sysctl`, the files of them, and what needs no doing here.

use std::path::{Path, PathBuf};

use crate::kernel::{Kernel, Refused};
use crate::route::Route;
use crate::tables;

/// How deep files of commands may call one another.
const MAX_DEPTH: usize = 4;
/// The largest file of commands that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// A file that a command made, which `open` may find: its path and content.
pub(crate) type MadeFile = (PathBuf, Vec<u8>);

/// A shell that knows a few commands.
pub(crate) struct Shell<'a> {
    pub(crate) kernel: &'a mut Kernel,
    pub(crate) files: &'a mut Vec<MadeFile>,
    /// The machine's tables by their files' names.
    pub(crate) tables: &'a dyn Fn(&str) -> Option<String>,
}

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It is not known here, or asks for what is not.
    Refused(Refused),
    /// It was done, and it failed.
    Failed(String),
}

impl From<Refused> for Trouble {
    fn from(refused: Refused) -> Trouble {
        Trouble::Refused(refused)
    }
}

impl Trouble {
    /// What is wrong, in words.
    pub(crate) fn text(self) -> String {
        match self {
            Trouble::Refused(Refused(text)) | Trouble::Failed(text) => text,
        }
    }
}

impl Shell<'_> {
    /// Runs `text` as if in the directory `within`.
    pub(crate) fn run(&mut self, text: &str, within: &Path) -> Result<(), Trouble> {
        self.lines(text, within, 0)
    }

    /// Runs a file of commands.
    pub(crate) fn file(&mut self, path: &Path, depth: usize) -> Result<(), Trouble> {
        if depth >= MAX_DEPTH {
            return Err(Refused(format!("{} is called too deeply", path.display())).into());
        }
        let unreadable = |error: std::io::Error| Refused(format!("cannot read {}: {error}", path.display()));
        if std::fs::metadata(path).map_err(unreadable)?.len() > MAX_FILE {
            return Err(Refused(format!("{} is too long", path.display())).into());
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        self.lines(&text, path.parent().unwrap_or(Path::new(".")), depth + 1)
    }

    fn lines(&mut self, text: &str, within: &Path, depth: usize) -> Result<(), Trouble> {
        let joined = text.replace("\\\n", " ");
        for line in joined.lines() {
            for command in split(line) {
                self.alternatives(&command, within, depth)?;
            }
        }
        Ok(())
    }

    /// `this || that`: that if this fails.
    fn alternatives(&mut self, command: &str, within: &Path, depth: usize) -> Result<(), Trouble> {
        let mut last = Ok(());
        for command in command.split("||") {
            last = self.command(command, within, depth);
            if last.is_ok() {
                break;
            }
        }
        last
    }

    fn command(&mut self, command: &str, within: &Path, depth: usize) -> Result<(), Trouble> {
        let stages = pipeline(command).iter().map(|stage| words(stage)).collect::<Result<Vec<_>, _>>()?;
        let words = &stages[0];
        let counters = words.first().is_some_and(|name| name == "nstat");
        if counters || stages.len() > 1 || words.first().is_some_and(|name| name == "grep") {
            // `nstat -s` leaves them as they are.
            self.kernel.counters_read |= counters && words.iter().all(|word| word != "-s");
            return tables::search(&stages, self.tables);
        }
        let Some((name, arguments)) = words.split_first() else { return Ok(()) };
        if let (Some(file), "echo") = (written_file(command), name.as_str())
            && file != "/dev/null"
        {
            return Ok(self.write_setting(file, &arguments.join(" "))?);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let base = name.rsplit('/').next().unwrap_or(name);
        match (base, &arguments[..]) {
            ("sysctl", settings) => Ok(self.sysctl(settings)?),
            // Our machine is new for every script: no metrics are saved, and its queue drops nothing.
            ("ip", ["tcp_metrics", "flush", ..]) => {
                self.kernel.forget_metrics = true;
                Ok(())
            }
            ("ip", ["route", "change" | "replace", route @ ..])
            | ("ip", ["-6" | "-4", "route", "change" | "replace", route @ ..]) => {
                self.kernel.route = Route::parse(route).map_err(Refused)?;
                Ok(())
            }
            // Each packet of ours is one segment: what a device would cut is cut before.
            ("ethtool", ["-K" | "--offload" | "--features", _, features @ ..]) if are_offloads(features) => Ok(()),
            ("tc", ["qdisc", verb, "dev", _, "root", discipline @ ..]) => {
                let unknown = || Refused(format!("the queue discipline of `{}` is not known", command.trim()));
                self.kernel.qdisc = qdisc(self.kernel.qdisc, verb, discipline).ok_or_else(unknown)?;
                Ok(())
            }
            ("sleep" | "sync" | "true" | "echo" | ":", _) => Ok(()),
            ("rm", _) => Ok(()),
            ("dd", arguments) => Ok(self.dd(arguments)?),
            (_, settings)
                if !settings.is_empty() && settings.iter().all(|setting| setting.starts_with("/proc/sys/")) =>
            {
                Ok(settings.iter().try_for_each(|setting| self.setting(setting))?)
            }
            (_, []) if base.ends_with(".sh") => {
                let path = within.join(name);
                if name.starts_with("/tmp/") && !path.exists() {
                    // What would restore the machine's settings: there is nothing to restore.
                    return Ok(());
                }
                self.file(&path, depth)
            }
            _ => Err(Refused(format!("the command `{}` is not known", command.trim())).into()),
        }
    }

    /// `echo VALUE > FILE`: a setting, or a parameter of a module.
    fn write_setting(&mut self, file: &str, value: &str) -> Result<(), Refused> {
        let value = value.trim_start_matches("-n ");
        match file.strip_prefix("/sys/module/").and_then(|rest| rest.split_once("/parameters/")) {
            Some((module, parameter)) => self.kernel.set(&format!("{module}.{parameter}"), value),
            None if file.starts_with("/proc/sys/") => self.kernel.set(file, value),
            None => Err(Refused(format!("writing to {file} is not known"))),
        }
    }

    fn sysctl(&mut self, arguments: &[&str]) -> Result<(), Refused> {
        let mut settings = arguments.iter().filter(|argument| !argument.starts_with('-'));
        settings.try_for_each(|setting| self.setting(setting))
    }

    fn setting(&mut self, setting: &str) -> Result<(), Refused> {
        match setting.split_once('=') {
            Some((name, value)) => self.kernel.set(name, value),
            None => Err(Refused(format!("`{setting}` sets nothing"))),
        }
    }

    /// `dd if=/dev/zero of=FILE bs=N count=M`: a file of zeros.
    fn dd(&mut self, arguments: &[&str]) -> Result<(), Refused> {
        let value = |name: &str| arguments.iter().find_map(|argument| argument.strip_prefix(name));
        let (Some("/dev/zero"), Some(file)) = (value("if="), value("of=")) else {
            return Err(Refused(format!("`dd {}` is not known", arguments.join(" "))));
        };
        let size = |name: &str, default| match value(name) {
            None => Some(default),
            Some(text) => base::parse_bytes(text).ok(),
        };
        let len = size("bs=", 512).zip(size("count=", 1)).and_then(|(size, count)| size.checked_mul(count));
        let len = len.filter(|len| *len <= 1 << 30).ok_or_else(|| Refused("dd's file is too large".to_owned()))?;
        self.files.push((file.into(), vec![0; len as usize]));
        Ok(())
    }
}

/// Whether these words of `ethtool -K` switch offloads of sending and of sums on or off.
fn are_offloads(words: &[&str]) -> bool {
    let known = |name| matches!(name, "tso" | "gso" | "gro" | "lro" | "sg" | "rx" | "tx" | "tx-nocache-copy");
    words.chunks(2).all(|pair| matches!(pair, [name, "on" | "off"] if known(*name))) && !words.is_empty()
}

/// What `tc qdisc VERB dev DEVICE root DISCIPLINE` leaves in front of the device, where `now` is.
fn qdisc(now: tcp::Qdisc, verb: &str, discipline: &[&str]) -> Option<tcp::Qdisc> {
    match (verb, discipline) {
        ("del" | "delete", _) => Some(tcp::Qdisc::Fifo),
        ("add" | "replace" | "change", ["fq"]) => Some(tcp::Qdisc::Fq),
        ("add" | "replace" | "change", ["pfifo", "limit", limit]) => {
            // What leaves is gone at once: any room is enough.
            let limit: u32 = limit.parse().ok()?;
            Some(if limit == 0 { tcp::Qdisc::Full } else { tcp::Qdisc::Fifo })
        }
        // As on Linux: one of the kind that is there keeps what is not named.
        ("replace", ["pfifo"]) if now == tcp::Qdisc::Full => Some(now),
        ("add" | "replace", ["pfifo" | "pfifo_fast" | "noqueue"]) => Some(tcp::Qdisc::Fifo),
        _ => None,
    }
}

/// The commands of a line, without its comment and without redirections.
fn split(line: &str) -> Vec<String> {
    let mut commands = vec![String::new()];
    let mut quote = None;
    let mut depth = 0u32;
    let mut before = ' ';
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, '#') if before.is_whitespace() => break,
            (None, ';') if depth == 0 => {
                commands.push(String::new());
                before = ' ';
                continue;
            }
            (None, '&') if chars.peek() == Some(&'&') => {
                chars.next();
                commands.push(String::new());
                before = ' ';
                continue;
            }
            _ => {}
        }
        before = c;
        if let Some(command) = commands.last_mut() {
            command.push(c);
        }
    }
    commands
}

/// The stages of a pipe.
fn pipeline(command: &str) -> Vec<String> {
    let mut stages = vec![String::new()];
    let mut quote = None;
    for c in command.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '|') => {
                stages.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(stage) = stages.last_mut() {
            stage.push(c);
        }
    }
    stages
}

/// The words of a command: quotes taken off, arithmetic done, redirections left out.
fn words(command: &str) -> Result<Vec<String>, Refused> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut rest = command;
    while let Some(c) = rest.chars().next() {
        if quote != Some('\'')
            && let Some(inner) = rest.strip_prefix("$((")
        {
            let end = inner.find("))").ok_or_else(|| Refused(format!("`{}` is never closed", command.trim())))?;
            let value = product(&inner[..end]).ok_or_else(|| Refused(format!("cannot compute `{}`", &inner[..end])))?;
            word.get_or_insert_default().push_str(&value.to_string());
            rest = &inner[end + 2..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    let mut kept = Vec::new();
    let mut skip = false;
    for word in words {
        let redirects = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
        match redirects.strip_prefix('>') {
            _ if std::mem::take(&mut skip) => {}
            Some(target) => skip = target.trim_start_matches('>').is_empty(),
            None => kept.push(word),
        }
    }
    Ok(kept)
}

/// The file that a command's output is redirected to.
fn written_file(command: &str) -> Option<&str> {
    let (_, file) = command.rsplit_once('>')?;
    file.trim().split(char::is_whitespace).next().filter(|file| file.starts_with('/'))
}

/// A product of whole numbers: all the arithmetic that is needed.
fn product(text: &str) -> Option<u64> {
    text.split('*')
        .map(|factor| factor.trim().parse::<u64>().ok())
        .try_fold(1u64, |product, factor| product.checked_mul(factor?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> Result<Kernel, Trouble> {
        let (mut kernel, mut files) = (Kernel::default(), Vec::new());
        let table = |name: &str| {
            (name == "/proc/net/tcp" || name == "nstat").then(|| "0: 0100007F:1F90 00000000:0000 0A \n".to_owned())
        };
        Shell { kernel: &mut kernel, files: &mut files, tables: &table }.run(text, Path::new("."))?;
        Ok(kernel)
    }

    #[test]
    fn settings_are_read_in_each_of_their_spellings() {
        let text = "# a comment\nsysctl -q net.ipv4.tcp_sack=0 net/ipv4/tcp_timestamps=0\n\
                    set.py /proc/sys/net/ipv4/tcp_wmem=\"4096 50000 4194304\" # and so on\n\
                    sysctl -q net.ipv4.tcp_rmem=\"4096 540000 $((15*1024*1024))\" > /dev/null 2>&1";
        let kernel = run(text).unwrap();
        assert_eq!(kernel.number("tcp_sack"), 0);
        assert!(!kernel.tcp().timestamps);
        assert_eq!((kernel.memory("tcp_wmem", 1), kernel.memory("tcp_rmem", 2)), (50_000, 15 << 20));
    }

    #[test]
    fn what_is_not_known_is_never_ignored() {
        for text in ["sysctl -q net.ipv4.tcp_turbo=1", "sysctl net.ipv4.tcp_sack=perhaps", "iptables -F", "nowhere.sh"]
        {
            assert!(run(text).is_err(), "{text}");
        }
    }

    #[test]
    fn grep_fails_as_it_does_where_no_line_has_it() {
        assert!(run("grep \" 0A \" /proc/net/tcp | grep \":1F90\"").is_ok());
        assert!(matches!(run("grep \" 0A \" /proc/net/tcp | grep \":1F91\""), Err(Trouble::Failed(_))));
        assert!(run("nstat > /dev/null; nstat | grep 0A >/dev/null").is_ok());
        assert!(matches!(run("nstat | grep 0B"), Err(Trouble::Failed(_))));
        for text in ["grep '0.' /proc/net/tcp", "grep 0A /etc/passwd", "grep -c 0A /proc/net/tcp", "true | false"] {
            assert!(matches!(run(text), Err(Trouble::Refused(_))), "{text}");
        }
    }
}
