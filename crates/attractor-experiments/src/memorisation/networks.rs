//! Networks that learn N rows, and what an audit says of what they generate.

use attractor::analysis::critical_levels;
use attractor::diffusion::Sampling;
use attractor::energies::{Denoise, Points};
use attractor::memories::{Diffusion, learned};
use attractor::networks::{Architecture, Kind};
use attractor::noise::{Purpose, Stream};
use attractor::{Patterns, Request};
use attractor_audit::rates::COUNT;
use attractor_audit::{Audit, Given, Rows, Sets, Settings as AuditSettings, fidelity};
use attractor_networks::{Settings, Trainer};
use attractor_report::Result;
use ndarray::{Array2, Axis};

use super::data::{Set, Source, Truth};

/// The networks of one data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The data.
    pub set: Set,
    /// The numbers N of training rows, rising.
    pub counts: Vec<usize>,
    /// Training steps after which a network is examined, rising.
    pub steps: Vec<u64>,
    /// Units of a hidden layer.
    pub width: usize,
    /// Rows in a batch.
    pub batch: usize,
    /// Generated rows at each look.
    pub generated: usize,
    /// Learning rate.
    pub rate: f64,
}

/// A rate at one look.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// The rate of the generated rows.
    pub value: f64,
    /// The same rate of held-out rows in their place, where it has one.
    pub honest: Option<f64>,
    /// The p-value of swapping training and held-out rows.
    pub p_value: Option<f64>,
}

/// How far denoisers are apart at one noise level: root mean square over noisy held-out rows and units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gap {
    /// The level, in the units of the data.
    pub sigma: f64,
    /// The network from the exact denoiser of the training rows.
    pub memory: f64,
    /// The network from the best denoiser of the data, where it is known.
    pub truth: Option<f64>,
    /// These two from each other.
    pub between: Option<f64>,
}

/// What was found after some training steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// Training steps.
    pub step: u64,
    /// The rates, in the order of [`attractor_audit::rates::RATES`].
    pub rates: [Rate; COUNT],
    /// The sliced Wasserstein distance of generated rows from fresh ones, and of as many fresh rows from the same.
    pub wasserstein: [f64; 2],
    /// Precision, recall and coverage against fresh rows.
    pub fidelity: [f64; 3],
    /// Distances of denoisers, from the lowest level to the highest.
    pub gaps: Vec<Gap>,
}

/// A network that learned N rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learned {
    /// N.
    pub count: usize,
    /// The critical levels σ_S and σ_C of the rows.
    pub critical: [Option<f64>; 2],
    /// The lowest and the highest level of training.
    pub levels: [f64; 2],
    /// The share r^D̂ of honest rows with d₁/d₂ < r, with D̂ estimated.
    pub floor: Option<f64>,
    /// What was found at each look.
    pub looks: Vec<Look>,
}

/// Noise levels at which denoisers are compared, from the lowest of training to this many spreads.
const LEVELS: usize = 14;
const HIGHEST: f64 = 4.0;

/// Noisy held-out rows at each level.
const NOISY: usize = 256;

/// Swaps for the p-values of the last look.
const SWAPS: usize = 199;

/// Fresh rows that generated ones are compared with begin here, beyond those that the rates use.
const FRESH: usize = 1 << 20;

/// A network in training, with what it is compared with.
pub struct Learner {
    plan: Plan,
    count: usize,
    seed: u64,
    source: Source,
    train: Array2<f64>,
    patterns: Patterns<f32>,
    exact: Points<f64>,
    truth: Option<Truth>,
    trainer: Trainer,
    found: Learned,
}

impl Learner {
    /// A network before training.
    ///
    /// # Errors
    /// A plan that does not fit.
    pub fn new(plan: &Plan, count: usize, seed: u64) -> Result<Self> {
        let source = plan.set.source(seed);
        let train = source.train(count);
        let wide = Patterns::new(train.clone())?;
        let patterns = Patterns::new(train.mapv(|y| y as f32))?;
        let kind = Kind::for_units(plan.set.dim());
        let architecture =
            Architecture { kind, dim: plan.set.dim(), width: plan.width, depth: kind.default_depth() };
        let steps = plan.steps.last().copied().unwrap_or(1);
        // Batches are drawn here: each row of them comes once.
        let settings = Settings { steps, repeats: 1, rate: plan.rate, seed, ..Settings::default() };
        let trainer = Trainer::new(&patterns, architecture, settings)?;
        let spread = wide.spread();
        let levels = trainer.settings().levels(plan.set.dim())?.map(|level| level * spread);
        let memory = Diffusion::on(wide.clone().into(), Sampling::default())?;
        let critical = critical_levels(&memory, wide.values())?;
        let critical = [critical.map(|c| c.speciation), critical.and_then(|c| c.collapse)];
        let found = Learned { count, critical, levels, ..Learned::default() };
        Ok(Learner {
            plan: plan.clone(),
            count,
            seed,
            truth: source.truth()?,
            source,
            train,
            patterns,
            exact: Points::new(wide),
            trainer,
            found,
        })
    }

    /// What was found so far.
    pub fn found(&self) -> &Learned {
        &self.found
    }

    /// Trains up to a number of steps, and looks.
    ///
    /// # Errors
    /// Training that diverges.
    pub fn look(&mut self, step: u64) -> Result<()> {
        while self.trainer.done() < step {
            let mut stream = Stream::new(self.seed, Purpose::Replay, self.trainer.done());
            let rows: Vec<usize> = (0..self.plan.batch).map(|_| stream.below(self.count)).collect();
            self.trainer.show(self.patterns.values().select(Axis(0), &rows).view())?;
            self.trainer.step()?;
        }
        let generated = self.generated()?;
        let (rates, floor) = self.rates(&generated, self.plan.steps.last() == Some(&step))?;
        let (wasserstein, fidelity) = self.fidelity(generated)?;
        let gaps = self.gaps()?;
        self.found.floor = floor;
        self.found.looks.push(Look { step, rates, wasserstein, fidelity, gaps });
        Ok(())
    }

    /// Free recalls.
    fn generated(&self) -> Result<Array2<f64>> {
        let memory = learned::<f32>(self.trainer.network(), self.patterns.clone(), Sampling::default())?;
        let rows: Vec<u64> = (0..self.plan.generated as u64).collect();
        let (cues, level) = memory.prior_samples(&rows, self.seed)?;
        let request = Request { level, seed: self.seed, report: false, ..Request::new(cues.view()) };
        Ok(memory.recall(&request)?.states.mapv(f64::from))
    }

    /// The rates of generated rows against training rows and as many held-out ones.
    fn rates(&self, generated: &Array2<f64>, is_last: bool) -> Result<([Rate; COUNT], Option<f64>)> {
        /// The fewest that settings allow.
        const FEW: usize = 19;
        let swaps = if is_last { SWAPS } else { FEW };
        rates(&self.train, &self.source.heldout(0, self.count), generated, swaps, self.seed)
    }

    /// How good generated rows are, against fresh rows.
    fn fidelity(&self, generated: Array2<f64>) -> Result<([f64; 2], [f64; 3])> {
        let count = self.plan.generated;
        // The digits that are held out are few: half of them stand for fresh rows, the other half for what is compared with them.
        let [first, second] = match self.plan.set {
            Set::Digits => {
                let half = count.min((1797 - self.plan.set.most()) / 2);
                [self.source.heldout(0, half), self.source.heldout(half, half)]
            }
            _ => [self.source.heldout(FRESH, count), self.source.heldout(FRESH + count, count)],
        };
        let rows = Sets {
            train: Rows::Double(first),
            generated: Rows::Double(generated),
            heldout: Some(Rows::Double(second)),
        };
        let space = attractor_audit::Space::new(&rows)?;
        let watched = fidelity::compare(&space, self.seed, &mut |_| std::ops::ControlFlow::Continue(()));
        let Some(Some(found)) = watched else { return Ok(([f64::NAN; 2], [f64::NAN; 3])) };
        let of = |f: &fidelity::Fidelity| f.wasserstein.unwrap_or(f64::NAN);
        let g = &found.generated;
        Ok(([of(g), found.train.as_ref().map_or(f64::NAN, of)], [g.precision, g.recall, g.coverage]))
    }

    /// How far the network is from the exact denoisers.
    fn gaps(&self) -> Result<Vec<Gap>> {
        let spread = self.exact.patterns().spread();
        let low = self.found.levels[0];
        let high = HIGHEST * spread;
        let network = self.trainer.network().cast::<f64>();
        let clean = match self.plan.set {
            Set::Digits => self.source.heldout(0, NOISY),
            _ => self.source.heldout(2 * FRESH, NOISY),
        };
        let mut stream = Stream::new(self.seed, Purpose::Corruption, 0);
        let noise = Array2::from_shape_simple_fn(clean.dim(), || stream.normal());
        let level = |k: usize| low * (high / low).powf(k as f64 / (LEVELS - 1) as f64);
        (0..LEVELS)
            .map(level)
            .map(|sigma| {
                let states = &clean + &(&noise * sigma);
                let levels = vec![sigma; states.nrows()];
                let own = network.denoise(states.view(), &levels)?;
                let memory = self.exact.denoise(states.view(), &levels)?;
                let apart = |a: &Array2<f64>, b: &Array2<f64>| {
                    let square: f64 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
                    (square / a.len() as f64).sqrt()
                };
                let truth = match &self.truth {
                    Some(truth) => Some(truth.denoise(states.view(), sigma)?),
                    None => None,
                };
                Ok(Gap {
                    sigma,
                    memory: apart(&own, &memory),
                    truth: truth.as_ref().map(|truth| apart(&own, truth)),
                    between: truth.as_ref().map(|truth| apart(&memory, truth)),
                })
            })
            .collect()
    }
}

/// The rates of generated rows against training and held-out rows, and the floor of f_mem.
pub fn rates(
    train: &Array2<f64>,
    heldout: &Array2<f64>,
    generated: &Array2<f64>,
    swaps: usize,
    seed: u64,
) -> Result<([Rate; COUNT], Option<f64>)> {
    let rows = Sets {
        train: Rows::Double(train.clone()),
        generated: Rows::Double(generated.clone()),
        heldout: Some(Rows::Double(heldout.clone())),
    };
    let given = Given { rows, images: None, names: Sets::default(), notes: Vec::new(), sources: Vec::new() };
    let settings = AuditSettings { swaps, windows: 0, pictures: 0, seed, ..AuditSettings::default() };
    let outcome = Audit::new(given, settings)?.audited(&mut |_, _| Ok(()))?.outcome;
    let mut rates = [Rate::default(); COUNT];
    for measured in &outcome.rates {
        rates[measured.rate] =
            Rate { value: measured.value, honest: measured.honest, p_value: measured.p_value };
    }
    Ok((rates, outcome.floor))
}

/// The cost of a plan's network in arbitrary units, for progress: weights × steps.
pub fn cost(plan: &Plan) -> f64 {
    let kind = Kind::for_units(plan.set.dim());
    let architecture =
        Architecture { kind, dim: plan.set.dim(), width: plan.width, depth: kind.default_depth() };
    let weights: usize = architecture.layers().iter().map(|layer| layer.inputs * layer.outputs).sum();
    (weights * plan.batch) as f64 * plan.steps.last().copied().unwrap_or(0) as f64
}
