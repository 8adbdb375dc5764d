//! Cache lines: arrays that begin at a cache line, and prefetching.

use crate::real::Real;

/// The number of bytes in a cache line. On a machine with another number, some loads cross lines, but results are the
/// same.
pub const LINE: usize = 64;

/// Arrays of `L` numbers, one after the other, that begin at a cache line. So no load of a whole vector crosses into
/// a second line.
pub struct Aligned<F, const L: usize> {
    numbers: Vec<F>,
    start: usize,
    len: usize,
}

impl<F: Real, const L: usize> Aligned<F, L> {
    /// `len` arrays of zeros.
    pub fn zeros(len: usize) -> Self {
        let numbers = vec![F::ZERO; len * L + LINE / size_of::<F>()];
        let start = numbers.as_ptr().align_offset(LINE);
        Aligned { numbers, start, len }
    }

    /// The arrays.
    #[inline(always)]
    pub fn all(&self) -> &[[F; L]] {
        self.numbers[self.start..][..self.len * L].as_chunks().0
    }

    /// The arrays.
    #[inline(always)]
    pub fn rows(&mut self) -> &mut [[F; L]] {
        let numbers = &mut self.numbers[self.start..][..self.len * L];
        numbers.as_chunks_mut().0
    }
}

/// Prefetches the cache line at `number` into the second-level cache. It has no effect on results.
#[inline(always)]
pub fn prefetch<F>(number: *const F) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: part of every x86-64; it never faults, whatever the address.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T1 }>(number.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = number;
}
