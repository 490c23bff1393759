//! Columns in memory.

/// The columns of a binary table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// How many rows.
    pub rows: usize,
    /// The columns in their order.
    pub columns: Vec<Column>,
}

/// One column: its name, its unit, and the values of all rows one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// `TTYPEn`
    pub name: String,
    /// `TUNITn`
    pub unit: Option<String>,
    /// What the column is, in words; the comment of `TTYPEn`.
    pub description: String,
    /// Lengths of the axes of a cell as arrays count them, the fastest last (`TDIMn` turned around): empty for one
    /// value a cell.
    pub shape: Vec<usize>,
    /// For arrays of variable length, how many values each row has.
    pub lengths: Option<Vec<usize>>,
    /// The values as they are stored.
    pub values: Values,
    /// The integer that stands for nothing, `TNULLn`.
    pub null: Option<i64>,
    /// `TSCALn` and `TZEROn`: a value is `zero + scale * stored`.
    pub scale: f64,
    /// As `scale`.
    pub zero: f64,
}

/// Values of a column by their stored type.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Values {
    /// `L`; neither true nor false is nothing.
    Logical(Vec<Option<bool>>),
    /// `X`
    Bit(Vec<bool>),
    /// `B`
    U8(Vec<u8>),
    /// `I`
    I16(Vec<i16>),
    /// `J`
    I32(Vec<i32>),
    /// `K`
    I64(Vec<i64>),
    /// `E`
    F32(Vec<f32>),
    /// `D`
    F64(Vec<f64>),
    /// `C`, real and imaginary part.
    Complex32(Vec<[f32; 2]>),
    /// `M`
    Complex64(Vec<[f64; 2]>),
    /// `A`, without trailing blanks.
    Text(Vec<String>),
}

impl Table {
    /// The first column called `name`, in any case.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }
}

impl Column {
    /// A column of one value a row, without unit.
    pub fn new(name: &str, values: Values) -> Self {
        Self {
            name: name.to_owned(),
            unit: None,
            description: String::new(),
            shape: Vec::new(),
            lengths: None,
            values,
            null: None,
            scale: 1.0,
            zero: 0.0,
        }
    }

    /// The same column with a unit, as FITS writes it: `deg`, `electron/s`.
    pub fn with_unit(self, unit: &str) -> Self {
        Self { unit: (!unit.is_empty()).then(|| unit.to_owned()), ..self }
    }

    /// Values of a cell, where all have the same number.
    pub fn width(&self) -> usize {
        self.shape.iter().product()
    }

    /// The values as physical numbers: scaled, nothing as NaN. `None` for texts, logical and complex values.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        let integer = |value: i64| if self.null == Some(value) { f64::NAN } else { value as f64 };
        let numbers: Vec<f64> = match &self.values {
            Values::U8(values) => values.iter().map(|&v| integer(v.into())).collect(),
            Values::I16(values) => values.iter().map(|&v| integer(v.into())).collect(),
            Values::I32(values) => values.iter().map(|&v| integer(v.into())).collect(),
            Values::I64(values) => values.iter().map(|&v| integer(v)).collect(),
            Values::F32(values) => values.iter().map(|&v| v.into()).collect(),
            Values::F64(values) => values.clone(),
            _ => return None,
        };
        if self.scale == 1.0 && self.zero == 0.0 {
            return Some(numbers);
        }
        Some(numbers.into_iter().map(|value| self.zero + self.scale * value).collect())
    }

    /// The values as texts; `None` for anything else.
    pub fn texts(&self) -> Option<&[String]> {
        if let Values::Text(texts) = &self.values { Some(texts) } else { None }
    }
}

impl Values {
    /// How many values there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Logical(values) => values.len(),
            Self::Bit(values) => values.len(),
            Self::U8(values) => values.len(),
            Self::I16(values) => values.len(),
            Self::I32(values) => values.len(),
            Self::I64(values) => values.len(),
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
            Self::Complex32(values) => values.len(),
            Self::Complex64(values) => values.len(),
            Self::Text(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
