//! Opens the cues of a command and reads them in batches.

use std::path::PathBuf;

use anyhow::Result;
use attractor::{Memory, Real, Request};
use attractor_data::{Header, Rows, Table, read_mask};
use attractor_session::{About, Mask, RecallOptions, Score, of_cues, of_first_cues};
use ndarray::Array2;

use crate::args::{Cues, Rest, Store};
use crate::load;

/// The cues of a command.
pub struct OpenedCues {
    /// The head of their file.
    pub head: Header,
    /// The options of their recall.
    pub asked: RecallOptions,
    /// Which of their units are known.
    pub known: Option<Mask>,
    /// Their rows, read a batch at a time.
    rows: Rows,
    /// Facts about the memory.
    about: About,
    quiet: bool,
}

/// A batch of cues.
pub struct Batch<'a, F> {
    /// The cues.
    pub cues: Array2<F>,
    /// Which of their units are known.
    pub known: Option<Array2<bool>>,
    /// Their labels.
    pub labels: Option<Vec<String>>,
    /// The number of the first cue.
    pub from: usize,
    asked: &'a RecallOptions,
}

impl OpenedCues {
    /// Opens cues for a memory, and prints notes on what may surprise.
    pub fn open<F: Real>(
        args: &Cues,
        rest: &Rest,
        store: &Store,
        memory: &dyn Memory<F>,
        about: &About,
    ) -> Result<Self> {
        let reading = load::reading(&store.files)?;
        let rows = load::like(&args.file, &reading, about.shape, store.work.quiet)?;
        let head = rows.head().clone();
        let mask = |path: &PathBuf| -> Result<Mask> {
            let mask = read_mask(path, head.rows, memory.dim(), &reading, about.shape)?;
            Ok(Mask::new(mask, (head.rows, memory.dim()))?)
        };
        let known = args.clamp.as_ref().map(mask).transpose()?;
        let asked = RecallOptions {
            level: args.level(),
            updates: rest.updates,
            tolerance: rest.tolerance,
            seed: args.seed,
            first_row: args.first_row,
            score: Score::IfPossible,
            keep_cue: args.keep_cue.unwrap_or_default(),
            ..RecallOptions::default()
        };
        load::tell(store.work.quiet, of_cues(memory, about, &head, asked.level));
        Ok(OpenedCues { head, asked, known, rows, about: about.clone(), quiet: store.work.quiet })
    }

    /// Calls a function with `batch` cues at a time. Without cues, it is called once with none, so that a wrong width
    /// is still found.
    pub fn each<F: Real>(
        &mut self,
        batch: usize,
        mut visit: impl FnMut(Batch<F>) -> Result<()>,
    ) -> Result<()> {
        let mut at = 0;
        while let Some(table) = self.rows.next_batch(batch)? {
            let labels = Table::labels(&table).map(<[String]>::to_vec);
            let (cues, count) = (table.floats(), table.rows());
            if at == 0 {
                load::tell(self.quiet, of_first_cues(&self.about, &self.head, cues.view()));
            }
            visit(self.batch(cues, labels, at))?;
            at += count;
        }
        if at == 0 {
            visit(self.batch(Array2::from_elem((0, self.head.columns), F::ZERO), None, 0))?;
        }
        Ok(())
    }

    fn batch<F>(&self, cues: Array2<F>, labels: Option<Vec<String>>, from: usize) -> Batch<'_, F> {
        let known = self.known.as_ref().map(|known| known.rows(from..from + cues.nrows()));
        Batch { cues, known, labels, from, asked: &self.asked }
    }
}

impl<F: Real> Batch<'_, F> {
    /// The options of their recall.
    pub fn request(&self) -> Request<'_, F> {
        self.asked.request(self.cues.view(), self.known.as_ref().map(|k| k.view()), self.from)
    }

    /// The row id of a cue of the batch.
    pub fn id(&self, row: usize) -> u64 {
        self.asked.id(self.from + row)
    }
}
