//! The time of the smallest recall in Rust, to be compared with `bench/call.py`.

use std::hint::black_box;
use std::time::Instant;

use attractor::memories::{Request, Spec};
use attractor::{Patterns, Result};
use ndarray::array;

fn main() -> Result<()> {
    /// The number of calls timed together.
    const CALLS: u32 = 5_000;
    let memory = Spec::new("universal").build(Patterns::new(array![[1.0_f64]])?)?;
    let cue = array![[1.0]];
    let mut best = f64::INFINITY;
    for _ in 0..10 {
        let start = Instant::now();
        for _ in 0..CALLS {
            black_box(memory.recall(&Request::new(cue.view()))?);
        }
        best = best.min(start.elapsed().as_secs_f64() / f64::from(CALLS));
    }
    println!("recall of 1 cue of 1 unit from 1 pattern in Rust {:8.2} us", 1e6 * best);
    Ok(())
}
