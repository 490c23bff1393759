use std::str::FromStr;

use super::RenderError;

/// How the range between the limits is spread over the brightnesses.
///
/// # Source
/// astropy.visualization 8.0.2 with the parameters of astrocut 1.4.0; their values are rounded to the pixel's type after
/// every step, and so are ours. The transcendental functions are rounded once from double precision; NumPy's own of `f32`
/// are off in the last bit now and then, differently on different processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Stretch {
    /// `asinh(10 x) / asinh(10)`.
    #[default]
    Asinh,
    /// `ln(1000 x + 1) / ln(1001)`.
    Log,
    /// The square root of x.
    Sqrt,
    /// x.
    Linear,
    /// `sinh(3 x) / sinh(3)`.
    Sinh,
}

impl Stretch {
    /// Every one with its name.
    pub const ALL: [(&'static str, Self); 5] = [
        ("asinh", Self::Asinh),
        ("log", Self::Log),
        ("sqrt", Self::Sqrt),
        ("linear", Self::Linear),
        ("sinh", Self::Sinh),
    ];

    /// Where `x` (0 to 1) lies after stretching; `round` is applied after every step.
    pub(crate) fn apply(self, x: f64, round: impl Fn(f64) -> f64) -> f64 {
        match self {
            Self::Asinh => round(round(x / round(0.1)).asinh()) / 10f64.asinh(),
            Self::Log => round(round(round(x * 1000.0) + 1.0).ln()) / 1001f64.ln(),
            Self::Sqrt => x.sqrt(),
            Self::Linear => x,
            Self::Sinh => round(round(x / round(1.0 / 3.0)).sinh()) / (1.0 / (1.0 / 3.0f64)).sinh(),
        }
    }
}

/// Reads the name in any case.
impl FromStr for Stretch {
    type Err = RenderError;

    fn from_str(text: &str) -> Result<Self, RenderError> {
        let found = Self::ALL.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        found
            .map(|(_, stretch)| stretch)
            .ok_or_else(|| RenderError::UnknownStretch { name: text.chars().take(40).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_stay_and_the_order_is_kept() {
        for (name, stretch) in Stretch::ALL {
            let at = |x| stretch.apply(x, |value| value);
            assert_eq!((at(0.0), at(1.0)), (0.0, 1.0), "{name}");
            assert!((1..=100).all(|i| at(f64::from(i) / 100.0) > at(f64::from(i - 1) / 100.0)));
            assert_eq!(name.to_uppercase().parse::<Stretch>().unwrap(), stretch);
        }
        assert_eq!(
            "cubic".parse::<Stretch>().unwrap_err().to_string(),
            "there is no stretch cubic; there are asinh, log, sqrt, linear, sinh"
        );
    }
}
