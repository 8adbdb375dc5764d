//! Facts about the machine, and its free memory.

use std::fs::read_to_string;

use serde_json::{Value, json};

/// The machine. A fact that the system does not tell is `None`.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The name of the processor.
    pub processor: Option<String>,
    /// Cores that this process may use.
    pub cores: usize,
    /// Bytes of the last-level cache.
    pub cache: Option<usize>,
    /// Load average of the last minute: programs that run or wait for a core.
    pub load: Option<f64>,
}

impl Machine {
    /// The machine that runs this program.
    pub fn this() -> Self {
        let line = |text: String| {
            let line = text.lines().find(|l| l.starts_with("model name"))?.split_once(':')?.1.trim();
            (!line.is_empty()).then(|| line.to_owned())
        };
        let cache = (2..5).rev().find_map(|index| {
            let size = format!("/sys/devices/system/cpu/cpu0/cache/index{index}/size");
            read_to_string(size).ok()?.trim().strip_suffix('K')?.parse::<usize>().ok()
        });
        Machine {
            processor: read_to_string("/proc/cpuinfo").ok().and_then(line),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            cache: cache.map(|kib| kib << 10),
            load: read_to_string("/proc/loadavg").ok().and_then(|l| l.split(' ').next()?.parse().ok()),
        }
    }

    /// The machine in a few words.
    pub fn words(&self) -> String {
        let cache =
            self.cache.map_or(String::new(), |bytes| format!(", {} MiB of last-level cache", bytes >> 20));
        let load = self.load.map_or(String::new(), |load| format!(", load {load} before"));
        format!(
            "{} ({}, {}), {} core{}{cache}, kernels in {}{load}",
            self.processor.as_deref().unwrap_or("a processor without a name"),
            std::env::consts::ARCH,
            std::env::consts::OS,
            self.cores,
            if self.cores == 1 { "" } else { "s" },
            attractor::kernels::peak::instructions(),
        )
    }

    /// The machine as a JSON object.
    pub fn json(&self) -> Value {
        json!({
            "processor": self.processor,
            "architecture": std::env::consts::ARCH,
            "system": std::env::consts::OS,
            "instructions": attractor::kernels::peak::instructions(),
            "cores": self.cores,
            "last_level_cache": self.cache,
            "load_before": self.load,
        })
    }
}

/// Bytes of memory that are available; `None` if the system does not say.
pub fn free_memory() -> Option<usize> {
    let text = read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|l| l.starts_with("MemAvailable:"))?;
    line.split_whitespace().nth(1)?.parse::<usize>().ok().map(|kib| kib << 10)
}
