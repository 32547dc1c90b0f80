//! The ratios to reach, as data. Shown beside the figures; a machine that misses one is no failed build.

use super::{Case, Kind};

/// Store, workload, variant, ratio. Rows that are not here are measured without a target.
const TARGETS: &[(Kind, &str, &str, f64)] = &[
    (Kind::Memory, "store-drain", "kept-100", 0.4),
    (Kind::Sqlite, "enqueue", "callers-1", 0.8),
    (Kind::Sqlite, "enqueue", "callers-10", 3.5),
    (Kind::Sqlite, "enqueue", "callers-64", 12.0),
    (Kind::Sqlite, "enqueue", "bulk-1000", 0.45),
    (Kind::Sqlite, "store-drain", "kept-1000", 0.5),
    (Kind::Sqlite, "store-drain", "kept-100", 0.7),
    (Kind::Sqlite, "store-drain", "deleted-1000", 0.5),
    (Kind::Sqlite, "drain", "kept", 0.35),
];

/// The ratio that `case` is to reach on a store of this kind, if one is set.
#[must_use]
pub fn target(kind: Kind, case: &Case) -> Option<f64> {
    let is_it = |(store, workload, variant, _): &&(Kind, &str, &str, f64)| {
        (*store, *workload, *variant) == (kind, case.workload().name(), case.variant)
    };
    TARGETS.iter().find(is_it).map(|(.., ratio)| *ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_of_a_case_that_is_measured() {
        let found = |kind| Case::ALL.iter().filter(|it| target(kind, it).is_some()).count();
        assert_eq!(Kind::ALL.map(found).iter().sum::<usize>(), TARGETS.len());
    }
}
