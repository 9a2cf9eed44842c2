//! What is refused, and in which words.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod made;

use made::{SVG, jpeg, png, png_chunk, png_header, webp};
use pictures::{MOST_BYTES, Paper, Refusal, paper, picture};
use proptest::prelude::*;

async fn refusal(bytes: impl Into<Vec<u8>>) -> Refusal {
    picture(bytes.into()).await.unwrap_err()
}

#[tokio::test]
async fn the_first_bytes_alone_say_what_a_file_is() {
    let html = "<!DOCTYPE html><script>alert(1)</script>";
    let cases: [(&[u8], Refusal); 10] = [
        (b"", Refusal::Empty),
        (b"GIF89a\x01\0\x01\0", Refusal::Gif),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Refusal::Heic),
        (b"\0\0\0\x1cftypavif", Refusal::Heic),
        (SVG.as_bytes(), Refusal::Svg),
        (html.as_bytes(), Refusal::Html),
        (b"%PDF-1.7\n", Refusal::Pdf),
        (b"BM\x36\0\0\0", Refusal::Unknown),
        (b"MZ\x90\0", Refusal::Unknown),
        (b" \xFF\xD8\xFF", Refusal::Unknown),
    ];
    for (bytes, expected) in cases {
        assert_eq!(refusal(bytes).await, expected, "{bytes:?}");
    }
    assert_eq!(refusal(vec![0xFF; MOST_BYTES + 1]).await, Refusal::TooLarge);
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let all = [
        Refusal::Empty,
        Refusal::TooLarge,
        Refusal::Heic,
        Refusal::Gif,
        Refusal::Svg,
        Refusal::Html,
        Refusal::Pdf,
        Refusal::Unknown,
        Refusal::TooManyPixels,
        Refusal::Broken,
    ];
    for refusal in all {
        assert!(refusal.to_string().contains('请'), "{refusal}");
    }
    assert!(Refusal::TooLarge.to_string().contains("10 MB"));
    assert!(Refusal::TooManyPixels.to_string().contains("4000 万像素"));
}

/// How large a picture is, is looked at before room is made for it.
#[tokio::test]
async fn a_picture_of_too_many_pixels_is_refused_by_its_header() {
    for (width, height) in [(50_000, 50_000), (12_001, 1), (1, 12_001), (8_000, 8_000), (u32::MAX, u32::MAX)] {
        assert_eq!(refusal(png_header(width, height)).await, Refusal::TooManyPixels, "{width} × {height}");
    }
    assert_eq!(refusal(png_header(0, 0)).await, Refusal::Broken);
}

/// Some kilobytes that unpack to many megabytes: a picture, and a comment within one.
#[tokio::test]
async fn a_small_file_that_unpacks_far_is_refused() {
    let bomb = png(9_000, 9_000);
    assert!(bomb.len() < 2 << 20, "{}", bomb.len());
    // A compressed text that unpacks to 240 MB is passed over, not unpacked.
    let mut sly = png(8, 8);
    let text = made::packed(&bomb);
    assert_eq!(refusal(bomb).await, Refusal::TooManyPixels);
    let chunk = png_chunk(b"zTXt", &[b"Comment\0\0".as_slice(), &text].concat());
    sly.splice(33..33, chunk);
    assert!(picture(sly).await.is_ok());
}

#[tokio::test]
async fn what_is_cut_off_is_refused() {
    for whole in [jpeg(300, 200), png(300, 200), webp(300, 200)] {
        assert!(picture(whole.clone()).await.is_ok());
        for part in [16, 40, whole.len() / 2, whole.len() - 40] {
            let cut = whole[..part.min(whole.len())].to_vec();
            assert_eq!(refusal(cut).await, Refusal::Broken, "{part} of {}", whole.len());
        }
    }
}

#[tokio::test]
async fn a_paper_may_be_a_pdf_and_is_kept_as_it_is() {
    let pdf = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n".to_vec();
    assert_eq!(paper(pdf.clone()).await.unwrap(), Paper::Pdf(pdf));
    assert!(matches!(paper(jpeg(20, 20)).await.unwrap(), Paper::Picture(_)));
    assert_eq!(paper(b"\xEF\xBB\xBF%PDF-1.7".to_vec()).await.unwrap_err(), Refusal::Unknown);
    assert_eq!(paper(SVG.into()).await.unwrap_err(), Refusal::Svg);
    let large = [b"%PDF-".as_slice(), &vec![0; MOST_BYTES]].concat();
    assert_eq!(paper(large).await.unwrap_err(), Refusal::TooLarge);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is sent, an answer comes: a picture, or a refusal.
    #[test]
    fn no_bytes_bring_it_down(
        start in 0_usize..5,
        noise in prop::collection::vec(any::<u8>(), 0..600),
        at in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
    ) {
        // Noise alone, noise that begins as something, and pictures with some bytes changed or others put in.
        let mut bytes = match start {
            0 => noise.clone(),
            1 => [b"\xFF\xD8\xFF\xE0".as_slice(), &noise].concat(),
            2 => jpeg(24, 16),
            3 => png(24, 16),
            _ => webp(24, 16),
        };
        if start >= 2 {
            for (place, value) in flips {
                let place = place.index(bytes.len());
                bytes[place] = value;
            }
            let place = at.index(bytes.len());
            bytes.splice(place..place, noise.iter().copied().take(noise.len() % 9));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        if let Ok(made) = runtime.block_on(picture(bytes)) {
            prop_assert!(made.large.width <= pictures::LARGE_SIDE && made.small.width <= pictures::SMALL_SIDE);
        }
    }
}
