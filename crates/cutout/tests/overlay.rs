//! Marks over pictures.

use astro_coords::PixelCoord;
use cutout::render::{Anchor, Gray, Mark, Marked, Picture, RenderOptions, Stretch, Style, render};
use ndarray::Array2;
use proptest::prelude::*;

const GREEN: Style = Style { color: [0, 255, 0], width: 1.0, dash: None, seam: false };

fn ramp(ny: usize, nx: usize) -> Array2<f64> {
    Array2::from_shape_fn((ny, nx), |(y, x)| (y * nx + x) as f64)
}

fn draw(image: &Array2<f64>, marks: &[Mark]) -> Vec<u8> {
    let view = image.view();
    let options = RenderOptions { stretch: Stretch::Linear, ..RenderOptions::default() };
    let gray = Gray::new(&view, &options).unwrap();
    let marked = Marked::new(&gray, marks);
    let (ny, nx) = marked.shape();
    let mut out = vec![0; ny * nx * 3];
    marked.draw(0..ny, &mut out).unwrap();
    out
}

fn line(places: &[[f64; 2]], style: Style) -> Mark {
    Mark::Line { through: places.iter().map(|[x, y]| PixelCoord::new(*x, *y)).collect(), style }
}

#[test]
fn pixels_without_marks_stay_as_they_are() {
    let image = ramp(20, 30);
    let options = RenderOptions { stretch: Stretch::Linear, ..RenderOptions::default() };
    let plain = render(image.view(), &options).unwrap();
    let drawn = draw(&image, &[line(&[[3.0, 7.0], [12.0, 7.0]], GREEN)]);
    for ((y, x), level) in plain.indexed_iter() {
        let pixel = &drawn[(y * 30 + x) * 3..][..3];
        if y == 7 && (3..=12).contains(&x) {
            assert_eq!(pixel, [0, 255, 0], "({x}, {y})");
        } else if y != 7 || !(2..=13).contains(&x) {
            assert_eq!(pixel, [*level; 3], "({x}, {y})");
        }
    }
}

#[test]
fn a_line_covers_its_length_times_its_width() {
    let image = Array2::from_shape_fn((200, 200), |(y, _)| if y == 0 { 1.0 } else { 0.0 });
    for (to, width) in [([180.0, 30.0], 3.0), ([20.0, 180.0], 5.0), ([170.0, 143.0], 1.0)] {
        let from = [20.0, 20.0];
        let white = Style { color: [255; 3], width, ..GREEN };
        let drawn = draw(&image, &[line(&[from, to], white)]);
        let inside = &drawn[200 * 3..];
        let sum: f64 = inside.iter().step_by(3).map(|level| f64::from(*level) / 255.0).sum();
        let length = (to[0] - from[0]).hypot(to[1] - from[1]);
        let expected = length * width + std::f64::consts::PI * width * width / 4.0;
        assert!((sum / expected - 1.0).abs() < 0.02, "{sum} {expected}");
    }
}

#[test]
fn words_stand_upright_and_read_from_the_left() {
    let image = ramp(24, 40);
    let mark = Mark::Text {
        words: "L".to_owned(),
        place: PixelCoord::new(10.0, 4.0),
        anchor: Anchor::Below,
        dot: 1,
        style: GREEN,
    };
    let drawn = draw(&image, &[mark]);
    let ink = |x: usize, y: usize| drawn[(y * 40 + x) * 3..][..3] == [0, 255, 0];
    let rows: Vec<usize> = (4..12).map(|y| (6..14).filter(|&x| ink(x, y)).count()).collect();
    // The foot of the L is its widest row; it lies below, but for the row that is left free below letters.
    assert_eq!(rows.iter().max(), Some(&rows[1]), "{rows:?}");
    let columns: Vec<usize> = (6..14).map(|x| (4..12).filter(|&y| ink(x, y)).count()).collect();
    let tallest = columns.iter().position(|n| Some(n) == columns.iter().max()).unwrap();
    assert!(tallest < 4, "{columns:?}");
}

proptest! {
    /// Rows drawn one by one, or all at once, are the same, whatever is drawn.
    #[test]
    fn bands_do_not_matter(
        places in prop::collection::vec((-40.0..80.0f64, -40.0..80.0f64), 1..6),
        width in 0.3..6.0f64,
        dashed in any::<bool>(),
        seam in any::<bool>(),
        words in "\\PC{0,6}",
    ) {
        let image = ramp(31, 37);
        let dash = dashed.then_some([5.0, 3.0]);
        let style = Style { color: [250, 10, 130], width, dash, seam };
        let through: Vec<_> = places.iter().map(|(x, y)| PixelCoord::new(*x, *y)).collect();
        let place = through[0];
        let marks = [
            Mark::Line { through, style },
            Mark::Text { words, place, anchor: Anchor::Left, dot: 2, style },
        ];
        let whole = draw(&image, &marks);
        let view = image.view();
        let options = RenderOptions { stretch: Stretch::Linear, ..RenderOptions::default() };
        let gray = Gray::new(&view, &options).unwrap();
        let marked = Marked::new(&gray, &marks);
        for y in 0..31 {
            let mut row = vec![0; 37 * 3];
            marked.draw(y..y + 1, &mut row).unwrap();
            prop_assert_eq!(&row[..], &whole[y * 37 * 3..][..37 * 3]);
        }
    }
}
