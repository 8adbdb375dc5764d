//! Blocks of a reconstructive memory: the events of one encoder under one Gaussian, and how they are read.

use std::sync::Arc;

use ndarray::{Array1, Array2, ArrayView1};

use super::Encoder;
use super::condition::Free;
use crate::energies::shapes::{finite, posterior_deviation, shrinkage};

/// The events of one encoder.
#[derive(Debug)]
pub(super) struct Group {
    pub encoder: Arc<Encoder>,
    /// The coordinates of the cores, one event a row.
    pub cores: Array2<f64>,
    pub blocks: Vec<Block>,
}

/// The events of one encoder under one Gaussian.
#[derive(Debug)]
pub(super) struct Block {
    pub free: Free,
    pub cases: Vec<Case>,
}

/// One event under one Gaussian: a Gaussian again.
#[derive(Debug)]
pub(super) struct Case {
    pub event: usize,
    /// The row of its core.
    pub row: usize,
    /// ln of its share of the whole.
    pub log_weight: f64,
    /// V(mean − μ).
    pub shift: Array1<f64>,
}

/// A state as the events of one encoder see it.
pub(super) struct Cue<'a> {
    pub group: &'a Group,
    /// Qz.
    pub core: Array1<f64>,
    /// −‖Qz − q‖²/2σ² of each event.
    pub misses: Vec<f64>,
}

impl<'a> Cue<'a> {
    pub fn new(group: &'a Group, z: ArrayView1<f64>, sigma: f64) -> Self {
        let core = group.encoder.coordinates(z);
        let miss = |row: ArrayView1<f64>| {
            let square: f64 = row.iter().zip(&core).map(|(q, z)| ((z - q) / sigma).powi(2)).sum();
            -0.5 * square
        };
        let misses = group.cores.outer_iter().map(miss).collect();
        Cue { group, core, misses }
    }

    /// No case of the block has a larger logit than this: the core costs what it costs, and the free features fit.
    /// `volume` is the block's [`log_volume`](Block::log_volume).
    pub fn bound(&self, block: &Block, volume: f64) -> f64 {
        let case = |case: &Case| case.log_weight + self.misses[case.row];
        let best = match &block.cases[..] {
            [one] => case(one),
            all => all.iter().map(case).fold(f64::NEG_INFINITY, f64::max),
        };
        best - volume
    }
}

impl Block {
    /// Σ ½ ln(1 + λ²/σ²) over the free directions.
    pub fn log_volume(&self, sigma: f64) -> f64 {
        let factor = |lambda: f64| 1.0 + (lambda / sigma).powi(2);
        // A few factors at a time, whose product does not overflow.
        let along: f64 = self
            .free
            .deviations
            .chunks(4)
            .map(|few| few.iter().map(|&lambda| factor(lambda)).product::<f64>().ln())
            .sum();
        0.5 * (along + self.free.others as f64 * factor(self.free.thickness).ln())
    }

    /// The squared length of the part of an offset from μ at right angles to Q and V. It is a difference of squares,
    /// unless it is so small that most digits would be lost.
    pub fn square_of_rest(
        &self,
        offset: &Array1<f64>,
        core: &Array1<f64>,
        along: &Array1<f64>,
        encoder: &Encoder,
    ) -> f64 {
        const LITTLE: f64 = 1e-4;
        let whole = offset.dot(offset);
        let difference = whole - core.dot(core) - along.dot(along);
        if difference > LITTLE * whole {
            return difference;
        }
        let rest = self.rest(offset.clone(), encoder);
        rest.dot(&rest)
    }

    /// The part of an offset from μ at right angles to Q and V.
    pub fn rest(&self, mut offset: Array1<f64>, encoder: &Encoder) -> Array1<f64> {
        if self.free.others == 0 {
            offset.fill(0.0);
            return offset;
        }
        // The second time takes out what rounding left.
        for _ in 0..2 {
            encoder.remove(&mut offset);
            let along = self.free.directions.dot(&offset);
            offset -= &self.free.directions.t().dot(&along);
        }
        offset
    }
}

/// A block that was read at one state.
pub(super) struct Looked<'a> {
    pub block: &'a Block,
    pub group: &'a Group,
    /// z − μ.
    pub offset: Array1<f64>,
    /// Q(z − μ).
    pub core: Array1<f64>,
    /// V(z − μ).
    pub along: Array1<f64>,
    /// The squared length of the part of z − μ at right angles to Q and V.
    pub square_of_rest: f64,
    pub logits: Vec<f64>,
}

impl<'a> Looked<'a> {
    /// Reads a block at a level, of which it is given the [`log_volume`](Block::log_volume). Cases whose logit is certainly
    /// below `least` get −∞.
    pub fn new(
        block: &'a Block,
        cue: &Cue<'a>,
        z: ArrayView1<f64>,
        (sigma, volume): (f64, f64),
        least: f64,
    ) -> Self {
        let Free { mean, directions, deviations, thickness, others, .. } = &block.free;
        let offset = &z - mean;
        let along = directions.dot(&offset);
        let core = &cue.core - &block.free.core_of_mean;
        let square_of_rest = match *others {
            0 => 0.0,
            _ => block.square_of_rest(&offset, &core, &along, &cue.group.encoder),
        };
        let common = -volume - 0.5 * square_of_rest / thickness.hypot(sigma).powi(2);
        let inverse: Vec<f64> = deviations.iter().map(|lambda| 1.0 / lambda.hypot(sigma)).collect();
        let logit = |case: &Case| {
            let bound = common + case.log_weight + cue.misses[case.row];
            if bound < least {
                return f64::NEG_INFINITY;
            }
            let each = along.iter().zip(&case.shift).zip(&inverse);
            finite(bound - 0.5 * each.map(|((u, a), inverse)| ((u - a) * inverse).powi(2)).sum::<f64>())
        };
        let logits = block.cases.iter().map(logit).collect();
        Looked { block, group: cue.group, offset, core, along, square_of_rest, logits }
    }

    /// Adds what the block gives to the mean and the second moment, with weights relative to `peak`. Returns the
    /// mass.
    pub fn add(&self, peak: f64, sigma: f64, mean: &mut Array1<f64>, second: &mut f64) -> f64 {
        let free = &self.block.free;
        let shares: Vec<f64> = free.deviations.iter().map(|&lambda| shrinkage(lambda, sigma)).collect();
        let own = posterior_deviation(free.thickness, sigma);
        let along_variance =
            free.deviations.iter().map(|&lambda| posterior_deviation(lambda, sigma).powi(2)).sum::<f64>();
        let variance = along_variance + free.others as f64 * own * own;
        // The rest is the offset without its parts along Q and V, which are taken out where those are added.
        let kept = if free.others > 0 { shrinkage(free.thickness, sigma) } else { 0.0 };
        let rest_along_mean = self.offset.dot(&free.mean)
            - self.core.dot(&free.core_of_mean)
            - self.along.dot(&free.along_mean);
        let of_rest = kept * (kept * self.square_of_rest + 2.0 * rest_along_mean);
        let fixed = free.mean.dot(&free.mean) + of_rest + variance;
        let (mut mass, mut cores) = (0.0, Array1::<f64>::zeros(free.core_of_mean.len()));
        let mut along = Array1::<f64>::zeros(shares.len());
        for (case, &logit) in self.block.cases.iter().zip(&self.logits) {
            let weight = (logit - peak).exp();
            if weight == 0.0 {
                continue;
            }
            mass += weight;
            let mut square = fixed;
            let core = self.group.cores.row(case.row);
            for (j, (q, m)) in core.iter().zip(&free.core_of_mean).enumerate() {
                square += (q - m) * (q - m + 2.0 * m);
                cores[j] += weight * (q - m);
            }
            for (i, (u, a)) in self.along.iter().zip(&case.shift).enumerate() {
                let x = a + shares[i] * (u - a);
                square += x * (x + 2.0 * free.along_mean[i]);
                along[i] += weight * x;
            }
            *second += weight * square;
        }
        mean.scaled_add(mass, &free.mean);
        if kept > 0.0 {
            mean.scaled_add(mass * kept, &self.offset);
            along.scaled_add(-mass * kept, &self.along);
            cores.scaled_add(-mass * kept, &self.core);
        }
        *mean += &free.directions.t().dot(&along);
        self.group.encoder.place(cores.view(), mean);
        mass
    }
}
