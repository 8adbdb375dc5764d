//! Writes files. A file is complete or does not appear at all.

mod hold;
mod npy;
mod npz;
mod png;

pub use hold::Hold;
pub(crate) use hold::is_at;
pub use npy::{NpyWriter, Number, write_npy};
pub use npz::NpzWriter;
pub use png::write_png;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// A file that is being written. It is written under a temporary name and moved to its path when complete.
///
/// A link is followed to the file that it names, which may not exist yet. A device or pipe is written to directly, since
/// it must not be replaced; so is an open file that is named by its number, as `/dev/stdout` does, which may have been
/// opened to be appended to. If the value is dropped before [`commit`](NewFile::commit), nothing is left behind.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    target: PathBuf,
    /// The first error of a write.
    failure: Option<std::io::Error>,
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    Beside(BufWriter<tempfile::NamedTempFile>, Listed),
    Device(BufWriter<File>),
}

/// Files that are being written, and folders that were made for them. They are removed if the program is stopped, folders only if they are empty.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Creates a folder for results, with the folders that it is in. Those that did not exist are removed by [`abandon_unfinished`] if nothing was
/// written to them.
///
/// # Errors
/// The folder cannot be made.
pub fn make_folder(folder: &Path) -> Result<()> {
    let missing = folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists());
    let mut made: Vec<PathBuf> = missing.map(Path::to_path_buf).collect();
    made.reverse();
    let made_all = std::fs::create_dir_all(folder);
    unfinished(|paths| paths.extend(made));
    made_all.map_err(|reason| Error::Write { path: folder.to_owned(), reason })
}

/// Removes every unfinished file, and folders of [`make_folder`] that are empty. It is for a program that is about to exit: no file can be
/// written afterwards.
///
/// It may be called by a signal's handler or by a panic hook, at any time and more than once. It returns within a
/// second, even if the thread that it interrupted holds the list.
pub fn abandon_unfinished() {
    const PATIENCE: Duration = Duration::from_secs(1);
    let begun = Instant::now();
    let guard = loop {
        match UNFINISHED.try_lock() {
            Ok(guard) => break guard,
            Err(TryLockError::Poisoned(guard)) => break guard.into_inner(),
            Err(TryLockError::WouldBlock) if begun.elapsed() > PATIENCE => return,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    // The last first, so that folders come after their files.
    for path in guard.iter().rev() {
        // It does not matter if the file is already gone. A folder that holds something stays.
        let _ = if path.is_dir() { std::fs::remove_dir(path) } else { std::fs::remove_file(path) };
    }
    std::mem::forget(guard);
}

fn unfinished(change: impl FnOnce(&mut Vec<PathBuf>)) {
    change(&mut UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner));
}

/// An entry in the list of unfinished files.
#[derive(Debug)]
struct Listed(PathBuf);

impl Listed {
    /// Lists a file that is there.
    fn new(path: &Path) -> Self {
        unfinished(|files| files.push(path.to_owned()));
        Listed(path.to_owned())
    }

    /// Creates a file and lists it in one step, so that no file is created after [`abandon_unfinished`].
    fn create(
        create: impl FnOnce() -> std::io::Result<tempfile::NamedTempFile>,
    ) -> std::io::Result<(tempfile::NamedTempFile, Self)> {
        let mut files = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
        let file = create()?;
        files.push(file.path().to_owned());
        let listed = Listed(file.path().to_owned());
        Ok((file, listed))
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        unfinished(|files| files.retain(|f| *f != self.0));
    }
}

impl NewFile {
    /// Creates the temporary file.
    ///
    /// # Errors
    /// The folder does not exist or cannot be written to.
    pub fn create(path: &Path) -> Result<Self> {
        let failed = |reason| failure(path, reason);
        let target = followed(path);
        let special = std::fs::metadata(&target).is_ok_and(|m| !m.is_file() && !m.is_dir());
        let inner = if let Some(file) = open_already(path).map_err(failed)? {
            Inner::Device(BufWriter::new(file))
        } else if special {
            Inner::Device(BufWriter::new(File::options().write(true).open(&target).map_err(failed)?))
        } else {
            if target.is_dir() {
                return Err(failed(std::io::ErrorKind::IsADirectory.into()));
            }
            let folder = match target.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            // A file that may not be written must not be replaced.
            if let Ok(old) = std::fs::metadata(&target) {
                if old.permissions().readonly() {
                    return Err(failed(std::io::ErrorKind::PermissionDenied.into()));
                }
                File::options().write(true).open(&target).map_err(failed)?;
            }
            let mut builder = tempfile::Builder::new();
            builder.prefix(".attractor-").suffix(".tmp");
            // Temporary files are private. The result gets the permissions of any other new file.
            #[cfg(unix)]
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
            let (file, listed) = Listed::create(|| builder.tempfile_in(folder)).map_err(failed)?;
            Inner::Beside(BufWriter::new(file), listed)
        };
        Ok(NewFile { path: path.to_owned(), target, failure: None, inner })
    }

    /// Keeps an error of a write for [`commit`](NewFile::commit).
    fn note<T>(&mut self, result: std::io::Result<T>) -> std::io::Result<T> {
        if let Err(error) = &result {
            let kept =
                error.raw_os_error().map_or_else(|| error.kind().into(), std::io::Error::from_raw_os_error);
            self.failure.get_or_insert(kept);
        }
        result
    }

    /// Completes the file and moves it to its path.
    ///
    /// # Errors
    /// The system refused this or an earlier write. An old file of that name is still there.
    pub fn commit(mut self) -> Result<()> {
        let _ = self.flush();
        if let Some(reason) = self.failure.take() {
            return Err(failure(&self.path, reason));
        }
        let NewFile { path, target, inner, .. } = self;
        let Inner::Beside(buffer, listed) = inner else {
            return Ok(());
        };
        let failed = |reason| failure(&path, reason);
        let file = buffer.into_inner().map_err(|e| failed(e.into_error()))?;
        if let Ok(old) = std::fs::metadata(&target) {
            file.as_file().set_permissions(old.permissions()).map_err(failed)?;
        }
        file.persist(&target).map_err(|e| failed(e.error))?;
        drop(listed);
        Ok(())
    }

    /// The folder of the temporary file.
    pub(crate) fn folder(&self) -> &Path {
        self.target.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    /// The error for a failed write, which names the file.
    pub fn refused(&self, error: std::io::Error) -> Error {
        failure(&self.path, error)
    }
}

/// The file that a path names when all links are followed. The last link may lead to a file that does not exist yet.
fn followed(path: &Path) -> PathBuf {
    /// As many links as systems follow.
    const LINKS: usize = 40;
    let mut target = path.to_owned();
    for _ in 0..LINKS {
        if let Ok(real) = std::fs::canonicalize(&target) {
            return real;
        }
        match std::fs::read_link(&target) {
            Ok(link) => target = target.parent().unwrap_or(Path::new("")).join(link),
            Err(_) => break,
        }
    }
    target
}

/// The open file that a path such as `/dev/stdout` or `/dev/fd/3` names by its number. It goes on where the file is, or at
/// its end.
#[cfg(unix)]
fn open_already(path: &Path) -> std::io::Result<Option<File>> {
    use std::os::fd::AsFd;
    let number = match path.to_str() {
        Some("/dev/stdout") => Some("1"),
        Some("/dev/stderr") => Some("2"),
        Some(text) => text.strip_prefix("/dev/fd/").or(text.strip_prefix("/proc/self/fd/")),
        None => None,
    };
    match number {
        Some("1") => Ok(Some(std::io::stdout().as_fd().try_clone_to_owned()?.into())),
        Some("2") => Ok(Some(std::io::stderr().as_fd().try_clone_to_owned()?.into())),
        Some(_) => File::options().append(true).open(path).map(Some),
        None => Ok(None),
    }
}

#[cfg(not(unix))]
fn open_already(_path: &Path) -> std::io::Result<Option<File>> {
    Ok(None)
}

/// The system's error without the name of the temporary file, which the user does not know.
fn failure(path: &Path, error: std::io::Error) -> Error {
    let mut code = error.raw_os_error();
    let mut cause = std::error::Error::source(&error);
    while let (None, Some(inner)) = (code, cause) {
        code = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::raw_os_error);
        cause = inner.source();
    }
    let reason = match code {
        Some(code) => std::io::Error::from_raw_os_error(code),
        // The system's words are lost with its code.
        None if error.kind() == std::io::ErrorKind::NotFound => {
            std::io::Error::new(error.kind(), "its folder does not exist")
        }
        None => error.kind().into(),
    };
    Error::Write { path: path.to_owned(), reason }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let result = match &mut self.inner {
            Inner::Beside(file, _) => file.write(bytes),
            Inner::Device(file) => file.write(bytes),
        };
        self.note(result)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let result = match &mut self.inner {
            Inner::Beside(file, _) => file.flush(),
            Inner::Device(file) => file.flush(),
        };
        self.note(result)
    }
}

/// Writes a whole file.
///
/// # Errors
/// The system or `write` failed. An old file of that name is still there.
pub fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<()> {
    let mut file = NewFile::create(path)?;
    write(&mut file).map_err(|error| file.refused(error))?;
    file.commit()
}
