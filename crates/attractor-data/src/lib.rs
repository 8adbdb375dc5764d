//! Data: reading and writing files of rows, stored memories, corruption of cues, synthetic patterns, and a small data
//! set that ships with the project.

mod corruption;
mod description;
mod digits;
mod error;
mod formats;
mod output;
mod records;
mod shape;
mod stored;
mod synthetic;
mod table;

pub use corruption::{CORRUPTIONS, Corrupted, Corruption, OutOfRange, Side, corrupt};
pub use description::{
    Described, Description, Kind, description_from_text, description_in_full, is_description,
    potential_from_text, read_description, read_potential,
};
pub use digits::{Digits, digits};
pub use error::{Error, Result};
pub use formats::{
    FileRows, Header, LabelColumn, ReadOptions, Rows, is_mixed, is_table, is_zarr, labels_beside,
    panics_are_caught, read, read_bytes, read_mask, read_records,
};
pub use output::{
    Hold, NewFile, NpyWriter, NpzWriter, Number, abandon_unfinished, make_folder, write_atomically,
    write_npy, write_png,
};
pub use records::{Cells, Records};
pub use shape::{Layout, Shape};
pub use stored::{CoresSummary, Growing};
pub use stored::{
    DensitySummary, Shaped, ShardSummary, Stored, StoredDensity, StoredSummary, StoredSums, SumsSummary,
    Training, append_to_shards, check_parts, cut, density_from_bytes, is_density, memory_from_bytes,
    of_shards, read_density, read_memory, read_memory_within, read_shard, read_sums, shard_head,
    shard_preparation, shard_summary, shards_in, summary, summary_of_bytes, sums_from_bytes,
};
pub use synthetic::{random_noise, random_spins};
pub use table::{Dtype, Table};
