//! Cues from the command line, and what is known of them.

use anyhow::Result;
use attractor::{Level, Real, Request};
use attractor_data::{Head, Rows, Table, read_mask};
use ndarray::{Array2, ArrayView2, s};

use crate::args::{Cues, Rest, Store};
use crate::load::{self, Loaded};

/// Opened cues.
pub struct Cued<'a> {
    /// Their rows, to be read a batch at a time.
    pub rows: Rows,
    /// What their file says of them.
    pub head: Head,
    /// How noisy they are.
    pub level: Level,
    known: Option<Array2<bool>>,
    args: &'a Cues,
    rest: &'a Rest,
}

impl<'a> Cued<'a> {
    /// Opens cues for a memory, and tells what might surprise.
    pub fn open<F: Real>(args: &'a Cues, rest: &'a Rest, store: &Store, loaded: &Loaded<F>) -> Result<Self> {
        let reading = load::reading(&store.files)?;
        let rows = Rows::open(&args.file, &reading)?.laid_out_as(loaded.shape);
        let head = rows.head().clone();
        let known = match &args.clamp {
            Some(path) => Some(read_mask(path, head.rows, loaded.memory.dim(), &reading, loaded.shape)?),
            None => None,
        };
        let (level, quiet) = (args.level(), store.work.quiet);
        if level != Level::Estimate && loaded.memory.denoiser().is_none() && !quiet {
            eprintln!(
                "note: {} has no noise levels; --signal and --sigma only serve its match score",
                loaded.memory.name()
            );
        }
        if head.dtype.is_raw() && !loaded.raw && !quiet {
            eprintln!(
                "note: the cues are bytes or bools, read as 0 to 1, but the memory is not; check that they are on one scale"
            );
        }
        Ok(Cued { rows, head, level, known, args, rest })
    }

    /// Which units of some rows are known.
    pub fn known(&self, rows: std::ops::Range<usize>) -> Option<Array2<bool>> {
        let known = self.known.as_ref()?;
        if known.nrows() == 1 {
            let view: ArrayView2<bool> =
                known.broadcast((rows.len(), known.ncols())).expect("one row is any number");
            return Some(view.to_owned());
        }
        Some(known.slice(s![rows, ..]).to_owned())
    }

    /// What is asked of a batch that begins at row `from`.
    pub fn request<'b, F: Real>(
        &self,
        cues: ArrayView2<'b, F>,
        known: Option<ArrayView2<'b, bool>>,
        from: usize,
    ) -> Request<'b, F> {
        Request {
            known,
            level: self.level,
            updates: self.rest.updates,
            tolerance: self.rest.tolerance,
            seed: self.args.seed,
            first_row: self.args.first_row.wrapping_add(from as u64),
            ..Request::new(cues)
        }
    }

    /// Row id of a row.
    pub fn id(&self, row: usize) -> u64 {
        self.args.first_row.wrapping_add(row as u64)
    }

    /// Goes through all cues, `batch` at a time; once with none if there are none, so that a wrong width is
    /// found all the same.
    pub fn each<F: Real>(
        &mut self,
        batch: usize,
        mut visit: impl FnMut(&Self, Array2<F>, Option<Vec<String>>, usize) -> Result<()>,
    ) -> Result<()> {
        let mut at = 0;
        while let Some(table) = self.rows.next_batch(batch)? {
            let labels = Table::labels(&table).map(<[String]>::to_vec);
            let count = table.rows();
            visit(self, table.floats(), labels, at)?;
            at += count;
        }
        if at == 0 {
            visit(self, Array2::from_elem((0, self.head.columns), F::ZERO), None, 0)?;
        }
        Ok(())
    }
}
