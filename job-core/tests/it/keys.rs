//! Unique keys and turns: canonical, bounded, and different where the work is different.

use job_core::{JsonError, Timestamp, Turn, TypeName, UniqueKey, UniqueScope};
use proptest::prelude::*;
use serde_json::json;
use std::{collections::HashMap, time::Duration};

#[test]
fn members_are_sorted_at_every_depth() {
    let key = UniqueKey::of(&json!({"b": [{"d": 1, "c": 2}], "a": null})).unwrap();
    assert_eq!(key.as_str(), r#"{"a":null,"b":[{"c":2,"d":1}]}"#);
    let unordered: HashMap<_, _> = (0..20).map(|it| (it.to_string(), it)).collect();
    assert_eq!(UniqueKey::of(&unordered).unwrap(), UniqueKey::of(&unordered.clone()).unwrap());
}

#[test]
fn what_args_cannot_hold_a_key_cannot_hold() {
    assert!(matches!(UniqueKey::of(&f64::NAN), Err(JsonError::NotFinite)));
    assert!(matches!(UniqueKey::by("\0"), Err(JsonError::Nul)));
}

proptest! {
    #[test]
    fn long_keys_are_cut_and_stay_different(prefix in "\\PC{60,120}", tail in "[a-z]{140,300}", other in "[a-z]{140,300}") {
        let keys = [&tail, &other].map(|it| UniqueKey::of(&format!("{prefix}{it}")).unwrap());
        for key in &keys {
            prop_assert!(key.as_str().len() <= UniqueKey::LONGEST, "{} bytes", key.as_str().len());
        }
        prop_assert_eq!(keys[0] == keys[1], tail == other);
    }

    #[test]
    fn a_period_gives_one_key_per_period(micros in -60_000_000_000_000_000_i64..250_000_000_000_000_000, period in 1_u64..10_000_000) {
        let key = UniqueKey::of("k").unwrap();
        let (start, period) = (Timestamp::from_micros(micros), Duration::from_micros(period));
        let begin = start.as_micros().div_euclid(period.as_micros().try_into().unwrap());
        let first = Timestamp::from_micros(begin * i64::try_from(period.as_micros()).unwrap());
        prop_assert_eq!(key.once_per(period, start), key.once_per(period, first));
        prop_assert_ne!(key.once_per(period, start), key.once_per(period, first + period));
    }
}

#[test]
fn a_period_key_is_named_after_its_period() {
    let hour = Duration::from_secs(3600);
    let start = "1970-01-01T05:30:00Z".parse().unwrap();
    assert_eq!(UniqueKey::of("k").unwrap().once_per(hour, start).as_str(), "\"k\"@5");
    assert_eq!(UniqueKey::of("k").unwrap().once_per(Duration::ZERO, Timestamp::EPOCH).as_str(), "\"k\"@0");
    let long = UniqueKey::of(&"x".repeat(300)).unwrap().once_per(hour, start);
    assert!(long.as_str().len() <= UniqueKey::LONGEST);
}

#[test]
fn turns_of_keys_and_of_the_application_never_meet() {
    let (name, key) = (TypeName::new("t").unwrap(), UniqueKey::of("k").unwrap());
    assert_eq!(Turn::of_key(&name, &key).as_str(), "u:t:\"k\"");
    assert_eq!(Turn::new("t:\"k\"").as_str(), "t:t:\"k\"");
    assert_eq!(Turn::new("a\0b").as_str(), "t:a\u{fffd}b");
    assert!(Turn::new("é".repeat(300)).as_str().len() <= 2 + UniqueKey::LONGEST);
}

#[test]
fn scope_numbers_read_back() {
    assert!(UniqueScope::ALL.into_iter().all(|it| UniqueScope::from_number(it.number()) == Some(it)));
    assert_eq!(UniqueScope::from_number(3), None);
}
