use astro_coords::{Angle, SkyCircle, SkyCoord, SkyShape};
use serde_json::{Value, json};

use crate::{Criteria, Error, Result};

/// A circle on the sky.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cone {
    /// Its centre, ICRS.
    pub center: SkyCoord,
    /// Its radius.
    pub radius: Angle,
}

impl Cone {
    /// The smallest cone this function finds that holds all `cones`: at most twice as wide as need be, and
    /// exact for one.
    ///
    /// `None` when there are none, or when they have no common middle because they surround the sky.
    pub fn around(cones: &[Self]) -> Option<Self> {
        let mut sum = [0.0; 3];
        for cone in cones {
            let vector = cone.center.to_vector();
            (0..3).for_each(|axis| sum[axis] += vector[axis]);
        }
        let length = sum.iter().map(|x| x * x).sum::<f64>().sqrt();
        if length.is_nan() || length < 1e-9 {
            return None;
        }
        let center = if let [only] = cones { only.center } else { SkyCoord::from_vector(sum) };
        let reach = |cone: &Self| (center.separation(cone.center) + cone.radius).degrees();
        let radius = cones.iter().map(reach).fold(0.0, f64::max);
        (radius < 180.0).then_some(Self { center, radius: Angle::from_degrees(radius) })
    }
}

impl From<Cone> for SkyCircle {
    fn from(cone: Cone) -> Self {
        Self::new(cone.center, cone.radius)
    }
}

impl From<SkyCircle> for Cone {
    fn from(circle: SkyCircle) -> Self {
        Self { center: circle.center(), radius: circle.radius() }
    }
}

impl From<Cone> for SkyShape {
    fn from(cone: Cone) -> Self {
        Self::Circle(cone.into())
    }
}

/// Which observations are asked for: those whose footprints meet a cone, those that fulfil criteria, or both.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// The place.
    pub cone: Option<Cone>,
    /// What the service filters by.
    pub criteria: Criteria,
    /// The columns to send; all when empty.
    pub columns: Vec<String>,
}

impl From<Cone> for Query {
    fn from(cone: Cone) -> Self {
        Self { cone: Some(cone), ..Self::default() }
    }
}

impl From<Criteria> for Query {
    fn from(criteria: Criteria) -> Self {
        Self { criteria, ..Self::default() }
    }
}

impl Query {
    /// Service and parameters of the requests that answer the query together.
    pub(crate) fn requests(&self) -> Result<Vec<(&'static str, Value)>> {
        if let Some(cone) = self.cone
            && self.criteria.is_empty()
            && self.columns.is_empty()
        {
            let (ra, dec, radius) = degrees(cone);
            return Ok(vec![("Mast.Caom.Cone", json!({ "ra": ra, "dec": dec, "radius": radius }))]);
        }
        let columns = if self.columns.is_empty() { "*".into() } else { self.columns.join(",") };
        self.filtered(&columns)
    }

    /// The same as a question for the number of rows.
    pub(crate) fn count_requests(&self) -> Result<Vec<(&'static str, Value)>> {
        self.filtered("COUNT_BIG(*)")
    }

    fn filtered(&self, columns: &str) -> Result<Vec<(&'static str, Value)>> {
        if self.cone.is_none() && self.criteria.is_empty() {
            return Err(Error::NothingAsked);
        }
        let request = |filters: Value| match self.cone {
            None => ("Mast.Caom.Filtered", json!({ "columns": columns, "filters": filters })),
            Some(cone) => {
                let (ra, dec, radius) = degrees(cone);
                let position = format!("{ra}, {dec}, {radius}");
                let params =
                    json!({ "columns": columns, "filters": filters, "position": position });
                ("Mast.Caom.Filtered.Position", params)
            }
        };
        Ok(self.criteria.requests()?.into_iter().map(request).collect())
    }
}

fn degrees(cone: Cone) -> (f64, f64, f64) {
    (cone.center.ra.wrapped().degrees(), cone.center.dec.degrees(), cone.radius.degrees())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cone(ra: f64, dec: f64, radius: f64) -> Cone {
        Cone { center: SkyCoord::from_degrees(ra, dec), radius: Angle::from_degrees(radius) }
    }

    #[test]
    fn a_cone_around_others_holds_them_across_ra_0_and_the_pole() {
        let around = Cone::around(&[cone(359.9, 0.0, 0.01), cone(0.1, 0.0, 0.02)]).unwrap();
        assert!(around.center.separation(SkyCoord::from_degrees(0.0, 0.0)).degrees() < 1e-9);
        assert!((around.radius.degrees() - 0.12).abs() < 1e-9);
        let around = Cone::around(&[cone(0.0, 89.9, 0.0), cone(180.0, 89.9, 0.0)]).unwrap();
        assert!((around.radius.degrees() - 0.1).abs() < 1e-9);
        assert_eq!(Cone::around(&[]), None);
        assert_eq!(Cone::around(&[cone(0.0, 0.0, 1.0), cone(180.0, 0.0, 1.0)]), None);
        let only = cone(10.0, 20.0, 0.5);
        assert_eq!(Cone::around(&[only]), Some(only));
    }

    #[test]
    fn queries_become_the_services_they_need() {
        let by_place = Query::from(cone(23.25, 60.5, 0.2)).requests().unwrap();
        let params = json!({ "ra": 23.25, "dec": 60.5, "radius": 0.2 });
        assert_eq!(by_place, [("Mast.Caom.Cone", params)]);
        let mut query = Query::from(cone(-0.25, -60.5, 0.2));
        query.criteria = Criteria::new().any_of("project", ["HAP"]);
        let (service, params) = query.requests().unwrap().remove(0);
        assert_eq!(service, "Mast.Caom.Filtered.Position");
        assert_eq!(params["position"], "359.75, -60.5, 0.2");
        assert_eq!(params["columns"], "*");
        query.cone = None;
        let (service, params) = query.count_requests().unwrap().remove(0);
        assert_eq!((service, &params["columns"]), ("Mast.Caom.Filtered", &"COUNT_BIG(*)".into()));
        assert!(matches!(Query::default().requests(), Err(Error::NothingAsked)));
    }
}
