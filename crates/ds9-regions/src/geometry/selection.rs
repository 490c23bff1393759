//! The regions of a file as one set of pixels.

use astro_coords::PixelCoord;

use super::convert::ConvertError;
use super::image::ImageFrame;
use super::measure::Bounds;
use super::shape::PixelShape;
use crate::{Conjunction, Region, Shape};

/// What a file selects whose regions with an area all exclude.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnlyExcluded {
    /// Nothing.
    #[default]
    Nothing,
    /// All but them, as pyregion takes it.
    EverythingElse,
}

/// The places that some including region holds and no excluding one.
///
/// The members of a composite are one region: joined by `||` they hold what any of them holds, joined by `&&` what
/// both hold; a member that excludes takes its places away from the others, and a composite that excludes takes
/// away what its members hold. Shapes without area hold nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    groups: Vec<Group>,
    everything: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct Group {
    include: bool,
    bounds: Option<Bounds>,
    members: Vec<Member>,
}

#[derive(Debug, Clone, PartialEq)]
struct Member {
    shape: PixelShape,
    bounds: Option<Bounds>,
    include: bool,
    /// How it joins the member before it.
    and: bool,
}

impl Selection {
    /// Of `regions`, in the order of their file, in the pixels of `image`; beside it the regions that are not on
    /// the image's projection, by their index, which the selection leaves out.
    pub fn new(
        regions: &[Region],
        image: &ImageFrame<'_>,
        only_excluded: OnlyExcluded,
    ) -> (Self, Vec<(usize, ConvertError)>) {
        let (mut groups, mut errors) = (Vec::<Group>::new(), Vec::new());
        let mut and = false;
        for (index, region) in regions.iter().enumerate() {
            if region.is_ignored_cell() {
                continue;
            }
            if matches!(region.shape, Shape::Composite { .. }) {
                groups.push(Group::new(region.include()));
                and = false;
                continue;
            }
            if !region.in_composite {
                groups.push(Group::new(region.include()));
            }
            match (region.to_pixel(image), groups.last_mut()) {
                (Ok(shape), Some(group)) => {
                    let include = !region.in_composite || region.include();
                    group.members.push(Member {
                        bounds: shape.bounding_box(),
                        shape,
                        include,
                        and: region.in_composite && and,
                    });
                }
                (Err(error), _) => errors.push((index, error)),
                (Ok(_), None) => {}
            }
            and = region.conjunction == Some(Conjunction::And);
        }
        groups.retain(|group| group.members.iter().any(|member| member.shape.has_area()));
        groups.iter_mut().for_each(Group::close);
        let excluded = !groups.is_empty() && groups.iter().all(|group| !group.include);
        let everything = excluded && only_excluded == OnlyExcluded::EverythingElse;
        (Self { groups, everything }, errors)
    }

    /// Whether the place is selected.
    pub fn contains(&self, place: PixelCoord) -> bool {
        let any = |include: bool| {
            self.groups.iter().any(|group| group.include == include && group.contains(place))
        };
        (self.everything || any(true)) && !any(false)
    }

    /// The bounds of all including regions; `None` where there are none, or where everything else is selected.
    pub fn bounding_box(&self) -> Option<Bounds> {
        let bounds = self.groups.iter().filter(|group| group.include).filter_map(|g| g.bounds);
        Bounds::of(bounds.flat_map(|bounds| [bounds.min, bounds.max]))
    }
}

impl Group {
    fn new(include: bool) -> Self {
        Self { include, bounds: None, members: Vec::new() }
    }

    fn close(&mut self) {
        let corners = self.members.iter().filter_map(|member| member.bounds);
        self.bounds = Bounds::of(corners.flat_map(|bounds| [bounds.min, bounds.max]));
    }

    fn contains(&self, place: PixelCoord) -> bool {
        if !self.bounds.is_some_and(|bounds| bounds.contains(place)) {
            return false;
        }
        let mut held = false;
        for member in self.members.iter().filter(|member| member.include) {
            held = if member.and {
                held && member.contains(place)
            } else {
                held || member.contains(place)
            };
        }
        held && !self.members.iter().any(|member| !member.include && member.contains(place))
    }
}

impl Member {
    fn contains(&self, place: PixelCoord) -> bool {
        self.bounds.is_some_and(|bounds| bounds.contains(place)) && self.shape.contains(place)
    }
}
