//! A memory in parts recalls with the bits of the memory in one place.

use std::ops::Range;
use std::sync::Arc;

use attractor::diffusion::{Process, Sampler};
use attractor::kernels::{Form, Shard, Shards, TILE_OF_BITS, attend, log_sum, nearest, posterior, ranges};
use attractor::memories::{Beta, Diffusion, Level, Memory, Modern, Part, Recall, Request, Spec};
use attractor::noise::{Purpose, Stream};
use attractor::patterns::{Packed, Source, Whole, shard_of, shard_of_bits, shard_of_values};
use attractor::{Patterns, Preparation, Real};
use ndarray::{Array2, ArrayView2, s};

/// Rows in memory, as a source.
#[derive(Debug)]
struct Numbers<F>(Array2<F>);

impl<F: Real> Source<F> for Numbers<F> {
    fn len(&self) -> usize {
        self.0.nrows()
    }

    fn dim(&self) -> usize {
        self.0.ncols()
    }

    fn read(&self, rows: Range<usize>, out: &mut [F]) -> Result<(), String> {
        out.iter_mut().zip(self.0.slice(s![rows, ..])).for_each(|(out, value)| *out = *value);
        Ok(())
    }
}

/// All parts in this process.
#[derive(Debug)]
struct Local<F> {
    shards: Vec<Shard<F>>,
    bits: bool,
}

impl<F: Real> Shards for Local<F> {
    fn ask(&self, question: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        self.shards.iter().map(|shard| shard.answer(question)).collect()
    }

    fn are_bits(&self) -> bool {
        self.bits
    }
}

/// Where a memory is cut into `parts`: at the ends of its ranges.
fn cuts(n: usize, dim: usize, parts: usize) -> Vec<Range<usize>> {
    let ranges = ranges(n, dim);
    let edge = |k: usize| k * ranges.len() / parts;
    (0..parts).map(|k| ranges[edge(k)].start..ranges[edge(k + 1) - 1].end).collect()
}

fn random<F: Real>(n: usize, dim: usize, seed: u64) -> Array2<F> {
    let mut stream = Stream::new(seed, Purpose::Patterns, 0);
    Array2::from_shape_simple_fn((n, dim), || F::from_f64(stream.normal()))
}

/// The patterns in a source, and in parts.
fn of_numbers<F: Real>(values: &Array2<F>, parts: usize) -> [Patterns<F>; 2] {
    let source = Arc::new(Numbers(values.clone()));
    let whole = Whole::of::<F>(source.clone()).expect("a survey");
    let shard = |rows: Range<usize>| {
        shard_of(Arc::new(Numbers(values.slice(s![rows.clone(), ..]).to_owned())), &whole, rows.start)
    };
    let shards = cuts(values.nrows(), values.ncols(), parts).into_iter().map(shard).collect();
    let shards = Arc::new(Local { shards, bits: false });
    [
        Patterns::streamed(source, Preparation::Identity).expect("patterns"),
        Patterns::elsewhere(shards, &whole, Preparation::Identity).expect("patterns"),
    ]
}

/// The signs of numbers as bits, in one place and in parts.
fn of_bits<F: Real>(values: &Array2<F>, parts: usize) -> [Patterns<F>; 2] {
    let bits = Packed::from_signs(values.view());
    let whole = Whole::of::<F>(Arc::new(bits.clone())).expect("a survey");
    let shard = |rows: Range<usize>| {
        let skip = rows.start % TILE_OF_BITS;
        let mut own = Packed::new(skip + rows.len(), values.ncols());
        for (row, n) in rows.clone().enumerate() {
            (0..own.words()).for_each(|k| own.set_word(skip + row, k, bits.word(n, k)));
        }
        shard_of_bits::<F>(own, rows.len(), &whole, rows.start)
    };
    let shards = cuts(values.nrows(), values.ncols(), parts).into_iter().map(shard).collect();
    let shards = Arc::new(Local { shards, bits: true });
    [
        Patterns::packed(bits, Preparation::Identity).expect("patterns"),
        Patterns::elsewhere(shards, &whole, Preparation::Identity).expect("patterns"),
    ]
}

fn bits<F: Real>(values: &Array2<F>) -> Vec<u64> {
    values.iter().map(|x| x.to_f64().to_bits()).collect()
}

fn same_recalls<F: Real>(one: &Recall<F>, other: &Recall<F>, what: &str) {
    assert_eq!(bits(&one.states), bits(&other.states), "{what}");
    // Every number of the report, whose text says all of its digits.
    assert_eq!(format!("{:?}", one.rows), format!("{:?}", other.rows), "{what}");
}

/// Weights that are spread, and weights of few patterns.
const FORMS: [(f64, Form); 3] = [(0.01, Form::Distance), (1.0, Form::Dot), (1e9, Form::Dot)];

fn same_reads<F: Real>([one, parts]: &[Patterns<F>; 2], cues: ArrayView2<F>, what: &str) {
    assert_eq!(nearest(one, cues), nearest(parts, cues), "{what}");
    let scale = one.spread().powi(-2);
    for (factor, form) in FORMS {
        let betas = vec![scale * factor; cues.nrows()];
        let (a, b) = (attend(one, cues, &betas, form), attend(parts, cues, &betas, form));
        let what = format!("{what}, {form:?} at {factor}");
        assert_eq!(bits(&a.mean), bits(&b.mean), "{what}");
        assert_eq!((&a.peak, &a.mass, &a.second, &a.best), (&b.peak, &b.mass, &b.second, &b.best), "{what}");
        assert_eq!(log_sum(one, cues, &betas, form), log_sum(parts, cues, &betas, form), "{what}");
        for top in [5, 100] {
            assert_eq!(
                posterior(one, cues, &betas, form, top),
                posterior(parts, cues, &betas, form, top),
                "{what}, top {top}"
            );
        }
    }
    assert!(one.check_source().is_ok() && parts.check_source().is_ok());
}

/// Cues near patterns, far from them, equal to one, and as near to two.
fn cues<F: Real>(values: &Array2<F>, count: usize) -> Array2<F> {
    let noise = random::<F>(count, values.ncols(), 9);
    Array2::from_shape_fn((count, values.ncols()), |(row, j)| {
        let y = values[[row * values.nrows() / count.max(1), j]];
        match row % 4 {
            0 => y + noise[[row, j]],
            1 => y,
            2 => noise[[row, j]],
            _ => (y + values[[0, j]]) * F::HALF,
        }
    })
}

/// Numbers of patterns that divide nothing, with so many units that there are several ranges.
fn numbers<F: Real>(n: usize, dim: usize, parts: &[usize], counts: &[usize]) {
    let mut values = random::<F>(n, dim, 1);
    // Patterns that are there twice, in different parts.
    let first = values.row(3).to_owned();
    values.row_mut(n - 2).assign(&first);
    for &k in parts {
        let both = of_numbers(&values, k);
        for &count in counts {
            same_reads(
                &both,
                cues(&values, count).view(),
                &format!("{} in {k} parts, {count} cues", F::NAME),
            );
        }
    }
}

#[test]
fn reads_of_numbers_in_parts_have_the_same_bits() {
    numbers::<f32>(30_011, 100, &[2, 5], &[0, 1, 20]);
    numbers::<f64>(30_011, 100, &[5], &[1, 9]);
    numbers::<f32>(300_007, 100, &[64], &[2]);
    // One range, and no more.
    numbers::<f64>(1_001, 30, &[1], &[1, 9]);
}

#[test]
fn reads_of_bits_in_parts_have_the_same_bits() {
    let some: [(usize, usize, &[usize], &[usize]); 3] =
        [(122_777, 256, &[2, 64], &[1, 3]), (900, 65, &[1], &[3]), (40_001, 100, &[3, 5], &[0, 1, 20])];
    for (n, dim, parts, counts) in some {
        let mut values = random::<f32>(n, dim, 2);
        let first = values.row(3).to_owned();
        values.row_mut(n - 2).assign(&first);
        for &k in parts {
            let both = of_bits(&values, k);
            let signs = values.mapv(|x| if x > 0.0 { 1.0 } else { -1.0 });
            for &count in counts {
                same_reads(
                    &both,
                    cues(&signs, count).view(),
                    &format!("{n} × {dim} bits in {k} parts, {count} cues"),
                );
            }
        }
    }
    let values = random::<f64>(40_001, 100, 2);
    same_reads(&of_bits(&values, 5), cues(&values, 9).view(), "f64");
}

fn recalls<F: Real>(both: &[Patterns<F>; 2], cues: ArrayView2<F>, what: &str) {
    let [one, parts] = both.clone().map(|patterns| Modern::new(patterns, Beta::Auto).expect("a memory"));
    assert_eq!(one.beta(), parts.beta());
    let request = Request::new(cues);
    let [a, b] = [one.recall(&request).expect("a recall"), parts.recall(&request).expect("a recall")];
    same_recalls(&a, &b, &format!("modern, {what}"));
    let samplers = [
        (Sampler::default(), Level::Signal(0.9)),
        ("ancestral".parse().expect("a sampler"), Level::Estimate),
    ];
    for (sampler, other) in samplers {
        let [one, parts] = both.clone().map(|patterns| {
            Diffusion::new(patterns, Process::default(), sampler, Some(12)).expect("a memory")
        });
        for level in [Level::Signal(0.5), Level::Sigma(3.0), other] {
            let request = Request { level, ..Request::new(cues) };
            let [a, b] = [one.recall(&request).expect("a recall"), parts.recall(&request).expect("a recall")];
            same_recalls(&a, &b, &format!("diffusion, {what}, {sampler:?}, {level:?}"));
        }
    }
}

#[test]
fn recalls_from_parts_have_the_same_bits() {
    let values = random::<f32>(20_011, 60, 3);
    recalls(&of_numbers(&values, 3), cues(&values, 4).view(), "numbers");
    let signs = values.mapv(|x| if x > 0.0 { 1.0 } else { -1.0 });
    recalls(&of_bits(&values, 3), cues(&signs, 4).view(), "bits");
    let values = random::<f64>(20_011, 60, 3);
    recalls(&of_numbers(&values, 2), cues(&values, 2).view(), "numbers");
}

/// A universal network in a source, whose keys are in memory, and in parts.
fn universal<F: Real>(values: &Array2<F>, parts: usize, similarity: &str, separation: &str) {
    let spec = Spec::new("universal").with("similarity", similarity).with("separation", separation);
    let one = spec.build(Patterns::new(values.clone()).expect("patterns")).expect("a memory");
    let whole = Whole::of::<F>(Arc::new(Numbers(values.clone()))).expect("a survey");
    let part = |rows: Range<usize>| {
        let own = values.slice(s![rows.clone(), ..]).to_owned();
        Part::new(shard_of_values(own, &whole, rows.start), &spec).expect("a part")
    };
    let parts = cuts(values.nrows(), values.ncols(), parts).into_iter().map(part).collect();
    let elsewhere = Patterns::elsewhere(Arc::new(OfModel(parts)), &whole, Preparation::Identity);
    let parts = spec.build(elsewhere.expect("patterns")).expect("a memory in parts");
    for count in [1, 5] {
        let states = cues(values, count).mapv(F::abs);
        let request = Request { top: 4, ..Request::new(states.view()) };
        let [a, b] = [one.recall(&request).expect("a recall"), parts.recall(&request).expect("a recall")];
        same_recalls(&a, &b, &format!("universal, {similarity} and {separation}, {}", F::NAME));
        assert_eq!(one.landscape().is_ok(), parts.landscape().is_ok());
    }
}

/// All parts of a model in this process.
#[derive(Debug)]
struct OfModel<F>(Vec<Part<F>>);

impl<F: Real> Shards for OfModel<F> {
    fn ask(&self, question: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        self.0.iter().map(|part| part.answer(question)).collect()
    }

    fn are_bits(&self) -> bool {
        false
    }
}

#[test]
fn universal_networks_in_parts_have_the_same_bits() {
    let pairs = [
        ("manhattan", "max"),
        ("euclidean", "max"),
        ("euclidean", "softmax:3"),
        ("dot", "softmax:0.5"),
        ("dot", "max"),
        ("pearson", "max"),
        ("kl", "max"),
        ("inverse-euclidean", "k-max:1"),
        ("inverse-manhattan", "k-max:7"),
        ("jensen-shannon", "max"),
    ];
    let mut values = random::<f32>(30_011, 40, 4).mapv(f32::abs);
    // Ties between parts.
    for n in [9_000, 18_000, 29_000] {
        let first = values.row(3).to_owned();
        values.row_mut(n).assign(&first);
    }
    for (similarity, separation) in pairs {
        universal(&values, 3, similarity, separation);
    }
    universal(&values.mapv(f64::from), 2, "inverse-manhattan", "k-max:3");
    universal(&values.mapv(f64::from), 1, "manhattan", "max");
}

#[test]
fn what_parts_cannot_recall_is_refused() {
    let values = random::<f32>(2_000, 10, 4).mapv(f32::abs);
    let [_, patterns] = of_numbers(&values, 1);
    let refused = [
        [("similarity", "manhattan"), ("separation", "softmax:2")],
        [("similarity", "euclidean"), ("separation", "softmax:auto")],
        [("similarity", "inverse-euclidean"), ("separation", "poly:2")],
        [("similarity", "manhattan"), ("output", "sign")],
        [("similarity", "manhattan"), ("dynamics", "descent")],
    ];
    for options in refused {
        let spec = options.iter().fold(Spec::new("universal"), |spec, (name, value)| spec.with(name, *value));
        let error = spec.build(patterns.clone()).err().expect("refused");
        assert!(error.to_string().contains("in parts"), "{error}");
    }
    let sparse = Spec::new("modern").with("separation", "sparsemax").with("beta", "1");
    assert!(sparse.build(patterns.clone()).is_err());
}

/// Known units need stretched patterns, which are read row by row, as from a file.
#[test]
fn known_units_have_the_same_bits() {
    let values = random::<f32>(2_000, 10, 4);
    let states = cues(&values, 3);
    let known = Array2::from_shape_fn(states.dim(), |(_, j)| j < 4);
    let request =
        Request { known: Some(known.view()), level: Level::Sigma(1.0), ..Request::new(states.view()) };
    let [one, parts] = of_numbers(&values, 1).map(|patterns| {
        let memory = Diffusion::new(patterns, Process::default(), Sampler::default(), Some(6));
        memory.expect("a memory").recall(&request).expect("a recall")
    });
    same_recalls(&one, &parts, "known units");
}

/// Parts of which one does not answer from the second question on.
#[derive(Debug)]
struct Failing(Local<f32>, std::sync::atomic::AtomicUsize);

impl Shards for Failing {
    fn ask(&self, question: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        match self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => self.0.ask(question),
            1 => Err("part 2 of 3 does not answer".to_owned()),
            _ => panic!("nobody is asked after that"),
        }
    }

    fn are_bits(&self) -> bool {
        false
    }
}

#[test]
fn a_part_that_does_not_answer_is_an_error() {
    let values = random::<f32>(20_011, 60, 3);
    let whole = Whole::of::<f32>(Arc::new(Numbers(values.clone()))).expect("a survey");
    let shard = |rows: Range<usize>| {
        shard_of(Arc::new(Numbers(values.slice(s![rows.clone(), ..]).to_owned())), &whole, rows.start)
    };
    let shards = cuts(values.nrows(), values.ncols(), 3).into_iter().map(shard).collect();
    let failing = Failing(Local { shards, bits: false }, std::sync::atomic::AtomicUsize::new(0));
    let patterns = Patterns::elsewhere(Arc::new(failing), &whole, Preparation::Identity).expect("patterns");
    let memory = Modern::new(patterns, Beta::Value(1.0)).expect("a memory");
    let error = memory.recall(&Request::new(cues(&values, 5).view())).expect_err("no recall");
    assert!(error.to_string().contains("part 2 of 3 does not answer"), "{error}");
}
