//! The minima of a landscape: listed exactly where theory allows it, and found by descents from many starts.

mod descend;
mod kinds;
mod list;
mod merge;

use std::ops::ControlFlow;

use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate};

pub use descend::Starts;
pub use kinds::Relation;
pub use list::Listing;

use crate::error::Result;
use crate::fields::{Field, Kind, Value};
use crate::intervals::wilson;
use crate::memories::Memory;
use crate::real::Real;
use crate::threads;
use descend::{Descent, Ends};
use merge::Places;

/// How the minima of a landscape are looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// The number of starts, 0 or more. Default 1000.
    pub starts: usize,
    /// Where starts are drawn. Default: as [`Starts::Prior`] says.
    pub from: Starts,
    /// The seed of all random numbers. Default 0.
    pub seed: u64,
    /// The noise level σ, in units of the data, of a memory that has a landscape for each level.
    pub sigma: Option<f64>,
    /// Ends within this many spreads of each other, as a root mean square over units, are one minimum. Default 0.01.
    /// States of ±1 must be equal.
    pub within: f64,
    /// Whether minima are listed exactly. Default [`Listing::Auto`].
    pub listing: Listing,
}

impl Default for Search {
    fn default() -> Self {
        Search {
            starts: 1000,
            from: Starts::default(),
            seed: 0,
            sigma: None,
            within: 0.01,
            listing: Listing::default(),
        }
    }
}

/// One minimum of a landscape.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum {
    /// The energy, if the memory has one.
    pub energy: Option<f64>,
    /// How many starts ended here.
    pub found: usize,
    /// That over the number of starts that came to rest: the share of the basin in what starts are drawn from. `None`
    /// without starts at rest.
    pub share: Option<f64>,
    /// The lower end of its 95 % interval (Wilson).
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// What it has to do with the stored patterns.
    pub relation: Relation,
    /// The patterns that it consists of, with their weights, largest first; of ±1 states with the signs of the patterns.
    pub memories: Vec<(usize, f64)>,
    /// Whether it is in the exact list. `None` if there is no list.
    pub listed: Option<bool>,
}

impl Minimum {
    /// Every field, in the order in which they are written.
    pub const FIELDS: &'static [Field<Minimum>] = &[
        Field { name: "energy", kind: Kind::Number, doc: "energy of the minimum", get: |m| m.energy.into() },
        Field {
            name: "found",
            kind: Kind::Whole,
            doc: "starts that ended there",
            get: |m| Some(m.found).into(),
        },
        Field {
            name: "share",
            kind: Kind::Number,
            doc: "their share of all starts that came to rest: the share of the basin",
            get: |m| m.share.into(),
        },
        Field {
            name: "share_low",
            kind: Kind::Number,
            doc: "lower end of its 95 % interval (Wilson)",
            get: |m| m.low.into(),
        },
        Field {
            name: "share_high",
            kind: Kind::Number,
            doc: "upper end of that interval",
            get: |m| m.high.into(),
        },
        Field {
            name: "relation",
            kind: Kind::Text,
            doc: "stored, negative (of a stored pattern), mixture (of several), or emergent (none of these)",
            get: |m| Value::Text(m.relation.name().into()),
        },
        Field {
            name: "memories",
            kind: Kind::Weights,
            doc: "the patterns that it consists of, with their weights; of states of ±1 with their signs",
            get: |m| match m.memories.is_empty() {
                true => Value::None,
                false => Value::Weights(&m.memories),
            },
        },
    ];
}

/// The minima that were found.
#[derive(Clone, Debug)]
pub struct Minima<F> {
    /// The states, in the units of the data, M × D.
    pub states: Array2<F>,
    /// Their reports. Minima with the most starts come first, then those of lower energy.
    pub minima: Vec<Minimum>,
    /// The number of starts that were made. It is smaller than asked for if the work was stopped.
    pub starts: usize,
    /// How many of them came to rest.
    pub rested: usize,
    /// How many had no next state, such as where no pattern has a weight.
    pub undefined: usize,
    /// How many minima the exact list has. `None` if there is none.
    pub listed: Option<usize>,
    /// Why there is no exact list, if one was tried.
    pub unlisted: Option<&'static str>,
    /// The noise level of the landscape.
    pub sigma: Option<f64>,
}

impl<F: Real> Minima<F> {
    /// The share of all basins, weighed as starts are drawn, that no start has seen: the share of starts at rest that are
    /// alone in their minimum (Good 1953, Turing's estimate). `None` without starts at rest.
    pub fn unseen(&self) -> Option<f64> {
        let alone = self.minima.iter().filter(|minimum| minimum.found == 1).count();
        (self.rested > 0).then(|| alone as f64 / self.rested as f64)
    }

    /// An estimate of how many minima there are at least (Chao 1984): those that starts found, and f₁(f₁ − 1)/2(f₂ + 1), where f₁
    /// were found once and f₂ twice. The length of the exact list, if that is larger.
    pub fn at_least(&self) -> f64 {
        let of = |times: usize| self.minima.iter().filter(|minimum| minimum.found == times).count() as f64;
        let seen = self.minima.iter().filter(|minimum| minimum.found > 0).count() as f64;
        let more = of(1) * (of(1) - 1.0) / (2.0 * (of(2) + 1.0));
        (seen + more).max(self.listed.unwrap_or(0) as f64)
    }

    /// How many minima have this relation to the stored patterns.
    pub fn count(&self, relation: Relation) -> usize {
        self.minima.iter().filter(|minimum| minimum.relation == relation).count()
    }
}

/// Finds the minima of a memory's landscape.
///
/// States descend from random starts until they rest. Ends of numbers are pushed by a thousandth of a spread and descend
/// again, so that saddles are left. Ends that are near each other are one minimum. Where theory allows it, all minima are
/// also listed exactly: see [`Listing`].
///
/// A memory with one landscape descends by its own recall. One with noise levels needs [`Search::sigma`]; there a state
/// goes to D(z;σ) until it rests, which lowers E_σ.
///
/// Start k depends on the seed and on k alone, so results do not depend on threads. `progress` is told how many starts of how
/// many are done; if it breaks, the result is that of those starts. Cost: a recall for each start (two for numbers).
///
/// ```
/// use attractor::analysis::{Relation, Search, minima};
/// use attractor::{Patterns, Spec};
/// use ndarray::array;
/// use std::ops::ControlFlow;
/// let patterns = Patterns::new(array![[0.0_f64, 0.0], [2.0, 0.0], [9.0, 0.0]])?;
/// let memory = Spec::new("log-sum-relu").build(patterns)?;
/// let found = minima(memory.as_ref(), &Search::default(), &mut |_, _| ControlFlow::Continue(()))?;
/// // Three patterns, and the mean of the two that are near each other.
/// assert_eq!(found.listed, Some(4));
/// assert_eq!((found.count(Relation::Stored), found.count(Relation::Mixture)), (3, 1));
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// A level that is missing or that the memory does not have; a list that was asked for and that no theory gives; starts
/// near patterns of a memory without any; those of [`Memory::recall`].
pub fn minima<F: Real>(
    memory: &dyn Memory<F>,
    search: &Search,
    progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Minima<F>> {
    let descent = Descent::new(memory, search)?;
    let list = list::exact(memory, search)?;
    let mut places = Places::new(memory.dim(), tolerance(memory, search));
    let mut listed = Vec::new();
    if let Ok(list) = &list {
        list.outer_iter().for_each(|state| places.insert(state));
        listed = vec![true; places.found.len()];
    }
    let (mut starts, mut rested, mut undefined) = (0, 0, 0);
    let mut flow = progress(0, search.starts);
    while starts < search.starts && flow.is_continue() {
        let left = search.starts - starts;
        let batch = descent.batch().min(left.div_ceil(threads::count()));
        let batches = left.div_ceil(batch).min(threads::count());
        let all = threads::parallel(batches, |number| {
            let from = starts + number * batch;
            let ids: Vec<u64> = (from..search.starts.min(from + batch)).map(|k| k as u64).collect();
            descent.ends(&ids)
        });
        for ends in all {
            let Ends { states, at_rest, without } = ends?;
            for (state, at_rest) in states.outer_iter().zip(at_rest) {
                if at_rest {
                    places.count(state);
                    rested += 1;
                }
            }
            (starts, undefined) = (starts + states.nrows(), undefined + without);
        }
        flow = progress(starts, search.starts);
    }
    listed.resize(places.found.len(), false);
    let (listed, unlisted) = match &list {
        Ok(_) => (Some(listed), None),
        Err(reason) => (None, *reason),
    };
    let states = stacked(&places.states, memory.dim());
    let described = described(memory, search, states.view(), &places.found, rested, listed.as_deref())?;
    let order = ordered(&described);
    Ok(Minima {
        states: memory.preparation().backward(states.select(Axis(0), &order)),
        minima: order.iter().map(|&n| described[n].clone()).collect(),
        starts,
        rested,
        undefined,
        listed: listed.map(|listed| listed.iter().filter(|l| **l).count()),
        unlisted,
        sigma: search.sigma,
    })
}

/// The largest distance of ends that are one minimum, as a root mean square over prepared units.
fn tolerance<F: Real>(memory: &dyn Memory<F>, search: &Search) -> f64 {
    /// States of ±1 are equal or differ by more than this.
    const EQUAL: f64 = 1e-9;
    if memory.abilities().spins { EQUAL } else { search.within * memory.spread().unwrap_or(1.0) }
}

fn stacked<F: Real>(states: &[Array1<F>], dim: usize) -> Array2<F> {
    let rows: Vec<_> = states.iter().map(|state| state.view().insert_axis(Axis(0))).collect();
    if rows.is_empty() {
        return Array2::from_elem((0, dim), F::ZERO);
    }
    concatenate(Axis(0), &rows).expect("equal widths")
}

/// Reports of (prepared) states.
fn described<F: Real>(
    memory: &dyn Memory<F>,
    search: &Search,
    states: ArrayView2<F>,
    found: &[usize],
    rested: usize,
    listed: Option<&[bool]>,
) -> Result<Vec<Minimum>> {
    let raw = memory.preparation().backward(states.to_owned());
    let levels = search.sigma.map(|sigma| vec![sigma; states.nrows()]);
    let energies = match memory.landscape() {
        Ok(_) => Some(memory.energies(raw.view(), levels.as_deref())?),
        Err(_) => None,
    };
    let kinds = kinds::of(memory, states, search.sigma, tolerance(memory, search))?;
    let one = |(n, (relation, memories)): (usize, (Relation, Vec<(usize, f64)>))| {
        let interval = (rested > 0).then(|| wilson(found[n], rested));
        Minimum {
            energy: energies.as_ref().map(|energies| energies[n]).filter(|energy| energy.is_finite()),
            found: found[n],
            share: (rested > 0).then(|| found[n] as f64 / rested as f64),
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
            relation,
            memories,
            listed: listed.map(|listed| listed[n]),
        }
    };
    Ok(kinds.into_iter().enumerate().map(one).collect())
}

/// Minima with the most starts first, then those of lower energy, then as they were found.
fn ordered(minima: &[Minimum]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..minima.len()).collect();
    let energy = |n: usize| minima[n].energy.unwrap_or(f64::INFINITY);
    order.sort_by(|&a, &b| {
        minima[b].found.cmp(&minima[a].found).then(energy(a).total_cmp(&energy(b))).then(a.cmp(&b))
    });
    order
}
