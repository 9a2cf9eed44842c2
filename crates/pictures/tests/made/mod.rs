//! Files as somebody might send them.
#![allow(dead_code, reason = "each test program compiles this module and uses its part of it")]

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

pub const SVG: &str = r#"<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#;

/// Red on the left, blue on the right.
pub fn photo(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, _| if x < width.div_ceil(2) { Rgb([220, 30, 30]) } else { Rgb([30, 30, 220]) })
        .into()
}

pub fn written(photo: DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    photo.write_to(&mut file, format).unwrap();
    file.into_inner()
}

pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    written(photo(width, height), ImageFormat::Jpeg)
}

pub fn png(width: u32, height: u32) -> Vec<u8> {
    written(photo(width, height), ImageFormat::Png)
}

pub fn webp(width: u32, height: u32) -> Vec<u8> {
    written(photo(width, height), ImageFormat::WebP)
}

/// A segment of a JPEG: its mark, its length with the length itself, what is in it.
pub fn jpeg_segment(mark: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap();
    [&[0xFF, mark], length.to_be_bytes().as_slice(), content].concat()
}

/// An EXIF of one entry: the orientation, tag 274, a short.
pub fn exif_of(orientation: u8) -> Vec<u8> {
    let entry = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
    [b"MM\0\x2A\0\0\0\x08\0\x01".as_slice(), &entry, &[0, 0, 0, 0]].concat()
}

/// A chunk of a PNG: its length, name, content and check.
pub fn png_chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let check = crc(&[name.as_slice(), content].concat()).to_be_bytes();
    [length.as_slice(), name, content, &check].concat()
}

/// CRC-32 as PNG has it (ISO 3309).
fn crc(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 })
    };
    !bytes.iter().fold(u32::MAX, step)
}

/// A PNG that says it has so many pixels, and has none.
pub fn png_header(width: u32, height: u32) -> Vec<u8> {
    let header = [width.to_be_bytes().as_slice(), &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1a\n".as_slice(), &png_chunk(b"IHDR", &header), &png_chunk(b"IDAT", &[]), &png_chunk(b"IEND", &[])]
        .concat()
}

/// The packed rows of a PNG: a stream of zlib.
pub fn packed(file: &[u8]) -> Vec<u8> {
    let data = chunks(file).into_iter().filter(|(name, _)| name == b"IDAT");
    data.flat_map(|(_, content)| content).collect()
}

/// The chunks of a PNG, with their names.
fn chunks(file: &[u8]) -> Vec<([u8; 4], Vec<u8>)> {
    let (mut rest, mut found) = (&file[8..], Vec::new());
    while let Some((head, after)) = rest.split_at_checked(8) {
        let length = u32::from_be_bytes(head[..4].try_into().unwrap()) as usize;
        found.push((head[4..].try_into().unwrap(), after[..length].to_vec()));
        rest = &after[length + 4..];
    }
    found
}

/// Two pictures that follow each other, as APNG has them: the first is that of the file.
pub fn animated_png() -> Vec<u8> {
    let (red, blue) = (solid([220, 30, 30]), solid([30, 30, 220]));
    let frame = |number: u32| {
        let size = [number, 16, 16, 0, 0].map(u32::to_be_bytes).concat();
        png_chunk(b"fcTL", &[size.as_slice(), &[0, 1, 0, 10, 0, 0]].concat())
    };
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, content) in chunks(&written(red, ImageFormat::Png)) {
        if &name == b"IDAT" {
            file.extend(png_chunk(b"acTL", &[2, 0].map(u32::to_be_bytes).concat()));
            file.extend(frame(0));
        }
        if &name == b"IEND" {
            file.extend(frame(1));
            let second = chunks(&written(blue.clone(), ImageFormat::Png));
            let data = second.into_iter().find(|(name, _)| name == b"IDAT").unwrap().1;
            file.extend(png_chunk(b"fdAT", &[2_u32.to_be_bytes().as_slice(), &data].concat()));
        }
        file.extend(png_chunk(&name, &content));
    }
    file
}

/// The same as WebP has them.
pub fn animated_webp() -> Vec<u8> {
    let chunk = |name: &[u8; 4], content: &[u8]| {
        let padding = vec![0; content.len() % 2];
        [name.as_slice(), &u32::try_from(content.len()).unwrap().to_le_bytes(), content, &padding].concat()
    };
    // Sizes are of three bytes and one less than they are; the flag is that of an animation.
    let mut body = chunk(b"VP8X", &[2, 0, 0, 0, 15, 0, 0, 15, 0, 0]);
    body.extend(chunk(b"ANIM", &[0; 6]));
    for color in [[220, 30, 30], [30, 30, 220]] {
        let still = written(solid(color), ImageFormat::WebP);
        let head = [0, 0, 0, 0, 0, 0, 15, 0, 0, 15, 0, 0, 100, 0, 0, 0];
        body.extend(chunk(b"ANMF", &[head.as_slice(), &still[12..]].concat()));
    }
    let length = u32::try_from(body.len() + 4).unwrap().to_le_bytes();
    [b"RIFF".as_slice(), &length, b"WEBP", &body].concat()
}

fn solid(color: [u8; 3]) -> DynamicImage {
    RgbImage::from_pixel(16, 16, Rgb(color)).into()
}
