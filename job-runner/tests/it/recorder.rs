//! A recorder of metrics for one test.

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, LocalRecorderGuard, Metadata,
    Recorder, SharedString, Unit,
};
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc};

/// What was counted, set and measured, by name and label: `jobs_started_total usual`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts(Arc<Mutex<BTreeMap<String, Vec<f64>>>>);

impl Counts {
    /// Records what this thread counts, for as long as the guard lives.
    pub(crate) fn keep(&self) -> LocalRecorderGuard<'_> {
        metrics::set_default_local_recorder(self)
    }

    /// A counter's sum, or the last value of a gauge.
    pub(crate) fn value(&self, name: &str) -> f64 {
        self.0.lock().get(name).and_then(|it| it.last()).copied().unwrap_or(0.0)
    }

    /// All values of a histogram or a gauge, in order.
    pub(crate) fn values(&self, name: &str) -> Vec<f64> {
        self.0.lock().get(name).cloned().unwrap_or_default()
    }

    /// The counters that count something, with their sums.
    pub(crate) fn counted(&self) -> Vec<(String, f64)> {
        let counts = self.0.lock();
        let counters = counts.iter().filter(|it| it.0.contains("_total "));
        counters.filter_map(|(name, values)| Some((name.clone(), *values.last()?))).collect()
    }

    fn cell(&self, key: &Key) -> Arc<Cell> {
        let labels: Vec<&str> = key.labels().map(|it| it.value()).collect();
        Arc::new(Cell { name: format!("{} {}", key.name(), labels.join(" ")), counts: self.clone() })
    }
}

struct Cell {
    name: String,
    counts: Counts,
}

impl Cell {
    fn push(&self, value: impl FnOnce(f64) -> f64) {
        let mut counts = self.counts.0.lock();
        let values = counts.entry(self.name.clone()).or_default();
        let last = values.last().copied().unwrap_or(0.0);
        values.push(value(last));
    }
}

impl CounterFn for Cell {
    fn increment(&self, value: u64) {
        self.push(|last| last + f64::from(u32::try_from(value).unwrap()));
    }

    fn absolute(&self, _: u64) {
        panic!("no counter of ours is set");
    }
}

impl GaugeFn for Cell {
    fn increment(&self, value: f64) {
        self.push(|last| last + value);
    }

    fn decrement(&self, value: f64) {
        self.push(|last| last - value);
    }

    fn set(&self, value: f64) {
        self.push(|_| value);
    }
}

impl HistogramFn for Cell {
    fn record(&self, value: f64) {
        self.push(|_| value);
    }
}

impl Recorder for Counts {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.cell(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.cell(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.cell(key))
    }
}
