//! What is swept. A new sweep is one line of [`SWEEPS`].

use attractor::diffusion::{Process, Sampler};
use attractor::kernels::{Form, attend};
use attractor::memories::{Beta, Diffusion, Hopfield, HopfieldOptions, Level, Memory, Modern, Request};
use attractor_report::Result;
use ndarray::Array2;

use crate::speed::{Shape, beta, example};

/// What a call does besides its shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// B, N and D.
    pub shape: Shape,
    /// Steps of diffusion, updates of the others.
    pub steps: usize,
}

/// A prepared call; whatever it makes is dropped within.
pub type Call = Box<dyn FnMut() -> Result<()>>;

/// What grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// Patterns N.
    Patterns,
    /// Units D.
    Units,
    /// Cues B.
    Cues,
    /// Steps.
    Steps,
    /// Threads.
    Threads,
}

impl Variable {
    /// All, in the order in which they are shown.
    pub const ALL: [Variable; 5] =
        [Variable::Patterns, Variable::Units, Variable::Cues, Variable::Steps, Variable::Threads];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Variable::Patterns => "N",
            Variable::Units => "D",
            Variable::Cues => "B",
            Variable::Steps => "steps",
            Variable::Threads => "threads",
        }
    }
}

/// Something whose cost is known in advance.
pub struct Subject {
    /// What it is called.
    pub name: &'static str,
    /// Its style in the figure.
    pub style: usize,
    prepare: fn(Size) -> Result<Call>,
}

/// One variable of one subject, over powers of two.
pub struct Sweep {
    /// Whose.
    pub subject: &'static Subject,
    /// Which.
    pub variable: Variable,
    /// Exponents of the least and the largest value; of threads only the first counts.
    powers: (u32, u32),
    /// What stays as it is.
    pub fixed: Size,
    /// Exponent of time that the algorithm has.
    pub time: Option<f64>,
    /// Exponent of memory beyond the patterns and cues; none where it is bounded by parts that grow and parts that
    /// do not.
    pub memory: Option<f64>,
}

const fn size(cues: usize, patterns: usize, units: usize, steps: usize) -> Size {
    Size { shape: Shape { cues, patterns, units }, steps }
}

const fn sweep(
    subject: &'static Subject,
    variable: Variable,
    powers: (u32, u32),
    fixed: Size,
    [time, memory]: [Option<f64>; 2],
) -> Sweep {
    Sweep { subject, variable, powers, fixed, time, memory }
}

/// Everything that is swept. Where N·D stays below 2¹⁹ patterns are read in one range, else in up to 64, whose
/// sums are then held side by side: memory grows with N until there are 64 of them.
pub static SWEEPS: &[Sweep] = &[
    sweep(&READ, Variable::Patterns, (6, 12), size(1024, 0, 64, 0), [Some(1.0), Some(0.0)]),
    sweep(&READ_MANY, Variable::Patterns, (14, 20), size(64, 0, 64, 0), [Some(1.0), None]),
    sweep(&READ, Variable::Units, (6, 11), size(1024, 256, 0, 0), [Some(1.0), Some(1.0)]),
    sweep(&READ, Variable::Cues, (7, 13), size(0, 1024, 64, 0), [Some(1.0), Some(1.0)]),
    sweep(&READ, Variable::Threads, (0, 0), size(1024, 4096, 64, 0), [Some(-1.0), None]),
    sweep(&MODERN, Variable::Patterns, (7, 13), size(256, 0, 64, 8), [Some(1.0), Some(0.0)]),
    sweep(&MODERN, Variable::Units, (6, 10), size(256, 512, 0, 8), [Some(1.0), Some(1.0)]),
    sweep(&MODERN, Variable::Cues, (7, 12), size(0, 512, 64, 8), [Some(1.0), Some(1.0)]),
    sweep(&DIFFUSION, Variable::Patterns, (7, 13), size(256, 0, 64, 16), [Some(1.0), Some(0.0)]),
    sweep(&DIFFUSION, Variable::Units, (6, 10), size(256, 512, 0, 16), [Some(1.0), Some(1.0)]),
    sweep(&DIFFUSION, Variable::Cues, (7, 12), size(0, 512, 64, 16), [Some(1.0), Some(1.0)]),
    sweep(&DIFFUSION, Variable::Steps, (4, 9), size(256, 512, 64, 0), [Some(1.0), None]),
    sweep(&DIFFUSION, Variable::Threads, (0, 0), size(256, 4096, 64, 16), [Some(-1.0), None]),
    sweep(&HOPFIELD, Variable::Units, (8, 11), size(64, 16, 0, 8), [Some(2.0), Some(1.0)]),
    sweep(&HOPFIELD, Variable::Cues, (6, 10), size(0, 16, 512, 8), [Some(1.0), Some(1.0)]),
    sweep(&HEBB, Variable::Units, (8, 11), size(1, 64, 0, 0), [Some(2.0), Some(2.0)]),
];

impl Sweep {
    /// Its values. Threads go up to `most`.
    pub fn values(&self, most: usize) -> Vec<usize> {
        match self.variable {
            Variable::Threads => (0..usize::BITS).map(|p| 1 << p).take_while(|t| *t <= most).collect(),
            _ => (self.powers.0..=self.powers.1).map(|p| 1 << p).collect(),
        }
    }

    /// The size at a value.
    pub fn at(&self, value: usize) -> Size {
        let mut size = self.fixed;
        match self.variable {
            Variable::Patterns => size.shape.patterns = value,
            Variable::Units => size.shape.units = value,
            Variable::Cues => size.shape.cues = value,
            Variable::Steps => size.steps = value,
            Variable::Threads => {}
        }
        size
    }

    /// Makes patterns and cues of a value.
    pub fn prepare(&self, value: usize) -> Result<Call> {
        (self.subject.prepare)(self.at(value))
    }

    /// What stays as it is, in words.
    pub fn fixed(&self) -> String {
        let Size { shape: Shape { cues, patterns, units }, steps } = self.fixed;
        let all = [("B", cues), ("N", patterns), ("D", units), ("steps", steps)];
        let said = |&(name, value): &(&str, usize)| value > 0 && name != self.variable.name();
        all.iter()
            .filter(|of| said(of))
            .map(|(name, value)| format!("{name} = {value}"))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

static READ: Subject = Subject { name: "read", style: 0, prepare: read };

static READ_MANY: Subject = Subject { name: "read, few cues", style: 5, prepare: read };

fn read(Size { shape, .. }: Size) -> Result<Call> {
    let (patterns, cues) = example::<f32>(shape)?;
    let betas = vec![beta(shape.units); shape.cues];
    Ok(Box::new(move || {
        std::hint::black_box(attend(&patterns, cues.view(), &betas, Form::Distance));
        Ok(())
    }))
}

/// Recalls of a memory with so many updates, or until it is at rest.
fn recall(
    memory: impl Memory<f32> + 'static,
    cues: Array2<f32>,
    updates: Option<usize>,
    level: Level,
) -> Call {
    Box::new(move || {
        let request = Request { updates, level, ..Request::new(cues.view()) };
        std::hint::black_box(memory.recall(&request)?);
        Ok(())
    })
}

static MODERN: Subject = Subject {
    name: "modern recall",
    style: 1,
    prepare: |Size { shape, steps }| {
        let (patterns, cues) = example::<f32>(shape)?;
        // Cool enough to end in a pattern; `Auto` would look at all pairs of patterns.
        let memory = Modern::new(patterns, Beta::Value(1.0))?;
        Ok(recall(memory, cues, Some(steps), Level::Estimate))
    },
};

static DIFFUSION: Subject = Subject {
    name: "diffusion recall",
    style: 2,
    prepare: |Size { shape, steps }| {
        let (patterns, cues) = example::<f32>(shape)?;
        let memory = Diffusion::new(patterns, Process::default(), Sampler::Ddim, Some(steps))?;
        // Told, since estimating it is a search of its own.
        Ok(recall(memory, cues, None, Level::Sigma(1.08)))
    },
};

static HOPFIELD: Subject = Subject {
    name: "classical recall",
    style: 3,
    prepare: |Size { shape, steps }| {
        let (patterns, cues) = example::<f32>(shape)?;
        let memory = Hopfield::new(patterns, HopfieldOptions::default())?;
        Ok(recall(memory, cues, Some(steps), Level::Estimate))
    },
};

static HEBB: Subject = Subject {
    name: "classical storage",
    style: 4,
    prepare: |Size { shape, .. }| {
        let (patterns, _) = example::<f32>(shape)?;
        Ok(Box::new(move || {
            std::hint::black_box(Hopfield::new(patterns.clone(), HopfieldOptions::default())?);
            Ok(())
        }))
    },
};
