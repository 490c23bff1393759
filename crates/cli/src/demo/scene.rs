//! What is on the simulated sky: seven nucleated dwarf galaxies to be measured, and stars and small
//! galaxies around them.

use std::f64::consts::PI;

use astro_coords::{Angle, SkyCoord};

use super::rng::Rng;

/// Where the simulated field lies; no real survey is imitated.
pub(super) const CENTER: SkyCoord = SkyCoord::from_degrees(194.95, 27.98);

/// Radius of the disc that stars and galaxies are scattered over, arcsec.
const FIELD_RADIUS: f64 = 27.0;

/// Moffat core radius and power of the point-spread function, arcsec: FWHM 0.09″.
const PSF_CORE: f64 = 0.0852;
const PSF_POWER: f64 = 2.8;

/// A filter of the demo with its header values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Band {
    pub(super) instrument: &'static str,
    pub(super) detector: &'static str,
    pub(super) filter: &'static str,
    /// erg / (s cm² Å) per electron / s
    pub(super) photflam: f64,
    /// Pivot wavelength, Å.
    pub(super) photplam: f64,
    /// arcsec per pixel
    pub(super) pixel_scale: f64,
    /// Sky brightness, electron / s per arcsec².
    pub(super) sky: f64,
}

/// The three specs that the classic notebook asks for.
pub(super) const BANDS: [Band; 3] = [
    Band {
        instrument: "WFC3",
        detector: "UVIS",
        filter: "F336W",
        photflam: 1.286e-18,
        photplam: 3354.49,
        pixel_scale: 0.03962,
        sky: 1.2,
    },
    Band {
        instrument: "ACS",
        detector: "WFC",
        filter: "F475W",
        photflam: 1.821e-19,
        photplam: 4746.9,
        pixel_scale: 0.05,
        sky: 20.0,
    },
    Band {
        instrument: "ACS",
        detector: "WFC",
        filter: "F814W",
        photflam: 7.0486e-20,
        photplam: 8045.45,
        pixel_scale: 0.05,
        sky: 40.0,
    },
];

impl Band {
    /// AB magnitude of a source of one electron / s.
    pub(super) fn ab_zeropoint(&self) -> f64 {
        let c = 2.997_924_58e18; // Å / s
        -2.5 * libm::log10(self.photflam * self.photplam * self.photplam / c) - 48.6
    }

    fn rate(&self, mag_ab: f64) -> f64 {
        libm::pow(10.0, -0.4 * (mag_ab - self.ab_zeropoint()))
    }
}

/// How the light of a source is spread, normalised to 1; lengths in arcsec.
#[derive(Debug, Clone, Copy)]
pub(super) enum Profile {
    /// A point source: a Moffat function.
    Star,
    /// An exponential disc with its minor over its major axis and the position angle of the major axis.
    Disc { scale: f64, axis_ratio: f64, angle: f64 },
}

impl Profile {
    /// Surface brightness at an offset `east`, `north`, per arcsec².
    pub(super) fn brightness(&self, east: f64, north: f64) -> f64 {
        match *self {
            Self::Star => {
                let u = (east * east + north * north) / (PSF_CORE * PSF_CORE);
                (PSF_POWER - 1.0) / (PI * PSF_CORE * PSF_CORE) * libm::pow(1.0 + u, -PSF_POWER)
            }
            Self::Disc { scale, axis_ratio, angle } => {
                let (sin, cos) = (libm::sin(angle), libm::cos(angle));
                let along = (north * cos + east * sin) / scale;
                let across = (east * cos - north * sin) / (scale * axis_ratio);
                let r = (along * along + across * across).sqrt();
                libm::exp(-r) / (2.0 * PI * scale * scale * axis_ratio)
            }
        }
    }

    /// The light within `radius` of the centre; for a disc seen face-on.
    fn enclosed(&self, radius: f64) -> f64 {
        match *self {
            Self::Star => {
                1.0 - libm::pow(1.0 + (radius / PSF_CORE) * (radius / PSF_CORE), 1.0 - PSF_POWER)
            }
            Self::Disc { scale, .. } => {
                let x = radius / scale;
                1.0 - (1.0 + x) * libm::exp(-x)
            }
        }
    }

    /// How far out a source is drawn; beyond it 1e-5 of a disc and 3e-4 of a star are left out.
    pub(super) fn extent(&self) -> f64 {
        match *self {
            Self::Star => 3.0,
            Self::Disc { scale, .. } => 14.0 * scale,
        }
    }
}

/// A source: where it is, how its light is spread, and its count rate in each band, electron / s.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) position: SkyCoord,
    pub(super) profile: Profile,
    pub(super) rates: [f64; 3],
}

/// One region of the demo: a circle around a disc with a nucleus.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) id: &'static str,
    pub(super) position: SkyCoord,
    /// arcsec
    pub(super) radius: f64,
    components: Vec<Source>,
}

impl Target {
    /// The noiseless count rate inside the region's circle, electron / s: what a perfect measurement gives.
    pub(super) fn rate_in_region(&self, band: usize) -> f64 {
        self.components
            .iter()
            .map(|source| source.rates[band] * source.profile.enclosed(self.radius))
            .sum()
    }
}

/// Everything on the simulated sky.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) targets: Vec<Target>,
    pub(super) field: Vec<Source>,
}

impl Scene {
    pub(super) fn new() -> Self {
        let targets: Vec<Target> = TARGETS.iter().map(|row| row.target()).collect();
        let mut rng = Rng::new(0x5ce9e);
        let stars =
            scatter(&mut rng, &targets, 160, |rng| (Profile::Star, rng.uniform(19.5, 26.5)));
        let galaxies = scatter(&mut rng, &targets, 45, |rng| {
            let scale = rng.uniform(0.08, 0.3);
            let (axis_ratio, angle) = (rng.uniform(0.3, 1.0), rng.uniform(0.0, PI));
            (Profile::Disc { scale, axis_ratio, angle }, rng.uniform(21.5, 25.5))
        });
        Self { targets, field: stars.into_iter().chain(galaxies).collect() }
    }

    pub(super) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.targets.iter().flat_map(|target| &target.components).chain(&self.field)
    }
}

/// `(id, east, north, radius, disc scale)` in arcsec; `(F814W mag, F475W - F814W, F336W - F475W)` of the
/// disc, and how much fainter the nucleus is.
struct TargetRow(&'static str, f64, f64, f64, f64, f64, f64, f64, f64);

const TARGETS: [TargetRow; 7] = [
    TargetRow("A", -3.0, 4.5, 2.5, 0.60, 19.6, 1.10, 1.30, 3.0),
    TargetRow("B", 9.5, 8.0, 1.6, 0.42, 20.8, 0.95, 1.10, 2.5),
    TargetRow("C", -11.0, -2.0, 1.2, 0.30, 21.5, 0.80, 0.90, 2.8),
    TargetRow("D", 5.0, -8.5, 1.8, 0.50, 20.3, 1.20, 1.50, 3.5),
    TargetRow("E", -6.0, -11.0, 1.0, 0.25, 22.4, 0.70, 0.70, 2.2),
    TargetRow("F", 14.0, -3.0, 0.8, 0.20, 23.0, 0.60, 0.50, 2.0),
    // Off the footprint of some visits: measured where it is covered.
    TargetRow("G", -1.5, 17.5, 1.1, 0.28, 21.9, 0.85, 1.00, 2.6),
];

impl TargetRow {
    fn target(&self) -> Target {
        let &Self(id, east, north, radius, scale, mag, g_i, u_g, nucleus) = self;
        let position = at(east, north);
        let rates = |faint: f64| {
            let mags = [mag + g_i + u_g + faint, mag + g_i + faint, mag + faint];
            [0, 1, 2].map(|i| BANDS[i].rate(mags[i]))
        };
        let disc = Profile::Disc { scale, axis_ratio: 1.0, angle: 0.0 };
        let components = vec![
            Source { position, profile: disc, rates: rates(0.0) },
            Source { position, profile: Profile::Star, rates: rates(nucleus) },
        ];
        Target { id, position, radius, components }
    }
}

/// The place `east` and `north` arcsec of the field's centre.
pub(super) fn at(east: f64, north: f64) -> SkyCoord {
    let distance = Angle::from_arcsec((east * east + north * north).sqrt());
    CENTER.offset(Angle::from_radians(libm::atan2(east, north)), distance)
}

/// `n` sources over the field, none close enough to a target to add light to its circle.
fn scatter(
    rng: &mut Rng,
    targets: &[Target],
    n: usize,
    draw: impl Fn(&mut Rng) -> (Profile, f64),
) -> Vec<Source> {
    let mut sources = Vec::with_capacity(n);
    while sources.len() < n {
        let (profile, mag) = draw(rng);
        let (east, north) =
            (rng.uniform(-FIELD_RADIUS, FIELD_RADIUS), rng.uniform(-FIELD_RADIUS, FIELD_RADIUS));
        let (g_i, u_g) = (rng.uniform(0.2, 1.8), rng.uniform(0.3, 1.8));
        let position = at(east, north);
        let clear = |target: &Target| {
            let reach = target.radius + profile.extent().min(2.0);
            position.separation(target.position).arcsec() > reach
        };
        if targets.iter().all(clear) {
            let rates = [mag + g_i + u_g, mag + g_i, mag];
            sources.push(Source {
                position,
                profile,
                rates: [0, 1, 2].map(|i| BANDS[i].rate(rates[i])),
            });
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums the brightness over a fine grid within `radius`.
    fn sum_within(profile: Profile, radius: f64) -> f64 {
        let n = 2000;
        let step = 2.0 * radius / f64::from(n);
        let mut sum = 0.0;
        for i in 0..n {
            for j in 0..n {
                let (x, y) =
                    (-radius + (f64::from(i) + 0.5) * step, -radius + (f64::from(j) + 0.5) * step);
                if x * x + y * y < radius * radius {
                    sum += profile.brightness(x, y) * step * step;
                }
            }
        }
        sum
    }

    #[test]
    fn enclosed_light_is_the_integral_of_the_brightness() {
        for profile in [Profile::Star, Profile::Disc { scale: 0.3, axis_ratio: 1.0, angle: 0.0 }] {
            let (sum, closed) = (sum_within(profile, 1.0), profile.enclosed(1.0));
            assert!((sum / closed - 1.0).abs() < 1e-4, "{profile:?}: {sum} {closed}");
        }
    }

    #[test]
    fn all_of_an_inclined_disc_is_drawn() {
        let disc = Profile::Disc { scale: 0.2, axis_ratio: 0.5, angle: 1.0 };
        assert!((sum_within(disc, disc.extent()) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn targets_are_clear_of_the_field() {
        let scene = Scene::new();
        assert_eq!(scene.targets.len(), 7);
        for target in &scene.targets {
            for source in &scene.field {
                assert!(source.position.separation(target.position).arcsec() > target.radius + 0.9);
            }
        }
    }
}
