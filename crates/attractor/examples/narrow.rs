//! The cost of a diffusion recall whose reads leave out patterns of negligible weight.
//!
//! ```text
//! cargo run --release --package attractor --example narrow -- [PATTERNS] [CUES]
//! ```
//!
//! Random patterns of ±1 and 64 units (100,000 of them), recalled from noisy cues (64) by each sampler, once with
//! every pattern in every read and once narrowed. Prints the reads of the whole memory a cue, what the balls held (mean
//! of all reads, median and maximum of the largest of each cue), times, and the largest difference of a unit.

use std::time::{Duration, Instant};

use attractor::diffusion::{Sampler, Sampling};
use attractor::energies::Reads;
use attractor::memories::{Diffusion, Level, Memory, Recall, Request};
use attractor::noise::{Purpose, Stream};
use attractor::{Patterns, Result};
use ndarray::Array2;

const DIM: usize = 64;

/// Cues θy + √(1 − θ²)ε of the first patterns.
fn cues(values: &Array2<f32>, count: usize, signal: f64) -> Array2<f32> {
    let mut noise = Stream::new(2, Purpose::Corruption, 0);
    let spread = (1.0 - signal * signal).sqrt();
    Array2::from_shape_fn((count, DIM), |(row, j)| {
        (signal * f64::from(values[[row, j]]) + spread * noise.normal()) as f32
    })
}

fn timed(memory: &Diffusion<f32>, request: &Request<f32>) -> Result<(Recall<f32>, Duration)> {
    let start = Instant::now();
    let recall = memory.recall(request)?;
    Ok((recall, start.elapsed()))
}

fn main() -> Result<()> {
    let mut sizes = std::env::args().skip(1).map(|a| a.parse::<usize>().expect("a whole number"));
    let patterns = sizes.next().unwrap_or(100_000);
    let count = sizes.next().unwrap_or(64);
    let mut noise = Stream::new(1, Purpose::Patterns, 0);
    let values = Array2::from_shape_fn((patterns, DIM), |_| if noise.uniform() < 0.5 { -1.0 } else { 1.0 });
    let stored = Patterns::new(values.clone())?;
    println!("{patterns} patterns of {DIM} units, {count} cues, {} threads", attractor::threads::count());
    println!(
        "{:>19} {:>6} {:>5} {:>9} {:>5} {:>7} {:>8} {:>8} {:>8} {:>9} {:>9} {:>10}",
        "sampler",
        "signal",
        "steps",
        "reads",
        "most",
        "vain",
        "mean",
        "median",
        "largest",
        "narrow",
        "whole",
        "difference"
    );
    for (sampler, signal) in [
        (Sampler::Euler, 0.68),
        (Sampler::Ddim, 0.68),
        (Sampler::Heun, 0.68),
        (Sampler::DpmSolverPlusPlus2M, 0.68),
        (Sampler::EulerMaruyama, 0.68),
        // A lower signal, close to where patterns can no longer be told apart.
        (Sampler::Euler, 0.5),
    ] {
        let cues = cues(&values, count, signal);
        let request = Request { level: Level::Signal(signal), ..Request::new(cues.view()) };
        let sampling = Sampling { sampler, ..Sampling::default() };
        let (narrow, fast) = timed(&Diffusion::on(stored.clone().into(), sampling.clone())?, &request)?;
        let sampling = Sampling { narrow: false, ..sampling };
        let (whole, slow) = timed(&Diffusion::on(stored.clone().into(), sampling.clone())?, &request)?;
        let reads: Vec<Reads> = narrow.rows.iter().filter_map(|row| row.reads).collect();
        let sum = |of: fn(&Reads) -> usize| reads.iter().map(of).sum::<usize>() as f64;
        let mut largest: Vec<usize> = reads.iter().map(|r| r.largest).collect();
        largest.sort_unstable();
        let difference = (&narrow.states - &whole.states).fold(0.0, |most, d| f32::max(most, d.abs()));
        println!(
            "{:>19} {signal:>6} {:>5} {:>9.2} {:>5} {:>7.2} {:>8.0} {:>8} {:>8} {:>8.2}s {:>8.2}s {difference:>10.1e}",
            sampler.name(),
            sampling.steps(),
            sum(|r| r.full) / count as f64,
            reads.iter().map(|r| r.full).max().unwrap_or(0),
            sum(|r| r.spread) / count as f64,
            sum(|r| r.patterns) / sum(|r| r.narrow).max(1.0),
            largest.get(largest.len() / 2).unwrap_or(&0),
            largest.last().unwrap_or(&0),
            fast.as_secs_f64(),
            slow.as_secs_f64(),
        );
    }
    Ok(())
}
