//! The first thing a newcomer sees: real digits, corrupted, recalled by four generations of memory.

use std::path::Path;
use std::time::Instant;

use attractor::memories::{Request, Spec};
use attractor::{Level, Memory, Patterns, Prepare};
use attractor_data::{Corrupted, Corruption, Digits, Finish, Shape, Side, corrupt, digits, write_npy};
use ndarray::{Array2, Axis};

use crate::picture::Picture;
use crate::{Error, Result};

/// Settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Digits stored, 1 to 1,797.
    pub count: usize,
    /// Seed of the corruption.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config { count: 100, seed: 0 }
    }
}

/// One model on one corruption.
#[derive(Clone, Debug)]
pub struct Line {
    /// Model with its options.
    pub model: String,
    /// Corruption.
    pub corruption: &'static str,
    /// Share of digits recalled exactly: every unit rounds to its stored grey level, for spin models
    /// to the thresholded digit.
    pub exact: f64,
    /// Mean overlap with the true digit, after preparation.
    pub overlap: f64,
    /// Seconds for all of them.
    pub seconds: f64,
}

/// The demo's result.
#[derive(Clone, Debug)]
pub struct Report {
    /// Settings.
    pub config: Config,
    /// Model × corruption.
    pub lines: Vec<Line>,
    picture: Picture,
    memory: Array2<u8>,
    cues: Array2<f32>,
}

/// Grey levels of a shipped digit above black.
const LEVELS: f32 = 16.0;

/// What the four models are, as the command line would name them.
const MODELS: [(&str, &[(&str, &str)]); 4] =
    [("hopfield", &[]), ("dense", &[("separation", "exp")]), ("modern", &[]), ("diffusion", &[])];

/// How cues are made: name, corruption, what the memory is told of it.
fn corruptions() -> [(&'static str, Corruption, Told); 3] {
    let shape = Shape { channels: 1, height: 8, width: 8 };
    let noise = Corruption::Noise { sigma: 0.4, finish: Finish::Free };
    let block = Corruption::Block { side: Side::Bottom, share: 0.5, shape };
    [
        ("noise 0.4", noise, Told::Sigma(0.4)),
        ("10 % flipped", Corruption::Flip(0.1), Told::Nothing),
        ("lower half gone", block, Told::Known),
    ]
}

#[derive(Clone, Copy)]
enum Told {
    Nothing,
    Sigma(f64),
    Known,
}

/// Runs the demo.
///
/// # Errors
/// More or fewer digits than there are.
pub fn run(config: Config) -> Result<Report> {
    let Digits { images, labels } = digits();
    if config.count == 0 || config.count > labels.len() {
        return Err(Error::Setting {
            name: "count",
            expected: format!("1 to {} digits", labels.len()),
            found: config.count.to_string(),
        });
    }
    let rows: Vec<usize> = (0..config.count).collect();
    let images = images.select(Axis(0), &rows);
    let truth = images.mapv(|v| f32::from(v) / LEVELS);

    // Two digits of each corruption to look at, as (corruption, digit).
    let shown: Vec<(usize, usize)> = (0..6).map(|i| (i / 2, (2 + i) % config.count)).collect();
    let row_labels: Vec<String> = shown.iter().map(|&(c, _)| corruptions()[c].0.to_owned()).collect();
    let headings = ["stored", "cue", "hopfield", "dense", "modern", "diffusion"];
    let mut picture = Picture::new(&headings, &row_labels, 140);

    let mut lines = Vec::new();
    let mut first_cues = None;
    for (c, (name, corruption, told)) in corruptions().into_iter().enumerate() {
        let Corrupted { cues, known } = corrupt(truth.clone(), &corruption, config.seed, 0, true)?;
        for (row, &(_, digit)) in shown.iter().enumerate().filter(|(_, s)| s.0 == c) {
            let grey = |values: &Array2<f32>, pixel| f64::from(values[[digit, pixel]]);
            picture.draw(row, 0, 8, |p| Some(grey(&truth, p)));
            picture.draw(row, 1, 8, |p| known[[digit, p]].then(|| grey(&cues, p)));
        }
        for (m, (model, options)) in MODELS.into_iter().enumerate() {
            let mut spec = Spec::new(model);
            options.iter().for_each(|(name, value)| {
                spec.options.set(name, value);
            });
            let spins = attractor::memories::model(model)?.card.spins;
            let start = Instant::now();
            let patterns = Patterns::prepared(truth.clone(), Prepare::Normalize, spins)?;
            let memory = spec.build(patterns.clone())?;
            let request = Request {
                known: matches!(told, Told::Known).then(|| known.view()),
                level: match told {
                    Told::Sigma(sigma) => Level::Sigma(sigma),
                    _ => Level::Estimate,
                },
                seed: config.seed,
                ..Request::new(cues.view())
            };
            let states = memory.recall(&request)?.states;
            let seconds = start.elapsed().as_secs_f64();
            let title = options.iter().fold(model.to_owned(), |t, (_, value)| t + " " + value);
            lines.push(measure(title, name, memory.as_ref(), &truth, &states, spins, seconds)?);
            for (row, &(_, digit)) in shown.iter().enumerate().filter(|(_, s)| s.0 == c) {
                picture.draw(row, 2 + m, 8, |p| Some(f64::from(states[[digit, p]])));
            }
        }
        first_cues.get_or_insert(cues);
    }
    Ok(Report {
        config,
        lines,
        picture,
        memory: images.mapv(|v| (f32::from(v) / LEVELS * 255.0).round() as u8),
        cues: first_cues.expect("there are corruptions"),
    })
}

fn measure(
    model: String,
    corruption: &'static str,
    memory: &dyn Memory<f32>,
    truth: &Array2<f32>,
    states: &Array2<f32>,
    spins: bool,
    seconds: f64,
) -> Result<Line> {
    // The stored digit as the memory would give it back: for spin models at two levels a unit.
    let target = match memory.patterns() {
        Some(patterns) if spins => patterns.restored(),
        _ => truth.clone(),
    };
    let mean = target.mean_axis(Axis(0)).expect("at least one digit");
    let (mut exact, mut overlap) = (0, 0.0);
    for (state, target) in states.outer_iter().zip(target.outer_iter()) {
        let same = |(s, t): (&f32, &f32)| (s * LEVELS).round() == (t * LEVELS).round();
        exact += usize::from(state.iter().zip(target).all(same));
        let (s, t) = (&state - &mean, &target - &mean);
        let norms = (s.dot(&s) * t.dot(&t)).sqrt();
        overlap +=
            if norms > 0.0 { f64::from(s.dot(&t) / norms) } else { f64::from(u8::from(state == target)) };
    }
    let count = states.nrows() as f64;
    Ok(Line { model, corruption, exact: exact as f64 / count, overlap: overlap / count, seconds })
}

impl Report {
    /// The table, for a terminal.
    pub fn table(&self) -> String {
        let mut text =
            format!("{:<12} {:<16} {:>8} {:>8} {:>9}\n", "model", "corruption", "exact", "overlap", "time");
        for line in &self.lines {
            text += &format!(
                "{:<12} {:<16} {:>6.0} % {:>8.3} {:>6.0} ms\n",
                line.model,
                line.corruption,
                100.0 * line.exact,
                line.overlap,
                1e3 * line.seconds
            );
        }
        text
    }

    /// Writes `demo.png`, and `memory.npy` and `cues.npy` (noisy) to go on with.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn write(&self, folder: &Path) -> Result<()> {
        self.picture.write_png(&folder.join("demo.png"))?;
        write_npy(&folder.join("memory.npy"), self.memory.view())?;
        write_npy(&folder.join("cues.npy"), self.cues.view())?;
        Ok(())
    }
}
