//! What comes out: a picture of ours, and nothing of what was sent but how it looks.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod made;

use image::{GenericImageView, ImageFormat};
use made::{animated_png, animated_webp, exif_of, jpeg, jpeg_segment, photo, png, png_chunk, webp};
use pictures::{Picture, picture};

const SCRIPT: &str = "<html><script>alert('mendian')</script><svg onload=alert(1)>";

fn opened(file: &[u8]) -> image::DynamicImage {
    assert_eq!(image::guess_format(file).unwrap(), ImageFormat::Jpeg);
    image::load_from_memory(file).unwrap()
}

fn holds(made: &Picture, words: &str) -> bool {
    let has = |file: &[u8]| file.windows(words.len()).any(|window| window == words.as_bytes());
    has(&made.large.bytes) || has(&made.small.bytes)
}

#[tokio::test]
async fn every_kind_comes_out_as_a_jpeg_of_the_size_it_says() {
    for sent in [jpeg(600, 400), png(600, 400), webp(600, 400)] {
        let made = picture(sent).await.unwrap();
        for (file, size) in [(&made.large, (600, 400)), (&made.small, (480, 320))] {
            assert_eq!((file.width, file.height), size);
            assert_eq!(opened(&file.bytes).dimensions(), size);
        }
        // Left is red and right is blue, as it was sent.
        let (left, right) =
            (opened(&made.large.bytes).get_pixel(30, 300), opened(&made.large.bytes).get_pixel(570, 300));
        assert!(left[0] > 180 && left[2] < 80 && right[2] > 180 && right[0] < 80, "{left:?} {right:?}");
    }
}

#[tokio::test]
async fn a_picture_is_scaled_down_and_never_up() {
    for (sent, large, small) in [
        ((5_000, 2_500), (2_000, 1_000), (480, 240)),
        ((3_000, 100), (2_000, 67), (480, 17)),
        ((1, 9_000), (1, 2_000), (1, 480)),
        ((7, 5), (7, 5), (7, 5)),
    ] {
        let made = picture(png(sent.0, sent.1)).await.unwrap();
        assert_eq!((made.large.width, made.large.height), large, "{sent:?}");
        assert_eq!((made.small.width, made.small.height), small, "{sent:?}");
    }
}

/// A file may be a picture and a page at once. The page is behind the end, in a comment, or in the EXIF.
#[tokio::test]
async fn a_page_hidden_in_a_picture_does_not_come_out() {
    let behind = |mut file: Vec<u8>| {
        file.extend(SCRIPT.bytes());
        file
    };
    let mut commented = jpeg(64, 48);
    commented.splice(2..2, jpeg_segment(0xFE, SCRIPT.as_bytes()));
    let mut in_exif = jpeg(64, 48);
    in_exif.splice(2..2, jpeg_segment(0xE1, &[b"Exif\0\0".as_slice(), &exif_of(1), SCRIPT.as_bytes()].concat()));
    let mut in_text = png(64, 48);
    in_text.splice(33..33, png_chunk(b"tEXt", &[b"Comment\0", SCRIPT.as_bytes()].concat()));
    for sent in [behind(jpeg(64, 48)), behind(png(64, 48)), behind(webp(64, 48)), commented, in_exif, in_text] {
        assert!(sent.windows(SCRIPT.len()).any(|window| window == SCRIPT.as_bytes()));
        let made = picture(sent).await.unwrap();
        assert!(!holds(&made, "<script") && !holds(&made, "svg") && !holds(&made, "Exif"), "something came through");
    }
}

#[tokio::test]
async fn a_photo_is_turned_as_it_was_taken_and_its_place_forgotten() {
    // How the red half lies after each orientation of EXIF (TIFF 6.0, tag 274).
    let sides =
        [(1, "left"), (2, "right"), (3, "right"), (4, "left"), (5, "top"), (6, "top"), (7, "bottom"), (8, "bottom")];
    for (orientation, side) in sides {
        let mut sent = jpeg(600, 400);
        sent.splice(2..2, jpeg_segment(0xE1, &[b"Exif\0\0".as_slice(), &exif_of(orientation)].concat()));
        let made = picture(sent).await.unwrap();
        let turned = orientation >= 5;
        assert_eq!(
            (made.large.width, made.large.height),
            if turned { (400, 600) } else { (600, 400) },
            "{orientation}"
        );
        let seen = opened(&made.large.bytes);
        let (width, height) = seen.dimensions();
        let at = match side {
            "left" => (10, height / 2),
            "right" => (width - 10, height / 2),
            "top" => (width / 2, 10),
            _ => (width / 2, height - 10),
        };
        let pixel = seen.get_pixel(at.0, at.1);
        assert!(pixel[0] > 180 && pixel[2] < 80, "{orientation}: {pixel:?}");
        assert!(!holds(&made, "Exif") && !holds(&made, "GPS"));
    }
}

#[tokio::test]
async fn what_is_transparent_is_white() {
    let mut clear = photo(40, 40).into_rgba8();
    clear.pixels_mut().for_each(|pixel| pixel[3] = 0);
    let made = picture(made::written(clear.into(), ImageFormat::Png)).await.unwrap();
    let pixel = opened(&made.large.bytes).get_pixel(20, 20);
    assert!(pixel[0] > 250 && pixel[1] > 250 && pixel[2] > 250, "{pixel:?}");
}

#[tokio::test]
async fn an_animation_becomes_its_first_picture() {
    for sent in [animated_png(), animated_webp()] {
        let made = picture(sent).await.unwrap();
        let pixel = opened(&made.large.bytes).get_pixel(8, 8);
        assert!(pixel[0] > 180 && pixel[2] < 80, "{pixel:?}");
    }
}
