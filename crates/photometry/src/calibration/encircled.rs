use std::str::FromStr;

/// Share of a point source's light inside each radius.
///
/// Zero points refer to all of the light (WFC3 to 6″, ACS to 5.5″), so the magnitude of a star in a small aperture is
/// `2.5 lg EE` too faint. For point sources alone: a galaxy has its own curve of growth. The correction is a number of its
/// own and is never part of a sum.
///
/// Between the radii of the table the share follows a cubic that never overshoots; below the first it falls with the
/// area; beyond the last there is none.
///
/// ```
/// use photometry::calibration::EncircledEnergy;
/// let f336w = EncircledEnergy::new(&[0.04, 0.08, 0.12, 0.20], &[0.28165, 0.61048, 0.75425, 0.83977])?;
/// assert_eq!(f336w.share(0.12), 0.75425);
/// assert!((f336w.correction(0.20) + 0.1896).abs() < 1e-4);
/// # Ok::<(), photometry::calibration::TableError>(())
/// ```
///
/// # Source
/// Bohlin 2016, AJ 152, 60 (ACS); Medina, Mack & Calamida 2022, WFC3 ISR 2022-02. Interpolation: Fritsch & Butland 1984,
/// SIAM J. Sci. Stat. Comput. 5, 300, as in scipy's `PchipInterpolator`.
#[derive(Debug, Clone, PartialEq)]
pub struct EncircledEnergy {
    radii: Vec<f64>,
    shares: Vec<f64>,
    slopes: Vec<f64>,
}

impl EncircledEnergy {
    /// The curve through these shares, 0 to 1, at ascending radii.
    ///
    /// # Errors
    /// When there is no radius or the lengths differ, radii do not ascend from above zero, or shares fall or leave 0 to 1.
    pub fn new(radii: &[f64], shares: &[f64]) -> Result<Self, TableError> {
        let problem = |text: String| Err(TableError::at(0, text));
        if radii.is_empty() || radii.len() != shares.len() {
            return problem(format!("{} radii for {} shares", radii.len(), shares.len()));
        }
        if !(radii[0] > 0.0 && radii.iter().all(|r| r.is_finite())) {
            return problem("radii must be positive and finite".into());
        }
        if let Some(w) = radii.windows(2).find(|w| w[0] >= w[1]) {
            return problem(format!("radii must ascend: {} after {}", w[1], w[0]));
        }
        if let Some(share) = shares.iter().find(|s| !(0.0..=1.0).contains(*s)) {
            return problem(format!("a share must lie between 0 and 1: {share}"));
        }
        if let Some(w) = shares.windows(2).find(|w| w[0] > w[1]) {
            return problem(format!("shares must not fall: {} after {}", w[1], w[0]));
        }
        let slopes = slopes(radii, shares);
        Ok(Self { radii: radii.to_vec(), shares: shares.to_vec(), slopes })
    }

    /// Share of the light inside `radius`; NaN for a radius beyond the table, or one that is none.
    pub fn share(&self, radius: f64) -> f64 {
        let last = self.radii.len() - 1;
        if !(radius >= 0.0 && radius <= self.radii[last]) {
            return f64::NAN;
        }
        let after = self.radii.partition_point(|r| *r < radius);
        if self.radii[after] == radius {
            return self.shares[after];
        }
        if after == 0 {
            return self.shares[0] * (radius / self.radii[0]).powi(2);
        }
        let (x0, x1) = (self.radii[after - 1], self.radii[after]);
        let (width, t) = (x1 - x0, (radius - x0) / (x1 - x0));
        let (y0, y1) = (self.shares[after - 1], self.shares[after]);
        let (d0, d1) = (width * self.slopes[after - 1], width * self.slopes[after]);
        let (square, cube) = (t * t, t * t * t);
        y0 + (y1 - y0) * (3.0 * square - 2.0 * cube)
            + d0 * (cube - 2.0 * square + t)
            + d1 * (cube - square)
    }

    /// What to add to the magnitude of a star measured inside `radius`: `2.5 lg EE`, zero or negative.
    pub fn correction(&self, radius: f64) -> f64 {
        2.5 * self.share(radius).log10()
    }
}

/// Slopes that keep a cubic monotone: weighted harmonic means inside, three-point ones at the ends.
fn slopes(x: &[f64], y: &[f64]) -> Vec<f64> {
    let n = x.len();
    if n < 3 {
        let slope = if n == 2 { (y[1] - y[0]) / (x[1] - x[0]) } else { 0.0 };
        return vec![slope; n];
    }
    let width = |i: usize| x[i + 1] - x[i];
    let secant = |i: usize| (y[i + 1] - y[i]) / width(i);
    let end = |h0: f64, h1: f64, s0: f64, s1: f64| {
        let slope = ((2.0 * h0 + h1) * s0 - h0 * s1) / (h0 + h1);
        if slope * s0 <= 0.0 {
            0.0
        } else if s0 * s1 < 0.0 {
            slope.abs().min(3.0 * s0.abs()).copysign(s0)
        } else {
            slope
        }
    };
    let inner = |i: usize| {
        let (s0, s1) = (secant(i - 1), secant(i));
        if s0 * s1 <= 0.0 {
            return 0.0;
        }
        let (w0, w1) = (2.0 * width(i) + width(i - 1), width(i) + 2.0 * width(i - 1));
        (w0 + w1) / (w0 / s0 + w1 / s1)
    };
    let first = end(width(0), width(1), secant(0), secant(1));
    let last = end(width(n - 2), width(n - 3), secant(n - 2), secant(n - 3));
    std::iter::once(first).chain((1..n - 1).map(inner)).chain([last]).collect()
}

/// Encircled energies of several filters, as STScI publishes them for WFC3.
///
/// A line `FILTER,WAVELENGTH,APER#0.04,APER#0.08,…` (`PIVOT` for the infrared), then a line for each filter: its name, its
/// wavelength, and the share inside each radius, in arcsec. Also two columns, radius and share, without a filter. Values
/// are separated by commas or blanks; lines that are empty or begin with `#` are left out.
///
/// ```
/// use photometry::calibration::EncircledTable;
/// let table: EncircledTable = "FILTER,PIVOT,APER#0.13,APER#0.26\nF098M,986.4,0.596,0.818".parse()?;
/// assert_eq!(table.filter("f098m").map(|ee| ee.share(0.26)), Some(0.818));
/// # Ok::<(), photometry::calibration::TableError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct EncircledTable {
    /// Name, wavelength and curve, by wavelength.
    rows: Vec<(String, f64, EncircledEnergy)>,
}

impl EncircledTable {
    /// The curve of `filter`, in any case of letters; of a table without filters, its curve.
    pub fn filter(&self, filter: &str) -> Option<&EncircledEnergy> {
        let named = |row: &&(String, f64, EncircledEnergy)| {
            row.0.is_empty() || row.0.eq_ignore_ascii_case(filter)
        };
        self.rows.iter().find(named).map(|row| &row.2)
    }

    /// The share inside `radius` at `wavelength`, linear between the filters of the table next to it; NaN outside them.
    ///
    /// `wavelength` has the unit of the table, which differs between STScI's files.
    pub fn at_wavelength(&self, wavelength: f64, radius: f64) -> f64 {
        let after = self.rows.partition_point(|row| row.1 < wavelength);
        let Some((_, above, upper)) = self.rows.get(after) else { return f64::NAN };
        if *above == wavelength {
            return upper.share(radius);
        }
        let Some((_, below, lower)) = after.checked_sub(1).map(|i| &self.rows[i]) else {
            return f64::NAN;
        };
        let t = (wavelength - below) / (above - below);
        (1.0 - t) * lower.share(radius) + t * upper.share(radius)
    }

    /// The names of the filters, by wavelength.
    pub fn filters(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| row.0.as_str())
    }
}

/// What is wrong with a table of encircled energies.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", if *.line > 0 { format!("line {line}: ") } else { String::new() })]
pub struct TableError {
    /// The line, from 1; 0 where the numbers came from no text.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

impl TableError {
    fn at(line: usize, problem: impl Into<String>) -> Self {
        Self { line, problem: problem.into() }
    }
}

impl FromStr for EncircledTable {
    type Err = TableError;

    fn from_str(text: &str) -> Result<Self, TableError> {
        let mut lines = text
            .trim_start_matches('\u{feff}')
            .lines()
            .enumerate()
            .map(|(i, line)| (i + 1, words(line)))
            .filter(|(_, words)| words.first().is_some_and(|word| !word.starts_with('#')))
            .peekable();
        let Some((_, first)) = lines.peek() else {
            return Err(TableError::at(0, "the table has no lines"));
        };
        let mut rows = if first[0].eq_ignore_ascii_case("FILTER") {
            filters(lines)?
        } else {
            vec![(String::new(), f64::NAN, two_columns(lines)?)]
        };
        rows.sort_by(|a, b| a.1.total_cmp(&b.1));
        Ok(Self { rows })
    }
}

fn words(line: &str) -> Vec<&str> {
    let separators = |c: char| c == ',' || c == ';' || c.is_whitespace();
    line.split(separators).filter(|word| !word.is_empty()).collect()
}

fn number(line: usize, word: &str) -> Result<f64, TableError> {
    word.parse().map_err(|_| TableError::at(line, format!("`{word}` is not a number")))
}

type Lines<'a> = Vec<&'a str>;

fn filters<'a>(
    mut lines: impl Iterator<Item = (usize, Lines<'a>)>,
) -> Result<Vec<(String, f64, EncircledEnergy)>, TableError> {
    let (line, head) = lines.next().unwrap_or_default();
    let radius = |word: &&str| {
        let digits = word.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '.');
        number(line, digits).map_err(|_| TableError::at(line, format!("no radius in `{word}`")))
    };
    let radii = head.iter().skip(2).map(radius).collect::<Result<Vec<_>, _>>()?;
    let row = |(line, words): (usize, Lines<'_>)| {
        if words.len() != head.len() {
            let found = format!("{} values where the first line has {}", words.len(), head.len());
            return Err(TableError::at(line, found));
        }
        let wavelength = number(line, words[1])?;
        let shares = words[2..].iter().map(|w| number(line, w)).collect::<Result<Vec<_>, _>>()?;
        let curve = EncircledEnergy::new(&radii, &shares)
            .map_err(|error| TableError::at(line, error.problem))?;
        Ok((words[0].to_owned(), wavelength, curve))
    };
    let rows = lines.map(row).collect::<Result<Vec<_>, _>>()?;
    if rows.is_empty() {
        return Err(TableError::at(line, "no filter follows the first line"));
    }
    Ok(rows)
}

fn two_columns<'a>(
    lines: impl Iterator<Item = (usize, Lines<'a>)>,
) -> Result<EncircledEnergy, TableError> {
    let (mut radii, mut shares, mut last) = (Vec::new(), Vec::new(), 0);
    for (line, words) in lines {
        // A line of names may stand above the numbers.
        if radii.is_empty() && words.iter().all(|word| word.parse::<f64>().is_err()) {
            continue;
        }
        let [radius, share] = words.as_slice() else {
            let found = format!("expected a radius and a share, found {} values", words.len());
            return Err(TableError::at(line, found));
        };
        radii.push(number(line, radius)?);
        shares.push(number(line, share)?);
        last = line;
    }
    EncircledEnergy::new(&radii, &shares).map_err(|error| TableError::at(last, error.problem))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UVIS: &str = "FILTER,WAVELENGTH,APER#0.04,APER#0.08,APER#0.12,APER#0.20\n\
        F814W,8024.0,0.24,0.55,0.70,0.82\nF336W,3354.8,0.28165,0.61048,0.75425,0.83977\n";

    #[test]
    fn tabulated_radii_are_exact_and_between_them_as_scipy() {
        let table: EncircledTable = UVIS.parse().unwrap();
        let ee = table.filter("f336w").unwrap();
        for (radius, share) in [(0.04, 0.28165), (0.08, 0.61048), (0.12, 0.75425), (0.20, 0.83977)]
        {
            assert_eq!(ee.share(radius), share);
        }
        // scipy.interpolate.PchipInterpolator([.04, .08, .12, .2], [...]) of scipy 1.18.1.
        for (radius, share) in SCIPY {
            assert!((ee.share(radius) - share).abs() < 1e-14, "{radius} {}", ee.share(radius));
        }
        assert!((ee.share(0.02) - 0.28165 / 4.0).abs() < 1e-15);
        assert!(ee.share(0.21).is_nan() && ee.share(-0.1).is_nan() && ee.share(f64::NAN).is_nan());
    }

    const SCIPY: [(f64, f64); 3] =
        [(0.05, 0.3829052855678693), (0.1, 0.6986064750108822), (0.17, 0.8250394330114372)];

    #[test]
    fn missing_filters_are_linear_in_wavelength() {
        let table: EncircledTable = UVIS.parse().unwrap();
        let middle = table.at_wavelength(0.5 * (8024.0 + 3354.8), 0.12);
        assert!((middle - 0.5 * (0.70 + 0.75425)).abs() < 1e-14);
        assert_eq!(table.at_wavelength(8024.0, 0.08), 0.55);
        assert!(table.at_wavelength(9000.0, 0.1).is_nan());
        assert!(table.at_wavelength(3000.0, 0.1).is_nan());
        assert!(table.filters().eq(["F336W", "F814W"]) && table.filter("F606W").is_none());
    }

    #[test]
    fn two_columns_are_a_table_of_one_curve() {
        let table: EncircledTable = "# ACS\nradius ee\n0.1 0.6\n\n0.5, 0.9\n".parse().unwrap();
        assert_eq!(table.filter("F606W").unwrap().share(0.5), 0.9);
    }

    #[test]
    fn bad_tables_name_their_line() {
        for (text, line, word) in [
            ("", 0, "no lines"),
            ("0.1 0.5\n0.2", 2, "found 1"),
            ("0.1 0.5\n0.2 x", 2, "`x` is not a number"),
            ("0.1 0.5\n0.2 0.4", 2, "must not fall"),
            ("0.2 0.5\n0.1 0.6", 2, "ascend"),
            ("0.1 1.5", 1, "between 0 and 1"),
            ("FILTER,PIVOT,APER#0.1\n", 1, "no filter"),
            ("FILTER,PIVOT,APER#\nF1,1,0.2", 1, "no radius in `APER#`"),
            ("FILTER,PIVOT,APER#0.1\nF1,1,0.2,0.3", 2, "4 values where the first line has 3"),
            ("FILTER,PIVOT,APER#0.1\nF1,1,nan", 2, "between 0 and 1"),
        ] {
            let error = text.parse::<EncircledTable>().unwrap_err();
            assert_eq!(error.line, line, "{text}");
            assert!(error.to_string().contains(word), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn shares_never_fall_between_the_radii(steps in prop::collection::vec((0.01..1.0_f64, 0.0..1.0_f64), 1..12)) {
            let total: f64 = steps.iter().map(|s| s.1).sum::<f64>().max(1.0);
            let (mut radii, mut shares) = (Vec::new(), Vec::new());
            let (mut r, mut s) = (0.0_f64, 0.0_f64);
            for (dr, ds) in steps {
                (r, s) = (r + dr, (s + ds / total).min(1.0));
                radii.push(r);
                shares.push(s);
            }
            let ee = EncircledEnergy::new(&radii, &shares).unwrap();
            let curve: Vec<f64> = (0..=500).map(|i| ee.share(r * (f64::from(i) / 500.0))).collect();
            prop_assert!(curve.windows(2).all(|w| w[1] >= w[0] - 1e-14));
        }

        #[test]
        fn any_text_is_a_table_or_an_error(text in "(?s).{0,60}") {
            let _ = text.parse::<EncircledTable>();
        }
    }
}
