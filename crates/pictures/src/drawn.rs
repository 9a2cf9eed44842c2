//! A picture is decoded whole and drawn anew.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder,
    error::LimitErrorKind, imageops::FilterType,
};

use crate::{Jpeg, Kind, LARGE_SIDE, MOST_PIXELS, MOST_SIDE, Picture, Refusal, SMALL_SIDE};

/// What decoding one picture may take, in bytes: more than [`MOST_PIXELS`] of four bytes, less than as many of
/// eight.
const MOST_MEMORY: u64 = 256 << 20;
/// Where a photo's file is small and nobody sees that it is.
const QUALITY: u8 = 82;

/// The picture in these bytes, drawn anew.
pub fn anew(kind: Kind, bytes: &[u8]) -> Result<Picture, Refusal> {
    let whole = decoded(kind, bytes)?;
    let large = within(whole, LARGE_SIDE);
    let small = within(large.clone(), SMALL_SIDE);
    Ok(Picture { large: jpeg(&large)?, small: jpeg(&small)? })
}

/// The picture, upright and opaque. How large it is stands at its beginning, and is looked at before anything is
/// made room for.
fn decoded(kind: Kind, bytes: &[u8]) -> Result<DynamicImage, Refusal> {
    let format = match kind {
        Kind::Jpeg if !has_its_end(bytes) => return Err(Refusal::Broken),
        Kind::Jpeg => ImageFormat::Jpeg,
        Kind::Png => ImageFormat::Png,
        Kind::WebP => ImageFormat::WebP,
        Kind::Pdf => return Err(Refusal::Pdf),
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS || decoder.total_bytes() > MOST_MEMORY {
        return Err(Refusal::TooManyPixels);
    }
    let orientation = decoder.orientation().map_err(refused)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
    if picture.color().has_alpha() {
        picture = on_white(picture);
    }
    picture = within(picture, LARGE_SIDE);
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn refused(error: ImageError) -> Refusal {
    match error {
        ImageError::Limits(limit)
            if matches!(limit.kind(), LimitErrorKind::DimensionError | LimitErrorKind::InsufficientMemory) =>
        {
            Refusal::TooManyPixels
        }
        _ => Refusal::Broken,
    }
}

/// Whether a JPEG's last scan has an end. The decoder paints grey what is missing, as a browser does; whoever
/// sent it should rather be told. Within a scan 0xFF is always followed by 0, so its end cannot be within it.
fn has_its_end(bytes: &[u8]) -> bool {
    let last = |mark: u8| bytes.windows(2).rposition(|pair| pair == [0xFF, mark]);
    match (last(0xDA), last(0xD9)) {
        (Some(scan), Some(end)) => scan < end,
        _ => false,
    }
}

/// JPEG knows no transparency.
fn on_white(picture: DynamicImage) -> DynamicImage {
    let mut pixels = picture.into_rgba8();
    for pixel in pixels.pixels_mut() {
        let alpha = u32::from(pixel[3]);
        for part in &mut pixel.0[..3] {
            // At most 255: a weighted mean of two of its like.
            *part = ((u32::from(*part) * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        }
        pixel[3] = 255;
    }
    pixels.into()
}

/// The picture, scaled down where its longer side is longer than so many pixels.
fn within(picture: DynamicImage, side: u32) -> DynamicImage {
    let longer = picture.width().max(picture.height());
    if longer <= side {
        return picture;
    }
    let scaled =
        |length: u32| ((u64::from(length) * u64::from(side)).div_ceil(u64::from(longer)) as u32).clamp(1, side);
    let (width, height) = (scaled(picture.width()), scaled(picture.height()));
    // Far down, the mean of what falls together is as good as a filter, and needs no room of its own.
    if longer >= 2 * side {
        picture.thumbnail_exact(width, height)
    } else {
        picture.resize_exact(width, height, FilterType::CatmullRom)
    }
}

fn jpeg(picture: &DynamicImage) -> Result<Jpeg, Refusal> {
    let pixels = picture.to_rgb8();
    let mut bytes = Vec::new();
    pixels.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY)).map_err(|_| Refusal::Broken)?;
    Ok(Jpeg { bytes, width: pixels.width(), height: pixels.height() })
}
