//! What the console runs in the browser. Every page works without it.

mod bell;
mod camera;
mod scanning;
mod sound;

pub use bell::BoardBell;
pub use camera::CameraScan;
pub use scanning::ScanQueue;
