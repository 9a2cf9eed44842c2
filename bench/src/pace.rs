//! How fast this machine is at the moment: a machine that shares its processor is not always as fast, and
//! figures of two runs can be compared only beside this one.

use std::{hint::black_box, time::Instant};

const STEPS: u64 = 100_000_000;

/// Million steps of SplitMix64 (Steele, Lea, Flood 2014) that one core takes in a second.
pub fn measure() -> f64 {
    let began = Instant::now();
    let mut state = 0_u64;
    for _ in 0..STEPS {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        black_box(mixed ^ (mixed >> 31));
    }
    STEPS as f64 / 1e6 / began.elapsed().as_secs_f64()
}
