//! Trains a network.

use attractor::networks::{Architecture, Network, signal};
use attractor::noise::{Purpose, Stream};
use attractor::{Error, Patterns, Preparation, Real, Result, threads};
use ndarray::ArrayView2;

use crate::adam::Adam;
use crate::backward::{Space, descend};
use crate::settings::{MOST_ROWS, Settings};

/// A network in training: its weights, the optimiser's state and the number of steps made. Everything else follows
/// from these, so training that is resumed from a file gives the same bits.
///
/// The rule is ΔW ∝ −∇_W ‖ε − s(θy + √(1−θ²)ε, θ)‖² over patterns y, noise ε and times t of θ = θ_t (Ambrogioni 2023,
/// Eq. 22, which has the opposite sign). A weight changes by what the network sees of one noisy memory and of its
/// noise, so the network learns to denoise.
///
/// ```
/// use attractor::Patterns;
/// use attractor::networks::{Architecture, Kind};
/// use attractor_networks::{Settings, Trainer};
/// use ndarray::array;
/// let patterns = Patterns::new(array![[1.0_f32, 1.0, -1.0], [-1.0, 1.0, 1.0]])?;
/// let architecture = Architecture { kind: Kind::Paper, dim: 3, width: 32, depth: 3 };
/// let mut trainer = Trainer::new(&patterns, architecture, Settings::default())?;
/// let first = trainer.step()?;
/// for _ in 1..300 {
///     trainer.step()?;
/// }
/// assert!(trainer.step()? < first);
/// # Ok::<(), attractor::Error>(())
/// ```
pub struct Trainer {
    settings: Settings,
    /// The patterns, in units of their spread.
    patterns: Vec<Vec<f32>>,
    pub(crate) network: Network<f32>,
    pub(crate) adam: Adam,
    pub(crate) done: u64,
    /// The number of an epoch, and the order in which it goes through all repeats of all patterns.
    order: Option<(u64, Vec<u32>)>,
    space: Space,
}

/// A copy goes on by itself, to the same weights as the original would.
impl Clone for Trainer {
    fn clone(&self) -> Self {
        Trainer {
            settings: self.settings,
            patterns: self.patterns.clone(),
            network: self.network.clone(),
            adam: self.adam.clone(),
            done: self.done,
            order: self.order.clone(),
            // Every step fills it anew.
            space: Space::default(),
        }
    }
}

impl Trainer {
    /// The state before the first step.
    ///
    /// # Errors
    /// A setting or size is outside its range, or the patterns are thresholded or weighted.
    pub fn new<F: Real>(
        patterns: &Patterns<F>,
        architecture: Architecture,
        settings: Settings,
    ) -> Result<Self> {
        settings.check()?;
        let levels = settings.levels(patterns.dim())?;
        let network = Network::initialized(architecture, levels, patterns.spread(), settings.seed)?;
        let adam = Adam::new(&network, settings.average > 0.0);
        Self::from_parts(patterns, settings, network, adam, 0)
    }

    /// Continues training from its parts.
    pub(crate) fn from_parts<F: Real>(
        patterns: &Patterns<F>,
        settings: Settings,
        network: Network<f32>,
        adam: Adam,
        done: u64,
    ) -> Result<Self> {
        /// Rows of a batch are counted with 32 bits.
        const MOST: usize = u32::MAX as usize;
        settings.check()?;
        settings.times(patterns.dim())?;
        if done > settings.steps {
            let expected = format!("at least the {done} steps that are done");
            return Err(Error::parameter("steps", expected, settings.steps));
        }
        if matches!(patterns.preparation(), Preparation::Spins { .. }) {
            let expected = "patterns that are not thresholded";
            return Err(Error::parameter("patterns", expected, "thresholded ones"));
        }
        if patterns.log_weights().is_some() {
            let expected = "patterns without prior weights; give a pattern several times to raise its weight";
            return Err(Error::parameter("patterns", expected, "weighted ones"));
        }
        let dim = network.architecture().dim;
        if patterns.dim() != dim {
            let cure = "use the patterns that the network learned";
            return Err(Error::shape("patterns", format!("{dim} units"), patterns.dim().to_string(), cure));
        }
        if patterns.len().saturating_mul(settings.repeats) > MOST {
            let expected = format!("at most {} for so many patterns", MOST / patterns.len());
            return Err(Error::parameter("batch-repeats", expected, settings.repeats));
        }
        let spread = network.spread();
        let row = |row: ndarray::ArrayView1<F>| row.iter().map(|y| (y.to_f64() / spread) as f32).collect();
        let patterns = patterns.values().outer_iter().map(row).collect();
        Ok(Trainer { settings, patterns, network, adam, done, order: None, space: Space::default() })
    }

    /// Shows these rows, in place of the patterns, in the steps that follow: each of them `repeats` times a batch. They
    /// are prepared, as the patterns are. It is for data that come once, such as a stream of experiences.
    ///
    /// # Errors
    /// No rows; rows of another width, or with numbers that are not finite; more than a batch can count.
    pub fn show(&mut self, rows: ArrayView2<f32>) -> Result<()> {
        let dim = self.network.architecture().dim;
        if rows.nrows() == 0 {
            return Err(Error::Empty { what: "rows to show".into(), cure: "give one or more".into() });
        }
        if rows.ncols() != dim {
            let cure = "give rows of the width of the network";
            return Err(Error::shape("rows", format!("{dim} units"), rows.ncols().to_string(), cure));
        }
        if let Some(((row, unit), value)) = rows.indexed_iter().find(|(_, v)| !v.is_finite()) {
            let (what, cure) = ("rows to show".into(), "repair or remove that row".into());
            return Err(Error::NotFinite { what, found: value.to_string(), row, unit, cure });
        }
        if rows.nrows().saturating_mul(self.settings.repeats) > u32::MAX as usize {
            let expected = format!("at most {} for so many rows", u32::MAX as usize / rows.nrows());
            return Err(Error::parameter("batch-repeats", expected, self.settings.repeats));
        }
        let spread = self.network.spread() as f32;
        self.patterns = rows.outer_iter().map(|row| row.iter().map(|y| y / spread).collect()).collect();
        self.order = None;
        Ok(())
    }

    /// The settings of training.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes the number of steps.
    ///
    /// # Errors
    /// More steps than that are already done; or the learning rate falls along a cosine, which fixes the number.
    pub fn plan(&mut self, steps: u64) -> Result<()> {
        let planned = self.settings.steps;
        if self.settings.cosine && steps != planned {
            let expected = format!("the {planned} steps along which the rate was planned to fall");
            return Err(Error::parameter("steps", expected, steps));
        }
        if steps < self.done {
            let expected = format!("at least the {} steps that are done", self.done);
            return Err(Error::parameter("steps", expected, steps));
        }
        self.settings.steps = steps;
        self.settings.check()
    }

    /// The number of steps done.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// The number of states in a batch.
    pub fn rows(&self) -> usize {
        self.slots().min(MOST_ROWS)
    }

    /// The network so far. It has the averaged weights, if they are used.
    pub fn network(&self) -> Network<f32> {
        let mut network = self.network.clone();
        for (number, average) in self.adam.average.iter().flatten().enumerate() {
            network.layer_mut(number).copy_from_slice(average);
        }
        network
    }

    /// Checks that the weights and the optimiser's state are finite, so that no file keeps others.
    ///
    /// # Errors
    /// A number is NaN or infinite.
    pub fn check(&self) -> Result<()> {
        let all = self.network.weights().iter().chain(&self.adam.first).chain(&self.adam.second).flatten();
        if all.into_iter().all(|x| x.is_finite()) {
            return Ok(());
        }
        let found = format!("weights that are not finite after step {}", self.done);
        Err(Error::parameter("rate", "one at which training converges (lower it)", found))
    }

    /// The number of repeats of all patterns.
    fn slots(&self) -> usize {
        self.patterns.len() * self.settings.repeats
    }

    /// The pattern of each row of the next batch. These are all repeats of all patterns if they fit, else the next
    /// ones in a random order.
    fn batch(&mut self) -> Vec<usize> {
        let (rows, slots, count) = (self.rows(), self.slots(), self.patterns.len());
        if rows == slots {
            return (0..rows).map(|row| row % count).collect();
        }
        let first = self.done as u128 * rows as u128;
        (0..rows as u128)
            .map(|row| {
                let (epoch, at) = ((first + row) / slots as u128, (first + row) % slots as u128);
                let epoch = epoch as u64;
                if self.order.as_ref().is_none_or(|(of, _)| *of != epoch) {
                    let mut order: Vec<u32> = (0..slots as u32).collect();
                    Stream::new(self.settings.seed, Purpose::Order, epoch).shuffle(&mut order);
                    self.order = Some((epoch, order));
                }
                self.order.as_ref().map_or(0, |(_, order)| order[at as usize] as usize % count)
            })
            .collect()
    }

    /// Makes one step of gradient descent. Returns the loss before it: the squared error, summed over units and
    /// averaged over the batch.
    ///
    /// Cost: 6 operations per weight and row.
    ///
    /// # Errors
    /// The loss is not finite.
    pub fn step(&mut self) -> Result<f64> {
        // This enters the thread pool once, rather than once for every product.
        threads::within(|| self.descend())
    }

    fn descend(&mut self) -> Result<f64> {
        let batch = self.batch();
        let (rows, architecture) = (batch.len(), *self.network.architecture());
        let (dim, conditions) = (architecture.dim, architecture.conditions());
        // The batch is made row by row, each with its own random numbers, and then transposed, since states are
        // columns.
        let mut states = std::mem::take(&mut self.space.batch[0]);
        let mut targets = std::mem::take(&mut self.space.batch[1]);
        states.resize(rows, dim + conditions + 1);
        targets.resize(rows, dim);
        let strides = (states.stride(), targets.stride());
        let [low, high] = self.settings.times(dim)?;
        let shown =
            states.numbers_mut().chunks_mut(strides.0).zip(targets.numbers_mut().chunks_mut(strides.1));
        let rows_of = batch.iter().zip(shown).enumerate();
        let tasks = rows_of.map(|(row, (pattern, (state, target)))| (row, *pattern, state, target)).collect();
        /// The cost of a normal random number, in operations.
        const OPERATIONS: f64 = 50.0;
        let one = |(row, pattern, state, target): (usize, usize, &mut [f32], &mut [f32])| {
            let id = self.done.wrapping_mul(MOST_ROWS as u64).wrapping_add(row as u64);
            let mut stream = Stream::new(self.settings.seed, Purpose::Training, id);
            let sigma = self.settings.process.sigma(low + (high - low) * stream.uniform());
            let scale = signal(sigma);
            for (unit, y) in self.patterns[pattern].iter().enumerate() {
                let (y, noise) = (f64::from(*y), stream.normal());
                state[unit] = (scale * (y + sigma * noise)) as f32;
                target[unit] = architecture.target(sigma, y, noise) as f32;
            }
            architecture.condition(sigma).zip(&mut state[dim..]).for_each(|(c, state)| *state = c as f32);
            state[dim + conditions] = 1.0;
        };
        threads::each(tasks, OPERATIONS * (rows * dim) as f64, one);

        states.transpose_into(self.space.entrance());
        self.network.forward(&mut self.space.panels);
        targets.transpose_into(&mut self.space.targets);
        self.space.batch = [states, targets];
        let (out, targets) = (&self.space.panels[self.space.panels.len() - 1], &self.space.targets);
        let slope = self.space.slope.resize(dim, rows);
        let mut loss = 0.0;
        let factor = 2.0 / rows as f32;
        for unit in 0..dim {
            let both = out.row(unit).iter().zip(targets.row(unit));
            for (slope, (out, target)) in slope.row_mut(unit).iter_mut().zip(both) {
                let error = out - target;
                loss += f64::from(error) * f64::from(error);
                *slope = factor * error;
            }
        }
        let loss = loss / rows as f64;
        if !loss.is_finite() {
            let found = format!("a loss that is not finite at step {}", self.done + 1);
            return Err(Error::parameter("rate", "one at which training converges (lower it)", found));
        }
        self.adam.prepare(self.done + 1, self.settings.rate_at(self.done + 1), self.settings.average);
        descend(&mut self.network, &mut self.space, &mut self.adam);
        self.done += 1;
        Ok(loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use attractor::networks::Kind;
    use ndarray::array;

    fn trainer(settings: Settings) -> Trainer {
        let patterns = Patterns::new(array![[1.0_f32, -1.0], [1.0, 1.0]]).expect("patterns");
        let architecture = Architecture { kind: Kind::Paper, dim: 2, width: 3, depth: 1 };
        Trainer::new(&patterns, architecture, settings).expect("a trainer")
    }

    #[test]
    fn what_runs_away_is_found_out() {
        let mut trainer = trainer(Settings::default());
        trainer.step().expect("a step");
        trainer.check().expect("numbers");
        trainer.network.layer_mut(0).fill(1e30);
        trainer.network.layer_mut(1).fill(1e30);
        assert!(trainer.step().expect_err("no loss").to_string().contains("lower it"));
        trainer.adam.second[1][0] = f32::INFINITY;
        assert!(trainer.check().expect_err("no numbers").to_string().contains("after step 1"));
    }

    #[test]
    fn the_memory_is_the_running_average_of_the_weights() {
        let mut trainer = trainer(Settings { average: 0.5, ..Settings::default() });
        let mut average: Vec<Vec<f64>> =
            trainer.network.weights().iter().map(|l| l.iter().map(|w| f64::from(*w)).collect()).collect();
        for step in 1..=6 {
            trainer.step().expect("a step");
            // The past has little weight at first: 2/11, 3/12 and so on, up to its final weight.
            let keep = f64::min(0.5, (1.0 + f64::from(step)) / (10.0 + f64::from(step)));
            for (average, weights) in average.iter_mut().zip(trainer.network.weights()) {
                for (a, w) in average.iter_mut().zip(weights) {
                    *a = keep * *a + (1.0 - keep) * f64::from(*w);
                }
            }
            for (found, expected) in
                trainer.network().weights().iter().flatten().zip(average.iter().flatten())
            {
                // Six roundings of numbers below 1 are allowed.
                assert!((f64::from(*found) - expected).abs() < 6.0 * f64::from(f32::EPSILON), "at {step}");
            }
        }
    }
}
