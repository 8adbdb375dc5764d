//! `attractor train`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use attractor::diffusion::Sampling;
use attractor::memories::{Options, TRAINED, learned};
use attractor::networks::Architecture;
use attractor::{Patterns, Real};
use attractor_data::{Dtype, Hold, Rows, Shape, Stored, read_memory, summary};
use attractor_figures::landscape;
use attractor_networks::{Evaluation, EvaluationResult, Trainer, TrainingPlan};
use attractor_session::{Precision, Setup, in_precision, prepared};
use serde_json::json;

use crate::args::Train;
use crate::streams::say;
use crate::{interrupt, load, progress};

/// What to do if a file is not a network in training.
const CURE: &str = "make one with `attractor train --patterns FILE --out MODEL`";

pub fn run(args: &Train, options: &Options) -> Result<()> {
    load::threads(&args.work)?;
    if args.until_error.is_some() && args.evaluate_every == Some(0) {
        bail!("until-error: expected recall to be looked at, found --evaluate-every 0; give another number");
    }
    load::concern(&args.files, &[args.patterns.as_ref()])?;
    if args.keep_every == Some(0) {
        bail!(
            "keep-every: expected a number of steps, found 0; leave --keep-every away to keep no checkpoints"
        );
    }
    match (&args.patterns, &args.resume) {
        (Some(path), _) => {
            let plan = TrainingPlan::new(options)?;
            let setup = setup(args);
            let rows = load::patterns(path, &args.files, &setup, args.work.quiet)?;
            load::distinct(&[Some(path), args.labels.as_ref()], &[("out", args.out.as_ref())])?;
            let precision = Precision::choose(setup.precision, rows.head().dtype == Dtype::F64);
            in_precision!(precision, F => train_new::<F>(args, rows, &setup, plan))
        }
        (None, Some(path)) => {
            if let Some((name, _)) = options.iter().find(|(name, _)| *name != "steps") {
                bail!(
                    "{name}: expected a new network, found one in training, which keeps its settings; leave --{name} away"
                );
            }
            let Some(summary) = summary(path)? else {
                bail!("{}: expected a network in training, found another file; {CURE}", path.display());
            };
            let steps = options.seed("steps");
            in_precision!(summary.dtype.parse()?, F => resume::<F>(args, path, steps))
        }
        (None, None) => bail!("patterns: expected --patterns or --resume, found neither"),
    }
}

/// A network in training, with the other content of its file.
struct Training<'a, F> {
    args: &'a Train,
    out: PathBuf,
    trainer: Trainer,
    patterns: Patterns<F>,
    shape: Option<Shape>,
    raw: bool,
    provenance: Vec<String>,
}

/// The setup of the patterns: how they are read and prepared.
fn setup(args: &Train) -> Setup {
    Setup { prepare: args.prepare, precision: args.dtype, labels: args.labels.clone(), ..Setup::default() }
}

fn train_new<F: Real>(args: &Train, rows: Rows, setup: &Setup, plan: TrainingPlan) -> Result<()> {
    let head = rows.head().clone();
    let patterns = prepared::<F>(rows, setup, TRAINED)?;
    let trainer = Trainer::new(&patterns, plan.architecture(patterns.dim()), plan.settings)?;
    let provenance = vec![format!("trained on {} rows of {}", head.rows, head.path.display())];
    let out = args.out.clone().unwrap_or_default();
    Training { args, out, trainer, patterns, shape: head.shape, raw: head.dtype.is_raw(), provenance }.run()
}

fn resume<F: Real>(args: &Train, path: &Path, steps: Option<u64>) -> Result<()> {
    let stored: Stored<F> = read_memory(path)?;
    let mut trainer = match Trainer::resume(&stored) {
        Ok(trainer) => trainer,
        Err(found) => bail!("{}: expected a network in training, found {found}; {CURE}", path.display()),
    };
    if let Some(steps) = steps {
        trainer.plan(steps)?;
    }
    let Stored { patterns, shape, raw, provenance, .. } = stored;
    let out = args.out.clone().unwrap_or_else(|| path.to_owned());
    Training { args, out, trainer, patterns, shape, raw, provenance }.run()
}

impl<F: Real> Training<'_, F> {
    fn run(mut self) -> Result<()> {
        /// The number of cues of an evaluation.
        const CUES: usize = 400;
        let (start, quiet) = (Instant::now(), self.args.work.quiet);
        let (before, steps) = (self.trainer.done(), self.trainer.settings().steps);
        if !quiet {
            self.describe();
        }
        // This finds out before the work whether the paths can be written to.
        drop(attractor_data::NewFile::create(&self.out)?);
        // Of two that train one file, the second would undo the first.
        let _hold = Hold::at_once(&self.out)?;
        if self.args.landscape_every.is_some() {
            if self.patterns.dim() < 2 {
                bail!("landscape-every: expected patterns of two or more units, found one");
            }
            super::make_folder(&self.folder("landscapes"))?;
        }
        if self.args.keep_every.is_some() {
            super::make_folder(&self.folder("checkpoints"))?;
        }
        let every = match self.args.evaluate_every {
            Some(0) => None,
            Some(every) => Some(every),
            None => Some(steps.div_ceil(10)),
        };
        if let (Some(_), Some(every)) = (self.args.until_error, every.filter(|every| *every > steps)) {
            bail!(
                "evaluate-every: expected at most the {steps} steps, for --until-error to look, found {every}"
            );
        }
        let examination =
            every.map(|_| Evaluation::new(&self.patterns, CUES, self.trainer.settings().seed)).transpose()?;
        interrupt::listen(true);
        let bar = progress::training(steps, before, quiet);
        let (mut loss, mut saved, mut found) = (None, Instant::now(), None);
        let mut stopped = false;
        while self.trainer.done() < steps && !stopped {
            let step_loss = self.trainer.step()?;
            // A running mean over about a hundred steps, since the loss of a single step is noisy.
            let mean = loss.map_or(step_loss, |mean: f64| mean + 0.01 * (step_loss - mean));
            loss = Some(mean);
            let done = self.trainer.done();
            let due = |every: Option<u64>| every.is_some_and(|every| every > 0 && done.is_multiple_of(every));
            if let (Some(examination), true) = (&examination, due(every)) {
                let findings = self.saved_on_error(examination.evaluate(&self.trainer.network()))?;
                stopped = self.args.until_error.is_some_and(|most| findings.error <= most);
                if !quiet {
                    bar.suspend(|| say!("step {done}: loss {mean:.3}, {}", summary_of(&findings)));
                }
                found = Some((done, findings));
            }
            if due(self.args.landscape_every) {
                self.saved_on_error(self.draw(done))?;
            }
            if due(self.args.keep_every) {
                self.save_as(&self.folder("checkpoints").join(format!("step-{done:06}.memory")))?;
            }
            bar.set_position(done);
            bar.set_message(format!("loss {mean:.3}"));
            if interrupt::pressed() {
                bar.finish_and_clear();
                self.save()?;
                say!(
                    "attractor: interrupted after step {done}; go on with: attractor train --resume {}",
                    self.out.display()
                );
                attractor_data::abandon_unfinished();
                std::process::exit(130);
            }
            if saved.elapsed() >= Duration::from_secs_f64(self.args.save_every) {
                self.save()?;
                saved = Instant::now();
            }
        }
        bar.finish_and_clear();
        interrupt::listen(false);
        self.save()?;
        let done = self.trainer.done();
        let findings = match (found, &examination) {
            (Some((at, findings)), _) if at == done => Some(findings),
            (_, Some(examination)) => Some(examination.evaluate(&self.trainer.network())?),
            _ => None,
        };
        self.report(loss, findings, before, start.elapsed())
    }

    /// Saves the network before an error of a side task, such as drawing a landscape, ends the training.
    fn saved_on_error<T, E: Into<anyhow::Error>>(&self, result: std::result::Result<T, E>) -> Result<T> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => {
                self.save()?;
                Err(error.into())
            }
        }
    }

    fn save(&self) -> Result<()> {
        self.save_as(&self.out)
    }

    fn save_as(&self, path: &Path) -> Result<()> {
        self.trainer.check()?;
        let patterns = self.patterns.clone();
        let stored = self.trainer.stored(patterns, self.shape, self.raw, self.provenance.clone());
        Ok(stored.write(path)?)
    }

    /// The folder beside the network of landscapes or of checkpoints.
    fn folder(&self, name: &str) -> PathBuf {
        let mut folder = self.out.clone().into_os_string();
        folder.push(format!(".{name}"));
        PathBuf::from(folder)
    }

    /// Draws the current landscape.
    fn draw(&self, done: u64) -> Result<()> {
        let values = self.patterns.values().mapv(|v| v.to_f64());
        let patterns = Patterns::restore(values, self.patterns.preparation().clone())?;
        let memory = learned::<f64>(self.trainer.network(), patterns, Sampling::default())?;
        let settings = landscape::Settings { columns: 49, ..Default::default() };
        let drawn = landscape::draw_memory(memory.as_ref(), &settings, &mut |_, _| {})?;
        Ok(drawn.landscape.figure.write_to(&self.folder("landscapes").join(format!("step-{done:06}.png")))?)
    }

    fn describe(&self) {
        let network = self.trainer.network();
        let Architecture { kind, dim, width, depth } = *network.architecture();
        let weights: usize = network.weights().iter().map(Vec::len).sum();
        let settings = self.trainer.settings();
        let [low, high] = network.levels();
        say!(
            "network: {} patterns of {dim} units, {}; {} of width {width} and depth {depth}, {weights} weights; {}, sigma {low:.2} to {high:.1} spreads; batches of {}",
            self.patterns.len(),
            self.patterns.preparation().describe(),
            kind.name(),
            settings.process.name(),
            self.trainer.rows(),
        );
        if self.trainer.done() > 0 {
            say!("going on after step {}", self.trainer.done());
        }
    }

    fn report(
        &self,
        loss: Option<f64>,
        findings: Option<EvaluationResult>,
        before: u64,
        time: Duration,
    ) -> Result<()> {
        let done = self.trainer.done();
        let seconds = time.as_secs_f64();
        let mut out = crate::streams::stdout(true);
        if self.args.json {
            let report = json!({
                "model": self.out.display().to_string(),
                "steps": done,
                "loss": loss,
                "agreement": findings.map(|f| f.agreement),
                "error": findings.map(|f| f.error),
                "exact_error": findings.map(|f| f.exact_error),
                "seed": self.trainer.settings().seed,
                "version": env!("CARGO_PKG_VERSION"),
                "seconds": seconds,
            });
            return Ok(out.json(&report)?);
        }
        writeln!(
            out,
            "{}: {done} steps{}, {} in {seconds:.1} s{}",
            self.out.display(),
            loss.map_or(String::new(), |loss| format!(", loss {loss:.3}")),
            if before > 0 { format!("{} of them", done - before) } else { "all".into() },
            findings.map_or(String::new(), |f| format!("; {}", summary_of(&f)))
        )?;
        Ok(())
    }
}

fn summary_of(findings: &EvaluationResult) -> String {
    format!(
        "{:.1} % of units as the exact model, {:.2} % wrong (exact: {:.2} %)",
        100.0 * findings.agreement,
        100.0 * findings.error,
        100.0 * findings.exact_error
    )
}
