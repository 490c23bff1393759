//! How the rows of a binary table are laid out. FITS 4.0, sect. 7.3.

use crate::{Error, Header, Result};

/// More rows than this must have bytes: what costs a file nothing must not cost memory.
const EMPTY_ROWS: u64 = 1 << 24;

/// The type of an element of a binary table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    Logical,
    Bit,
    U8,
    I16,
    I32,
    I64,
    Char,
    F32,
    F64,
    Complex32,
    Complex64,
}

impl Element {
    fn of(letter: u8) -> Option<Self> {
        Some(match letter {
            b'L' => Self::Logical,
            b'X' => Self::Bit,
            b'B' => Self::U8,
            b'I' => Self::I16,
            b'J' => Self::I32,
            b'K' => Self::I64,
            b'A' => Self::Char,
            b'E' => Self::F32,
            b'D' => Self::F64,
            b'C' => Self::Complex32,
            b'M' => Self::Complex64,
            _ => return None,
        })
    }

    /// Bytes of `n` elements.
    pub(crate) fn bytes(self, n: u64) -> Option<u64> {
        match self {
            Self::Bit => Some(n.div_ceil(8)),
            Self::Logical | Self::U8 | Self::Char => Some(n),
            Self::I16 => n.checked_mul(2),
            Self::I32 | Self::F32 => n.checked_mul(4),
            Self::I64 | Self::F64 | Self::Complex32 => n.checked_mul(8),
            Self::Complex64 => n.checked_mul(16),
        }
    }
}

/// How the numbers in the heap are pointed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Descriptor {
    /// `P`: two 32-bit integers.
    Narrow,
    /// `Q`: two 64-bit integers.
    Wide,
}

/// A value of `TFORMn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    /// Elements in a cell; for a variable array 0 or 1 descriptor.
    pub(crate) repeat: u64,
    pub(crate) element: Element,
    /// For arrays of variable length, which lie in the heap.
    pub(crate) descriptor: Option<Descriptor>,
}

impl Format {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let repeat = if digits == 0 { 1 } else { text[..digits].parse().ok()? };
        let letters = &text.as_bytes()[digits..];
        let descriptor = match letters.first()? {
            b'P' => Some(Descriptor::Narrow),
            b'Q' => Some(Descriptor::Wide),
            _ => None,
        };
        let letter = if descriptor.is_some() { letters.get(1)? } else { letters.first()? };
        let format = Self { repeat, element: Element::of(*letter)?, descriptor };
        (descriptor.is_none() || repeat <= 1).then_some(format)
    }

    /// Bytes in a row.
    pub(crate) fn bytes(&self) -> Option<u64> {
        match self.descriptor {
            Some(Descriptor::Narrow) => Some(8 * self.repeat),
            Some(Descriptor::Wide) => Some(16 * self.repeat),
            None => self.element.bytes(self.repeat),
        }
    }
}

/// A column: its name, and where its cells stand in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// From 1, as in the keywords.
    pub(crate) number: i64,
    pub(crate) name: String,
    pub(crate) format: Format,
    /// Bytes of a text where a cell holds several: `w` of `rAw`.
    pub(crate) substring: Option<usize>,
    /// Bytes before it in a row.
    pub(crate) offset: usize,
    pub(crate) bytes: usize,
}

/// Rows, columns and heap of a binary table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) row_bytes: usize,
    pub(crate) rows: u64,
    /// Bytes from the beginning of the data to the heap, and of the heap.
    pub(crate) heap: u64,
    pub(crate) heap_bytes: u64,
    pub(crate) fields: Vec<Field>,
}

impl Layout {
    /// Reads the header of a `BINTABLE`.
    ///
    /// # Errors
    /// When a keyword is missing or wrong, or rows are shorter than their columns.
    pub(crate) fn read(header: &Header) -> Result<Self> {
        let bad = |problem| Error::BadHeader { place: header.place().to_owned(), problem };
        let count = |keyword: &str| {
            let n: i64 = header.get(keyword)?;
            u64::try_from(n).map_err(|_| bad(format!("{keyword} = {n} is negative")))
        };
        let (width, rows, pcount) = (count("NAXIS1")?, count("NAXIS2")?, count("PCOUNT")?);
        let columns: i64 = header.get("TFIELDS")?;
        if !(0..=999).contains(&columns) {
            return Err(bad(format!("TFIELDS = {columns} is not within 0 and 999")));
        }
        let row_bytes = usize::try_from(width).ok().filter(|n| *n < 1 << 40);
        let row_bytes = row_bytes.ok_or_else(|| bad(format!("NAXIS1 = {width} is no row")))?;
        let mut fields = Vec::new();
        let mut offset = 0;
        for number in 1..=columns {
            let keyword = format!("TFORM{number}");
            let text: String = header.get(&keyword)?;
            let format = Format::parse(&text);
            let format = format.ok_or_else(|| bad(format!("{keyword} = '{text}' is no format")))?;
            let bytes = format.bytes().and_then(|n| usize::try_from(n).ok());
            let bytes = bytes.filter(|n| *n <= row_bytes - offset).ok_or_else(|| {
                bad(format!("{keyword} = '{text}' reaches beyond the {row_bytes} bytes of a row"))
            })?;
            let name = header.find::<String>(&format!("TTYPE{number}")).ok().flatten();
            let name = name.unwrap_or_default().trim().to_owned();
            let substring = match format.element {
                Element::Char if format.descriptor.is_none() => {
                    let width =
                        text.split_once('A').and_then(|(_, width)| width.trim().parse().ok());
                    width.filter(|width| (1..=bytes.max(1)).contains(width))
                }
                _ => None,
            };
            fields.push(Field { number, name, format, substring, offset, bytes });
            offset += bytes;
        }
        if row_bytes == 0 && rows > EMPTY_ROWS {
            return Err(bad(format!("NAXIS2 = {rows} rows do not have a byte")));
        }
        let table =
            width.checked_mul(rows).ok_or_else(|| bad("NAXIS2 rows are too many".into()))?;
        let heap = match header.find::<i64>("THEAP")? {
            Some(start) => u64::try_from(start)
                .ok()
                .filter(|start| (table..=table.saturating_add(pcount)).contains(start))
                .ok_or_else(|| bad(format!("THEAP = {start} is not behind the rows")))?,
            None => table,
        };
        let heap_bytes = table.saturating_add(pcount) - heap;
        Ok(Self { row_bytes, rows, heap, heap_bytes, fields })
    }

    /// The first column of that name, in any case.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }
}

impl Field {
    /// The bytes of this column in a row.
    pub(crate) fn cell<'a>(&self, row: &'a [u8]) -> &'a [u8] {
        row.get(self.offset..self.offset + self.bytes).unwrap_or_default()
    }

    /// What a descriptor in `row` points to: elements, and bytes from the start of the heap.
    pub(crate) fn span(&self, row: &[u8]) -> Option<(u64, u64)> {
        self.descriptor(self.cell(row))
    }

    /// As `span`, of the bytes of this column alone.
    pub(crate) fn descriptor(&self, cell: &[u8]) -> Option<(u64, u64)> {
        match self.format.descriptor? {
            Descriptor::Narrow => {
                let word =
                    |at: usize| cell.get(at..)?.first_chunk().map(|b| u32::from_be_bytes(*b));
                Some((word(0)?.into(), word(4)?.into()))
            }
            Descriptor::Wide => {
                let word =
                    |at: usize| cell.get(at..)?.first_chunk().map(|b| u64::from_be_bytes(*b));
                Some((word(0)?, word(8)?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read() {
        let format = |text| Format::parse(text).map(|f| (f.repeat, f.element, f.bytes().unwrap()));
        assert_eq!(format("143E"), Some((143, Element::F32, 572)));
        assert_eq!(format("D"), Some((1, Element::F64, 8)));
        assert_eq!(format("12X"), Some((12, Element::Bit, 2)));
        assert_eq!(format("0A"), Some((0, Element::Char, 0)));
        assert_eq!(format("1PB(32)"), Some((1, Element::U8, 8)));
        assert_eq!(format("QD"), Some((1, Element::F64, 16)));
        assert_eq!(format("16A8"), Some((16, Element::Char, 16)));
        for wrong in ["", "3", "Z", "2PB(3)", "P", "99999999999999999999E", "\u{e9}"] {
            assert_eq!(Format::parse(wrong), None, "{wrong}");
        }
    }
}
