//! Rows of pixels that collect what each edge changes: the sum from the left is the share.

/// Adds a part of an edge, `height` high, that runs from column `start` to `end` of the row: the trapezoid to the pixels
/// that it crosses, and its height to all on their right.
#[inline(always)]
pub(super) fn add(deltas: &mut [f64], height: f64, (start, end): (f64, f64), sign: f64) {
    if height <= 0.0 {
        return;
    }
    let (start, end) = if start <= end { (start, end) } else { (end, start) };
    if start >= deltas.len() as f64 {
        return;
    }
    let first = start.floor();
    if first >= 0.0 && end <= first + 1.0 {
        cell(deltas, first as usize, sign * height, 0.5 * (start + end) - first);
        return;
    }
    across(deltas, height, (start, end), sign);
}

/// As [`add`], of a part in several pixels, or to the left of the first.
#[inline(always)]
fn across(deltas: &mut [f64], height: f64, (start, end): (f64, f64), sign: f64) {
    let length = deltas.len() as f64;
    let mut rest = height;
    let slope = height / (end - start);
    let mut from = start;
    if from < 0.0 {
        let part = if end <= 0.0 { rest } else { -from * slope };
        deltas[0] += sign * part;
        rest -= part;
        from = 0.0;
    }
    let mut at = from.floor();
    while from < end && at < length {
        let to = (at + 1.0).min(end);
        let part = if to == end { rest } else { (to - from) * slope };
        cell(deltas, at as usize, sign * part, 0.5 * (from + to) - at);
        rest -= part;
        (from, at) = (to, at + 1.0);
    }
}

/// A part of an edge in one pixel: `place` of its width lies to the left of the part.
#[inline(always)]
fn cell(deltas: &mut [f64], i: usize, height: f64, place: f64) {
    match deltas.get_mut(i..i + 2) {
        Some([here, next]) => {
            *here += height * (1.0 - place);
            *next += height * place;
        }
        _ => {
            if let Some(here) = deltas.get_mut(i) {
                *here += height * (1.0 - place);
            }
        }
    }
}

/// Rows that are summed side by side, so that no sum waits for the one before.
const ROWS: usize = 4;

/// Turns the deltas of rows of `width` pixels, `stride` places apart, into shares.
#[inline(always)]
pub(super) fn finish(deltas: &mut [f64], stride: usize, width: usize) {
    let mut blocks = deltas.chunks_exact_mut(ROWS * stride);
    for block in blocks.by_ref() {
        let (one, rest) = block.split_at_mut(stride);
        let (two, rest) = rest.split_at_mut(stride);
        let (three, four) = rest.split_at_mut(stride);
        let rows = one.iter_mut().zip(two).zip(three).zip(four).take(width);
        let mut sums = [0.0; ROWS];
        for (((a, b), c), d) in rows {
            for (sum, delta) in sums.iter_mut().zip([a, b, c, d]) {
                *sum += *delta;
                *delta = share(*sum);
            }
        }
    }
    for row in blocks.into_remainder().chunks_mut(stride) {
        let mut sum = 0.0;
        for delta in row.iter_mut().take(width) {
            sum += *delta;
            *delta = share(sum);
        }
    }
}

/// A sum of parts is some 1e-16 off: nothing and all are made exact.
#[inline(always)]
fn share(sum: f64) -> f64 {
    const ROUNDING: f64 = 4e-16;
    let above = if sum < ROUNDING { 0.0 } else { sum };
    if above > 1.0 - ROUNDING { 1.0 } else { above }
}
