//! The sweeps. A new sweep is one line of [`SWEEPS`].

use attractor::diffusion::{Process, Sampler};
use attractor::kernels::{Form, attend};
use attractor::memories::{Beta, Diffusion, Hopfield, HopfieldOptions, Level, Memory, Modern, Request};
use attractor_report::Result;
use ndarray::Array2;

use crate::speed::{Shape, beta, example};

/// The size of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// B, N and D.
    pub shape: Shape,
    /// Steps of diffusion; updates of the other models.
    pub steps: usize,
}

/// A prepared call. It drops whatever it makes.
pub type Call = Box<dyn FnMut() -> Result<()>>;

/// The variable of a sweep.
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
    /// All variables, in the order in which they are shown.
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

/// A model whose cost is known in advance.
pub struct Subject {
    /// Its name.
    pub name: &'static str,
    /// Its style in the figure.
    pub style: usize,
    prepare: fn(Size) -> Result<Call>,
}

/// A sweep: one variable of one model, over powers of two.
pub struct Sweep {
    /// The model.
    pub subject: &'static Subject,
    /// The variable.
    pub variable: Variable,
    /// Exponents of the smallest and the largest value. Over threads only the first is used.
    powers: (u32, u32),
    /// The values of the other variables.
    pub fixed: Size,
    /// The exponent of the algorithm's time.
    pub time: Option<f64>,
    /// The exponent of the memory beyond patterns and cues. `None` where a growing and a constant part are of
    /// similar size.
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

/// All sweeps. Below N·D = 2¹⁹ the patterns are read as one range, otherwise as up to 64 ranges whose sums
/// are held at the same time. Memory then grows with N until there are 64 of them.
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
    /// The values. Threads go up to `most`.
    pub fn values(&self, most: usize) -> Vec<usize> {
        match self.variable {
            Variable::Threads => (0..usize::BITS).map(|p| 1 << p).take_while(|t| *t <= most).collect(),
            _ => (self.powers.0..=self.powers.1).map(|p| 1 << p).collect(),
        }
    }

    /// The size of a call at a value.
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

    /// Makes the patterns and cues for a value.
    pub fn prepare(&self, value: usize) -> Result<Call> {
        (self.subject.prepare)(self.at(value))
    }

    /// The values of the other variables, in words.
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
        // Large enough that recalls end in a pattern. `Auto` would compare all pairs of patterns.
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
        // The level is given, since estimating it takes a search.
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
