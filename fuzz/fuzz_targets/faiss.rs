#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| attractor_fuzz::rows("a.faiss", bytes));
