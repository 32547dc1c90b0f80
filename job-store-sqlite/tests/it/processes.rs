//! Several processes on one file.

use crate::{
    child,
    file::{File, email, emails},
};
use std::collections::{HashMap, HashSet};

/// Of eight processes that acquire the same keys at once, exactly one creates each, and all name the same job.
#[tokio::test]
async fn of_racing_processes_one_creates_each_key() {
    let file = File::new();
    drop(file.store().await);
    let mut created: HashMap<String, usize> = HashMap::new();
    let mut named: HashMap<String, HashSet<String>> = HashMap::new();
    for line in child::race(8, "acquire", &file.path).concat() {
        let words: Vec<&str> = line.split(' ').collect();
        let [verb, key, id] = words[..] else { panic!("{line}") };
        *created.entry(key.to_owned()).or_default() += usize::from(verb == "created");
        named.entry(key.to_owned()).or_default().insert(id.to_owned());
    }
    assert_eq!(created.len(), 20);
    assert!(created.values().all(|it| *it == 1), "{created:?}");
    assert!(named.values().all(|it| it.len() == 1), "{named:?}");
    assert_eq!(file.number("SELECT count(*) FROM job"), 20);
}

/// Processes that claim side by side start every job, and none twice.
#[tokio::test]
async fn no_job_is_started_by_two_processes() {
    let file = File::new();
    let source = emails(&file.store().await);
    let jobs: Vec<_> = (0..200).map(email).collect();
    source.create_many(&jobs, &Default::default()).await.unwrap();
    let started = child::race(4, "claim", &file.path).concat();
    assert_eq!(started.len(), 200);
    assert_eq!(started.into_iter().collect::<HashSet<_>>().len(), 200, "each once");
    assert_eq!(file.number("SELECT count(*) FROM job WHERE status = 1 AND attempt_count = 1"), 200);
}
