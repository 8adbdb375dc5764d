//! Other crates' recalls, asked line by line as `bench/worker.py` is: `rust-peers hopfield|ruvector FOLDER`.
//!
//! Neither crate has threads of its own for this; cues are shared out among as many as `RAYON_NUM_THREADS` says, as
//! their user would do.

use std::error::Error;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;
use std::{env, fs, io, thread};

use ruvector_nervous_system::hopfield::ModernHopfield;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Rows of numbers.
type Rows<T> = Vec<Vec<T>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().collect();
    let [_, what, folder] = arguments.as_slice() else {
        return Err("usage: rust-peers hopfield|ruvector FOLDER".into());
    };
    let file = |name: &str| Path::new(folder).join(name);
    let beta = read(&file("beta.npy"), f64::from_le_bytes)?[0][0];
    let threads: usize = env::var("RAYON_NUM_THREADS").map_or(Ok(1), |text| text.parse())?;
    match what.as_str() {
        "hopfield" => {
            let memories = read(&file("y.npy"), f64::from_le_bytes)?;
            let cues = read(&file("z.npy"), f64::from_le_bytes)?;
            serve(|| shared(&cues, threads, |cue| hopfield::retrieve_lse(cue, &memories, beta)))
        }
        "ruvector" => {
            let cues = read(&file("z.npy"), f32::from_le_bytes)?;
            let mut memory = ModernHopfield::new(cues[0].len(), beta as f32);
            for pattern in read(&file("y.npy"), f32::from_le_bytes)? {
                memory.store(pattern)?;
            }
            serve(|| {
                let states = shared(&cues, threads, |cue| memory.retrieve(cue).expect("a cue of this width"));
                states.iter().map(|row| row.iter().map(|&x| f64::from(x)).collect()).collect()
            })
        }
        _ => Err(format!("no crate {what} here").into()),
    }
}

/// The answers to all cues, in order.
fn shared<T: Sync, U: Send>(cues: &[Vec<T>], threads: usize, recall: impl Fn(&[T]) -> Vec<U> + Sync) -> Rows<U> {
    let part = cues.len().div_ceil(threads);
    let recall = &recall;
    thread::scope(|scope| {
        let parts: Vec<_> = cues
            .chunks(part)
            .map(|some| scope.spawn(move || some.iter().map(|cue| recall(cue)).collect::<Vec<_>>()))
            .collect();
        parts.into_iter().flat_map(|part| part.join().expect("a thread that ended")).collect()
    })
}

/// Answers questions until there are no more.
fn serve(call: impl Fn() -> Rows<f64>) -> Result<()> {
    let mut out = io::stdout();
    writeln!(out, "ready")?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        match line.split_once(' ') {
            Some(("answer", path)) => {
                write(Path::new(path), &call())?;
                writeln!(out, "done")?;
            }
            Some(("time", count)) => {
                let count: usize = count.parse()?;
                let mut seconds = Vec::new();
                while seconds.len() < count && seconds.iter().sum::<f64>() < 1.0 {
                    let start = Instant::now();
                    std::hint::black_box(call());
                    seconds.push(start.elapsed().as_secs_f64());
                }
                let text: Vec<String> = seconds.iter().map(f64::to_string).collect();
                writeln!(out, "{}", text.join(" "))?;
            }
            _ => return Err(format!("not a question: {line}").into()),
        }
    }
    Ok(())
}

/// Rows of a little-endian `.npy` file in C order, of at most two dimensions.
fn read<T, const N: usize>(path: &Path, number: fn([u8; N]) -> T) -> Result<Rows<T>> {
    let bytes = fs::read(path)?;
    let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..end])?;
    if !header.contains(&format!("'<f{N}'")) || header.contains("True") {
        return Err(format!("{}: expected numbers of {N} bytes in C order, found {header}", path.display()).into());
    }
    let (open, close) = (header.find('(').ok_or("no shape")?, header.find(')').ok_or("no shape")?);
    let width = match header[open + 1..close].split(',').nth(1).map(str::trim) {
        Some("") | None => 1,
        Some(width) => width.parse()?,
    };
    let numbers: Vec<T> = bytes[end..].chunks_exact(N).map(|b| number(b.try_into().expect("N bytes"))).collect();
    let mut rows = Vec::with_capacity(numbers.len() / width);
    let mut rest = numbers.into_iter().peekable();
    while rest.peek().is_some() {
        rows.push(rest.by_ref().take(width).collect());
    }
    Ok(rows)
}

/// Writes rows of f64 as `.npy`.
fn write(path: &Path, rows: &[Vec<f64>]) -> Result<()> {
    let shape = format!("({}, {})", rows.len(), rows[0].len());
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
    let padded = format!("{header:<117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(padded.len())?.to_le_bytes());
    bytes.extend(padded.as_bytes());
    bytes.extend(rows.iter().flatten().flat_map(|x| x.to_le_bytes()));
    Ok(fs::write(path, bytes)?)
}
