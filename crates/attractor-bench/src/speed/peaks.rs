//! The peak rates of the machine: how fast it does one kind of work alone, on any number of threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use attractor::kernels::peak::{Work, exert};
use attractor::message;
use attractor::message::Argument;
use attractor::{Real, threads};
use attractor_report::{Error, Result};

use super::clock::Times;
use super::{filled, machine};

/// The approximate duration of a piece of work on one thread: long compared with the waking of threads, and
/// short compared with the time that a busy system leaves a process alone.
const PIECE: f64 = 2e-3;

/// Bytes that each thread reads in a piece.
const READ: usize = 16 << 20;

/// Seconds per operation, exponential and byte, measured over pieces of work.
#[derive(Clone, Debug, Default)]
pub struct Peaks {
    /// Seconds per floating-point operation in multiply-adds.
    pub operation: Times,
    /// Seconds per exponential.
    pub exponential: Times,
    /// Seconds per byte read from memory. Empty where nothing was read.
    pub byte: Times,
}

impl Peaks {
    /// Adds the pieces of another measurement.
    pub fn merge(&mut self, other: &Peaks) {
        self.operation.extend(&other.operation);
        self.exponential.extend(&other.exponential);
        self.byte.extend(&other.byte);
    }
}

/// Memory that no cache holds, read one piece after another.
pub struct Buffer {
    numbers: Vec<f32>,
    next: AtomicUsize,
}

impl Buffer {
    /// A buffer of so many bytes, or of one piece for each thread if that is more.
    ///
    /// # Errors
    /// More memory than there is.
    pub fn new(bytes: usize) -> Result<Self> {
        let numbers = filled(bytes / size_of::<f32>(), |i| (i % 1024) as f32)?;
        Ok(Buffer { numbers, next: AtomicUsize::new(0) })
    }

    /// The next piece for one thread.
    fn piece(&self) -> &[f32] {
        let length = (READ / size_of::<f32>()).min(self.numbers.len());
        let pieces = self.numbers.len() / length;
        let start = self.next.fetch_add(1, Ordering::Relaxed) % pieces * length;
        &self.numbers[start..start + length]
    }
}

/// How many rounds make a piece, for one number type.
pub struct Gauge {
    multiply_adds: usize,
    exponentials: usize,
}

impl Gauge {
    /// Measures how many rounds make a piece.
    pub fn new<F: Real>() -> Self {
        let rounds = |work: fn(usize) -> Work<'static, F>| {
            let mut rounds = 64;
            while rounds < 1 << 30 {
                let start = Instant::now();
                exert::<F>(&work(rounds));
                if start.elapsed().as_secs_f64() > 0.5 * PIECE {
                    break;
                }
                rounds *= 2;
            }
            rounds
        };
        Gauge { multiply_adds: rounds(Work::MultiplyAdds), exponentials: rounds(Work::Exponentials) }
    }

    /// Measures one piece of each kind on `count` threads, which must be the number in use. Reading is
    /// measured if there is a buffer.
    pub fn measure<F: Real>(&self, count: usize, buffer: Option<&Buffer>, peaks: &mut Peaks) {
        peaks.operation.push(seconds(count, || exert::<F>(&Work::MultiplyAdds(self.multiply_adds))));
        peaks.exponential.push(seconds(count, || exert::<F>(&Work::Exponentials(self.exponentials))));
        if let Some(buffer) = buffer {
            peaks.byte.push(seconds(count, || exert(&Work::Read(buffer.piece()))));
        }
    }
}

/// Seconds for each unit of what all threads do together.
fn seconds(count: usize, work: impl Fn() -> f64 + Sync) -> f64 {
    let start = Instant::now();
    let done: f64 = match count {
        1 => work(),
        _ => threads::parallel(count, |_| work()).into_iter().sum(),
    };
    start.elapsed().as_secs_f64() / done
}

/// Checks that so much memory is available.
pub fn check_memory(bytes: usize) -> Result<()> {
    match machine::free_memory() {
        Some(free) if bytes > free => Err(Error::mended(
            "memory",
            format!("buffers that fit in the {} MiB that are free", free >> 20),
            format!("a need of {} MiB in all", bytes >> 20),
            message!["ask for less with ", Argument::option("memory")],
        )),
        _ => Ok(()),
    }
}
