//! Which handlers lived when: whether two of one job ever did at once, and which ran to their end.

use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc};

/// Keeps the lives of handlers, by the labels of their jobs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lives(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    alive: BTreeMap<String, usize>,
    overlaps: Vec<String>,
    done: BTreeMap<String, usize>,
}

/// A handler lives.
#[derive(Debug)]
pub(crate) struct Life {
    label: String,
    lives: Lives,
}

impl Lives {
    pub(crate) fn begin(&self, label: &str) -> Life {
        let mut kept = self.0.lock();
        let alive = kept.alive.entry(label.to_owned()).or_default();
        *alive += 1;
        if *alive > 1 {
            kept.overlaps.push(label.to_owned());
        }
        drop(kept);
        Life { label: label.to_owned(), lives: self.clone() }
    }

    /// How many live now.
    pub(crate) fn now(&self) -> usize {
        self.0.lock().alive.values().sum()
    }

    /// The labels of which two lived at once.
    pub(crate) fn overlaps(&self) -> Vec<String> {
        self.0.lock().overlaps.clone()
    }

    /// How often each has run to its end.
    pub(crate) fn done(&self) -> BTreeMap<String, usize> {
        self.0.lock().done.clone()
    }
}

impl Life {
    /// It has run to its end.
    pub(crate) fn done(&self) {
        *self.lives.0.lock().done.entry(self.label.clone()).or_default() += 1;
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        if let Some(alive) = self.lives.0.lock().alive.get_mut(&self.label) {
            *alive -= 1;
        }
    }
}
