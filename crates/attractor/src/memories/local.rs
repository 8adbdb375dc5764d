//! Diffusion with a local denoiser: every pixel asks with its own window.

use ndarray::Array2;

use super::levels::{LevelModel, most_likely};
use super::prior::Prior;
use super::{Abilities, Card, Describe, Family, Learned, Level, Memory, MemoryModel, RecallPath, Request};
use crate::diffusion::{PARAMETERS as SAMPLING, Sampling};
use crate::energies::{Denoise, ImageForm, Local, LocalRule, Mixture, Windows};
use crate::error::{Error, Result};
use crate::message;
use crate::message::{Argument, Message};
use crate::options::{Fallback, Form, Kind, Name, Options, Parameter, names_of};
use crate::patterns::Patterns;
use crate::real::Real;

/// The kind of windows.
const WINDOWS: Kind = Kind::Form(Form {
    forms: || {
        vec![
            Name::with_about("7", "squares of 7 x 7 pixels, or of another odd number"),
            Name::with_about("whole", "the whole image"),
            Name::with_about(
                "3,7@0.5,whole@2",
                "another window from each level on, in spreads of the patterns",
            ),
        ]
    },
    check: Form::reads::<Windows>,
});

const OWN: [Parameter; 4] = [
    Parameter {
        name: "rule",
        kind: Kind::Choice(|| names_of(LocalRule::ALL)),
        default: Fallback::Is("local"),
        help: "What a pixel is compared with: its window in its place (local) or at all places (equivariant-local), \
               the whole image at all places (equivariant) or in its place (ideal); or the best linear denoiser (wiener)",
    },
    Parameter {
        name: "window",
        kind: Kind::AutoOr(&WINDOWS),
        default: Fallback::Rule("auto, which denoises images best that are not stored"),
        help: "Window of a pixel, for the rules local and equivariant-local",
    },
    Parameter {
        name: "border",
        kind: Kind::Choice(|| vec![Name::new("cut"), Name::new("torus")]),
        default: Fallback::Rule("cut; torus for the rule equivariant"),
        help: "Whether windows end at the border, or images go on at the opposite one",
    },
    Parameter {
        name: "image",
        kind: Kind::Form(Form {
            forms: || vec![Name::new("28x28"), Name::new("3x32x32"), Name::new("32x32x3")],
            check: Form::reads::<ImageForm>,
        }),
        default: Fallback::Rule("the form of the stored images, or a square if it is not known"),
        help: "Height, width and channels of the images that the patterns are",
    },
];

/// The options of this model, and those of sampling.
const PARAMETERS: &[Parameter] = &{
    let mut all = [OWN[0]; OWN.len() + SAMPLING.len()];
    let mut k = 0;
    while k < all.len() {
        all[k] = if k < OWN.len() { OWN[k] } else { SAMPLING[k - OWN.len()] };
        k += 1;
    }
    all
};

/// The entry of this model in [`MODELS`](super::MODELS).
pub(super) const CARD: Card = Card {
    name: "local",
    title: "Local diffusion: creation from pieces of stored images",
    equation: "D(z;s)_p = sum_n w_n(p) y_n(p),  w(p) = softmax(-|z-y_n|^2 within the window of p / 2s^2)",
    parameters: PARAMETERS,
    cost: "N D (2 log2 of the window's side, and an exponential) a read and cue; as often as there are pixels if all \
           places are compared; N D numbers",
    source: "Kamb & Ganguli (2024)",
    weights: true,
    streams: true,
    levels: true,
    images: true,
    family: Family::Diffusion,
    ..Card::PLAIN
};

/// A diffusion model that knows its training images only through windows: what a convolutional network that generalises
/// is predicted to make (Kamb & Ganguli 2024).
///
/// It recalls stored images from little noise. From much noise it makes mosaics, whose pieces are stored. In general its
/// score is not the gradient of an energy, so it has no landscape, posterior or ln p.
///
/// ```
/// use attractor::diffusion::Sampling;
/// use attractor::energies::{ImageForm, Local, LocalRule, Windows};
/// use attractor::memories::{Level, LocalDiffusion, Memory, Request};
/// use attractor::Patterns;
/// use ndarray::array;
/// let stored = Patterns::new(array![[-1.0_f64, -1.0, -1.0, -1.0], [1.0, 1.0, 1.0, 1.0]])?;
/// let line = ImageForm::grey(1, 4);
/// let pieces = Local::new(stored, line, false, LocalRule::Local, Windows::constant(3)?)?;
/// let memory = LocalDiffusion::new(pieces, Sampling::default())?;
/// let cue = array![[-0.9, -1.2, 1.1, 0.8]];
/// let recall = memory.recall(&Request { level: Level::Sigma(0.3), ..Request::new(cue.view()) })?;
/// // Half of one image, and half of the other.
/// assert!((recall.states - array![[-1.0, -1.0, 1.0, 1.0]]).iter().all(|d| d.abs() < 1e-6));
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LocalDiffusion<F> {
    denoiser: Local<F>,
    sampling: Sampling,
    mean: Vec<f64>,
    memory: Mixture<F>,
}

impl<F: Real> LocalDiffusion<F> {
    /// A memory with this denoiser.
    ///
    /// # Errors
    /// A sampling outside its range.
    pub fn new(denoiser: Local<F>, sampling: Sampling) -> Result<Self> {
        sampling.check()?;
        let patterns = denoiser.patterns().clone();
        Ok(LocalDiffusion { mean: patterns.mean(), memory: patterns.into(), denoiser, sampling })
    }
}

/// Builds the memory from named options.
pub(super) fn build<F: Real>(
    patterns: Patterns<F>,
    options: &Options,
    _learned: Option<Learned>,
) -> Result<Box<dyn Memory<F>>> {
    let mut sampling = options.clone();
    for own in &OWN {
        sampling.remove(own.name);
    }
    let sampling = Sampling::from_options(&sampling)?;
    let form = match (options.get("image"), ImageForm::square(patterns.dim())) {
        (Some(form), _) => form.to_string().parse()?,
        (None, Some(square)) => square,
        (None, None) => {
            return Err(Error::Undefined {
                model: CARD.name,
                what: "windows without the form of its images",
                reason: message!["give height x width (", Argument::option("image"), ")"],
            });
        }
    };
    let rule = match options.get("rule") {
        Some(rule) => crate::options::find("rule", LocalRule::ALL, &rule.to_string())?,
        None => LocalRule::default(),
    };
    let border = options.get("border").map(ToString::to_string);
    let torus = border.as_deref().map_or(rule == LocalRule::Equivariant, |border| border == "torus");
    let window = options.get("window").map(ToString::to_string);
    if let Some(window) = window.as_deref().filter(|_| !rule.has_windows()) {
        let expected = "nothing for this rule, which has no windows";
        return Err(Error::parameter("window", expected, window));
    }
    if let Some(border) = border.filter(|_| matches!(rule, LocalRule::Ideal | LocalRule::Wiener)) {
        let expected = "nothing for this rule, which compares whole images in their place";
        return Err(Error::parameter("border", expected, border));
    }
    let denoiser = match window.as_deref() {
        None | Some("auto") => {
            Local::new(patterns, form, torus, rule, Windows::whole())?.with_fitted_windows()?
        }
        Some(window) => Local::new(patterns, form, torus, rule, window.parse()?)?,
    };
    Ok(Box::new(LocalDiffusion::new(denoiser, sampling)?))
}

impl<F: Real> MemoryModel<F> for LocalDiffusion<F> {
    fn name(&self) -> &'static str {
        CARD.name
    }

    fn dim(&self) -> usize {
        self.mean.len()
    }

    fn abilities(&self) -> Abilities<'_, F> {
        Abilities {
            landscape: Err(
                "each pixel weighs stored images on its own, so its score is no gradient of an energy; diffusion on stored patterns has one".into(),
            ),
            denoiser: Some(&self.denoiser),
            sampling: Some(&self.sampling),
            describe: Some(self),
            ..Abilities::of_patterns(self.denoiser.patterns())
        }
    }

    fn path(&self, _request: &Request<F>) -> Result<RecallPath<'_, F>> {
        Ok(RecallPath::through_levels(self))
    }

    fn prior_samples(&self, rows: &[u64], seed: u64) -> Result<(Array2<F>, Level)> {
        Ok(self.prior().samples(rows, seed, self.sampling.first()))
    }
}

impl<F: Real> LevelModel<F> for LocalDiffusion<F> {
    fn denoiser(&self) -> &dyn Denoise<F> {
        &self.denoiser
    }

    fn sampling(&self) -> &Sampling {
        &self.sampling
    }

    fn prior(&self) -> Prior<'_> {
        let patterns = self.denoiser.patterns();
        Prior {
            mean: &self.mean,
            spread: patterns.spread(),
            preparation: patterns.preparation(),
            highest: f64::INFINITY,
        }
    }

    /// The level of a cue is that at which the stored images are most likely.
    fn estimate(&self, cues: Array2<F>) -> Result<(Array2<F>, Vec<f64>)> {
        most_likely(&self.memory, &self.sampling.process, cues)
    }
}

impl<F: Real> Describe for LocalDiffusion<F> {
    fn notes(&self) -> Vec<Message> {
        let ImageForm { height, width, .. } = self.denoiser.form();
        let note = format!(
            "images of {height} x {width} pixels; side of a pixel's window, from a level in spreads on: {}",
            self.denoiser.windows()
        );
        self.denoiser.rule().has_windows().then_some(note.into()).into_iter().collect()
    }
}
