//! What a minimum has to do with the stored patterns.

use ndarray::{ArrayView1, ArrayView2};

use crate::error::Result;
use crate::kernels::dots;
use crate::memories::Memory;
use crate::real::Real;

/// What a minimum has to do with the stored patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It is a stored pattern.
    Stored,
    /// It is the negative of one, for states of ±1.
    Negative,
    /// It is made of several patterns: of ±1 the majority of three, five or seven patterns or their negatives; otherwise
    /// up to 32 patterns have 99 % of the weight at it.
    Mixture,
    /// None of these.
    Emergent,
}

impl Relation {
    /// Every relation.
    pub const ALL: [Self; 4] = [Self::Stored, Self::Negative, Self::Mixture, Self::Emergent];

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Negative => "negative",
            Self::Mixture => "mixture",
            Self::Emergent => "emergent",
        }
    }
}

/// Patterns with their weights or signs.
type Parts = Vec<(usize, f64)>;

/// A relation, with the patterns.
pub(super) type Described = (Relation, Parts);

/// The largest number of patterns of a mixture.
const PARTS: usize = 32;

/// The relation of each (prepared) state.
pub(super) fn of<F: Real>(
    memory: &dyn Memory<F>,
    states: ArrayView2<F>,
    sigma: Option<f64>,
    tolerance: f64,
) -> Result<Vec<Described>> {
    if states.nrows() == 0 {
        return Ok(Vec::new());
    }
    let emergent = || vec![(Relation::Emergent, Vec::new()); states.nrows()];
    let Some(nearest) = memory.nearest(states)? else { return Ok(emergent()) };
    // Distances are in units of the data.
    let near = tolerance / memory.preparation().scale();
    let spins = memory.abilities().spins;
    let is_same = |near_to: &crate::energies::Nearest| match spins {
        // Prepared states of ±1 come back as two levels for each unit, so their distance is that of other numbers.
        true => near_to.overlap >= 1.0 - 1e-9,
        false => near_to.distance <= near,
    };
    let mut all: Vec<Described> = nearest
        .iter()
        .map(|nearest| match is_same(nearest) {
            true => (Relation::Stored, vec![(nearest.memory, 1.0)]),
            false => (Relation::Emergent, Vec::new()),
        })
        .collect();
    if spins {
        let negatives = memory.nearest(states.mapv(|x| -x).view())?.unwrap_or_default();
        for (described, nearest) in all.iter_mut().zip(&negatives) {
            if described.0 == Relation::Emergent && is_same(nearest) {
                *described = (Relation::Negative, vec![(nearest.memory, -1.0)]);
            }
        }
    }
    let rest: Vec<usize> = (0..all.len()).filter(|&n| all[n].0 == Relation::Emergent).collect();
    let unexplained = states.select(ndarray::Axis(0), &rest);
    let mixtures = match spins {
        true => majorities(memory, unexplained.view()),
        false => by_weights(memory, unexplained.view(), sigma)?,
    };
    for (n, parts) in rest.into_iter().zip(mixtures) {
        if let Some(parts) = parts {
            all[n] = (Relation::Mixture, parts);
        }
    }
    Ok(all)
}

/// The patterns of which each state is the majority, with their signs.
fn majorities<F: Real>(memory: &dyn Memory<F>, states: ArrayView2<F>) -> Vec<Option<Parts>> {
    let Some(patterns) = memory.patterns().filter(|patterns| patterns.are_held() && states.nrows() > 0)
    else {
        return vec![None; states.nrows()];
    };
    let patterns = patterns.values();
    let overlaps = dots(states, patterns).mapv(F::to_f64);
    states
        .outer_iter()
        .zip(overlaps.outer_iter())
        .map(|(state, overlaps)| majority(state, patterns, overlaps))
        .collect()
}

/// The three, five or seven patterns with the largest overlaps, if the state is the majority of them with the signs of the
/// overlaps.
fn majority<F: Real>(
    state: ArrayView1<F>,
    patterns: ArrayView2<F>,
    overlaps: ArrayView1<f64>,
) -> Option<Parts> {
    let mut order: Vec<usize> = (0..overlaps.len()).collect();
    order.sort_by(|&a, &b| overlaps[b].abs().total_cmp(&overlaps[a].abs()).then(a.cmp(&b)));
    [3, 5, 7].into_iter().filter(|&k| k <= order.len()).find_map(|k| {
        let parts: Parts = order[..k].iter().map(|&n| (n, overlaps[n].signum())).collect();
        let sum = |j: usize| parts.iter().map(|&(n, sign)| sign * patterns[[n, j]].to_f64()).sum::<f64>();
        state.iter().enumerate().all(|(j, x)| x.to_f64() * sum(j) > 0.0).then_some(parts)
    })
}

/// The patterns that have 99 % of the weight at each state, if they are few, with their weights.
fn by_weights<F: Real>(
    memory: &dyn Memory<F>,
    states: ArrayView2<F>,
    sigma: Option<f64>,
) -> Result<Vec<Option<Parts>>> {
    const SHARE: f64 = 0.99;
    let sigma = sigma.unwrap_or(0.0) * memory.preparation().scale();
    let levels = vec![sigma; states.nrows()];
    if states.nrows() == 0 {
        return Ok(Vec::new());
    }
    let Some(posteriors) = memory.posterior(states, &levels, PARTS)? else {
        return Ok(vec![None; states.nrows()]);
    };
    let parts = |posterior: crate::kernels::Posterior| {
        let mut sum = 0.0;
        let mut parts = Vec::new();
        for (n, weight) in posterior.top {
            if sum >= SHARE || weight <= 0.0 {
                break;
            }
            sum += weight;
            parts.push((n, weight));
        }
        (sum >= SHARE && parts.len() > 1).then_some(parts)
    };
    Ok(posteriors.into_iter().map(parts).collect())
}
