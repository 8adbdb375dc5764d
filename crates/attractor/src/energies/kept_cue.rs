//! Cues that stay on: what they do to reads of a memory of Gaussian or exponential weights.
//!
//! A cue u that is an observation of precision γ multiplies the weight of each pattern by exp(−γ‖u − y_n‖²/2). A state x of precision β multiplies it by
//! exp(−β‖x − y_n‖²/2). The product of the two is, up to a factor that is the same for all patterns,
//!
//! ```text
//! exp(−β(1 + G)‖m − y_n‖²/2),      m = (x + G u)/(1 + G),      G = γ/β
//! ```
//!
//! So a memory under a cue is the same memory, read at m and at the precision β(1 + G): at the level σ/√(1 + G). No kernel changes, and this holds for any
//! density of patterns. With dot products, exp(β x·y_n + γ u·y_n) = exp(β(1 + G) m·y_n) in the same way.

use ndarray::{Array2, ArrayView2};

use super::{Denoise, NoiseShape, Reader, Reads};
use crate::error::{Result, check_rows};
use crate::kernels::Read;
use crate::noise::Stream;
use crate::real::Real;

/// Cues that stay on, one for each row of a batch, as observations with noise.
#[derive(Clone, Debug)]
pub struct KeptCues<F> {
    /// The cues u, prepared, B × D.
    cues: Array2<F>,
    weight: Weight,
}

#[derive(Clone, Debug)]
enum Weight {
    /// The gain G, at every level.
    Gain(f64),
    /// The noise σ_c of each cue, prepared, so that G = σ²/σ_c².
    Noise(Vec<f64>),
}

impl<F: Real> KeptCues<F> {
    /// Cues that count `gain` times as much as the state, for a memory with one landscape.
    pub(crate) fn with_gain(cues: Array2<F>, gain: f64) -> Self {
        KeptCues { cues, weight: Weight::Gain(gain) }
    }

    /// Cues y + σ_c ε, with the noise σ_c of each.
    ///
    /// # Errors
    /// Another number of levels than of cues.
    pub fn with_noise(cues: Array2<F>, noise: Vec<f64>) -> Result<Self> {
        check_rows("noise levels of cues", noise.len(), cues.nrows())?;
        Ok(KeptCues { cues, weight: Weight::Noise(noise) })
    }

    /// The number of cues.
    pub fn len(&self) -> usize {
        self.cues.nrows()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The gain G for a state at level σ.
    fn gain(&self, row: usize, sigma: f64) -> f64 {
        match &self.weight {
            Weight::Gain(gain) => *gain,
            Weight::Noise(_) if sigma == 0.0 => 0.0,
            Weight::Noise(noise) => (sigma / noise[row]).powi(2),
        }
    }

    /// The share G/(1 + G) of the cue in m, for a state at level σ.
    fn share(&self, row: usize, sigma: f64) -> f64 {
        match &self.weight {
            Weight::Gain(gain) => gain / (1.0 + gain),
            Weight::Noise(_) if sigma == 0.0 => 0.0,
            Weight::Noise(_) if sigma.is_infinite() => 1.0,
            Weight::Noise(noise) => (sigma / sigma.hypot(noise[row])).powi(2),
        }
    }

    /// The level σ/√(1 + G) of m, for a state at level σ.
    fn level(&self, row: usize, sigma: f64) -> f64 {
        match &self.weight {
            Weight::Gain(gain) => sigma / (1.0 + gain).sqrt(),
            Weight::Noise(_) if sigma == 0.0 => 0.0,
            Weight::Noise(noise) if sigma.is_infinite() => noise[row],
            Weight::Noise(noise) => noise[row] * (sigma / sigma.hypot(noise[row])),
        }
    }

    /// The states m at which the memory is read, and their levels. Row k of `states` is row `rows[k]` of the batch, at level `sigmas[k]`.
    pub(crate) fn seen(
        &self,
        rows: &[usize],
        states: ArrayView2<F>,
        sigmas: &[f64],
    ) -> (Array2<F>, Vec<f64>) {
        let mut seen = states.to_owned();
        for (k, mut state) in seen.outer_iter_mut().enumerate() {
            let share = self.share(rows[k], sigmas[k]);
            for (x, u) in state.iter_mut().zip(self.cues.row(rows[k])) {
                *x = F::from_f64((1.0 - share) * x.to_f64() + share * u.to_f64());
            }
        }
        let levels = rows.iter().zip(sigmas).map(|(&row, &sigma)| self.level(row, sigma)).collect();
        (seen, levels)
    }

    /// The states m of a whole batch, and their levels.
    ///
    /// # Errors
    /// Another number of states than of cues.
    pub(crate) fn seen_by_all(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<(Array2<F>, Vec<f64>)> {
        check_rows("states", states.nrows(), self.len())?;
        check_rows("noise levels", sigmas.len(), self.len())?;
        let rows: Vec<usize> = (0..self.len()).collect();
        Ok(self.seen(&rows, states, sigmas))
    }

    /// The energies of a whole batch of states under their cues, from those of the memory at m:
    ///
    /// ```text
    /// E(x; u) = (1 + G) E'(m) + ½ G/(1 + G) ‖x − u‖²
    /// ```
    ///
    /// E' is the energy at the precision β(1 + G). For E = −β⁻¹ ln Σ π_n exp(−β‖x − y_n‖²/2) this is −β⁻¹ ln Σ π_n exp(−β‖x − y_n‖²/2 −
    /// γ‖u − y_n‖²/2). Its gradient is that of E' at m, plus G/(1 + G) (x − u): the state less the read at m.
    pub(crate) fn energies(&self, states: ArrayView2<F>, sigmas: &[f64], at_seen: Vec<f64>) -> Vec<f64> {
        let one = |(row, energy): (usize, f64)| {
            let share = self.share(row, sigmas[row]);
            let pairs = states.row(row).into_iter().zip(self.cues.row(row));
            let square: f64 = pairs.map(|(x, u)| (x.to_f64() - u.to_f64()).powi(2)).sum();
            (1.0 + self.gain(row, sigmas[row])) * energy + share * square / 2.0
        };
        at_seen.into_iter().enumerate().map(one).collect()
    }

    /// The gradients of [`energies`](Self::energies), from those of the memory at m.
    pub(crate) fn gradients(
        &self,
        states: ArrayView2<F>,
        sigmas: &[f64],
        mut at_seen: Array2<F>,
    ) -> Array2<F> {
        for (row, mut slope) in at_seen.outer_iter_mut().enumerate() {
            let share = self.share(row, sigmas[row]);
            let pairs = states.row(row).into_iter().zip(self.cues.row(row));
            for (slope, (x, u)) in slope.iter_mut().zip(pairs) {
                *slope = F::from_f64(slope.to_f64() + share * (x.to_f64() - u.to_f64()));
            }
        }
        at_seen
    }
}

/// A denoiser under cues that stay on: the posterior mean of y given z = y + σε and u = y + σ_c ε'.
///
/// ```text
/// D(z; σ, u) = D(m; σ'),      1/σ'² = 1/σ² + 1/σ_c²,      m = σ'² (z/σ² + u/σ_c²)
/// ```
///
/// It is exact for every denoiser that is a posterior mean. Its states are those of a whole batch, row k with cue k; a [reader](Denoise::reader) takes some
/// of them. Cost: that of the denoiser.
///
/// ```
/// use attractor::energies::{Conditioned, Denoise, KeptCues, Points};
/// use attractor::Patterns;
/// use ndarray::array;
/// let memory = Points::new(Patterns::new(array![[1.0_f64], [-1.0]])?);
/// let cues = KeptCues::with_noise(array![[0.5]], vec![2.0])?;
/// let read = Conditioned::new(&memory, &cues).denoise(array![[0.3]].view(), &[1.0])?;
/// // The log-odds are 2·0.3/1² + 2·0.5/2² = 0.85, and the mean is tanh of half of them.
/// assert!((read[[0, 0]] - 0.425_f64.tanh()).abs() < 1e-14);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Conditioned<'a, F> {
    denoiser: &'a dyn Denoise<F>,
    cues: &'a KeptCues<F>,
}

impl<'a, F: Real> Conditioned<'a, F> {
    /// A denoiser under these cues.
    pub fn new(denoiser: &'a dyn Denoise<F>, cues: &'a KeptCues<F>) -> Self {
        Conditioned { denoiser, cues }
    }
}

impl<F: Real> Denoise<F> for Conditioned<'_, F> {
    fn dim(&self) -> usize {
        self.denoiser.dim()
    }

    fn noise(&self) -> NoiseShape<'_> {
        self.denoiser.noise()
    }

    fn is_posterior_mean(&self) -> bool {
        self.denoiser.is_posterior_mean()
    }

    fn is_estimate(&self) -> bool {
        self.denoiser.is_estimate()
    }

    /// The log-sum is ln Σ π_n exp(−‖z − y_n‖²/2σ² − ‖u − y_n‖²/2σ_c²).
    fn read(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Read<F>> {
        let (seen, levels) = self.cues.seen_by_all(states, sigmas)?;
        let mut read = self.denoiser.read(seen.view(), &levels)?;
        for (row, (peak, sigma)) in read.peak.iter_mut().zip(sigmas).enumerate() {
            let Weight::Noise(noise) = &self.cues.weight else { continue };
            let pairs = states.row(row).into_iter().zip(self.cues.cues.row(row));
            let square: f64 = pairs.map(|(z, u)| (z.to_f64() - u.to_f64()).powi(2)).sum();
            *peak -= square / (2.0 * sigma.hypot(noise[row]).powi(2));
        }
        Ok(read)
    }

    fn denoise(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>> {
        let (seen, levels) = self.cues.seen_by_all(states, sigmas)?;
        self.denoiser.denoise(seen.view(), &levels)
    }

    fn denoise_rows(&self, rows: &[usize], states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>> {
        let (seen, levels) = self.cues.seen(rows, states, sigmas);
        self.denoiser.denoise_rows(rows, seen.view(), &levels)
    }

    fn reader(&self, rows: usize) -> Box<dyn Reader<F> + '_> {
        Box::new(ConditionedReader { reader: self.denoiser.reader(rows), cues: self.cues })
    }

    fn draw_row(&self, row: usize, z: &[f64], sigma: f64, stream: &mut Stream) -> Result<Vec<f64>> {
        let share = self.cues.share(row, sigma);
        let pairs = z.iter().zip(self.cues.cues.row(row));
        let seen: Vec<f64> = pairs.map(|(z, u)| (1.0 - share) * z + share * u.to_f64()).collect();
        self.denoiser.draw_row(row, &seen, self.cues.level(row, sigma), stream)
    }
}

/// A reader of a memory under cues. A state that goes straight to a pattern does not take m straight there, so it has no goal.
struct ConditionedReader<'a, F: Real> {
    reader: Box<dyn Reader<F> + 'a>,
    cues: &'a KeptCues<F>,
}

impl<F: Real> Reader<F> for ConditionedReader<'_, F> {
    fn denoise(&mut self, rows: &[usize], states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>> {
        let (seen, levels) = self.cues.seen(rows, states, sigmas);
        self.reader.denoise(rows, seen.view(), &levels)
    }

    fn noise(&self) -> NoiseShape<'_> {
        self.reader.noise()
    }

    fn reads(&self) -> Vec<Reads> {
        self.reader.reads()
    }
}
