//! `attractor explore`

use anyhow::{Result, bail};
use attractor_data::write_atomically;
use attractor_session::{Explored, Setup, explorer_page};

use crate::args::Explore;
use crate::load;
use crate::output::wrote;
use crate::streams::say;

pub fn run(args: &Explore) -> Result<()> {
    load::distinct(&[args.memory.as_ref()], &[("out", Some(&args.out))])?;
    load::concern(&args.files, &[args.memory.as_ref()])?;
    let ending =
        args.out.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    if !matches!(ending.as_str(), "html" | "htm") {
        bail!("out: expected a .html file, found {}", args.out.display());
    }
    let memory = match &args.memory {
        Some(path) => Some(Explored::open(path, &load::reading(&args.files)?, &Setup::default())?),
        None => None,
    };
    let page = explorer_page(memory.as_ref());
    write_atomically(&args.out, |file| file.write_all(page.as_bytes()))?;
    wrote(args.quiet, &args.out);
    if !args.quiet {
        say!("open it in a browser; it needs no network");
    }
    Ok(())
}
