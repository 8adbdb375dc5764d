//! The demo: real images, corrupted and recalled by four kinds of memory.

use std::path::Path;
use std::time::Instant;

use attractor::memories::{Calibration, Memory, Recall, Request, Spec, model};
use attractor::message;
use attractor::message::Argument;
use attractor::{Level, Patterns, Preparation, Prepare};
use attractor_data::{
    Corrupted, Corruption, Dtype, OutOfRange, Shape, Side, Table, corrupt, digits, random_noise, write_npy,
};
use attractor_figures::{Canvas, Picture};
use attractor_report::{Error, Result};
use ndarray::{Array2, ArrayView2, Axis};

/// Settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The images to store: bytes with their shape. The default is the digits that come with the program.
    pub images: Table,
    /// The number of grey levels above black. An exact recall must hit the right one.
    pub levels: f64,
    /// How many of the images are corrupted and recalled.
    pub cues: usize,
    /// Seed of the corruption.
    pub seed: u64,
}

impl Config {
    /// The demo on some of the 1,797 digits.
    ///
    /// # Errors
    /// More digits than there are, or none.
    pub fn digits(count: usize, seed: u64) -> Result<Self> {
        /// Grey levels of these digits above black.
        const LEVELS: u8 = 16;
        let digits = digits();
        if !(1..=digits.labels.len()).contains(&count) {
            return Err(Error::setting("count", format!("1 to {} digits", digits.labels.len()), count));
        }
        let rows: Vec<usize> = (0..count).collect();
        let bytes = digits.images.select(Axis(0), &rows);
        let bytes = bytes.mapv(|v| (f32::from(v) / f32::from(LEVELS) * 255.0).round() as u8);
        let labels = digits.labels[..count].iter().map(u8::to_string).collect();
        let images = Table::from_bytes(bytes).with_shape(Some(Shape::grey(8, 8))).with_labels(Some(labels));
        Ok(Config { images, levels: f64::from(LEVELS), cues: count, seed })
    }

    /// The demo on the user's own images.
    ///
    /// # Errors
    /// Rows that are not images, or not bytes.
    pub fn own(images: Table, cues: usize, seed: u64) -> Result<Self> {
        let shape = images.shape().or_else(|| Shape::square(images.columns()));
        let Some(shape) = shape else {
            let found = format!("rows of {} values", images.columns());
            let cure = message!["give ", Argument::Shape, " HxW or CxHxW"];
            return Err(Error::mended("shape", "images", found, cure));
        };
        if images.dtype() != Dtype::U8 || images.rows() == 0 {
            let found = format!("{} rows of {}", images.rows(), images.dtype().name());
            return Err(Error::setting("patterns", "at least one image of bytes (0 to 255)", found));
        }
        if cues == 0 {
            return Err(Error::setting("cues", "at least one", cues));
        }
        let cues = cues.min(images.rows());
        Ok(Config { images: images.with_shape(Some(shape)), levels: 255.0, cues, seed })
    }
}

/// The results of one model on one corruption.
#[derive(Clone, Debug)]
pub struct Line {
    /// The model with its options.
    pub model: String,
    /// The corruption.
    pub corruption: String,
    /// Share of images recalled exactly: every unit rounds to its stored grey level, or for spin models to
    /// the thresholded image.
    pub exact: f64,
    /// Share of recalls whose nearest memory is the right one.
    pub right: f64,
    /// Share of cues refused because they match no memory; only where the noise is known.
    pub refused: Option<f64>,
    /// Seconds for each cue.
    pub seconds: f64,
}

/// The results of the demo.
#[derive(Clone, Debug)]
pub struct Report {
    /// One line for each model and corruption.
    pub lines: Vec<Line>,
    picture: Picture,
    memory: Array2<u8>,
    cues: Array2<f32>,
}

/// The four models, as on the command line.
const MODELS: [(&str, &[(&str, &str)]); 4] =
    [("hopfield", &[]), ("dense", &[("interaction", "exp")]), ("modern", &[]), ("diffusion", &[])];

/// The noise that the demo adds.
const SIGMA: f64 = 0.4;
/// The largest noise level at which a cue counts as a noisy image. It is used for the cues that are noise
/// alone.
const MOST_NOISE: f64 = 0.25;
/// The share of true cues that may be refused.
const REJECT: f64 = 0.01;

/// With more units than this, models with couplings between all pairs are left out.
const MOST_COUPLED: usize = 4096;

/// What a memory is told about its cue.
#[derive(Clone, Copy, PartialEq)]
enum Hint {
    Nothing,
    Sigma(f64),
    Known,
}

/// The kinds of cues: a name (in two lines), the corruption (`None` for nothing but noise), and what the
/// memory is told.
fn corruptions(shape: Shape) -> Vec<(&'static str, Option<Corruption>, Hint)> {
    let noise = |finish| Some(Corruption::Noise { sigma: SIGMA, finish });
    let block = |side| Some(Corruption::Block { side, share: 0.5, shape });
    vec![
        ("signal\nθ 0.9", Some(Corruption::Signal(0.9)), Hint::Nothing),
        ("noise\nσ 0.4", noise(OutOfRange::Free), Hint::Sigma(SIGMA)),
        ("noise\nclipped", noise(OutOfRange::Clip), Hint::Nothing),
        ("noise\nfolded", noise(OutOfRange::Fold), Hint::Nothing),
        ("flipped\n10 %", Some(Corruption::Flip(0.1)), Hint::Nothing),
        ("salt and\npepper 20 %", Some(Corruption::SaltAndPepper(0.2)), Hint::Nothing),
        ("half of it\nmissing", Some(Corruption::Mask(0.5)), Hint::Known),
        ("bottom\nmissing", block(Side::Bottom), Hint::Known),
        ("top\nmissing", block(Side::Top), Hint::Known),
        ("left\nmissing", block(Side::Left), Hint::Known),
        ("right\nmissing", block(Side::Right), Hint::Known),
        ("border\nmissing", block(Side::Border), Hint::Known),
        ("no image:\nnoise alone", None, Hint::Sigma(MOST_NOISE)),
    ]
}

/// Runs the demo. `progress` is called after each recall with the number of finished recalls and of all
/// recalls.
///
/// # Errors
/// Images that a memory cannot hold.
pub fn run(config: &Config, mut progress: impl FnMut(usize, usize)) -> Result<Report> {
    let shape = config.images.shape().unwrap_or(Shape::grey(1, config.images.columns()));
    let canvas = Canvas { shape, range: (0.0, 1.0) };
    let all = config.images.floats::<f32>();
    // Spread evenly over the images, so that a few show all kinds.
    let shown: Vec<usize> = (0..config.cues).map(|i| i * all.nrows() / config.cues).collect();
    let truth = all.select(Axis(0), &shown);

    let corruptions = corruptions(shape);
    let headings: Vec<&str> = corruptions.iter().map(|c| c.0).collect();
    let mut lines = Vec::new();
    let mut noisy = None;

    let memories = memories(&all)?;
    let mut labels = vec!["stored".to_owned(), "cue".to_owned()];
    labels.extend(memories.iter().map(|(title, ..)| title.clone()));
    let mut picture = Picture::new(&headings, &labels, shape);
    for (c, (name, corruption, hint)) in corruptions.iter().enumerate() {
        let Corrupted { cues, known } = match corruption {
            Some(corruption) => corrupt(truth.clone(), corruption, config.seed, 0, true)?,
            None => Corrupted {
                cues: random_noise(truth.dim(), config.seed),
                known: Array2::from_elem(truth.dim(), true),
            },
        };
        // A different image in each column.
        let example = (2 + c) % truth.nrows();
        if corruption.is_some() {
            picture.draw(0, c, canvas, |u| Some(truth[[example, u]].into()));
        }
        picture.draw(1, c, canvas, |u| known[[example, u]].then(|| cues[[example, u]].into()));
        for (m, (title, memory, patterns)) in memories.iter().enumerate() {
            let (level, calibration) = expected(*hint, patterns, config.seed)?;
            let request = Request {
                known: (*hint == Hint::Known).then(|| known.view()),
                level,
                seed: config.seed,
                calibration: calibration.as_ref(),
                reject: calibration.is_some().then_some(REJECT),
                ..Request::new(cues.view())
            };
            let start = Instant::now();
            let recall = memory.recall(&request)?;
            let seconds = start.elapsed().as_secs_f64() / truth.nrows() as f64;
            if recall.rows[example].refused {
                picture.say(2 + m, c, "refused");
            } else {
                // As levels, thresholded states would show the mean of all images.
                let (state, range) = match patterns.preparation() {
                    Preparation::Spins { .. } => {
                        let levels = recall.states.slice(ndarray::s![example..=example, ..]).to_owned();
                        (patterns.preparation().forward(levels).row(0).to_owned(), (-1.0, 1.0))
                    }
                    _ => (recall.states.row(example).to_owned(), canvas.range),
                };
                picture.draw(2 + m, c, Canvas { range, ..canvas }, |u| Some(state[u].into()));
            }
            let truth = corruption.as_ref().map(|_| (&shown[..], truth.view()));
            let (exact, right) = measure(memory.as_ref(), truth, &recall, config.levels);
            let refused = recall.rows.iter().filter(|r| r.refused).count() as f64 / recall.rows.len() as f64;
            lines.push(Line {
                model: title.clone(),
                corruption: name.replace('\n', " "),
                exact,
                right,
                refused: calibration.is_some().then_some(refused),
                seconds,
            });
            progress(lines.len(), corruptions.len() * memories.len());
        }
        if *hint == Hint::Sigma(SIGMA) {
            noisy = Some(cues);
        }
    }
    let memory = all.mapv(|v| (v * 255.0).round() as u8);
    Ok(Report { lines, picture, memory, cues: noisy.unwrap_or(truth) })
}

/// A memory of the demo, with its title and its patterns.
type Titled = (String, Box<dyn Memory<f32>>, Patterns<f32>);

/// The four models on these images.
fn memories(images: &Array2<f32>) -> Result<Vec<Titled>> {
    let mut memories = Vec::new();
    for (name, options) in MODELS {
        let card = model(name)?.card;
        if card.coupled && images.ncols() > MOST_COUPLED {
            continue;
        }
        let spec = options.iter().fold(Spec::new(name), |spec, (name, value)| spec.with(name, *value));
        let patterns = Patterns::prepared(images.clone(), Prepare::Normalize, card.spins)?;
        let title = options.iter().fold(name.to_owned(), |t, (_, value)| t + " " + value);
        memories.push((title, spec.build(patterns.clone())?, patterns));
    }
    Ok(memories)
}

/// The noise level of a recall, and where it is known how match scores are calibrated. Thresholded memories have no
/// match score.
fn expected(
    hint: Hint,
    patterns: &Patterns<f32>,
    seed: u64,
) -> attractor::Result<(Level, Option<Calibration>)> {
    let Hint::Sigma(sigma) = hint else { return Ok((Level::Estimate, None)) };
    let level = Level::Sigma(sigma);
    let samples = (10.0 / REJECT) as usize - 1;
    let scored = !matches!(patterns.preparation(), Preparation::Spins { .. });
    Ok((level, scored.then(|| Calibration::new(patterns, level, samples, seed)).transpose()?))
}

/// Share of images recalled exactly, and share whose nearest memory is the right one.
fn measure(
    memory: &dyn Memory<f32>,
    truth: Option<(&[usize], ArrayView2<f32>)>,
    recall: &Recall<f32>,
    levels: f64,
) -> (f64, f64) {
    let (Some((rows, truth)), Some(patterns)) = (truth, memory.patterns()) else {
        return (0.0, 0.0);
    };
    let spins = patterns.are_spins();
    let level = |v: f32| (f64::from(v) * levels).round();
    let (mut exact, mut right) = (0, 0);
    for ((&own, truth), (state, row)) in
        rows.iter().zip(truth.outer_iter()).zip(recall.states.outer_iter().zip(&recall.rows))
    {
        // The stored image as the memory returns it. Spin models return two levels for each unit.
        let target = if spins { patterns.restored_row(own) } else { truth.to_owned() };
        exact += usize::from(!row.refused && state.iter().zip(&target).all(|(s, t)| level(*s) == level(*t)));
        // An image may be stored twice.
        let values = patterns.values();
        right += usize::from(row.memory.is_some_and(|n| n == own || values.row(n) == values.row(own)));
    }
    let count = rows.len() as f64;
    (exact as f64 / count, right as f64 / count)
}

impl Report {
    /// The results as a table for a terminal.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{:<12} {:<22} {:>7} {:>7} {:>8} {:>12}\n",
            "model", "corruption", "exact", "right", "refused", "time a cue"
        );
        for line in &self.lines {
            let share = |share: Option<f64>| share.map_or("-".to_owned(), |s| format!("{:.0} %", 100.0 * s));
            let image = !line.corruption.starts_with("no image");
            text += &format!(
                "{:<12} {:<22} {:>7} {:>7} {:>8} {:>9.2} ms\n",
                line.model,
                line.corruption,
                share(Some(line.exact).filter(|_| image)),
                share(Some(line.right).filter(|_| image)),
                share(line.refused),
                1e3 * line.seconds
            );
        }
        text
    }

    /// Writes `demo.png`, `demo.txt` (the table), and `memory.npy` and `cues.npy` (noisy cues) for further
    /// recalls.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn write(&self, folder: &Path) -> Result<()> {
        self.picture.write_png(&folder.join("demo.png"))?;
        attractor_data::write_atomically(&folder.join("demo.txt"), |f| f.write_all(self.table().as_bytes()))?;
        write_npy(&folder.join("memory.npy"), self.memory.view())?;
        write_npy(&folder.join("cues.npy"), self.cues.view())?;
        Ok(())
    }
}
