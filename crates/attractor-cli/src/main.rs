//! `attractor`: associative memory on the command line.
//!
//! This crate is glue: it parses arguments (`args`), opens what they name (`load`) and runs a command (`commands`,
//! one file each).
//! Results go to stdout, everything else to stderr. Exit code 0: done; 1: failed for a reason that no
//! other request would mend; 2: something in the request or its files cannot be used, said in one
//! sentence; 130: interrupted, with no file half-written.

#![deny(clippy::print_stderr, clippy::print_stdout)]

mod again;
mod args;
mod columns;
mod commands;
mod cues;
mod errors;
mod files;
mod interrupt;
mod load;
mod output;
mod progress;
mod steps_file;
mod streams;

use std::process::ExitCode;

use attractor_bench::counted::Counted;

use crate::streams::say;

/// Counts allocations when an experiment measures the memory of a call.
#[global_allocator]
static MEMORY: Counted = Counted;

fn main() -> ExitCode {
    // On Ctrl-C, unfinished files are removed and complete files stay.
    if let Err(error) = ctrlc::set_handler(interrupt::on_ctrl_c) {
        say!("note: Ctrl-C will not clean up ({error})");
    }
    std::panic::set_hook(Box::new(|panic| {
        if attractor_data::panics_are_caught() {
            return;
        }
        attractor_data::abandon_unfinished();
        say!("attractor: failed, which is a mistake in the program and not in your request: {panic}");
        std::process::exit(1);
    }));
    streams::go_on_at_file_limits();
    keep_freed_memory();
    let (cli, options) = args::parse();
    let result = limited().and_then(|()| commands::run(cli, &options));
    match (result, streams::failure()) {
        (Ok(()), None) => ExitCode::SUCCESS,
        // The reader of our output closed the pipe, as `head` does.
        (Ok(()), Some(error)) if streams::is_closed_pipe(error) => ExitCode::SUCCESS,
        (Ok(()), Some(error)) => {
            say!("attractor: cannot write to standard output: {error}");
            ExitCode::from(2)
        }
        (Err(error), _) if error.downcast_ref().is_some_and(streams::is_closed_pipe) => ExitCode::SUCCESS,
        (Err(error), _) => {
            attractor_data::abandon_unfinished();
            // Errors of files name the file. Any other I/O error is of standard output.
            let place = if error.chain().count() == 1 && error.is::<std::io::Error>() {
                "cannot write to standard output: "
            } else {
                ""
            };
            say!("attractor: {place}{}", errors::sentence(&error));
            ExitCode::from(2)
        }
    }
}

/// Uses no better instructions than the environment allows.
fn limited() -> anyhow::Result<()> {
    if let Some(name) = std::env::var_os(attractor::instructions::VARIABLE) {
        attractor::instructions::limit(&name.to_string_lossy())?;
    }
    Ok(())
}

/// Keeps memory that is freed for the next allocation. Experiments allocate and free matrices of megabytes again and again,
/// and the system would zero each page anew.
fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: sets two numbers of the allocator, before any thread is started.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 1 << 30);
    }
}
