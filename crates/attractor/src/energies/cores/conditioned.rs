//! Events as the semantic density given their cores.

use std::sync::Arc;

use ndarray::{Array1, Array2, ArrayView1};

use super::block::{Block, Case, Cue, Group, Looked};
use super::condition::{Evidence, Factored, Given};
use super::{Event, Odds, Reconstruction};
use crate::energies::family::Family;
use crate::energies::points::GumbelMax;
use crate::energies::shapes::{Moments, ShapeMoments, finite, posterior_deviation, shrinkage};
use crate::error::{Error, Result};
use crate::message;
use crate::noise::Stream;
use crate::threads;

/// A Gaussian is left out of an event of which it has less than this share. What is lost is less than the rounding of
/// the event's density.
const LEAST: f64 = 1e-16;

/// A case is left out of a read if its logit is certainly this far below the largest: together with 10⁶ others it
/// weighs less than rounding.
const NEGLIGIBLE: f64 = 52.0;

/// A coordinate is projected to at most this many standard deviations from the mean.
const REACH: f64 = 3.0;

/// The level, in spreads of the memory, at which it is decided which of an event's Gaussians a state is projected to.
const NEAR: f64 = 2e-3;

/// The events of a reconstructive memory, each a mixture of Gaussians given its core.
#[derive(Debug)]
pub(super) struct Conditioned {
    recipe: Reconstruction,
    weights: Vec<f64>,
    groups: Vec<Group>,
    /// Where the cases of each event are.
    places: Vec<Vec<Place>>,
    moments: Moments,
}

/// The position of a case: group, block and case.
type Place = (usize, usize, usize);

impl Conditioned {
    pub(super) fn new(recipe: Reconstruction) -> Result<Self> {
        let factored: Vec<Factored> =
            recipe.semantic.iter().map(|part| Factored::new(&part.gaussian)).collect::<Result<_>>()?;
        let mut weights = recipe.weights();
        let members = by_encoder(&recipe.events);
        if recipe.odds == Odds::Evidence && members.len() > 1 {
            let found = format!("{} encoders", members.len());
            let expected =
                "events of one encoder, since densities of different cores cannot be compared (or equal)";
            return Err(Error::parameter("odds", expected, found));
        }
        let dim = recipe.dim() as f64;
        let work = members.len() as f64 * factored.len() as f64 * dim.powi(3);
        let built = threads::map(members.len(), work, |g| Group::new(&recipe, &factored, &members[g]));
        let (mut groups, mut evidence) = (Vec::new(), vec![0.0; recipe.events.len()]);
        for (group, events) in built.into_iter().zip(&members) {
            let (group, found) = group?;
            groups.push(group);
            events.iter().zip(found).for_each(|(&event, found)| evidence[event] = found);
        }
        if recipe.odds == Odds::Evidence {
            let peak = evidence.iter().fold(f64::NEG_INFINITY, |most: f64, &e| most.max(e));
            weights.iter_mut().zip(&evidence).for_each(|(w, e)| *w *= (e - peak).exp());
            let total: f64 = weights.iter().sum();
            weights.iter_mut().for_each(|w| *w = (*w / total).max(f64::MIN_POSITIVE));
        }
        let mut places = vec![Vec::new(); recipe.events.len()];
        for (g, group) in groups.iter_mut().enumerate() {
            for (b, block) in group.blocks.iter_mut().enumerate() {
                for (k, case) in block.cases.iter_mut().enumerate() {
                    case.log_weight += weights[case.event].ln();
                    places[case.event].push((g, b, k));
                }
            }
        }
        let moments = moments(recipe.dim(), &groups);
        Ok(Conditioned { recipe, weights, groups, places, moments })
    }

    /// The level at which hardly any noise is left.
    fn near(&self) -> f64 {
        let spread = (self.moments.variance / self.recipe.dim() as f64).sqrt();
        NEAR * if spread > 0.0 { spread } else { 1.0 }
    }

    /// Reads the blocks that matter: those whose bound is near enough to the largest logit.
    fn scan(&self, z: &[f64], sigma: f64) -> (Vec<Looked<'_>>, f64) {
        let z = ArrayView1::from(z);
        let cues: Vec<Cue> = self.groups.iter().map(|group| Cue::new(group, z, sigma)).collect();
        let mut order: Vec<(f64, f64, &Block, &Cue)> = Vec::new();
        for cue in &cues {
            let bounded = |block: &'_ Block| {
                let volume = block.log_volume(sigma);
                (cue.bound(block, volume), volume)
            };
            let blocks = cue.group.blocks.iter().map(|block| (bounded(block), block));
            order.extend(blocks.map(|((bound, volume), block)| (bound, volume, block, cue)));
        }
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (mut looked, mut best) = (Vec::new(), f64::NEG_INFINITY);
        for (bound, volume, block, cue) in order {
            if bound < best - NEGLIGIBLE {
                break;
            }
            let look = Looked::new(block, cue, z, (sigma, volume), best - NEGLIGIBLE);
            best = look.logits.iter().fold(best, |most: f64, &l| most.max(l));
            looked.push(look);
        }
        (looked, best)
    }

    /// The case of an event that draws a state, or the most probable one.
    fn case(&self, event: usize, z: &[f64], sigma: f64, stream: Option<&mut Stream>) -> Place {
        let places = &self.places[event];
        let logit = |&(g, b, k): &Place| {
            let (group, block) = (&self.groups[g], &self.groups[g].blocks[b]);
            let case = &block.cases[k];
            if sigma.is_infinite() {
                return case.log_weight;
            }
            let cue = Cue::new(group, ArrayView1::from(z), sigma);
            let look = Looked::new(
                block,
                &cue,
                ArrayView1::from(z),
                (sigma, block.log_volume(sigma)),
                f64::NEG_INFINITY,
            );
            look.logits[k]
        };
        if places.len() == 1 {
            return places[0];
        }
        let logits = places.iter().map(logit);
        let best = match stream {
            Some(stream) => {
                let mut draw = GumbelMax::default();
                logits.enumerate().for_each(|(i, logit)| draw.add((i, 0), logit, stream));
                draw.drawn().0
            }
            None => logits.enumerate().fold((0, f64::NEG_INFINITY), |a, b| if b.1 > a.1 { b } else { a }).0,
        };
        places[best]
    }

    /// What a state is in the coordinates of a case: V(z − mean) and the part at right angles to all directions.
    fn split(&self, (g, b, k): Place, z: &[f64]) -> (Array1<f64>, Array1<f64>) {
        let (group, block) = (&self.groups[g], &self.groups[g].blocks[b]);
        let offset = &ArrayView1::from(z) - &block.free.mean;
        let along = block.free.directions.dot(&offset) - &block.cases[k].shift;
        (along, block.rest(offset, &group.encoder))
    }

    /// The state of a case with these offsets from its mean.
    fn place(&self, (g, b, k): Place, along: &Array1<f64>, rest: &Array1<f64>, y: &mut [f64]) {
        let (group, block) = (&self.groups[g], &self.groups[g].blocks[b]);
        let (free, case) = (&block.free, &block.cases[k]);
        let mut state = &free.mean + rest;
        state += &free.directions.t().dot(&(along + &case.shift));
        group.encoder.place((&group.cores.row(case.row) - &free.core_of_mean).view(), &mut state);
        y.iter_mut().zip(state).for_each(|(y, x)| *y = x);
    }
}

/// The numbers of the events that have the same encoder, in the order of the first.
fn by_encoder(events: &[Event]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (n, event) in events.iter().enumerate() {
        let same = |group: &&mut Vec<usize>| {
            let other = &events[group[0]].encoder;
            Arc::ptr_eq(other, &event.encoder) || **other == *event.encoder
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(n),
            None => groups.push(vec![n]),
        }
    }
    groups
}

impl Group {
    /// The events of one encoder, with ln q of each case as its log-weight, and the log-evidence of each event.
    fn new(recipe: &Reconstruction, factored: &[Factored], events: &[usize]) -> Result<(Self, Vec<f64>)> {
        let encoder = recipe.events[events[0]].encoder.clone();
        let mut cores = Array2::zeros((events.len(), encoder.len()));
        for (mut row, &event) in cores.outer_iter_mut().zip(events) {
            row.assign(&encoder.of_core(&recipe.events[event].core));
        }
        let given: Vec<Given> = factored.iter().map(|f| f.given(&encoder)).collect::<Result<_>>()?;
        let mut shares = Vec::new();
        let mut evidence = Vec::new();
        for (core, &event) in cores.outer_iter().zip(events) {
            let densities: Vec<Evidence> = given.iter().map(|given| given.evidence(core)).collect();
            let (logs, total) = shares_of(recipe, &densities).map_err(|apart| impossible(event, apart))?;
            shares.push(logs);
            evidence.push(total);
        }
        let mut blocks = Vec::new();
        for (c, given) in given.iter().enumerate() {
            let own = |row: &usize| shares[*row][c] >= LEAST.ln();
            let rows: Vec<usize> = (0..events.len()).filter(own).collect();
            if rows.is_empty() {
                continue;
            }
            let free = given.free(&encoder)?;
            let case = |row: usize| Case {
                event: events[row],
                row,
                log_weight: shares[row][c],
                shift: free.shift(cores.row(row)),
            };
            let cases = rows.into_iter().map(case).collect();
            blocks.push(Block { free, cases });
        }
        Ok((Group { encoder, cores, blocks }, evidence))
    }
}

/// ln q_c of each Gaussian, and the log of the evidence; or how far the core is from all that is possible.
fn shares_of(recipe: &Reconstruction, densities: &[Evidence]) -> std::result::Result<(Vec<f64>, f64), f64> {
    let possible = densities.iter().filter(|density| density.apart == 0.0);
    let Some(rank) = possible.map(|density| density.rank).min() else {
        return Err(densities.iter().fold(f64::INFINITY, |least: f64, d| least.min(d.apart)));
    };
    let log = |(density, part): (&Evidence, &super::Semantic)| {
        let counts = density.apart == 0.0 && density.rank == rank;
        if counts { density.log_density + part.weight.ln() } else { f64::NEG_INFINITY }
    };
    let logs: Vec<f64> = densities.iter().zip(&recipe.semantic).map(log).collect();
    let peak = logs.iter().fold(f64::NEG_INFINITY, |most: f64, &l| most.max(l));
    let total = peak + logs.iter().map(|l| (l - peak).exp()).sum::<f64>().ln();
    Ok((logs.iter().map(|l| l - total).collect(), total))
}

fn impossible(event: usize, apart: f64) -> Error {
    let expected = message![
        "the core of some state of the semantic memory, which extends in too few directions to have this one; \
         store fewer numbers of the event, or use a semantic memory with thickness"
    ];
    Error::parameter(
        format!("core of event {event}"),
        expected,
        format!("one {apart:.3e} away from the nearest"),
    )
}

fn moments(dim: usize, groups: &[Group]) -> Moments {
    let cases = || {
        groups.iter().flat_map(|group| {
            let each = |block: &'_ Block| -> Vec<(f64, Array1<f64>, f64)> {
                let mean = |case: &Case| block.free.mean_given(&group.encoder, group.cores.row(case.row));
                let variance = block.free.variance();
                block.cases.iter().map(|case| (case.log_weight.exp(), mean(case), variance)).collect()
            };
            group.blocks.iter().flat_map(each).collect::<Vec<_>>()
        })
    };
    let mut mean = Array1::<f64>::zeros(dim);
    cases().for_each(|(weight, own, _)| mean.scaled_add(weight, &own));
    let square = |v: Array1<f64>| v.dot(&v);
    let variance = cases().map(|(weight, own, variance)| weight * (variance + square(own - &mean))).sum();
    Moments { mean: mean.to_vec(), variance, unbounded: false }
}

impl Family for Conditioned {
    fn dim(&self) -> usize {
        self.recipe.dim()
    }

    fn len(&self) -> usize {
        self.recipe.events.len()
    }

    fn label(&self, member: usize) -> Option<&str> {
        self.recipe.events[member].label.as_deref()
    }

    fn weights(&self) -> Vec<f64> {
        self.weights.clone()
    }

    fn read(&self, z: &[f64], sigma: f64, mean: &mut [f64]) -> ShapeMoments {
        let (looked, peak) = self.scan(z, sigma);
        let (mut sum, mut second, mut mass) = (Array1::zeros(mean.len()), 0.0, 0.0);
        for look in &looked {
            if look.logits.iter().any(|&logit| logit >= peak - NEGLIGIBLE) {
                mass += look.add(peak, sigma, &mut sum, &mut second);
            }
        }
        mean.iter_mut().zip(&sum).for_each(|(m, s)| *m = s / mass);
        ShapeMoments { log_sum: finite(peak + mass.ln()), second: second / mass }
    }

    fn log_sums(&self, z: &[f64], sigma: f64) -> Vec<f64> {
        let (looked, peak) = self.scan(z, sigma);
        let mut sums = vec![0.0; self.len()];
        for look in &looked {
            for (case, logit) in look.block.cases.iter().zip(&look.logits) {
                sums[case.event] += (logit - peak).exp();
            }
        }
        sums.iter().map(|sum| peak + sum.ln()).collect()
    }

    fn draw(&self, member: usize, z: &[f64], sigma: f64, stream: &mut Stream, y: &mut [f64]) -> Result<()> {
        let place = self.case(member, z, sigma, Some(&mut *stream));
        let (group, block) = (&self.groups[place.0], &self.groups[place.0].blocks[place.1]);
        let (mut along, mut rest) = self.split(place, z);
        for (u, &lambda) in along.iter_mut().zip(&block.free.deviations) {
            *u = *u * shrinkage(lambda, sigma) + posterior_deviation(lambda, sigma) * stream.normal();
        }
        if block.free.others > 0 {
            let noise = block.rest(y.iter().map(|_| stream.normal()).collect(), &group.encoder);
            let own = block.free.thickness;
            rest = rest * shrinkage(own, sigma) + noise * posterior_deviation(own, sigma);
        }
        self.place(place, &along, &rest, y);
        Ok(())
    }

    /// A free feature counts as part of an event up to 3 standard deviations from its mean.
    fn project(&self, member: usize, z: &[f64], y: &mut [f64]) {
        let place = self.case(member, z, self.near(), None);
        let free = &self.groups[place.0].blocks[place.1].free;
        let (mut along, mut rest) = self.split(place, z);
        for (u, lambda) in along.iter_mut().zip(&free.deviations) {
            *u = u.clamp(-REACH * lambda, REACH * lambda);
        }
        let (length, reach) = (rest.dot(&rest).sqrt(), REACH * free.thickness * (free.others as f64).sqrt());
        if length > reach {
            rest *= reach / length;
        }
        self.place(place, &along, &rest, y);
    }

    fn moments(&self) -> Moments {
        self.moments.clone()
    }

    fn stretch(&self, factors: &[f64]) -> Result<Box<dyn Family>> {
        let mut recipe = self.recipe.stretch(factors)?;
        // The odds are what they are, in any units.
        recipe.odds = Odds::Equal;
        recipe.events.iter_mut().zip(&self.weights).for_each(|(event, weight)| event.weight = *weight);
        Ok(Box::new(Conditioned::new(recipe)?))
    }

    fn work(&self) -> f64 {
        let dim = self.recipe.dim() as f64;
        let block = |block: &Block| 4.0 * dim * (block.free.deviations.len() + block.cases.len()) as f64;
        self.groups.iter().flat_map(|group| &group.blocks).map(block).sum()
    }

    fn reconstruction(&self) -> Option<&Reconstruction> {
        Some(&self.recipe)
    }
}
