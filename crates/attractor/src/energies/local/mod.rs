//! Denoisers in which every pixel asks with its own window, and the best linear one.

mod side;
mod wiener;

use std::str::FromStr;

use ndarray::{Array2, ArrayView2};

use super::{Denoise, Mixture, beta};
use crate::error::{Error, Result, check_rows, check_width};
use crate::kernels::{Ask, Grid, windows};
use crate::noise::{Purpose, Stream};
use crate::patterns::{Patterns, check_states};
use crate::real::Real;

pub use side::{Side, Windows};

/// How the pixels of a [`Local`] denoiser compare their surroundings with stored images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LocalRule {
    /// Whole images, in their place: the exact denoiser, which can only return stored images.
    Ideal,
    /// The window of a pixel, in its place.
    #[default]
    Local,
    /// Whole images, shifted to all places of a torus.
    Equivariant,
    /// The window of a pixel, at all places of all stored images.
    EquivariantLocal,
    /// The best linear denoiser: m + Σ(Σ + σ²I)⁻¹(z − m).
    Wiener,
}

impl LocalRule {
    /// The names of the rules.
    pub const ALL: &'static [(&'static str, LocalRule)] = &[
        ("local", LocalRule::Local),
        ("equivariant-local", LocalRule::EquivariantLocal),
        ("equivariant", LocalRule::Equivariant),
        ("ideal", LocalRule::Ideal),
        ("wiener", LocalRule::Wiener),
    ];

    /// Whether its pixels have windows.
    pub fn has_windows(self) -> bool {
        matches!(self, LocalRule::Local | LocalRule::EquivariantLocal)
    }

    /// Whether it compares stored images at all places.
    fn shifts(self) -> bool {
        matches!(self, LocalRule::Equivariant | LocalRule::EquivariantLocal)
    }
}

/// The form of images that are stored as rows of numbers: `28x28`; `32x32x3`, where the numbers of a pixel stand together;
/// or `3x32x32`, where those of a channel do. Three sizes begin with the channels if the first is 1 or 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageForm {
    /// Rows of pixels.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
    /// Numbers in a pixel.
    pub channels: usize,
    /// Whether the numbers of a channel stand together, and not those of a pixel.
    pub planes: bool,
}

impl ImageForm {
    /// Images with one number in a pixel.
    pub fn grey(height: usize, width: usize) -> Self {
        ImageForm { height, width, channels: 1, planes: false }
    }

    /// The square of this many grey pixels, if there is one.
    pub fn square(pixels: usize) -> Option<Self> {
        let side = pixels.isqrt();
        (side > 0 && side * side == pixels).then_some(ImageForm::grey(side, side))
    }
}

impl FromStr for ImageForm {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let sides: Option<Vec<usize>> =
            text.split('x').map(|side| side.parse().ok().filter(|&n| n > 0)).collect();
        let form = match sides.as_deref() {
            Some(&[height, width]) => Some(ImageForm::grey(height, width)),
            Some(&[channels @ (1 | 3), height, width]) => {
                Some(ImageForm { height, width, channels, planes: true })
            }
            Some(&[height, width, channels]) => Some(ImageForm { height, width, channels, planes: false }),
            _ => None,
        };
        let fits = |form: &ImageForm| {
            form.height.checked_mul(form.width).and_then(|n| n.checked_mul(form.channels)).is_some()
        };
        form.filter(fits).ok_or_else(|| {
            Error::parameter(
                "image",
                "height x width, with channels first or last, as in 28x28, 3x32x32 or 32x32x3",
                text,
            )
        })
    }
}

/// Noisy states of one level, with what they should become.
#[derive(Clone, Debug)]
pub struct Example<F> {
    /// The level σ.
    pub sigma: f64,
    /// The states, one a row.
    pub states: Array2<F>,
    /// The answers, one a row.
    pub answers: Array2<F>,
}

/// The local denoisers of stored images (Kamb & Ganguli 2024, section 3; arXiv 2412.20292).
///
/// ```text
/// D(z;σ)_p = Σ_c w_c(p) y_c(p),    w(p) = softmax over c of ln π_c − ‖z − y_c‖²_{window of p} / 2σ²
/// ```
///
/// Each pixel p has weights of its own, from the squared distance within its window. The candidates c are the stored
/// images in their place, or at all offsets ([`LocalRule`]). A window ends at the border of the image, and is compared
/// with windows that the border cuts alike; or the image is a torus. At σ → 0 each pixel takes the value in the middle of
/// the stored window that is nearest to its own. So such a model creates: it makes mosaics of stored pieces.
///
/// The windows are sides in pixels (odd), and may grow with the noise level ([`Windows`]).
///
/// Cost: B·N·D·(2 log₂ k + an exponential) for windows of side k; with offsets, as often as there are pixels.
///
/// ```
/// use attractor::Patterns;
/// use attractor::energies::{Denoise, ImageForm, Local, LocalRule, Windows};
/// use ndarray::array;
/// // Black and white on a ring of five pixels. Every pixel takes the colour of most of its three neighbours.
/// let stored = Patterns::new(array![[-1.0_f64; 5], [1.0; 5]])?;
/// let ring = ImageForm::grey(1, 5);
/// let local = Local::new(stored, ring, true, LocalRule::Local, Windows::constant(3)?);
/// // On a torus a window must not reach around the image, and one row is lower than three.
/// assert!(local.is_err());
/// let stored = Patterns::new(array![[-1.0_f64; 5], [1.0; 5]])?;
/// let local = Local::new(stored, ring, false, LocalRule::Local, Windows::constant(3)?)?;
/// let state = array![[1.0, 1.0, 1.0, -1.0, -1.0]];
/// assert_eq!(local.denoise(state.view(), &[0.01])?, array![[1.0, 1.0, 1.0, -1.0, -1.0]]);
/// let state = array![[1.0, -1.0, 1.0, 1.0, 1.0]];
/// assert_eq!(local.denoise(state.view(), &[0.01])?[[0, 1]], 1.0);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Local<F> {
    patterns: Patterns<F>,
    grid: Grid,
    rule: LocalRule,
    windows: Windows,
    /// The Gaussian of [`LocalRule::Wiener`].
    gaussian: Option<Mixture<F>>,
}

impl<F: Real> Local<F> {
    /// The denoiser of these images. `torus` says that an image goes on at its opposite border. `windows` concerns rules
    /// with windows alone.
    ///
    /// # Errors
    /// Patterns that are no images of this form. On a torus, a window larger than the image. Whole images at all places
    /// without a torus, which is then no shift.
    pub fn new(
        patterns: Patterns<F>,
        form: ImageForm,
        torus: bool,
        rule: LocalRule,
        windows: Windows,
    ) -> Result<Self> {
        let ImageForm { height, width, channels, planes } = form;
        let size = height * width * channels;
        if size != patterns.dim() {
            return Err(Error::shape(
                "image",
                format!("a form of {} numbers, as the patterns have", patterns.dim()),
                format!("{size}"),
                "give height x width, with channels first or last",
            ));
        }
        if rule == LocalRule::Equivariant && !torus {
            let expected = "torus for the rule equivariant, whose images shift around the border";
            return Err(Error::parameter("border", expected, "cut"));
        }
        if let Some(side) =
            windows.sides().find(|&side| torus && rule.has_windows() && side > height.min(width))
        {
            let expected =
                format!("at most {} pixels on a torus of {height} x {width}, or whole", height.min(width));
            return Err(Error::parameter("window", expected, side));
        }
        let gaussian = match rule {
            LocalRule::Wiener => Some(wiener::gaussian(&patterns)?),
            _ => None,
        };
        let grid = Grid { height, width, channels, planes, torus };
        Ok(Local { patterns, grid, rule, windows, gaussian })
    }

    /// The stored images.
    pub fn patterns(&self) -> &Patterns<F> {
        &self.patterns
    }

    /// The form of the images.
    pub fn form(&self) -> ImageForm {
        let Grid { height, width, channels, planes, .. } = self.grid;
        ImageForm { height, width, channels, planes }
    }

    /// The rule.
    pub fn rule(&self) -> LocalRule {
        self.rule
    }

    /// The windows at each level.
    pub fn windows(&self) -> &Windows {
        &self.windows
    }

    /// The Gaussian of the rule `wiener`, which has a density.
    pub fn gaussian(&self) -> Option<&Mixture<F>> {
        self.gaussian.as_ref()
    }

    /// The same denoiser with the windows that denoise best what they have not seen.
    ///
    /// Stored images are noised, and each is denoised by the others alone. At each of eight levels, from a sixteenth of
    /// the spread to eight spreads, the window with the smallest mean squared error is kept. Examines up to 64 images
    /// against up to 512, evenly spaced, in their place (also if the rule compares all places).
    ///
    /// # Errors
    /// Patterns that cannot be read. With one image there is nothing to leave out, and the window is the whole image.
    pub fn with_fitted_windows(mut self) -> Result<Self> {
        const STORED: usize = 512;
        const PROBES: usize = 64;
        const LEVELS: usize = 8;
        let count = self.patterns.len();
        if count == 1 || !self.rule.has_windows() {
            self.windows = Windows::whole();
            return Ok(self);
        }
        let evenly = |of: usize, most: usize| -> Vec<usize> {
            let kept = of.min(most);
            (0..kept).map(|k| k * of / kept).collect()
        };
        let stored = Patterns::new(self.patterns.select(&evenly(count, STORED)))?;
        let probes = evenly(stored.len(), PROBES);
        let clean = stored.select(&probes);
        let examples: Vec<Example<F>> = (0..LEVELS)
            .map(|level| {
                let sigma = 2f64.powi(level as i32 - 4) * self.patterns.spread();
                let mut states = clean.clone();
                for (mut row, &probe) in states.outer_iter_mut().zip(&probes) {
                    let mut stream = Stream::new(level as u64, Purpose::Fit, probe as u64);
                    row.mapv_inplace(|y| F::from_f64(y.to_f64() + sigma * stream.normal()));
                }
                Example { sigma, states, answers: clean.clone() }
            })
            .collect();
        self.windows = self.best_windows(&stored, &examples, Some(&probes));
        Ok(self)
    }

    /// The same denoiser with the windows whose answers are nearest to those of examples, in the mean square, as Kamb & Ganguli (2024) choose windows for a
    /// network. `examples` have ascending levels; between two of them the window changes at their geometric mean. Stored images are compared in their
    /// place, also if the rule compares all places.
    ///
    /// Cost: that of a read of all examples, for each of about 3 log₂ of the image's side windows.
    ///
    /// # Errors
    /// No examples, or levels that do not ascend; states of another width, or with NaN; patterns that cannot be read.
    pub fn with_windows_that_predict(mut self, examples: &[Example<F>]) -> Result<Self> {
        let ascend = examples.windows(2).all(|two| two[0].sigma < two[1].sigma);
        let positive = examples.first().is_some_and(|example| example.sigma > 0.0);
        if !ascend || !positive {
            let expected = "levels above 0, in ascending order";
            return Err(Error::parameter("examples", expected, examples.len()));
        }
        for example in examples {
            check_width("states", example.states.ncols(), self.patterns.dim())?;
            check_width("answers", example.answers.ncols(), self.patterns.dim())?;
            check_rows("answers", example.answers.nrows(), example.states.nrows())?;
            check_states("states", example.states.view(), "give finite states")?;
        }
        if self.rule.has_windows() {
            self.windows = self.best_windows(&self.patterns, examples, None);
            self.patterns.check_source()?;
        }
        Ok(self)
    }

    /// The window with the least squared error at each level of the examples.
    fn best_windows(
        &self,
        stored: &Patterns<F>,
        examples: &[Example<F>],
        without: Option<&[usize]>,
    ) -> Windows {
        let sides = side::candidates(self.grid);
        let mut steps = Vec::new();
        for (place, Example { sigma, states, answers }) in examples.iter().enumerate() {
            let error = |side: usize| -> f64 {
                let betas = vec![1.0 / (sigma * sigma); states.nrows()];
                let ask = Ask { betas: &betas, sides: &vec![side; states.nrows()], offsets: false, without };
                let means = windows(stored, states.view(), self.grid, ask);
                means.iter().zip(answers).map(|(d, y)| (d.to_f64() - y.to_f64()).powi(2)).sum()
            };
            let errors = sides.iter().map(|&side| (error(side), side));
            let (_, best) = errors.min_by(|a, b| a.0.total_cmp(&b.0)).expect("there is a window");
            let from = match place.checked_sub(1) {
                Some(before) => (sigma * examples[before].sigma).sqrt() / self.patterns.spread(),
                None => 0.0,
            };
            steps.push((from, best));
        }
        Windows::of_sides(steps, sides.last().copied().expect("there is a window"))
    }

    /// The side of the window at a level.
    fn side(&self, sigma: f64) -> usize {
        let whole = 2 * self.grid.height.max(self.grid.width) + 1;
        match self.windows.at(sigma / self.patterns.spread()) {
            Side::Pixels(side) if self.rule.has_windows() => side,
            _ => whole,
        }
    }
}

impl<F: Real> Denoise<F> for Local<F> {
    fn dim(&self) -> usize {
        self.patterns.dim()
    }

    /// Only the Wiener denoiser is that of a density.
    fn is_posterior_mean(&self) -> bool {
        self.gaussian.is_some()
    }

    fn is_estimate(&self) -> bool {
        true
    }

    fn denoise(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>> {
        if let Some(gaussian) = &self.gaussian {
            return gaussian.denoise(states, sigmas);
        }
        check_width("states", states.ncols(), self.patterns.dim())?;
        check_rows("noise levels", sigmas.len(), states.nrows())?;
        check_states("states", states, "give finite states")?;
        let betas = sigmas.iter().map(|&sigma| beta(sigma)).collect::<Result<Vec<_>>>()?;
        let sides: Vec<usize> = sigmas.iter().map(|&sigma| self.side(sigma)).collect();
        let ask = Ask { betas: &betas, sides: &sides, offsets: self.rule.shifts(), without: None };
        let means = windows(&self.patterns, states, self.grid, ask);
        self.patterns.check_source()?;
        Ok(means)
    }
}
