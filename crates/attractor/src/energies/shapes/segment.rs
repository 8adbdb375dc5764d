//! Straight line segments.

use ndarray::{Array1, ArrayView1, ArrayView2, aview1};

use super::frame::{Frame, check_finite, norm};
use super::subspace::square;
use super::{Moments, Shape, ShapeMoments, finite};
use crate::error::{Error, Result};
use crate::noise::Stream;
use crate::quadrature::{LEGENDRE, NODES};

/// At this distance √90 the integrand has fallen by e⁻⁴⁵, a hundredth of the rounding error.
const EDGE: f64 = 9.486832980505138;

/// The largest distance from an end, in units of σ. Larger ones are replaced by it, so that their square is finite.
const FAR: f64 = 1e150;

/// The uniform distribution on the straight line from a to b.
///
/// ```text
/// log-sum = ln (1/L) ∫₀ᴸ exp(−(s − t)²/2σ²) ds − ‖z_⊥‖²/2σ²,   t = (z − a)·(b − a)/L,   L = ‖b − a‖
/// ```
///
/// The posterior along the segment is a Gaussian about t, truncated at both ends. Its three integrals are computed by
/// Gauss–Legendre quadrature where the integrand is not negligible, seen from the nearer end. All terms are positive.
/// So no digits are lost for small or large σ, or for z far beyond an end, as they are in differences of error
/// functions. O(D) and 48 exponentials for each state. (Ambrogioni 2023, section 5.2.)
///
/// ```
/// use attractor::energies::shapes::{Segment, Shape};
/// let road = Segment::new(vec![0.0, 0.0], vec![4.0, 0.0])?;
/// let mut mean = [0.0; 2];
/// road.read(&[2.0, 1.0], 0.5, &mut mean);
/// assert!((mean[0] - 2.0).abs() < 1e-15 && mean[1] == 0.0);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Segment {
    /// The first end, and the direction to the second.
    frame: Frame,
    length: f64,
    end: Vec<f64>,
}

impl Segment {
    /// The segment from `from` to `to` (D numbers each).
    ///
    /// # Errors
    /// Ends of different sizes, or the same end twice; numbers that are not finite.
    pub fn new(from: Vec<f64>, to: Vec<f64>) -> Result<Self> {
        check_finite("from", &from)?;
        check_finite("to", &to)?;
        if from.len() != to.len() {
            return Err(Error::shape(
                "to",
                format!("{} units, as the first end has", from.len()),
                format!("{}", to.len()),
                "give both ends in the same units",
            ));
        }
        let way = &aview1(&to) - &aview1(&from);
        let length = norm(way.view());
        if !(length > 0.0 && length.is_finite()) {
            return Err(Error::parameter("to", "an end that differs from the first", format!("{to:?}")));
        }
        let directions = (way / length).insert_axis(ndarray::Axis(0));
        Ok(Segment { frame: Frame::new("from", from, directions)?, length, end: to })
    }

    /// The position t seen from the nearer end, and whether that is the second end.
    fn nearer(&self, t: f64) -> (f64, bool) {
        let back = t > 0.5 * self.length;
        (if back { self.length - t } else { t }, back)
    }

    fn place(&self, s: f64, back: bool, y: &mut [f64]) {
        let s = if back { self.length - s } else { s };
        self.frame.place(aview1(&[s]), y);
    }
}

/// A Gaussian of standard deviation 1 truncated at both ends: the log of its integral over the length, mean and
/// variance.
struct Cut {
    log_mean: f64,
    mean: f64,
    variance: f64,
}

/// The density exp(−x²/2) between `start` and `start + length`, where `start` ≥ −length/2. Its mean counts from
/// `start`.
fn cut(start: f64, length: f64) -> Cut {
    // The integrand is exp(−x(slope + x/2)): from the end if the peak is beyond it, from the peak otherwise.
    let (slope, from, to) = if start >= 0.0 {
        let to = EDGE * (EDGE / (start + start.hypot(EDGE)));
        (start, 0.0, to.min(length))
    } else {
        (0.0, start.max(-EDGE), (start + length).min(EDGE))
    };
    let half = 0.5 * (to - from);
    let mut terms = [(0.0, 0.0); NODES];
    for (term, (node, weight)) in terms.iter_mut().zip(LEGENDRE.iter()) {
        let x = from + half * (1.0 + node);
        *term = (x, weight * (-x * (slope + 0.5 * x)).exp());
    }
    let total: f64 = terms.iter().map(|(_, w)| w).sum();
    let mean = terms.iter().map(|(x, w)| x * w).sum::<f64>() / total;
    let variance = terms.iter().map(|(x, w)| w * (x - mean).powi(2)).sum::<f64>() / total;
    let peak = if start >= 0.0 { 0.0 } else { -start };
    Cut { log_mean: (total * (half / length)).ln() - 0.5 * slope * slope, mean: peak + mean, variance }
}

/// A sample of the density of [`cut`], counted from its start, by rejection. Proposals are exponential (Robert 1995)
/// if the peak lies outside, and Gaussian or uniform if it lies inside. More than a third of them are accepted.
fn draw_cut(start: f64, length: f64, stream: &mut Stream) -> f64 {
    /// For longer intervals the Gaussian is a better proposal than the uniform distribution.
    const LONG: f64 = 2.5;
    // Robert's best rate, minus the slope at the start.
    let excess = 2.0 / (start + start.hypot(2.0));
    let rate = start + excess;
    loop {
        if start >= 0.0 {
            let x = -(stream.uniform() * (-rate * length).exp_m1()).ln_1p() / rate;
            // The ratio of target to proposal is largest at its peak, or at the far end if that comes first.
            let best = excess.min(length);
            let log_ratio = (x - best) * (excess - 0.5 * (x + best));
            if stream.uniform() < log_ratio.exp() {
                return x.min(length);
            }
        } else if length > LONG {
            let x = stream.normal() - start;
            if (0.0..=length).contains(&x) {
                return x;
            }
        } else {
            let x = stream.uniform() * length;
            if stream.uniform() < (-0.5 * (start + x).powi(2)).exp() {
                return x;
            }
        }
    }
}

impl Shape for Segment {
    fn dim(&self) -> usize {
        self.frame.dim()
    }

    fn read(&self, z: &[f64], sigma: f64, mean: &mut [f64]) -> ShapeMoments {
        let (along, across) = self.frame.coordinates(z);
        let (t, back) = self.nearer(along[0]);
        let cut = cut((-t / sigma).min(FAR), self.length / sigma);
        self.place((sigma * cut.mean).min(self.length), back, mean);
        ShapeMoments {
            log_sum: finite(cut.log_mean - 0.5 * (across / sigma).powi(2)),
            second: square(mean) + cut.variance * sigma * sigma,
        }
    }

    fn draw(&self, z: &[f64], sigma: f64, stream: &mut Stream, y: &mut [f64]) -> Result<()> {
        if sigma.is_infinite() {
            self.place(stream.uniform() * self.length, false, y);
            return Ok(());
        }
        let (along, _) = self.frame.coordinates(z);
        let (t, back) = self.nearer(along[0]);
        let s = sigma * draw_cut((-t / sigma).min(FAR), self.length / sigma, stream);
        self.place(s.min(self.length), back, y);
        Ok(())
    }

    fn project(&self, z: &[f64], y: &mut [f64]) {
        let (along, _) = self.frame.coordinates(z);
        self.place(along[0].clamp(0.0, self.length), false, y);
    }

    fn moments(&self) -> Moments {
        let middle: Array1<f64> =
            (&ArrayView1::from(&self.frame.origin) * 0.5) + (&ArrayView1::from(&self.end) * 0.5);
        Moments { mean: middle.to_vec(), variance: self.length * self.length / 12.0, unbounded: false }
    }

    fn turn(&self, directions: ArrayView2<f64>) -> Option<Box<dyn Shape>> {
        let end = directions.dot(&aview1(&self.end)).to_vec();
        Some(Box::new(Segment { frame: self.frame.turned(directions), end, ..self.clone() }))
    }

    /// The image is always the segment between the images of its ends.
    fn stretch(&self, factors: &[f64]) -> Option<Box<dyn Shape>> {
        let image = |end: &[f64]| end.iter().zip(factors).map(|(e, f)| e * f).collect();
        Some(Box::new(Segment::new(image(&self.frame.origin), image(&self.end)).ok()?))
    }
}
