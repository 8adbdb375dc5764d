//! Times the read of a memory, for `bench/read.py`:
//! `time_read MEMORY.npy CUES.npy BETA REPEATS MEANS.npy` prints seconds, one repeat a line.
//!
//! Run alone it makes its own small data, so that it can be tried.

use std::path::Path;
use std::time::Instant;

use attractor::kernels::{Form, attend};
use attractor::{Patterns, Real};
use attractor_data::{Reading, random_spins, read, write_npy};
use ndarray::Array2;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let load = |path: &str| -> Result<Array2<f32>, attractor_data::Error> {
        let table = read(Path::new(path), &Reading::default())?;
        Ok(table.floats())
    };
    let (memory, cues, beta, repeats, out) = match &arguments[..] {
        [memory, cues, beta, repeats, out] => {
            (load(memory)?, load(cues)?, beta.parse()?, repeats.parse()?, Some(out))
        }
        _ => (random_spins(1000, 64, 1), random_spins(64, 64, 2), 0.1, 3, None),
    };
    let patterns = Patterns::new(memory)?;
    let betas = vec![beta; cues.nrows()];
    let mut means = None;
    for _ in 0..repeats {
        let start = Instant::now();
        let read = attend(&patterns, cues.view(), &betas, Form::Distance);
        println!("{:e}", start.elapsed().as_secs_f64());
        means = Some(read.mean);
    }
    if let (Some(out), Some(means)) = (out, means) {
        assert!(means.iter().all(|m| m.wide().is_finite()));
        write_npy(Path::new(out), means.view())?;
    }
    Ok(())
}
