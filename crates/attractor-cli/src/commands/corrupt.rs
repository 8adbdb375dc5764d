//! `attractor corrupt`

use anyhow::{Result, bail};
use attractor::Real;
use attractor_data::{
    Corruption, Dtype, Finish, Shape, Side, Table, corrupt, read_npy, write_mask, write_npy,
};
use ndarray_npy::WritableElement;

use crate::args::Corrupt;

pub fn run(args: &Corrupt) -> Result<()> {
    let table = read_npy(&args.patterns)?;
    match table.dtype() {
        Dtype::F64 => write::<f64>(args, &table),
        _ => write::<f32>(args, &table),
    }
}

fn write<F: Real + WritableElement>(args: &Corrupt, table: &Table) -> Result<()> {
    if args.mask_out.as_ref() == Some(&args.out) {
        bail!("mask-out: expected another file than --out, found {} for both", args.out.display());
    }
    if (args.clip || args.fold) && args.sigma.is_none() {
        bail!("--clip and --fold: expected --sigma with them, found another corruption");
    }
    let corruption = corruption(args, table.columns())?;
    let patterns = table.to_floats::<F>(0..table.rows());
    // Refuses what no memory could use.
    attractor::Patterns::new(patterns.clone())?;
    let corrupted = corrupt(patterns, &corruption, args.seed, 0, table.dtype().is_raw())?;
    // Noise may be larger than the number type holds.
    attractor::Patterns::new(corrupted.cues.clone())?;
    write_npy(&args.out, corrupted.cues.view())?;
    if let Some(path) = &args.mask_out {
        write_mask(path, corrupted.known.view())?;
    }
    Ok(())
}

fn corruption(args: &Corrupt, dim: usize) -> Result<Corruption> {
    let finish = match (args.clip, args.fold) {
        (true, _) => Finish::Clip,
        (_, true) => Finish::Fold,
        _ => Finish::Free,
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
    if let Some(p) = args.mask {
        return Ok(Corruption::Mask(p));
    }
    let block = args.block.as_deref().unwrap_or_default();
    let Some((side, share)) = block.split_once(':') else {
        bail!("block: expected a side and a share, as in bottom:0.5, found '{block}'");
    };
    let shape = match &args.shape {
        Some(shape) => shape.parse()?,
        None => match Shape::square(dim) {
            Some(square) => square,
            None => bail!("shape: {dim} values are no square image; give --shape HxW or CxHxW"),
        },
    };
    let Ok(share) = share.parse() else {
        bail!("block: expected a share in [0, 1], as in bottom:0.5, found '{share}'");
    };
    Ok(Corruption::Block { side: side.parse::<Side>()?, share, shape })
}
