//! Text from outside is bounded and harmless, and reads back as it was written.

use job_core::{Ask, Text, Timestamp};
use proptest::prelude::*;
use std::{error::Error, fmt, time::Duration};

proptest! {
    #[test]
    fn any_text_is_kept_safely_and_cleaning_twice_changes_nothing(text in proptest::collection::vec(any::<char>(), 0..4000)) {
        let text: String = text.into_iter().collect();
        let clean = Text::new(&text);
        prop_assert!(clean.as_str().len() <= Text::LONGEST);
        prop_assert!(clean.as_str().chars().all(|it| !it.is_control() || it == '\n' || it == '\t'));
        prop_assert_eq!(Text::new(&clean), clean);
    }
}

#[test]
fn ten_megabytes_with_escape_codes_become_a_short_text_that_says_so() {
    let text = Text::new("\x1b[31m\0é".repeat(1 << 20));
    assert!(text.as_str().len() <= Text::LONGEST);
    assert!(text.as_str().starts_with("\u{fffd}[31m\u{fffd}é"), "{}", &text.as_str()[..40]);
    assert!(text.as_str().ends_with(" bytes cut)"));
}

#[derive(Debug)]
struct Outer(Ask);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("outer")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn an_ask_is_found_among_the_sources_of_an_error() {
    let ask = Ask::RetryIn(Duration::from_secs(5));
    assert_eq!(Ask::find(&Outer(ask.clone())), Some(&ask));
    assert_eq!(Ask::find(&fmt::Error), None);
    assert_eq!(Text::of_error(&Outer(ask)).as_str(), "outer: the job asks to be tried again in 5s");
}

#[test]
fn time_saturates_at_both_ends_and_reads_back() {
    let ends = [Timestamp::MIN, Timestamp::EPOCH, Timestamp::MAX];
    for end in ends {
        assert_eq!(end.to_string().parse::<Timestamp>().unwrap(), end);
    }
    assert_eq!(Timestamp::MAX + Duration::MAX, Timestamp::MAX);
    assert_eq!(Timestamp::MIN.before(Duration::MAX), Timestamp::MIN);
    assert_eq!(Timestamp::from_micros(i64::MAX), Timestamp::MAX);
    assert_eq!(Timestamp::MIN.since(Timestamp::MAX), Duration::ZERO);
    let error = "tomorrow".parse::<Timestamp>().unwrap_err().to_string();
    assert_eq!(error, "`tomorrow` is not a point in time; write it as 2026-11-24T12:00:00Z");
}

#[test]
fn a_password_in_a_url_is_not_shown() {
    let url = job_core::store::StoreUrl::new("postgres://app:secret@db.example/app?password=secret");
    let shown = format!("{url:?}");
    assert!(shown.contains("postgres") && !shown.contains("secret"), "{shown}");
}
