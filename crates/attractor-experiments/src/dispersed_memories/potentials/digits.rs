//! Recall of digits whose noise comes from a potential that knows the correlations of pixels.

use attractor::diffusion::Sampling;
use attractor::linear::Eigen;
use attractor::memories::Diffusion;
use attractor::noise::{Purpose, Stream};
use attractor::potentials::{Amplitude, Form, Noising, Quadratic, UnitNoise};
use attractor::{Level, Memory, Patterns, Request};
use attractor_data::digits;
use attractor_report::Result;
use ndarray::{Array1, Array2, Axis, s};

use super::Config;

/// The noise per unit, root mean square, in units of the pixels' spread.
pub const NOISES: [f64; 5] = [1.0, 2.0, 4.0, 8.0, 16.0];

/// The share of white noise in the covariance that the potential has as its stationary one. It bounds how stiff the
/// potential is.
pub const FLOOR: f64 = 0.3;

/// How many cues of each kind brought back their digit, at one noise.
#[derive(Clone, Debug)]
pub struct Recalled {
    pub noise: f64,
    /// The level σ of the potential with this energy, and its time.
    pub level: f64,
    pub time: f64,
    /// Whether each cue was recalled: noise of the potential, recalled with the potential.
    pub known: Vec<bool>,
    /// Noise of the potential, taken for white noise of the same energy.
    pub mistaken: Vec<bool>,
    /// White noise of the same energy.
    pub white: Vec<bool>,
}

/// The digits as numbers with spread 1 about their mean, and the potential in which digits are the stationary states.
fn prepared(config: &Config) -> Result<(Array2<f64>, Quadratic)> {
    let raw = digits().images.mapv(f64::from);
    let stored = raw.slice(s![..config.patterns, ..]);
    // The correlations are learned from digits that are not stored.
    let others = raw.slice(s![config.patterns.., ..]);
    let mean = others.mean_axis(Axis(0)).expect("digits that are not stored");
    let away = &others - &mean;
    let spread = (away.iter().map(|d| d * d).sum::<f64>() / away.len() as f64).sqrt();
    let covariance = away.t().dot(&away) / (others.nrows() as f64 * spread * spread);
    let Eigen { values, vectors } = Eigen::new(covariance.view())?;
    // dx = −½Λ⁻¹ x dτ + dW has the stationary covariance Λ.
    let rates = values.iter().map(|value| 0.5 / (value.max(0.0) + FLOOR)).collect();
    let quadratic = Quadratic::from_eigen(vec![0.0; raw.ncols()], rates, vectors)?;
    Ok(((&stored - &mean) / spread, quadratic))
}

/// The level at which the noise of a potential has this root mean square.
fn level_of(noise: &UnitNoise, power: f64) -> Result<f64> {
    const HALVINGS: usize = 100;
    let (mut low, mut high) = (1e-6 * power, power);
    for _ in 0..HALVINGS {
        // The geometric mean is at most the root mean square.
        let middle = (low * high).sqrt();
        let levels = noise.at(middle)?.levels;
        let square = levels.iter().map(|r| r * r).sum::<f64>() / levels.len() as f64;
        if square < power * power { low = middle } else { high = middle }
    }
    Ok((low * high).sqrt())
}

/// Recalls digits from both kinds of noise at every energy.
pub fn recall(config: &Config, done: &mut dyn FnMut(usize) -> Result<()>) -> Result<Vec<Recalled>> {
    let (values, quadratic) = prepared(config)?;
    let patterns = Patterns::new(values.clone())?;
    let plain = Diffusion::on(patterns.clone().into(), Sampling::default())?;
    let noise = UnitNoise::new(&quadratic, Amplitude::constant(1.0)?);
    let directions = quadratic.directions().expect("eigenvectors were given").to_owned();
    let noising = Noising { form: Form::Quadratic(quadratic), amplitude: Amplitude::constant(1.0)? };
    let known = Diffusion::on(patterns.into(), Sampling::default())?.with_noising(noising)?;
    let mut all = Vec::new();
    for (k, power) in NOISES.into_iter().enumerate() {
        let level = level_of(&noise, power)?;
        let at = noise.at(level)?;
        // The same normal numbers make both kinds of noise.
        let mut normals = Array2::zeros((config.cues, noise.dim()));
        for (row, mut own) in normals.outer_iter_mut().enumerate() {
            let row = (row as u64) | (k as u64) << 32;
            let mut stream = Stream::new(config.seed, Purpose::Corruption, row);
            own.iter_mut().for_each(|x| *x = stream.normal());
        }
        let clean = values.slice(s![..config.cues, ..]);
        let white = &clean + &(&normals * power);
        let scaled = &normals * &Array1::from(at.levels.clone());
        let correlated = &clean + &scaled.dot(&directions);
        let right = |memory: &Diffusion<f64>, cues: &Array2<f64>, sigma: f64| -> Result<Vec<bool>> {
            let request = Request { level: Level::Sigma(sigma), ..Request::new(cues.view()) };
            let rows = memory.recall(&request)?.rows;
            Ok(rows.iter().enumerate().map(|(n, row)| row.memory == Some(n)).collect())
        };
        all.push(Recalled {
            noise: power,
            level,
            time: at.time,
            known: right(&known, &correlated, level)?,
            mistaken: right(&plain, &correlated, power)?,
            white: right(&plain, &white, power)?,
        });
        done(k + 1)?;
    }
    Ok(all)
}
