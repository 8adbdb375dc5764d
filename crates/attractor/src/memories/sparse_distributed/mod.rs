//! Kanerva's sparse distributed memory.

mod options;
mod theory;
mod update;

use options::LOCATIONS;
pub(super) use options::{CARD, build};
pub use options::{Radius, SparseOptions};

pub use update::SparseDistributedUpdate;

use std::collections::HashMap;
use std::sync::OnceLock;

use ndarray::{Array2, ArrayView2};

use self::theory::{Binomial, Theory, best_activation};
use super::{
    Abilities, Describe, HardLocations, Keep, Learned, MemoryModel, RecallPath, Request, Weights, check_signs,
};
use crate::dynamics::{ReadOut, Tie};
use crate::error::{Error, Result, check_width};
use crate::kernels::{Counters, Queries, near_in};
use crate::message;
use crate::message::{Argument, Message};
use crate::noise::{Purpose, Stream};
use crate::patterns::{EIGHT, Packed, Patterns};
use crate::real::Real;
use crate::threads;

/// Sparse distributed memory (Kanerva 1988). Words are written to all hard locations near an address, and read from
/// them.
///
/// M hard locations have random addresses a of D bits and a counter c_aj for each unit. Writing y adds it to the
/// counters of every location within Hamming distance R of y; reading x sums the counters of the locations within
/// R of x, and takes signs:
///
/// ```text
/// c_a ← c_a + y  where d(a, y) ≤ R        x_j ← sign Σ_{a: d(a, x) ≤ R} c_aj
/// ```
///
/// The word that is read becomes the next address, until it settles. A unit keeps its value if its sum is 0, unless ties are to be +1 or 0. A state that
/// no location is near keeps all of its units, with the outcome [`Undefined`](crate::Outcome::Undefined). Counters stop at ±(2^(b−1) − 1). Only the signs of patterns
/// and cues count. A unit of 0 is unknown: distances leave it out, and use the radius within which the same share p
/// of locations lies over the remaining units. There is no energy: reading counters does not descend a landscape, and
/// may cycle.
///
/// **Associated vectors** of ±1 are written beside the patterns, at the same addresses. States are recalled as
/// without them, and the vectors are read where the states end (a tie gives 0). With 0 updates they are read at the
/// cues.
///
/// A location is active with probability p = P(Binomial(D, ½) ≤ R). [`capacity`](Self::capacity) gives the number of
/// words that can then be told apart. Cost: M⌈D/64⌉ words compared and pMD counters added for each update and cue.
/// Memory: M(D/8 + D·b/8) bytes.
///
/// ```
/// use attractor::{Patterns, memories::{Memory, Request, SparseDistributed, SparseOptions}};
/// use ndarray::array;
/// let word = array![[1.0_f32, 1.0, 1.0, -1.0, -1.0, -1.0, 1.0, -1.0]];
/// let memory = SparseDistributed::new(Patterns::new(word.clone())?, SparseOptions::default())?;
/// // One word in 10,000 locations: p = 20,000^(−1/3) = 0.037, and R = 2 reaches 37/256.
/// assert_eq!((memory.radius(), memory.activation()), (2, 37.0 / 256.0));
/// let mut cue = word.clone();
/// cue[[0, 3]] = 1.0;
/// assert_eq!(memory.recall(&Request::new(cue.view()))?.states, word);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SparseDistributed<F> {
    patterns: Patterns<F>,
    locations: Packed,
    radius: usize,
    activation: f64,
    counters: Counters,
    tie: Tie,
    /// Whether the addresses were given.
    given: bool,
    theory: OnceLock<Theory>,
}

impl<F: Real> SparseDistributed<F> {
    /// Stores patterns in random locations.
    ///
    /// # Errors
    /// No locations, more than 2³² − 1 or than fit in memory; a radius, a probability or a number of bits outside
    /// its range; associated vectors that are not ±1.
    pub fn new(patterns: Patterns<F>, options: SparseOptions) -> Result<Self> {
        LOCATIONS.check("locations", options.locations as u64)?;
        let counters = empty(&patterns, options.locations, options.counters)?;
        let radius = radius(&patterns, options.locations, options.radius)?;
        let locations = random_locations(options.locations, patterns.dim(), options.location_seed)?;
        Self::store(patterns, locations, radius, counters)
    }

    /// Stores patterns in these locations (M × D), given as addresses of ±1, or of 0 and 1. The number of locations
    /// and the seed in the options are ignored.
    ///
    /// # Errors
    /// Those of [`new`](Self::new); addresses of another width than the patterns, or no addresses.
    pub fn at(patterns: Patterns<F>, locations: ArrayView2<F>, options: SparseOptions) -> Result<Self> {
        check_width("locations", locations.ncols(), patterns.dim())?;
        if locations.is_empty() {
            let cure = "give an M × D array with M ≥ 1 addresses".to_owned();
            return Err(Error::Empty { what: "locations".to_owned(), cure: cure.into() });
        }
        let counters = empty(&patterns, locations.nrows(), options.counters)?;
        let radius = radius(&patterns, locations.nrows(), options.radius)?;
        Ok(SparseDistributed {
            given: true,
            ..Self::store(patterns, Packed::from_signs(locations), radius, counters)?
        })
    }

    /// Sets what a unit becomes whose sum is 0.
    pub fn with_tie(self, tie: Tie) -> Self {
        SparseDistributed { tie, ..self }
    }

    fn store(patterns: Patterns<F>, locations: Packed, radius: usize, counters: Counters) -> Result<Self> {
        let activation = Binomial::new(patterns.dim()).at_most(radius);
        let mut memory = SparseDistributed {
            patterns,
            locations,
            radius,
            activation,
            counters,
            tie: Tie::default(),
            given: false,
            theory: OnceLock::new(),
        };
        let patterns = &memory.patterns;
        let sign = |v: &F| i8::from(*v > F::ZERO) - i8::from(*v < F::ZERO);
        let mut data = Vec::with_capacity(patterns.len() * memory.counters.width());
        for (n, word) in patterns.values().outer_iter().enumerate() {
            data.extend(word.iter().map(sign));
            if let Some(values) = patterns.associated() {
                data.extend(values.row(n).iter().map(sign));
            }
        }
        let (queries, limits) = memory.addresses(patterns.values());
        memory.counters.write(&memory.locations, &queries, &limits, &data);
        Ok(memory)
    }

    /// The addresses of the hard locations, M × D bits.
    pub fn locations(&self) -> &Packed {
        &self.locations
    }

    /// The radius R.
    pub fn radius(&self) -> usize {
        self.radius
    }

    /// The probability p that a random location lies within the radius.
    pub fn activation(&self) -> f64 {
        self.activation
    }

    /// The counters of the patterns' units, M × D.
    pub fn counters(&self) -> Array2<i32> {
        self.counters.to_array(0..self.patterns.dim())
    }

    /// The counters of the associated vectors, M × Dv.
    pub fn value_counters(&self) -> Option<Array2<i32>> {
        self.patterns.associated().map(|_| self.counters.to_array(self.patterns.dim()..self.counters.width()))
    }

    /// The locations that are active at (prepared) states, in rising order.
    ///
    /// # Errors
    /// States of the wrong width.
    pub fn active(&self, states: ArrayView2<F>) -> Result<Vec<Vec<u32>>> {
        check_width("states", states.ncols(), self.patterns.dim())?;
        let mut active = Vec::with_capacity(states.nrows());
        self.each_active(states, |some| active.extend(some));
        Ok(active)
    }

    /// The sums of the active locations' counters at (prepared) states, B × D.
    ///
    /// # Errors
    /// States of the wrong width.
    pub fn fields(&self, states: ArrayView2<F>) -> Result<Array2<i64>> {
        check_width("states", states.ncols(), self.patterns.dim())?;
        Ok(self.sums(states, 0..self.patterns.dim()))
    }

    /// The probability that a bit is read right at its word's own address, when this many random words with random
    /// data are stored in random locations. A tie counts half.
    ///
    /// Here a ~ Binomial(M, p) is the number of active locations, and ⟨p₂²⟩ is the mean square of the probability
    /// that a location is active for two random words:
    ///
    /// ```text
    /// Σ_a P(a) Φ( a / √((T − 1) (a p + a (a − 1) ⟨p₂²⟩ / p²)) )
    /// ```
    ///
    /// This assumes that no counter reaches its limit. Words that are their own data (no associated vectors) read
    /// better than that, whether stored or not, because the counters of a location grow towards its own address.
    pub fn fidelity(&self, words: usize) -> f64 {
        self.theory().fidelity(words as f64)
    }

    /// The number of random words that can be stored if a bit should be read right with this probability (0.5 to 1):
    /// the largest T that [`fidelity`](Self::fidelity) allows.
    ///
    /// This is about M/z² − 3/(2p) words for a fidelity of Φ(z), since Kanerva's ρ² is M/(T + 3/(2p)) at the best p.
    ///
    /// # Errors
    /// A probability outside (0.5, 1).
    pub fn capacity(&self, fidelity: f64) -> Result<usize> {
        if !(fidelity > 0.5 && fidelity < 1.0) {
            return Err(Error::parameter("fidelity", "a probability between 0.5 and 1", fidelity));
        }
        Ok(self.theory().capacity(fidelity) as usize)
    }

    fn theory(&self) -> &Theory {
        self.theory.get_or_init(|| Theory::new(self.locations.len(), self.patterns.dim(), self.radius))
    }

    /// The update rule as a dynamics.
    pub fn dynamics(&self) -> SparseDistributedUpdate<'_, F> {
        SparseDistributedUpdate { memory: self }
    }

    /// States as addresses, and the radius for each. [`SparseDistributed`] says how units of 0 are treated.
    fn addresses(&self, states: ArrayView2<F>) -> (Queries, Vec<u32>) {
        let signs = Packed::from_signs(states);
        if states.iter().all(|x| *x != F::ZERO) {
            return (Queries::new(&signs, None), vec![self.radius as u32; states.nrows()]);
        }
        let known = Packed::from_known(states);
        let mut radii = HashMap::from([(self.patterns.dim(), self.radius as u32)]);
        let limits = (0..states.nrows()).map(|row| {
            let units = known.ones(row);
            *radii.entry(units).or_insert_with(|| Binomial::new(units).quantile(self.activation) as u32)
        });
        let limits = limits.collect();
        (Queries::new(&signs, Some(&known)), limits)
    }

    /// Calls `f` with the active locations of a few states at a time, each list in rising order.
    fn each_active(&self, states: ArrayView2<F>, mut f: impl FnMut(Vec<Vec<u32>>)) {
        /// The number of queries that share one pass over the locations.
        const BLOCK: usize = 64;
        /// The smallest number of groups (of eight locations) in a range, and the largest number of ranges.
        const GROUPS: usize = 1024;
        const RANGES: usize = 64;
        /// The largest number of active locations held at a time, unless a single block has more: 256 MiB.
        const HELD: usize = 1 << 26;
        let (groups, b) = (self.locations.len().div_ceil(EIGHT), states.nrows());
        let (queries, limits) = self.addresses(states);
        let length = groups.div_ceil(RANGES).max(GROUPS);
        let ranges = groups.div_ceil(length);
        let held = (HELD / self.locations.len() / BLOCK).clamp(1, 64) * BLOCK;
        for start in (0..b).step_by(held) {
            let end = b.min(start + held);
            let blocks = (end - start).div_ceil(BLOCK);
            let work = ((end - start) * groups * EIGHT * self.locations.words()) as f64;
            let found = threads::map(blocks * ranges, work, |task| {
                let (block, range) = (start + task / ranges * BLOCK, task % ranges * length);
                let range = range..groups.min(range + length);
                near_in(&self.locations, range, &queries, block..end.min(block + BLOCK), &limits)
            });
            let of = |row: usize| {
                let parts = &found[row / BLOCK * ranges..][..ranges];
                parts.iter().flat_map(|part| &part[row % BLOCK]).copied().collect()
            };
            f((0..end - start).map(of).collect());
        }
    }

    /// Sums some columns of the counters of the active locations.
    fn sums(&self, states: ArrayView2<F>, columns: std::ops::Range<usize>) -> Array2<i64> {
        let mut sums = Vec::with_capacity(states.nrows() * columns.len());
        self.each_active(states, |active| {
            let work = active.iter().map(Vec::len).sum::<usize>() * columns.len();
            let add = |row: usize| self.counters.sums(&active[row], columns.clone());
            threads::map(active.len(), work as f64, add).iter().for_each(|row| sums.extend(row));
        });
        Array2::from_shape_vec((states.nrows(), columns.len()), sums).expect("one row a state")
    }
}

/// Empty counters for the patterns and their associated vectors.
fn empty<F: Real>(patterns: &Patterns<F>, locations: usize, bits: u32) -> Result<Counters> {
    if !(2..=32).contains(&bits) {
        return Err(Error::parameter("counters", "2 to 32 bits", bits));
    }
    if let Some(values) = patterns.associated() {
        check_signs("values", values)?;
    }
    let width = patterns.dim() + patterns.associated().map_or(0, |v| v.ncols());
    Counters::new(locations, width, bits).ok_or_else(|| {
        let gigabytes = locations as f64 * width as f64 * f64::from(Counters::bytes(bits)) / 1e9;
        let found = format!("{locations}, which take {gigabytes:.0} GB");
        Error::parameter("locations", "as many as fit in memory with their counters", found)
    })
}

fn radius<F: Real>(patterns: &Patterns<F>, locations: usize, radius: Radius) -> Result<usize> {
    let dim = patterns.dim();
    let probability = match radius {
        Radius::Bits(bits) if (1..=dim).contains(&bits) => return Ok(bits),
        Radius::Bits(bits) => {
            let range = format!("auto, or a whole number from 1 to {dim}, the units of a pattern");
            return Err(Error::parameter("radius", range, bits));
        }
        Radius::Activation(p) if p > 0.0 && p < 1.0 => p,
        Radius::Activation(p) => {
            return Err(Error::parameter("activation", "auto, or a probability between 0 and 1", p));
        }
        Radius::Auto => best_activation(locations, patterns.len()),
    };
    Ok(Binomial::new(dim).quantile(probability).max(1))
}

/// Random addresses. Those of row n depend only on the seed and n.
fn random_locations(count: usize, dim: usize, seed: u64) -> Result<Packed> {
    let mut locations = Packed::new(count, dim);
    let words = locations.words();
    /// The number of rows drawn in one task.
    const ROWS: usize = 1 << 12;
    let drawn = threads::map(count.div_ceil(ROWS), (count * (words + 8)) as f64 * 32.0, |task| {
        let rows = task * ROWS..count.min((task + 1) * ROWS);
        let mut drawn = Vec::with_capacity(rows.len() * words);
        for row in rows {
            let mut stream = Stream::new(seed, Purpose::Locations, row as u64);
            drawn.extend((0..words).map(|_| stream.bits()));
        }
        drawn
    });
    for (n, line) in drawn.iter().flat_map(|part| part.chunks_exact(words)).enumerate() {
        line.iter().enumerate().for_each(|(k, &word)| locations.set_word(n, k, word));
    }
    Ok(locations)
}

impl<F: Real> MemoryModel<F> for SparseDistributed<F> {
    fn name(&self) -> &'static str {
        CARD.name
    }

    fn dim(&self) -> usize {
        self.patterns.dim()
    }

    fn abilities(&self) -> Abilities<'_, F> {
        Abilities {
            landscape: Err(
                "reading sums of counters lowers no function of the state; hopfield and dense have one"
                    .into(),
            ),
            spins: true,
            describe: Some(self),
            keep: Some(self),
            locations: Some(self),
            ..Abilities::of_patterns(&self.patterns)
        }
    }

    fn path(&self, _request: &Request<F>) -> Result<RecallPath<'_, F>> {
        Ok(RecallPath::to_rest(Box::new(self.dynamics()), 0.0, None))
    }

    fn read_out(&self, states: ArrayView2<F>, _top: usize) -> Result<ReadOut<F>> {
        let sums = |_| self.sums(states, self.patterns.dim()..self.counters.width());
        let values = self.patterns.associated().map(sums);
        let values = values.map(|sums| sums.mapv(|h| F::from_f64(h.signum() as f64)));
        Ok(ReadOut { values, ..ReadOut::default() })
    }
}

impl<F: Real> Keep for SparseDistributed<F> {
    /// Addresses that were given. Random ones follow from their seed.
    fn learned(&self) -> Option<Learned> {
        let addresses = self.given.then(|| HardLocations::<F>::addresses(self))?;
        Some(Learned { patterns: self.patterns.len(), weights: Weights::Addresses(addresses) })
    }
}

impl<F: Real> HardLocations<F> for SparseDistributed<F> {
    fn addresses(&self) -> Array2<bool> {
        let (locations, dim) = (&self.locations, self.patterns.dim());
        Array2::from_shape_fn((locations.len(), dim), |(a, j)| locations.word(a, j / 64) >> (j % 64) & 1 == 1)
    }

    fn radius(&self) -> usize {
        self.radius
    }

    fn counters(&self) -> Array2<i32> {
        self.counters.to_array(0..self.counters.width())
    }

    fn sums(&self, states: ArrayView2<F>) -> Result<Array2<i64>> {
        check_width("states", states.ncols(), self.patterns.dim())?;
        Ok(self.sums(states, 0..self.counters.width()))
    }
}

impl<F: Real> Describe for SparseDistributed<F> {
    fn notes(&self) -> Vec<Message> {
        let m = self.locations.len();
        let text = format!(
            "radius {} of {} bits: a location is active with probability {:.3e}, {:.1} of {m} on average",
            self.radius,
            self.patterns.dim(),
            self.activation,
            self.activation * m as f64
        );
        vec![text.into()]
    }

    fn warnings(&self) -> Vec<Message> {
        /// The share of right bits at which a word counts as found.
        const RIGHT: f64 = 0.99;
        let (m, n) = (self.locations.len(), self.patterns.len());
        let held = self.theory().capacity(RIGHT) as usize;
        if held >= n {
            return Vec::new();
        }
        vec![message![
            format!(
                "{n} patterns are stored in {m} locations, which hold {held} random words with {:.0} % of bits right; give more ",
                100.0 * RIGHT
            ),
            Argument::option("locations")
        ]]
    }
}
