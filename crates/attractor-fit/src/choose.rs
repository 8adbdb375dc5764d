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

/// One number of components: what it achieved, its fit, and the log-likelihood of each held-out row.
struct Candidate {
    trial: Trial,
    run: Run,
    held_out: Vec<f64>,
}

/// Tries one number of components after the other on the rows that are not held out, then fits the number that the
/// criterion chooses to all rows.
fn chosen(data: &Data, form: Form, settings: &Settings, watch: Watch) -> Result<(Run, Vec<Trial>)> {
    let (seen, held_out) = data.divided(settings.held_out, settings.seed)?;
    let mut all: Vec<Candidate> = Vec::new();
    let mut best = 0;
    for components in 1..=seen.distinct(settings.most) {
        let run = best_run(&seen, components, form, settings, watch)?;
        all.push(candidate(run, &seen, &held_out, components, form));
        if score(&all[all.len() - 1], settings.criterion) > score(&all[best], settings.criterion) {
            best = all.len() - 1;
        }
        if all[all.len() - 1].run.stopped || all.len() > best + PATIENCE {
            break;
        }
    }
    let number = match settings.criterion {
        Criterion::HeldOut => (0..best).find(|&k| is_as_good(&all[k], &all[best])).unwrap_or(best),
        Criterion::Bic => best,
    };
    let trials = all.iter().map(|candidate| candidate.trial).collect();
    if all[all.len() - 1].run.stopped {
        return Ok((Run { stopped: true, ..all.swap_remove(number).run }, trials));
    }
    Ok((best_run(data, number + 1, form, settings, watch)?, trials))
}

fn score(candidate: &Candidate, criterion: Criterion) -> f64 {
    match criterion {
        Criterion::HeldOut => candidate.trial.held_out,
        Criterion::Bic => -candidate.trial.bic,
    }
}

/// Whether the best explains held-out rows better by no more than the standard error of the difference, which is a mean
/// over rows (the one-standard-error rule of Breiman et al. 1984).
fn is_as_good(one: &Candidate, best: &Candidate) -> bool {
    let count = one.held_out.len() as f64;
    let gains = || best.held_out.iter().zip(&one.held_out).map(|(best, one)| best - one);
    let mean = gains().sum::<f64>() / count;
    let variance = gains().map(|gain| (gain - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
    mean <= (variance / count).sqrt()
}

fn candidate(run: Run, seen: &Data, held_out: &Data, components: usize, form: Form) -> Candidate {
    let units = form.dim as f64 * seen.spread.ln();
    let log_likelihood = run.log_likelihood() - units;
    let found = run.expectation(held_out.rows.view());
    let trial = Trial {
        components,
        log_likelihood,
        held_out: found.log_likelihood - units,
        bic: bic(log_likelihood, seen.rows.nrows(), run.weights.len(), form),
        stopped: run.stopped,
    };
    Candidate { trial, run, held_out: found.logs }
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
