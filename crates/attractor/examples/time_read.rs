//! Times one read.
use attractor::{Patterns, kernels::*, noise::*};
use ndarray::Array2;
use std::time::Instant;
fn main() {
    let only: usize = std::env::args().nth(1).map_or(9, |s| s.parse().unwrap());
    for (k, (b, n, d)) in [(64, 100_000, 64), (64, 10_000, 784), (1, 100_000, 64), (1, 60_000, 784), (1000, 100, 10)].into_iter().enumerate() {
        if only < 9 && k != only { continue; }
        let mut s = Stream::new(1, Purpose::Patterns, 0);
        let y = Array2::from_shape_fn((n, d), |_| if s.uniform() < 0.5 { 1f32 } else { -1.0 });
        let z = Array2::from_shape_fn((b, d), |(i, j)| 1.08 * s.normal() as f32 + y[[i % n, j]]);
        let p = Patterns::new(y).unwrap();
        for (name, beta) in [("spread", 0.01), ("sharp", 1.0 / (1.08f64 * 1.08))] {
            let betas = vec![beta; b];
            let mut best = f64::MAX;
            let mut sum = 0.0;
            for _ in 0..10 {
                let t = Instant::now();
                let r = attend(&p, z.view(), &betas, Form::Distance);
                best = best.min(t.elapsed().as_secs_f64());
                sum += r.mass[0];
            }
            println!("B={b} N={n} D={d} {name}: {:.2} ms, {:.1} GFLOP/s {:.1} GB/s ({sum})", best * 1e3, 4e-9 * (b * n * d) as f64 / best, 4e-9 * (n * d) as f64 / best);
        }
    }
}
