#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(stored) = attractor_data::memory_from_bytes::<f32>("a.memory".as_ref(), bytes) {
        let _ = stored.spec.build_on(stored.patterns, stored.learned);
    }
});
