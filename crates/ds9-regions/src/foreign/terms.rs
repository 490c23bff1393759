//! What CIAO's operators join: shapes that a place must be in at once, or not in.

use super::reader::Reader;
use crate::file::ItemKind;
use crate::{Conjunction, Region, Shape, Sign};

/// How a shape joins what stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// None, `+` or `|`: one more region.
    Or,
    /// `&` or `*`: only what both share.
    And,
    /// `-`, `!`, `*!`: not this.
    Not,
}

/// The shapes that are joined so far, each with its item.
#[derive(Default)]
pub(super) struct Term(Vec<(Region, Operator, usize)>);

impl Term {
    /// Takes up one shape whose item comes next; it joins the ones before, or stands alone.
    pub(super) fn add(
        &mut self,
        reader: &mut Reader<'_>,
        region: Region,
        operator: Operator,
        joins: bool,
    ) {
        if !joins {
            self.close(reader);
        }
        self.0.push((region, operator, reader.block.items.len()));
    }

    /// Writes the shapes down: one alone as it is, several as a composite.
    pub(super) fn close(&mut self, reader: &mut Reader<'_>) {
        let members = std::mem::take(&mut self.0);
        let several = members.len() > 1;
        if let ([(first, ..), _, ..], Some(center)) =
            (&*members, members.first().and_then(|(first, ..)| first.shape.center()))
        {
            let shape = Shape::Composite { center, angle: None };
            let mut composite = Region::new(shape, first.frame);
            composite.conjunction = Some(Conjunction::Or);
            (composite.start, composite.length, composite.line) =
                (first.start, first.length, first.line);
            reader.block.regions.push(composite);
        }
        let next: Vec<_> = members.iter().skip(1).map(|(_, operator, _)| *operator).collect();
        for (index, (mut region, operator, item)) in members.into_iter().enumerate() {
            region.sign = (operator == Operator::Not).then_some(Sign::Exclude);
            region.in_composite = several;
            region.conjunction = next.get(index).map(|operator| match operator {
                Operator::And => Conjunction::And,
                Operator::Or | Operator::Not => Conjunction::Or,
            });
            reader.block.regions.push(region);
            let kind = reader.last_region();
            if let Some(item) = reader.block.items.get_mut(item) {
                item.kind = kind;
            }
        }
    }

    /// What the item of an open shape is until [`Self::close`].
    pub(super) const OPEN: ItemKind = ItemKind::NoRegion;
}
