//! The file of results: an SQLite file that keeps every finished part, and that several processes may share.
//!
//! A *series* is a memory with its task, its cues and its seed. A *cell* is a series at D units and N
//! patterns. A *score* is what one pattern set of a cell gave. A score depends only on the random streams of
//! (seed, D, set), so it does not matter which process computes it. The primary key allows each score once.
//!
//! A process that works on a part holds a claim on it, and locks a file to show that it is alive. When a
//! process dies, the system releases its lock and other processes take over its claims.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use attractor_report::{Error, Result};
use ndarray::Array2;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior, params};

use crate::workers::Worker;

/// The result of one pattern set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Number of the pattern set.
    pub set: usize,
    /// Twice the number of wrong units. A unit without a sign counts once.
    pub halves: u64,
    /// Number of recalled units.
    pub units: u64,
    /// Time of the recalls.
    pub seconds: f64,
}

impl Score {
    /// The score of recalled states, given the ±1 patterns that they should be.
    pub fn of(set: usize, states: &Array2<f32>, truth: &Array2<f32>) -> Self {
        let halves = |(x, y): (&f32, &f32)| match x * y {
            right if right > 0.0 => 0,
            wrong if wrong < 0.0 => 2,
            // A unit without a sign is right half of the time.
            _ => 1,
        };
        let halves = states.iter().zip(truth).map(halves).sum();
        Score { set, halves, units: truth.len() as u64, seconds: 0.0 }
    }

    /// Share of wrong units.
    pub fn error(&self) -> f64 {
        self.halves as f64 / (2 * self.units.max(1)) as f64
    }
}

/// Some pattern sets of a cell, which are claimed, computed and recorded together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Number of the series.
    pub series: i64,
    /// Units D.
    pub dim: usize,
    /// Number of patterns N.
    pub patterns: usize,
    /// The pattern sets.
    pub sets: Range<usize>,
}

/// The outcome of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// This process has the claim.
    Ours,
    /// Another living process has the claim.
    Theirs,
    /// The part is done.
    Done,
}

/// How long to wait for another process.
pub(crate) const BUSY: Duration = Duration::from_secs(60);

/// SQLite's application id of these files: "attc".
pub(crate) const APPLICATION: i64 = 0x6174_7463;

const SCHEMA: &str = "
CREATE TABLE series (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
CREATE TABLE scores (
    series INTEGER NOT NULL REFERENCES series (id),
    dim INTEGER NOT NULL,
    patterns INTEGER NOT NULL,
    \"set\" INTEGER NOT NULL,
    halves INTEGER NOT NULL,
    units INTEGER NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (series, dim, patterns, \"set\")
) WITHOUT ROWID;
CREATE TABLE claims (
    series INTEGER NOT NULL,
    dim INTEGER NOT NULL,
    patterns INTEGER NOT NULL,
    \"set\" INTEGER NOT NULL,
    worker TEXT NOT NULL,
    PRIMARY KEY (series, dim, patterns, \"set\")
) WITHOUT ROWID;
";

/// The results of all runs on one file, or of one run in memory.
#[derive(Debug)]
pub struct Cells {
    pub(crate) base: Connection,
    pub(crate) path: PathBuf,
    worker: Option<Worker>,
}

impl Cells {
    /// Opens a file of results, or creates it. Without a path the results stay in memory.
    ///
    /// # Errors
    /// A file of another kind; a damaged file; a file that cannot be written.
    pub fn open(path: Option<&Path>) -> Result<Self> {
        let at = path.unwrap_or(Path::new(":memory:")).to_owned();
        let refuse = |error| refused(&at, error);
        let mut base = match path {
            Some(path) => {
                let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
                Connection::open_with_flags(plain(path), flags).map_err(refuse)?
            }
            None => Connection::open_in_memory().map_err(refuse)?,
        };
        base.busy_timeout(BUSY).map_err(refuse)?;
        let begun = base.transaction_with_behavior(TransactionBehavior::Immediate).map_err(refuse)?;
        let number =
            |name: &str| begun.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(refuse);
        let tables: i64 =
            begun.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(refuse)?;
        match (number("application_id")?, tables) {
            (APPLICATION, _) => {}
            (0, 0) => {
                begun.execute_batch(SCHEMA).map_err(refuse)?;
                begun.pragma_update(None, "application_id", APPLICATION).map_err(refuse)?;
            }
            _ => return Err(Error::store(&at, "it is a database of another program")),
        }
        begun.commit().map_err(refuse)?;
        // What a killed process has committed is safe either way, so there is no need to wait for the disk.
        let begun = std::time::Instant::now();
        while let Err(error) = base.pragma_update(None, "journal_mode", "WAL") {
            // Of several processes that start at once only one can do this. SQLite refuses the others at once
            // instead of making them wait.
            let busy = error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
            if !busy || begun.elapsed() > BUSY {
                return Err(refuse(error));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        base.pragma_update(None, "synchronous", "NORMAL").map_err(refuse)?;
        let worker = path.map(Worker::begin).transpose()?;
        if let Some(worker) = &worker {
            // A dead process may have had the same name.
            base.execute("DELETE FROM claims WHERE worker = ?1", [&worker.name]).map_err(refuse)?;
        }
        Ok(Cells { base, path: at, worker })
    }

    fn refused(&self, error: rusqlite::Error) -> Error {
        refused(&self.path, error)
    }

    /// The number of the series with this description.
    ///
    /// # Errors
    /// Errors of the file of results.
    pub fn series(&self, key: &str) -> Result<i64> {
        self.base
            .execute("INSERT OR IGNORE INTO series (key) VALUES (?1)", [key])
            .and_then(|_| {
                self.base.query_row("SELECT id FROM series WHERE key = ?1", [key], |row| row.get(0))
            })
            .map_err(|error| self.refused(error))
    }

    /// The scores of the first `sets` pattern sets at D units, in order of patterns and set.
    ///
    /// # Errors
    /// Errors of the file of results.
    pub fn scores(&self, series: i64, dim: usize, sets: usize) -> Result<Vec<(usize, Score)>> {
        const QUERY: &str = "SELECT patterns, \"set\", halves, units, seconds FROM scores
            WHERE series = ?1 AND dim = ?2 AND \"set\" < ?3 ORDER BY patterns, \"set\"";
        let score = |row: &rusqlite::Row| {
            let [patterns, set, halves, units] = [0, 1, 2, 3].map(|i| row.get::<_, i64>(i));
            let score = Score {
                set: set? as usize,
                halves: halves? as u64,
                units: units? as u64,
                seconds: row.get(4)?,
            };
            Ok((patterns? as usize, score))
        };
        let read = || {
            let mut query = self.base.prepare_cached(QUERY)?;
            query.query_map(params![series, dim as i64, sets as i64], score)?.collect::<rusqlite::Result<_>>()
        };
        read().map_err(|error| self.refused(error))
    }

    /// Claims a part, unless it is done or another living process has claimed it.
    ///
    /// # Errors
    /// Errors of the file of results.
    pub fn claim(&mut self, part: &Part) -> Result<Claim> {
        let path = self.path.clone();
        let refuse = |error| refused(&path, error);
        let place = params![part.series, part.dim as i64, part.patterns as i64, part.sets.start as i64];
        let begun = self.base.transaction_with_behavior(TransactionBehavior::Immediate).map_err(refuse)?;
        let done: i64 = begun
            .prepare_cached(
                "SELECT count(*) FROM scores WHERE series = ?1 AND dim = ?2 AND patterns = ?3
                 AND \"set\" >= ?4 AND \"set\" < ?5",
            )
            .and_then(|mut query| {
                query.query_row(
                    params![
                        part.series,
                        part.dim as i64,
                        part.patterns as i64,
                        part.sets.start as i64,
                        part.sets.end as i64
                    ],
                    |row| row.get(0),
                )
            })
            .map_err(refuse)?;
        if done as usize == part.sets.len() {
            return Ok(Claim::Done);
        }
        let Some(worker) = &self.worker else {
            return Ok(Claim::Ours);
        };
        let holder: Option<String> = begun
            .prepare_cached(
                "SELECT worker FROM claims WHERE series = ?1 AND dim = ?2 AND patterns = ?3 AND \"set\" = ?4",
            )
            .and_then(|mut query| query.query_row(place, |row| row.get(0)).optional())
            .map_err(refuse)?;
        match holder {
            Some(other) if other != worker.name && worker.is_alive(&other) => return Ok(Claim::Theirs),
            Some(other) if other != worker.name => {
                begun.execute("DELETE FROM claims WHERE worker = ?1", [&other]).map_err(refuse)?;
            }
            _ => {}
        }
        begun
            .execute(
                "INSERT OR REPLACE INTO claims VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    part.series,
                    part.dim as i64,
                    part.patterns as i64,
                    part.sets.start as i64,
                    worker.name
                ],
            )
            .map_err(refuse)?;
        begun.commit().map_err(refuse)?;
        Ok(Claim::Ours)
    }

    /// Records the scores of parts and releases their claims. Existing scores are kept.
    ///
    /// # Errors
    /// Errors of the file of results. None of the scores is recorded then.
    pub fn record<'a>(&mut self, parts: impl IntoIterator<Item = (&'a Part, &'a [Score])>) -> Result<()> {
        let path = self.path.clone();
        let refuse = |error| refused(&path, error);
        let begun = self.base.transaction_with_behavior(TransactionBehavior::Immediate).map_err(refuse)?;
        let write = |part: &Part, scores: &[Score]| -> rusqlite::Result<()> {
            let (series, dim, patterns) = (part.series, part.dim as i64, part.patterns as i64);
            let mut insert =
                begun.prepare_cached("INSERT OR IGNORE INTO scores VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
            for score in scores {
                let [set, halves, units] = [score.set as i64, score.halves as i64, score.units as i64];
                insert.execute(params![series, dim, patterns, set, halves, units, score.seconds])?;
            }
            begun
                .prepare_cached(
                    "DELETE FROM claims WHERE series = ?1 AND dim = ?2 AND patterns = ?3 AND \"set\" = ?4",
                )?
                .execute(params![series, dim, patterns, part.sets.start as i64])?;
            Ok(())
        };
        parts.into_iter().try_for_each(|(part, scores)| write(part, scores)).map_err(refuse)?;
        begun.commit().map_err(refuse)
    }

    /// The number of scores.
    ///
    /// # Errors
    /// Errors of the file of results.
    pub fn count(&self) -> Result<usize> {
        let count: rusqlite::Result<i64> =
            self.base.query_row("SELECT count(*) FROM scores", [], |row| row.get(0));
        count.map(|n| n as usize).map_err(|error| self.refused(error))
    }
}

/// A path that SQLite takes for one. It takes what begins with `file:` for an address.
pub(crate) fn plain(path: &Path) -> PathBuf {
    if path.is_relative() { Path::new(".").join(path) } else { path.to_owned() }
}

/// The error of SQLite, as a sentence.
pub(crate) fn refused(path: &Path, error: rusqlite::Error) -> Error {
    let reason = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => "it is not a file of results".into(),
        Some(ErrorCode::DatabaseCorrupt) => "it is damaged; remove it, or put a copy in its place".into(),
        Some(ErrorCode::ReadOnly) => "it cannot be written; choose another place".into(),
        Some(ErrorCode::CannotOpen) => {
            "it cannot be opened; choose a folder that there is and that is yours".into()
        }
        Some(ErrorCode::DiskFull) => {
            "the disk is full; what is recorded stays, make room and run again".into()
        }
        Some(ErrorCode::SystemIoFailure) => {
            "the disk cannot be read or written, or is full; what is recorded stays, so make room or choose another place, \
             and run again"
                .into()
        }
        Some(ErrorCode::DatabaseBusy) => "another process has held it for a minute; try again later".into(),
        _ => error.to_string(),
    };
    Error::store(path, &reason)
}
