//! `attractor corrupt`

use anyhow::{Result, bail};
use attractor::Real;
use attractor_data::{Corruption, Dtype, NpyWriter, Number, OutOfRange, Rows, Shape, corrupt};
use attractor_session::{Precision, batch_of, in_precision};

use crate::args::Corrupt;
use crate::load;

pub fn run(args: &Corrupt) -> Result<()> {
    let rows = load::rows(&args.patterns, &args.files, false)?;
    let precision = Precision::choose(None, rows.head().dtype == Dtype::F64);
    in_precision!(precision, F => write::<F>(args, rows))
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
    let mut cues = NpyWriter::<F>::create(&args.out, head.rows, head.columns)?;
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
        cues.append(corrupted.cues.view())?;
        if let Some(mask) = &mut mask {
            mask.append(corrupted.known.mapv(u8::from).view())?;
        }
        at += batch.rows() as u64;
    }
    // The mask is completed first, since cues without their mask are of no use.
    mask.map_or(Ok(()), NpyWriter::finish)?;
    Ok(cues.finish()?)
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
