//! Results of several files put together: parts of a run that other processes or machines have computed.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use attractor_report::{Error, Result};
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};
use serde_json::Value;

use crate::cells::{APPLICATION, BUSY, Cells, plain, refused};

impl Cells {
    /// Adds the results of another file. Returns how many were new.
    ///
    /// The other file is read as it is, also where nothing can be written, and no file appears beside it.
    ///
    /// # Errors
    /// A file that does not exist or is of another kind; scores that differ from ours by more than the
    /// rounding of another machine; a file that changes while it is read.
    pub fn merge(&mut self, other: &Path) -> Result<usize> {
        if let (Ok(a), Ok(b)) = (other.canonicalize(), self.path.canonicalize())
            && a == b
        {
            return Ok(0);
        }
        let opened = Theirs::open(other, &self.path)?;
        let theirs = &opened.base;
        let path = self.path.clone();
        let refuse = |error| refused(&path, error);
        let refuse_theirs = |error| refused(other, error);
        // Only our own file is locked. Another process may still write to the other one.
        let begun = self.base.transaction_with_behavior(TransactionBehavior::Immediate).map_err(refuse)?;
        let (mut new, mut torn) = (0, 0);
        {
            let mut known =
                begun.prepare("INSERT OR IGNORE INTO series (key) VALUES (?1)").map_err(refuse)?;
            let mut number = begun.prepare("SELECT id FROM series WHERE key = ?1").map_err(refuse)?;
            let mut add = begun
                .prepare("INSERT OR IGNORE INTO scores VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
                .map_err(refuse)?;
            let mut ours = begun
                .prepare(
                    "SELECT abs(halves - ?5) > 0.02 * units OR units <> ?6 FROM scores
                     WHERE series = ?1 AND dim = ?2 AND patterns = ?3 AND \"set\" = ?4",
                )
                .map_err(refuse)?;
            let mut scores = theirs
                .prepare(
                    "SELECT k.key, t.dim, t.patterns, t.\"set\", t.halves, t.units, t.seconds
                     FROM scores t JOIN series k ON k.id = t.series ORDER BY t.series",
                )
                .map_err(refuse_theirs)?;
            let mut rows = scores.query([]).map_err(refuse_theirs)?;
            let (mut last, mut series) = (None, 0);
            while let Some(row) = rows.next().map_err(refuse_theirs)? {
                let read = || -> rusqlite::Result<(String, [i64; 5], f64)> {
                    let mut numbers = [0; 5];
                    for (k, number) in numbers.iter_mut().enumerate() {
                        *number = row.get(k + 1)?;
                    }
                    Ok((row.get(0)?, numbers, row.get(6)?))
                };
                let (key, [dim, patterns, set, halves, units], seconds) = read().map_err(refuse_theirs)?;
                if last.as_ref() != Some(&key) {
                    known.execute([&key]).map_err(refuse)?;
                    series = number.query_row([&key], |row| row.get::<_, i64>(0)).map_err(refuse)?;
                    last = Some(key);
                }
                let score = params![series, dim, patterns, set, halves, units, seconds];
                if add.execute(score).map_err(refuse)? > 0 {
                    new += 1;
                } else {
                    let place = params![series, dim, patterns, set, halves, units];
                    let differs: bool = ours.query_row(place, |row| row.get(0)).map_err(refuse)?;
                    torn += usize::from(differs);
                }
            }
        }
        opened.unchanged()?;
        if torn > 0 {
            return Err(Error::store(
                other,
                &format!("{torn} of its results contradict those that are there"),
            ));
        }
        begun.commit().map_err(refuse)?;
        Ok(new)
    }

    /// The descriptions of all series.
    fn keys(base: &Connection) -> rusqlite::Result<Vec<String>> {
        base.prepare("SELECT key FROM series ORDER BY id")?.query_map([], |row| row.get(0))?.collect()
    }

    /// Checks that files are parts of one run, and that what this file has already is of the same: that they agree in the version of
    /// their scores, in seeds and in numbers of cues. (Memories, tasks and D may differ.)
    ///
    /// # Errors
    /// A file that is of another run or cannot be read.
    pub fn agrees(&self, others: &[PathBuf]) -> Result<()> {
        let own = Cells::keys(&self.base).map_err(|error| refused(&self.path, error))?;
        let mut first: Option<(&Path, Vec<Vec<String>>)> = None;
        let files = std::iter::once(&self.path).chain(others);
        for (number, path) in files.enumerate() {
            let keys = match number {
                0 => own.clone(),
                _ => {
                    let opened = Theirs::open(path, &self.path)?;
                    Cells::keys(&opened.base).map_err(|error| refused(path, error))?
                }
            };
            let said = settings(&keys);
            if keys.is_empty() {
                continue;
            }
            let Some((earlier, theirs)) = &first else {
                first = Some((path, said));
                continue;
            };
            if let Some(k) = (0..AGREED.len()).find(|&k| theirs[k] != said[k]) {
                let listed = |values: &[String]| match values {
                    [] => "none".to_owned(),
                    values => values.join(", "),
                };
                let reason = format!(
                    "its results are of {name} {}, and those of {} of {name} {}; merge parts of one command into a folder of their own",
                    listed(&said[k]),
                    earlier.display(),
                    listed(&theirs[k]),
                    name = AGREED[k],
                );
                return Err(Error::store(path, &reason));
            }
        }
        Ok(())
    }
}

/// What parts of one run agree in, as series name it.
const AGREED: [&str; 3] = ["version", "seed", "cues"];

/// The different values of [`AGREED`] among series.
fn settings(keys: &[String]) -> Vec<Vec<String>> {
    let values: Vec<Value> = keys.iter().filter_map(|key| serde_json::from_str(key).ok()).collect();
    let of = |name: &&str| {
        let mut all: Vec<String> =
            values.iter().filter_map(|key| key.get(name)).map(Value::to_string).collect();
        all.sort();
        all.dedup();
        all
    };
    AGREED.iter().map(of).collect()
}

/// A file of results that is only read.
struct Theirs {
    base: Connection,
    path: PathBuf,
    /// Its size and time, if it is read without a lock.
    stamp: Option<(u64, Option<SystemTime>)>,
    /// A copy that is removed afterwards.
    _copy: Option<Copy>,
}

impl Theirs {
    /// Opens a file. A copy of it, where one is needed, is made beside `ours`.
    fn open(path: &Path, ours: &Path) -> Result<Self> {
        let read = |base: Connection| -> rusqlite::Result<Connection> {
            base.busy_timeout(BUSY)?;
            // A file is only opened when it is read.
            base.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
            Ok(base)
        };
        let only = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let mut copy = None;
        // A file without a log beside it is complete. Unless the address says so, SQLite makes a log to read it, and leaves it
        // there. A log is that of a process which writes to the file, or was killed.
        let stamp = if log(path).exists() { None } else { stamp(path) };
        let opened = match stamp {
            Some(_) => {
                Connection::open_with_flags(address(path), only | OpenFlags::SQLITE_OPEN_URI).and_then(read)
            }
            None => Connection::open_with_flags(plain(path), only).and_then(read),
        };
        let opened = match opened {
            // Where nothing can be written, SQLite may not read a log.
            Err(_) if stamp.is_none() && log(path).exists() => {
                let own = copy.insert(Copy::of(path, ours)?);
                Connection::open(plain(&own.file)).and_then(read)
            }
            opened => opened,
        };
        let base = opened.map_err(|error| refused(path, error))?;
        let kind: i64 = base
            .pragma_query_value(None, "application_id", |row| row.get(0))
            .map_err(|error| refused(path, error))?;
        if kind != APPLICATION {
            return Err(Error::store(path, "it is a file of another kind"));
        }
        Ok(Theirs { base, path: path.to_owned(), stamp, _copy: copy })
    }

    /// Whether the file is as it was when it was opened.
    fn unchanged(&self) -> Result<()> {
        match self.stamp.is_some() && (stamp(&self.path) != self.stamp || log(&self.path).exists()) {
            true => Err(Error::store(&self.path, "a process wrote to it while it was read; try again")),
            false => Ok(()),
        }
    }
}

/// The log beside a file.
fn log(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

fn stamp(path: &Path) -> Option<(u64, Option<SystemTime>)> {
    std::fs::metadata(path).ok().map(|found| (found.len(), found.modified().ok()))
}

/// A copy of a file of results with its log, in a folder that goes away with it.
struct Copy {
    folder: PathBuf,
    file: PathBuf,
}

impl Copy {
    fn of(path: &Path, ours: &Path) -> Result<Self> {
        let mut name = ours.file_name().unwrap_or_default().to_owned();
        name.push(format!("-merge-{}", std::process::id()));
        let folder = ours.with_file_name(name);
        let file = folder.join("cells.sqlite");
        let copied = std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::copy(path, &file))
            .and_then(|_| std::fs::copy(log(path), log(&file)));
        let copy = Copy { folder, file };
        copied.map_err(|error| Error::store(path, &format!("it cannot be copied: {error}")))?;
        Ok(copy)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The address of a file that does not change.
fn address(path: &Path) -> String {
    use std::fmt::Write;
    let mut address = String::from("file:");
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => address.push(byte.into()),
            _ => {
                let _ = write!(address, "%{byte:02X}");
            }
        }
    }
    address + "?immutable=1"
}
