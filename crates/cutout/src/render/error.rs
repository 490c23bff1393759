use std::io;

/// A `Result` of rendering.
pub type RenderResult<T> = Result<T, RenderError>;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// No pixel has a value.
    #[error("no pixel has a value, all are NaN or infinite: {place}")]
    NoValues {
        /// What was to be rendered.
        place: String,
    },
    /// No pixel at all.
    #[error("the window is empty: {place}")]
    Empty {
        /// What was to be rendered.
        place: String,
    },
    /// The lower end of the limits is not below the upper one.
    #[error("the {what} {low} to {high} runs downwards; to turn light into dark, invert")]
    Reversed {
        /// Percentiles or values.
        what: &'static str,
        /// The first number.
        low: f64,
        /// The second number.
        high: f64,
    },
    /// A percentile is not one.
    #[error("percentiles lie within 0 and 100, not {low} to {high}")]
    NotPercent {
        /// The first number.
        low: f64,
        /// The second number.
        high: f64,
    },
    /// A limit is not a number.
    #[error("limits are finite numbers, not {low} to {high}")]
    NotFinite {
        /// The first number.
        low: f64,
        /// The second number.
        high: f64,
    },
    /// A stretch nobody knows.
    #[error("there is no stretch {name}; there are asinh, log, sqrt, linear, sinh")]
    UnknownStretch {
        /// What was asked for.
        name: String,
    },
    /// A parameter of the colour mapping makes no sense.
    #[error("{name} = {value} is not a number above zero")]
    BadParameter {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// A colour picture of other than three images.
    #[error("a colour picture is made of three images (red, green, blue), not of {count}")]
    NotThree {
        /// How many there are.
        count: usize,
    },
    /// Images of a colour picture that do not lie on each other.
    #[error(
        "the images of a colour picture have the same size, not {} x {} and {} x {} pixels",
        first.1, first.0, other.1, other.0
    )]
    DifferentShapes {
        /// `(ny, nx)` of the first.
        first: (usize, usize),
        /// `(ny, nx)` of one that differs.
        other: (usize, usize),
    },
    /// The format holds no picture of that size.
    #[error("{format} holds pictures of up to {limit} pixels a side, not {width} x {height}")]
    TooLarge {
        /// PNG or JPEG.
        format: &'static str,
        /// The longest side.
        limit: usize,
        /// Pixels along x.
        width: usize,
        /// Pixels along y.
        height: usize,
    },
    /// The mosaic cannot be made.
    #[error(transparent)]
    Mosaic(Box<crate::Error>),
    /// The image cannot be read.
    #[error(transparent)]
    Fits(#[from] hst_fits::Error),
    /// The picture cannot be written.
    #[error("cannot write the picture")]
    Write(#[source] io::Error),
}
