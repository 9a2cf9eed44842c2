//! Why something is not taken, for whoever sent it.

use crate::{MOST_BYTES, MOST_PIXELS, MOST_SIDE};

/// Why something is not taken, and what to do. Its text is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing is in it.
    #[error("文件是空的，请重新选择")]
    Empty,
    /// It has more than [`MOST_BYTES`].
    #[error("文件超过 {} MB，请压缩后再上传", MOST_BYTES >> 20)]
    TooLarge,
    /// As iPhones keep pictures, and newer Androids.
    #[error(
        "这是 HEIC 或 AVIF 图片，浏览器不都能显示；请另存为 JPEG 再上传（iPhone：设置 → 相机 → 格式 → 兼容性最佳）"
    )]
    Heic,
    /// Also where it does not move.
    #[error("不支持 GIF；请另存为 JPEG 或 PNG 再上传")]
    Gif,
    /// A drawing that may hold programs.
    #[error("不支持 SVG，它可能带有脚本；请导出为 PNG 再上传")]
    Svg,
    /// A page, whatever its name says.
    #[error("这是网页，不是图片；请上传 JPEG、PNG 或 WebP")]
    Html,
    /// A paper where a picture is asked for.
    #[error("这里只收图片，不收 PDF；请上传 JPEG、PNG 或 WebP")]
    Pdf,
    /// None of those that are taken.
    #[error("看不出这是什么图片；请上传 JPEG、PNG 或 WebP")]
    Unknown,
    /// More pixels than any screen shows.
    #[error("图片尺寸过大，最多 {} 万像素、单边 {MOST_SIDE} 像素；请缩小后再上传", MOST_PIXELS / 10_000)]
    TooManyPixels,
    /// It begins as a picture and does not go on as one.
    #[error("图片不完整或已损坏；请重新导出或重新拍摄再上传")]
    Broken,
}
