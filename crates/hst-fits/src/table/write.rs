//! Writing tables: the cards that describe the columns, and the rows.

use std::io;

use super::{Column, Table, Values};
use crate::stored::BigEndian;
use crate::{Card, Error, Result, Value};

/// Rows are made in pieces of about this many bytes.
const PIECE: usize = 1 << 18;

/// `TTYPEn` and its kin for all columns, and the bytes of a row.
///
/// # Errors
/// When a column has another number of values than the table has rows, or arrays of variable length.
pub(crate) fn describing_cards(table: &Table) -> Result<(Vec<Card>, usize)> {
    let mut cards = Vec::new();
    let mut width = 0;
    for (i, column) in table.columns.iter().enumerate() {
        check(column, table.rows)?;
        let keyword = |stem: &str| format!("{stem}{}", i + 1);
        let mut card = |stem: &str, value: Value, comment: &str| {
            cards.push(Card::new(&keyword(stem), value, comment));
        };
        card("TTYPE", column.name.as_str().into(), &column.description);
        let cell = Cell::of(column);
        card("TFORM", format!("{}{}", cell.repeat, cell.letter).into(), "");
        if let Some(unit) = &column.unit {
            card("TUNIT", unit.as_str().into(), "");
        }
        if let Some(dim) = cell.dim(column) {
            card("TDIM", dim.into(), "");
        }
        if let Some(null) = column.null {
            card("TNULL", null.into(), "stands for nothing");
        }
        if column.scale != 1.0 || column.zero != 0.0 {
            card("TSCAL", column.scale.into(), "");
            card("TZERO", column.zero.into(), "");
        }
        width += cell.bytes;
    }
    Ok((cards, width))
}

fn check(column: &Column, rows: usize) -> Result<()> {
    let refused = |problem: &str| {
        let name = &column.name;
        Err(Error::Unwritable { problem: format!("column {name} {problem}") })
    };
    if column.lengths.is_some() {
        return refused("has arrays of variable length, which are only read");
    }
    if rows.checked_mul(column.width()) != Some(column.values.len()) {
        return refused(&format!(
            "has {} values, not {rows} times {}",
            column.values.len(),
            column.width()
        ));
    }
    match column.texts() {
        Some(texts) if !texts.iter().all(|text| text.is_ascii()) => {
            refused("has a text that is not ASCII")
        }
        _ => Ok(()),
    }
}

/// The rows as bytes, piece by piece; every piece but the last is a multiple of four.
pub(crate) fn data_bytes(
    table: &Table,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let cells: Vec<_> = table.columns.iter().map(Cell::of).collect();
    let mut bytes = Vec::with_capacity(2 * PIECE);
    for row in 0..table.rows {
        for (column, cell) in table.columns.iter().zip(&cells) {
            let width = column.width();
            cell.push(&column.values, row * width..(row + 1) * width, &mut bytes);
        }
        if bytes.len() >= PIECE {
            let whole = bytes.len() / 4 * 4;
            take(&bytes[..whole])?;
            bytes.drain(..whole);
        }
    }
    take(&bytes)
}

/// How a cell is stored.
struct Cell {
    letter: char,
    repeat: usize,
    bytes: usize,
    /// Bytes of one text.
    text: usize,
}

impl Cell {
    fn of(column: &Column) -> Self {
        let n = column.width();
        let texts = column.texts().unwrap_or_default();
        let text = texts.iter().map(String::len).max().unwrap_or(0).max(1);
        let (letter, repeat, bytes) = match column.values {
            Values::Logical(_) => ('L', n, n),
            Values::Bit(_) => ('X', n, n.div_ceil(8)),
            Values::U8(_) => ('B', n, n),
            Values::I16(_) => ('I', n, 2 * n),
            Values::I32(_) => ('J', n, 4 * n),
            Values::I64(_) => ('K', n, 8 * n),
            Values::F32(_) => ('E', n, 4 * n),
            Values::F64(_) => ('D', n, 8 * n),
            Values::Complex32(_) => ('C', n, 8 * n),
            Values::Complex64(_) => ('M', n, 16 * n),
            Values::Text(_) => ('A', text * n, text * n),
        };
        Self { letter, repeat, bytes, text }
    }

    /// `TDIMn` where a cell has two axes or more, or texts.
    fn dim(&self, column: &Column) -> Option<String> {
        let mut axes = column.shape.clone();
        if self.letter == 'A' && !axes.is_empty() {
            axes.push(self.text);
        }
        let axes: Vec<_> = axes.iter().rev().map(ToString::to_string).collect();
        (axes.len() > 1).then(|| format!("({})", axes.join(",")))
    }

    fn push(&self, values: &Values, part: std::ops::Range<usize>, out: &mut Vec<u8>) {
        match values {
            Values::Logical(values) => out.extend(values[part].iter().map(|v| match v {
                Some(true) => b'T',
                Some(false) => b'F',
                None => 0,
            })),
            Values::Bit(values) => out.extend(values[part].chunks(8).map(|bits| {
                bits.iter().enumerate().fold(0, |byte, (i, bit)| byte | u8::from(*bit) << (7 - i))
            })),
            Values::U8(values) => out.extend_from_slice(&values[part]),
            Values::I16(values) => values[part].iter().for_each(|v| v.push(out)),
            Values::I32(values) => values[part].iter().for_each(|v| v.push(out)),
            Values::I64(values) => values[part].iter().for_each(|v| v.push(out)),
            Values::F32(values) => values[part].iter().for_each(|v| v.push(out)),
            Values::F64(values) => values[part].iter().for_each(|v| v.push(out)),
            Values::Complex32(values) => values[part].iter().flatten().for_each(|v| v.push(out)),
            Values::Complex64(values) => values[part].iter().flatten().for_each(|v| v.push(out)),
            Values::Text(values) => {
                for text in &values[part] {
                    out.extend_from_slice(text.as_bytes());
                    out.resize(out.len() + self.text - text.len(), b' ');
                }
            }
        }
    }
}
