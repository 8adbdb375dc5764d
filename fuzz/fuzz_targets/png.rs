#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = attractor_data::read_bytes("a.png", bytes.to_vec(), &Default::default());
});
