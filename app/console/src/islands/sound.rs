//! What a page has to be heard with, where nobody looks at it.

use std::cell::OnceCell;
use wasm_bindgen::JsValue;
use web_sys::AudioContext;

/// A note's pitch in hertz and its start in seconds.
type Note = (f32, f64);

/// Two rising notes: there is something new.
const BELL: [Note; 2] = [(880.0, 0.0), (1174.7, 0.18)];
/// Two low notes: what was just scanned was refused.
const BUZZ: [Note; 2] = [(220.0, 0.0), (196.0, 0.22)];
const NOTE_SECONDS: f64 = 0.4;

/// Tells of something new.
pub fn ring() {
    sound(&BELL);
}

/// Tells of a refusal.
pub fn buzz() {
    sound(&BUZZ);
}

thread_local! {
    static AUDIO: OnceCell<AudioContext> = const { OnceCell::new() };
}

fn sound(notes: &[Note]) {
    AUDIO.with(|audio| {
        if audio.get().is_none()
            && let Ok(new) = AudioContext::new()
        {
            // Just seen to be empty.
            let _ = audio.set(new);
        }
        // A browser without sound still shows what it is about.
        let _ = audio.get().map(|audio| play(audio, notes));
    });
}

fn play(audio: &AudioContext, notes: &[Note]) -> Result<(), JsValue> {
    let _ = audio.resume()?;
    for (pitch, start) in notes {
        let begin = audio.current_time() + start;
        let note = audio.create_oscillator()?;
        let volume = audio.create_gain()?;
        note.frequency().set_value(*pitch);
        volume.gain().set_value_at_time(0.4, begin)?;
        volume.gain().exponential_ramp_to_value_at_time(0.001, begin + NOTE_SECONDS)?;
        note.connect_with_audio_node(&volume)?.connect_with_audio_node(&audio.destination())?;
        note.start_with_when(begin)?;
        note.stop_with_when(begin + NOTE_SECONDS)?;
    }
    Ok(())
}
