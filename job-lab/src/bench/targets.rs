//! The ratios to reach, and where there is no ceiling the figures, as data. Shown beside the figures; a machine that misses one is no failed build.

use super::{case::Case, kind::Kind};

/// Store, workload, variant, ratio or figure. Rows that are not here are measured without a target.
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
    (Kind::Postgres, "enqueue", "callers-1", 0.75),
    (Kind::Postgres, "enqueue", "callers-10", 0.75),
    (Kind::Postgres, "enqueue", "callers-64", 3.0),
    (Kind::Postgres, "enqueue", "bulk-1000", 0.62),
    (Kind::Postgres, "enqueue", "on-conn-1", 0.75),
    (Kind::Postgres, "store-drain", "kept-1000", 1.05),
    (Kind::Postgres, "store-drain", "kept-100", 1.0),
    (Kind::Postgres, "store-drain", "kept-10", 1.15),
    (Kind::Postgres, "store-drain", "deleted-1000", 1.05),
    (Kind::Postgres, "drain", "kept", 0.75),
    (Kind::Postgres, "drain", "deleted", 0.75),
    (Kind::Postgres, "drain", "crowded", 0.8),
    (Kind::Postgres, "drain", "pinned", 0.6),
    // At most 1.2 and 2 times as long.
    (Kind::Postgres, "claim", "elsewhere", 0.83),
    (Kind::Postgres, "claim", "same-queue", 0.5),
    (Kind::Postgres, "latency", "claim-p50", 0.5),
    (Kind::Postgres, "latency", "claim-p99", 0.5),
    // At most so many a second.
    (Kind::Postgres, "idle", "statements", 2.0),
];

/// The ratio that `case` is to reach on a store of this kind, if one is set; the most that it may show, if it has no
/// ceiling.
#[must_use]
pub fn target(kind: Kind, case: &Case) -> Option<f64> {
    let is_it = |(store, workload, variant, _): &&(Kind, &str, &str, f64)| {
        (*store, *workload, *variant) == (kind, case.workload().name(), case.variant)
    };
    TARGETS.iter().find(is_it).map(|(.., target)| *target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_of_a_case_that_is_measured() {
        let found = |kind| Case::ALL.iter().filter(|it| it.is_of(kind) && target(kind, it).is_some()).count();
        assert_eq!(Kind::ALL.map(found).iter().sum::<usize>(), TARGETS.len());
    }
}
