//! Every model that there is: a model is one line here, and every law that applies is tested on it.
#![allow(dead_code, missing_docs)]

use std::sync::Arc;

use attractor::diffusion::Sampling;
use attractor::energies::shapes::{Segment, Shape, Sphere, Subspace};
use attractor::energies::{
    Component, Correlated, DenseEnergy, Encoder, Event, FenchelYoung, Flip, Form, Gradient, Interaction,
    Kind, Linearised, LogSumExp, LogSumRelu, Mixture, Points, Quadratic, RandomFeatures, Reconstruction,
};
use attractor::memories::{Hopfield, HopfieldOptions, Learned, Learning, Spec, Weights, learned, mixture};
use attractor::networks::{self, Architecture, Network};
use attractor::noise::{Purpose, Stream};
use attractor::potentials::{self, Noising};
use attractor::similarities::{Data, Similarity};
use attractor::{Level, Memory, Patterns, Real};
use ndarray::{Array2, array};

/// A model with its options, as a user would name them.
pub struct Specimen {
    pub model: &'static str,
    pub options: &'static [(&'static str, &'static str)],
    /// Whether its patterns bring words of their own to mind.
    pub values: bool,
    /// Why half of its units do not bring back the pattern that has them, for those that are not meant to.
    pub incomplete: Option<&'static str>,
}

const fn is(model: &'static str, options: &'static [(&'static str, &'static str)]) -> Specimen {
    Specimen { model, options, values: false, incomplete: None }
}

const fn with_values(model: &'static str, options: &'static [(&'static str, &'static str)]) -> Specimen {
    Specimen { model, options, values: true, incomplete: None }
}

/// A specimen that does not complete a pattern, and why.
const fn incomplete(specimen: Specimen, why: &'static str) -> Specimen {
    Specimen { incomplete: Some(why), ..specimen }
}

const OVERLOADED: &str = "twelve patterns overload a quadratic energy of 64 units";
const PAIRS: &str = "twelve patterns overload pairs with 7 units";
const BLENDS: &str = "its weights are so even that it ends on a blend";
const FAR: &str = "no pattern lies within the radius of a cue of which half is missing";
const ESTIMATED: &str = "so few features estimate too little of a kernel this narrow";
const RANDOM: &str = "a stochastic recall may pick another pattern";
const PIECES: &str = "pixels outside of the known windows may take the pieces of another pattern";
const LINEAR: &str = "a linear denoiser has no patterns to return to";
const GOES_ON: &str = "a recall goes on to the patterns that follow";
const FROM_FAR: &str = "so few steps from so high a level end with one from far too high";

pub const ZOO: &[Specimen] = &[
    incomplete(is("hopfield", &[]), OVERLOADED),
    incomplete(is("hopfield", &[("self-coupling", "")]), OVERLOADED),
    incomplete(is("hopfield", &[("rule", "pseudo-inverse")]), OVERLOADED),
    incomplete(is("hopfield", &[("rule", "storkey")]), OVERLOADED),
    incomplete(is("hopfield", &[("rule", "dreaming")]), OVERLOADED),
    incomplete(is("hopfield", &[("rule", "dreaming"), ("dreams", "2"), ("self-coupling", "")]), OVERLOADED),
    incomplete(is("hopfield", &[("rule", "daydreaming"), ("epochs", "20"), ("tau", "16")]), OVERLOADED),
    incomplete(
        is("hopfield", &[("rule", "unlearning"), ("dreams", "300"), ("learning-seed", "4")]),
        OVERLOADED,
    ),
    incomplete(is("hopfield", &[("update", "asynchronous")]), OVERLOADED),
    incomplete(
        is("hopfield", &[("update", "asynchronous"), ("order", "fixed"), ("self-coupling", "")]),
        OVERLOADED,
    ),
    incomplete(is("hopfield", &[("update", "glauber"), ("temperature", "3")]), OVERLOADED),
    incomplete(is("hopfield", &[("tie", "+1")]), OVERLOADED),
    incomplete(is("hopfield", &[("update", "asynchronous"), ("tie", "0")]), OVERLOADED),
    incomplete(with_values("bidirectional", &[]), PAIRS),
    incomplete(with_values("bidirectional", &[("tie", "+1")]), PAIRS),
    incomplete(is("sequence", &[]), GOES_ON),
    incomplete(is("sequence", &[("separation", "poly:1"), ("tie", "+1")]), GOES_ON),
    incomplete(is("sequence", &[("separation", "poly:3"), ("closed", "")]), GOES_ON),
    incomplete(is("sequence", &[("separation", "poly:10"), ("dwell", "3"), ("closed", "")]), GOES_ON),
    incomplete(is("sequence", &[("dwell", "2"), ("drive", "4")]), GOES_ON),
    incomplete(is("sequence", &[("rule", "pseudo-inverse"), ("separation", "poly:1")]), GOES_ON),
    incomplete(is("sequence", &[("rule", "pseudo-inverse"), ("dwell", "2")]), GOES_ON),
    is("sparse-distributed", &[("locations", "2000")]),
    is(
        "sparse-distributed",
        &[("locations", "4000"), ("activation", "0.03"), ("counters", "12"), ("location-seed", "7")],
    ),
    with_values("sparse-distributed", &[("locations", "3000"), ("counters", "24")]),
    is("sparse-distributed", &[("locations", "3000"), ("tie", "0")]),
    incomplete(is("dense", &[("interaction", "poly:2"), ("order", "fixed")]), OVERLOADED),
    is("dense", &[("interaction", "poly:3")]),
    is("dense", &[("interaction", "relu:4")]),
    is("dense", &[("interaction", "exp")]),
    is("dense", &[("interaction", "relu:4"), ("update", "synchronous")]),
    is("dense", &[("interaction", "exp"), ("update", "synchronous"), ("tie", "+1")]),
    is("dense", &[("update", "glauber"), ("temperature", "3")]),
    incomplete(is("modern", &[("beta", "0.3")]), BLENDS),
    is("modern", &[]),
    is("modern", &[("beta", "1"), ("norm-bias", "on")]),
    incomplete(is("continuous-sequence", &[]), GOES_ON),
    incomplete(is("continuous-sequence", &[("beta", "1"), ("norm-bias", "on"), ("closed", "")]), GOES_ON),
    incomplete(is("continuous-sequence", &[("noise", "0.5")]), GOES_ON),
    is("modern", &[("separation", "sparsemax"), ("beta", "0.05")]),
    is("modern", &[("separation", "entmax:1.5"), ("beta", "0.1"), ("norm-bias", "on")]),
    is("modern", &[("separation", "normmax:2"), ("beta", "0.05")]),
    incomplete(is("modern", &[("separation", "normmax:5"), ("beta", "0.01"), ("norm-bias", "on")]), BLENDS),
    incomplete(is("log-sum-relu", &[]), FAR),
    is("log-sum-relu", &[("beta", "0.05"), ("epsilon", "1e-3")]),
    is("random-features", &[("features", "4096")]),
    incomplete(
        is("random-features", &[("features", "700"), ("beta", "0.3"), ("feature-seed", "5")]),
        ESTIMATED,
    ),
    is("universal", &[]),
    incomplete(is("universal", &[("preset", "classical")]), OVERLOADED),
    is("universal", &[("preset", "dense:4")]),
    is("universal", &[("preset", "modern")]),
    is("universal", &[("preset", "attention"), ("separation", "softmax:2")]),
    is("universal", &[("preset", "nearest")]),
    incomplete(is("universal", &[("preset", "episodic")]), BLENDS),
    is("universal", &[("similarity", "euclidean"), ("separation", "softmax:0.5")]),
    is("universal", &[("similarity", "cosine"), ("separation", "sparsemax:8")]),
    is("universal", &[("similarity", "pearson"), ("separation", "entmax:1.5:8")]),
    is("universal", &[("similarity", "manhattan"), ("separation", "softmax:auto")]),
    is("universal", &[("similarity", "inverse-manhattan"), ("separation", "poly:10")]),
    is("universal", &[("similarity", "l1-dot"), ("separation", "poly:200")]),
    is("universal", &[("similarity", "kl"), ("separation", "softmax:auto")]),
    is("universal", &[("similarity", "reverse-kl"), ("separation", "max")]),
    is("universal", &[("similarity", "jensen-shannon"), ("separation", "softmax:auto")]),
    is("universal", &[("similarity", "hamming"), ("separation", "softmax:2")]),
    incomplete(is("universal", &[("similarity", "hamming"), ("separation", "threshold:3")]), FAR),
    is("universal", &[("similarity", "inverse-euclidean"), ("separation", "poly:10")]),
    is("diffusion", &[]),
    is("diffusion", &[("process", "ve")]),
    is("diffusion", &[("process", "vp-linear"), ("sampler", "euler"), ("steps", "60")]),
    is("diffusion", &[("process", "sub-vp"), ("sampler", "euler"), ("steps", "60")]),
    is("diffusion", &[("process", "edm")]),
    is("diffusion", &[("process", "flow"), ("sampler", "euler"), ("steps", "60")]),
    is("diffusion", &[("sampler", "euler"), ("steps", "40")]),
    incomplete(is("diffusion", &[("sampler", "euler"), ("steps", "40"), ("process", "ve")]), FROM_FAR),
    is("diffusion", &[("sampler", "ddim"), ("steps", "12")]),
    is("diffusion", &[("sampler", "heun"), ("steps", "7")]),
    is("diffusion", &[("sampler", "dpmpp-3m"), ("steps", "12")]),
    is("diffusion", &[("sampler", "unipc"), ("steps", "12")]),
    is("diffusion", &[("sampler", "lms"), ("steps", "24")]),
    is("diffusion", &[("sampler", "dpmpp-2m-sde"), ("steps", "40")]),
    is("diffusion", &[("sampler", "dpmpp-3m-sde"), ("steps", "40")]),
    is("diffusion", &[("sampler", "dpmpp-2m-sde"), ("steps", "40"), ("eta", "0.3")]),
    is("diffusion", &[("sampler", "ddim"), ("steps", "24"), ("eta", "0.5")]),
    is("diffusion", &[("sampler", "ddim"), ("steps", "24"), ("s-churn", "4"), ("s-tmin", "0.05")]),
    is("diffusion", &[("sampler", "heun"), ("steps", "12"), ("s-churn", "4"), ("s-noise", "1.007")]),
    is("diffusion", &[("sampler", "predictor-corrector"), ("steps", "20"), ("snr", "0.16")]),
    is("diffusion", &[("betas", "linear"), ("spacing", "trailing")]),
    is("diffusion", &[("betas", "cosine"), ("spacing", "leading"), ("offset", "1"), ("steps", "50")]),
    is("diffusion", &[("process", "flow"), ("spacing", "times"), ("shift", "3"), ("last", "0.05")]),
    incomplete(is("diffusion", &[("sampler", "euler-maruyama"), ("steps", "40")]), RANDOM),
    incomplete(is("diffusion", &[("sampler", "euler-maruyama"), ("steps", "40"), ("process", "ve")]), RANDOM),
    incomplete(is("diffusion", &[("sampler", "one-step")]), FROM_FAR),
    is("diffusion", &[("narrow", "off")]),
    is("diffusion", &[("sampler", "dormand-prince"), ("accuracy", "1e-4")]),
    is("diffusion", &[("sampler", "ancestral"), ("steps", "40")]),
    is("diffusion", &[("sampler", "predictor-corrector"), ("steps", "20")]),
    is("diffusion", &[("sampler", "langevin"), ("steps", "40")]),
    is("diffusion", &[("sampler", "bridge"), ("steps", "3")]),
    is("diffusion", &[("process", "potential")]),
    is("diffusion", &[("process", "potential"), ("sampler", "heun"), ("steps", "7")]),
    is("diffusion", &[("process", "potential"), ("sampler", "dormand-prince"), ("accuracy", "1e-4")]),
    is("diffusion", &[("process", "potential"), ("sampler", "unipc"), ("steps", "7")]),
    is("diffusion", &[("process", "potential"), ("sampler", "dpmpp-3m"), ("steps", "7")]),
    is("diffusion", &[("process", "potential"), ("sampler", "ancestral"), ("steps", "30")]),
    is("diffusion", &[("process", "potential"), ("sampler", "euler-maruyama"), ("steps", "40")]),
    is("diffusion", &[("process", "potential"), ("sampler", "bridge"), ("steps", "3")]),
    is("universal", &[("dynamics", "descent"), ("separation", "softmax:auto")]),
    is(
        "universal",
        &[("dynamics", "descent"), ("similarity", "inverse-manhattan"), ("separation", "poly:8")],
    ),
    is("universal", &[("dynamics", "descent"), ("similarity", "pearson"), ("separation", "softmax:auto")]),
    is("universal", &[("dynamics", "two-layer"), ("similarity", "dot"), ("separation", "softmax:auto")]),
    is("universal", &[("dynamics", "two-layer"), ("similarity", "dot"), ("separation", "relu:3")]),
    is(
        "universal",
        &[("dynamics", "two-layer"), ("similarity", "euclidean"), ("separation", "softmax:auto")],
    ),
    incomplete(is("local", &[("window", "3")]), PIECES),
    incomplete(is("local", &[]), PIECES),
    incomplete(is("local", &[("window", "1,whole@0.5"), ("border", "torus")]), PIECES),
    incomplete(is("local", &[("rule", "equivariant-local"), ("window", "3")]), PIECES),
    is("local", &[("rule", "equivariant"), ("border", "torus")]),
    is("local", &[("rule", "ideal")]),
    incomplete(is("local", &[("rule", "wiener")]), LINEAR),
    is("network", &[]),
    is("network", &[("sampler", "ancestral"), ("steps", "20"), ("process", "edm")]),
    is("mixture", &[]),
    is("mixture", &[("sampler", "ancestral"), ("steps", "30"), ("process", "edm")]),
];

/// Every separation, some with several arguments; a threshold gets a radius that suits the similarity. A separation is
/// one line here.
pub const SEPARATIONS: &[&str] = &[
    "identity",
    "log",
    "sqrt",
    "poly:2",
    "poly:3",
    "poly:1.5",
    "relu:1",
    "relu:2",
    "softmax:6",
    "softmax:auto",
    "exp",
    "max",
    "k-max:1",
    "k-max:3",
    "threshold",
    "sparsemax:3",
    "entmax:1.5:2",
    "entmax:3:0.4",
    "normmax:2:1.5",
    "normmax:1.2:0.7",
];

impl Specimen {
    pub fn name(&self) -> String {
        let options: Vec<_> = self.options.iter().map(|(n, v)| format!("{n}={v}")).collect();
        format!("{} {}", self.model, options.join(" ")).trim_end().to_owned()
    }

    pub fn build<F: Real>(&self, patterns: Patterns<F>) -> Box<dyn Memory<F>> {
        let mut spec = Spec::new(self.model);
        for (name, value) in self.options {
            spec.set(name, *value);
        }
        if self.model == "mixture" {
            return mixture(with_shapes(&patterns), Sampling::from_options(&spec.options).expect("options"))
                .expect("a memory");
        }
        if self.is_under_potential() {
            let (patterns, weights) = (patterns.clone(), Weights::Noising(coupled(patterns.dim())));
            let given = Learned { patterns: patterns.len(), weights };
            return spec.build_on(patterns, Some(given)).unwrap_or_else(|e| panic!("{}: {e}", self.name()));
        }
        if self.model == "network" {
            return learned(
                untrained(patterns.dim()),
                patterns,
                Sampling::from_options(&spec.options).expect("options"),
            )
            .expect("a memory");
        }
        let spec = if self.model == "local" { spec.with("image", image(patterns.dim())) } else { spec };
        let patterns = if self.values { paired(patterns) } else { patterns };
        spec.build(patterns).unwrap_or_else(|e| panic!("{}: {e}", self.name()))
    }

    /// A world of ±1 and of noise around it as one that the model is for: similarities of amounts see |1 + x/2|.
    pub fn world<F: Real>(&self, x: &Array2<F>) -> Array2<F> {
        if self.of_amounts() { x.mapv(|x| (F::ONE + F::HALF * x).abs()) } else { x.clone() }
    }

    /// The sign in a world of ±1.
    pub fn sign(&self, x: f64) -> f64 {
        if self.of_amounts() { (x - 1.0).signum() } else { x.signum() }
    }

    fn of_amounts(&self) -> bool {
        matches!(self.data(), Data::Amounts | Data::Shares)
    }

    /// Whether the model can store these: bits are bits.
    pub fn fits<F: Real>(&self, patterns: &Array2<F>) -> bool {
        self.data() != Data::Bits || patterns.iter().all(|x| x.abs() == F::ONE)
    }

    /// What its similarity is defined for.
    fn data(&self) -> Data {
        let named = self.options.iter().find(|(name, _)| *name == "similarity");
        named.map_or(Data::Any, |(_, name)| name.parse::<Similarity>().expect("a similarity").facts().data)
    }

    /// Whether its noise is that of a potential. Then no unit can be known, since noise moves units together.
    pub fn is_under_potential(&self) -> bool {
        self.options.contains(&("process", "potential"))
    }

    /// Whether it knows its patterns.
    pub fn remembers(&self) -> bool {
        self.model != "network"
    }

    /// Whether it keeps its patterns, so that reports name them.
    pub fn keeps(&self) -> bool {
        self.model != "random-features"
    }

    /// Whether a recall goes on from pattern to pattern.
    pub fn plays(&self) -> bool {
        self.model.ends_with("sequence")
    }

    /// Couplings learned from patterns one after the other depend on their order, and so do sequences, and which
    /// pattern chance draws.
    pub fn depends_on_order(&self) -> bool {
        self.plays()
            || self.options.iter().any(|(_, value)| matches!(*value, "storkey" | "daydreaming" | "bridge"))
    }
}

/// A potential that couples all units, and drives states away along one direction.
pub fn coupled(dim: usize) -> Noising {
    let wave = |j: usize, turns: f64| (turns * std::f64::consts::TAU * j as f64 / dim as f64).cos();
    let hessian = Array2::from_shape_fn((dim, dim), |(i, j)| {
        let own = if i == j { 0.5 } else { 0.0 };
        own + (2.0 * wave(i, 1.0) * wave(j, 1.0) - wave(i, 2.0) * wave(j, 2.0)) / dim as f64
    });
    let quadratic = potentials::Quadratic::new(vec![0.1; dim], hessian.view()).expect("a potential");
    let amplitude = potentials::Amplitude::constant(0.9).expect("an amplitude");
    Noising { form: potentials::Form::Quadratic(quadratic), amplitude }
}

/// The form of images with this many pixels that is nearest to a square.
fn image(pixels: usize) -> String {
    let height =
        (1..=pixels.isqrt()).rev().find(|height| pixels.is_multiple_of(*height)).expect("one row at least");
    format!("{height}x{}", pixels / height)
}

/// A network that has learned nothing. What holds of any denoiser holds of it; what is remembered is tested where
/// networks are trained.
pub fn untrained(dim: usize) -> Network<f32> {
    let architecture = Architecture { kind: networks::Kind::Residual, dim, width: 24, depth: 2 };
    Network::initialized(architecture, [0.03, 11.0], 1.0, 6).expect("a network")
}

/// The patterns, each with a word of seven units that depends on it alone, so that shuffled patterns keep theirs.
fn paired<F: Real>(patterns: Patterns<F>) -> Patterns<F> {
    let directions = normals::<f64>(7, patterns.dim(), 1.0, 9);
    let words = patterns.values().mapv(F::to_f64).dot(&directions.t());
    let words = words.mapv(|u| if u < 0.0 { -F::ONE } else { F::ONE });
    patterns.with_associated(words).expect("one word a pattern")
}

/// The patterns as points, and shapes so rare that what holds of the points holds of all.
pub fn with_shapes<F: Real>(patterns: &Patterns<F>) -> Mixture<F> {
    const RARE: f64 = 1e-9;
    let dim = patterns.dim();
    let point = |y: ndarray::ArrayView1<F>| (Kind::Point(y.to_vec()), 1.0);
    let away = |by: f64| vec![by; dim];
    let first = Array2::from_shape_fn((1, dim), |(_, j)| if j == 0 { 1.0 } else { 0.0 });
    let segment = Segment::new(away(2.0), away(3.0)).expect("a segment");
    let gaussian = Subspace::new(away(-3.0), first, vec![0.5]).expect("a Gaussian");
    let shapes = [(Kind::Shape(boxed(segment)), RARE), (Kind::Shape(boxed(gaussian)), RARE)];
    let values = patterns.values();
    let all = values.outer_iter().map(point).chain(shapes);
    Mixture::new(all.map(|(kind, weight)| Component { kind, weight, label: None }).collect())
        .expect("a memory")
}

/// The levels that recalls are tried at: diffusion memories use them, others ignore them.
pub const LEVELS: [Level; 3] = [Level::Estimate, Level::Signal(0.68), Level::Sigma(0.7)];

pub fn spins<F: Real>(n: usize, dim: usize, seed: u64) -> Array2<F> {
    let mut stream = Stream::new(seed, Purpose::Patterns, 0);
    Array2::from_shape_fn((n, dim), |_| if stream.uniform() < 0.5 { F::ONE } else { -F::ONE })
}

pub fn normals<F: Real>(n: usize, dim: usize, scale: f64, seed: u64) -> Array2<F> {
    let mut stream = Stream::new(seed, Purpose::Corruption, 0);
    Array2::from_shape_fn((n, dim), |_| F::from_f64(scale * stream.normal()))
}

/// θy + √(1−θ²)ε for the first rows of `patterns`.
pub fn cues<F: Real>(patterns: &Array2<F>, count: usize, signal: f64, seed: u64) -> Array2<F> {
    let noise = normals::<F>(count, patterns.ncols(), (1.0 - signal * signal).sqrt(), seed);
    Array2::from_shape_fn(noise.dim(), |(i, j)| {
        F::from_f64(signal * patterns[[i % patterns.nrows(), j]].to_f64() + noise[[i, j]].to_f64())
    })
}

/// Landscapes with a slope, with a level for each.
pub fn gradients() -> Vec<(String, Box<dyn Gradient<f64>>, f64)> {
    let patterns = Patterns::new(normals(7, 5, 1.0, 3)).expect("patterns");
    let weighted = patterns.clone().with_weights(&[1.0, 2.0, 3.0, 0.5, 0.1, 1.0, 4.0]).expect("weights");
    let log_sum_exp = |patterns: &Patterns<f64>, beta, bias| {
        Box::new(LogSumExp::new(patterns.clone(), beta, bias).expect("beta"))
    };
    vec![
        ("quadratic".into(), Box::new(quadratic(true)), 0.0),
        ("log-sum-exp".into(), log_sum_exp(&patterns, 2.0, false), 0.0),
        ("log-sum-exp with norms".into(), log_sum_exp(&patterns, 2.0, true), 0.0),
        ("log-sum-exp with weights".into(), log_sum_exp(&weighted, 0.7, false), 0.0),
        ("sparsemax".into(), fenchel_young(&patterns, "sparsemax", false), 0.0),
        ("sparsemax with norms".into(), fenchel_young(&patterns, "sparsemax", true), 0.0),
        ("entmax".into(), fenchel_young(&patterns, "entmax:1.5", false), 0.0),
        ("normmax".into(), fenchel_young(&patterns, "normmax:2", false), 0.0),
        ("normmax with norms".into(), fenchel_young(&patterns, "normmax:3", true), 0.0),
        ("log-sum-relu".into(), log_sum_relu(&patterns), 0.0),
        ("log-sum-relu with weights".into(), log_sum_relu(&weighted), 0.0),
        ("random features".into(), random_features(&patterns), 0.0),
        ("random features with weights".into(), random_features(&weighted), 0.0),
        ("points at 0.5".into(), Box::new(Points::new(patterns.clone())), 0.5),
        ("points at 2".into(), Box::new(Points::new(patterns)), 2.0),
        ("points with weights".into(), Box::new(Points::new(weighted.clone())), 0.8),
        ("points under a potential".into(), under_potential(&weighted), 0.6),
        ("points in double wells".into(), in_wells(&weighted), 0.5),
    ]
}

fn fenchel_young(patterns: &Patterns<f64>, separation: &str, bias: bool) -> Box<dyn Gradient<f64>> {
    let separation = separation.parse().expect("a separation");
    Box::new(FenchelYoung::new(patterns.clone(), separation, 0.6, bias).expect("beta"))
}

fn log_sum_relu(patterns: &Patterns<f64>) -> Box<dyn Gradient<f64>> {
    Box::new(LogSumRelu::new(patterns.clone(), 0.15, 1e-3).expect("beta"))
}

fn random_features(patterns: &Patterns<f64>) -> Box<dyn Gradient<f64>> {
    Box::new(RandomFeatures::of_patterns(patterns, 2000, Some(0.1), 3).expect("features"))
}

fn under_potential(patterns: &Patterns<f64>) -> Box<dyn Gradient<f64>> {
    let Noising { form, amplitude } = coupled(patterns.dim());
    let potentials::Form::Quadratic(quadratic) = form else { unreachable!("made so") };
    Box::new(Correlated::new(patterns.clone().into(), &quadratic, amplitude).expect("fits"))
}

fn in_wells(patterns: &Patterns<f64>) -> Box<dyn Gradient<f64>> {
    let wells = potentials::DoubleWell::new(0.7, 1.1).expect("wells").over(patterns.dim());
    let amplitude = potentials::Amplitude::constant(0.9).expect("an amplitude");
    Box::new(Linearised::new(patterns.clone(), std::sync::Arc::new(wells), amplitude).expect("fits"))
}

pub fn quadratic(self_coupling: bool) -> Quadratic {
    hopfield(spins(4, 11, 5), Learning::Hebb, self_coupling).quadratic().clone()
}

pub fn hopfield(patterns: Array2<f64>, learning: Learning, self_coupling: bool) -> Hopfield<f64> {
    let options = HopfieldOptions { learning, self_coupling, ..HopfieldOptions::default() };
    Hopfield::new(Patterns::new(patterns).expect("patterns"), options).expect("options")
}

/// Landscapes over spins, all of 11 units.
pub fn flips() -> Vec<(String, Box<dyn Flip<f64>>)> {
    let patterns = Patterns::new(spins(4, 11, 5)).expect("patterns");
    let mut flips: Vec<(String, Box<dyn Flip<f64>>)> = Vec::new();
    for learning in ["hebb", "pseudo-inverse", "storkey", "dreaming", "daydreaming", "unlearning"] {
        let learning: Learning = learning.parse().expect("a rule");
        for diagonal in [false, true] {
            // Storkey couplings can have a negative diagonal, for which the sign rule has no law, and so can those of unlearning.
            if ["storkey", "unlearning"].contains(&learning.name()) && diagonal {
                continue;
            }
            let energy = hopfield(spins(4, 11, 5), learning, diagonal).quadratic().clone();
            flips.push((format!("{learning:?}, diagonal {diagonal}"), Box::new(energy)));
        }
    }
    for text in ["poly:2", "poly:3", "poly:4", "relu:3", "exp"] {
        let interaction: Interaction = text.parse().expect("an interaction");
        let energy = DenseEnergy::new(patterns.clone(), interaction).expect("fits");
        flips.push((text.to_owned(), Box::new(energy)));
    }
    flips
}

/// Largest difference and where it is.
pub fn assert_close<F: Real>(a: &Array2<F>, b: &Array2<F>, tolerance: f64, what: &str) {
    assert_eq!(a.dim(), b.dim(), "{what}: shapes differ");
    let worst = a
        .indexed_iter()
        .map(|(at, &x)| ((x.to_f64() - b[at].to_f64()).abs(), at))
        .max_by(|x, y| x.0.total_cmp(&y.0))
        .unwrap_or((0.0, (0, 0)));
    assert!(worst.0 <= tolerance, "{what}: off by {:e} at {:?}", worst.0, worst.1);
}

/// Memories that diffusion recalls from: each form alone, and all together. A shape is one line here.
pub fn denoisers() -> Vec<(String, Mixture<f64>)> {
    let shapes = || -> Vec<(&str, Kind<f64>)> {
        let shape = |shape: Result<Box<dyn Shape>, attractor::Error>| Kind::Shape(shape.expect("a shape"));
        let cloud = Patterns::new(normals(30, 3, 1.0, 6)).expect("patterns");
        vec![
            ("point", Kind::Point(vec![0.3, -1.0, 0.8])),
            ("cloud", Kind::Cloud(cloud)),
            (
                "gaussian",
                shape(Subspace::new(vec![0.5, 0.0, 0.2], array![[0.6, 0.8, 0.0]], vec![0.7]).map(boxed)),
            ),
            (
                "thick",
                shape(
                    Subspace::new(vec![0.5, 0.0, 0.2], array![[0.6, 0.8, 0.0]], vec![0.7])
                        .and_then(|line| line.with_thickness(0.6))
                        .map(boxed),
                ),
            ),
            ("flat", shape(Subspace::flat(vec![0.5, 0.0, 0.2], array![[0.0, 0.6, 0.8]]).map(boxed))),
            ("segment", shape(Segment::new(vec![-1.0, 0.0, 0.0], vec![1.0, 1.0, 0.5]).map(boxed))),
            (
                "circle",
                shape(Sphere::new(vec![0.1; 3], 1.2, array![[1.0, 0.0, 0.0], [0.0, 0.6, 0.8]]).map(boxed)),
            ),
            ("sphere", shape(Sphere::full(vec![0.0, 0.3, 0.0], 0.8).map(boxed))),
        ]
    };
    let component = |kind, weight| Component { kind, weight, label: None };
    let mut all: Vec<(String, Mixture<f64>)> = Vec::new();
    for (name, kind) in shapes() {
        all.push((name.into(), Mixture::new(vec![component(kind, 1.0)]).expect("a memory")));
    }
    let proper = shapes().into_iter().filter(|(name, _)| *name != "flat");
    let together = proper.enumerate().map(|(n, (_, kind))| component(kind, 1.0 + n as f64)).collect();
    all.push(("all together".into(), Mixture::new(together).expect("a memory")));
    let thick =
        shapes().into_iter().filter(|(name, _)| *name == "thick").map(|(_, kind)| component(kind, 1.0));
    let some = Patterns::new(normals(5, 3, 1.0, 8)).expect("patterns");
    let gist = Mixture::new(thick.collect()).expect("a memory");
    all.push(("events beside a density".into(), gist.with_events(some.into(), 0.4).expect("a memory")));
    let together = shapes().into_iter().map(|(_, kind)| component(kind, 0.5)).collect();
    all.push(("all together with a flat one".into(), Mixture::new(together).expect("a memory")));
    all.extend([Form::Conditioned, Form::Literal].map(|form| (form.name().to_owned(), events(form))));
    all
}

/// Cores of three events of three units, of two encoders, beside a semantic memory of two Gaussians.
fn events(form: Form) -> Mixture<f64> {
    let thick = Subspace::new(vec![0.5, 0.0, 0.2], array![[0.6, 0.8, 0.0]], vec![1.1])
        .and_then(|line| line.with_thickness(0.4))
        .expect("a Gaussian");
    let width = array![[1.0, 0.5, 0.1], [0.5, 0.8, -0.2], [0.1, -0.2, 0.4]];
    let any = Subspace::from_covariance(vec![-0.6, 0.3, 0.0], width.view()).expect("a Gaussian");
    let component =
        |shape: Subspace, weight| Component { kind: Kind::Shape(boxed(shape)), weight, label: None };
    let semantic = Mixture::<f64>::new(vec![component(thick, 2.0), component(any, 1.0)]).expect("a memory");
    let unit = Arc::new(Encoder::units(3, vec![1]).expect("an encoder"));
    let sums = Arc::new(Encoder::matrix(array![[1.0, 1.0, 0.0], [0.0, 1.0, -2.0]]).expect("an encoder"));
    let event = |encoder: &Arc<Encoder>, core: Vec<f64>, weight| Event {
        encoder: encoder.clone(),
        core,
        weight,
        label: None,
    };
    let events =
        vec![event(&unit, vec![0.7], 1.0), event(&sums, vec![0.2, 1.0], 2.0), event(&unit, vec![-1.1], 1.5)];
    let gist = if form == Form::Conditioned { 0.2 } else { 0.0 };
    let recipe = Reconstruction { form, gist, ..Reconstruction::new(&semantic, events).expect("Gaussians") };
    recipe.mixture().expect("a memory")
}

fn boxed<S: Shape + 'static>(shape: S) -> Box<dyn Shape> {
    Box::new(shape)
}
