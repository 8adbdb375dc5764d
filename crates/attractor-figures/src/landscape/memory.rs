//! The landscape of a memory, with a plane, a view and noise levels chosen to fit it.

use attractor::Memory;
use attractor::analysis::{CriticalLevels, critical_levels};
use attractor::energies::{Denoise, Energy};
use attractor::noise::{Purpose, Stream};
use ndarray::{Array2, ArrayView1, ArrayView2};

use super::{Landscape, Level, Plane, View, draw_observed};
use crate::{Error, Mark, Names, Outline, Result};

/// How many states of the memory are drawn. The view is placed around them.
const SHOWN: usize = 300;

/// The settings of a landscape.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Three states that the plane goes through, in raw units. Default: for two units the plane is the space
    /// itself; for more it goes through the mean and the first two principal components of what is stored.
    pub through: Option<Array2<f64>>,
    /// Noise levels, one panel each. Default: four about the critical levels of the memory
    /// ([`CriticalLevels::shown`]); 2, 1, ½ and ⅕ times its spread if it has none.
    pub sigmas: Vec<f64>,
    /// Columns of the grid on which the energy is computed; at least 2. Default 81.
    pub columns: usize,
    /// The margin of the view around what is stored, as a share of its extent. Default ½.
    pub margin: f64,
    /// Names of the units, which name the axes of a memory of two units. Default: unit 0, unit 1.
    pub units: Option<Vec<String>>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { through: None, sigmas: Vec::new(), columns: 81, margin: 0.5, units: None }
    }
}

/// The landscape of a memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// The figure and its numbers.
    pub landscape: Landscape,
    /// The plane: the place (x, y) is the state origin + x · across + y · up.
    pub plane: Plane,
    /// The critical levels, if the noise levels were chosen by them.
    pub critical: Option<CriticalLevels>,
    /// The noise levels of the panels; none for a memory with one landscape.
    pub sigmas: Vec<f64>,
    /// How many of the stored patterns are drawn as points.
    pub shown: usize,
}

/// Draws the landscape of a memory in raw units. `progress` is told how many states of how many are computed.
///
/// Stored patterns are points, with their labels (or numbers, if there are few). Of more than two units they are projected
/// onto the plane. The axes are named with the share of the variance of what is stored.
///
/// # Errors
/// A memory of one unit; a memory with neither an energy nor a denoiser; noise levels for a memory whose
/// landscape does not depend on them.
pub fn draw_memory(
    memory: &dyn Memory<f64>,
    settings: &Settings,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Drawn> {
    let Stored { states, names } = stored(memory)?;
    let plane = plane(memory, settings.through.as_ref(), &states)?;
    let given = settings.through.clone().unwrap_or_else(|| Array2::zeros((0, memory.dim())));
    let (x, y) = ends(&plane, states.outer_iter().chain(given.outer_iter()), memory, settings.margin);
    let titles = titles(memory, settings, &plane, &states);
    let view = View { columns: settings.columns, titles, ..View::new(plane, x, y) };
    let places = |states: &Array2<f64>| -> Vec<(f64, f64)> {
        states.outer_iter().map(|s| view.plane.place(&s.to_vec())).collect()
    };
    let outline = |places: &[(f64, f64)], name: &str| {
        let pieces = places.iter().map(|place| vec![*place]).collect();
        Mark::Outline(Outline { name: name.into(), pieces })
    };
    let marks = if given.is_empty() {
        let places = places(&states);
        let name = if memory.dim() > 2 { "stored, projected onto the plane" } else { "stored" };
        let names = Names { names: places.iter().copied().zip(names).collect() };
        vec![outline(&places, name), Mark::Names(names)]
    } else {
        let names = ["state 0", "state 1", "state 2"].map(str::to_owned);
        let places = places(&given);
        vec![
            outline(&places, "given states"),
            Mark::Names(Names { names: places.into_iter().zip(names).collect() }),
        ]
    };
    let level = |sigma: Option<f64>| Level {
        title: sigma.map_or(memory.name().to_owned(), |s| format!("σ = {}", three_digits(s))),
        marks: marks.clone(),
        sigma: sigma.unwrap_or(0.0),
    };
    let (sigmas, critical) = levels(&settings.sigmas, memory, &states)?;
    let levels: Vec<Level> = sigmas.iter().copied().map(level).collect();
    let raw = Raw(memory);
    let denoiser = memory.denoiser().map(|_| &raw as &dyn Denoise<f64>);
    let energy = match (memory.landscape(), denoiser) {
        (Ok(_), _) => Some(&raw as &dyn Energy<f64>),
        // There is only a denoiser. `draw` computes an energy from its pull.
        (Err(_), Some(_)) => None,
        (Err(reason), None) => return Err(reason.into()),
    };
    let landscape = draw_observed(energy, denoiser, &view, &levels, progress)?;
    let sigmas = sigmas.into_iter().flatten().collect();
    Ok(Drawn { landscape, plane: view.plane, critical, sigmas, shown: states.nrows() })
}

/// The titles of the axes.
fn titles(memory: &dyn Memory<f64>, settings: &Settings, plane: &Plane, states: &Array2<f64>) -> [String; 2] {
    if settings.through.is_some() {
        return ["from state 0 to state 1".to_owned(), "towards state 2".to_owned()];
    }
    if memory.dim() == 2 {
        let own = settings.units.as_ref().filter(|units| units.len() == 2);
        return [0, 1].map(|unit| own.map_or_else(|| format!("unit {unit}"), |units| units[unit].clone()));
    }
    let mean = states.mean_axis(ndarray::Axis(0)).unwrap_or_else(|| ndarray::Array1::zeros(memory.dim()));
    let all = (states - &mean).iter().map(|v| v * v).sum::<f64>() / states.nrows().max(1) as f64;
    let variances = plane.variances(states.view());
    [0, 1].map(|axis| match all > 0.0 {
        true => format!("PC {}, {:.0} % of variance", axis + 1, 100.0 * variances[axis] / all),
        false => format!("direction {}", axis + 1),
    })
}

/// States of a memory and their names.
struct Stored {
    states: Array2<f64>,
    names: Vec<String>,
}

/// States of the memory, in raw units: its patterns, or samples from it.
fn stored(memory: &dyn Memory<f64>) -> Result<Stored> {
    /// Memories without labels are numbered if there are at most this many.
    const NUMBERED: usize = 40;
    if let Some(patterns) = memory.patterns() {
        let rows: Vec<usize> =
            (0..patterns.len().min(SHOWN)).map(|n| n * patterns.len() / patterns.len().min(SHOWN)).collect();
        let mut states = Array2::zeros((rows.len(), memory.dim()));
        rows.iter().enumerate().for_each(|(k, &n)| states.row_mut(k).assign(&patterns.restored_row(n)));
        let name = |&n: &usize| match memory.label(n) {
            Some(label) => short(label),
            None if patterns.len() <= NUMBERED => n.to_string(),
            None => String::new(),
        };
        return Ok(Stored { names: rows.iter().map(name).collect(), states });
    }
    let Some(denoiser) = memory.denoiser() else {
        return Err(Error::setting("landscape", "a memory with patterns", memory.name()));
    };
    let mut stream = Stream::new(0, Purpose::Patterns, 0);
    let origin = vec![0.0; memory.dim()];
    // Unbounded shapes have no samples. A memory of nothing else is shown around its origin.
    let drawn = (0..SHOWN).filter_map(|_| denoiser.draw(&origin, f64::INFINITY, &mut stream).ok());
    let drawn: Vec<Vec<f64>> = drawn.collect();
    let states = match drawn.is_empty() {
        true => denoiser.denoise(Array2::zeros((1, memory.dim())).view(), &[1e15])?,
        false => Array2::from_shape_fn((drawn.len(), memory.dim()), |(n, j)| drawn[n][j]),
    };
    Ok(Stored { names: vec![String::new(); states.nrows()], states })
}

/// A label short enough to stand at a point: the name of a picture without folders and ending, of at most 16 letters.
fn short(label: &str) -> String {
    const MOST: usize = 16;
    let is_picture = [".png", ".jpg", ".jpeg"].iter().any(|ending| label.to_lowercase().ends_with(ending));
    let label = match (is_picture, std::path::Path::new(label).file_stem()) {
        (true, Some(stem)) => stem.to_string_lossy().into_owned(),
        _ => label.to_owned(),
    };
    match label.chars().count() > MOST {
        true => label.chars().take(MOST - 1).chain(['…']).collect(),
        false => label,
    }
}

/// The plane to draw.
fn plane(memory: &dyn Memory<f64>, through: Option<&Array2<f64>>, stored: &Array2<f64>) -> Result<Plane> {
    if let Some(states) = through {
        if states.dim() != (3, memory.dim()) {
            let expected = format!("three states of {} units", memory.dim());
            return Err(Error::setting(
                "through",
                expected,
                format!("{} of {}", states.nrows(), states.ncols()),
            ));
        }
        let from_first = |n: usize| (&states.row(n) - &states.row(0)).to_vec();
        return Plane::through(states.row(0).to_vec(), from_first(1), from_first(2));
    }
    match memory.dim() {
        1 => Err(Error::setting("landscape", "a memory of two or more units", "one")),
        2 => Ok(Plane::plain()),
        _ => Ok(Plane::principal(stored)),
    }
}

/// The range of both axes: around all states, and at least as wide as the spread of the memory.
fn ends<'a>(
    plane: &Plane,
    states: impl Iterator<Item = ArrayView1<'a, f64>>,
    memory: &dyn Memory<f64>,
    margin: f64,
) -> ((f64, f64), (f64, f64)) {
    let mut ends = [(f64::INFINITY, f64::NEG_INFINITY); 2];
    for state in states {
        let (x, y) = plane.place(&state.to_vec());
        for (end, at) in ends.iter_mut().zip([x, y]) {
            *end = (end.0.min(at), end.1.max(at));
        }
    }
    let longest = ends.iter().map(|e| e.1 - e.0).fold(spread(memory), f64::max);
    // Avoid a narrow strip: the shorter side is at least half as long as the longer one.
    let wide = |(low, high): (f64, f64)| {
        let (middle, half) = ((low + high) / 2.0, ((high - low) / 2.0).max(longest / 4.0));
        let half = half + margin * longest / 2.0;
        (middle - half, middle + half)
    };
    (wide(ends[0]), wide(ends[1]))
}

/// The spread of the memory, in raw units.
fn spread(memory: &dyn Memory<f64>) -> f64 {
    memory.spread().unwrap_or(1.0) / memory.preparation().scale()
}

/// The noise levels of the panels, and the critical levels if they were chosen by those.
type Levels = (Vec<Option<f64>>, Option<CriticalLevels>);

/// The noise levels that were given, or a few about the critical levels of the memory. `None` stands for the single
/// landscape of a memory without noise levels.
fn levels(sigmas: &[f64], memory: &dyn Memory<f64>, states: &Array2<f64>) -> Result<Levels> {
    const SPREADS: [f64; 4] = [2.0, 1.0, 0.5, 0.2];
    if memory.denoiser().is_none() {
        if let Some(sigma) = sigmas.first() {
            let expected =
                format!("no noise level, since {} has one landscape for all of them", memory.name());
            return Err(Error::setting("sigma", expected, sigma));
        }
        return Ok((vec![None], None));
    }
    if let Some(sigma) = sigmas.iter().find(|s| !(**s >= 0.0 && **s <= 1e12)) {
        return Err(Error::setting("sigma", "numbers from 0 to 1e12", sigma));
    }
    if !sigmas.is_empty() {
        return Ok((sigmas.iter().copied().map(Some).collect(), None));
    }
    let prepared = memory.preparation().forward(states.clone());
    let critical = critical_levels(memory, prepared.view())?;
    let own = spread(memory);
    let shown = critical.map_or(SPREADS.map(|s| s * own), |levels| levels.shown());
    Ok((shown.into_iter().map(Some).collect(), critical))
}

/// A noise level for a title, to three digits.
fn three_digits(sigma: f64) -> String {
    let digits = (2 - sigma.abs().max(1e-12).log10().floor() as i32).clamp(0, 14) as usize;
    let text = format!("{sigma:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A memory whose states are in raw units, the units of the drawing.
struct Raw<'a>(&'a dyn Memory<f64>);

impl Energy<f64> for Raw<'_> {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn energy(&self, states: ArrayView2<f64>, level: &[f64]) -> attractor::Result<Vec<f64>> {
        let sigma = level.first().copied().unwrap_or(0.0);
        let levels = vec![sigma; states.nrows()];
        self.0.energies(states, self.0.denoiser().map(|_| &levels[..]))
    }
}

impl Denoise<f64> for Raw<'_> {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn denoise(&self, states: ArrayView2<f64>, sigmas: &[f64]) -> attractor::Result<Array2<f64>> {
        let preparation = self.0.preparation();
        let levels: Vec<f64> = sigmas.iter().map(|s| s * preparation.scale()).collect();
        let denoiser = self.0.denoiser().expect("asked only of diffusion memories");
        let means = denoiser.denoise(preparation.forward(states.to_owned()).view(), &levels)?;
        Ok(preparation.backward(means))
    }
}
