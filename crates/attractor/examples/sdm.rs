//! Sparse distributed memory of a million hard locations: how long storing and reading take.
//!
//! ```text
//! cargo run --release --package attractor --example sdm -- [LOCATIONS] [FOLDER]
//! ```
//!
//! Stores 10,000 random words of 256 bits, then reads 1,000 of them once each with 10 % of their bits flipped, in
//! batches of 1,000, 64 and 1: the median of seven rounds. With a folder, writes addresses, words, cues and the
//! sums read as raw arrays for `bench/sdm.py`, which reads the same words with NumPy.

use std::fs;
use std::path::Path;
use std::time::Instant;

use attractor::memories::{Radius, SparseDistributed, SparseOptions};
use attractor::noise::{Purpose, Stream};
use attractor::{Patterns, Result};
use ndarray::{Array2, s};

const DIM: usize = 256;
const WORDS: usize = 10_000;
const CUES: usize = 1_000;
const FLIPS: f64 = 0.1;
const ACTIVATION: f64 = 1e-3;
const ROUNDS: usize = 7;

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

fn write(folder: &Path, name: &str, bytes: impl Iterator<Item = u8>) {
    fs::write(folder.join(name), bytes.collect::<Vec<u8>>()).expect("a folder that can be written to");
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let locations: usize = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let mut stream = Stream::new(0, Purpose::Patterns, 0);
    let words = Array2::from_shape_fn((WORDS, DIM), |_| if stream.uniform() < 0.5 { 1.0_f32 } else { -1.0 });
    let mut noise = Stream::new(0, Purpose::Corruption, 0);
    let cues = words.slice(s![..CUES, ..]).mapv(|x| if noise.uniform() < FLIPS { -x } else { x });

    let start = Instant::now();
    let radius = Radius::Activation(ACTIVATION);
    let options = SparseOptions { locations, radius, ..SparseOptions::default() };
    let memory = SparseDistributed::new(Patterns::new(words.clone())?, options)?;
    println!(
        "{locations} locations of {DIM} bits within {}: p = {:.3e}; {WORDS} words stored in {:.2} s",
        memory.radius(),
        memory.activation(),
        start.elapsed().as_secs_f64()
    );
    for batch in [CUES, 64, 1] {
        let (mut rounds, mut sum) = (Vec::new(), 0_i64);
        // Single reads are few enough to wait for.
        let cues = cues.slice(s![..if batch == 1 { 100 } else { CUES }, ..]);
        for _ in 0..ROUNDS {
            let start = Instant::now();
            for from in (0..cues.nrows()).step_by(batch) {
                let some = cues.slice(s![from..cues.nrows().min(from + batch), ..]);
                sum += memory.fields(some)?[[0, 0]];
            }
            rounds.push(start.elapsed().as_secs_f64());
        }
        let seconds = median(rounds);
        let each = seconds / cues.nrows() as f64;
        println!(
            "batches of {batch:>4}: {:>8.0} reads/s, {:>7.1} us a read (sum {sum})",
            1.0 / each,
            1e6 * each
        );
    }
    let fields = memory.fields(cues.view())?;
    let wrong = fields.indexed_iter().filter(|&((n, j), &h)| (h > 0) != (words[[n, j]] > 0.0)).count();
    println!("bits read wrong: {:.4} %", 100.0 * wrong as f64 / (CUES * DIM) as f64);

    if let Some(folder) = arguments.next() {
        let folder = Path::new(&folder);
        fs::create_dir_all(folder).expect("a folder");
        let hard = memory.locations();
        let lines = (0..hard.len()).flat_map(|n| (0..hard.words()).map(move |k| (n, k)));
        write(folder, "locations.u64", lines.flat_map(|(n, k)| hard.word(n, k).to_le_bytes()));
        write(folder, "words.i8", words.iter().map(|&x| x as i8 as u8));
        write(folder, "cues.i8", cues.iter().map(|&x| x as i8 as u8));
        write(folder, "fields.i64", fields.iter().flat_map(|h| h.to_le_bytes()));
    }
    Ok(())
}
