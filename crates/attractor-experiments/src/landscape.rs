//! Energy landscapes on a plane: one panel a noise level, with the pull of the denoiser as arrows.
//!
//! ```
//! use attractor::{Patterns, energies::Points};
//! use attractor_experiments::landscape::{Level, Plane, View, draw};
//! let points = Points::new(Patterns::new(ndarray::array![[1.0, 0.0], [-1.0, 0.5]])?);
//! let view = View { columns: 21, ..View::new(Plane::plain(), (-2.0, 2.0), (-1.5, 1.5)) };
//! let (figure, numbers) = draw(Some(&points), Some(&points), &view, &[Level::new(0.8), Level::new(0.2)])?;
//! assert_eq!((figure.panels.len(), numbers.rows.len()), (2, 2 * 21 * 16));
//! # Ok::<(), attractor_experiments::Error>(())
//! ```

use attractor::energies::{Denoise, Energy};
use ndarray::{Array1, Array2};

use crate::figure::{Arrows, Axis, Contours, Field, Figure, Mark, Panel};
use crate::report::{Cell, Column, Table};
use crate::{Error, Result};

/// A plane in the space of states.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    origin: Vec<f64>,
    across: Vec<f64>,
    up: Vec<f64>,
}

impl Plane {
    /// The plane that two units are.
    pub fn plain() -> Self {
        Plane { origin: vec![0.0; 2], across: vec![1.0, 0.0], up: vec![0.0, 1.0] }
    }

    /// The plane through `origin` along two directions, which are brought to unit length and right angles.
    ///
    /// # Errors
    /// Lengths that disagree, directions that span no plane.
    pub fn through(origin: Vec<f64>, across: Vec<f64>, up: Vec<f64>) -> Result<Self> {
        let refuse = |expected: &str, found: String| Err(Error::setting("plane", expected.into(), found));
        if across.len() != origin.len() || up.len() != origin.len() {
            let found = format!("{}, {} and {} numbers", origin.len(), across.len(), up.len());
            return refuse("an origin and two directions of one length", found);
        }
        let unit = |v: Vec<f64>| {
            let norm = dot(&v, &v).sqrt();
            let fits = norm.is_finite() && norm > 0.0;
            fits.then(|| v.iter().map(|x| x / norm).collect::<Vec<f64>>())
        };
        let Some((across, up)) = unit(across).zip(unit(up)) else {
            return refuse("directions that are finite and not zero", "one that is not".into());
        };
        let share = dot(&across, &up);
        let rest: Vec<f64> = up.iter().zip(&across).map(|(u, a)| u - share * a).collect();
        // What is left of nearly parallel directions is rounding.
        match unit(rest).filter(|_| share.abs() < 1.0 - 1e-9) {
            Some(up) => Ok(Plane { origin, across, up }),
            None => refuse("two directions that span a plane", "parallel ones".into()),
        }
    }

    /// The plane through the mean of `states` along their first two principal components: the directions in
    /// which they differ most. Where they differ in fewer than two, units stand for what is missing.
    pub fn principal(states: &Array2<f64>) -> Self {
        /// Block power iteration: variances 2 % apart are told to 10⁻⁸.
        const ITERATIONS: usize = 500;
        /// Of the larger variance: less is rounding.
        const ROUNDING: f64 = 1e-12;
        let dim = states.ncols();
        let mean = states.mean_axis(ndarray::Axis(0)).unwrap_or_else(|| Array1::zeros(dim));
        let from = states - &mean;
        // Columns that differ: no direction is left out by chance.
        let mut first = Array1::from_shape_fn(dim, |j| 1.0 + (j as f64).sin());
        let mut second = Array1::from_shape_fn(dim, |j| 1.0 + (1.7 * j as f64).cos());
        let length = |v: &Array1<f64>| v.dot(v).sqrt().max(f64::MIN_POSITIVE);
        let (mut most, mut next) = (0.0, 0.0);
        for _ in 0..ITERATIONS {
            first = from.t().dot(&from.dot(&first));
            most = length(&first);
            first /= most;
            second = from.t().dot(&from.dot(&second));
            let share = first.dot(&second);
            second.scaled_add(-share, &first);
            next = length(&second);
            second /= next;
        }
        // The unit along which a direction is longest is the worst to stand beside it.
        let unit = |beside: &Array1<f64>| {
            let least = (0..dim).min_by(|&a, &b| beside[a].abs().total_cmp(&beside[b].abs())).unwrap_or(0);
            let mut unit = Array1::zeros(dim);
            unit[least] = 1.0;
            unit.scaled_add(-beside[least], beside);
            unit
        };
        let scale = mean.dot(&mean) + from.iter().map(|x| x * x).sum::<f64>();
        if most <= ROUNDING * scale {
            first = unit(&Array1::zeros(dim));
        }
        if next <= ROUNDING * most.max(ROUNDING * scale) {
            second = unit(&first);
        }
        let unit = |v: Array1<f64>| (&v / length(&v)).to_vec();
        Plane { origin: mean.to_vec(), across: unit(first), up: unit(second) }
    }

    /// Origin, and the unit vectors of its axes.
    pub fn axes(&self) -> [&[f64]; 3] {
        [&self.origin, &self.across, &self.up]
    }

    /// The state at a place.
    pub fn state(&self, (x, y): (f64, f64)) -> Vec<f64> {
        let along = self.across.iter().zip(&self.up).map(|(a, u)| x * a + y * u);
        self.origin.iter().zip(along).map(|(o, v)| o + v).collect()
    }

    /// The place below a state.
    pub fn place(&self, state: &[f64]) -> (f64, f64) {
        let from: Vec<f64> = state.iter().zip(&self.origin).map(|(z, o)| z - o).collect();
        (dot(&from, &self.across), dot(&from, &self.up))
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Which part of a plane is seen, and how finely.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The plane.
    pub plane: Plane,
    /// Ends of its horizontal axis.
    pub x: (f64, f64),
    /// Ends of its vertical axis.
    pub y: (f64, f64),
    /// Columns of the grid on which energies are taken; rows lie as far apart. At least 2. Default 49.
    pub columns: usize,
    /// Arrows a row; 0 for none. Default 11.
    pub arrows: usize,
    /// Lowest and highest energy that has a colour of its own; those above are white. Default: from the lowest
    /// to what four of five places are below.
    pub energies: Option<(f64, f64)>,
}

impl View {
    /// A part of a plane.
    pub fn new(plane: Plane, x: (f64, f64), y: (f64, f64)) -> Self {
        View { plane, x, y, columns: 49, arrows: 11, energies: None }
    }

    fn check(&self) -> Result<()> {
        let fits = |(low, high): (f64, f64)| low.is_finite() && high.is_finite() && low < high;
        match [self.x, self.y].into_iter().find(|ends| !fits(*ends)) {
            Some(ends) => {
                Err(Error::setting("range", "low < high".into(), format!("{} to {}", ends.0, ends.1)))
            }
            None if self.columns < 2 => Err(Error::setting("columns", "at least 2".into(), self.columns)),
            None => Ok(()),
        }
    }

    /// Rows for so many columns, as far apart as they are; at least 2.
    fn rows(&self, columns: usize) -> usize {
        let ratio = (self.y.1 - self.y.0) / (self.x.1 - self.x.0);
        (((columns - 1) as f64 * ratio).round() as usize + 1).max(2)
    }

    /// Places of a grid from end to end, row by row from below.
    fn grid(&self, columns: usize, rows: usize) -> Vec<(f64, f64)> {
        let along = |(a, b): (f64, f64), i: usize, n: usize| a + (b - a) * i as f64 / (n - 1) as f64;
        let place = |i: usize| (along(self.x, i % columns, columns), along(self.y, i / columns, rows));
        (0..rows * columns).map(place).collect()
    }

    /// Places of the whole grid, row by row from below.
    pub fn places(&self) -> Vec<(f64, f64)> {
        self.grid(self.columns, self.rows(self.columns))
    }

    /// How far apart the places of a grid are.
    fn spacing(&self, columns: usize, rows: usize) -> (f64, f64) {
        ((self.x.1 - self.x.0) / (columns - 1) as f64, (self.y.1 - self.y.0) / (rows - 1) as f64)
    }

    /// Places of the arrows: the middles of cells.
    fn middles(&self) -> Vec<(f64, f64)> {
        let columns = self.arrows;
        let ratio = (self.y.1 - self.y.0) / (self.x.1 - self.x.0);
        let rows = ((columns as f64 * ratio).round() as usize).max(1);
        let along = |(a, b): (f64, f64), i: usize, n: usize| a + (b - a) * (i as f64 + 0.5) / n as f64;
        (0..rows * columns)
            .map(|i| (along(self.x, i % columns, columns), along(self.y, i / columns, rows)))
            .collect()
    }

    fn states(&self, places: &[(f64, f64)]) -> Array2<f64> {
        let mut states = Array2::zeros((places.len(), self.plane.origin.len()));
        for (mut state, place) in states.outer_iter_mut().zip(places) {
            state.assign(&Array1::from(self.plane.state(*place)));
        }
        states
    }
}

/// One noise level, and what is drawn into its panel on top of the landscape.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// σ; of a memory with one landscape it does not matter.
    pub sigma: f64,
    /// The panel's title.
    pub title: String,
    /// Further marks, such as what is stored and the ways of states.
    pub marks: Vec<Mark>,
}

impl Level {
    /// A level with its σ as title.
    pub fn new(sigma: f64) -> Self {
        Level { sigma, title: format!("σ = {sigma}"), marks: Vec::new() }
    }
}

/// Draws the energy on a plane, one panel a level: colours and lines of equal energy, and as arrows the pull
/// D(z; σ) − z = −∇E_σ of the denoiser, or −∇E by differences where there is none, in the plane. The longest arrow of a panel is as long as arrows are apart.
///
/// A denoiser alone, such as a trained network, has no energy: then that is drawn whose slope in the plane is nearest to
/// the pull, in least squares, and 0 at its lowest place.
///
/// Also gives the numbers: σ, x, y, energy, and the pull's two components.
///
/// # Errors
/// A range that is none, states of another width than the memory's.
pub fn draw(
    energy: Option<&dyn Energy<f64>>,
    denoiser: Option<&dyn Denoise<f64>>,
    view: &View,
    levels: &[Level],
) -> Result<(Figure, Table)> {
    view.check()?;
    if energy.is_none() && denoiser.is_none() {
        return Err(Error::setting("memory", "an energy or a denoiser".into(), "neither"));
    }
    let (columns, rows) = (view.columns, view.rows(view.columns));
    let places = view.grid(columns, rows);
    let pull = |places: &[(f64, f64)], sigma: f64| -> Result<Vec<(f64, f64)>> {
        let Some(denoiser) = denoiser else {
            return energy.map_or(Ok(vec![(0.0, 0.0); places.len()]), |e| slope(e, view, places, sigma));
        };
        let mut pulls = Vec::with_capacity(places.len());
        for places in places.chunks(BATCH) {
            let goals = denoiser.denoise(view.states(places).view(), &vec![sigma; places.len()])?;
            pulls.extend(goals.outer_iter().zip(places).map(|(goal, place)| {
                let (x, y) = view.plane.place(&goal.to_vec());
                (x - place.0, y - place.1)
            }));
        }
        Ok(pulls)
    };

    let keys = ["sigma", "x", "y", "energy", "pull_x", "pull_y"];
    let mut numbers = Table::new("landscape", keys.map(Column::plain).to_vec());
    let mut fields = Vec::new();
    for level in levels {
        let pulls = pull(&places, level.sigma)?;
        let energies = match energy {
            Some(energy) => energies(energy, view, &places, level.sigma)?,
            None => fitted(&pulls, columns, view.spacing(columns, rows)),
        };
        for (i, (place, energy)) in places.iter().zip(&energies).enumerate() {
            let row = [level.sigma, place.0, place.1, *energy, pulls[i].0, pulls[i].1];
            numbers.rows.push(row.map(Cell::number).to_vec());
        }
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
    for (level, field) in levels.iter().zip(fields) {
        let mut marks = vec![Mark::Field(field.clone())];
        marks.push(Mark::Contours(Contours { field, levels: lines.clone(), digits: None }));
        let middles = view.middles();
        if !middles.is_empty() {
            let pulls = pull(&middles, level.sigma)?;
            let longest = pulls.iter().map(|(u, v)| u.hypot(*v)).fold(f64::MIN_POSITIVE, f64::max);
            let scale = (view.x.1 - view.x.0) / view.arrows as f64 / longest;
            let arrows = middles.into_iter().zip(pulls.iter().map(|(u, v)| (scale * u, scale * v)));
            marks.push(Mark::Arrows(Arrows { arrows: arrows.collect() }));
        }
        marks.extend(level.marks.iter().cloned());
        figure.panels.push(Panel {
            title: level.title.clone(),
            x: Axis::linear("").within(view.x.0, view.x.1),
            y: Axis::linear("").within(view.y.0, view.y.1),
            equal: true,
            marks,
        });
    }
    Ok((figure, numbers))
}

/// The energies E on a grid for which the sum over neighbours of (E' − E + h · pull)² is least, by conjugate gradients on
/// its normal equations: a Laplacian, whose constant is set so that the lowest energy is 0.
fn fitted(pulls: &[(f64, f64)], columns: usize, spacing: (f64, f64)) -> Vec<f64> {
    /// Of the first residual.
    const ENOUGH: f64 = 1e-10;
    let neighbours = |i: usize| {
        let right = (!(i + 1).is_multiple_of(columns)).then_some((i + 1, true));
        let above = (i + columns < pulls.len()).then_some((i + columns, false));
        right.into_iter().chain(above)
    };
    // E' − E should be this from one neighbour to the next: the trapezium rule.
    let rise = |i: usize, j: usize, across: bool| match across {
        true => -spacing.0 * (pulls[i].0 + pulls[j].0) / 2.0,
        false => -spacing.1 * (pulls[i].1 + pulls[j].1) / 2.0,
    };
    let spread = |differences: &dyn Fn(usize, usize, bool) -> f64| {
        let mut sums = vec![0.0; pulls.len()];
        for i in 0..pulls.len() {
            for (j, across) in neighbours(i) {
                let difference = differences(i, j, across);
                sums[j] += difference;
                sums[i] -= difference;
            }
        }
        sums
    };
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let mut energies = vec![0.0; pulls.len()];
    let mut residual = spread(&rise);
    let mut direction = residual.clone();
    let first = dot(&residual, &residual);
    let mut square = first;
    for _ in 0..pulls.len() {
        if square <= ENOUGH * ENOUGH * first {
            break;
        }
        let image = spread(&|i, j, _| direction[j] - direction[i]);
        let length = square / dot(&direction, &image).max(f64::MIN_POSITIVE);
        energies.iter_mut().zip(&direction).for_each(|(e, d)| *e += length * d);
        residual.iter_mut().zip(&image).for_each(|(r, a)| *r -= length * a);
        let next = dot(&residual, &residual);
        direction.iter_mut().zip(&residual).for_each(|(d, r)| *d = r + next / square * *d);
        square = next;
    }
    let lowest = energies.iter().copied().fold(f64::INFINITY, f64::min);
    energies.iter().map(|e| e - lowest).collect()
}

/// Places whose states are held at a time.
const BATCH: usize = 4096;

/// Energies at places.
fn energies(energy: &dyn Energy<f64>, view: &View, places: &[(f64, f64)], sigma: f64) -> Result<Vec<f64>> {
    let mut all = Vec::with_capacity(places.len());
    for places in places.chunks(BATCH) {
        all.extend(energy.energy(view.states(places).view(), &vec![sigma; places.len()])?);
    }
    Ok(all)
}

/// −∇E in the plane, by differences over a ten-thousandth of the view.
fn slope(
    energy: &dyn Energy<f64>,
    view: &View,
    places: &[(f64, f64)],
    sigma: f64,
) -> Result<Vec<(f64, f64)>> {
    let step = 1e-4 * (view.x.1 - view.x.0);
    let energies = |by: (f64, f64)| -> Result<Vec<f64>> {
        let moved: Vec<(f64, f64)> = places.iter().map(|p| (p.0 + by.0, p.1 + by.1)).collect();
        self::energies(energy, view, &moved, sigma)
    };
    let (right, left) = (energies((step, 0.0))?, energies((-step, 0.0))?);
    let (above, below) = (energies((0.0, step))?, energies((0.0, -step))?);
    let down = |(high, low): (&f64, &f64)| -(high - low) / (2.0 * step);
    Ok(right.iter().zip(&left).map(down).zip(above.iter().zip(&below).map(down)).collect())
}

/// The lowest energy, and what four of five places are below: the corners of a plane would take all the colours.
fn colour_ends(fields: &[Field]) -> (f64, f64) {
    let mut values: Vec<f64> =
        fields.iter().flat_map(|f| f.values.iter().copied()).filter(|v| v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values.get((share * values.len() as f64) as usize).copied().unwrap_or(0.0);
    let (low, high) = (at(0.0), at(0.8));
    if low < high { (low, high) } else { (low - 0.5, low + 0.5) }
}

/// Energies that get a line: multiples of a round number, about eight between the ends, and on to the highest.
fn lines(fields: &[Field], (low, high): (f64, f64)) -> Vec<f64> {
    let rough = (high - low) / 8.0;
    let unit = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].iter().map(|m| m * unit).find(|s| *s >= rough).unwrap_or(rough);
    let values = fields.iter().flat_map(|f| f.values.iter().copied()).filter(|v| v.is_finite());
    let highest = values.fold(high, f64::max);
    /// More would be a black plane.
    const MOST: i64 = 100;
    let first = (low / step).ceil() as i64;
    let last = ((highest / step).floor() as i64).min(first + MOST);
    (first..=last).map(|i| i as f64 * step).collect()
}

/// To seven significant digits: as many as anyone draws.
pub(crate) fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let unit = 10f64.powi(6 - value.abs().log10().floor() as i32);
    let rounded = (value * unit).round() / unit;
    if rounded.is_finite() { rounded } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 40 states with variances 9, 4 and 0.01 along known directions.
    #[test]
    fn the_principal_plane_is_that_of_the_largest_variances() {
        let axes = array![[0.6, 0.8, 0.0], [-0.8, 0.6, 0.0], [0.0, 0.0, 1.0]];
        let states = Array2::from_shape_fn((40, 3), |(n, j)| {
            let at =
                [3.0 * (n as f64 * 0.7).sin(), 2.0 * (n as f64 * 1.9).cos(), 0.1 * (n as f64 * 3.1).sin()];
            5.0 + (0..3).map(|k| at[k] * axes[[k, j]]).sum::<f64>()
        });
        let plane = Plane::principal(&states);
        for state in states.outer_iter() {
            // What is left outside of the plane is the third direction's, at most 0.1 each way.
            let back = plane.state(plane.place(&state.to_vec()));
            let off = state.iter().zip(back).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            assert!(off < 0.25, "{off}");
        }
        // Two states differ in one direction, one in none: the plane holds them all the same.
        for states in [array![[1.0, 2.0, 3.0], [2.0, 0.0, 3.5]], array![[1.0, 2.0, 3.0]]] {
            let plane = Plane::principal(&states);
            let [_, across, up] = plane.axes();
            assert!(
                (dot(across, across) - 1.0).abs() + (dot(up, up) - 1.0).abs() + dot(across, up).abs() < 1e-12
            );
            for state in states.outer_iter() {
                let back = plane.state(plane.place(&state.to_vec()));
                assert!(state.iter().zip(back).all(|(a, b)| (a - b).abs() < 1e-12));
            }
        }
    }
    use attractor::Patterns;
    use attractor::energies::Points;
    use ndarray::array;

    #[test]
    fn the_pull_is_the_slope_of_the_energy_in_the_plane() {
        let patterns = array![[1.0, 0.0, 0.3], [-1.0, 0.5, 0.0], [0.2, -0.4, 1.0]];
        let points = Points::new(Patterns::new(patterns).expect("patterns"));
        let plane =
            Plane::through(vec![0.1, 0.0, -0.2], vec![1.0, 1.0, 0.0], vec![1.0, 0.0, 2.0]).expect("a plane");
        let view = View { columns: 41, arrows: 5, ..View::new(plane, (-1.0, 1.0), (-0.5, 0.5)) };
        let (figure, numbers) = draw(Some(&points), Some(&points), &view, &[Level::new(0.7)]).expect("drawn");
        assert_eq!(numbers.rows.len(), 41 * 21);
        let at = |row: usize, column: usize, key: usize| -> f64 {
            numbers.rows[row * 41 + column][key].values[0].as_f64().expect("a number")
        };
        let step = 2.0 / 40.0;
        for (row, column) in [(3, 5), (10, 20), (15, 33)] {
            let across = (at(row, column + 1, 3) - at(row, column - 1, 3)) / (2.0 * step);
            let up = (at(row + 1, column, 3) - at(row - 1, column, 3)) / (2.0 * step);
            // Central differences: h²/6 times a third derivative of order 1.
            assert!((at(row, column, 4) + across).abs() < 2e-3 && (at(row, column, 5) + up).abs() < 2e-3);
        }
        figure.svg().expect("a figure");
    }

    #[test]
    fn planes_and_ranges_that_are_none_are_refused() {
        let error =
            Plane::through(vec![0.0; 3], vec![1.0, 0.0, 0.0], vec![-2.0, 0.0, 0.0]).expect_err("a line");
        assert!(error.to_string().contains("parallel"), "{error}");
        assert!(Plane::through(vec![0.0; 3], vec![1.0, 0.0], vec![0.0, 1.0]).is_err());
        let points = Points::new(Patterns::new(array![[1.0, 0.0]]).expect("patterns"));
        let view = View::new(Plane::plain(), (1.0, 1.0), (0.0, 1.0));
        let error = draw(Some(&points), None, &view, &[Level::new(1.0)]).expect_err("no range").to_string();
        assert!(error.contains("range: expected low < high"), "{error}");
    }

    #[test]
    fn a_place_is_where_its_state_is() {
        let plane =
            Plane::through(vec![1.0, 2.0, 3.0], vec![0.0, 3.0, 4.0], vec![1.0, 1.0, 0.0]).expect("a plane");
        let (x, y) = plane.place(&plane.state((0.3, -0.7)));
        assert!((x - 0.3).abs() < 1e-15 && (y + 0.7).abs() < 1e-15);
    }
}
