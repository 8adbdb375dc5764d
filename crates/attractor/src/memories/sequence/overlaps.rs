//! The fields of a memory of sequences: overlaps, weights, and the patterns that they lead to.

use std::ops::Range;

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1, Axis, s};

use super::Transition;
use crate::error::{Error, Result};
use crate::kernels::{Queries, SignedTerm, close_in, distances_in, dots, signed_sums, weighted_sums};
use crate::linear::{Cholesky, Eigen};
use crate::message;
use crate::message::Argument;
use crate::patterns::{Packed, Patterns};
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
    /// The signs of the patterns, if all are ±1.
    pub signs: Option<Packed>,
}

/// Rows that share a pass over the patterns, and whose weights stay in the cache.
pub(super) const TOGETHER: usize = 8;

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
        let signs = patterns.are_spins().then(|| Packed::from_signs(patterns.values()));
        Ok(Chain { patterns, next, keys, transition, signs })
    }

    /// What `of` makes of Σ factor · Σ_n y f(overlap of y_n) of all looks, for each group of [`TOGETHER`] rows. The sums are up to a positive
    /// factor for each row. `unit` is what stands for 1 in the values.
    pub fn fields<T: Send>(
        &self,
        looks: &[Look<F>],
        unit: f64,
        of: impl Fn(Range<usize>, Array2<f64>) -> T + Sync,
    ) -> Vec<T> {
        let (count, dim) = looks[0].values.dim();
        let work = 2.0 * (looks.len() * count * self.patterns.len() * dim) as f64;
        threads::map(count.div_ceil(TOGETHER), work, |part| {
            let rows = part * TOGETHER..count.min((part + 1) * TOGETHER);
            let looks: Vec<Look<F>> = looks
                .iter()
                .map(|look| Look { values: look.values.slice(s![rows.clone(), ..]), ..*look })
                .collect();
            of(rows, self.fields_of_some(&looks, unit))
        })
    }

    fn fields_of_some(&self, looks: &[Look<F>], unit: f64) -> Array2<f64> {
        let overlaps: Vec<Overlaps> = looks.iter().map(|look| self.overlaps(look.values, unit)).collect();
        // All parts of a row are in one unit, that of its largest argument.
        let scale = |row: usize| {
            let largest = |overlaps: &Overlaps| {
                let own = overlaps.sizes.as_ref().map_or(0.0, |sizes| sizes[row].1);
                own + overlaps.numbers.largest(row, self.transition)
            };
            let most = overlaps.iter().map(largest).fold(f64::NEG_INFINITY, f64::max);
            self.transition.scale(most)
        };
        let scales: Vec<f64> = (0..looks[0].values.nrows()).map(scale).collect();
        let mut fields = Array2::zeros(looks[0].values.dim());
        for (look, overlaps) in looks.iter().zip(&overlaps) {
            let weigh = Weigh { transition: self.transition, scales: &scales, unit };
            let part = match &self.keys {
                Keys::Patterns(products) => self.without_own(look, overlaps, products, &weigh),
                Keys::Dual(_) => {
                    let rows: Vec<usize> = (0..scales.len()).collect();
                    let weights = self.weights(overlaps, &rows, |row, a| weigh.of(row, a));
                    weighted_sums(weights.view(), self.target(look.to))
                }
            };
            if looks.len() == 1 && look.factor == 1.0 {
                return part;
            }
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
    fn overlaps(&self, values: ArrayView2<F>, unit: f64) -> Overlaps {
        let Keys::Dual(dual) = &self.keys else {
            if let Some(overlaps) =
                self.signs.as_ref().and_then(|signs| by_signs(signs, values, self.transition.reach(unit)))
            {
                return overlaps;
            }
            let sizes = values.outer_iter().map(|row| {
                let most = row.iter().fold(0.0, |most: f64, v| most.max(v.to_f64().abs()));
                (self.signs.as_ref().and_then(|_| sizes(row)), most)
            });
            let sizes = Some(sizes.collect());
            let numbers = dots(values, self.patterns.values()).mapv(F::to_f64);
            return Overlaps { numbers: Numbers::All(numbers), sizes };
        };
        /// Coefficients of this size are rounding.
        const ROUNDING: f64 = 1e-12;
        let units = (self.patterns.dim() as f64 - 1.0).max(1.0);
        let numbers = dots(values.mapv(F::to_f64).view(), dual.view())
            .mapv(|a| if (a / unit).abs() < ROUNDING { 0.0 } else { a * units });
        Overlaps { numbers: Numbers::All(numbers), sizes: None }
    }

    /// The weights of all patterns in some rows, by the place of the row among these and the overlap.
    fn weights(&self, overlaps: &Overlaps, rows: &[usize], of: impl Fn(usize, f64) -> f64) -> Array2<f64> {
        let mut weights = Array2::zeros((rows.len(), self.patterns.len()));
        for (k, &row) in rows.iter().enumerate() {
            overlaps.numbers.each(row, |n, a| weights[[k, n]] = of(k, a));
        }
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
        overlaps: &Overlaps,
        products: &Array2<F>,
        weigh: &Weigh,
    ) -> Array2<f64> {
        let target = self.target(look.to);
        let sizes = overlaps.sizes.as_ref().expect("with patterns as keys");
        let mut fields = Array2::zeros(look.values.dim());
        let mut many: Vec<(usize, f64)> = Vec::new();
        let ones = vec![F::ONE; self.patterns.dim()];
        for (row, values) in look.values.outer_iter().enumerate() {
            let Some(sizes) = &sizes[row].0 else {
                let direct = self.unit_by_unit(values, overlaps, target, row, weigh);
                fields.row_mut(row).assign(&ArrayView1::from(&direct));
                continue;
            };
            for &size in sizes {
                let Some(few) = weigh.few(row, overlaps, size, self.patterns.len()) else {
                    many.push((row, size));
                    continue;
                };
                let term = |pair: &Pair| SignedTerm {
                    even: pair.even,
                    values: target.row(pair.pattern).to_slice().expect("row-major"),
                    odd: pair.odd,
                    products: match look.to {
                        To::Next => products.row(pair.pattern).to_slice().expect("row-major"),
                        // The product of a pattern with itself is 1 in each unit.
                        To::Own => &ones,
                    },
                };
                let terms: Vec<SignedTerm<F>> = few.iter().map(term).collect();
                let units = values.as_standard_layout();
                let units = units.as_slice().expect("row-major");
                let mut row = fields.row_mut(row);
                if sizes.len() == 1 {
                    signed_sums(&terms, units, row.as_slice_mut().expect("row-major"));
                } else {
                    let mut sums = vec![0.0; units.len()];
                    signed_sums(&terms, units, &mut sums);
                    units_of(size, values, row, |i| sums[i]);
                }
            }
        }
        if many.is_empty() {
            return fields;
        }
        // Rows with many weights share a pass over the patterns.
        let rows: Vec<usize> = many.iter().map(|(row, _)| *row).collect();
        let half = |k: usize, a: f64, sign: f64| {
            let (row, size) = many[k];
            0.5 * (weigh.of(row, a + size) + sign * weigh.of(row, a - size))
        };
        let even = weighted_sums(self.weights(overlaps, &rows, |k, a| half(k, a, 1.0)).view(), target);
        let odd = self.weights(overlaps, &rows, |k, a| half(k, a, -1.0));
        let odd = match look.to {
            To::Next => weighted_sums(odd.view(), products.view()),
            To::Own => {
                let sums = odd.sum_axis(Axis(1)).insert_axis(Axis(1));
                sums.broadcast(even.dim()).expect("one sum a row").to_owned()
            }
        };
        for (k, &(row, size)) in many.iter().enumerate() {
            let values = look.values.row(row);
            let (even, odd) = (even.row(k), odd.row(k));
            units_of(size, values, fields.row_mut(row), |i| match values[i] < F::ZERO {
                true => even[i] + odd[i],
                false => even[i] - odd[i],
            });
        }
        fields
    }

    fn unit_by_unit(
        &self,
        values: ArrayView1<F>,
        overlaps: &Overlaps,
        target: ArrayView2<F>,
        row: usize,
        weigh: &Weigh,
    ) -> Vec<f64> {
        let mut fields = vec![0.0; values.len()];
        let patterns = self.patterns.values();
        overlaps.numbers.each(row, |n, overlap| {
            let (key, to) = (patterns.row(n), target.row(n));
            for (((field, v), y), to) in fields.iter_mut().zip(values).zip(key).zip(to) {
                *field += to.to_f64() * weigh.of(row, overlap - y.to_f64() * v.to_f64());
            }
        });
        fields
    }
}

/// How arguments become weights, in the units of each row.
struct Weigh<'a> {
    transition: Transition,
    scales: &'a [f64],
    unit: f64,
}

/// Half the sum and half the difference of a pattern's two weights.
struct Pair {
    pattern: usize,
    even: f64,
    odd: f64,
}

impl Weigh<'_> {
    fn of(&self, row: usize, a: f64) -> f64 {
        self.transition.weight(a, self.scales[row], self.unit)
    }

    /// The patterns that have a weight at all, if they are few. Others have none for sure.
    fn few(&self, row: usize, overlaps: &Overlaps, size: f64, patterns: usize) -> Option<Vec<Pair>> {
        /// Up to this share of the patterns is few.
        const SHARE: usize = 16;
        let floor = self.scales[row] - self.transition.reach(self.unit)? - size;
        let mut few = Vec::new();
        overlaps.numbers.each(row, |pattern, a| {
            if a >= floor && few.len() <= patterns / SHARE + 1 {
                let (up, down) = (self.of(row, a + size), self.of(row, a - size));
                few.push(Pair { pattern, even: 0.5 * (up + down), odd: 0.5 * (up - down) });
            }
        });
        (few.len() <= patterns / SHARE + 1).then_some(few)
    }
}

/// Writes the fields of the units with |v| = size.
fn units_of<F: Real>(
    size: f64,
    values: ArrayView1<F>,
    mut fields: ArrayViewMut1<f64>,
    of: impl Fn(usize) -> f64,
) {
    for (i, (field, v)) in fields.iter_mut().zip(values).enumerate() {
        if v.to_f64().abs() == size {
            *field = of(i);
        }
    }
}

/// The largest of some values, in eight chains.
fn largest_of(values: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let mut most = [f64::NEG_INFINITY; 8];
    let larger = |most: &mut f64, value: f64| *most = if value > *most { value } else { *most };
    let chunks = values.chunks_exact(8);
    chunks.remainder().iter().for_each(|&value| larger(&mut most[0], of(value)));
    for chunk in chunks {
        most.iter_mut().zip(chunk).for_each(|(most, &value)| larger(most, of(value)));
    }
    most.into_iter().fold(f64::NEG_INFINITY, f64::max)
}

/// The overlaps of ±v with patterns of ±1, times D, from the number of units in which their signs differ. Those that are farther than `reach` below the
/// largest of their row may be left out. `None` unless all units of a row have the same |v|.
fn by_signs<F: Real>(signs: &Packed, values: ArrayView2<F>, reach: Option<f64>) -> Option<Overlaps> {
    let size = |row: ArrayView1<F>| {
        let first = row[0].abs();
        let all = row.iter().fold(true, |all, v| all & (v.abs() == first));
        (first > F::ZERO && all).then(|| first.to_f64())
    };
    let sizes = values.outer_iter().map(size).collect::<Option<Vec<f64>>>()?;
    let queries = Queries::new(&Packed::from_signs(values), None);
    let all = 0..sizes.len();
    let overlap = |size: f64, differ: u32| size * (signs.dim() as f64 - 2.0 * f64::from(differ));
    let numbers = match reach {
        Some(reach) => {
            // A unit that differs more lowers an overlap by 2|v|. One more leaves out no weight by rounding.
            let room: Vec<u32> = sizes.iter().map(|size| (reach / (2.0 * size)) as u32 + 1).collect();
            let close = close_in(signs, &queries, all, &room).into_iter().zip(&sizes);
            let row = |(row, &size): (Vec<(u32, u32)>, &f64)| {
                row.into_iter().map(|(n, differ)| (n as usize, overlap(size, differ))).collect()
            };
            Numbers::Close(close.map(row).collect())
        }
        None => {
            let distances = distances_in(signs, &queries, all.clone());
            let mut numbers = Vec::with_capacity(distances.len());
            for (distances, &size) in distances.chunks(signs.len()).zip(&sizes) {
                numbers.extend(distances.iter().map(|&differ| overlap(size, differ)));
            }
            let shape = (all.len(), signs.len());
            Numbers::All(Array2::from_shape_vec(shape, numbers).expect("one for each pair"))
        }
    };
    let sizes = sizes.into_iter().map(|size| (Some(vec![size]), size)).collect();
    Some(Overlaps { numbers, sizes: Some(sizes) })
}

/// Overlaps of each row with patterns.
enum Numbers {
    /// With all of them.
    All(Array2<f64>),
    /// With those that may have a weight, in rising order of the patterns.
    Close(Vec<Vec<(usize, f64)>>),
}

impl Numbers {
    /// Calls `f` with each pattern and the overlap of a row with it.
    fn each(&self, row: usize, mut f: impl FnMut(usize, f64)) {
        match self {
            Numbers::All(all) => all.row(row).iter().enumerate().for_each(|(n, &a)| f(n, a)),
            Numbers::Close(close) => close[row].iter().for_each(|&(n, a)| f(n, a)),
        }
    }

    /// The largest overlap of a row, or for powers the largest in size.
    fn largest(&self, row: usize, transition: Transition) -> f64 {
        match (self, transition) {
            (Numbers::All(all), Transition::Polynomial(_)) => {
                largest_of(all.row(row).to_slice().expect("row-major"), f64::abs)
            }
            (Numbers::All(all), Transition::Exponential) => {
                largest_of(all.row(row).to_slice().expect("row-major"), |a| a)
            }
            (Numbers::Close(close), _) => {
                close[row].iter().map(|(_, a)| *a).fold(f64::NEG_INFINITY, f64::max)
            }
        }
    }
}

/// The overlaps of some rows with patterns.
struct Overlaps {
    numbers: Numbers,
    /// The different |v| of each row, if they are few, and the largest one. `None` if no unit has to be left out.
    sizes: Option<Vec<(Option<Vec<f64>>, f64)>>,
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
