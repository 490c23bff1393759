//! Reading rows and columns.

use std::ops::Range;

use super::layout::{Element, Field, Layout};
use super::{Column, Table, Values};
use crate::source::Piece;
use crate::stored::BigEndian;
use crate::{Error, FitsFile, Hdu, Header, Result};

impl FitsFile {
    /// Reads all columns of a binary table.
    ///
    /// # Errors
    /// When the unit is no binary table, its header is wrong, or the file ends before its data do.
    pub fn read_table(&self, hdu: &Hdu) -> Result<Table> {
        let layout = layout(hdu)?;
        let fields: Vec<_> = layout.fields.iter().collect();
        self.read_fields(hdu, &layout, &fields, 0..layout.rows)
    }

    /// Reads the columns of these names (in any case) of the rows in `rows`, the first row is 0.
    ///
    /// # Errors
    /// As [`read_table`](Self::read_table); and when there is no such column or row.
    pub fn read_columns(&self, hdu: &Hdu, names: &[&str], rows: Range<u64>) -> Result<Table> {
        let layout = layout(hdu)?;
        let no = |wanted: String| Error::NoSuchExtension { wanted, place: hdu.place().to_owned() };
        if rows.end > layout.rows || rows.start > rows.end {
            return Err(no(format!("rows {rows:?} of {}", layout.rows)));
        }
        let field = |name: &&str| layout.field(name).ok_or_else(|| no(format!("column {name}")));
        let fields = names.iter().map(field).collect::<Result<Vec<_>>>()?;
        self.read_fields(hdu, &layout, &fields, rows)
    }

    fn read_fields(
        &self,
        hdu: &Hdu,
        layout: &Layout,
        fields: &[&Field],
        rows: Range<u64>,
    ) -> Result<Table> {
        let header = hdu.stored_header();
        let width = layout.row_bytes as u64;
        let first = hdu.offset + rows.start * width;
        let count = usize::try_from(rows.end - rows.start).unwrap_or(usize::MAX);
        self.check_there(hdu, hdu.offset + rows.end * width)?;
        let mut cells = vec![Vec::new(); fields.len()];
        let at_once = (self.source().batch() / layout.row_bytes.max(1)).max(1);
        let mut bytes = Vec::new();
        // Rows without a byte have nothing to read, however many there are.
        let to_read = if layout.row_bytes == 0 { 0 } else { count };
        for start in (0..to_read).step_by(at_once) {
            let n = at_once.min(count - start);
            bytes.resize(n * layout.row_bytes, 0);
            let offset = first + start as u64 * width;
            self.source()
                .read_at(offset, &mut bytes)
                .map_err(|source| Error::Read { place: hdu.place().to_owned(), source })?;
            for row in bytes.chunks_exact(layout.row_bytes.max(1)) {
                let pairs = cells.iter_mut().zip(fields);
                pairs.for_each(|(cells, field)| cells.extend_from_slice(field.cell(row)));
            }
        }
        let columns = fields.iter().zip(cells).map(|(field, cells)| {
            if field.format.descriptor.is_some() {
                self.variable(hdu, layout, field, &cells, count, header)
            } else {
                fixed(field, &cells, header)
            }
        });
        Ok(Table { rows: count, columns: columns.collect::<Result<_>>()? })
    }

    /// Arrays in the heap.
    fn variable(
        &self,
        hdu: &Hdu,
        layout: &Layout,
        field: &Field,
        cells: &[u8],
        rows: usize,
        header: &Header,
    ) -> Result<Column> {
        let bad = |row: usize, problem: &str| Error::BadHeader {
            place: hdu.place().to_owned(),
            problem: format!("TTYPE{} = '{}' row {row} {problem}", field.number, field.name),
        };
        let element = field.format.element;
        let mut lengths = Vec::with_capacity(rows);
        let mut spans = Vec::with_capacity(rows);
        let mut total: u64 = 0;
        for row in 0..rows {
            let cell = cells.get(row * field.bytes..(row + 1) * field.bytes).unwrap_or_default();
            let (n, start) = field.descriptor(cell).unwrap_or((0, 0));
            let end = element.bytes(n).and_then(|bytes| start.checked_add(bytes));
            let end = end.filter(|end| n == 0 || *end <= layout.heap_bytes);
            let end = end.ok_or_else(|| bad(row, "lies outside the heap"))?;
            let span = if n == 0 { 0..0 } else { start..end };
            total = total.saturating_add(span.end - span.start);
            lengths.push(usize::try_from(n).unwrap_or(usize::MAX));
            spans.push(span);
        }
        // Rows may share their arrays, but not so often that memory runs out.
        if total > layout.heap_bytes.min(self.bytes()).saturating_mul(16) {
            return Err(bad(rows, "and others hold more than the heap"));
        }
        let heap = hdu.offset + layout.heap;
        self.check_there(hdu, heap + spans.iter().map(|span| span.end).max().unwrap_or(0))?;
        let mut bytes = vec![0; usize::try_from(total).unwrap_or(usize::MAX)];
        self.read_spans(hdu, heap, &spans, &mut bytes)?;
        let mut values = empty(element);
        let mut rest = &bytes[..];
        for (span, &n) in spans.iter().zip(&lengths) {
            let (cell, behind) = rest.split_at(usize::try_from(span.end - span.start).unwrap_or(0));
            rest = behind;
            match element {
                Element::Char => push(&mut values, cell, cell.len(), 1),
                _ => push(&mut values, cell, 0, n),
            }
        }
        let column = Column { lengths: Some(lengths), ..described(field, header, values)? };
        Ok(column)
    }

    fn read_spans(
        &self,
        hdu: &Hdu,
        heap: u64,
        spans: &[Range<u64>],
        mut out: &mut [u8],
    ) -> Result<()> {
        let mut pieces = Vec::with_capacity(spans.len());
        for span in spans.iter().filter(|span| !span.is_empty()) {
            let length = usize::try_from(span.end - span.start).unwrap_or(usize::MAX);
            let (piece, rest) = std::mem::take(&mut out).split_at_mut(length);
            out = rest;
            pieces.push(Piece { offset: heap + span.start, out: piece });
        }
        pieces.sort_by_key(|piece| piece.offset);
        let end = |piece: &Piece<'_>| piece.offset + piece.out.len() as u64;
        let read = if pieces.windows(2).all(|two| end(&two[0]) <= two[1].offset) {
            self.source().read_many(&mut pieces)
        } else {
            pieces.iter_mut().try_for_each(|piece| self.source().read_at(piece.offset, piece.out))
        };
        read.map_err(|source| Error::Read { place: hdu.place().to_owned(), source })
    }

    fn check_there(&self, hdu: &Hdu, expected: u64) -> Result<()> {
        let found = self.bytes();
        if expected <= found {
            return Ok(());
        }
        Err(Error::Truncated { place: hdu.place().to_owned(), expected, found })
    }
}

fn layout(hdu: &Hdu) -> Result<Layout> {
    let header = hdu.stored_header();
    let kind = header.find::<String>("XTENSION").ok().flatten().unwrap_or_default();
    if !matches!(kind.trim(), "BINTABLE" | "A3DTABLE") {
        return Err(Error::NoTable { place: hdu.place().to_owned() });
    }
    Layout::read(header)
}

/// A column whose cells all have the same size.
fn fixed(field: &Field, cells: &[u8], header: &Header) -> Result<Column> {
    let element = field.format.element;
    let mut values = empty(element);
    let repeat = usize::try_from(field.format.repeat).unwrap_or(usize::MAX);
    let dim = dim(field, header)?;
    // A text takes the first axis of its cell, or what `rAw` says.
    let text = match (&dim[..], field.substring) {
        ([.., length], _) => *length,
        ([], Some(length)) => length,
        ([], None) => repeat,
    };
    if field.bytes > 0 {
        for cell in cells.chunks_exact(field.bytes) {
            push(&mut values, cell, text, repeat);
        }
    }
    let shape = match (element, dim.split_last()) {
        (Element::Char, Some((_, axes))) => axes.to_vec(),
        (Element::Char, None) if text == repeat => vec![],
        (Element::Char, None) => vec![repeat.div_ceil(text.max(1))],
        (_, Some(_)) => dim,
        (_, None) if repeat == 1 => vec![],
        (_, None) => vec![repeat],
    };
    if element == Element::Char && field.bytes == 0 {
        let rows = header.find::<i64>("NAXIS2")?.and_then(|n| usize::try_from(n).ok());
        // Texts of no length are still texts; more of them than a file has bytes are not.
        let rows = rows.filter(|rows| *rows <= 1 << 24).unwrap_or(0);
        values = Values::Text(vec![String::new(); rows]);
    }
    Ok(Column { shape, ..described(field, header, values)? })
}

/// `TDIMn` turned around; empty where it is missing or does not fit the format.
fn dim(field: &Field, header: &Header) -> Result<Vec<usize>> {
    let text = header.find::<String>(&format!("TDIM{}", field.number))?.unwrap_or_default();
    let inner = text.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let axes = inner.map(|inner| inner.split(',').map(|n| n.trim().parse().ok()).collect());
    let mut axes: Vec<usize> = axes.flatten().unwrap_or_default();
    let product = axes.iter().try_fold(1_usize, |product, n| product.checked_mul(*n));
    if product.map(|n| n as u64) != Some(field.format.repeat) {
        axes.clear();
    }
    axes.reverse();
    Ok(axes)
}

fn described(field: &Field, header: &Header, values: Values) -> Result<Column> {
    let keyword = |stem: &str| format!("{stem}{}", field.number);
    let name = header.card(&keyword("TTYPE"));
    Ok(Column {
        unit: header.find::<String>(&keyword("TUNIT"))?.filter(|unit| !unit.is_empty()),
        description: name.map(|card| card.comment.clone()).unwrap_or_default(),
        null: header.find(&keyword("TNULL"))?,
        scale: header.find(&keyword("TSCAL"))?.unwrap_or(1.0),
        zero: header.find(&keyword("TZERO"))?.unwrap_or(0.0),
        ..Column::new(&field.name, values)
    })
}

fn empty(element: Element) -> Values {
    match element {
        Element::Logical => Values::Logical(vec![]),
        Element::Bit => Values::Bit(vec![]),
        Element::U8 => Values::U8(vec![]),
        Element::I16 => Values::I16(vec![]),
        Element::I32 => Values::I32(vec![]),
        Element::I64 => Values::I64(vec![]),
        Element::F32 => Values::F32(vec![]),
        Element::F64 => Values::F64(vec![]),
        Element::Complex32 => Values::Complex32(vec![]),
        Element::Complex64 => Values::Complex64(vec![]),
        Element::Char => Values::Text(vec![]),
    }
}

/// Appends the values of a cell; texts have `text` bytes each, bits are `n`.
fn push(values: &mut Values, cell: &[u8], text: usize, n: usize) {
    fn numbers<T: BigEndian>(out: &mut Vec<T>, cell: &[u8]) {
        out.extend(cell.chunks_exact(size_of::<T>()).map(T::read));
    }
    fn pairs<T: BigEndian>(out: &mut Vec<[T; 2]>, cell: &[u8]) {
        let half = size_of::<T>();
        out.extend(cell.chunks_exact(2 * half).map(|pair| [T::read(pair), T::read(&pair[half..])]));
    }
    match values {
        Values::Logical(out) => out.extend(cell.iter().map(|b| match b {
            b'T' => Some(true),
            b'F' => Some(false),
            _ => None,
        })),
        Values::Bit(out) => {
            out.extend((0..n).map(|i| cell.get(i / 8).is_some_and(|b| b << (i % 8) & 0x80 != 0)));
        }
        Values::U8(out) => out.extend_from_slice(cell),
        Values::I16(out) => numbers(out, cell),
        Values::I32(out) => numbers(out, cell),
        Values::I64(out) => numbers(out, cell),
        Values::F32(out) => numbers(out, cell),
        Values::F64(out) => numbers(out, cell),
        Values::Complex32(out) => pairs(out, cell),
        Values::Complex64(out) => pairs(out, cell),
        Values::Text(out) if text == 0 => out.push(String::new()),
        Values::Text(out) => out.extend(cell.chunks(text).map(string)),
    }
}

/// A text ends with its first NUL (sect. 7.3.3.1); trailing blanks do not count.
fn string(bytes: &[u8]) -> String {
    let bytes = bytes.split(|b| *b == 0).next().unwrap_or_default();
    String::from_utf8_lossy(bytes).trim_end_matches(' ').to_owned()
}
