//! `attractor corrupt`

use anyhow::{Result, bail};
use attractor::Real;
use attractor_data::{
    Corruption, Dtype, Header, NpyWriter, Number, OutOfRange, Rows, Shape, corrupt, labels_beside,
    write_atomically,
};
use attractor_figures::Canvas;
use attractor_session::{Precision, batch_of, in_precision};

use crate::args::Corrupt;
use crate::load;
use crate::output::{Content, Output, file_names, is_folder, wrote};
use crate::streams::say;

pub fn run(args: &Corrupt) -> Result<()> {
    load::concern(&args.files, &[Some(&args.patterns)])?;
    let rows = load::rows(&args.patterns, &args.files, args.quiet)?;
    let precision = Precision::choose(None, rows.head().dtype == Dtype::F64);
    in_precision!(precision, F => write::<F>(args, rows))
}

/// How pictures of cues are drawn. Only bytes can be read back from pictures as they were.
fn canvas(head: &Header) -> Result<Canvas> {
    match head.shape {
        Some(shape) if head.dtype.is_raw() => Ok(Canvas { shape, range: (0.0, 1.0) }),
        Some(_) => bail!(
            "out: expected patterns of bytes to write pictures, found {}, whose scale a picture does not keep; write a .npy file",
            head.dtype.name()
        ),
        None => bail!(
            "out: expected patterns that are images, to write pictures, found rows of {} values; give --shape HxW or CxHxW",
            head.columns
        ),
    }
}

/// Writes the labels of cues beside them, where readers look for them.
fn write_labels(args: &Corrupt, labels: Option<&[String]>) -> Result<()> {
    let Some(path) = labels_beside(&args.out).filter(|_| !is_folder(&args.out)) else { return Ok(()) };
    match labels {
        Some(labels) if labels.iter().all(|label| !label.contains(['\n', '\r'])) => {
            write_atomically(&path, |file| labels.iter().try_for_each(|label| writeln!(file, "{label}")))?;
            wrote(args.quiet, &path);
        }
        Some(_) if !args.quiet => say!("note: the labels are not written, since some have several lines"),
        _ => {}
    }
    Ok(())
}

fn write<F: Real + Number>(args: &Corrupt, mut rows: Rows) -> Result<()> {
    load::distinct(
        &[Some(&args.patterns)],
        &[("out", Some(&args.out)), ("mask-out", args.mask_out.as_ref())],
    )?;
    if (args.clip || args.fold) && args.sigma.is_none() {
        bail!("--clip and --fold: expected --sigma with them, found another corruption");
    }
    let head = rows.head().clone();
    let corruption = corruption(args, head.shape, head.columns)?;
    let labels = head.labels.as_deref();
    if let (None, Some(path)) = (labels, labels_beside(&args.out).filter(|path| path.exists())) {
        bail!(
            "out: expected no labels of other cues in {}, where readers would take them for those of {}; remove that file or choose another place",
            path.display(),
            args.out.display()
        );
    }
    let drawn = is_folder(&args.out) || args.out.extension().is_some_and(|e| e.eq_ignore_ascii_case("png"));
    let canvas = drawn.then(|| canvas(&head)).transpose()?;
    let names =
        file_names(labels).unwrap_or_else(|| (0..head.rows).map(|row| format!("{row:06}.png")).collect());
    let mut cues = Output::<F>::create(&args.out, Content::cues(), head.rows, head.columns, || canvas)?;
    let mut cut = 0;
    let mut mask = match &args.mask_out {
        Some(path) => Some(NpyWriter::<u8>::create(path, head.rows, head.columns)?),
        None => None,
    };
    if head.rows * head.columns == 0 {
        attractor::Patterns::new(ndarray::Array2::from_elem((head.rows, head.columns), F::ZERO))?;
    }
    let mut at = 0;
    while let Some(batch) = rows.next_batch(batch_of(head.columns))? {
        let patterns = batch.floats::<F>();
        // This refuses patterns that no memory could use.
        check(&patterns)?;
        let corrupted = corrupt(patterns, &corruption, args.seed, at, head.dtype.is_raw())?;
        // Noise may exceed the range of the number type.
        check(&corrupted.cues)?;
        let names = &names[at as usize..at as usize + batch.rows()];
        cues.append(corrupted.cues.view(), &[], names)?;
        if drawn {
            cut += corrupted.cues.iter().filter(|v| !(0.0..=1.0).contains(&v.to_f64())).count();
        }
        if let Some(mask) = &mut mask {
            mask.append(corrupted.known.mapv(u8::from).view())?;
        }
        at += batch.rows() as u64;
    }
    // The mask is completed first, since cues without their mask are of no use.
    if let (Some(mask), Some(path)) = (mask, &args.mask_out) {
        mask.finish()?;
        wrote(args.quiet, path);
    }
    cues.finish()?;
    wrote(args.quiet, &args.out);
    if cut > 0 && !args.quiet {
        let share = 100.0 * cut as f64 / (head.rows * head.columns) as f64;
        say!(
            "note: pictures hold values from 0 to 1 in 256 steps, so {share:.1} % of the values were clipped; a .npy file keeps all"
        );
    }
    write_labels(args, labels)
}

fn check<F: Real>(rows: &ndarray::Array2<F>) -> Result<()> {
    attractor::Patterns::new(rows.clone())?;
    Ok(())
}

fn corruption(args: &Corrupt, shape: Option<Shape>, dim: usize) -> Result<Corruption> {
    let finish = match (args.clip, args.fold) {
        (true, _) => OutOfRange::Clip,
        (_, true) => OutOfRange::Fold,
        _ => OutOfRange::Free,
    };
    if let Some(signal) = args.signal {
        return Ok(Corruption::Signal(signal));
    }
    if let Some(sigma) = args.sigma {
        return Ok(Corruption::Noise { sigma, finish });
    }
    if let Some(p) = args.flip {
        return Ok(Corruption::Flip(p));
    }
    if let Some(p) = args.salt_pepper {
        return Ok(Corruption::SaltAndPepper(p));
    }
    if let Some(p) = args.mask {
        return Ok(Corruption::Mask(p));
    }
    let block = args.block.as_deref().unwrap_or_default();
    match block.split_once(':') {
        Some((_, share)) if share.parse::<f64>().is_ok() => {
            Ok(Corruption::parse(&format!("block:{block}"), shape, dim)?)
        }
        _ => bail!("block: expected a side and a share, as in bottom:0.5, found '{block}'"),
    }
}
