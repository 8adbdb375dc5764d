//! The speed of the kernels, as a share of what this machine can do.
//!
//! A time alone says little about a kernel: machines differ, and a shared machine changes from minute to
//! minute. So each call is timed in turn with pieces of pure work of the same kinds (multiply-adds in
//! registers, exponentials in the cache, reading from memory), and is compared with the best of those.

mod cases;
mod clock;
mod machine;
mod peaks;
mod report;

use std::time::Instant;

use attractor::threads;
use attractor_report::{Error, Experiment, Progress, Report, Result};

pub use cases::{CASES, Call, Case, Cost, Kernel, Number, Shape};
pub(crate) use cases::{beta, example};
pub use clock::Times;
pub use machine::{Machine, free_memory};
pub use peaks::Peaks;
use peaks::{Buffer, Gauge, check_memory};

/// Settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The largest number of threads; `None` takes one for each core. One thread is always measured as well.
    pub threads: Option<usize>,
    /// Seconds for each case.
    pub budget: f64,
    /// MiB that are read to measure memory. Patterns that no cache holds take half as many.
    pub memory: usize,
    /// The command that runs it again.
    pub command: String,
}

impl Default for Config {
    fn default() -> Self {
        Config { threads: None, budget: 2.0, memory: 512, command: "attractor bench".into() }
    }
}

impl Config {
    /// A quick measurement: about ten seconds in all, and half of the memory.
    pub fn quick() -> Self {
        Config { budget: 0.35, memory: 256, command: "attractor bench --quick".into(), ..Config::default() }
    }

    /// The most bytes in use: the buffer that is read, the largest patterns, and what belongs to them.
    pub fn bytes(&self) -> usize {
        let patterns = |case: &Case| {
            let shape = case.shape(self.memory << 19);
            // Squared norms, cues, results and tiles are small beside these.
            shape.patterns * ((case.kernel.bytes)(shape.units) + size_of::<f64>()) + (64 << 20)
        };
        (self.memory << 20) + CASES.iter().map(patterns).max().unwrap_or(0)
    }
}

/// The fewest and the most calls of a case for each number of threads.
const CALLS: std::ops::RangeInclusive<usize> = 3..=2000;

/// The measurement of one case on one number of threads.
#[derive(Clone, Debug)]
pub struct Timed {
    /// Index in [`CASES`].
    pub case: usize,
    /// The shape.
    pub shape: Shape,
    /// The number of threads.
    pub threads: usize,
    /// The times of the calls.
    pub times: Times,
    /// The peaks, measured in turn with the calls; `None` for bits.
    pub peaks: Option<Peaks>,
}

impl Timed {
    /// The case.
    pub fn case(&self) -> &'static Case {
        &CASES[self.case]
    }

    /// The least work of a call. Patterns that fit the cache are not read from memory.
    pub fn cost(&self) -> Cost {
        let cost = (self.case().kernel.cost)(self.shape);
        let from_memory = self.case().patterns.is_none();
        Cost { bytes: if from_memory { cost.bytes } else { 0.0 }, ..cost }
    }

    /// The seconds that the multiply-adds, the exponentials and the reading of a call would each take at the
    /// peak rates.
    pub fn least(&self) -> Option<[f64; 3]> {
        let (cost, peaks) = (self.cost(), self.peaks.as_ref()?);
        let alone = |amount: f64, each: &Times| if amount > 0.0 { amount * each.best() } else { 0.0 };
        Some([
            alone(cost.operations, &peaks.operation),
            alone(cost.exponentials, &peaks.exponential),
            alone(cost.bytes, &peaks.byte),
        ])
    }

    /// A lower bound on the time of a call: the multiply-adds plus the exponentials, which use the same units
    /// of a core, or the reading, which runs at the same time, whichever is longer.
    pub fn bound(&self) -> Option<f64> {
        self.least().map(|[operations, exponentials, bytes]| (operations + exponentials).max(bytes))
    }
}

/// All measurements.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The settings.
    pub config: Config,
    /// The machine.
    pub machine: Machine,
    /// The numbers of threads: one, and all if there are more.
    pub threads: Vec<usize>,
    /// The peaks of f32 and f64, for each number of threads.
    pub peaks: Vec<[Peaks; 2]>,
    /// The cases in the order of [`CASES`], each for all numbers of threads.
    pub timed: Vec<Timed>,
    /// Wall time.
    pub seconds: f64,
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "cases"
    }

    /// Checks that there are threads, time and memory to measure with, and that the memory is free.
    fn check(&self) -> Result<()> {
        if self.threads == Some(0) {
            return Err(Error::setting("threads", "at least 1", 0));
        }
        if !(self.budget > 0.0 && self.budget <= 3600.0) {
            return Err(Error::setting("budget", "seconds a case, up to 3600", self.budget));
        }
        /// 16 TiB, so that sums of bytes do not overflow.
        const MOST: usize = 1 << 24;
        if !(1..=MOST).contains(&self.memory) {
            return Err(Error::setting("memory", format!("from 1 to {MOST} MiB"), self.memory));
        }
        check_memory(self.bytes())
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        Ok(measure(self.clone(), progress)?.report())
    }
}

/// Measures. `progress(done, of)` is called after each case. The number of threads is restored at the end.
///
/// # Errors
/// Settings outside their range; threads or memory that the system does not give.
pub fn measure(config: Config, progress: &mut Progress) -> Result<Measured> {
    config.check()?;
    let before = threads::count();
    let all = config.threads.unwrap_or(before);
    let result = timed(config, all, progress);
    threads::set(before)?;
    result
}

fn timed(config: Config, all: usize, progress: &mut Progress) -> Result<Measured> {
    let (start, machine) = (Instant::now(), Machine::this());
    let counts = if all > 1 { vec![1, all] } else { vec![1] };
    for &count in &counts {
        threads::set(count)?;
    }
    let buffer = Buffer::new(config.memory << 20)?;
    let gauges = [Gauge::new::<f32>(), Gauge::new::<f64>()];
    let mut peaks = vec![<[Peaks; 2]>::default(); counts.len()];
    let mut done = Vec::new();
    for (index, case) in CASES.iter().enumerate() {
        let shape = case.shape(config.memory << 19);
        let mut call = (case.kernel.prepare)(shape)?;
        call();
        let buffer = case.patterns.is_none().then_some(&buffer);
        let start = Instant::now();
        let mut rounds: Vec<(Times, Peaks)> = vec![Default::default(); counts.len()];
        while rounds[0].0.count() < *CALLS.start()
            || rounds[0].0.count() < *CALLS.end() && start.elapsed().as_secs_f64() < config.budget
        {
            for (&count, (times, peaks)) in counts.iter().zip(&mut rounds) {
                threads::set(count)?;
                match case.kernel.number {
                    Number::F32 => gauges[0].measure::<f32>(count, buffer, peaks),
                    Number::F64 => gauges[1].measure::<f64>(count, buffer, peaks),
                    Number::Bits => {}
                }
                // The peaks have evicted the data of the call from the caches. An untimed call brings it
                // back.
                call();
                times.take(&mut call);
            }
        }
        for ((&threads, (times, round)), peaks) in counts.iter().zip(rounds).zip(&mut peaks) {
            let round = match case.kernel.number {
                Number::Bits => None,
                number => {
                    peaks[usize::from(number == Number::F64)].merge(&round);
                    Some(round)
                }
            };
            done.push(Timed { case: index, shape, threads, times, peaks: round });
        }
        progress(index + 1, CASES.len())?;
    }
    Ok(Measured {
        config,
        machine,
        threads: counts,
        peaks,
        timed: done,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// A vector of these values. It returns an error if the memory cannot be allocated.
fn filled<T>(count: usize, value: impl Fn(usize) -> T) -> Result<Vec<T>> {
    let mut numbers = Vec::new();
    if numbers.try_reserve_exact(count).is_err() {
        let expected = "as much as the system gives".to_owned();
        return Err(Error::setting("memory", expected, format!("{} MiB", (count * size_of::<T>()) >> 20)));
    }
    numbers.extend((0..count).map(value));
    Ok(numbers)
}

#[cfg(test)]
mod tests;
