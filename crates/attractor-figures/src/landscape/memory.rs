//! The landscape of a memory, with a plane, a view and noise levels chosen to fit it.

use attractor::Memory;
use attractor::energies::{Denoise, Energy};
use attractor::noise::{Purpose, Stream};
use ndarray::{Array2, ArrayView1, ArrayView2};

use super::{Landscape, Level, Plane, View, draw};
use crate::{Error, Mark, Outline, Result};

/// How many states of the memory are drawn. The view is placed around them.
const SHOWN: usize = 300;

/// The settings of a landscape.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Three states that the plane goes through, in raw units. Default: for two units the plane is the space
    /// itself; for more it goes through the mean and the first two principal components of what is stored.
    pub through: Option<Array2<f64>>,
    /// Noise levels, one panel each. Default: 2, 1, ½ and ⅕ times the spread of the memory.
    pub sigmas: Vec<f64>,
    /// Columns of the grid on which the energy is computed; at least 2. Default 81.
    pub columns: usize,
    /// The margin of the view around what is stored, as a share of its extent. Default ½.
    pub margin: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { through: None, sigmas: Vec::new(), columns: 81, margin: 0.5 }
    }
}

/// Draws the landscape of a memory in raw units. Also returns the plane: the place (x, y) is the state origin
/// + x · across + y · up.
///
/// # Errors
/// A memory of one unit; a memory with neither an energy nor a denoiser; noise levels for a memory whose
/// landscape does not depend on them.
pub fn draw_memory(memory: &dyn Memory<f64>, settings: &Settings) -> Result<(Landscape, Plane)> {
    let stored = stored(memory)?;
    let plane = plane(memory, settings.through.as_ref(), &stored)?;
    let given = settings.through.clone().unwrap_or_else(|| Array2::zeros((0, memory.dim())));
    let (x, y) = ends(&plane, stored.outer_iter().chain(given.outer_iter()), memory, settings.margin);
    let view = View { columns: settings.columns, ..View::new(plane, x, y) };
    let outline = |states: &Array2<f64>, name: &str| {
        let pieces = states.outer_iter().map(|s| vec![view.plane.place(&s.to_vec())]).collect();
        Mark::Outline(Outline { name: name.into(), pieces })
    };
    let mark = if given.is_empty() { outline(&stored, "stored") } else { outline(&given, "given states") };
    let level = |sigma: Option<f64>| Level {
        title: sigma.map_or(memory.name().to_owned(), |s| format!("σ = {}", three_digits(s))),
        marks: vec![mark.clone()],
        sigma: sigma.unwrap_or(0.0),
    };
    let levels: Vec<Level> = levels(&settings.sigmas, memory)?.into_iter().map(level).collect();
    let raw = Raw(memory);
    let denoiser = memory.denoiser().map(|_| &raw as &dyn Denoise<f64>);
    let energy = match (memory.landscape(), denoiser) {
        (Ok(_), _) => Some(&raw as &dyn Energy<f64>),
        // There is only a denoiser. `draw` computes an energy from its pull.
        (Err(_), Some(_)) => None,
        (Err(reason), None) => return Err(reason.into()),
    };
    let drawn = draw(energy, denoiser, &view, &levels)?;
    Ok((drawn, view.plane))
}

/// States of the memory, in raw units: its patterns, or samples from it.
fn stored(memory: &dyn Memory<f64>) -> Result<Array2<f64>> {
    if let Some(patterns) = memory.patterns() {
        let rows: Vec<usize> =
            (0..patterns.len().min(SHOWN)).map(|n| n * patterns.len() / patterns.len().min(SHOWN)).collect();
        let mut states = Array2::zeros((rows.len(), memory.dim()));
        rows.iter().enumerate().for_each(|(k, &n)| states.row_mut(k).assign(&patterns.restored_row(n)));
        return Ok(states);
    }
    let Some(denoiser) = memory.denoiser() else {
        return Err(Error::setting("landscape", "a memory with patterns", memory.name()));
    };
    let mut stream = Stream::new(0, Purpose::Patterns, 0);
    let origin = vec![0.0; memory.dim()];
    // Unbounded shapes have no samples. A memory of nothing else is shown around its origin.
    let drawn = (0..SHOWN).filter_map(|_| denoiser.draw(&origin, f64::INFINITY, &mut stream).ok());
    let drawn: Vec<Vec<f64>> = drawn.collect();
    if drawn.is_empty() {
        return Ok(denoiser.denoise(Array2::zeros((1, memory.dim())).view(), &[1e15])?);
    }
    Ok(Array2::from_shape_fn((drawn.len(), memory.dim()), |(n, j)| drawn[n][j]))
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

/// The noise levels that were given, or a few that fit the spread of the memory. `None` stands for the single
/// landscape of a memory without noise levels.
fn levels(sigmas: &[f64], memory: &dyn Memory<f64>) -> Result<Vec<Option<f64>>> {
    const SPREADS: [f64; 4] = [2.0, 1.0, 0.5, 0.2];
    if memory.denoiser().is_none() {
        if let Some(sigma) = sigmas.first() {
            let expected =
                format!("no noise level, since {} has one landscape for all of them", memory.name());
            return Err(Error::setting("sigma", expected, sigma));
        }
        return Ok(vec![None]);
    }
    if let Some(sigma) = sigmas.iter().find(|s| !(**s >= 0.0 && **s <= 1e12)) {
        return Err(Error::setting("sigma", "numbers from 0 to 1e12", sigma));
    }
    let own = spread(memory);
    Ok(match sigmas.is_empty() {
        true => SPREADS.iter().map(|s| Some(s * own)).collect(),
        false => sigmas.iter().copied().map(Some).collect(),
    })
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
