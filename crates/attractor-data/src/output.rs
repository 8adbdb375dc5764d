//! Files appear whole or not at all.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::error::{Error, Result};

/// Writes a file by way of a temporary one beside it, which takes its place when complete.
///
/// A device or pipe is written to directly, since it must not be replaced.
///
/// # Errors
/// Whatever the system or `write` says; then the old file, if any, is still there.
pub fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<()> {
    let path_as_given = path;
    // Only what the system says, not the name of a file that nobody asked for.
    let failed = |error: std::io::Error| {
        let reason = error.raw_os_error().map_or(error, std::io::Error::from_raw_os_error);
        Error::Write { path: path_as_given.to_owned(), reason }
    };
    // Through a link to the file that it names.
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let path = target.as_path();
    let special = std::fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir());
    if special {
        let mut file = BufWriter::new(File::options().write(true).open(path).map_err(failed)?);
        write(&mut file).and_then(|()| file.flush()).map_err(failed)?;
        return Ok(());
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let file =
        tempfile::Builder::new().prefix(".attractor-").suffix(".tmp").tempfile_in(folder).map_err(failed)?;
    let mut buffer = BufWriter::new(file);
    write(&mut buffer).and_then(|()| buffer.flush()).map_err(failed)?;
    let file = buffer.into_inner().map_err(|e| failed(e.into_error()))?;
    // A temporary file is private; a result is as readable as any other new file.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let wanted = std::fs::metadata(path).map_or(0o644, |old| old.permissions().mode());
        let permissions = std::fs::Permissions::from_mode(wanted);
        file.as_file().set_permissions(permissions).map_err(failed)?;
    }
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}
