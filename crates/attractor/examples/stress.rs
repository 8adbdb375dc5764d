//! Every sampler on a large mixture of memories of every kind, over nine decades of noise.
//!
//! ```text
//! cargo run --release --package attractor --example stress -- [CUES]
//! ```
//!
//! 200 memories (points, clouds, Gaussian subspaces, segments, circles, spheres) of 64 units, 10,000 cues, 24
//! evaluations of the denoiser (or as many as the sampler takes), σ from 10³ to 10⁻⁶. Prints what each took
//! and where the recalls ended; panics at the first number that is none.

use std::time::Instant;

use attractor::diffusion::{Process, Sampler, Sampling};
use attractor::energies::shapes::{Segment, Shape, Sphere, Subspace};
use attractor::energies::{Component, Kind, Mixture};
use attractor::memories::{Diffusion, Level, Memory, Request};
use attractor::noise::{Purpose, Stream};
use attractor::{Outcome, Patterns, Result};
use ndarray::{Array1, Array2};

const DIM: usize = 64;
const MEMORIES: usize = 200;
const EVALUATIONS: usize = 24;
const LARGEST: f64 = 1e3;
const LAST: f64 = 1e-6;

fn normals(stream: &mut Stream) -> Vec<f64> {
    (0..DIM).map(|_| stream.normal()).collect()
}

/// Orthonormal rows (Gram–Schmidt, twice).
fn directions(count: usize, stream: &mut Stream) -> Array2<f64> {
    let mut rows = Array2::from_shape_fn((count, DIM), |_| stream.normal());
    for _ in 0..2 {
        for i in 0..count {
            let mut row: Array1<f64> = rows.row(i).to_owned();
            for j in 0..i {
                let along = row.dot(&rows.row(j));
                row.scaled_add(-along, &rows.row(j));
            }
            let length = row.dot(&row).sqrt();
            rows.row_mut(i).assign(&(row / length));
        }
    }
    rows
}

/// Memory n; the kinds take turns.
fn memory(n: usize, stream: &mut Stream) -> Result<Component<f64>> {
    let shape = |shape: Box<dyn Shape>| Kind::Shape(shape);
    let kind = match n % 6 {
        0 => Kind::Point(normals(stream)),
        1 => Kind::Cloud(Patterns::new(Array2::from_shape_fn((50, DIM), |_| stream.normal()))?),
        2 => {
            let deviations = (0..4).map(|_| 0.2 + stream.uniform()).collect();
            shape(Box::new(Subspace::new(normals(stream), directions(4, stream), deviations)?))
        }
        3 => shape(Box::new(Segment::new(normals(stream), normals(stream))?)),
        4 => shape(Box::new(Sphere::new(normals(stream), 2.0, directions(2, stream))?)),
        _ => shape(Box::new(Sphere::new(normals(stream), 3.0, directions(8, stream))?)),
    };
    Ok(Component { kind, weight: 0.5 + stream.uniform(), label: None })
}

/// The largest resident set so far, in MB, if the system reports it.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
}

fn main() -> Result<()> {
    let cues: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let mut stream = Stream::new(0, Purpose::Patterns, 0);
    let mixture = Mixture::new((0..MEMORIES).map(|n| memory(n, &mut stream)).collect::<Result<_>>()?)?;
    println!("{MEMORIES} memories of {DIM} units, {cues} cues, sigma from {LARGEST:e} to {LAST:e}\n");
    println!(
        "{:<20} {:>6} {:>8} {:>9} {:>9} {:>8}",
        "sampler", "steps", "seconds", "us/cue", "settled", "memories"
    );
    for (name, sampler) in Sampler::ALL {
        let fits = |steps: &usize| sampler.evaluations(*steps).is_some_and(|e| e <= EVALUATIONS);
        let steps = if sampler.evaluations(1).is_some() { (1..=EVALUATIONS).rev().find(fits) } else { None };
        let sampling = Sampling {
            sampler,
            steps,
            process: Process::default(),
            rho: Some(7.0),
            last: Some(LAST / mixture.spread()),
            accuracy: 1e-3,
            ..Sampling::default()
        };
        let memory = Diffusion::on(mixture.clone(), sampling.clone())?;
        let start = Instant::now();
        let (mut settled, mut seen) = (0, vec![false; MEMORIES]);
        for from in (0..cues).step_by(1000) {
            let rows: Vec<u64> = (from..cues.min(from + 1000)).map(|row| row as u64).collect();
            let mut states = Array2::<f64>::zeros((rows.len(), DIM));
            for (mut state, &row) in states.outer_iter_mut().zip(&rows) {
                let mut noise = Stream::new(1, Purpose::Corruption, row);
                state.mapv_inplace(|_| LARGEST * noise.normal());
            }
            let request = Request {
                level: Level::Sigma(LARGEST),
                first_row: from as u64,
                ..Request::new(states.view())
            };
            let recall = memory.recall(&request)?;
            assert!(recall.states.iter().all(|x| x.is_finite()), "{name}: a state is no number");
            for row in &recall.rows {
                assert!(row.energy.is_some_and(f64::is_finite), "{name}: an energy is no number");
                settled += usize::from(matches!(row.outcome, Outcome::Settled { .. }));
                seen[row.memory.expect("a memory")] = true;
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{name:<20} {:>6} {seconds:>8.1} {:>9.0} {:>8.1}% {:>8}",
            sampling.steps(),
            1e6 * seconds / cues as f64,
            100.0 * settled as f64 / cues as f64,
            seen.iter().filter(|s| **s).count()
        );
    }
    if let Some(megabytes) = resident() {
        println!("\nlargest resident set {megabytes} MB");
    }
    Ok(())
}
