//! Workers: the processes that share a file of results, and show each other that they are alive.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use attractor_report::{Error, Result};

/// A living process as other processes see it: a locked file in a folder beside the results.
#[derive(Debug)]
pub(crate) struct Worker {
    folder: PathBuf,
    pub(crate) name: String,
    /// Locked as long as it is open.
    _file: File,
}

impl Worker {
    /// Locks a file beside this file of results.
    pub(crate) fn begin(store: &Path) -> Result<Self> {
        let mut name = store.file_name().unwrap_or_default().to_owned();
        name.push("-workers");
        let folder = store.with_file_name(name);
        let refuse = |error: std::io::Error| Error::store(&folder, &error.to_string());
        std::fs::create_dir_all(&folder).map_err(refuse)?;
        // What a link leads to is not ours to clean.
        if std::fs::symlink_metadata(&folder).is_ok_and(|m| !m.is_dir()) {
            return Err(Error::store(&folder, "it is a link and not a folder; remove it"));
        }
        for number in 0.. {
            let name = format!("{}-{number}", std::process::id());
            let path = folder.join(&name);
            // A file of this name may be locked by a living worker, of this process or of one with the same
            // number on another machine. And a process that cleans up may have removed our file before we
            // locked it.
            let file = match File::options().create(true).truncate(false).write(true).open(&path) {
                // Another process has just removed the folder with its last file.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    std::fs::create_dir_all(&folder).map_err(refuse)?;
                    continue;
                }
                file => file.map_err(refuse)?,
            };
            match file.try_lock() {
                Ok(()) if path.exists() => {
                    let worker = Worker { folder, name, _file: file };
                    worker.clean();
                    return Ok(worker);
                }
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(refuse(error)),
            }
        }
        unreachable!("there are more names than processes")
    }

    /// Removes the files of dead workers.
    fn clean(&self) {
        let names = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for other in names.filter_map(|entry| entry.file_name().into_string().ok()) {
            if other != self.name {
                self.is_alive(&other);
            }
        }
    }

    /// Whether another worker is alive. The file of a dead one is removed.
    ///
    /// A file of results may come from anywhere. What it gives as the name of a worker is looked for only if it has the
    /// form of one, `PROCESS-NUMBER`, and stands for a plain file of the workers' folder.
    pub(crate) fn is_alive(&self, other: &str) -> bool {
        let number = |text: &str| (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if !other.split_once('-').is_some_and(|(process, count)| number(process) && number(count)) {
            return false;
        }
        let path = self.folder.join(other);
        if !std::fs::symlink_metadata(&path).is_ok_and(|m| m.is_file()) {
            return false;
        }
        match File::options().write(true).open(&path) {
            Ok(file) if file.try_lock().is_ok() => {
                let _ = std::fs::remove_file(&path);
                false
            }
            Ok(_) => true,
            Err(error) => error.kind() != std::io::ErrorKind::NotFound,
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The last worker also removes the folder.
        let _ = std::fs::remove_file(self.folder.join(&self.name));
        let _ = std::fs::remove_dir(&self.folder);
    }
}
