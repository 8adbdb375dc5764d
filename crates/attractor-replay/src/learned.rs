//! Replay in a score network: what is recalled is trained on.

use attractor::diffusion::Sampling;
use attractor::memories::learned;
use attractor::networks::{Architecture, Kind};
use attractor::noise::{Purpose, Stream};
use attractor::{Level, Memory, Patterns, Request};
use attractor_networks::{Settings, Trainer};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, concatenate};

use crate::error::Result;
use crate::urn::{draws, sharpened};

/// What a network is taught in replays, besides the stream of new experiences.
#[derive(Clone, Debug, PartialEq)]
pub enum Teacher {
    /// Nothing: replay is prevented.
    Nothing,
    /// Free recalls of the network itself.
    SelfSampled,
    /// Free recalls, each chosen from a larger pool with probability ∝ (number of recalls near it)^(γ−1), so that a
    /// state of probability p is replayed with probability ∝ p^γ.
    Power(f64),
    /// Recalls of a random half of the event's units, each time another half. The network generates the others.
    Cued,
    /// Recalls of these units of the event, the same each time. The network generates the others.
    Core(Vec<bool>),
    /// The event itself, as stored elsewhere.
    Whole,
}

/// The settings of a learned replay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearnedSettings {
    /// Width of the three hidden layers.
    pub width: usize,
    /// Copies of each row in a step, each with noise of its own.
    pub repeats: usize,
    /// Learning rate of Adam.
    pub rate: f64,
    /// Steps of training in a round.
    pub steps: usize,
    /// New experiences in a step. Each is shown in one step only.
    pub fresh: usize,
    /// Replays in a step. They are made before the round, and each is shown in one step only.
    pub replays: usize,
    /// Seed.
    pub seed: u64,
}

/// A score network that learns a stream of experiences, each once, and what it recalls itself.
///
/// All is learned by one rule, Eq. 22 of Ambrogioni (2023): a density and an event differ only in how often they come.
///
/// Cost of a round: `steps` steps of training on (fresh + replays) · repeats rows, and steps · replays recalls.
#[derive(Clone)]
pub struct LearnedReplay {
    trainer: Trainer,
    patterns: Patterns<f32>,
    event: Array1<f32>,
    settings: LearnedSettings,
    rounds: u64,
}

impl LearnedReplay {
    /// A network before training. `patterns` give the scale, and are what reports compare recalled states with; the
    /// network does not see them.
    ///
    /// # Errors
    /// A setting outside its range; an event of another width.
    pub fn new(patterns: Patterns<f32>, event: ArrayView1<f32>, settings: LearnedSettings) -> Result<Self> {
        let architecture =
            Architecture { kind: Kind::Paper, dim: patterns.dim(), width: settings.width, depth: 3 };
        /// More steps than any protocol makes.
        const STEPS: u64 = 1_000_000_000;
        let training = Settings {
            steps: STEPS,
            repeats: settings.repeats,
            rate: settings.rate,
            average: 0.99,
            seed: settings.seed,
            ..Settings::default()
        };
        let trainer = Trainer::new(&patterns, architecture, training)?;
        if event.len() != patterns.dim() {
            let expected = format!("{} units", patterns.dim());
            let cure = "give an event of the width of the patterns";
            return Err(attractor::Error::shape("event", expected, event.len().to_string(), cure).into());
        }
        Ok(LearnedReplay { trainer, patterns, event: event.to_owned(), settings, rounds: 0 })
    }

    /// Learns these rows in one step. Returns the loss.
    ///
    /// # Errors
    /// Rows of another width or not finite; a loss that is not finite.
    pub fn learn(&mut self, rows: ArrayView2<f32>) -> Result<f64> {
        self.trainer.show(rows)?;
        Ok(self.trainer.step()?)
    }

    /// The memory that the network is now.
    ///
    /// # Errors
    /// None that training without errors leaves.
    pub fn memory(&self) -> Result<Box<dyn Memory<f32>>> {
        Ok(learned(self.trainer.network(), self.patterns.clone(), Sampling::default())?)
    }

    /// Free recalls of the network.
    ///
    /// # Errors
    /// Those of the recall.
    pub fn imagined(&self, count: usize, seed: u64) -> Result<Array2<f32>> {
        let memory = self.memory()?;
        let rows: Vec<u64> = (0..count as u64).collect();
        let (cues, level) = memory.prior_samples(&rows, seed)?;
        let request = Request { level, seed, report: false, ..Request::new(cues.view()) };
        Ok(memory.recall(&request)?.states)
    }

    /// One round: makes the replays from the network as it is, and trains on them and on the stream. `stream` gives
    /// this many new experiences. Returns the replays.
    ///
    /// # Errors
    /// Those of recall and training.
    pub fn round(
        &mut self,
        teacher: &Teacher,
        stream: &mut dyn FnMut(usize) -> Array2<f32>,
    ) -> Result<Array2<f32>> {
        self.rounds += 1;
        let LearnedSettings { steps, fresh, replays, .. } = self.settings;
        let replayed = self.replays(teacher, steps * replays)?;
        for step in 0..steps {
            let new = stream(fresh);
            let own = replayed.nrows() / steps;
            let rows = replayed.slice(ndarray::s![step * own..(step + 1) * own, ..]);
            let rows = concatenate(Axis(0), &[new.view(), rows]).expect("rows of one width");
            self.learn(rows.view())?;
        }
        Ok(replayed)
    }

    /// The seed of the recalls of this round.
    fn seed(&self) -> u64 {
        self.settings.seed.wrapping_mul(1_000_003).wrapping_add(self.rounds)
    }

    fn replays(&self, teacher: &Teacher, count: usize) -> Result<Array2<f32>> {
        let dim = self.event.len();
        let whole = || Array2::from_shape_fn((count, dim), |(_, j)| self.event[j]);
        match teacher {
            Teacher::Nothing => Ok(Array2::zeros((0, dim))),
            Teacher::Whole => Ok(whole()),
            Teacher::SelfSampled => self.imagined(count, self.seed()),
            Teacher::Power(exponent) => self.sharpened(count, *exponent),
            Teacher::Cued => {
                let mut stream = Stream::new(self.seed(), Purpose::Replay, 0);
                let known = Array2::from_shape_simple_fn((count, dim), || stream.uniform() < 0.5);
                self.completed(whole(), known)
            }
            Teacher::Core(units) => {
                self.completed(whole(), Array2::from_shape_fn((count, dim), |(_, j)| units[j]))
            }
        }
    }

    /// Recalls with some units known. The noise of the others begins with each row's own random numbers, so that the
    /// network samples them.
    fn completed(&self, cues: Array2<f32>, known: Array2<bool>) -> Result<Array2<f32>> {
        let sampling = Sampling { sampler: attractor::diffusion::Sampler::Ancestral, ..Sampling::default() };
        let memory = learned::<f32>(self.trainer.network(), self.patterns.clone(), sampling)?;
        let request = Request {
            known: Some(known.view()),
            level: Level::Estimate,
            seed: self.seed(),
            report: false,
            ..Request::new(cues.view())
        };
        Ok(memory.recall(&request)?.states)
    }

    /// Free recalls, chosen by how many others are near them.
    fn sharpened(&self, count: usize, exponent: f64) -> Result<Array2<f32>> {
        /// The size of the pool, in replays.
        const POOL: usize = 4;
        /// Recalls at most this far apart count as the same: root mean square over units, in spreads.
        const NEAR: f64 = 0.25;
        let pool = self.imagined(POOL * count, self.seed())?;
        let most = (NEAR * self.patterns.spread()).powi(2) * pool.ncols() as f64;
        let near = |a: ArrayView1<f32>| {
            let is_near = |b: &ArrayView1<f32>| {
                a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() <= most
            };
            pool.outer_iter().filter(is_near).count() as f64
        };
        let weights: Vec<f64> = pool.outer_iter().map(|row| near(row).powf(exponent - 1.0)).collect();
        let mut stream = Stream::new(self.seed(), Purpose::Replay, 1);
        let drawn = draws(&sharpened(&weights, 1.0), count, &mut stream);
        let rows: Vec<usize> =
            drawn.iter().enumerate().flat_map(|(row, n)| std::iter::repeat_n(row, *n as usize)).collect();
        let mut rows = rows;
        stream.shuffle(&mut rows);
        Ok(pool.select(Axis(0), &rows))
    }
}
