//! The cases that are timed. A new case is one line of [`CASES`]; a new kernel is one [`Kernel`].

use std::hint::black_box;

use attractor::kernels::{Form, attend, hamming};
use attractor::noise::{Purpose, Stream};
use attractor::patterns::Packed;
use attractor::{Patterns, Real};
use attractor_report::Result;
use ndarray::Array2;

use super::filled;

/// The shape of a task: cues B, patterns N, units D.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// B.
    pub cues: usize,
    /// N.
    pub patterns: usize,
    /// D.
    pub units: usize,
}

/// The least work that a call must do.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Floating-point operations in multiply-adds.
    pub operations: f64,
    /// Exponentials.
    pub exponentials: f64,
    /// Bytes of patterns read.
    pub bytes: f64,
    /// Words of 64 units compared.
    pub words: f64,
}

/// A prepared call.
pub type Call = Box<dyn FnMut()>;

/// The number type of a kernel. It decides which peaks the kernel is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// Bits. They have no peak to compare with.
    Bits,
}

impl Number {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Number::F32 => "f32",
            Number::F64 => "f64",
            Number::Bits => "bits",
        }
    }
}

/// A kernel, which can be timed at any shape.
pub struct Kernel {
    /// Its name.
    pub name: &'static str,
    /// The number type in which it computes.
    pub number: Number,
    /// Bytes of a pattern of so many units.
    pub bytes: fn(usize) -> usize,
    /// The least work of a call.
    pub cost: fn(Shape) -> Cost,
    /// Makes patterns and cues, and prepares the call.
    pub prepare: fn(Shape) -> Result<Call>,
}

/// A kernel at a shape.
pub struct Case {
    /// The kernel.
    pub kernel: &'static Kernel,
    /// B.
    pub cues: usize,
    /// N; `None` takes so many patterns that no cache holds them.
    pub patterns: Option<usize>,
    /// D.
    pub units: usize,
}

const fn case(kernel: &'static Kernel, cues: usize, patterns: usize, units: usize) -> Case {
    Case { kernel, cues, patterns: Some(patterns), units }
}

const fn from_memory(kernel: &'static Kernel, cues: usize, units: usize) -> Case {
    Case { kernel, cues, patterns: None, units }
}

/// All cases.
pub static CASES: &[Case] = &[
    case(&READ_F32, 64, 100_000, 64),
    case(&READ_F32, 64, 10_000, 784),
    case(&READ_F32, 1000, 100, 10),
    case(&READ_F32, 64, 100_000, 8),
    case(&READ_F32, 1, 100_000, 64),
    from_memory(&READ_F32, 1, 64),
    case(&READ_F64, 64, 100_000, 64),
    case(&READ_F64, 64, 10_000, 784),
    case(&READ_F64, 1000, 100, 10),
    case(&READ_F64, 64, 100_000, 8),
    case(&READ_F64, 1, 100_000, 64),
    from_memory(&READ_F64, 1, 64),
    case(&HAMMING, 64, 100_000, 256),
    case(&HAMMING, 64, 10_000, 4096),
];

impl Case {
    /// The shape. Patterns that no cache holds take this many bytes.
    pub fn shape(&self, memory: usize) -> Shape {
        let filling = || (memory / (self.kernel.bytes)(self.units)).max(1);
        Shape { cues: self.cues, patterns: self.patterns.unwrap_or_else(filling), units: self.units }
    }
}

/// The read of a memory: softmax over distances, and the weighted mean.
static READ_F32: Kernel = Kernel {
    name: "read",
    number: Number::F32,
    bytes: |units| 4 * units,
    cost: |shape| read_cost(shape, 4),
    prepare: read::<f32>,
};
static READ_F64: Kernel = Kernel {
    name: "read",
    number: Number::F64,
    bytes: |units| 8 * units,
    cost: |shape| read_cost(shape, 8),
    prepare: read::<f64>,
};

fn read_cost(Shape { cues, patterns, units }: Shape, bytes: usize) -> Cost {
    let pairs = (cues * patterns) as f64;
    let pattern = (bytes * units * patterns) as f64;
    Cost { operations: 4.0 * pairs * units as f64, exponentials: pairs, bytes: pattern, words: 0.0 }
}

/// Random ±1 patterns and noisy cues of them, as in `bench/read.py`.
pub(crate) fn example<F: Real>(shape: Shape) -> Result<(Patterns<F>, Array2<F>)> {
    /// The noise of the cues, and β in units of 1/D. Many patterns have weight.
    const NOISE: f64 = 1.08;
    let Shape { cues, patterns, units } = shape;
    let values = filled(patterns * units, |i| if mixed(i) >> 63 == 1 { F::ONE } else { -F::ONE })?;
    let values = Array2::from_shape_vec((patterns, units), values).expect("as many as asked for");
    let mut noise = Stream::new(0, Purpose::Corruption, 0);
    let queries = Array2::from_shape_fn((cues, units), |(b, j)| {
        values[[b % patterns, j]] + F::from_f64(NOISE * noise.normal())
    });
    Ok((Patterns::new(values)?, queries))
}

/// β for the cues of [`example`].
pub(crate) fn beta(units: usize) -> f64 {
    4.0 / units as f64
}

/// Random bits of a number (SplitMix64: Steele, Lea & Flood 2014). Drawing from a stream would take longer
/// than what is timed.
fn mixed(i: usize) -> u64 {
    let mut z = (i as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn read<F: Real>(shape: Shape) -> Result<Call> {
    let (patterns, queries) = example::<F>(shape)?;
    let betas = vec![beta(shape.units); shape.cues];
    Ok(Box::new(move || {
        black_box(attend(&patterns, queries.view(), &betas, Form::Distance));
    }))
}

/// Hamming distances of binary patterns.
static HAMMING: Kernel = Kernel {
    name: "hamming",
    number: Number::Bits,
    bytes: |units| 8 * units.div_ceil(64),
    cost: |Shape { cues, patterns, units }| Cost {
        words: (cues * patterns * units.div_ceil(64)) as f64,
        ..Cost::default()
    },
    prepare: |Shape { cues, patterns, units }| {
        let words = |len: usize, offset: usize| {
            let mut packed = Packed::new(len, units);
            for row in 0..len {
                for k in 0..packed.words() {
                    packed.set_word(row, k, mixed(offset + row * packed.words() + k));
                }
            }
            packed
        };
        let (rows, queries) = (words(patterns, 0), words(cues, patterns * units));
        Ok(Box::new(move || {
            black_box(hamming(&queries, &rows));
        }))
    },
};
