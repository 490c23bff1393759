//! Pictures against the tables of astrocut and astropy, and read back from their files.

use std::str::FromStr;

use cutout::render::{
    About, FileRows, Gray, Interval, Lupton, Picture, RenderOptions, Rgb, Rows, Sample, Stretch,
    Tone, render, write_jpeg, write_png,
};
use hst_fits::FitsFile;
use ndarray::{Array2, ArrayView2, array, s};
use serde_json::Value;

fn image(name: &str) -> Option<Array2<f32>> {
    let path = testkit::shared(&format!("reference/inputs/{name}.fits"))?;
    let file = FitsFile::open(&path).unwrap();
    let hdu = file.first_image().unwrap();
    let (ny, nx) = hdu.shape().unwrap();
    let window = astro_coords::PixelBox::of_shape((ny, nx));
    let mut pixels = vec![0.0; ny * nx];
    file.read_window(hdu, &window, &mut pixels).unwrap();
    Some(Array2::from_shape_vec((ny, nx), pixels).unwrap())
}

fn pair(value: &Value) -> Option<(f64, f64)> {
    let list = value.as_array()?;
    Some((list[0].as_f64()?, list[1].as_f64()?))
}

fn options(case: &Value) -> RenderOptions {
    let percent = pair(&case["minmax_percent"]).map(|(low, high)| Interval::Percent(low, high));
    let range = pair(&case["minmax_value"]).map(|(low, high)| Interval::Range(low, high));
    let invert = case["invert"].as_bool().unwrap_or_default();
    RenderOptions {
        stretch: Stretch::from_str(case["stretch"].as_str().unwrap()).unwrap(),
        interval: percent.or(range).unwrap_or(Interval::MinMax),
        tone: if invert { Tone::Negative } else { Tone::Positive },
    }
}

#[test]
fn every_table_of_astrocut_is_reproduced() {
    let (Some(path), Some(a), Some(b)) =
        (testkit::shared("reference/cutout.json"), image("img_a"), image("img_b"))
    else {
        return;
    };
    let json: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases = json["normalize"].as_array().unwrap();
    assert_eq!(cases.len(), 31);
    for case in cases {
        let wanted = &case["img"];
        let input = if case["note"].is_null() { a.slice(s![..64, ..64]) } else { b.view() };
        let found = render(input, &options(case)).unwrap();
        let name = format!("{} {} {}", case["stretch"], case["minmax_percent"], case["invert"]);
        let shape: Vec<u64> = found.shape().iter().map(|n| *n as u64).collect();
        assert_eq!(wanted["shape"], serde_json::json!(shape), "{name}");
        let at = |key: &str, i: usize| wanted[key][i].as_f64().unwrap() as usize;
        for i in 0..wanted["v"].as_array().unwrap().len() {
            let (y, x) = (at("y", i), at("x", i));
            assert_eq!(usize::from(found[[y, x]]), at("v", i), "{name} at {y}, {x}");
        }
        let sum: f64 = found.iter().map(|v| f64::from(*v)).sum();
        let squares: f64 = found.iter().map(|v| f64::from(*v).powi(2)).sum();
        assert_eq!(
            (Some(sum), Some(squares)),
            (wanted["sum"].as_f64(), wanted["sumsq"].as_f64()),
            "{name}"
        );
    }
}

fn row<T: Sample>(
    ramp: ArrayView2<'_, T>,
    stretch: Stretch,
    interval: Interval,
    tone: Tone,
) -> Vec<u8> {
    let drawn = render(ramp, &RenderOptions { stretch, interval, tone }).unwrap();
    drawn.row(2).to_vec()
}

#[test]
fn the_check_values_hold() {
    use {Interval as I, Stretch as S};
    let ramp = Array2::from_shape_fn((5, 5), |(y, x)| (y * 5 + x) as f64);
    let cases = [
        (S::Linear, I::MinMax, [106, 116, 127, 138, 148]),
        (S::Asinh, I::MinMax, [181, 189, 196, 203, 209]),
        (S::Sinh, I::MinMax, [40, 47, 54, 62, 71]),
        (S::Sqrt, I::MinMax, [164, 172, 180, 187, 194]),
        (S::Log, I::MinMax, [222, 226, 229, 232, 235]),
        (S::Linear, I::Range(5.0, 15.0), [127, 153, 178, 204, 229]),
        (S::Linear, I::Percent(10.0, 90.0), [100, 114, 127, 140, 154]),
    ];
    for (stretch, interval, wanted) in cases {
        assert_eq!(
            row(ramp.view(), stretch, interval, Tone::Positive),
            wanted,
            "{stretch:?} {interval:?}"
        );
    }
    let inverted = row(ramp.view(), S::Linear, I::MinMax, Tone::Negative);
    assert_eq!(inverted, [149, 139, 128, 117, 107]);
}

#[test]
fn zscale_is_that_of_astropy() {
    let wanted = [
        ("img_a", 0.091_606_162_488_460_54, 0.216_855_333_033_042_6),
        ("img_b", 0.093_777_537_345_886_23, 0.205_153_196_440_769_13),
    ];
    for (name, low, high) in wanted {
        let Some(image) = image(name) else { return };
        let found = Interval::ZScale.limits(&image.view()).unwrap();
        let far = (found.low - low).abs().max((found.high - high).abs());
        assert!(far < 1e-8, "{name}: {} {} is {far} off", found.low, found.high);
    }
}

/// Red, green and blue of 5 x 4 pixels, one blue one NaN.
fn three() -> [Array2<f64>; 3] {
    let of = |f: fn(f64, f64) -> f64| Array2::from_shape_fn((4, 5), |(y, x)| f(y as f64, x as f64));
    let mut all = [of(|_, x| x * 3.0 - 2.0), of(|y, _| y * 4.0 - 1.5), of(|y, x| x * y - 0.5)];
    all[2][[3, 4]] = f64::NAN;
    all
}

fn drawn(picture: &dyn Picture) -> Vec<u8> {
    let (ny, nx) = picture.shape();
    let mut out = vec![0; ny * nx * picture.channels().count()];
    picture.draw(0..ny, &mut out).unwrap();
    out
}

#[test]
fn lupton_is_that_of_astropy() {
    let three = three();
    let views = three.each_ref().map(|image| image.view());
    let images = views.each_ref().map(|view| view as &dyn Rows<f64>);
    let found = drawn(&Lupton::default().picture(images).unwrap());
    #[rustfmt::skip]
    let wanted = [
        0, 0, 0, 0, 0, 0, 193, 0, 0, 249, 0, 0, 255, 0, 0,
        0, 0, 0, 39, 97, 19, 112, 70, 42, 155, 55, 55, 185, 46, 64,
        0, 254, 0, 26, 171, 39, 80, 131, 70, 115, 107, 91, 141, 91, 105,
        0, 255, 0, 20, 212, 50, 63, 167, 87, 93, 140, 113, 0, 0, 0,
    ];
    assert_eq!(found, wanted);
    let other = Lupton { q: 3.0, stretch: 2.0, minimum: [-1.0, 0.5, 0.25] };
    let found = drawn(&other.picture(images).unwrap());
    #[rustfmt::skip]
    let wanted = [
        0, 0, 0, 0, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0,
        0, 255, 0, 182, 182, 22, 255, 102, 63, 255, 63, 71, 255, 46, 75,
        0, 255, 0, 85, 255, 53, 212, 255, 138, 255, 191, 167, 255, 139, 168,
        0, 255, 0, 50, 255, 57, 127, 255, 133, 204, 255, 210, 0, 0, 0,
    ];
    assert_eq!(found, wanted);
    let bad = Lupton { stretch: 0.0, ..Lupton::default() }.picture(images).err().unwrap();
    assert_eq!(bad.to_string(), "stretch = 0 is not a number above zero");
}

fn decoded(png: &[u8]) -> (png::OutputInfo, Vec<u8>, Vec<(String, String)>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let texts = reader.info().uncompressed_latin1_text.iter();
    let texts = texts.map(|chunk| (chunk.keyword.clone(), chunk.text.clone())).collect();
    (info, pixels, texts)
}

fn about() -> About {
    About { inputs: vec!["a.fits".to_owned()], ..About::default() }
}

#[test]
fn a_png_shows_the_highest_row_on_top_and_tells_what_it_is() {
    // Three bands and a rest, so that their seams are seen.
    let image = Array2::from_shape_fn((1100, 700), |(y, x)| (y * 7 + x * 3) as f32);
    let view = image.view();
    let picture = Gray::new(&view, &RenderOptions::default()).unwrap();
    let mut file = Vec::new();
    write_png(&picture, &about(), &mut file).unwrap();
    let (info, pixels, texts) = decoded(&file);
    assert_eq!((info.width, info.height), (700, 1100));
    let wanted = render(view, &RenderOptions::default()).unwrap();
    let turned: Vec<u8> = wanted.slice(s![..;-1, ..]).iter().copied().collect();
    assert!(pixels == turned);
    let texts: Vec<_> = texts.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
    assert_eq!(
        texts,
        [
            ("input_file", "a.fits"),
            ("cutout_size_x_pix", "700"),
            ("cutout_size_y_pix", "1100"),
            ("origin", "hst"),
            ("version", env!("CARGO_PKG_VERSION")),
        ]
    );
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let mut again = Vec::new();
    alone.install(|| write_png(&picture, &about(), &mut again)).unwrap();
    assert!(again == file, "the bytes depend on the number of threads");
}

#[test]
fn a_colour_png_has_the_three_pictures() {
    let three = three();
    let views = three.each_ref().map(|image| image.view());
    let options = RenderOptions { interval: Interval::MinMax, ..RenderOptions::default() };
    let parts = views.each_ref().map(|view| Gray::new(view, &options).unwrap());
    let picture = Rgb::new(parts.each_ref().map(|part| part as &dyn Picture)).unwrap();
    let mut file = Vec::new();
    write_png(&picture, &About::default(), &mut file).unwrap();
    let (info, pixels, _) = decoded(&file);
    assert_eq!(info.color_type, png::ColorType::Rgb);
    for (i, image) in views.iter().enumerate() {
        let wanted = render(*image, &options).unwrap();
        let wanted: Vec<u8> = wanted.slice(s![..;-1, ..]).iter().copied().collect();
        assert_eq!(pixels.iter().skip(i).step_by(3).copied().collect::<Vec<_>>(), wanted);
    }
    let small = array![[1.0, 2.0]];
    let small = small.view();
    let other = Gray::new(&small, &options).unwrap();
    assert_eq!(
        Rgb::new([&parts[0], &other, &parts[2]]).unwrap_err().to_string(),
        "the images of a colour picture have the same size, not 5 x 4 and 2 x 1 pixels"
    );
}

#[test]
fn a_jpeg_begins_and_ends_as_one_and_tells_what_it_is() {
    let image = Array2::from_shape_fn((40, 30), |(y, x)| (y * 7 + x * 3) as f32);
    let view = image.view();
    let picture = Gray::new(&view, &RenderOptions::default()).unwrap();
    let mut file = Vec::new();
    write_jpeg(&picture, &about(), &mut file).unwrap();
    assert_eq!((&file[..2], &file[file.len() - 2..]), (&[0xff, 0xd8][..], &[0xff, 0xd9][..]));
    let json = br#"{"input_file": "a.fits", "cutout_size_x_pix": "30""#;
    assert!(file.windows(json.len()).any(|part| part == json));
    let wide = Array2::<f32>::zeros((1, 65536));
    let wide = wide.view();
    let picture = Gray::new(&wide, &RenderOptions::default()).unwrap();
    assert_eq!(
        write_jpeg(&picture, &about(), Vec::new()).unwrap_err().to_string(),
        "JPEG holds pictures of up to 65535 pixels a side, not 65536 x 1"
    );
}

#[test]
fn odd_images_are_drawn_or_refused() {
    let options = RenderOptions::default();
    let draw = |image: Array2<f32>| render(image.view(), &options);
    let flat = draw(Array2::from_elem((3, 3), 7.0)).unwrap();
    assert!(flat.iter().all(|level| *level == 0));
    assert_eq!(draw(array![[2.0]]).unwrap(), array![[0]]);
    let huge = draw(array![[f32::MIN, 0.0, f32::MAX, f32::NAN, f32::INFINITY]]).unwrap();
    assert_eq!(huge[[0, 3]], 0);
    assert_eq!(huge.dim(), (1, 5));
    let none = draw(Array2::from_elem((2, 2), f32::NAN)).unwrap_err();
    assert_eq!(none.to_string(), "no pixel has a value, all are NaN or infinite: the image");
    assert_eq!(
        draw(Array2::zeros((0, 4))).unwrap_err().to_string(),
        "the window is empty: the image"
    );
    let inverted = RenderOptions { interval: Interval::Range(2.0, 1.0), ..options };
    let error = render(array![[1.0]].view(), &inverted).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the range 2 to 1 runs downwards; to turn light into dark, invert"
    );
    let negative = RenderOptions { tone: Tone::Negative, ..options };
    assert_eq!(render(array![[f64::NAN, 1.0, 2.0]].view(), &negative).unwrap()[[0, 0]], 255);
}

#[test]
fn a_window_of_a_file_may_reach_outside() {
    let Some(path) = testkit::shared("reference/inputs/img_int.fits") else { return };
    let file = FitsFile::open(&path).unwrap();
    let hdu = file.first_image().unwrap();
    let (ny, nx) = hdu.shape().unwrap();
    let (ny, nx) = (ny.cast_signed(), nx.cast_signed());
    let window = astro_coords::PixelBox::new(-3..nx, -2..ny);
    let rows = FileRows::new(&file, hdu, window).unwrap();
    let rows: &dyn Rows<f64> = &rows;
    let options = RenderOptions { tone: Tone::Negative, ..RenderOptions::default() };
    let picture = Gray::new(rows, &options).unwrap();
    let out = drawn(&picture);
    let line = nx.unsigned_abs() + 3;
    assert!(out[..2 * line].iter().all(|level| *level == 255));
    assert!(out[2 * line..].chunks(line).all(|row| row[..3] == [255; 3]));
    let inside = out[2 * line..].chunks(line).flat_map(|row| &row[3..]);
    assert!(inside.clone().any(|level| *level == 0) && inside.clone().any(|level| *level == 255));
    let off = astro_coords::PixelBox::new(nx..nx + 5, 0..ny);
    let message = FileRows::new(&file, hdu, off).unwrap_err().to_string();
    assert!(message.starts_with("the window is empty: "), "{message}");
}
