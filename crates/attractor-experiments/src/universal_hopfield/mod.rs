//! Single-shot memories on images (Millidge et al. 2022): which similarity and which separation are best?
//!
//! Every experiment stores the first N images of a run, corrupts each of them, and recalls the whole image.
//! It does so twice. *Paper* mode follows the code published with the paper, including its mistakes: noise is
//! folded (|x + σn|) and cut at 1, scores are divided by their sum, distances and divergences become
//! reciprocals, and an output is right if its squared error is at most T = 60. *Corrected* mode clips the
//! noise, uses the scores as they are, and asks for the image itself. Both criteria are counted in both
//! modes, on the same images and the same noise.
//!
//! The scores of all cues with all images are computed once for each run and similarity; every store is a
//! prefix of them. After that nothing of the size of an image is computed: errors are looked up among the
//! squared distances between images, or follow from their Gram matrix. All numbers are `f64`.

mod blend;
mod choose;
mod cues;
pub mod hetero;
mod images;
pub mod mask;
mod measures;
pub mod noise;
mod outcome;
mod report;
pub mod separation;
pub mod similarity;
pub mod threshold;

use attractor::kernels::{Difference, Operand, pairs};
use attractor::threads;
use attractor_report::{Progress, Result};
use ndarray::{ArcArray2, Array2};

pub use images::{Images, Setup};
pub use measures::Mode;

use cues::Damage;
use images::{MEAN_SQUARED_ERROR, Plan, Store};
use measures::{Measure, scores};
use outcome::{Cell, Cells, Key};

/// The store sizes of the published capacity experiments.
pub const SIZES: [usize; 11] = [2, 5, 10, 20, 50, 100, 200, 300, 500, 700, 1000];

/// One run: the stored images and their squared distances.
struct Run<'a> {
    store: &'a Store,
    keys: ArcArray2<f64>,
    distances: Array2<f64>,
}

/// Calls a function for each run, for as many runs at a time as there are threads.
fn each_run(
    setup: &Setup,
    plan: &Plan,
    progress: &mut Progress,
    of: impl Fn(&Run, &mut Cells) -> Result<()> + Sync,
) -> Result<Vec<Cell>> {
    let one = |run: usize| {
        let store = Store { images: setup.images.slice(run, plan.n)?, run };
        let distances = distances(&store.images);
        let mut cells = Cells::default();
        of(&Run { store: &store, keys: store.images.to_shared(), distances }, &mut cells)?;
        Ok(cells)
    };
    let mut all = Cells::default();
    let mut next = 0;
    while next < plan.runs {
        let some = threads::count().min(plan.runs - next);
        let done: Vec<Result<Cells>> = threads::parallel(some, |k| one(next + k));
        for cells in done {
            all.join(cells?);
        }
        next += some;
        progress(next, plan.runs)?;
    }
    Ok(all.into_vec())
}

/// Squared distances between all images; exactly 0 for equal images.
fn distances(images: &Array2<f64>) -> Array2<f64> {
    pairs(Difference::Square, Operand::plain(images.view()), Operand::plain(images.view()))
}

/// The squared error up to which an output counts as its target.
fn tolerance(mode: Mode, plan: &Plan, dim: usize) -> f64 {
    match mode {
        Mode::Paper => plan.threshold,
        Mode::Corrected => MEAN_SQUARED_ERROR * dim as f64,
    }
}

/// What a mode measures, and the squared errors with which it counts, each with the parameter that stands for
/// it.
struct View<'a> {
    mode: Mode,
    measures: &'a [Measure],
    thresholds: &'a [(f64, f64)],
}

/// How many of some cues each measure answers rightly with its best stored image, for each size of the store
/// and each threshold.
struct Best<'a> {
    run: &'a Run<'a>,
    task: &'static str,
    sizes: &'a [usize],
    /// The modes that use the same cues.
    views: &'a [View<'a>],
}

impl Best<'_> {
    fn count(&self, cues: &Array2<f64>, cells: &mut Cells) -> Result<()> {
        let mut measures: Vec<Measure> = Vec::new();
        for measure in self.views.iter().flat_map(|v| v.measures) {
            if !measures.contains(measure) {
                measures.push(*measure);
            }
        }
        let distances = &self.run.distances;
        scores(&measures, &self.run.keys, cues.view(), |measure, scores| {
            for view in self.views.iter().filter(|v| v.measures.contains(&measure)) {
                let errors: Vec<f64> = view.thresholds.iter().map(|t| t.0).collect();
                let counts = choose::count(scores, measure.normalised(), self.sizes, distances, &errors);
                for (i, count) in counts.into_iter().enumerate() {
                    let key = Key {
                        mode: view.mode,
                        task: self.task,
                        similarity: measure.name(),
                        separation: "max".into(),
                        n: self.sizes[i / errors.len()],
                        parameter: view.thresholds[i % errors.len()].1,
                    };
                    cells.push(key, count);
                }
            }
            Ok(())
        })
    }
}
