//! Writes files. A file is complete or does not appear at all.

mod npy;
mod npz;
mod png;

pub use npy::{NpyWriter, Number, write_npy};
pub use npz::NpzWriter;
pub use png::write_png;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};

/// A file that is being written. It is written under a temporary name and moved to its path when complete.
///
/// A device or pipe is written to directly, since it must not be replaced. If the value is dropped before
/// [`commit`](NewFile::commit), nothing is left behind.
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

/// Files that are being written, which are removed if the program is stopped.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes every unfinished file. It is for a program that is about to exit: no file can be written afterwards.
pub fn abandon_unfinished() {
    let guard = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    for path in guard.iter() {
        // It does not matter if the file is already gone.
        let _ = std::fs::remove_file(path);
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
        // A link is followed to the file that it names.
        let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let special = std::fs::metadata(&target).is_ok_and(|m| !m.is_file() && !m.is_dir());
        let inner = if special {
            Inner::Device(BufWriter::new(File::options().write(true).open(&target).map_err(failed)?))
        } else {
            if target.is_dir() {
                return Err(failed(std::io::ErrorKind::IsADirectory.into()));
            }
            let folder = match target.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            // A read-only file must not be replaced.
            if std::fs::metadata(&target).is_ok_and(|m| m.permissions().readonly()) {
                return Err(failed(std::io::ErrorKind::PermissionDenied.into()));
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

    /// The error for a failed write.
    pub(crate) fn refused(&self, error: std::io::Error) -> Error {
        failure(&self.path, error)
    }
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
