//! The posterior over memories: the best few, its entropy and its participation ratio, in one pass.

use std::ops::Range;

use ndarray::ArrayView2;

use crate::attend::{self, merge_mass, near_peak};
use crate::elsewhere;
use crate::machine::{Machine, lanes};
use crate::real::{Real, entry};
use crate::signs;
use crate::stored::Stored;
use crate::stream::{self, Fold, Form, Job, Lanes, Part, Parts, Pass, Tile, Values, Weighed};
use crate::wire::{Ask, In, Out, Sent};

/// A summary of the posterior w = softmax(ℓ) of one query.
#[derive(Clone, Debug, PartialEq)]
pub struct Posterior {
    /// The most probable memories with their probabilities, best first. Ties are ordered by index.
    pub top: Vec<(usize, f64)>,
    /// The entropy −Σ w ln w, in nats: 0 for one memory, ln N if all are equally probable.
    pub entropy: f64,
    /// The participation ratio 1/Σ w²: the effective number of memories that share the weight.
    pub participation: f64,
}

entry! {
    /// The posterior of each query over all patterns, with logits as in [`attend`](super::attend()).
    ///
    /// `top` is the number of memories to list. Cost: 2·B·N·D operations and B·N exponentials.
    pub fn posterior<F: Real>(
        patterns: &Stored<F>,
        queries: ArrayView2<F>,
        betas: &[f64],
        form: Form,
        top: usize,
    ) -> Vec<Posterior> {
        let job = Job { patterns, values: Values::None, queries, betas, form };
        of_job(&job, top).into_iter().map(|(posterior, _)| posterior).collect()
    }
}

entry! {
    /// The posterior of each query, and the log-sum ln Σ exp ℓ_n of [`log_sum`](super::log_sum), in one pass.
    pub fn posterior_and_log_sum<F: Real>(
        patterns: &Stored<F>,
        queries: ArrayView2<F>,
        betas: &[f64],
        form: Form,
        top: usize,
    ) -> (Vec<Posterior>, Vec<f64>) {
        let job = Job { patterns, values: Values::None, queries, betas, form };
        of_job(&job, top).into_iter().unzip()
    }
}

/// The posterior and the log-sum of each query of a job.
fn of_job<F: Real>(job: &Job<F>, top: usize) -> Vec<(Posterior, f64)> {
    let top = top.clamp(1, job.patterns.len());
    if let Some(centred) = job.patterns.centred() {
        let queries = centred.queries(job.queries, job.form);
        let about = Job { patterns: &centred.stored, ..job.by(queries.view(), job.betas) };
        let mut found = of_all(&about, top);
        centred.restore_peaks(job, found.iter_mut().map(|found| &mut found.1));
        return found;
    }
    let Some(signs::Lists { near, .. }) = signs::near_of(job, top, false) else {
        return of_all(job, top);
    };
    let rest: Vec<usize> = (0..near.len()).filter(|&q| near[q].is_none()).collect();
    let (queries, rest_betas) = signs::rest(job, &rest);
    let rest_of = job.by(queries.view(), &rest_betas);
    let mut others = if rest.is_empty() { Vec::new() } else { of_all(&rest_of, top) }.into_iter();
    let one = |(q, near): (usize, Option<Vec<signs::Near>>)| match near {
        None => others.next().expect("one a query that is left"),
        Some(list) => {
            let beta = stream::usable_beta::<F>(job.betas[q]);
            let best = list.iter().map(|n| n.1).fold(f64::NEG_INFINITY, f64::max);
            let mut lane = Lane::default();
            for (n, product) in list {
                let gap = beta * (best - product);
                let weight = (-gap).exp();
                lane.mass += weight;
                lane.squares += weight * weight;
                lane.heat += if weight > 0.0 { weight * gap } else { 0.0 };
                lane.offer(gap, n, top);
            }
            let log_sum = near_peak(job, q, best) + lane.mass.ln();
            (lane.finish(top), log_sum)
        }
    };
    near.into_iter().enumerate().map(one).collect()
}

/// The posterior of one query from the costs of all patterns, times β: the logits are −cost.
pub fn posterior_of_costs(costs: &[f64], top: usize) -> Posterior {
    let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
    let top = top.clamp(1, costs.len().max(1));
    let mut lane = Lane::default();
    let mut bar = f64::INFINITY;
    for (n, cost) in costs.iter().enumerate() {
        let gap = cost - least;
        let weight = (-gap).exp();
        lane.mass += weight;
        lane.squares += weight * weight;
        lane.heat += if weight > 0.0 { weight * gap } else { 0.0 };
        if gap < bar || lane.best.len() < top {
            lane.offer(gap, n, top);
            bar = lane.bar(top);
        }
    }
    lane.finish(top)
}

/// The same, from all patterns.
fn of_all<F: Real>(job: &Job<F>, top: usize) -> Vec<(Posterior, f64)> {
    let betas = job.betas;
    let mut result = Vec::with_capacity(job.queries.nrows());
    let finish = |mut parts: Vec<Part<Spread>>| {
        for lane in 0..parts[0].least.len() {
            let beta = stream::usable_beta::<F>(betas[parts[0].first + lane]);
            let mut total = Lane::default();
            let mut least = f64::INFINITY;
            let (mut peak, mut sum) = (f64::NEG_INFINITY, 0.0);
            for part in &mut parts {
                let new = least.min(part.least[lane]);
                total.shift(beta * (least - new));
                let mut other = std::mem::take(&mut part.fold.lanes[lane]);
                merge_mass(&mut peak, &mut sum, -beta * part.least[lane], other.sum);
                other.shift(beta * (part.least[lane] - new));
                total.add(other, top);
                least = new;
            }
            result.push((total.finish(top), peak + sum.ln()));
        }
    };
    match job.patterns.shards() {
        Some(_) => elsewhere::stream(job, Ask::Posterior { top }, finish),
        None => sums(job, top, finish),
    }
    result
}

/// The sums of every range, which are what a part of a memory answers.
pub(crate) fn sums<F: Real>(job: &Job<F>, top: usize, finish: impl FnMut(Parts<Spread>)) {
    stream::stream(job, |job: &Job<F>, block, range| pass(job, block, range, top), finish);
}

entry! {
    /// The nearest memory (Euclidean) of each state. Ties go to the lowest index.
    pub fn nearest<F: Real>(patterns: &Stored<F>, states: ArrayView2<F>) -> Vec<usize> {
        // Costs have the same order for any β, unless there are prior weights.
        let betas = vec![1.0 / patterns.spread().powi(2); states.nrows()];
        let patterns = patterns.unweighted();
        posterior(&patterns, states, &betas, Form::Distance, 1).iter().map(|p| p.top[0].0).collect()
    }
}

entry! {
    /// Streams one range of patterns past one block of queries, for the posterior with its best `top`.
    fn pass<F: Real>(job: &Job<F>, block: Range<usize>, range: Range<usize>, top: usize) -> Parts<Spread> {
        let pass = Pass { job, block, range, make: |lanes| Spread::new(lanes, top) };
        pass.at_best::<{ lanes::<F>(1) }, { lanes::<F>(2) }, { lanes::<F>(4) }>()
    }
}

/// Lists of up to this many are kept sorted.
const FEW: usize = 64;

/// The order of the list: smaller gaps first, then lower indices.
fn better(a: &(f64, usize), b: &(f64, usize)) -> std::cmp::Ordering {
    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
}

/// The sums of one query relative to its least cost: Σw, Σw², Σw·β·gap, and the best as (β·gap, index).
#[derive(Clone, Debug, Default)]
struct Lane {
    /// Σw in the order in which reads sum it, for the log-sum. It is not shifted with the others.
    sum: f64,
    mass: f64,
    squares: f64,
    heat: f64,
    best: Vec<(f64, usize)>,
}

impl Lane {
    /// Moves the reference cost down by `fall`/β, so that all gaps grow by this much.
    fn shift(&mut self, fall: f64) {
        if fall == 0.0 || self.mass == 0.0 {
            return;
        }
        let factor = (-fall).exp();
        self.heat = if factor > 0.0 { factor * (self.heat + fall * self.mass) } else { 0.0 };
        self.mass *= factor;
        self.squares *= factor * factor;
        self.best.iter_mut().for_each(|b| b.0 += fall);
    }

    fn add(&mut self, other: Lane, top: usize) {
        self.mass += other.mass;
        self.squares += other.squares;
        self.heat += other.heat;
        for (gap, index) in other.best {
            self.offer(gap, index, top);
        }
    }

    /// Adds a candidate. Indices come in rising order, so an equal gap goes behind. Short lists are kept sorted. Long
    /// ones grow to twice their size before the worse half is removed, since each insertion would move many entries.
    fn offer(&mut self, gap: f64, index: usize, top: usize) {
        if top > FEW {
            self.best.push((gap, index));
            if self.best.len() >= 2 * top {
                self.best.select_nth_unstable_by(top - 1, better);
                self.best.truncate(top);
            }
            return;
        }
        let place = self.best.partition_point(|b| b.0 <= gap);
        if place < top {
            self.best.insert(place, (gap, index));
            self.best.truncate(top);
        }
    }

    /// The bar: a larger gap can no longer be among the best.
    fn bar(&self, top: usize) -> f64 {
        match self.best.get(top - 1) {
            Some(worst) if top <= FEW => worst.0,
            _ => f64::INFINITY,
        }
    }

    fn finish(mut self, top: usize) -> Posterior {
        if top > FEW {
            self.best.sort_unstable_by(better);
            self.best.truncate(top);
        }
        Posterior {
            top: self.best.iter().map(|&(gap, index)| (index, (-gap).exp() / self.mass)).collect(),
            entropy: (self.mass.ln() + self.heat / self.mass).max(0.0),
            participation: self.mass * self.mass / self.squares,
        }
    }
}

/// The sums for the lanes of one pack of queries.
pub(crate) struct Spread {
    lanes: Vec<Lane>,
    top: usize,
}

impl Spread {
    fn new(lanes: usize, top: usize) -> Self {
        Spread { lanes: vec![Lane::default(); lanes], top }
    }
}

impl<F> Sent<F> for Spread {
    fn send(&self, lane: usize, first: usize, out: &mut Out) {
        let Lane { sum, mass, squares, heat, best } = &self.lanes[lane];
        [sum, mass, squares, heat].into_iter().for_each(|x| out.float(*x));
        out.whole(best.len());
        for &(gap, index) in best {
            out.float(gap);
            out.whole(first + index);
        }
    }

    fn receive(of: &mut In, _width: usize) -> Result<Self, String> {
        let [sum, mass, squares, heat] = [of.float()?, of.float()?, of.float()?, of.float()?];
        let mut best = Vec::new();
        for _ in 0..of.whole()? {
            best.push((of.float()?, of.whole()?));
        }
        Ok(Spread { top: best.len(), lanes: vec![Lane { sum, mass, squares, heat, best }] })
    }

    fn missing(_width: usize) -> Self {
        let lane = Lane { sum: 1.0, mass: 1.0, squares: 1.0, heat: 0.0, best: vec![(0.0, 0)] };
        Spread { top: 1, lanes: vec![lane] }
    }
}

impl<F: Real> Fold<F> for Spread {
    #[inline(always)]
    fn absorb<M: Machine<F>, const L: usize>(
        &mut self,
        _m: M,
        tile: &Tile<F>,
        lanes: &Lanes<L>,
        weighed: &Weighed<F, L>,
    ) {
        let (gaps, weights) = (weighed.gaps, weighed.weights);
        let mut mass = [0.0; L];
        let mut squares = [0.0; L];
        let mut heat = [0.0; L];
        for (gap, weight) in gaps.iter().zip(weights) {
            for l in 0..L {
                let w = weight[l].to_f64();
                mass[l] += w;
                squares[l] += w * w;
                heat[l] += w * gap[l].to_f64();
            }
        }
        for l in 0..lanes.live {
            let beta = lanes.betas[l];
            let lane = &mut self.lanes[l];
            lane.sum = lane.sum * attend::rescale(weighed.falls[l], M::FMA) + weighed.mass[l];
            lane.shift(weighed.falls[l]);
            lane.mass += mass[l];
            lane.squares += squares[l];
            lane.heat += beta * heat[l];
            // The bar only falls while the tile is read, so most patterns cost one comparison.
            let mut bar = lane.bar(self.top);
            for (n, gap) in gaps.iter().enumerate() {
                let cost = beta * gap[l].to_f64();
                if cost < bar || lane.best.len() < self.top {
                    lane.offer(cost, tile.first + n, self.top);
                    bar = lane.bar(self.top);
                }
            }
        }
    }
}
