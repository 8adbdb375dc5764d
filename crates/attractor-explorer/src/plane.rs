//! A memory of two units, and what is drawn of it.

use attractor::analysis::{CriticalLevels, critical_levels, denoise};
use attractor::energies::{Denoise, Mixture, local_reads};
use attractor::memories::Row;
use attractor::noise::{Purpose, Stream};
use attractor::{Error, Level, Memory, Outcome, Real, Recall, Request, Result};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, concatenate};

use crate::contents::{Contents, built};
use crate::landscape::Landscape;
use crate::particles::{Way, carry};
use crate::quick::Quick;

/// A grid of states: columns × rows, from a corner in steps. Row by row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// The first state.
    pub corner: [f64; 2],
    /// The distance to the next column, and to the next row.
    pub step: [f64; 2],
    /// The number of columns and of rows.
    pub size: [usize; 2],
}

impl Grid {
    /// The states, B × 2.
    fn states(&self) -> Array2<f64> {
        let [columns, rows] = self.size;
        Array2::from_shape_fn((columns * rows, 2), |(k, unit)| {
            let place = [k % columns, k / columns][unit];
            self.corner[unit] + place as f64 * self.step[unit]
        })
    }
}

/// A memory of two units.
pub struct Plane {
    contents: Contents,
    memory: Box<dyn Memory<f64>>,
    quick: Quick,
}

impl Plane {
    /// A memory of these contents: diffusion of points, or a mixture if there are shapes.
    ///
    /// # Errors
    /// No contents; deviations that are not positive.
    pub fn new(contents: Contents) -> Result<Self> {
        let (memory, quick) = (built(&contents)?, Quick::new(&contents)?);
        Ok(Plane { contents, memory, quick })
    }

    /// The memory.
    pub fn memory(&self) -> &dyn Memory<f64> {
        self.memory.as_ref()
    }

    /// What lies in the plane.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The energy of each state of the grid.
    ///
    /// # Errors
    /// A landscape of points where there are none; σ ≤ 0.
    pub fn energies(&self, landscape: Landscape, sigma: f64, grid: &Grid) -> Result<Vec<f64>> {
        let states = grid.states();
        match self.other(landscape, sigma)? {
            Some(memory) => memory.energies(states.view(), None),
            None => self.memory.energies(states.view(), Some(&vec![sigma; states.nrows()])),
        }
    }

    /// The same for a picture that moves: that of diffusion is computed in single precision.
    ///
    /// # Errors
    /// As [`energies`](Self::energies).
    pub fn quick_energies(&self, landscape: Landscape, sigma: f64, grid: &Grid) -> Result<Vec<f64>> {
        if landscape != Landscape::Diffusion {
            return self.energies(landscape, sigma, grid);
        }
        check(sigma)?;
        let states = self.quick.inward(grid.states().view());
        let levels = vec![self.quick.level(sigma); states.nrows()];
        let energies = self.quick.memory().energies(states.view(), Some(&levels))?;
        Ok(energies.into_iter().map(|energy| self.quick.energy(energy)).collect())
    }

    /// The pull −∇E at each state of the grid, B × 2. For diffusion it is D(z;σ) − z.
    ///
    /// # Errors
    /// As [`energies`](Self::energies).
    pub fn pull(&self, landscape: Landscape, sigma: f64, grid: &Grid) -> Result<Array2<f64>> {
        let states = grid.states();
        match self.other(landscape, sigma)? {
            Some(memory) => Ok(-memory.gradients(states.view(), None)?),
            None => Ok(self.denoise(states.view(), sigma)? - states),
        }
    }

    fn other(&self, landscape: Landscape, sigma: f64) -> Result<Option<Box<dyn Memory<f64>>>> {
        check(sigma)?;
        match landscape {
            Landscape::Diffusion => Ok(None),
            other => other.memory(&self.contents.patterns()?, sigma),
        }
    }

    /// D(z;σ) of each state.
    ///
    /// # Errors
    /// States that are not finite; σ < 0.
    pub fn denoise(&self, states: ArrayView2<f64>, sigma: f64) -> Result<Array2<f64>> {
        denoise(self.memory.as_ref(), states, &vec![sigma; states.nrows()])
    }

    /// The posterior probability of each memory, in their order, then the entropy of the posterior, the local dimension and
    /// ln p_σ(z), all at one state.
    ///
    /// # Errors
    /// As [`denoise`](Self::denoise); σ = 0.
    pub fn read(&self, state: [f64; 2], sigma: f64) -> Result<Vec<f64>> {
        check(sigma)?;
        let states = ArrayView2::from_shape((1, 2), &state).expect("two units");
        let memories = self.contents.len();
        let posterior = self.memory.posterior(states, &[sigma], memories)?.unwrap_or_default();
        let Some(posterior) = posterior.first() else { return Ok(Vec::new()) };
        let mut values = vec![0.0; memories];
        posterior.top.iter().for_each(|&(memory, weight)| values[memory] = weight);
        let local = local_reads(denoiser(self.memory())?, states, &[sigma])?[0];
        let volume = (2.0 * std::f64::consts::PI * sigma * sigma).ln();
        values.extend([posterior.entropy, local.dimension.unwrap_or(f64::NAN), local.log_sum - volume]);
        Ok(values)
    }

    /// Speciation and collapse.
    ///
    /// # Errors
    /// Errors of the memory's posterior.
    pub fn critical(&self) -> Result<Option<CriticalLevels>> {
        /// How many states stand for a curve or a Gaussian.
        const EACH: usize = 64;
        if self.contents.are_points() {
            return critical_levels(self.memory.as_ref(), self.contents.patterns()?.values());
        }
        // Every memory has the same weight, so points are counted as often as shapes are drawn from.
        let shapes = self.contents.components()?.split_off(self.contents.points.len());
        let mut states = Vec::new();
        for point in &self.contents.points {
            states.push(Array2::from_shape_fn((EACH, 2), |(_, unit)| point[unit]));
        }
        for (n, shape) in shapes.into_iter().enumerate() {
            let own: Mixture<f64> = Mixture::new(vec![shape])?;
            let mut drawn = Array2::zeros((EACH, 2));
            for (k, mut row) in drawn.outer_iter_mut().enumerate() {
                let mut stream = Stream::new(n as u64, Purpose::Calibration, k as u64);
                let y = Denoise::draw(&own, &[0.0; 2], f64::INFINITY, &mut stream)?;
                row.iter_mut().zip(y).for_each(|(to, from)| *to = from);
            }
            states.push(drawn);
        }
        let views: Vec<_> = states.iter().map(|own| own.view()).collect();
        let states = concatenate(Axis(0), &views).expect("two units each");
        critical_levels(self.memory.as_ref(), states.view())
    }

    /// The minima of a landscape that descents from these states find: each state takes updates of the model, which for diffusion is
    /// D(z;σ), until it rests, and states that rest in one place are one minimum. A row for each, in order of the first state that
    /// found it.
    ///
    /// # Errors
    /// As [`energies`](Self::energies); a model whose states are ±1.
    pub fn minima(&self, landscape: Landscape, starts: ArrayView2<f64>, sigma: f64) -> Result<Array2<f64>> {
        /// A state rests if it moves by less than this share of the spread.
        const REST: f64 = 1e-5;
        /// Minima that are nearer than this share of the spread, and of σ, are one.
        const APART: f64 = 0.02;
        const UPDATES: usize = 200;
        let descent = self.descent(landscape, sigma)?;
        let spread = self.memory.spread().unwrap_or(1.0).max(1e-9);
        let mut moving = starts.to_owned();
        let mut rested: Vec<[f64; 2]> = Vec::new();
        for _ in 0..UPDATES {
            if moving.nrows() == 0 {
                break;
            }
            let next = descent(moving.view())?;
            let mut still = Vec::new();
            for (k, (from, to)) in moving.outer_iter().zip(next.outer_iter()).enumerate() {
                if (to[0] - from[0]).hypot(to[1] - from[1]) < REST * spread {
                    rested.push([to[0], to[1]]);
                } else {
                    still.push(k);
                }
            }
            moving = next.select(Axis(0), &still);
        }
        let mut found: Vec<[f64; 2]> = Vec::new();
        for place in rested {
            let near = |other: &[f64; 2]| {
                (place[0] - other[0]).hypot(place[1] - other[1]) < APART * spread.max(sigma)
            };
            if !found.iter().any(near) && is_minimum(&descent, place, spread)? {
                found.push(place);
            }
        }
        Ok(Array2::from_shape_fn((found.len(), 2), |(k, unit)| found[k][unit]))
    }

    /// The update of the model of a landscape.
    fn descent(
        &self,
        landscape: Landscape,
        sigma: f64,
    ) -> Result<impl Fn(ArrayView2<f64>) -> Result<Array2<f64>>> {
        if !landscape.is_real() {
            return Err(Error::parameter(
                "landscape",
                "one of diffusion, modern, compact",
                "dense or classical",
            ));
        }
        let other = self.other(landscape, sigma)?;
        Ok(move |states: ArrayView2<f64>| match &other {
            Some(memory) => {
                let request = Request { updates: Some(1), report: false, ..Request::new(states) };
                Ok(memory.recall(&request)?.states)
            }
            None => self.denoise(states, sigma),
        })
    }

    /// The memory where recall ends, from each state of the grid at level σ; [`NOWHERE`](Self::NOWHERE) where the model does not
    /// say. Diffusion recalls by the probability flow.
    ///
    /// # Errors
    /// Errors of the recall.
    pub fn basins(&self, landscape: Landscape, sigma: f64, grid: &Grid) -> Result<Vec<u32>> {
        let states = grid.states();
        let Some(memory) = self.other(landscape, sigma)? else {
            let ends = self.recall(states.view(), sigma, 0)?;
            let nearest = self.memory.nearest(ends.view())?.unwrap_or_default();
            return Ok(nearest.iter().map(|nearest| nearest.memory as u32).collect());
        };
        let ends: Recall<f64> = memory.recall(&Request::new(states.view()))?;
        let place = |row: &Row| match row.outcome {
            Outcome::Undefined { .. } => Self::NOWHERE,
            _ => row.memory.map_or(Self::NOWHERE, |memory| memory as u32),
        };
        Ok(ends.rows.iter().map(place).collect())
    }

    /// Stands for a memory where recall does not end in one.
    pub const NOWHERE: u32 = u32::MAX;

    /// The share of states of level σ that most probably come from each memory.
    ///
    /// # Errors
    /// States that are not finite; σ ≤ 0.
    pub fn shares(&self, states: ArrayView2<f64>, sigma: f64) -> Result<Vec<f64>> {
        check(sigma)?;
        let states = self.quick.inward(states);
        let levels = vec![self.quick.level(sigma); states.nrows()];
        let mut shares = vec![0.0; self.contents.len()];
        let each = 1.0 / states.nrows().max(1) as f64;
        let posteriors = self.quick.memory().posterior(states.view(), &levels, 1)?.unwrap_or_default();
        posteriors
            .iter()
            .filter_map(|posterior| posterior.top.first())
            .for_each(|(memory, _)| shares[*memory] += each);
        Ok(shares)
    }

    /// Recalls cues of level σ.
    ///
    /// # Errors
    /// Errors of the recall.
    pub fn recall(&self, cues: ArrayView2<f64>, sigma: f64, seed: u64) -> Result<Array2<f64>> {
        let request = Request { level: Level::Sigma(sigma), seed, report: false, ..Request::new(cues) };
        Ok(self.memory.recall(&request)?.states)
    }

    /// Takes states from one level to another, in single precision.
    ///
    /// # Errors
    /// Levels that are not positive.
    pub fn carry(
        &self,
        states: ArrayViewMut2<f64>,
        (from, to): (f64, f64),
        way: Way,
        seed: u64,
    ) -> Result<()> {
        let quick = &self.quick;
        let mut moved = quick.inward(states.view());
        let levels = (quick.level(from), quick.level(to));
        carry(denoiser(quick.memory())?, moved.view_mut(), levels, way, seed)?;
        quick.outward(&moved, states);
        Ok(())
    }

    /// States drawn from the memory with noise σ: y + σε.
    ///
    /// # Errors
    /// Errors of the draw.
    pub fn draws(&self, count: usize, sigma: f64, seed: u64) -> Result<Array2<f64>> {
        let denoiser = denoiser(self.memory())?;
        let mut states = Array2::zeros((count, 2));
        for (row, mut state) in states.outer_iter_mut().enumerate() {
            let mut stream = Stream::new(seed, Purpose::Prior, row as u64);
            let y = denoiser.draw(&[0.0; 2], f64::INFINITY, &mut stream)?;
            state.iter_mut().zip(y).for_each(|(to, from)| *to = from + sigma * stream.normal());
        }
        Ok(states)
    }
}

fn denoiser<F: Real>(memory: &dyn Memory<F>) -> Result<&dyn Denoise<F>> {
    memory.denoiser().ok_or_else(|| Error::Undefined {
        model: memory.name(),
        what: "denoiser",
        reason: "it has no noise levels".into(),
    })
}

/// Whether a state that rests comes back from small moves in four directions. A saddle does not hold them.
fn is_minimum(
    descent: impl Fn(ArrayView2<f64>) -> Result<Array2<f64>>,
    place: [f64; 2],
    spread: f64,
) -> Result<bool> {
    let push = 1e-3 * spread;
    let diagonal = push / 2.0_f64.sqrt();
    let moves = [[push, 0.0], [0.0, push], [diagonal, diagonal], [diagonal, -diagonal]];
    let pushed = Array2::from_shape_fn((4, 2), |(k, unit)| place[unit] + moves[k][unit]);
    let back = descent(pushed.view())?;
    Ok(back.outer_iter().all(|to| (to[0] - place[0]).hypot(to[1] - place[1]) < push))
}

/// Returns an error unless a level is positive.
fn check(sigma: f64) -> Result<()> {
    if sigma.is_finite() && sigma > 0.0 {
        Ok(())
    } else {
        Err(Error::parameter("sigma", "a finite number > 0", sigma))
    }
}
