//! The claim of Eq. 20–21: as τ → 0 the log-kernel of any potential becomes −‖x − y‖²/2σ²τ.

use std::sync::Arc;

use attractor::Patterns;
use attractor::energies::{Denoise, Linearised};
use attractor::potentials::{Amplitude, DoubleWell, Potential, Quadratic};
use attractor_report::Result;
use ndarray::array;

use super::fokker_planck::FokkerPlanck;

/// Where the pattern is, and the fixed place at which its kernel is read.
pub const PATTERN: f64 = 0.5;
pub const PLACE: f64 = 1.0;
/// The curvature of the quadratic potential ½hx².
pub const CURVATURE: f64 = 1.0;
/// The times of the Fokker–Planck equation, with the steps from the time before. Below 10⁻³ no grid resolves the kernel.
const STAGES: [(f64, usize); 5] = [(0.001, 1000), (0.003, 2000), (0.01, 1400), (0.03, 2000), (0.1, 1750)];
/// The first time at which grids resolve the fixed place, 5 standard deviations away.
const RESOLVED: f64 = 0.01;
/// The range of x. At its ends the stationary density of the double well is e^{−21} of that in the wells.
const RANGE: (f64, f64) = (-2.5, 2.5);

/// The log-kernel ln k(x) + ½ ln 2πσ²τ over −(x − y)²/2σ²τ, at one time.
#[derive(Clone, Debug)]
pub struct Ratio {
    pub time: f64,
    /// At x = [`PLACE`]. `None` where it is so far from the pattern that no grid resolves it.
    pub fixed: Option<f64>,
    /// At |x − y| = √τ.
    pub near: f64,
    /// The same for the library's kernel, linearised about the pattern.
    pub linearised: [f64; 2],
    /// The error of the log of that kernel at the fixed place: exact minus linearised.
    pub error: Option<f64>,
    /// The change of `fixed` from the two coarser grids to the two finer ones. `None` for closed forms.
    pub grid: Option<f64>,
}

/// The logarithm of the kernel, without −½ ln 2πσ²τ, over that of the kernel without a potential (σ = 1).
fn ratio(log: f64, x: f64, time: f64) -> f64 {
    (log + 0.5 * (std::f64::consts::TAU * time).ln()) / (-(x - PATTERN).powi(2) / (2.0 * time))
}

/// The log-density of the library's kernel at x (σ = 1).
fn library(potential: Arc<dyn Potential>, x: f64, time: f64) -> Result<f64> {
    let patterns = Patterns::new(array![[PATTERN]])?;
    let memory = Linearised::new(patterns, potential, Amplitude::constant(1.0)?)?;
    let level = time.sqrt();
    let sum = memory.log_sum(array![[x]].view(), &[level])?[0];
    Ok(sum - 0.5 * (std::f64::consts::TAU * time).ln())
}

/// The double well (x² − 1)²/4, from the Fokker–Planck equation on three grids and extrapolated.
pub fn double_well(cells: usize) -> Result<Vec<Ratio>> {
    let wells = DoubleWell::new(1.0, 1.0)?;
    // The log-density at the fixed and at the near place, at each time, on a grid.
    let on = |cells: usize| -> Vec<[f64; 2]> {
        let mut solution = FokkerPlanck::new(|x| wells.potential(x), 1.0, RANGE, cells, PATTERN);
        let mut before = 0.0;
        let mut logs = Vec::new();
        for (time, steps) in STAGES {
            solution.run(time - before, steps);
            before = time;
            logs.push([PLACE, PATTERN + time.sqrt()].map(|x| solution.log_density(x)));
        }
        logs
    };
    let grids = [on(cells), on(2 * cells), on(4 * cells)];
    // The error of a grid falls fourfold when its cells are halved.
    let better = |coarse: f64, fine: f64| fine + (fine - coarse) / 3.0;
    let one = |(k, (time, _)): (usize, &(f64, usize))| -> Result<Ratio> {
        let log = |place: usize, grid: usize| better(grids[grid][k][place], grids[grid + 1][k][place]);
        let near = PATTERN + time.sqrt();
        let own = |x: f64| library(Arc::new(wells.over(1)), x, *time);
        let exact = (*time >= RESOLVED).then(|| log(0, 1));
        let fixed = exact.map(|exact| ratio(exact, PLACE, *time));
        Ok(Ratio {
            time: *time,
            fixed,
            near: ratio(log(1, 1), near, *time),
            linearised: [ratio(own(PLACE)?, PLACE, *time), ratio(own(near)?, near, *time)],
            error: exact.map(|exact| Ok::<f64, attractor_report::Error>(exact - own(PLACE)?)).transpose()?,
            grid: fixed.map(|fixed| fixed - ratio(log(0, 0), PLACE, *time)),
        })
    };
    STAGES.iter().enumerate().map(one).collect()
}

/// −(V(x) − V₂(x))/σ² at the fixed place: what the linearised log-kernel of the double well is to miss.
pub fn missed() -> f64 {
    let wells = DoubleWell::new(1.0, 1.0).expect("in range");
    let away = PLACE - PATTERN;
    let second =
        wells.potential(PATTERN) + wells.force(PATTERN) * away + wells.curvature(PATTERN) * away * away / 2.0;
    second - wells.potential(PLACE)
}

/// The quadratic potential, in closed form.
pub fn quadratic() -> Result<Vec<Ratio>> {
    let closed = |x: f64, time: f64| {
        let variance = -(-2.0 * CURVATURE * time).exp_m1() / (2.0 * CURVATURE);
        // x − y e^{−hτ}, which does not cancel.
        let away = (x - PATTERN) - PATTERN * (-CURVATURE * time).exp_m1();
        -away * away / (2.0 * variance) - 0.5 * (std::f64::consts::TAU * variance).ln()
    };
    let one = |time: f64| -> Result<Ratio> {
        let near = PATTERN + time.sqrt();
        let own = |x: f64| -> Result<f64> {
            let potential = Quadratic::diagonal(vec![0.0], vec![CURVATURE])?;
            library(Arc::new(potential), x, time)
        };
        Ok(Ratio {
            time,
            fixed: Some(ratio(closed(PLACE, time), PLACE, time)),
            near: ratio(closed(near, time), near, time),
            linearised: [ratio(own(PLACE)?, PLACE, time), ratio(own(near)?, near, time)],
            error: Some(closed(PLACE, time) - own(PLACE)?),
            grid: None,
        })
    };
    [0.1, 0.03, 0.01, 1e-3, 1e-4, 1e-5].into_iter().map(one).collect()
}
