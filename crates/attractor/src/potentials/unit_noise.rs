//! The noise of each direction of a quadratic potential, at one level for all of them.

use super::{Amplitude, Quadratic};
use crate::error::{Error, Result};

/// A direction is at most e^{WINDOW} times as noisy as the least noisy one. Beyond, what it says about a memory is less
/// than 10⁻¹² of what the other says, and states would lose their digits.
const WINDOW: f64 = 14.0;

/// The precision of ln σ at the time that is found for it.
const PRECISE: f64 = 4.0 * f64::EPSILON;

/// The largest |ln τ| of a search for a time.
const LONGEST: f64 = 600.0;

/// Noise that is not the same in all units: that of a quadratic potential along its eigenvectors.
///
/// In z_i = m_i + (x_i − m_i) e^{h_i τ}, the process dx = −h (x − m) dτ + σ(τ) dW is the memory plus noise:
///
/// ```text
/// z_i = y_i + r_i ε_i,      r_i² = ∫₀^τ e^{2 h_i u} σ(u)² du      (constant σ: σ² (e^{2hτ} − 1)/2h; h = 0: σ² τ)
/// ```
///
/// The **level** σ of a state is the geometric mean of the r_i. It grows with τ, is σ itself if all h_i are equal, and
/// makes (2πσ²)^{−D/2} the normaliser of the noise. A direction counts as at most e¹⁴ = 10⁶ times as noisy as the least
/// noisy one, which then decides alone.
///
/// ```
/// use attractor::potentials::{Amplitude, Quadratic, UnitNoise};
/// let potential = Quadratic::diagonal(vec![0.0; 2], vec![1.0, -1.0])?;
/// let noise = UnitNoise::new(&potential, Amplitude::constant(1.0)?);
/// let at = noise.at(0.5)?;
/// // The first unit is pulled to 0, so that after the same time less is left of the memory.
/// assert!(at.levels[0] > 0.5 && at.levels[1] < 0.5);
/// assert!((at.levels[0] * at.levels[1] - 0.25).abs() < 1e-14);
/// assert!((at.levels[0].powi(2) - ((2.0 * at.time).exp() - 1.0) / 2.0).abs() < 1e-14);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct UnitNoise {
    rates: Vec<f64>,
    /// The stationary point, along the same directions.
    minimum: Vec<f64>,
    amplitude: Amplitude,
    /// The one rate, if all are equal.
    uniform: Option<f64>,
}

/// The noise of each unit at one level.
#[derive(Clone, Debug)]
pub struct UnitLevels {
    /// The level σ.
    pub sigma: f64,
    /// The time τ.
    pub time: f64,
    /// The noise-to-signal ratio r_i of each unit, whose geometric mean is the level.
    pub levels: Vec<f64>,
    /// d ln r_i / d ln σ of each unit, with mean 1.
    pub growth: Vec<f64>,
    /// ln s_i, where x_i − m_i = s_i (z_i − m_i): −h_i τ.
    pub log_scales: Vec<f64>,
    /// −d ln s_i / dτ: the rate h_i.
    pub rates: Vec<f64>,
    /// d ln σ / dτ, infinite at τ = 0.
    pub speed: f64,
}

/// ln r² of each unit, and its derivative with respect to ln τ.
struct Logs {
    squares: Vec<f64>,
    slopes: Vec<f64>,
    /// By how much both exceeded the window, which was taken off.
    excess: Vec<(f64, f64)>,
}

impl Logs {
    /// The means of ln r and of its derivative.
    fn means(&self) -> (f64, f64) {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64 / 2.0;
        (mean(&self.squares), mean(&self.slopes))
    }
}

impl UnitNoise {
    /// The noise of a potential along its eigenvectors.
    pub fn new(potential: &Quadratic, amplitude: Amplitude) -> Self {
        let rates = potential.rates().to_vec();
        let minimum = match potential.directions() {
            Some(directions) => directions.outer_iter().map(|d| dot(d.iter(), potential.minimum())).collect(),
            None => potential.minimum().to_vec(),
        };
        let uniform = rates.iter().all(|h| *h == rates[0]).then_some(rates[0]);
        UnitNoise { rates, minimum, amplitude, uniform }
    }

    /// The number of units, D.
    pub fn dim(&self) -> usize {
        self.rates.len()
    }

    /// Whether all units have the same noise.
    pub fn is_uniform(&self) -> bool {
        self.uniform.is_some()
    }

    /// The stationary point m along the directions.
    pub fn minimum(&self) -> &[f64] {
        &self.minimum
    }

    /// The amplitude σ(τ).
    pub fn amplitude(&self) -> &Amplitude {
        &self.amplitude
    }

    /// The noise of each unit at a level σ ≥ 0. At 0 all ratios are 0. Cost: about 10 D exponentials, or quadratures
    /// if σ(τ) is neither constant nor exponential.
    ///
    /// # Errors
    /// A level that is negative, or that the process never reaches because it drives states away from m; the errors
    /// of σ(τ).
    pub fn at(&self, sigma: f64) -> Result<UnitLevels> {
        let dim = self.dim();
        if sigma == 0.0 {
            let (levels, growth) = (vec![0.0; dim], vec![1.0; dim]);
            let (log_scales, rates) = (vec![0.0; dim], self.rates.clone());
            let speed = f64::INFINITY;
            return Ok(UnitLevels { sigma, time: 0.0, levels, growth, log_scales, rates, speed });
        }
        if !(sigma > 0.0 && sigma <= 1e15) {
            return Err(Error::parameter("sigma", "a number from 0 to 1e15", sigma));
        }
        let time = self.time(sigma)?;
        let logs = self.logs(time)?;
        let (log, slope) = logs.means();
        let speed = slope / time;
        if self.is_uniform() {
            let (levels, growth) = (vec![sigma; dim], vec![1.0; dim]);
            let (log_scales, rates) = (vec![-self.rates[0] * time; dim], self.rates.clone());
            return Ok(UnitLevels { sigma, time, levels, growth, log_scales, rates, speed });
        }
        let each = || self.rates.iter().zip(&logs.excess);
        Ok(UnitLevels {
            sigma,
            time,
            levels: logs.squares.iter().map(|square| (square / 2.0 - log).exp() * sigma).collect(),
            growth: logs.slopes.iter().map(|own| own / (2.0 * slope)).collect(),
            // Where the ratio is held at the window, the scale takes the difference, so that x keeps its noise.
            log_scales: each().map(|(h, over)| over.0 / 2.0 - h * time).collect(),
            rates: each().map(|(h, over)| h - over.1 / (2.0 * time)).collect(),
            speed,
        })
    }

    /// The level σ at a time τ ≥ 0.
    ///
    /// # Errors
    /// A time that is negative or not finite; the errors of σ(τ).
    pub fn level(&self, time: f64) -> Result<f64> {
        if !(time >= 0.0 && time.is_finite()) {
            return Err(Error::parameter("time", "a finite number >= 0", time));
        }
        if time == 0.0 {
            return Ok(0.0);
        }
        Ok(self.logs(time)?.means().0.exp())
    }

    /// The highest level that is reached, or infinity.
    ///
    /// # Errors
    /// The errors of σ(τ).
    pub fn highest(&self) -> Result<f64> {
        if self.rates.iter().any(|h| *h >= 0.0) {
            return Ok(f64::INFINITY);
        }
        // Where every direction drives states away, ratios have come to their limits after some 20 of its times.
        let slowest = self.rates.iter().fold(f64::INFINITY, |least, h| least.min(h.abs()));
        self.level(20.0 / slowest)
    }

    /// Turns a state x of the process at some level (along the directions, like m) into z, and returns ln |dz/dx|.
    pub fn clean(&self, at: &UnitLevels, x: &mut [f64]) -> f64 {
        let mut volume = 0.0;
        for ((x, m), log) in x.iter_mut().zip(&self.minimum).zip(&at.log_scales) {
            *x = m + (*x - m) * (-log).exp();
            volume -= log;
        }
        volume
    }

    /// Turns z back into a state x of the process.
    pub fn soil(&self, at: &UnitLevels, z: &mut [f64]) {
        for ((z, m), log) in z.iter_mut().zip(&self.minimum).zip(&at.log_scales) {
            *z = m + (*z - m) * log.exp();
        }
    }

    /// ln r_i² at a time > 0.
    fn logs(&self, time: f64) -> Result<Logs> {
        if let Some(rate) = self.uniform {
            let (square, slope) = self.amplitude.log_integral(rate, time)?;
            return Ok(Logs { squares: vec![square], slopes: vec![slope], excess: vec![(0.0, 0.0)] });
        }
        let all: Vec<(f64, f64)> =
            self.rates.iter().map(|&h| self.amplitude.log_integral(h, time)).collect::<Result<_>>()?;
        let least = (0..all.len()).min_by(|&a, &b| all[a].0.total_cmp(&all[b].0)).expect("a unit");
        let most = all[least].0 + 2.0 * WINDOW;
        let held: Vec<(f64, f64)> =
            all.iter().map(|&own| if own.0 > most { (most, all[least].1) } else { own }).collect();
        Ok(Logs {
            squares: held.iter().map(|held| held.0).collect(),
            slopes: held.iter().map(|held| held.1).collect(),
            excess: all.iter().zip(&held).map(|(own, held)| (own.0 - held.0, own.1 - held.1)).collect(),
        })
    }

    /// The time at which the level is `sigma` > 0.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub fn time(&self, sigma: f64) -> Result<f64> {
        if let (Some(rate), Some(own)) = (self.uniform, self.amplitude.as_constant()) {
            let share = (sigma / own).powi(2);
            let grown = 2.0 * rate * share;
            return match rate {
                0.0 => Ok(share),
                _ if grown > -1.0 => Ok(grown.ln_1p() / (2.0 * rate)),
                _ => Err(self.unreachable(sigma)),
            };
        }
        let goal = sigma.ln();
        let excess = |u: f64| -> Result<(f64, f64)> {
            let (log, slope) = self.logs(u.exp())?.means();
            Ok((log - goal, slope))
        };
        // Without a force, τ = (sigma/σ)².
        let first = (2.0 * (goal - self.amplitude.at(0.0)?.ln())).clamp(-LONGEST, LONGEST);
        let (mut low, mut high, mut step) = (first, first, 1.0);
        while excess(low)?.0 > 0.0 {
            if low <= -LONGEST {
                return Err(self.unreachable(sigma));
            }
            low = (low - step).max(-LONGEST);
            step *= 2.0;
        }
        step = 1.0;
        while excess(high)?.0 < 0.0 {
            if high >= LONGEST {
                return Err(self.unreachable(sigma));
            }
            high = (high + step).min(LONGEST);
            step *= 2.0;
        }
        // Newton's method, with halving where it would leave the bracket.
        let mut u = (low + high) / 2.0;
        for _ in 0..200 {
            let (over, slope) = excess(u)?;
            if over > 0.0 {
                high = u
            } else {
                low = u
            }
            if over.abs() <= PRECISE * (1.0 + goal.abs()) || high - low <= f64::EPSILON * u.abs() {
                break;
            }
            let next = u - over / slope;
            u = if next > low && next < high { next } else { (low + high) / 2.0 };
        }
        Ok(u.exp())
    }

    fn unreachable(&self, sigma: f64) -> Error {
        let highest = self.highest().unwrap_or(f64::INFINITY);
        let expected = match highest.is_finite() {
            true => format!(
                "a level below {highest:.4}, the most that this potential makes (it drives states away)"
            ),
            false => "a level that this potential reaches in a time below 1e260".into(),
        };
        Error::parameter("sigma", expected, sigma)
    }
}

fn dot<'a>(a: impl Iterator<Item = &'a f64>, b: &[f64]) -> f64 {
    a.zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diffusion::Process;

    /// Rounding of a logarithm and an exponential, relative.
    const ROUNDING: f64 = 1e-13;

    fn noise(rates: &[f64], sigma: f64) -> UnitNoise {
        let potential = Quadratic::diagonal(vec![0.0; rates.len()], rates.to_vec()).unwrap();
        UnitNoise::new(&potential, Amplitude::constant(sigma).unwrap())
    }

    #[test]
    fn equal_rates_are_the_scalar_processes() {
        let vp = Process::VariancePreserving { gamma: 0.8 };
        let ve = Process::VarianceExploding { diffusion_rate: 1.7 };
        let cases = [(vp, noise(&[0.4; 3], 0.8_f64.sqrt())), (ve, noise(&[0.0; 3], 1.7))];
        for (process, noise) in cases {
            for sigma in [1e-6, 0.3, 1.0, 50.0] {
                let at = noise.at(sigma).unwrap();
                let time = process.time(sigma);
                assert!((at.time - time).abs() <= ROUNDING * time, "{process:?} {sigma}");
                assert_eq!(at.levels, vec![sigma; 3]);
                let level = noise.level(time).unwrap();
                assert!((level - sigma).abs() <= ROUNDING * sigma, "{process:?} {sigma} {level}");
            }
        }
    }

    #[test]
    fn levels_are_the_closed_form() {
        let noise = noise(&[2.0, 0.0, -0.7, 0.1], 1.3);
        for time in [1e-8, 0.02, 0.5, 2.0] {
            let sigma = noise.level(time).unwrap();
            let at = noise.at(sigma).unwrap();
            assert!((at.time - time).abs() < 1e-12 * time, "{} {time}", at.time);
            for (h, r) in [2.0_f64, 0.0, -0.7, 0.1].iter().zip(&at.levels) {
                let square = match *h {
                    0.0 => 1.69 * time,
                    h => 1.69 * (2.0 * h * time).exp_m1() / (2.0 * h),
                };
                assert!((r * r - square).abs() < 1e-11 * square, "h = {h} at {time}");
            }
            let product: f64 = at.levels.iter().product();
            assert!((product.powf(0.25) - sigma).abs() < 1e-13 * sigma);
            assert!((at.growth.iter().sum::<f64>() - 4.0).abs() < 1e-12);
        }
    }

    #[test]
    fn growth_is_the_derivative() {
        let noise = noise(&[3.0, 0.5, -1.0], 1.0);
        let (sigma, step) = (0.8, 1e-5);
        let at = noise.at(sigma).unwrap();
        let (up, down) = (noise.at(sigma * (1.0 + step)).unwrap(), noise.at(sigma * (1.0 - step)).unwrap());
        for i in 0..3 {
            let found = (up.levels[i] / down.levels[i]).ln() / ((1.0 + step) / (1.0 - step)).ln();
            // The error of a central difference of length 1e-5.
            assert!((found - at.growth[i]).abs() < 1e-8);
        }
        let speed = (up.sigma / down.sigma).ln() / (up.time - down.time);
        assert!((speed / at.speed - 1.0).abs() < 1e-8);
    }

    #[test]
    fn stiff_potentials_stay_finite() {
        let noise = noise(&[1e6, 1.0, 1e-3], 1.0);
        for sigma in [1e-9, 1e-3, 1.0, 1e3, 1e6] {
            let at = noise.at(sigma).unwrap();
            assert!(at.time.is_finite() && at.levels.iter().all(|r| r.is_finite() && *r > 0.0), "{at:?}");
            let ratio = at.levels[0] / at.levels[2];
            assert!(ratio < (WINDOW + 1e-9).exp());
            // The noise of x is √v = s r, and v → σ²/2h where the potential has settled it. (1e-6: the rounding of hτ,
            // which is up to 10⁸ here.)
            let settled = at.log_scales[0].exp() * at.levels[0];
            let square = -(-2e6 * at.time).exp_m1() / 2e6;
            assert!((settled * settled / square - 1.0).abs() < 1e-6, "{sigma}");
        }
    }

    #[test]
    fn unreachable_levels_are_refused() {
        // r² → σ²/2|h|, so that the level stays below (1/2 · 1/4)^¼.
        let noise = noise(&[-1.0, -2.0], 1.0);
        let highest = noise.highest().unwrap();
        assert!((highest - 0.125_f64.powf(0.25)).abs() < 1e-12, "{highest}");
        assert!(noise.at(0.9 * highest).is_ok());
        let error = noise.at(1.1 * highest).unwrap_err().to_string();
        assert!(error.contains("below 0.5946"), "{error}");
        assert!(noise.at(-1.0).is_err() && noise.at(f64::NAN).is_err());
    }

    #[test]
    fn states_turn_into_z_and_back() {
        let potential = Quadratic::diagonal(vec![0.5, -1.0], vec![1.0, -0.3]).unwrap();
        let noise = UnitNoise::new(&potential, Amplitude::constant(1.0).unwrap());
        let at = noise.at(0.7).unwrap();
        let mut x = [0.3, 2.0];
        let volume = noise.clean(&at, &mut x);
        assert!((x[0] - (0.5 - 0.2 * at.time.exp())).abs() < 1e-14);
        assert!((volume - 0.7 * at.time).abs() < 1e-14);
        noise.soil(&at, &mut x);
        assert!((x[0] - 0.3).abs() < 1e-15 && (x[1] - 2.0).abs() < 1e-15);
    }
}
