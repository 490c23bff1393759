//! What stands for a row of a picture while it is packed: its bytes, or how they differ from those beside them.
//! PNG, 3rd edition, sect. 9.

/// One of the five of PNG, by its number there. The other two are rarely the best, and cost more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    Plain = 0,
    Left = 1,
    Above = 2,
}

/// Makes bands of rows ready for packing.
#[derive(Debug)]
pub(super) struct Filters {
    /// Bytes of a row.
    line: usize,
    /// Bytes of a pixel.
    pixel: usize,
    /// The row above the next band, zeros above the first.
    above: Vec<u8>,
    out: Vec<u8>,
}

impl Filters {
    pub(super) fn new(line: usize, pixel: usize) -> Self {
        Self { line, pixel, above: vec![0; line], out: Vec::new() }
    }

    /// The rows of a band, each behind the number of its filter; all have one, the best for some of them.
    pub(super) fn apply(&mut self, rows: &[u8]) -> &[u8] {
        let filter = self.best(rows);
        self.out.clear();
        self.out.reserve(rows.len() + rows.len() / self.line.max(1));
        let mut above = self.above.as_slice();
        for row in rows.chunks_exact(self.line) {
            self.out.push(filter as u8);
            filtered(filter, row, above, self.pixel, &mut self.out);
            above = row;
        }
        self.above = above.to_vec();
        &self.out
    }

    fn best(&self, rows: &[u8]) -> Filter {
        let n = rows.len() / self.line;
        let mut bytes = Vec::with_capacity(2 * self.line);
        let mut cost = |filter| {
            bytes.clear();
            for i in [n / 3, 2 * n / 3] {
                let row = |i: usize| &rows[i * self.line..(i + 1) * self.line];
                let above = if i == 0 { self.above.as_slice() } else { row(i - 1) };
                filtered(filter, row(i), above, self.pixel, &mut bytes);
            }
            entropy(&bytes)
        };
        let (mut best, mut least) = (Filter::Plain, cost(Filter::Plain));
        for filter in [Filter::Left, Filter::Above] {
            let cost = cost(filter);
            if cost < least {
                (best, least) = (filter, cost);
            }
        }
        best
    }
}

fn filtered(filter: Filter, row: &[u8], above: &[u8], pixel: usize, out: &mut Vec<u8>) {
    let less = |(a, b): (&u8, &u8)| a.wrapping_sub(*b);
    match filter {
        Filter::Plain => out.extend_from_slice(row),
        Filter::Left => {
            let pixel = pixel.min(row.len());
            out.extend_from_slice(&row[..pixel]);
            out.extend(row[pixel..].iter().zip(row).map(less));
        }
        Filter::Above => out.extend(row.iter().zip(above).map(less)),
    }
}

/// Bits that the bytes take with the best code.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [[0u32; 256]; 2];
    for (i, byte) in bytes.iter().enumerate() {
        counts[i % 2][usize::from(*byte)] += 1;
    }
    let all = bytes.len() as f64;
    let bits = |(a, b): (&u32, &u32)| match f64::from(a + b) {
        0.0 => 0.0,
        n => n * (all / n).log2(),
    };
    counts[0].iter().zip(&counts[1]).map(bits).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Undoes what the numbers before the rows say.
    fn unfiltered(bytes: &[u8], line: usize, pixel: usize) -> Vec<u8> {
        let mut rows: Vec<u8> = Vec::new();
        for packed in bytes.chunks_exact(line + 1) {
            let start = rows.len();
            for (i, &byte) in packed[1..].iter().enumerate() {
                let from = match packed[0] {
                    1 if i >= pixel => rows[start + i - pixel],
                    2 if start > 0 => rows[start + i - line],
                    _ => 0,
                };
                rows.push(byte.wrapping_add(from));
            }
        }
        rows
    }

    #[test]
    fn the_filter_follows_the_picture_and_can_be_undone() {
        let mut noise = super::super::testing::noise();
        let (line, ny) = (300, 20);
        let row: Vec<u8> = (0..line).map(|_| noise()).collect();
        let noisy: Vec<u8> = (0..ny * line).map(|_| noise()).collect();
        // Steeper from row to row.
        let ramp = |i: usize| (i % line / 3 * (i / line * 7 + 3)) as u8;
        let ramps: Vec<u8> = (0..ny * line).map(ramp).collect();
        for (rows, filter) in [(row.repeat(ny), 2), (noisy, 0), (ramps, 1)] {
            for pixel in [1, 3] {
                let mut filters = Filters::new(line, pixel);
                let mut out = Vec::new();
                for band in rows.chunks(7 * line) {
                    out.extend_from_slice(filters.apply(band));
                }
                assert_eq!(out[(line + 1) * 10], filter);
                assert_eq!(unfiltered(&out, line, pixel), rows);
            }
        }
    }
}
