//! Rows of one set at one noise level: errors of the model and of the exact denoisers, and local dimensions.

use attractor::Patterns;
use attractor::energies::{Denoise, Points, local_dimensions};
use attractor::noise::{Purpose, Stream};
use attractor_report::Result;
use ndarray::{Array2, ArrayView2, Axis, s};
use std::ops::Range;

use super::subject::{Subject, batch};

/// The sets of rows that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// Training rows.
    Train,
    /// Held-out rows.
    Heldout,
    /// Generated rows.
    Generated,
}

/// The exact denoiser of the training rows, and of the training rows without some of them.
pub(super) struct Exact {
    /// Of all training rows.
    pub all: Points<f64>,
    /// Each training row that is looked at is left out by one of these: the rows, and the denoiser of the others.
    folds: Vec<(Range<usize>, Points<f64>)>,
}

impl Exact {
    /// `states` are all training rows, and `examined` those that are looked at. At most a tenth is left out at a time, and at least one row.
    pub fn new(states: &Array2<f64>, examined: &[usize]) -> Result<Self> {
        /// One of so many rows is left out.
        const ONE_OF: usize = 10;
        let patterns = Patterns::new(states.clone())?;
        let size = (states.nrows() / ONE_OF).max(1);
        let mut folds = Vec::new();
        for from in (0..examined.len()).step_by(size) {
            let rows = from..examined.len().min(from + size);
            folds.push((rows.clone(), Points::new(patterns.remove(&examined[rows])?)));
        }
        Ok(Exact { all: Points::new(patterns), folds })
    }
}

/// What was measured of the rows of one set at one level: one number for each row.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    /// The mean square error of the model on x + σε, a unit.
    pub model: Vec<f64>,
    /// That of the exact denoiser of the training rows.
    pub exact: Vec<f64>,
    /// That of the exact denoiser of other training rows; for training rows alone.
    pub left_out: Option<Vec<f64>>,
    /// The mean square difference of the two, a unit.
    pub distance: Vec<f64>,
    /// The mean square of the noise, a unit: the error of a denoiser that does nothing.
    pub nothing: Vec<f64>,
    /// The local dimension of the model at x.
    pub dimension: Vec<f64>,
    /// That of the exact denoiser.
    pub exact_dimension: Vec<f64>,
    /// That of the exact denoiser of other training rows.
    pub left_out_dimension: Option<Vec<f64>>,
}

/// The rows of one set that are looked at.
pub(super) struct Looked {
    pub set: Set,
    /// Their states.
    pub states: Array2<f64>,
    draws: usize,
    probes: usize,
    seed: u64,
}

impl Looked {
    pub fn new(set: Set, states: Array2<f64>, settings: &super::Settings, seed: u64) -> Self {
        Looked { set, states, draws: settings.draws, probes: settings.probes, seed }
    }

    /// The noise of one row and draw, the same at every level.
    fn noise(&self, row: usize, draw: usize) -> Vec<f64> {
        let id = ((row * self.draws + draw) * 3 + self.set as usize) as u64;
        let mut stream = Stream::new(self.seed, Purpose::Corruption, id);
        (0..self.states.ncols()).map(|_| stream.normal()).collect()
    }

    /// How many recalls a level takes.
    pub fn recalls(&self) -> usize {
        self.states.nrows()
    }

    /// The states that a level reads from the model, at most.
    pub fn reads(&self, dim: usize) -> usize {
        let recalls = if self.set == Set::Generated { 0 } else { self.recalls() };
        self.states.nrows() * (self.draws + 2 * self.probes.min(dim)) + recalls
    }

    /// x + σε of the first draw of each row.
    pub fn cues(&self, sigma: f64) -> Array2<f64> {
        let mut cues = self.states.clone();
        for (row, mut cue) in cues.outer_iter_mut().enumerate() {
            cue.iter_mut().zip(self.noise(row, 0)).for_each(|(z, e)| *z += sigma * e);
        }
        cues
    }

    /// Measures all rows at one level. `told` is called with the states that were read.
    pub fn at(
        &self,
        subject: &Subject,
        exact: &Exact,
        sigma: f64,
        told: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<Measured> {
        let mut found = self.errors_at(subject, exact, sigma)?;
        told(self.states.nrows() * self.draws)?;
        found.dimension = match subject.dimensions(self.states.view(), sigma)? {
            Some(dimensions) => dimensions,
            None => estimated(subject, self.states.view(), sigma, self.probes, self.seed, told)?,
        };
        let closed = |memory: &Points<f64>, states: ArrayView2<f64>| -> Result<Vec<f64>> {
            let found = local_dimensions(memory, states, &vec![sigma; states.nrows()])?;
            Ok(found.into_iter().map(|dimension| dimension.unwrap_or(f64::INFINITY)).collect())
        };
        found.exact_dimension = closed(&exact.all, self.states.view())?;
        if self.set == Set::Train {
            let mut all = Vec::new();
            for (rows, memory) in &exact.folds {
                all.extend(closed(memory, self.states.slice(s![rows.clone(), ..]))?);
            }
            found.left_out_dimension = Some(all);
        }
        Ok(found)
    }

    /// The errors alone.
    pub fn errors_at(&self, subject: &Subject, exact: &Exact, sigma: f64) -> Result<Measured> {
        let left_out = (self.set == Set::Train).then(Vec::new);
        let mut found = Measured { left_out, ..Measured::default() };
        let rows = (batch(self.states.ncols()) / self.draws).max(1);
        for from in (0..self.states.nrows()).step_by(rows) {
            self.errors(from..self.states.nrows().min(from + rows), subject, exact, sigma, &mut found)?;
        }
        Ok(found)
    }

    /// The errors of some rows.
    fn errors(
        &self,
        rows: Range<usize>,
        subject: &Subject,
        exact: &Exact,
        sigma: f64,
        found: &mut Measured,
    ) -> Result<()> {
        let own: Vec<usize> = rows.clone().flat_map(|row| vec![row; self.draws]).collect();
        let clean = self.states.select(Axis(0), &own);
        let mut cues = clean.clone();
        for (n, mut cue) in cues.outer_iter_mut().enumerate() {
            cue.iter_mut().zip(self.noise(own[n], n % self.draws)).for_each(|(z, e)| *z += sigma * e);
        }
        let sigmas = vec![sigma; own.len()];
        let model = subject.denoise(cues.view(), sigma)?;
        let remembered = exact.all.denoise(cues.view(), &sigmas)?;
        found.model.extend(self.squares(&model, &clean));
        found.exact.extend(self.squares(&remembered, &clean));
        found.distance.extend(self.squares(&model, &remembered));
        found.nothing.extend(self.squares(&cues, &clean));
        let Some(left_out) = &mut found.left_out else { return Ok(()) };
        for (fold, memory) in &exact.folds {
            let part = fold.start.max(rows.start)..fold.end.min(rows.end);
            if part.is_empty() {
                continue;
            }
            let range = s![(part.start - rows.start) * self.draws..(part.end - rows.start) * self.draws, ..];
            let (cues, clean) = (cues.slice(range), clean.slice(range).to_owned());
            let means = memory.denoise(cues, &vec![sigma; cues.nrows()])?;
            left_out.extend(self.squares(&means, &clean));
        }
        Ok(())
    }

    /// The mean square difference of each row over its draws and units.
    fn squares(&self, a: &Array2<f64>, b: &Array2<f64>) -> Vec<f64> {
        let square = |n: usize| a.row(n).iter().zip(b.row(n)).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        let size = (self.draws * a.ncols()) as f64;
        let row = |row: usize| (row * self.draws..(row + 1) * self.draws).map(square).sum::<f64>() / size;
        (0..a.nrows() / self.draws).map(row).collect()
    }
}

/// The local dimension of any denoiser at some states,
///
/// D + σ²(tr ∇s + ‖s‖²) = tr J + ‖D(z) − z‖²/σ²,   J = ∂D/∂z,
///
/// with tr J = E vᵀJv over random signs v (Hutchinson), and Jv by central differences, (D(z + hv) − D(z − hv))/2h. If there are at least as many probes as
/// units, v are √D times the unit vectors, each once, and the sum is exact.
///
/// The mean of the estimate is tr J up to an error of h²/6 times a third derivative; its variance is 2 Σ_{i≠j} (J_ij + J_ji)²/4 divided by the number of
/// probes.
fn estimated(
    subject: &Subject,
    states: ArrayView2<f64>,
    sigma: f64,
    probes: usize,
    seed: u64,
    told: &mut dyn FnMut(usize) -> Result<()>,
) -> Result<Vec<f64>> {
    /// h as a share of σ: near the cube root of the rounding of 32 bits, where rounding and curvature do the least harm together.
    const STEP: f64 = 1.0 / 256.0;
    let (dim, step) = (states.ncols(), STEP * sigma);
    let all_units = probes >= dim;
    let probes = if all_units { dim } else { probes };
    let mut traces = vec![0.0; states.nrows()];
    // States of one row and several probes are denoised together.
    let mut tasks = (0..states.nrows()).flat_map(|row| (0..probes).map(move |probe| (row, probe))).peekable();
    while tasks.peek().is_some() {
        let part: Vec<(usize, usize)> = tasks.by_ref().take((batch(dim) / 2).max(1)).collect();
        let directions: Vec<Vec<f64>> = part
            .iter()
            .map(|&(row, probe)| match all_units {
                true => (0..dim).map(|unit| f64::from(u8::from(unit == probe))).collect(),
                false => {
                    let id = (row * probes + probe) as u64;
                    let mut stream = Stream::new(seed, Purpose::Calibration, id);
                    (0..dim).map(|_| if stream.below(2) == 0 { 1.0 } else { -1.0 }).collect()
                }
            })
            .collect();
        let moved = Array2::from_shape_fn((2 * part.len(), dim), |(n, unit)| {
            let side = if n % 2 == 0 { step } else { -step };
            states[[part[n / 2].0, unit]] + side * directions[n / 2][unit]
        });
        let means = subject.denoise(moved.view(), sigma)?;
        let weight = if all_units { 1.0 } else { 1.0 / probes as f64 };
        for (n, (row, _)) in part.iter().enumerate() {
            let (up, down) = (means.row(2 * n), means.row(2 * n + 1));
            let change: f64 =
                directions[n].iter().zip(up.iter().zip(down)).map(|(v, (a, b))| v * (a - b)).sum();
            traces[*row] += weight * change / (2.0 * step);
        }
        told(2 * part.len())?;
    }
    let mut means = Array2::zeros(states.dim());
    let batch = batch(dim);
    for (part, mut means) in
        states.axis_chunks_iter(Axis(0), batch).zip(means.axis_chunks_iter_mut(Axis(0), batch))
    {
        means.assign(&subject.denoise(part, sigma)?);
    }
    let pull = |row: usize| {
        let square: f64 = states.row(row).iter().zip(means.row(row)).map(|(z, d)| (z - d).powi(2)).sum();
        square / (sigma * sigma)
    };
    Ok((0..states.nrows()).map(|row| traces[row] + pull(row)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use attractor::diffusion::Sampling;
    use attractor::memories::{Denoiser, Diffusion, Function, Memory};

    fn points() -> Points<f64> {
        let mut stream = Stream::new(3, Purpose::Patterns, 0);
        let values = Array2::from_shape_fn((12, 5), |_| stream.normal());
        Points::new(Patterns::new(values).expect("patterns"))
    }

    fn states() -> Array2<f64> {
        let mut stream = Stream::new(4, Purpose::Patterns, 0);
        Array2::from_shape_fn((30, 5), |_| 1.2 * stream.normal())
    }

    /// With all unit vectors the estimate is the closed form Σ w ‖z − y‖²/σ², up to the h² of central differences.
    #[test]
    fn all_unit_vectors_give_the_closed_form() {
        let function = points();
        let of = Function::new(5, move |z: ArrayView2<f64>, sigmas: &[f64]| function.denoise(z, sigmas));
        let memory = Denoiser::new(Box::new(of), Sampling::default()).expect("a memory");
        let subject = Subject::new(&memory as &dyn Memory<f64>).expect("a denoiser");
        for sigma in [0.5, 1.0, 2.0] {
            assert!(subject.dimensions(states().view(), sigma).expect("no error").is_none());
            let closed = local_dimensions(&points(), states().view(), &[sigma; 30]).expect("a density");
            let found =
                estimated(&subject, states().view(), sigma, 5, 0, &mut |_| Ok(())).expect("dimensions");
            for (found, closed) in found.iter().zip(closed) {
                let closed = closed.expect("a level");
                // h²/6 ≈ 2.5·10⁻⁶ σ² times a third derivative, which is below (‖Δy‖/σ)³/σ² < 10³/σ².
                assert!((found - closed).abs() < 2.5e-3 * (1.0 + closed), "σ = {sigma}: {found} {closed}");
            }
        }
    }

    /// Random signs have the closed form as their mean. One of them has the variance 2 Σ_{i≠j} S_ij², S the symmetric part of J: with
    /// J the posterior covariance over σ².
    #[test]
    fn random_signs_have_the_stated_mean_and_variance() {
        const PROBES: usize = 4;
        const RUNS: u64 = 600;
        let memory =
            Diffusion::on(points().patterns().clone().into(), Sampling::default()).expect("a memory");
        let subject = Subject::new(&memory as &dyn Memory<f64>).expect("a denoiser");
        let (sigma, state) = (1.0, states().slice(s![..1, ..]).to_owned());
        let closed = subject.dimensions(state.view(), sigma).expect("no error").expect("a density")[0];
        let runs: Vec<f64> = (0..RUNS)
            .map(|seed| {
                estimated(&subject, state.view(), sigma, PROBES, seed, &mut |_| Ok(())).expect("a number")[0]
            })
            .collect();
        let mean = runs.iter().sum::<f64>() / RUNS as f64;
        let variance = runs.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (RUNS - 1) as f64;
        let patterns = points().patterns().values().to_owned();
        let logs = patterns.map_axis(Axis(1), |y| -0.5 * (&y - &state.row(0)).mapv(|v| v * v).sum());
        let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights = logs.mapv(|v| (v - top).exp());
        let weights = &weights / weights.sum();
        let centre = weights.dot(&patterns);
        let mut expected = 0.0;
        for i in 0..5 {
            for j in (0..5).filter(|&j| j != i) {
                let covariance: f64 = (0..12)
                    .map(|n| weights[n] * (patterns[[n, i]] - centre[i]) * (patterns[[n, j]] - centre[j]))
                    .sum();
                expected += 2.0 * covariance * covariance / PROBES as f64;
            }
        }
        // Four standard errors of a mean and, for the variance, of 600 draws with a kurtosis below 6.
        assert!((mean - closed).abs() < 4.0 * (expected / RUNS as f64).sqrt() + 1e-3, "{mean} {closed}");
        assert!(
            (variance / expected - 1.0).abs() < 4.0 * (6.0 / RUNS as f64).sqrt(),
            "{variance} {expected}"
        );
    }
}
