//! Reads the recorded answers of the peers, and the arrays they were computed on.
#![allow(dead_code, reason = "each test uses its part")]

use std::fs;

use ndarray::Array2;
use serde_json::Value;

/// A JSON file of the reference folder.
pub(crate) fn json(name: &str) -> Option<Value> {
    let path = testkit::shared(&format!("reference/{name}"))?;
    Some(serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
}

/// A number, where NaN and infinities are strings.
pub(crate) fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| value.as_str().and_then(|s| s.parse().ok()).unwrap_or(f64::NAN))
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

pub(crate) fn pair(value: &Value) -> (usize, usize) {
    let all: Vec<usize> =
        value.as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect();
    (all[0], all[all.len() - 1])
}

/// Rows of numbers.
pub(crate) fn table(value: &Value) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(numbers).collect();
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(j, i)| rows[j][i])
}

/// A two-dimensional `.npy` of little-endian `f4`, or of `u1`.
pub(crate) fn npy(name: &str) -> Option<Array2<f32>> {
    let bytes = fs::read(testkit::shared(&format!("reference/{name}"))?).unwrap();
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..10 + length]).unwrap();
    let data = &bytes[10 + length..];
    let shape = header.split("'shape': (").nth(1).unwrap().split(')').next().unwrap();
    let shape: Vec<usize> = shape.split(',').map(|n| n.trim().parse().unwrap()).collect();
    let values: Vec<f32> = if header.contains("'<f4'") {
        data.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
    } else {
        assert!(header.contains("u1"), "{header}");
        data.iter().map(|b| f32::from(*b)).collect()
    };
    Some(Array2::from_shape_vec((shape[0], shape[1]), values).unwrap())
}
