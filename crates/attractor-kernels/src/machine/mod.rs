//! Instruction sets: which of them this machine has, and the vectors that kernels use.
//!
//! A *token* ([`Portable`], and on x86-64 [`Avx2`] and [`Avx512`]) is a value that can only be made on a machine that
//! has the instructions. Kernels take a token as an argument and use its vectors ([`Machine`]), so code for one
//! machine cannot run on another. [`Level`] holds one of the tokens, and [`Level::run`] runs work in its
//! instructions. There are only instruction sets that the tests execute.

mod aligned;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use aligned::{Aligned, LINE, prefetch};
pub use portable::{Portable, Single};
#[cfg(target_arch = "x86_64")]
pub(crate) use x86::proven;
#[cfg(target_arch = "x86_64")]
pub use x86::{Avx2, Avx512, Vpopcnt};

use std::sync::OnceLock;

use crate::real::Real;

/// Vectors of `F` and their operations, on a machine whose instructions `self` proves to exist.
pub trait Machine<F: Real>: Token {
    /// A vector register.
    type Vector: Copy;
    /// The number of values in a vector.
    const LANES: usize;
    /// The number of vector registers, which is how many sums a micro-kernel can hold.
    const REGISTERS: usize;
    /// Whether multiply and add are one instruction.
    const FMA: bool;

    /// The same number in all lanes.
    fn splat(self, value: F) -> Self::Vector;
    /// Loads the first LANES numbers of a slice.
    /// # Safety
    /// `from` holds at least LANES numbers.
    unsafe fn load(self, from: &[F]) -> Self::Vector;
    /// Writes a vector to the first LANES numbers of a slice.
    /// # Safety
    /// `to` has room for at least LANES numbers.
    unsafe fn store(self, vector: Self::Vector, to: &mut [F]);
    /// a · b + c
    fn multiply_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;

    /// a + b
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// a − b
    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// a · b
    fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The smaller number in each lane. If a is NaN, it is b.
    fn min(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// The larger number in each lane. If a is NaN, it is b.
    fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// p · 2^k where x is at least `lowest`, else 0. `shifted` is k plus the number whose last bits count ones.
    fn scale(
        self,
        p: Self::Vector,
        shifted: Self::Vector,
        x: Self::Vector,
        lowest: Self::Vector,
    ) -> Self::Vector;
    /// Whether any number is above 0.
    fn any_positive(self, a: Self::Vector) -> bool;
    /// A bit for each lane in which a ≤ b, the lowest for the first lane.
    fn at_most(self, a: Self::Vector, b: Self::Vector) -> u64;

    /// exp(x) of numbers that are not positive: [`Real::exp_negative`] in all lanes.
    #[inline(always)]
    fn exp_negative(self, x: Self::Vector) -> Self::Vector {
        let exp = &F::EXP;
        let (magic, lowest) = (self.splat(exp.magic), self.splat(exp.lowest));
        let bounded = self.max(x, lowest);
        let shifted = self.multiply_add(bounded, self.splat(exp.log2_e), magic);
        let k = self.sub(shifted, magic);
        let r = self.multiply_add(k, self.splat(exp.minus_ln2[0]), bounded);
        let r = self.multiply_add(k, self.splat(exp.minus_ln2[1]), r);
        let mut p = self.splat(exp.coefficients[0]);
        for &coefficient in &exp.coefficients[1..] {
            p = self.multiply_add(p, r, self.splat(coefficient));
        }
        self.scale(p, shifted, x, lowest)
    }

    /// Transposes LANES numbers of each of LANES rows: `columns[k]` holds number `k` of every row.
    /// # Safety
    /// As many rows, that LANES numbers can be read of each, and room for as many columns.
    #[inline(always)]
    unsafe fn turn(self, rows: &[*const F], columns: &mut [Self::Vector]) {
        for k in 0..Self::LANES {
            let mut column = [F::ZERO; MOST_LANES];
            for (number, row) in column.iter_mut().zip(&rows[..Self::LANES]) {
                // SAFETY: LANES numbers can be read of each row, as the caller promises.
                *number = unsafe { *row.add(k) };
            }
            // SAFETY: no machine has more lanes than the column.
            columns[k] = unsafe { self.load(&column) };
        }
    }
}

/// The largest number of lanes that a machine has.
pub const MOST_LANES: usize = 16;

/// `array!([first; N], |i| value)`: an array of N values, one for each index.
///
/// What `std::array::from_fn` does, without a closure. A closure that the compiler does not inline is not compiled for
/// the machine, and calls each vector instruction as a function: short patterns then take twice the time.
macro_rules! array {
    ([$first:expr; $length:expr], |$index:ident| $value:expr) => {{
        let mut array = [$first; $length];
        for $index in 0..$length {
            array[$index] = $value;
        }
        array
    }};
}
pub(crate) use array;

/// A proof that the machine has certain instructions: a value that can only be made on such a machine.
pub trait Token: Copy + Send + Sync + 'static {
    /// Runs work in a function of its own that is compiled for these instructions.
    fn enter<R, T: On<Self, R>>(self, work: T) -> R;
}

/// Work that can run in the instructions of the token `M`, with a result `R`.
///
/// Implement it with `#[inline(always)]`, so that it is compiled for the instructions of the function that contains
/// it. A closure would not be.
pub trait On<M, R> {
    /// Runs the work.
    fn run(self, machine: M) -> R;
}

/// Work on queries of which `L` lie side by side.
pub(crate) struct InLanes<P, const L: usize>(pub(crate) P);

/// The number of queries that fill this many of the widest registers.
pub(crate) const fn lanes<F>(vectors: usize) -> usize {
    vectors * 64 / size_of::<F>()
}

/// The vectors of a number type on each machine.
pub trait Vectors: Real {
    /// The vectors of [`Portable`].
    type Portable: Machine<Self>;
    /// The vectors of [`Avx2`].
    #[cfg(target_arch = "x86_64")]
    type Avx2: Machine<Self>;
    /// The vectors of [`Avx512`].
    #[cfg(target_arch = "x86_64")]
    type Avx512: Machine<Self>;

    /// Converts the token to that of this type's vectors.
    fn portable(token: Portable) -> Self::Portable;
    /// Converts the token to that of this type's vectors.
    #[cfg(target_arch = "x86_64")]
    fn avx2(token: Avx2) -> Self::Avx2;
    /// Converts the token to that of this type's vectors.
    #[cfg(target_arch = "x86_64")]
    fn avx512(token: Avx512) -> Self::Avx512;
}

macro_rules! vectors {
    ($($type:ident)*) => {$(
        impl Vectors for $type {
            type Portable = Portable;
            #[cfg(target_arch = "x86_64")]
            type Avx2 = Avx2;
            #[cfg(target_arch = "x86_64")]
            type Avx512 = Avx512;

            #[inline(always)]
            fn portable(token: Portable) -> Portable {
                token
            }
            #[cfg(target_arch = "x86_64")]
            #[inline(always)]
            fn avx2(token: Avx2) -> Avx2 {
                token
            }
            #[cfg(target_arch = "x86_64")]
            #[inline(always)]
            fn avx512(token: Avx512) -> Avx512 {
                token
            }
        }
    )*};
}
vectors!(f32 f64);

/// Work with vectors of `F` that can run on every machine, but does not gain from AVX-512.
#[cfg(target_arch = "x86_64")]
pub trait OnNarrow<F: Vectors, R>: On<F::Portable, R> + On<F::Avx2, R> {}
#[cfg(target_arch = "x86_64")]
impl<F: Vectors, R, T: On<F::Portable, R> + On<F::Avx2, R>> OnNarrow<F, R> for T {}

/// Work with vectors of `F` that can run on every machine.
#[cfg(target_arch = "x86_64")]
pub trait OnAny<F: Vectors, R>: OnNarrow<F, R> + On<F::Avx512, R> {}
#[cfg(target_arch = "x86_64")]
impl<F: Vectors, R, T: OnNarrow<F, R> + On<F::Avx512, R>> OnAny<F, R> for T {}

/// Work with vectors of `F` that can run on every machine.
#[cfg(not(target_arch = "x86_64"))]
pub trait OnNarrow<F: Vectors, R>: On<F::Portable, R> {}
#[cfg(not(target_arch = "x86_64"))]
impl<F: Vectors, R, T: On<F::Portable, R>> OnNarrow<F, R> for T {}
#[cfg(not(target_arch = "x86_64"))]
pub use OnNarrow as OnAny;

/// The instruction sets that kernels are compiled for, each with its token.
#[derive(Clone, Copy, Debug)]
pub enum Level {
    /// The instructions that every machine of the target has.
    Portable(Portable),
    /// AVX2 with fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// AVX-512.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
}

/// What the kernels use, once it is known.
static BEST: OnceLock<Level> = OnceLock::new();

impl Level {
    /// The names of all levels, the narrowest first.
    pub const NAMES: [&str; 3] = ["portable", "avx2", "avx512"];

    /// The name of this level.
    pub fn name(self) -> &'static str {
        Level::NAMES[self.rank()]
    }

    fn rank(self) -> usize {
        match self {
            Level::Portable(_) => 0,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2(_) => 1,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512(_) => 2,
        }
    }

    /// Whether this is the level of the widest registers.
    pub(crate) fn is_widest(self) -> bool {
        self.rank() == Level::NAMES.len() - 1
    }

    /// The best level of this machine, or the [`limit`](Level::limit).
    #[inline]
    pub fn best() -> Level {
        *BEST.get_or_init(|| *Level::all().last().expect("the portable one"))
    }

    /// Lets the kernels use no better level than that of this name, for the rest of the process. On a machine that lacks
    /// it, they use the best one that the machine has.
    ///
    /// # Errors
    /// What was expected: one of the [`NAMES`](Level::NAMES), before the first computation.
    pub fn limit(name: &str) -> Result<(), String> {
        let expected = || Level::NAMES.join(", ");
        let most = Level::NAMES.iter().position(|known| *known == name).ok_or_else(expected)?;
        let level = Level::all().into_iter().rfind(|level| level.rank() <= most).expect("the portable one");
        match BEST.get_or_init(|| level).rank() == level.rank() {
            true => Ok(()),
            false => {
                Err(format!("it to be set before the first computation, which used {}", Level::best().name()))
            }
        }
    }

    /// All levels of this machine, the best one last.
    pub fn all() -> Vec<Level> {
        let portable = [Level::Portable(Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            let narrow = Avx2::new().map(Level::Avx2);
            let wide = Avx512::new().map(Level::Avx512);
            portable.into_iter().chain(narrow).chain(wide).collect()
        }
        #[cfg(not(target_arch = "x86_64"))]
        portable.to_vec()
    }

    /// Runs work in these instructions. `F` is the number type of its vectors, or either type if it uses none.
    #[inline]
    pub fn run<F: Vectors, R, T: OnAny<F, R>>(self, work: T) -> R {
        match self {
            Level::Portable(token) => F::portable(token).enter(work),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2(token) => F::avx2(token).enter(work),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512(token) => F::avx512(token).enter(work),
        }
    }

    /// Runs work, with AVX2 if the machine has AVX-512, so that the work is compiled once less.
    #[inline]
    pub fn run_narrow<F: Vectors, R, T: OnNarrow<F, R>>(self, work: T) -> R {
        match self {
            Level::Portable(token) => F::portable(token).enter(work),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2(token) => F::avx2(token).enter(work),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512(token) => F::avx2(token.avx2()).enter(work),
        }
    }
}
