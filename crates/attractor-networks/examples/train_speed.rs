//! Training steps a second of the paper's score network, beside `bench/train.py`.
//!
//! `cargo run --release --example train_speed [seconds]`

use std::time::Instant;

use attractor::Patterns;
use attractor::networks::{Architecture, Kind};
use attractor_data::random_spins;
use attractor_networks::{Settings, Trainer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds: f64 = std::env::args().nth(1).map_or(Ok(20.0), |text| text.parse())?;
    attractor::threads::set(2)?;
    let patterns = Patterns::new(random_spins::<f32>(8, 16, 0))?;
    let architecture = Architecture { kind: Kind::Paper, dim: 16, width: 1280, depth: 3 };
    let mut trainer = Trainer::new(&patterns, architecture, Settings::default())?;
    for _ in 0..20 {
        trainer.step()?;
    }
    let (start, mut steps) = (Instant::now(), 0);
    while start.elapsed().as_secs_f64() < seconds {
        trainer.step()?;
        steps += 1;
    }
    println!("attractor: {:.1} steps/s", f64::from(steps) / start.elapsed().as_secs_f64());
    Ok(())
}
