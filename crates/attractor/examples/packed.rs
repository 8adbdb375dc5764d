//! Times reads of ±1 patterns with one bit for each unit: with binary cues, with noisy cues, and at a temperature so
//! high that all patterns share the weight.
//!
//! ```text
//! cargo run --release --package attractor --example packed -- [PATTERNS] [UNITS] [CUES]
//! ```

use std::time::Instant;

use attractor::kernels::{Form, attend};
use attractor::noise::{Purpose, Stream};
use attractor::patterns::Packed;
use attractor::{Patterns, Preparation, Result};

fn main() -> Result<()> {
    let mut sizes = [10_000_000, 256, 64];
    for (size, text) in sizes.iter_mut().zip(std::env::args().skip(1)) {
        *size = text.parse().unwrap_or(*size);
    }
    let [n, dim, b] = sizes;
    let mut stream = Stream::new(0, Purpose::Patterns, 0);
    let mut bits = Packed::new(n, dim);
    for row in 0..n {
        for k in 0..bits.words() {
            bits.set_word(row, k, stream.bits());
        }
    }
    let start = Instant::now();
    let patterns = Patterns::<f32>::packed(bits, Preparation::Identity)?;
    println!(
        "{n} patterns of {dim} units, {b} cues; looked through in {:.2} s",
        start.elapsed().as_secs_f64()
    );
    let own: Vec<usize> = (0..b).map(|q| q * n / b).collect();
    let mut noise = Stream::new(1, Purpose::Corruption, 0);
    let stored = patterns.select(&own);
    let binary = stored.mapv(|y| if noise.uniform() < 0.1 { -y } else { y });
    let noisy = stored.mapv(|y| y + 1.08 * noise.normal() as f32);
    let cold = 1.0 / (1.08 * 1.08);
    let warm = 0.5 / dim as f64;
    for (name, cues, beta) in [
        ("binary cues, 10 % of units turned", &binary, 1.0),
        ("real cues, sigma 1.08", &noisy, cold),
        ("real cues, all patterns share", &noisy, warm),
    ] {
        let betas = vec![beta; b];
        let mut times = Vec::new();
        let mut right = 0;
        for _ in 0..if beta == warm { 1 } else { 5 } {
            let start = Instant::now();
            let read = attend(&patterns, cues.view(), &betas, Form::Distance);
            times.push(start.elapsed().as_secs_f64());
            let same = |q: usize| read.mean.row(q).iter().zip(stored.row(q)).all(|(m, y)| m * y > 0.0);
            right = (0..b).filter(|&q| same(q)).count();
        }
        times.sort_by(f64::total_cmp);
        println!(
            "{name:<36} {:.3} s (best {:.3}); {right} means of the right signs",
            times[times.len() / 2],
            times[0]
        );
    }
    Ok(())
}
