//! Calibration: what an audit finds of copies planted in one's own data.
//!
//! Plants of known kinds are made of training rows and mixed with fresh rows, which are real and honest: half of the held-out rows, or a fifth of the training rows
//! if nothing is held out; these are then missing from their set. Each kind is audited on its own: its plants with all fresh rows. The share of plants that is found is
//! the power of the audit against this kind on these data; the share of fresh rows that is found is its rate of false alarms.
//!
//! | kind | a plant |
//! |---|---|
//! | exact copy | a training row |
//! | noise x | a training row with normal noise as long as x times the usual distance of neighbours; of a table, numbers move by x of it in each column |
//! | stored twice | as noise 0.25, of training rows of which the training set holds a noisy copy (0.05) |
//! | columns p | of a table: a training row with a share p of its columns from another one |
//! | shift, flip, crop | of images: moved by a pixel (edges repeated), mirrored left to right, or enlarged without a twentieth at each side |
//! | mosaic | of images: each of 4 × 4 windows from another training image; each of four parts, cut anywhere; and what the memory `local` makes |

mod plants;

use attractor::noise::{Purpose, Stream};
use attractor_data::{Cells, Records, Shape};
use attractor_report::{Error, Result};
use ndarray::{Array2, Axis, concatenate};

use crate::inputs::Inputs;
use crate::outcome::Outcome;
use crate::rows::{Rows, Sets, Space};
use crate::search::Watch;
use crate::searched::{Images, Searched};
use crate::settings::Settings;
use crate::verdict::{Row, Verdict};
use plants::{Plant, drawn, matching, noisy, picked, planted};

/// The plants of a kind, at most.
const PLANTS: usize = 50;

/// Fresh rows among which they are planted, at most.
const FRESH: usize = 450;

/// The noise of a stored copy.
const STORED: f64 = 0.05;

/// The noise of plants whose training row is stored twice.
const TWICE: f64 = 0.25;

/// What an audit found of one kind of plants.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    /// The kind.
    pub name: String,
    /// The plants, and the fresh rows.
    pub counts: [usize; 2],
    /// How many of the plants have each verdict, in the order of [`Verdict::ALL`].
    pub plants: [usize; 4],
    /// How many of the fresh rows have each verdict.
    pub fresh: [usize; 4],
    /// The p-values of f_mem by clusters and of the DCR share.
    pub p_values: [Option<f64>; 2],
}

impl Kind {
    /// The share of plants that is found.
    pub fn power(&self) -> f64 {
        1.0 - self.plants[3] as f64 / self.counts[0] as f64
    }
}

/// What an audit finds of plants.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibrated {
    /// Its kinds.
    pub kinds: Vec<Kind>,
    /// The usual distance of neighbours, of which noise is a share.
    pub usual: f64,
}

/// Two training sets with their plants: the second holds noisy copies of some of its rows.
pub struct Plan {
    runs: Vec<Run>,
    usual: f64,
}

struct Run {
    space: Space,
    images: Option<Images>,
    /// The name of each kind, and how many plants it has. They come one after the other, then the fresh rows.
    kinds: Vec<(String, usize)>,
    fresh: usize,
}

impl Plan {
    /// The number of pairs that are compared.
    pub fn pairs(&self, settings: &Settings) -> u64 {
        let all = all_rows(settings);
        self.runs.iter().map(|run| Searched::pairs(&run.space, run.images.as_ref(), &all)).sum()
    }

    /// Audits all kinds. `None` if the watch breaks.
    pub fn run(&self, settings: &Settings, watch: &mut Watch) -> Option<Calibrated> {
        let mut kinds = Vec::new();
        for run in &self.runs {
            let found = Searched::new(&run.space, run.images.as_ref(), &all_rows(settings), watch)?;
            let planted: usize = run.kinds.iter().map(|(_, count)| count).sum();
            let mut from = 0;
            for (name, count) in &run.kinds {
                let fresh = planted..planted + run.fresh;
                let rows: Vec<usize> = (from..from + count).chain(fresh).collect();
                let outcome = Outcome::new(&found, &rows, settings);
                let counted = |rows: &[Row]| {
                    Verdict::ALL.map(|verdict| rows.iter().filter(|row| row.verdict == verdict).count())
                };
                let p = |key| {
                    let rate = outcome.rates.iter().find(|m| crate::rates::RATES[m.rate].key == key);
                    rate.and_then(|measured| measured.p_value)
                };
                kinds.push(Kind {
                    name: name.clone(),
                    counts: [*count, run.fresh],
                    plants: counted(&outcome.rows[..*count]),
                    fresh: counted(&outcome.rows[*count..]),
                    p_values: [p("f_mem_clusters"), p("dcr_share")],
                });
                from += count;
                watch(0).is_continue().then_some(())?;
            }
        }
        Some(Calibrated { kinds, usual: self.usual })
    }
}

/// The same settings, with the local error of all rows, if any.
fn all_rows(settings: &Settings) -> Settings {
    let rows = Some(if settings.looks_at_pixels() { usize::MAX } else { 0 });
    let local = crate::settings::local::Settings { rows, ..settings.local };
    Settings { local, ..*settings }
}

/// Plants copies in the rows of an inputs.
///
/// # Errors
/// Too few rows to leave some fresh.
pub fn plan(inputs: &Inputs) -> Result<Plan> {
    let mut stream = Stream::new(inputs.settings.seed, Purpose::Corruption, 0);
    let (base, fresh) = split(inputs, &mut stream)?;
    let bases = drawn(base.rows.train.len(), PLANTS, &mut stream);
    let usual = usual(&base, &fresh)?;
    let planted = planted(&base, &bases, usual, &inputs.settings, &mut stream);
    let mut runs = vec![run(&base, None, planted, &fresh)?];
    let stored = noisy(&base.rows.train.select(&bases), STORED * usual, &mut stream);
    let twice = noisy(&base.rows.train.select(&bases), TWICE * usual, &mut stream);
    let pixels = |rows: &Rows| matching(&base, rows);
    let images = base.images.is_some();
    let plant = Plant {
        name: format!("noise {TWICE}, stored twice"),
        pixels: if images { pixels(&twice) } else { None },
        rows: twice,
    };
    runs.push(run(&base, Some(stored), vec![plant], &fresh)?);
    Ok(Plan { runs, usual })
}

/// Rows without the fresh ones, and their images.
struct Base {
    rows: Sets<Rows>,
    images: Option<(Sets<Array2<f32>>, Shape)>,
    /// Whether the rows are the pixels of the images.
    are_pixels: bool,
}

/// Fresh rows with their images.
struct Fresh {
    rows: Rows,
    pixels: Option<Array2<f32>>,
}

/// Takes fresh rows out of the held-out rows, or of the training rows.
fn split(inputs: &Inputs, stream: &mut Stream) -> Result<(Base, Fresh)> {
    /// The fewest rows of each part that is left.
    const FEWEST: usize = 4;
    let rows = &inputs.rows;
    let images = inputs.images.as_ref();
    let source = rows.heldout.as_ref().unwrap_or(&rows.train);
    let count = if rows.heldout.is_some() { source.len() / 2 } else { source.len() / 5 }.min(FRESH);
    if count < FEWEST || source.len() - count < FEWEST {
        let name = if rows.heldout.is_some() { "heldout" } else { "train" };
        let expected = format!("at least {} rows for a calibration", 5 * FEWEST);
        return Err(Error::setting(name, expected, source.len()));
    }
    let taken = drawn(source.len(), count, stream);
    let left: Vec<usize> = (0..source.len()).filter(|row| !taken.contains(row)).collect();
    let own = |set: &Array2<f32>, rows: &[usize]| picked(set, rows);
    let has_heldout = rows.heldout.is_some();
    let kept = |rows: &Rows, is_source: bool| if is_source { rows.select(&left) } else { rows.clone() };
    let kept_pixels =
        |set: &Array2<f32>, is_source: bool| if is_source { own(set, &left) } else { set.clone() };
    let fresh = Fresh {
        rows: source.select(&taken),
        pixels: images
            .map(|images| own(images.pixels.heldout.as_ref().unwrap_or(&images.pixels.train), &taken)),
    };
    let base = Base {
        rows: Sets {
            train: kept(&rows.train, !has_heldout),
            generated: fresh.rows.clone(),
            heldout: rows.heldout.as_ref().map(|held| kept(held, true)),
        },
        images: images.map(|images| {
            let sets = Sets {
                train: kept_pixels(&images.pixels.train, !has_heldout),
                generated: Array2::zeros((0, images.shape.size())),
                heldout: images.pixels.heldout.as_ref().map(|held| kept_pixels(held, true)),
            };
            (sets, images.shape)
        }),
        are_pixels: inputs.are_pixels(),
    };
    Ok((base, fresh))
}

/// The median distance of fresh rows from their nearest training row.
fn usual(base: &Base, fresh: &Fresh) -> Result<f64> {
    let sets = Sets { train: base.rows.train.clone(), generated: fresh.rows.clone(), heldout: None };
    let space = Space::new(&sets)?;
    let queries: Vec<usize> = space.generated().collect();
    let near = space.nearest(&queries, space.train(), 1, &mut crate::rows::unwatched);
    let near = near.expect("nothing stops this search");
    let mut all: Vec<f64> = near.iter().map(|found| found[0].distance).collect();
    let middle = all.len() / 2;
    Ok(*all.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// A space of the base with further training rows, and these plants.
fn run(base: &Base, more: Option<Rows>, plants: Vec<Plant>, fresh: &Fresh) -> Result<Run> {
    let kinds = plants.iter().map(|plant| (plant.name.clone(), plant.rows.len())).collect();
    let train = match &more {
        Some(more) => joined(&[&base.rows.train, more]),
        None => base.rows.train.clone(),
    };
    let all: Vec<&Rows> = plants.iter().map(|plant| &plant.rows).chain([&fresh.rows]).collect();
    let images = pictures(base, more.as_ref(), &plants, fresh);
    let sets = Sets { train, generated: joined(&all), heldout: base.rows.heldout.clone() };
    Ok(Run { space: Space::new(&sets)?, images, kinds, fresh: fresh.rows.len() })
}

/// The images of a run, if all of its rows have some.
fn pictures(base: &Base, more: Option<&Rows>, plants: &[Plant], fresh: &Fresh) -> Option<Images> {
    let (sets, shape) = base.images.as_ref()?;
    let pixels: Option<Vec<&Array2<f32>>> = plants.iter().map(|plant| plant.pixels.as_ref()).collect();
    let mut generated = pixels?;
    generated.push(fresh.pixels.as_ref()?);
    let join = |parts: Vec<&Array2<f32>>| {
        let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
        concatenate(Axis(0), &views).expect("images of one size")
    };
    let more = match more {
        Some(rows) => Some(matching(base, rows)?),
        None => None,
    };
    let train = join(std::iter::once(&sets.train).chain(&more).collect());
    let pixels = Sets { train, generated: join(generated), heldout: sets.heldout.clone() };
    Some(Images { pixels, shape: *shape })
}

/// Rows of several sets, one after the other.
fn joined(parts: &[&Rows]) -> Rows {
    if let Rows::Table(first) = parts[0] {
        let tables: Vec<&Records> = parts
            .iter()
            .filter_map(|part| if let Rows::Table(records) = part { Some(records) } else { None })
            .collect();
        let columns = (0..first.columns.len()).map(|column| {
            Cells::Texts(tables.iter().flat_map(|table| table.columns[column].texts()).collect())
        });
        return Rows::Table(Records { names: first.names.clone(), columns: columns.collect() });
    }
    if parts.iter().all(|part| matches!(part, Rows::Single(_))) {
        let views: Vec<_> = parts
            .iter()
            .filter_map(|part| if let Rows::Single(rows) = part { Some(rows.view()) } else { None })
            .collect();
        return Rows::Single(concatenate(Axis(0), &views).expect("rows of one width"));
    }
    let wide: Vec<Array2<f64>> = parts.iter().filter_map(|part| part.numbers()).collect();
    let views: Vec<_> = wide.iter().map(|rows| rows.view()).collect();
    Rows::Double(concatenate(Axis(0), &views).expect("rows of one width"))
}
