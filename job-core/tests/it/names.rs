//! Names, labels and id prefixes: what they accept, and how they refuse.

use job_core::{IdPrefix, JobId, QueueName, Target, TypeName};

#[test]
fn names_are_short_and_plain() {
    for good in ["a", "generate-diff", "a/b.c_D-9", &"x".repeat(100)] {
        assert_eq!(TypeName::new(good).unwrap().as_str(), good);
    }
    let refusals: Vec<_> = ["", "a b", "naïve", "a:b", &"x".repeat(101)]
        .map(|it| TypeName::new(it).unwrap_err().to_string())
        .into();
    assert!(refusals[0].contains("it is empty"), "{}", refusals[0]);
    assert!(refusals[1].contains("it contains ' '"), "{}", refusals[1]);
    assert!(
        refusals[2].starts_with("`naïve` cannot name a job type: it contains 'ï'; use "),
        "{}",
        refusals[2]
    );
    assert!(refusals[3].contains("it contains ':'"), "{}", refusals[3]);
    assert!(refusals[4].contains("it is 101 bytes long"), "{}", refusals[4]);
    assert_eq!(QueueName::default().as_str(), "default");
}

#[test]
fn labels_are_any_short_text() {
    assert_eq!(Target::new("Mergé 42 🎉").unwrap().as_str(), "Mergé 42 🎉");
    assert!(["", "a\nb", "a\0b", &"x".repeat(201)].into_iter().all(|it| Target::new(it).is_err()));
}

#[test]
fn a_prefix_is_a_range_of_ids() {
    let id = JobId::v7(0x0193_5f3a_1b2c, [7; 10]);
    for digits in [1, 12, 13, 31, 32] {
        let text = &id.to_string()[..digits];
        let prefix: IdPrefix = text.to_uppercase().parse().unwrap();
        assert!(prefix.range().contains(&id), "{text}");
    }
    assert!(
        id.as_uuid().to_string().parse::<IdPrefix>().unwrap().range().contains(&id),
        "hyphens are ignored"
    );
    let all: IdPrefix = "0".parse().unwrap();
    assert!(JobId::BOUNDS.contains(all.range().start()) && !all.range().contains(JobId::BOUNDS.end()));
    for bad in ["", "xyz", "--", &"0".repeat(33)] {
        assert!(bad.parse::<IdPrefix>().is_err(), "{bad:?}");
    }
    assert_eq!(id.prefix(12), "01935f3a1b2c");
    assert_eq!((id.prefix(0).len(), id.prefix(99).len()), (12, 32));
}

#[test]
fn ids_of_later_milliseconds_are_greater() {
    assert!(JobId::v7(2, [0; 10]) > JobId::v7(1, [255; 10]));
}
