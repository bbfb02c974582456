//! Files without a name: what is handed over, and what is made to be saved, is kept in one instead of in memory. Nobody else can
//! open it, and it is gone with whoever holds it, however the program ends.

use std::io::{self, Write};
use std::path::Path;

use capture::read::Held;

use crate::api::{Code, Problem};

/// What is being written to such a file. Where a file that is open cannot be without a name (elsewhere than on Unix), it is
/// memory.
#[derive(Debug)]
pub struct Spool {
    #[cfg(unix)]
    file: std::fs::File,
    #[cfg(not(unix))]
    file: Vec<u8>,
    len: u64,
}

impl Spool {
    /// An empty one, in the system's folder for such files (`TMPDIR`).
    ///
    /// # Errors
    /// If none can be made there.
    pub fn new() -> io::Result<Spool> {
        Spool::within(&std::env::temp_dir())
    }

    #[cfg(unix)]
    fn within(folder: &Path) -> io::Result<Spool> {
        use std::os::unix::fs::OpenOptionsExt as _;
        use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
        static MADE: AtomicU64 = AtomicU64::new(0);
        loop {
            let name = format!("wirescope-{}-{}", std::process::id(), MADE.fetch_add(1, Relaxed));
            let path = folder.join(name);
            // Only a file that was not there before, and no link: whoever waits for the name gets nothing.
            match std::fs::OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => {
                    std::fs::remove_file(&path)?;
                    return Ok(Spool { file, len: 0 });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
    #[cfg(not(unix))]
    fn within(_folder: &Path) -> io::Result<Spool> {
        Ok(Spool { file: Vec::new(), len: 0 })
    }

    /// What was written, to be read.
    pub fn into_held(self) -> Held {
        #[cfg(unix)]
        return Held::File(std::sync::Arc::new(self.file), self.len);
        #[cfg(not(unix))]
        return Held::Memory(self.file.into());
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.len += written as u64;
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Why something cannot be kept in a file.
pub fn no_room(error: &io::Error) -> Problem {
    let folder = std::env::temp_dir();
    let message = format!("it cannot be kept in {}: {error}", folder.display());
    Problem::new(Code::NoRoom, message).remedy("make room there, or name another folder in TMPDIR and start anew")
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn it_has_no_name_and_is_nobody_elses() {
        use std::os::unix::fs::MetadataExt as _;
        let folder = std::env::temp_dir().join(format!("wirescope-spool-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let mut spool = Spool::within(&folder).unwrap();
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        std::fs::remove_dir(&folder).unwrap();
        let about = spool.file.metadata().unwrap();
        assert_eq!((about.mode() & 0o777, about.nlink()), (0o600, 0));
        spool.write_all(b"some").unwrap();
        let held = spool.into_held();
        let mut read = Vec::new();
        held.reader().read_to_end(&mut read).unwrap();
        assert_eq!((held.len(), &read[..]), (4, &b"some"[..]));
        assert_eq!(Spool::within(&folder).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_told() {
        let file = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = Spool { file, len: 0 }.write_all(b"some").unwrap_err();
        let problem = no_room(&error);
        assert_eq!(problem.code, Code::NoRoom);
        assert!(problem.message.contains("No space left") && problem.remedy.is_some(), "{}", problem.message);
    }
}
