//! Sparse distributed memory against its definition, unit by unit, and against what it should hold.
#![allow(missing_docs)]

use attractor::kernels::hamming;
use attractor::memories::{Memory, Radius, SparseDistributed, SparseOptions, Spec};
use attractor::noise::{Purpose, Stream};
use attractor::patterns::Packed;
use attractor::{Outcome, Patterns, Request};
use ndarray::{Array2, ArrayView1, array, s};

fn spins(n: usize, dim: usize, seed: u64) -> Array2<f32> {
    let mut stream = Stream::new(seed, Purpose::Patterns, 0);
    Array2::from_shape_fn((n, dim), |_| if stream.uniform() < 0.5 { 1.0 } else { -1.0 })
}

/// P(Binomial(n, ½) ≤ k) by whole numbers, for n up to 120.
fn at_most(n: usize, k: usize) -> f64 {
    let (mut coefficient, mut sum) = (1_u128, 1_u128);
    for i in 1..=k.min(n) {
        coefficient = coefficient * (n - i + 1) as u128 / i as u128;
        sum += coefficient;
    }
    sum as f64 / 2.0_f64.powi(n as i32)
}

/// The memory as one would write it first: no bits, no lists, no types.
struct Plain {
    locations: Array2<f32>,
    radius: usize,
    counters: Array2<i32>,
}

impl Plain {
    fn store(
        locations: &Array2<f32>,
        radius: usize,
        bits: u32,
        words: &Array2<f32>,
        data: &Array2<f32>,
    ) -> Plain {
        let counters = Array2::zeros((locations.nrows(), data.ncols()));
        let mut plain = Plain { locations: locations.clone(), radius, counters };
        let limit = (1_i64 << (bits - 1)) as i32 - 1;
        for (word, data) in words.outer_iter().zip(data.outer_iter()) {
            for a in plain.active(word) {
                for (j, bit) in data.iter().enumerate() {
                    let sum = plain.counters[[a, j]] + *bit as i32;
                    plain.counters[[a, j]] = sum.clamp(-limit, limit);
                }
            }
        }
        plain
    }

    fn active(&self, word: ArrayView1<f32>) -> Vec<usize> {
        let known = word.iter().filter(|x| **x != 0.0).count();
        let radius = if known == word.len() {
            self.radius
        } else {
            let share = at_most(word.len(), self.radius);
            (0..=known).find(|&k| at_most(known, k) >= share * (1.0 - 1e-12)).expect("at least all")
        };
        let differs = |a: usize| {
            let pairs = word.iter().zip(self.locations.row(a));
            pairs.filter(|(x, y)| **x != 0.0 && (**x > 0.0) != (**y > 0.0)).count()
        };
        (0..self.locations.nrows()).filter(|&a| differs(a) <= radius).collect()
    }

    fn read(&self, word: ArrayView1<f32>) -> Vec<i64> {
        let active = self.active(word);
        (0..self.counters.ncols())
            .map(|j| active.iter().map(|&a| i64::from(self.counters[[a, j]])).sum())
            .collect()
    }
}

#[test]
fn it_is_what_is_written_unit_by_unit() {
    for (dim, radius, bits) in [(1, 1, 8), (21, 7, 2), (63, 26, 3), (64, 27, 8), (65, 28, 9), (100, 44, 20)] {
        let (locations, words, values) = (spins(333, dim, 1), spins(40, dim, 2), spins(40, 9, 3));
        let options =
            SparseOptions { radius: Radius::Bits(radius), counters: bits, ..SparseOptions::default() };
        let patterns = Patterns::new(words.clone()).expect("patterns");
        let patterns = patterns.with_associated(values.clone()).expect("values");
        let memory = SparseDistributed::at(patterns, locations.view(), options).expect("a memory");
        assert_eq!(memory.locations().to_signs::<f32>(), locations);
        let plain = Plain::store(&locations, radius, bits, &words, &words);
        let answers = Plain::store(&locations, radius, bits, &words, &values);
        assert_eq!(memory.counters(), plain.counters, "{dim} units, {bits} bits");
        assert_eq!(memory.value_counters(), Some(answers.counters.clone()), "{dim} units, {bits} bits");

        // A fifth of the bits flipped, a fifth unknown; then all known.
        let mut noise = Stream::new(4, Purpose::Corruption, 0);
        let mut cues = ndarray::concatenate![ndarray::Axis(0), words, words];
        cues.slice_mut(s![..40, ..]).mapv_inplace(|x| match noise.below(5) {
            0 => -x,
            1 => 0.0,
            _ => x,
        });
        let active = memory.active(cues.view()).expect("lists");
        let fields = memory.fields(cues.view()).expect("sums");
        let once = Request { updates: Some(1), ..Request::new(cues.view()) };
        let recall = memory.recall(&once).expect("a recall");
        let read = memory.recall(&Request { updates: Some(0), ..once }).expect("a recall");
        let read = read.values.expect("values");
        for (b, cue) in cues.outer_iter().enumerate() {
            let expected: Vec<u32> = plain.active(cue).iter().map(|&a| a as u32).collect();
            assert_eq!(active[b], expected, "{dim} units, cue {b}");
            assert_eq!(fields.row(b).to_vec(), plain.read(cue), "{dim} units, cue {b}");
            let sign = |(h, x): (i64, &f32)| if h == 0 { *x } else { h.signum() as f32 };
            let expected: Vec<f32> = plain.read(cue).into_iter().zip(cue).map(sign).collect();
            assert_eq!(recall.states.row(b).to_vec(), expected, "{dim} units, cue {b}");
            let expected: Vec<f32> = answers.read(cue).iter().map(|h| h.signum() as f32).collect();
            assert_eq!(read.row(b).to_vec(), expected, "{dim} units, cue {b}");
        }
    }
}

/// As a similarity, a separation and a projection: equal bits with each address, those of at least D − R, counters.
#[test]
fn reading_is_a_threshold_of_hamming_similarity() {
    let options = SparseOptions { locations: 3000, ..SparseOptions::default() };
    let words = spins(30, 96, 5);
    let memory = SparseDistributed::new(Patterns::new(words.clone()).expect("patterns"), options);
    let memory = memory.expect("a memory");
    let distances = hamming(&Packed::from_signs(words.view()), memory.locations());
    let weights = distances.mapv(|d| i64::from(96 - d as usize >= 96 - memory.radius()));
    let expected = weights.dot(&memory.counters().mapv(i64::from));
    assert_eq!(memory.fields(words.view()).expect("sums"), expected);
}

#[test]
fn the_radius_is_the_smallest_that_reaches_the_probability() {
    for (dim, p) in [(6, 0.02), (21, 0.5), (64, 1e-3), (100, 0.01), (120, 1e-6), (1, 0.9)] {
        let options =
            SparseOptions { locations: 10, radius: Radius::Activation(p), ..SparseOptions::default() };
        let memory = SparseDistributed::new(Patterns::new(spins(2, dim, 1)).expect("patterns"), options);
        let memory = memory.expect("a memory");
        let expected = (1..=dim).find(|&r| at_most(dim, r) >= p).expect("all are near enough");
        assert_eq!(memory.radius(), expected, "{dim} units, p = {p}");
        let exact = at_most(dim, expected);
        assert!((memory.activation() / exact - 1.0).abs() < 1e-12, "{dim} units: {}", memory.activation());
    }
}

#[test]
fn counters_stop_at_their_limits() {
    let word = array![[1.0_f32, -1.0, 1.0, 1.0]];
    let often = word.broadcast((200, 4)).expect("repeated").to_owned();
    for (bits, limit) in [(2, 1), (3, 3), (7, 63), (8, 127), (9, 200), (32, 200)] {
        let options = SparseOptions { radius: Radius::Bits(1), counters: bits, ..SparseOptions::default() };
        let patterns = Patterns::new(often.clone()).expect("patterns");
        let memory = SparseDistributed::at(patterns, word.view(), options).expect("a memory");
        assert_eq!(memory.counters(), word.mapv(|x| x as i32 * limit), "{bits} bits");
        // What came last goes first: one opposite word takes one step back from the limit.
        let mut then = often.clone();
        then.row_mut(199).assign(&array![-1.0, -1.0, 1.0, 1.0]);
        let memory = SparseDistributed::at(Patterns::new(then).expect("patterns"), word.view(), options);
        let expected = if limit == 200 { 198 } else { limit - 1 };
        assert_eq!(memory.expect("a memory").counters()[[0, 0]], expected, "{bits} bits");
    }
}

/// Random data at random addresses: the share of bits read right, of 128 bits a word in four memories, against
/// the formula.
#[test]
fn it_holds_as_many_words_as_it_says() {
    /// The noise is a sum over T words that share very different numbers of locations, so it is not quite normal:
    /// at T = 20 to 2,000 that moves the share of wrong bits by up to a quarter, and by no more than 0.01.
    const QUARTER: f64 = 0.25;
    const MOST: f64 = 0.01;
    for (dim, locations, p) in [(256, 2000, 0.01), (64, 4000, 0.02), (128, 1000, 0.05)] {
        let memory = |words: usize, seed: u64| {
            let radius = Radius::Activation(p);
            let options = SparseOptions { locations, location_seed: seed, radius, counters: 16 };
            let patterns = Patterns::new(spins(words, dim, 2 * seed + 1)).expect("patterns");
            let patterns = patterns.with_associated(spins(words, 128, 2 * seed + 2)).expect("values");
            SparseDistributed::new(patterns, options).expect("a memory")
        };
        for fidelity in [0.999, 0.99, 0.95, 0.8] {
            let words = memory(1, 0).capacity(fidelity).expect("a number");
            let (mut right, mut all) = (0.0, 0.0);
            for seed in 0..4 {
                let memory = memory(words, seed);
                let formula = (memory.fidelity(words), memory.fidelity(words + 1));
                assert!(formula.0 >= fidelity && formula.1 < fidelity, "{words}: {formula:?}");
                let patterns = memory.patterns().expect("patterns");
                let read = Request { updates: Some(0), ..Request::new(patterns.values()) };
                let values = memory.recall(&read).expect("a recall").values.expect("values");
                let truth = patterns.associated().expect("values");
                right += values.iter().zip(truth).map(|(v, t)| f64::from(0.5 * (1.0 + v * t))).sum::<f64>();
                all += values.len() as f64;
            }
            let measured = right / all;
            println!(
                "{dim} bits, {locations} locations, p {p}: {words} words at {fidelity}, read {measured:.4}"
            );
            let allowed = f64::min(QUARTER * (1.0 - fidelity), MOST);
            assert!((measured - fidelity).abs() < allowed, "{dim}, {fidelity}: {measured}");
        }
    }
}

/// Kanerva's own setting, scaled down: words come back from cues with a tenth of their bits flipped.
#[test]
fn iterated_reading_restores_words() {
    let words = spins(100, 256, 6);
    let patterns = Patterns::new(words.clone()).expect("patterns");
    let memory = SparseDistributed::new(patterns, SparseOptions::default()).expect("a memory");
    let mut noise = Stream::new(7, Purpose::Corruption, 0);
    let cues = words.mapv(|x| if noise.uniform() < 0.1 { -x } else { x });
    let recall = memory.recall(&Request::new(cues.view())).expect("a recall");
    assert_eq!(recall.states, words);
    for (n, row) in recall.rows.iter().enumerate() {
        assert_eq!((row.memory, row.energy), (Some(n), None));
        assert!(matches!(row.outcome, Outcome::Settled { .. }), "{:?}", row.outcome);
    }
    assert!(
        memory
            .energies(words.view(), None)
            .expect_err("no energy")
            .to_string()
            .contains("sparse-distributed has no energy")
    );
}

/// Nothing is read where no location is within the radius, and the others of the batch are as they are alone.
#[test]
fn a_cue_far_from_all_locations_is_an_outcome() {
    let locations = array![[1.0_f32, 1.0, 1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0, 1.0, -1.0]];
    let patterns = Patterns::new(locations.slice(s![..1, ..]).to_owned()).expect("patterns");
    let options = SparseOptions { radius: Radius::Bits(2), ..SparseOptions::default() };
    let memory = SparseDistributed::at(patterns, locations.view(), options).expect("a memory");
    let cues = array![[1.0_f32, 1.0, 1.0, 1.0, -1.0, 1.0], [-1.0, -1.0, -1.0, -1.0, 1.0, 1.0]];
    let recall = memory.recall(&Request::new(cues.view())).expect("a recall");
    assert_eq!(recall.rows[0].memory, Some(0));
    assert!(matches!(recall.rows[0].outcome, Outcome::Settled { step: 2 }), "{:?}", recall.rows[0]);
    assert!(matches!(recall.rows[1].outcome, Outcome::Undefined { step: 1, .. }), "{:?}", recall.rows[1]);
    assert_eq!((recall.states.row(1), recall.rows[1].memory), (cues.row(1), None));
}

#[test]
fn bad_options_are_refused_in_one_sentence() {
    let patterns = Patterns::new(spins(3, 8, 1)).expect("patterns");
    for (name, value, word) in [
        ("locations", "0", "from 1 to 4294967295, found 0"),
        ("locations", "5000000000", "from 1 to"),
        ("locations", "many", "a whole number from 1 to 4294967295, found many"),
        ("radius", "0", "a whole number > 0, found 0"),
        ("radius", "9", "from 1 to 8"),
        ("radius", "-1", "found -1"),
        ("activation", "0", "between 0 and 1"),
        ("activation", "1", "between 0 and 1"),
        ("activation", "NaN", "between 0 and 1"),
        ("counters", "1", "2 to 32"),
        ("counters", "33", "2 to 32"),
        ("location-seed", "-1", "a whole number"),
    ] {
        let error =
            Spec::new("sdm").with(name, value).build(patterns.clone()).err().expect("refused").to_string();
        assert!(error.starts_with(name) && error.contains(word) && !error.contains('\n'), "{error}");
    }
    let both = Spec::new("sdm").with("radius", "2").with("activation", "0.1").build(patterns.clone());
    assert!(both.err().expect("refused").to_string().contains("activation"));
    let wide = Patterns::new(spins(2, 4096, 1)).expect("patterns");
    let huge = Spec::new("sdm").with("locations", "4294967295").with("counters", "32").build(wide);
    assert!(huge.err().expect("refused").to_string().contains("GB"));
    let values = patterns.with_associated(array![[0.5], [1.0], [1.0]]).expect("values");
    let error = Spec::new("sdm").build(values).err().expect("refused").to_string();
    assert!(error.contains("0.5 at row 0, unit 0"), "{error}");
}
