//! Measures what a read of a reconstructive memory costs, in reads of its semantic memory:
//! `cargo run --release -p attractor --example cores`.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use attractor::diffusion::Sampling;
use attractor::energies::shapes::Subspace;
use attractor::energies::{Component, Denoise, Encoder, Event, Kind, Mixture, Reconstruction};
use attractor::memories::{Request, mixture};
use attractor::noise::{Purpose, Stream};
use attractor::{Level, threads};
use ndarray::Array2;

const DIM: usize = 64;
const GAUSSIANS: usize = 10;
const STORED: usize = 16;
const ROWS: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    threads::set(1)?;
    for rank in [DIM, 12] {
        let semantic = semantic(rank)?;
        let of_semantic = seconds(&semantic)?;
        println!(
            "rank {rank}: {GAUSSIANS} Gaussians of {DIM} units, {:.2} ms for a recall",
            1e3 * of_semantic
        );
        for count in [1, 10, 30, 100, 300] {
            let shared = seconds(&events(&semantic, count, false)?)?;
            let own = seconds(&events(&semantic, count, true)?)?;
            println!(
                "  {count:>3} events: {:.2} times as long with one encoder, {:.2} times with one for each event",
                shared / of_semantic,
                own / of_semantic
            );
        }
    }
    Ok(())
}

/// Gaussians whose means are as far apart as they are wide.
fn semantic(rank: usize) -> attractor::Result<Mixture<f64>> {
    let mut stream = Stream::new(1, Purpose::Patterns, rank as u64);
    let mut components = Vec::new();
    for _ in 0..GAUSSIANS {
        let rows = Array2::from_shape_fn((rank, DIM), |_| stream.normal() / 8.0);
        let mean = (0..DIM).map(|_| stream.normal()).collect();
        let covariance = rows.t().dot(&rows) + Array2::<f64>::eye(DIM) * 0.01;
        let eigen = attractor::linear::Eigen::new(covariance.view())?;
        let deviations = eigen.values[..rank].iter().map(|v| v.sqrt()).collect();
        let directions = eigen.vectors.slice(ndarray::s![..rank, ..]).to_owned();
        let gaussian = Subspace::new(mean, directions, deviations)?.with_thickness(0.1)?;
        components.push(Component { kind: Kind::Shape(Box::new(gaussian)), weight: 1.0, label: None });
    }
    Mixture::new(components)
}

fn events(semantic: &Mixture<f64>, count: usize, own: bool) -> attractor::Result<Mixture<f64>> {
    let mut stream = Stream::new(2, Purpose::Patterns, 0);
    let mut events = Vec::new();
    let units = |stream: &mut Stream| {
        let mut all: Vec<usize> = (0..DIM).collect();
        stream.shuffle(&mut all);
        Encoder::units(DIM, all[..STORED].to_vec()).map(Arc::new)
    };
    let one = units(&mut stream)?;
    for _ in 0..count {
        let encoder = if own { units(&mut stream)? } else { one.clone() };
        let y = semantic.draw(&[0.0; DIM], f64::INFINITY, &mut stream)?;
        events.push(Event::of(&y, encoder)?);
    }
    Reconstruction::new(semantic, events)?.mixture()
}

/// The time of a recall by the default sampler, from noise of one unit on samples of the memory.
fn seconds(density: &Mixture<f64>) -> attractor::Result<f64> {
    let mut stream = Stream::new(3, Purpose::Corruption, 0);
    let mut cues = Array2::zeros((ROWS, DIM));
    for mut cue in cues.outer_iter_mut() {
        let y = density.draw(&[0.0; DIM], f64::INFINITY, &mut stream)?;
        cue.iter_mut().zip(y).for_each(|(x, y)| *x = y + stream.normal());
    }
    let memory = mixture(density.clone(), Sampling::default())?;
    let request = Request { level: Level::Sigma(1.0), report: false, ..Request::new(cues.view()) };
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let start = Instant::now();
        memory.recall(&request)?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best / ROWS as f64)
}
