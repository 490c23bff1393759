//! The overlaps of 593 apertures and 19 polygons, as photutils 3.1.1 has them, pixel by pixel.

mod reference;

use photometry::aperture::{
    Annulus, Aperture, Center, Circle, Ellipse, FillRule, Polygon, Rectangle, Subpixel,
};
use reference::{json, number, numbers};
use serde_json::Value;

/// The aperture of a record, grown by a share of its size: holes shrink by as much.
fn aperture(record: &Value, growth: f64) -> Box<dyn Aperture> {
    let get = |name: &str| match name {
        "theta" => number(&record[name]),
        "r_in" | "a_in" | "w_in" => number(&record[name]) * (1.0 - growth),
        _ => number(&record[name]) * (1.0 + growth),
    };
    let at = (number(&record["x"]), number(&record["y"]));
    match record["kind"].as_str().unwrap() {
        "circle" => Box::new(Circle::new(at, get("r"))),
        "ellipse" => Box::new(Ellipse::new(at, get("a"), get("b"), get("theta"))),
        "rectangle" => Box::new(Rectangle::new(at, get("w"), get("h"), get("theta"))),
        "circannulus" => {
            Box::new(Annulus::new(Circle::new(at, get("r_out")), Circle::new(at, get("r_in"))))
        }
        "ellipannulus" => {
            let (a, b, theta) = (get("a_out"), get("b_out"), get("theta"));
            let inner = get("a_in");
            Box::new(Annulus::new(
                Ellipse::new(at, a, b, theta),
                Ellipse::new(at, inner, b * inner / a, theta),
            ))
        }
        "rectannulus" => {
            let (w, h, theta) = (get("w_out"), get("h_out"), get("theta"));
            let inner = get("w_in");
            Box::new(Annulus::new(
                Rectangle::new(at, w, h, theta),
                Rectangle::new(at, inner, h * inner / w, theta),
            ))
        }
        other => panic!("{other}"),
    }
}

fn total(shape: &impl Aperture) -> f64 {
    let window = shape.bounds();
    let mut shares = vec![0.0; window.shape().1];
    let row = |y| {
        shape.row(y, window.x.start, &mut shares);
        shares.iter().sum::<f64>()
    };
    window.y.clone().map(row).sum()
}

/// Growth of a shape that takes in all samples on its edge.
const EDGE: f64 = 1e-12;

/// Largest difference from a table of weights whose first pixel is `(x0, y0)`.
fn worst(shape: &dyn Aperture, weights: &Value, x0: isize, y0: isize) -> f64 {
    let rows = weights.as_array().unwrap();
    let row = |(j, row): (usize, &Value)| {
        let difference = |(i, weight): (usize, &f64)| {
            (shape.overlap(x0 + i.cast_signed(), y0 + j.cast_signed()) - weight).abs()
        };
        numbers(row).iter().enumerate().map(difference).fold(0.0, f64::max)
    };
    rows.iter().enumerate().map(row).fold(0.0, f64::max)
}

#[test]
fn shares_of_all_apertures() {
    let Some(all) = json("overlap.json") else { return };
    let records = all["apertures"].as_array().unwrap();
    assert_eq!(records.len(), 593);
    let (mut largest, mut on_edge) = (0.0_f64, 0);
    for record in records {
        let shape = aperture(record, 0.0);
        let (less, more) = (aperture(record, -EDGE), aperture(record, EDGE));
        let get = |name: &str| number(&record[name]);
        let (x0, y0) = (record["ixmin"].as_i64().unwrap(), record["iymin"].as_i64().unwrap());
        let window = shape.bounds();
        let theirs = (x0 as isize, record["ixmax"].as_i64().unwrap() as isize);
        assert_eq!((window.x.start, window.x.end), theirs, "{record}");
        assert_eq!(window.y.start, y0 as isize, "{record}");
        let scale = shape.area().max(1.0);
        assert!((shape.area() - get("area")).abs() < 1e-12 * scale, "{record}");
        assert!((total(&shape) - get("weight_sum")).abs() < 1e-12 * scale, "{record}");
        if !record["weights"].is_null() {
            largest = largest.max(worst(&shape, &record["weights"], x0 as isize, y0 as isize));
        }
        // A sample on the edge to the last bit falls on either side; all others must agree.
        for (name, low, sum, high) in [
            ("center_sum", total(&Center(&less)), total(&Center(&shape)), total(&Center(&more))),
            (
                "subpixel5_sum",
                total(&Subpixel::new(&less, 5)),
                total(&Subpixel::new(&shape, 5)),
                total(&Subpixel::new(&more, 5)),
            ),
        ] {
            let expected = get(name);
            assert!(low - 1e-9 <= expected && expected <= high + 1e-9, "{name} {record}");
            assert!(low - 1e-9 <= sum && sum <= high + 1e-9, "{name} {record}");
            on_edge += usize::from(high - low > 1e-9);
        }
    }
    assert!(largest < 2e-14, "{largest:e}");
    assert!(on_edge < 30, "{on_edge}");
}

#[test]
fn shares_of_polygons() {
    let Some(all) = json("overlap.json") else { return };
    let mut largest = 0.0_f64;
    let mut compared = 0;
    for record in all["polygons"].as_array().unwrap() {
        if !record["error"].is_null() {
            continue; // photutils refuses rings that cross themselves
        }
        let center = numbers(&record["center"]);
        let ring = record["offsets"].as_array().unwrap().iter().map(numbers).map(|v| [v[0], v[1]]);
        let shape =
            Polygon::around((center[0], center[1]).into(), &[ring.collect()], FillRule::EvenOdd);
        let scale = shape.area().max(1.0);
        assert!((shape.area() - number(&record["area"])).abs() < 1e-12 * scale);
        assert!((total(&shape) - number(&record["weight_sum"])).abs() < 1e-12 * scale);
        if !record["weights"].is_null() {
            let (x0, y0) = (record["ixmin"].as_i64().unwrap(), record["iymin"].as_i64().unwrap());
            largest = largest.max(worst(&shape, &record["weights"], x0 as isize, y0 as isize));
            compared += 1;
        }
    }
    assert!(compared >= 15 && largest < 1e-12, "{compared} {largest:e}");
}
