//! Memories seen through the noise of a quadratic potential, which is not the same in all directions.

use std::borrow::Cow;
use std::collections::HashMap;

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, Zip};

use super::{Denoise, Energy, Gradient, Mixture, NoiseShape, SharedPosterior};
use crate::error::{Error, Result, check_rows, check_width};
use crate::kernels::{Read, dots};
use crate::noise::Stream;
use crate::potentials::{Amplitude, Potential, Quadratic, UnitLevels, UnitNoise};
use crate::real::Real;

/// A mixture and its noise along the directions of a potential: z_i = y_i + r_i ε_i.
///
/// In the coordinates c ∘ z with c_i = σ/r_i the noise is σ in every direction, so a read is that of the stretched
/// mixture:
///
/// ```text
/// E_σ(z) = −σ² ln Σ_n π_n exp(−Σ_i (z_i − y_ni)²/2r_i²),      ∂E_σ/∂z_i = c_i² (z_i − D_i(z;σ)),      D = E[y | z]
/// ```
///
/// σ is the geometric mean of the r_i, so stretching keeps volumes, and ln p = log-sum − (D/2) ln 2πσ² as without a
/// potential. The second moment of a read is that of c ∘ y. Cost: that of the mixture, and N·D operations more for
/// each level of a batch.
#[derive(Clone, Debug)]
pub struct Along<F> {
    mixture: Mixture<F>,
    noise: UnitNoise,
}

/// A mixture seen through correlated noise: that of dx = −H (x − m) dτ + σ(τ) dW, in the coordinates z = y + noise.
///
/// The noise has the covariance U diag(r_i²) Uᵀ, with the eigenvectors U of H (see [`UnitNoise`]). Landscape and
/// denoiser are those of [`Along`], turned. Samplers go [along](Correlated::along) the eigenvectors.
///
/// ```
/// use attractor::energies::{Correlated, Denoise};
/// use attractor::potentials::{Amplitude, Quadratic};
/// use attractor::Patterns;
/// use ndarray::array;
/// let patterns = Patterns::new(array![[1.0_f64, 1.0], [1.0, -1.0]])?;
/// let potential = Quadratic::new(vec![0.0; 2], array![[2.0, 1.5], [1.5, 2.0]].view())?;
/// let memory = Correlated::new(patterns.into(), &potential, Amplitude::constant(1.0)?)?;
/// // The noise of the two units goes together: it hides their sum more than their difference.
/// let noisy = array![[0.8, 0.1]];
/// let mean = memory.denoise(noisy.view(), &[0.7])?;
/// assert!((mean[[0, 0]] - 1.0).abs() < 1e-12 && mean[[0, 1]] > 0.0);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Correlated<F> {
    along: Along<F>,
    turn: Option<Turn>,
}

/// A change to the coordinates along orthonormal directions.
#[derive(Clone, Debug)]
struct Turn {
    /// One direction a row.
    directions: Array2<f64>,
    /// One unit a row.
    units: Array2<f64>,
}

impl Turn {
    /// The coordinates of states along the directions.
    fn forward<F: Real>(&self, states: ArrayView2<F>) -> Array2<F> {
        products(states, self.directions.view())
    }

    /// The states with these coordinates.
    fn backward<F: Real>(&self, along: ArrayView2<F>) -> Array2<F> {
        products(along, self.units.view())
    }
}

/// The products of states with rows, in double precision.
fn products<F: Real>(states: ArrayView2<F>, rows: ArrayView2<f64>) -> Array2<F> {
    dots(states.mapv(F::to_f64).view(), rows).mapv(F::from_f64)
}

/// The rows of a batch that have one level, and the mixture as it is seen there.
struct Group<'a, F: Real> {
    rows: Vec<usize>,
    at: UnitLevels,
    /// c_i.
    factors: Vec<f64>,
    mixture: Cow<'a, Mixture<F>>,
}

impl<F: Real> Group<'_, F> {
    /// The stretched states of the group.
    fn stretched(&self, states: ArrayView2<F>) -> Array2<F> {
        let mut own = states.select(Axis(0), &self.rows);
        own.outer_iter_mut().for_each(|mut row| {
            row.iter_mut().zip(&self.factors).for_each(|(z, c)| *z = F::from_f64(z.to_f64() * c));
        });
        own
    }

    fn sigmas(&self) -> Vec<f64> {
        vec![self.at.sigma; self.rows.len()]
    }
}

impl<F: Real> Along<F> {
    /// A mixture whose units are the directions of the noise.
    ///
    /// # Errors
    /// A mixture of another width; a sphere, which has no closed form if noise differs between directions.
    pub fn new(mixture: Mixture<F>, noise: UnitNoise) -> Result<Self> {
        check_width("memories", Denoise::dim(&mixture), noise.dim())?;
        let along = Along { mixture, noise };
        // What cannot be stretched is refused now and not in the middle of a recall.
        if !along.noise.is_uniform() {
            let uneven: Vec<F> = (0..along.noise.dim()).map(|i| F::from_f64(1.0 + i as f64)).collect();
            along.mixture.stretch(&uneven).map_err(|error| match error {
                Error::Undefined { model: "a memory with spheres", .. } => no_spheres(),
                other => other,
            })?;
        }
        Ok(along)
    }

    /// The noise of each direction.
    pub fn unit_noise(&self) -> &UnitNoise {
        &self.noise
    }

    /// The mixture without noise.
    pub fn mixture(&self) -> &Mixture<F> {
        &self.mixture
    }

    fn group(&self, sigma: f64, rows: Vec<usize>) -> Result<Group<'_, F>> {
        let at = self.noise.at(sigma)?;
        if self.noise.is_uniform() || sigma == 0.0 {
            let factors = vec![1.0; self.noise.dim()];
            return Ok(Group { rows, at, factors, mixture: Cow::Borrowed(&self.mixture) });
        }
        let factors: Vec<f64> = at.levels.iter().map(|r| sigma / r).collect();
        let own: Vec<F> = factors.iter().map(|&c| F::from_f64(c)).collect();
        Ok(Group { rows, at, factors, mixture: Cow::Owned(self.mixture.stretch(&own)?) })
    }

    /// The rows of each level, in the order of its first row.
    fn groups(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Vec<Group<'_, F>>> {
        check_width("states", states.ncols(), self.noise.dim())?;
        check_rows("noise levels", sigmas.len(), states.nrows())?;
        let mut places: HashMap<u64, usize> = HashMap::new();
        let mut groups: Vec<(f64, Vec<usize>)> = Vec::new();
        for (row, &sigma) in sigmas.iter().enumerate() {
            let place = *places.entry(sigma.to_bits()).or_insert(groups.len());
            if place == groups.len() {
                groups.push((sigma, Vec::new()));
            }
            groups[place].1.push(row);
        }
        groups.into_iter().map(|(sigma, rows)| self.group(sigma, rows)).collect()
    }

    /// The posterior over memories at each state and level, with the `top` most probable memories, and how much of it is
    /// on events.
    ///
    /// # Errors
    /// States or levels of the wrong shape or not finite.
    pub fn shared_posterior(
        &self,
        states: ArrayView2<F>,
        sigmas: &[f64],
        top: usize,
    ) -> Result<Vec<SharedPosterior>> {
        let mut all: Vec<Option<SharedPosterior>> = vec![None; states.nrows()];
        for group in self.groups(states, sigmas)? {
            let own = group.mixture.shared_posterior(group.stretched(states).view(), &group.sigmas(), top)?;
            group.rows.iter().zip(own).for_each(|(&row, posterior)| all[row] = Some(posterior));
        }
        Ok(all.into_iter().map(|posterior| posterior.expect("every row has a level")).collect())
    }
}

fn no_spheres() -> Error {
    Error::Undefined {
        model: "a memory with spheres",
        what: "closed form under a potential",
        reason: "its noise differs between directions; describe the sphere as a cloud of points".into(),
    }
}

impl<F: Real> Denoise<F> for Along<F> {
    fn dim(&self) -> usize {
        self.noise.dim()
    }

    fn noise(&self) -> NoiseShape<'_> {
        NoiseShape::Units(&self.noise)
    }

    fn read(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Read<F>> {
        if self.noise.is_uniform() {
            return self.mixture.read(states, sigmas);
        }
        let mut all = Read::empty(states.nrows(), self.noise.dim());
        for group in self.groups(states, sigmas)? {
            let read = group.mixture.read(group.stretched(states).view(), &group.sigmas())?;
            for (k, &row) in group.rows.iter().enumerate() {
                let mean = read.mean.row(k);
                let mean = mean.iter().zip(&group.factors).map(|(d, c)| F::from_f64(d.to_f64() / c));
                all.mean.row_mut(row).iter_mut().zip(mean).for_each(|(all, own)| *all = own);
                (all.peak[row], all.mass[row]) = (read.peak[k], read.mass[k]);
                (all.second[row], all.best[row]) = (read.second[k], read.best[k]);
            }
        }
        Ok(all)
    }

    fn log_sum(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Vec<f64>> {
        let mut all = vec![0.0; states.nrows()];
        for group in self.groups(states, sigmas)? {
            let own = group.mixture.log_sum(group.stretched(states).view(), &group.sigmas())?;
            group.rows.iter().zip(own).for_each(|(&row, sum)| all[row] = sum);
        }
        Ok(all)
    }

    fn draw(&self, z: &[f64], sigma: f64, stream: &mut Stream) -> Result<Vec<f64>> {
        if sigma.is_infinite() {
            return self.mixture.draw(z, sigma, stream);
        }
        let group = self.group(sigma, Vec::new())?;
        let stretched: Vec<f64> = z.iter().zip(&group.factors).map(|(z, c)| z * c).collect();
        let drawn = group.mixture.draw(&stretched, sigma, stream)?;
        Ok(drawn.iter().zip(&group.factors).map(|(y, c)| y / c).collect())
    }
}

impl<F: Real> Energy<F> for Along<F> {
    fn dim(&self) -> usize {
        self.noise.dim()
    }

    fn energy(&self, states: ArrayView2<F>, level: &[f64]) -> Result<Vec<f64>> {
        let mut all = vec![0.0; states.nrows()];
        for group in self.groups(states, level)? {
            let own = group.mixture.energy(group.stretched(states).view(), &group.sigmas())?;
            group.rows.iter().zip(own).for_each(|(&row, energy)| all[row] = energy);
        }
        Ok(all)
    }
}

impl<F: Real> Gradient<F> for Along<F> {
    fn gradient(&self, states: ArrayView2<F>, level: &[f64]) -> Result<Array2<F>> {
        let mut all = self.denoise(states, level)?;
        for group in self.groups(states, level)? {
            for &row in &group.rows {
                Zip::from(all.row_mut(row))
                    .and(states.row(row))
                    .and(&ArrayView1::from(&group.factors))
                    .for_each(|slope, &z, &c| *slope = F::from_f64(c * c * (z.to_f64() - slope.to_f64())));
            }
        }
        Ok(all)
    }
}

impl<F: Real> Correlated<F> {
    /// The memories of a mixture under a potential with noise `amplitude`, in the mixture's (prepared) coordinates.
    ///
    /// # Errors
    /// A potential of another width; a sphere, if the noise differs between directions.
    pub fn new(mixture: Mixture<F>, potential: &Quadratic, amplitude: Amplitude) -> Result<Self> {
        check_width("potential", Potential::dim(potential), Denoise::dim(&mixture))?;
        let noise = UnitNoise::new(potential, amplitude);
        let Some(directions) = potential.directions() else {
            return Ok(Correlated { along: Along::new(mixture, noise)?, turn: None });
        };
        let directions = directions.as_standard_layout().into_owned();
        let units = directions.t().as_standard_layout().into_owned();
        let turned = mixture.turn(directions.view())?;
        Ok(Correlated { along: Along::new(turned, noise)?, turn: Some(Turn { directions, units }) })
    }

    /// The memories along the eigenvectors of H, where noise differs between units but is not correlated.
    pub fn along(&self) -> &Along<F> {
        &self.along
    }

    /// The coordinates of states along the eigenvectors of H.
    pub fn turned(&self, states: ArrayView2<F>) -> Array2<F> {
        match &self.turn {
            Some(turn) => turn.forward(states),
            None => states.to_owned(),
        }
    }

    /// The states with these coordinates along the eigenvectors of H.
    pub fn unturned(&self, along: ArrayView2<F>) -> Array2<F> {
        match &self.turn {
            Some(turn) => turn.backward(along),
            None => along.to_owned(),
        }
    }

    /// The posterior over memories at each state and level, with the `top` most probable memories, and how much of it is
    /// on events.
    ///
    /// # Errors
    /// States or levels of the wrong shape or not finite.
    pub fn shared_posterior(
        &self,
        states: ArrayView2<F>,
        sigmas: &[f64],
        top: usize,
    ) -> Result<Vec<SharedPosterior>> {
        self.along.shared_posterior(self.turned(states).view(), sigmas, top)
    }
}

impl<F: Real> Denoise<F> for Correlated<F> {
    fn dim(&self) -> usize {
        Denoise::dim(&self.along)
    }

    fn noise(&self) -> NoiseShape<'_> {
        match &self.turn {
            Some(turn) => NoiseShape::Turned(&self.along.noise, turn.directions.view()),
            None => self.along.noise(),
        }
    }

    fn read(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Read<F>> {
        check_width("states", states.ncols(), Denoise::dim(self))?;
        let mut read = self.along.read(self.turned(states).view(), sigmas)?;
        read.mean = self.unturned(read.mean.view());
        Ok(read)
    }

    fn log_sum(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Vec<f64>> {
        check_width("states", states.ncols(), Denoise::dim(self))?;
        self.along.log_sum(self.turned(states).view(), sigmas)
    }

    fn draw(&self, z: &[f64], sigma: f64, stream: &mut Stream) -> Result<Vec<f64>> {
        let Some(turn) = &self.turn else {
            return self.along.draw(z, sigma, stream);
        };
        let along = turn.directions.dot(&ArrayView1::from(z)).to_vec();
        let drawn = self.along.draw(&along, sigma, stream)?;
        Ok(turn.units.dot(&ArrayView1::from(&drawn)).to_vec())
    }
}

impl<F: Real> Energy<F> for Correlated<F> {
    fn dim(&self) -> usize {
        Denoise::dim(&self.along)
    }

    fn energy(&self, states: ArrayView2<F>, level: &[f64]) -> Result<Vec<f64>> {
        check_width("states", states.ncols(), Denoise::dim(self))?;
        self.along.energy(self.turned(states).view(), level)
    }
}

impl<F: Real> Gradient<F> for Correlated<F> {
    fn gradient(&self, states: ArrayView2<F>, level: &[f64]) -> Result<Array2<F>> {
        check_width("states", states.ncols(), Denoise::dim(self))?;
        Ok(self.unturned(self.along.gradient(self.turned(states).view(), level)?.view()))
    }
}
