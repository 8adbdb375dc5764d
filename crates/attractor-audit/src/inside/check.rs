//! Whether a function is a denoiser at all. One that gives the noise, the score or its input is refused; one that does not come to x as σ
//! falls is noted.

use attractor::message::Message;
use attractor::noise::{Purpose, Stream};
use attractor_report::{Error, Result};
use ndarray::{Array2, ArrayView2, Zip, s};

use super::subject::Subject;

/// The rows that are tried.
const ROWS: usize = 64;

/// Levels as shares of the spread of the rows: at the first a denoiser gives nearly the row, at the last hardly more than the mean.
const LEVELS: [f64; 3] = [0.1, 1.0, 3.0];

/// What a model may give in place of D: its name, D from it (of the state z, what it gave, and σ), and what to do. A velocity is not among
/// them: z/(1 + σ²) alone is near the rows, so nearly any function could be one.
type Form = (&'static str, fn(f64, f64, f64) -> f64, &'static str);

const FORMS: [Form; 2] = [
    ("the noise", |z, noise, sigma| z - sigma * noise, "return x - sigma * noise"),
    ("the score", |z, score, sigma| z + sigma * sigma * score, "return x + sigma**2 * score"),
];

/// Refuses what is plainly no denoiser. `states` are training rows, `spread` is their scale.
///
/// # Errors
/// A result of the wrong shape, or with NaN; the noise, the score, or the noisy row in place of an estimate of the row without
/// noise.
pub(super) fn refuse(subject: &Subject, states: ArrayView2<f64>, spread: f64) -> Result<()> {
    /// How far from the rows a denoiser may be, in mean squares of what is the nearer of the noisy row and the mean.
    const FAR: f64 = 4.0;
    /// How near another reading of the model must be.
    const NEAR: f64 = 2.0;
    /// The share of the noise that a denoiser must at least take away at the high level.
    const TAKEN: f64 = 1e-3;
    let clean = states.slice(s![..states.nrows().min(ROWS), ..]).to_owned();
    let mut noise = Array2::zeros(clean.dim());
    for (row, mut noise) in noise.outer_iter_mut().enumerate() {
        let mut stream = Stream::new(0, Purpose::Calibration, row as u64);
        noise.mapv_inplace(|_: f64| stream.normal());
    }
    let refused = |found: &str, cure: &'static str| {
        let expected = "D(x, sigma), an estimate of the row without noise";
        Err(Error::mended("denoiser", expected, found, Message::from(cure)))
    };
    let square = |rows: &Array2<f64>| rows.iter().map(|v| v * v).sum::<f64>() / rows.len() as f64;
    let mut as_is = 0.0;
    let mut others = [0.0; FORMS.len()];
    for share in LEVELS {
        let sigma = share * spread;
        let cues = &clean + &(&noise * sigma);
        let given = subject.denoise(cues.view(), sigma)?;
        // A share of the mean of the levels.
        let weight = 1.0 / (LEVELS.len() as f64 * (sigma * sigma).min(spread * spread));
        as_is += weight * square(&(&given - &clean));
        for (other, (_, form, _)) in others.iter_mut().zip(FORMS) {
            let estimate = Zip::from(&cues).and(&given).map_collect(|&z, &out| form(z, out, sigma));
            *other += weight * square(&(estimate - &clean));
        }
        if share == LEVELS[2] && square(&(&given - &cues)) < TAKEN * sigma * sigma {
            return refused(
                "the noisy row itself",
                "sigma is the standard deviation of the noise, in the units of the rows",
            );
        }
    }
    let best = FORMS.iter().zip(others).min_by(|a, b| a.1.total_cmp(&b.1));
    match best {
        Some(((name, _, cure), error)) if as_is > FAR && error < NEAR => refused(name, cure),
        _ => Ok(()),
    }
}

/// What to say of a denoiser that does worse than nothing where there is hardly any noise. `error` and `nothing` are mean squares on
/// training rows at the lowest level.
pub(super) fn note(sigma: f64, error: f64, nothing: f64) -> Option<Message> {
    (error > nothing).then(|| {
        let share = (error / nothing).sqrt();
        format!(
            "at the lowest level ({}) the model is {} times as far from the training rows as the noisy rows that it was given: it does not come to x as sigma falls",
            crate::verdict::short(sigma),
            crate::verdict::short(share)
        )
        .into()
    })
}
