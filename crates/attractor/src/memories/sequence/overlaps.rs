//! The fields of a memory of sequences: overlaps, weights, and the patterns that they lead to.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, concatenate, s};

use super::Transition;
use crate::error::{Error, Result};
use crate::kernels::{dots, weighted_sums};
use crate::linear::{Cholesky, Eigen};
use crate::message;
use crate::message::Argument;
use crate::patterns::Patterns;
use crate::real::Real;
use crate::threads;

/// What a state is compared with.
#[derive(Clone, Debug)]
pub(super) enum Keys<F> {
    /// The patterns themselves, without the unit itself. The array holds y_n · y_{n+1}, unit by unit.
    Patterns(Array2<F>),
    /// The dual patterns: those whose products with the patterns are 1 for n itself and 0 for others.
    Dual(Array2<f64>),
}

/// The part of the fields that leads to these patterns.
#[derive(Clone, Copy)]
pub(super) enum To {
    /// To the pattern that the state overlaps with.
    Own,
    /// To the next one.
    Next,
}

/// Patterns in order, as fields read them.
#[derive(Clone, Debug)]
pub(super) struct Chain<F> {
    pub patterns: Patterns<F>,
    /// The pattern that follows each one.
    pub next: Array2<F>,
    pub keys: Keys<F>,
    pub transition: Transition,
    /// Whether all patterns are ±1.
    signs: bool,
}

/// The state and what it is taken for: values v_i, in which `unit` stands for 1.
pub(super) struct Look<'a, F> {
    pub values: ArrayView2<'a, F>,
    pub to: To,
    pub factor: f64,
}

impl<F: Real> Chain<F> {
    pub fn new(
        patterns: Patterns<F>,
        successors: &[usize],
        transition: Transition,
        pseudo_inverse: bool,
    ) -> Result<Self> {
        let next = patterns.select(successors);
        let keys = match pseudo_inverse {
            true => Keys::Dual(dual(&patterns)?),
            false => Keys::Patterns(&next * &patterns.values()),
        };
        let signs = patterns.are_spins();
        Ok(Chain { patterns, next, keys, transition, signs })
    }

    /// Σ factor · Σ_n y f(overlap of y_n) of all looks, B × D, up to a positive factor for each row. `unit` is what stands for 1 in
    /// the values.
    pub fn fields(&self, looks: &[Look<F>], unit: f64) -> Array2<f64> {
        /// The largest number of weights held at a time.
        const HELD: usize = 1 << 22;
        let rows = looks[0].values.nrows();
        let batch = (HELD / self.patterns.len()).max(8);
        let part = |from: usize| {
            let rows = from..rows.min(from + batch);
            let looks: Vec<Look<F>> = looks
                .iter()
                .map(|look| Look { values: look.values.slice(s![rows.clone(), ..]), ..*look })
                .collect();
            self.fields_of_some(&looks, unit)
        };
        let parts: Vec<Array2<f64>> = (0..rows).step_by(batch).map(part).collect();
        let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
        match views.is_empty() {
            true => Array2::zeros((0, self.patterns.dim())),
            false => concatenate(Axis(0), &views).expect("equal widths"),
        }
    }

    fn fields_of_some(&self, looks: &[Look<F>], unit: f64) -> Array2<f64> {
        let overlaps: Vec<Array2<f64>> = looks.iter().map(|look| self.overlaps(look.values, unit)).collect();
        // All parts of a row are in one unit, that of its largest argument.
        let scale = |row: usize| {
            let largest = |(look, overlaps): (&Look<F>, &Array2<f64>)| {
                let unit = look.values.row(row).iter().fold(0.0, |most: f64, v| most.max(v.to_f64().abs()));
                let own = if matches!(self.keys, Keys::Dual(_)) { 0.0 } else { unit };
                let value = |a: &f64| match self.transition {
                    Transition::Polynomial(_) => a.abs(),
                    Transition::Exponential => *a,
                };
                overlaps.row(row).iter().map(value).fold(f64::NEG_INFINITY, f64::max) + own
            };
            let most = looks.iter().zip(&overlaps).map(largest).fold(f64::NEG_INFINITY, f64::max);
            self.transition.scale(most)
        };
        let scales: Vec<f64> = (0..looks[0].values.nrows()).map(scale).collect();
        let mut fields = Array2::zeros(looks[0].values.dim());
        for (look, overlaps) in looks.iter().zip(&overlaps) {
            let weigh = Weigh { transition: self.transition, scales: &scales, unit };
            let part = match &self.keys {
                Keys::Patterns(products) => self.without_own(look, overlaps, products, &weigh),
                Keys::Dual(_) => {
                    let weights = self.weights(overlaps, |row, a| weigh.of(row, a));
                    weighted_sums(weights.view(), self.target(look.to))
                }
            };
            fields.scaled_add(look.factor, &part);
        }
        fields
    }

    fn target(&self, to: To) -> ArrayView2<'_, F> {
        match to {
            To::Own => self.patterns.values(),
            To::Next => self.next.view(),
        }
    }

    /// The overlaps of all units with all patterns, times D, or the coefficients C⁻¹m times D − 1.
    fn overlaps(&self, values: ArrayView2<F>, unit: f64) -> Array2<f64> {
        match &self.keys {
            Keys::Patterns(_) => dots(values, self.patterns.values()).mapv(F::to_f64),
            Keys::Dual(dual) => {
                /// Coefficients of this size are rounding.
                const ROUNDING: f64 = 1e-12;
                let units = (self.patterns.dim() as f64 - 1.0).max(1.0);
                dots(values.mapv(F::to_f64).view(), dual.view())
                    .mapv(|a| if (a / unit).abs() < ROUNDING { 0.0 } else { a * units })
            }
        }
    }

    fn weights(&self, overlaps: &Array2<f64>, of: impl Fn(usize, f64) -> f64 + Sync) -> Array2<f64> {
        /// The approximate cost of a weight.
        const WORK: f64 = 10.0;
        let rows = threads::map(overlaps.nrows(), WORK * overlaps.len() as f64, |row| {
            overlaps.row(row).iter().map(|&a| of(row, a)).collect::<Vec<f64>>()
        });
        let mut weights = Array2::zeros(overlaps.dim());
        weights.outer_iter_mut().zip(rows).for_each(|(mut to, from)| to.assign(&ArrayView1::from(&from)));
        weights
    }

    /// Σ_n y f(M_n − y_ni v_i) of each unit i: no unit sees itself.
    ///
    /// With patterns of ±1, f(M − yv) is E − y sign(v) O, where E and O are half the sum and half the difference of
    /// f(M + |v|) and f(M − |v|). So all units of the same |v| are two weighted sums of patterns. A row with many
    /// different |v|, which is a cue that is not ±1, takes N · D values of f.
    fn without_own(
        &self,
        look: &Look<F>,
        overlaps: &Array2<f64>,
        products: &Array2<F>,
        weigh: &Weigh,
    ) -> Array2<f64> {
        let target = self.target(look.to);
        let mut fields = Array2::zeros(look.values.dim());
        let sizes: Vec<Option<Vec<f64>>> =
            look.values.outer_iter().map(|row| self.signs.then(|| sizes(row)).flatten()).collect();
        let mut all: Vec<f64> = sizes.iter().flatten().flatten().copied().collect();
        all.sort_by(f64::total_cmp);
        all.dedup();
        for size in all {
            let has = |row: &usize| sizes[*row].as_ref().is_some_and(|sizes| sizes.contains(&size));
            let rows: Vec<usize> = (0..sizes.len()).filter(has).collect();
            let some = overlaps.select(Axis(0), &rows);
            let half = |k: usize, a: f64, sign: f64| {
                0.5 * (weigh.of(rows[k], a + size) + sign * weigh.of(rows[k], a - size))
            };
            let even = weighted_sums(self.weights(&some, |k, a| half(k, a, 1.0)).view(), target);
            let odd = match look.to {
                _ if size == 0.0 => Array2::zeros(even.dim()),
                To::Next => {
                    weighted_sums(self.weights(&some, |k, a| half(k, a, -1.0)).view(), products.view())
                }
                // The product of a pattern with itself is 1 in each unit.
                To::Own => {
                    let sums = self.weights(&some, |k, a| half(k, a, -1.0)).sum_axis(Axis(1));
                    sums.insert_axis(Axis(1)).broadcast(even.dim()).expect("one sum a row").to_owned()
                }
            };
            for (k, &row) in rows.iter().enumerate() {
                for (unit, v) in look.values.row(row).iter().enumerate() {
                    let v = v.to_f64();
                    if v.abs() == size {
                        let sign = if v < 0.0 { -1.0 } else { 1.0 };
                        fields[[row, unit]] = even[[k, unit]] - sign * odd[[k, unit]];
                    }
                }
            }
        }
        let others: Vec<usize> = (0..sizes.len()).filter(|&row| sizes[row].is_none()).collect();
        let work = 10.0 * (others.len() * self.patterns.len() * self.patterns.dim()) as f64;
        let direct = threads::map(others.len(), work, |k| {
            self.unit_by_unit(look.values.row(others[k]), overlaps.row(others[k]), target, others[k], weigh)
        });
        for (row, direct) in others.into_iter().zip(direct) {
            fields.row_mut(row).assign(&ArrayView1::from(&direct));
        }
        fields
    }

    fn unit_by_unit(
        &self,
        values: ArrayView1<F>,
        overlaps: ArrayView1<f64>,
        target: ArrayView2<F>,
        row: usize,
        weigh: &Weigh,
    ) -> Vec<f64> {
        let mut fields = vec![0.0; values.len()];
        let patterns = self.patterns.values();
        for ((key, to), &overlap) in patterns.outer_iter().zip(target.outer_iter()).zip(overlaps) {
            for (((field, v), y), to) in fields.iter_mut().zip(values).zip(key).zip(to) {
                *field += to.to_f64() * weigh.of(row, overlap - y.to_f64() * v.to_f64());
            }
        }
        fields
    }
}

/// How arguments become weights, in the units of each row.
struct Weigh<'a> {
    transition: Transition,
    scales: &'a [f64],
    unit: f64,
}

impl Weigh<'_> {
    fn of(&self, row: usize, a: f64) -> f64 {
        self.transition.weight(a, self.scales[row], self.unit)
    }
}

/// The different |v| of a row, if they are few.
fn sizes<F: Real>(row: ArrayView1<F>) -> Option<Vec<f64>> {
    /// Each size costs two sums over all patterns.
    const FEW: usize = 16;
    let mut sizes: Vec<f64> = Vec::new();
    for v in row {
        let size = v.to_f64().abs();
        if !sizes.contains(&size) {
            if sizes.len() == FEW {
                return None;
            }
            sizes.push(size);
        }
    }
    Some(sizes)
}

/// The dual patterns, N × D: the transposed pseudo-inverse of the patterns. Their products with a state are the
/// coefficients of its projection on the span of the patterns, C⁻¹m.
fn dual<F: Real>(patterns: &Patterns<F>) -> Result<Array2<f64>> {
    /// The largest matrix that is inverted takes 128 MB, and some minutes.
    const MOST: usize = 4096;
    let (count, dim) = (patterns.len(), patterns.dim());
    if count.min(dim) > MOST {
        return Err(Error::shape(
            "patterns",
            format!("at most {MOST} patterns, or {MOST} units, for a pseudo-inverse"),
            format!("{count} patterns of {dim} units"),
            message!["use the rule hebb (", Argument::option("rule"), ")"],
        ));
    }
    let rows = patterns.values().mapv(F::to_f64).as_standard_layout().into_owned();
    let columns = rows.t().as_standard_layout().into_owned();
    Ok(match count <= dim {
        // (Y Yᵀ)⁺ Y, one column at a time.
        true => inverse_times(dots(rows.view(), rows.view()), columns.view())?
            .t()
            .as_standard_layout()
            .into_owned(),
        // Y (Yᵀ Y)⁺.
        false => inverse_times(dots(columns.view(), columns.view()), rows.view())?,
    })
}

/// A⁺b for each row b, with A symmetric and without negative eigenvalues.
fn inverse_times(matrix: Array2<f64>, rows: ArrayView2<f64>) -> Result<Array2<f64>> {
    /// Directions whose share of the squares is smaller are taken for rounding: the patterns are linearly dependent.
    const DEPENDENT: f64 = 1e-10;
    if let Ok(factor) = Cholesky::new(matrix.view()) {
        let pivots = factor.lower().into_diag();
        let (most, least) = pivots.iter().fold((0.0_f64, f64::INFINITY), |(m, l), p| (m.max(*p), l.min(*p)));
        if least * least > DEPENDENT * most * most {
            return factor.solve(rows);
        }
    }
    let eigen = Eigen::new(matrix.view())?;
    let kept = eigen.values.iter().filter(|value| **value > DEPENDENT * eigen.values[0]).count();
    let vectors = eigen.vectors.slice(s![..kept, ..]);
    let mut along = dots(rows, vectors);
    for mut row in along.outer_iter_mut() {
        row.iter_mut().zip(&eigen.values).for_each(|(a, value)| *a /= value);
    }
    Ok(along.dot(&vectors))
}
