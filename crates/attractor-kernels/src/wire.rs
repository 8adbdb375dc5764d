//! Questions to those who hold the parts of a memory, and their answers, as bytes (little-endian).
//!
//! All parts get the same question. A part answers for its own patterns, range by range, so that whoever asked merges
//! ranges as if all patterns were its own.

use ndarray::{Array2, ArrayView2};

use crate::real::Real;
use crate::stream::{Form, Part};

/// A sentence for an answer that cannot be read.
const CUT_SHORT: &str = "expected a whole message between the parts of a memory, found one that is cut short";

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ask {
    /// The sums of `attend`, with the mean or without it.
    Read { mean: bool },
    /// The sums of `posterior` with its best `top`.
    Posterior { top: usize },
    /// The least cost, before [`Ask::Rings`].
    Least { share: f64 },
    /// What the ranges hold of the ball about each query, given the least cost of all. A part that alone holds more than
    /// `most` patterns that must be inside says so.
    Rings { share: f64, most: usize },
    /// The largest sums of tiles of bits, before [`Ask::Lists`].
    Largest { top: usize },
    /// The patterns of bits whose sums reach a bar, with their words or without, unless more than `most` tiles do.
    Lists { most: usize, words: bool },
    /// Patterns by number.
    Rows,
}

/// A question: what is asked, of which queries.
#[derive(Debug)]
pub(crate) struct Question<'a, F> {
    pub ask: Ask,
    pub form: Form,
    pub queries: ArrayView2<'a, F>,
    pub betas: &'a [f64],
    /// The least costs for [`Ask::Rings`], the bars for [`Ask::Lists`] (infinite for queries that are not asked), the
    /// numbers for [`Ask::Rows`].
    pub more: &'a [f64],
}

impl<F: Real> Question<'_, F> {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Out::default();
        let (kind, whole, share, flag) = match self.ask {
            Ask::Read { mean } => (1, 0, 0.0, mean),
            Ask::Posterior { top } => (2, top, 0.0, false),
            Ask::Least { share } => (3, 0, share, false),
            Ask::Rings { share, most } => (4, most, share, false),
            Ask::Largest { top } => (5, top, 0.0, false),
            Ask::Lists { most, words } => (6, most, 0.0, words),
            Ask::Rows => (7, 0, 0.0, false),
        };
        out.byte(kind);
        out.byte(u8::from(flag));
        out.byte(u8::from(self.form == Form::Dot));
        out.byte(size_of::<F>() as u8);
        out.whole(whole);
        out.float(share);
        out.whole(self.queries.nrows());
        out.whole(self.queries.ncols());
        out.whole(self.more.len());
        self.betas.iter().chain(self.more).for_each(|x| out.float(*x));
        self.queries.iter().for_each(|x| out.number(*x));
        out.0
    }
}

/// A question as it was received.
#[derive(Debug)]
pub(crate) struct Asked<F> {
    pub ask: Ask,
    pub form: Form,
    pub queries: Array2<F>,
    pub betas: Vec<f64>,
    pub more: Vec<f64>,
}

impl<F: Real> Asked<F> {
    pub fn of_bytes(bytes: &[u8]) -> Result<Self, String> {
        let mut of = In(bytes);
        let [kind, flag, dot, size] = [of.byte()?, of.byte()?, of.byte()?, of.byte()?];
        if usize::from(size) != size_of::<F>() {
            return Err(format!("expected a question in {}, found numbers of {size} bytes", F::NAME));
        }
        let (whole, share) = (of.whole()?, of.float()?);
        let ask = match kind {
            1 => Ask::Read { mean: flag == 1 },
            2 => Ask::Posterior { top: whole },
            3 => Ask::Least { share },
            4 => Ask::Rings { share, most: whole },
            5 => Ask::Largest { top: whole },
            6 => Ask::Lists { most: whole, words: flag == 1 },
            7 => Ask::Rows,
            _ => return Err(format!("expected a question to a part of a memory, found kind {kind}")),
        };
        let (rows, dim, more) = (of.whole()?, of.whole()?, of.whole()?);
        let betas = of.floats(rows)?;
        let more = of.floats(more)?;
        let numbers = of.numbers(rows.checked_mul(dim).ok_or(CUT_SHORT)?)?;
        let queries = Array2::from_shape_vec((rows, dim), numbers).map_err(|e| e.to_string())?;
        let form = if dot == 1 { Form::Dot } else { Form::Distance };
        Ok(Asked { ask, form, queries, betas, more })
    }
}

/// The sums of one query over one range, which travel.
pub(crate) trait Sent<F>: Sized {
    /// Writes the sums of one lane. The patterns are those of the memory from `first` on.
    fn send(&self, lane: usize, first: usize, out: &mut Out);

    /// Reads sums of one lane.
    fn receive(of: &mut In, width: usize) -> Result<Self, String>;

    /// Sums in place of an answer that did not come.
    fn missing(width: usize) -> Self;
}

/// Writes the part of one lane.
pub(crate) fn send<F, K: Sent<F>>(part: &Part<K>, lane: usize, first: usize, out: &mut Out) {
    out.float(part.least[lane]);
    out.whole(part.best[lane] + first);
    part.fold.send(lane, first, out);
}

/// Reads the part of query `first`.
pub(crate) fn receive<F, K: Sent<F>>(of: &mut In, first: usize, width: usize) -> Result<Part<K>, String> {
    Ok(Part { first, least: vec![of.float()?], best: vec![of.whole()?], fold: K::receive(of, width)? })
}

/// Bytes that are written.
#[derive(Debug, Default)]
pub struct Out(pub Vec<u8>);

impl Out {
    /// Writes one byte.
    pub fn byte(&mut self, x: u8) {
        self.0.push(x);
    }

    /// Writes a whole number, in eight bytes.
    pub fn whole(&mut self, x: usize) {
        self.0.extend_from_slice(&(x as u64).to_le_bytes());
    }

    /// Writes eight bytes.
    pub fn word(&mut self, x: u64) {
        self.0.extend_from_slice(&x.to_le_bytes());
    }

    /// Writes a number of double precision.
    pub fn float(&mut self, x: f64) {
        self.0.extend_from_slice(&x.to_le_bytes());
    }

    /// Writes a number of a state.
    pub fn number<F: Real>(&mut self, x: F) {
        match size_of::<F>() {
            4 => self.0.extend_from_slice(&(x.to_f64() as f32).to_le_bytes()),
            _ => self.float(x.to_f64()),
        }
    }
}

/// Bytes that are read. Errors are sentences, about bytes that are cut short.
#[derive(Clone, Copy, Debug)]
pub struct In<'a>(pub &'a [u8]);

impl<'a> In<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (head, rest) = self.0.split_at_checked(count).ok_or(CUT_SHORT)?;
        self.0 = rest;
        Ok(head)
    }

    /// Reads one byte.
    ///
    /// # Errors
    /// The bytes end before.
    pub fn byte(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }

    /// Reads a whole number.
    ///
    /// # Errors
    /// The bytes end before.
    pub fn whole(&mut self) -> Result<usize, String> {
        let bytes = self.take(8)?.try_into().expect("eight bytes");
        usize::try_from(u64::from_le_bytes(bytes)).map_err(|_| CUT_SHORT.to_owned())
    }

    /// Reads eight bytes.
    ///
    /// # Errors
    /// The bytes end before.
    pub fn word(&mut self) -> Result<u64, String> {
        Ok(u64::from_le_bytes(self.take(8)?.try_into().expect("eight bytes")))
    }

    /// Reads a number of double precision.
    ///
    /// # Errors
    /// The bytes end before.
    pub fn float(&mut self) -> Result<f64, String> {
        self.word().map(f64::from_bits)
    }

    /// Reads numbers of double precision.
    ///
    /// # Errors
    /// The bytes end before.
    pub fn floats(&mut self, count: usize) -> Result<Vec<f64>, String> {
        let bytes = self.take(count.checked_mul(8).ok_or(CUT_SHORT)?)?;
        Ok(bytes.as_chunks().0.iter().map(|eight| f64::from_le_bytes(*eight)).collect())
    }

    /// Reads numbers of a state.
    ///
    /// # Errors
    /// The bytes end before.
    pub fn numbers<F: Real>(&mut self, count: usize) -> Result<Vec<F>, String> {
        if size_of::<F>() == 8 {
            return Ok(self.floats(count)?.into_iter().map(F::from_f64).collect());
        }
        let bytes = self.take(count.checked_mul(4).ok_or(CUT_SHORT)?)?;
        let four = bytes.as_chunks().0.iter();
        Ok(four.map(|four| F::from_f64(f64::from(f32::from_le_bytes(*four)))).collect())
    }
}
