//! Energy landscapes on a plane: one panel for each noise level, with the pull of the denoiser as arrows.
//!
//! [`draw`] draws an energy on a given part of a given plane. [`draw_memory`] also chooses the plane, the
//! view and the noise levels, so that they fit a memory.
//!
//! ```
//! use attractor::{Patterns, energies::Points};
//! use attractor_figures::landscape::{Level, Plane, View, draw};
//! let points = Points::new(Patterns::new(ndarray::array![[1.0, 0.0], [-1.0, 0.5]])?);
//! let view = View { columns: 21, ..View::new(Plane::plain(), (-2.0, 2.0), (-1.5, 1.5)) };
//! let drawn = draw(Some(&points), Some(&points), &view, &[Level::new(0.8), Level::new(0.2)])?;
//! assert_eq!((drawn.figure.panels.len(), drawn.samples.len()), (2, 2 * 21 * 16));
//! # Ok::<(), attractor_figures::Error>(())
//! ```

mod memory;
mod plane;
mod values;
mod view;

use attractor::energies::{Denoise, Energy};
use ndarray::Array2;

use crate::{Arrows, Axis, Contours, Error, Field, Figure, Mark, Panel, Result};
use values::{energies, fitted, interpolated, pull, slopes};

pub use memory::{Drawn, Settings, draw_memory};
pub use plane::Plane;
pub use view::View;

/// One noise level, with further marks to draw on its landscape.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// The noise level σ. It has no effect where the landscape does not depend on it.
    pub sigma: f64,
    /// The panel's title.
    pub title: String,
    /// Further marks, such as the stored patterns and the paths of states.
    pub marks: Vec<Mark>,
}

impl Level {
    /// A level whose title is its σ.
    pub fn new(sigma: f64) -> Self {
        Level { sigma, title: format!("σ = {sigma}"), marks: Vec::new() }
    }
}

/// The landscape at one place and noise level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Noise level σ.
    pub sigma: f64,
    /// The place, in coordinates of the plane.
    pub place: (f64, f64),
    /// Energy.
    pub energy: f64,
    /// The pull D(z; σ) − z, in coordinates of the plane.
    pub pull: (f64, f64),
}

/// A column of a file of samples: its name, and how its number is read.
pub type SampleColumn = (&'static str, fn(&Sample) -> f64);

impl Sample {
    /// The columns of a file of samples: the name of each number and how to read it.
    pub const COLUMNS: [SampleColumn; 6] = [
        ("sigma", |s| s.sigma),
        ("x", |s| s.place.0),
        ("y", |s| s.place.1),
        ("energy", |s| s.energy),
        ("pull_x", |s| s.pull.0),
        ("pull_y", |s| s.pull.1),
    ];
}

/// A landscape, as a figure and as numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Landscape {
    /// The figure.
    pub figure: Figure,
    /// The numbers behind the figure: level by level, and within a level row by row from the bottom.
    pub samples: Vec<Sample>,
}

/// Draws an energy on a plane, with one panel for each noise level. Colours and contour lines show the
/// energy. Arrows show the pull of the denoiser in the plane, D(z; σ) − z = −∇E_σ; without a denoiser they
/// show −∇E, by differences between places of the grid. The longest arrow of a panel is as long as the arrows are apart.
///
/// Without an energy (a trained network is only a denoiser) it draws the energy whose slope in the plane fits
/// the pull best in least squares. Its lowest value is set to 0.
///
/// # Errors
/// An empty range; states whose width differs from the memory's; neither an energy nor a denoiser.
pub fn draw(
    energy: Option<&dyn Energy<f64>>,
    denoiser: Option<&dyn Denoise<f64>>,
    view: &View,
    levels: &[Level],
) -> Result<Landscape> {
    draw_observed(energy, denoiser, view, levels, &mut |_, _| {})
}

/// As [`draw`]. `progress` is told how many states of how many are computed.
///
/// # Errors
/// Those of [`draw`].
pub fn draw_observed(
    energy: Option<&dyn Energy<f64>>,
    denoiser: Option<&dyn Denoise<f64>>,
    view: &View,
    levels: &[Level],
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Landscape> {
    view.check()?;
    let (columns, rows) = (view.columns, view.rows(view.columns));
    let places = view.places();
    let mut samples = Vec::with_capacity(levels.len() * places.len());
    let mut fields = Vec::new();
    let mut arrows_of = Vec::new();
    let middles = view.middles();
    let each = places.len() * (usize::from(energy.is_some()) + usize::from(denoiser.is_some()));
    let (mut done, all) = (0, each * levels.len());
    let mut count = |more: usize| {
        done += more;
        progress(done.min(all), all);
    };
    for level in levels {
        let spacing = view.spacing(columns, rows);
        let found =
            energy.map(|energy| energies(energy, view, &places, level.sigma, &mut count)).transpose()?;
        let pulls = match (denoiser, &found) {
            (Some(denoiser), _) => pull(denoiser, view, &places, level.sigma, &mut count)?,
            (None, Some(energies)) => slopes(energies, columns, spacing),
            (None, None) => return Err(Error::setting("memory", "an energy or a denoiser", "neither")),
        };
        let energies = found.unwrap_or_else(|| fitted(&pulls, columns, spacing));
        arrows_of.push(match denoiser {
            Some(denoiser) => pull(denoiser, view, &middles, level.sigma, &mut |_| {})?,
            None => interpolated(view, &pulls, columns, &middles),
        });
        let sample = |((&place, &energy), &pull)| Sample { sigma: level.sigma, place, energy, pull };
        samples.extend(places.iter().zip(&energies).zip(&pulls).map(sample));
        let values = Array2::from_shape_fn((rows, columns), |(r, c)| energies[r * columns + c]);
        fields.push(Field { x: view.x, y: view.y, values });
    }

    let ends = view.energies.unwrap_or_else(|| colour_ends(&fields));
    let lines = lines(&fields, ends);
    let mut figure = Figure {
        shared: true,
        colours: Axis::linear("energy").within(ends.0, ends.1),
        ..Figure::new(if levels.len() == 4 { 2 } else { levels.len().clamp(1, 3) }, 240.0)
    };
    for ((level, field), pulls) in levels.iter().zip(fields).zip(arrows_of) {
        let contours = Contours { field: field.clone(), levels: lines.clone(), digits: None };
        let mut marks = vec![Mark::Field(field), Mark::Contours(contours)];
        if !middles.is_empty() {
            marks.push(Mark::Arrows(arrows(view, middles.clone(), &pulls)));
        }
        marks.extend(level.marks.iter().cloned());
        figure.panels.push(Panel {
            title: level.title.clone(),
            x: Axis::linear(&view.titles[0]).within(view.x.0, view.x.1),
            y: Axis::linear(&view.titles[1]).within(view.y.0, view.y.1),
            equal: true,
            marks,
        });
    }
    Ok(Landscape { figure, samples })
}

/// The pulls as arrows. The longest is as long as the arrows are apart.
fn arrows(view: &View, places: Vec<(f64, f64)>, pulls: &[(f64, f64)]) -> Arrows {
    let longest = pulls.iter().map(|(u, v)| u.hypot(*v)).fold(f64::MIN_POSITIVE, f64::max);
    let scale = (view.x.1 - view.x.0) / view.arrows as f64 / longest;
    let arrows = places.into_iter().zip(pulls.iter().map(|(u, v)| (scale * u, scale * v)));
    Arrows { arrows: arrows.collect() }
}

/// The lowest energy, and the energy below which four fifths of the places lie. The high corners of the plane
/// would otherwise take all the colours.
fn colour_ends(fields: &[Field]) -> (f64, f64) {
    let mut values: Vec<f64> =
        fields.iter().flat_map(|f| f.values.iter().copied()).filter(|v| v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values.get((share * values.len() as f64) as usize).copied().unwrap_or(0.0);
    let (low, high) = (at(0.0), at(0.8));
    if low < high { (low, high) } else { (low - 0.5, low + 0.5) }
}

/// The energies of the contour lines: multiples of a round number, about eight within the colours, then on to
/// the highest energy.
fn lines(fields: &[Field], (low, high): (f64, f64)) -> Vec<f64> {
    let rough = (high - low) / 8.0;
    let unit = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].iter().map(|m| m * unit).find(|s| *s >= rough).unwrap_or(rough);
    let values = fields.iter().flat_map(|f| f.values.iter().copied()).filter(|v| v.is_finite());
    let highest = values.fold(high, f64::max);
    /// More lines would blacken the plane.
    const MOST: i64 = 100;
    let first = (low / step).ceil() as i64;
    let last = ((highest / step).floor() as i64).min(first + MOST);
    (first..=last).map(|i| i as f64 * step).collect()
}

#[cfg(test)]
mod tests;
