//! A fit with a given number of components, or with the number that a criterion chooses.

use attractor::{Error, Result};
use ndarray::{ArrayView2, Axis};

use crate::data::Data;
use crate::em::{Run, Watch, best_run, table};
use crate::fitted::{Component, Fit, Trial};
use crate::gaussian::Form;
use crate::settings::{Components, Criterion, Settings};

/// The search for a number of components ends after this many in a row that were no better than the best.
const PATIENCE: usize = 3;

/// Fits a mixture of Gaussians to rows (N × D) by expectation–maximisation,
///
/// ```text
/// ln L = Σ_n ln Σ_k w_k N(x_n; μ_k, Σ_k)
/// ```
///
/// with full covariances, or with Σ_k = Uᵀ diag(λ)U + s²(I − UᵀU) of [`rank`](Settings::rank) r (mixtures of
/// probabilistic principal component analysers). Each start is k-means++ with a few rounds of k-means; the log-likelihood
/// never falls from one iteration to the next; the most likely of the starts is kept. No variance is below the
/// [`floor`](Settings::floor): the fit is the most likely one under this constraint. One component is the exact maximum,
/// which is principal component analysis. Components are numbered by descending weight.
///
/// `watch` sees the progress after each iteration and can stop; the best fit so far is then returned.
///
/// The result depends on rows and settings alone, not on the number of threads. Cost of an iteration: about 4 N D²
/// operations for each component and all rows; for low rank about 9 m³ more, where m is the smaller of D and the rows of a
/// component.
///
/// Sources: Dempster, Laird & Rubin (1977); Tipping & Bishop (1999), *Mixtures of probabilistic principal component
/// analyzers*, Eq. 7–8 for each component and 22–24 for the mixture; Arthur & Vassilvitskii (2007).
///
/// ```
/// use attractor_fit::{Components, Settings, fit};
/// use ndarray::array;
/// use std::ops::ControlFlow;
/// // Principal components: one Gaussian of rank 1.
/// let rows = array![[3.0, 0.1], [-3.0, 0.1], [0.0, -0.2], [0.0, 0.0]];
/// let settings = Settings { components: Components::Count(1), rank: Some(1), ..Settings::default() };
/// let pca = fit(rows.view(), &settings, &mut |_| ControlFlow::Continue(()))?;
/// let gaussian = &pca.components[0].gaussian;
/// // The variance along the first axis is (9 + 9)/4.
/// assert!((gaussian.deviations()[0].powi(2) - 4.5).abs() < 1e-12);
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// Rows that are missing, not finite or all equal; more components than distinct rows; a rank above D; settings outside
/// their ranges; a floor of 0 for rows that lie in fewer directions than a component needs.
pub fn fit(rows: ArrayView2<f64>, settings: &Settings, watch: Watch) -> Result<Fit> {
    settings.check()?;
    let data = Data::new(rows)?;
    let dim = rows.ncols();
    let rank = settings.rank.unwrap_or(dim);
    if rank > dim {
        return Err(Error::parameter("rank", format!("at most the {dim} units of a row"), rank));
    }
    let form = Form { dim, rank, floor: settings.floor * settings.floor };
    let (run, trials) = match settings.components {
        Components::Count(components) => {
            data.check_components(components)?;
            (best_run(&data, components, form, settings, watch)?, Vec::new())
        }
        Components::Auto => chosen(&data, form, settings, watch)?,
    };
    finished(&data, &run, trials, form, settings)
}

/// Tries one component after the other on the rows that are not held out, then fits the best number to all rows.
fn chosen(data: &Data, form: Form, settings: &Settings, watch: Watch) -> Result<(Run, Vec<Trial>)> {
    let (seen, held_out) = data.divided(settings.held_out, settings.seed)?;
    let most = seen.distinct(settings.most);
    let (mut trials, mut best): (Vec<Trial>, Option<(f64, usize, Run)>) = (Vec::new(), None);
    for components in 1..=most {
        let run = best_run(&seen, components, form, settings, watch)?;
        let stopped = run.stopped;
        let trial = trial(&run, &seen, &held_out, components, form);
        let score = match settings.criterion {
            Criterion::HeldOut => trial.held_out,
            Criterion::Bic => -trial.bic,
        };
        trials.push(trial);
        if best.as_ref().is_none_or(|(best, ..)| score > *best) {
            best = Some((score, components, run));
        }
        if stopped {
            break;
        }
        if best.as_ref().is_some_and(|(_, number, _)| components >= number + PATIENCE) {
            break;
        }
    }
    let (_, components, run) = best.expect("one component at least");
    if trials.last().is_some_and(|last| last.stopped) {
        return Ok((Run { stopped: true, ..run }, trials));
    }
    Ok((best_run(data, components, form, settings, watch)?, trials))
}

fn trial(run: &Run, seen: &Data, held_out: &Data, components: usize, form: Form) -> Trial {
    let units = form.dim as f64 * seen.spread.ln();
    let log_likelihood = run.log_likelihood() - units;
    Trial {
        components,
        log_likelihood,
        held_out: run.expectation(held_out.rows.view()).log_likelihood - units,
        bic: bic(log_likelihood, seen.rows.nrows(), run.weights.len(), form),
        stopped: run.stopped,
    }
}

/// −2 ln L + p ln N with p = K − 1 weights and the free numbers of K Gaussians.
fn bic(mean_log_likelihood: f64, rows: usize, components: usize, form: Form) -> f64 {
    let (n, k) = (rows as f64, components as f64);
    -2.0 * n * mean_log_likelihood + (k - 1.0 + k * form.parameters()) * n.ln()
}

/// The fit in the units of the data.
fn finished(data: &Data, run: &Run, trials: Vec<Trial>, form: Form, settings: &Settings) -> Result<Fit> {
    let found = run.expectation(data.rows.view());
    let units = form.dim as f64 * data.spread.ln();
    let mut order: Vec<usize> = (0..run.weights.len()).collect();
    order.sort_by(|&a, &b| run.weights[b].total_cmp(&run.weights[a]).then(a.cmp(&b)));
    let component = |&k: &usize| -> Result<Component> {
        let gaussian = run.gaussians[k].shape(&data.mean, data.spread)?;
        Ok(Component { weight: run.weights[k], gaussian, label: None })
    };
    let log_likelihood = found.log_likelihood - units;
    let asked = match settings.components {
        Components::Count(components) => components,
        Components::Auto => run.weights.len(),
    };
    Ok(Fit {
        components: order.iter().map(component).collect::<Result<_>>()?,
        responsibilities: table(&found.shares).select(Axis(1), &order),
        log_likelihood,
        bic: bic(log_likelihood, data.rows.nrows(), run.weights.len(), form),
        trials,
        path: run.path.iter().map(|log| log - units).collect(),
        converged: run.converged,
        stopped: run.stopped,
        at_floor: run.gaussians.iter().map(|gaussian| gaussian.at_floor).sum(),
        left_out: asked - run.weights.len(),
        spread: data.spread,
        rank: form.rank,
        settings: *settings,
    })
}
