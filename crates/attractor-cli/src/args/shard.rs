//! Arguments of `shard`.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `shard`.
#[derive(Args)]
pub struct Shard {
    /// The stored memory to cut: modern, diffusion or universal, without weights, values or a potential
    #[arg(long, value_name = "FILE")]
    pub memory: PathBuf,
    /// Into how many parts. A memory is cut where its reads are, so that recalls from the parts equal those from the whole
    /// to the bit; an error says how many parts it has at most
    #[arg(long, value_name = "K")]
    pub parts: usize,
    /// Folder for the parts [default: the name of the memory with .parts]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print no notes
    #[arg(long)]
    pub quiet: bool,
}
