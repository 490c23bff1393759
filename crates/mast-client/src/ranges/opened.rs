use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};

use super::RangeSource;
use super::source::Remote;

/// Files that stay open though nobody reads them; each has two descriptors.
const LAST: usize = 64;

/// The open files by their names.
#[derive(Debug, Default)]
pub(super) struct Opened {
    all: HashMap<String, Weak<Remote>>,
    last: VecDeque<RangeSource>,
}

impl Opened {
    pub(super) fn find(&mut self, name: &str) -> Option<RangeSource> {
        let source = self.all.get(name)?.upgrade().map(RangeSource)?;
        self.touch(&source);
        Some(source)
    }

    /// Keeps `source`, or gives the one that another thread was faster to open.
    pub(super) fn keep(&mut self, name: &str, source: RangeSource) -> RangeSource {
        if let Some(first) = self.find(name) {
            return first;
        }
        self.all.retain(|_, known| known.strong_count() > 0);
        self.all.insert(name.to_owned(), Arc::downgrade(&source.0));
        self.touch(&source);
        source
    }

    pub(super) fn all(&self) -> Vec<RangeSource> {
        self.all.values().filter_map(Weak::upgrade).map(RangeSource).collect()
    }

    fn touch(&mut self, source: &RangeSource) {
        self.last.retain(|other| !Arc::ptr_eq(&other.0, &source.0));
        self.last.push_back(source.clone());
        if self.last.len() > LAST {
            self.last.pop_front();
        }
    }
}
