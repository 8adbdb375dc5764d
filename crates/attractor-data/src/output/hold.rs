//! Holds a file, so that of several processes one at a time reads it, changes it and puts it back.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use super::{Listed, failure, followed};
use crate::error::{Error, Result};

/// The right to change a file. Other processes that ask for it wait, or are refused, until the value is dropped.
///
/// A locked file `.NAME.lock` beside the file stands for it, since the file itself is replaced. The system releases the
/// lock of a process that was killed; what is left of it then is an empty file, which the next process takes over.
#[derive(Debug)]
pub struct Hold {
    lock: PathBuf,
    /// Locked as long as it is open.
    _file: File,
    /// If the program is stopped, the file is removed as unfinished ones are.
    _listed: Listed,
}

impl Hold {
    /// Waits until no other process holds the file.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn wait(path: &Path) -> Result<Self> {
        Self::take(path, |file| file.lock().map(|()| true))
            .map(|hold| hold.expect("a lock that waits is had"))
    }

    /// Holds the file at once.
    ///
    /// # Errors
    /// Another process holds the file; the folder cannot be written to.
    pub fn at_once(path: &Path) -> Result<Self> {
        let lock = |file: &File| match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        };
        Self::take(path, lock)?.ok_or_else(|| {
            Error::content(
                path,
                "a file that nobody else is changing",
                "another process at it",
                "wait until that has ended, or write to another file",
            )
        })
    }

    fn take(path: &Path, lock: impl Fn(&File) -> std::io::Result<bool>) -> Result<Option<Self>> {
        let target = followed(path);
        let mut name = std::ffi::OsString::from(".");
        name.push(target.file_name().unwrap_or_default());
        name.push(".lock");
        let place = target.with_file_name(name);
        loop {
            let refuse = |reason| failure(path, reason);
            let file =
                File::options().create(true).truncate(false).write(true).open(&place).map_err(refuse)?;
            if !lock(&file).map_err(refuse)? {
                return Ok(None);
            }
            // The process that held it before may have removed the file that we waited for.
            if is_at(&file, &place) {
                return Ok(Some(Hold { _listed: Listed::new(&place), lock: place, _file: file }));
            }
        }
    }
}

/// Whether this open file is still the one at the path.
pub(crate) fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let place = |m: std::fs::Metadata| (m.dev(), m.ino());
        file.metadata().ok().map(place) == std::fs::metadata(path).ok().map(place)
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

impl Drop for Hold {
    /// Removes the file while it is still locked: a process that waits for it sees that it is gone, and makes its own.
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.lock);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn one_at_a_time_changes_a_file() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("count");
        std::fs::write(&path, "0").expect("file");
        let failed = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let _hold = Hold::wait(&path).expect("held");
                        if Hold::at_once(&path).is_ok() {
                            failed.fetch_add(1, Ordering::Relaxed);
                        }
                        let count: u64 =
                            std::fs::read_to_string(&path).expect("read").parse().expect("a number");
                        crate::write_atomically(&path, |file| write!(file, "{}", count + 1))
                            .expect("written");
                    }
                });
            }
        });
        assert_eq!(failed.into_inner(), 0);
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "400");
        assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 1, "nothing is left behind");
    }
}
