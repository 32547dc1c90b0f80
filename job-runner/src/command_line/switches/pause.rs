//! `--wait` of a pause: until nothing of what is paused runs any more.

use super::switched::{name, noun};
use crate::command_line::{counts::CAP, error::CommandError, ids, when::spoken};
use job_core::{
    Job, JobStatus, Timestamp,
    store::{Filter, JobStore, JobStoreExt, Opened, Order, Page, Switch},
};
use std::{
    io::{self, Write},
    num::NonZeroU32,
    time::Duration,
};

/// How often the store is asked.
const LOOK: Duration = Duration::from_millis(500);
/// Nothing runs if that was seen so often in a row: a claim that was under way when the pause began may still start
/// jobs after the first look.
const LOOKS: u32 = 2;
/// The most jobs that a wait in vain is explained with.
const SHOWN: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Returns once nothing runs of what was `paused`.
///
/// # Errors
///
/// [`CommandError::StillRunning`] once `limit` is over; the pause stays.
pub(super) async fn quiet(opened: &Opened, paused: &[Switch], limit: Duration) -> Result<(), CommandError> {
    let running = running(paused);
    if let Ok(quiet) = tokio::time::timeout(limit, until_quiet(&*opened.store, &running)).await {
        return quiet;
    }
    let count = opened.store.count(&running, CAP).await?;
    if count.jobs == 0 {
        return Ok(());
    }
    let listed = opened.store.list(&running, &Page::first(Order::Oldest, SHOWN)).await?;
    let now = opened.store.time(opened.clock).await?;
    let jobs: Vec<Job> = listed.rows.into_iter().filter_map(Result::ok).collect();
    let digits = ids::digits(jobs.iter().map(|it| it.id));
    let mut lines: Vec<String> = jobs.iter().map(|it| line(it, digits, now)).collect();
    if listed.next.is_some() {
        lines.push("  and others".to_owned());
    }
    let names: Vec<String> = paused.iter().map(|it| format!("{} {}", noun(it), name(it))).collect();
    let (names, after) = (names.join(", "), spoken(limit));
    let still = if count.jobs == 1 { "job still runs" } else { "jobs still run" };
    Err(CommandError::StillRunning(format!(
        "{count} {still} after {after}; the pause of {names} stays:\n{}",
        lines.join("\n")
    )))
}

/// What was paused is of one kind.
fn running(paused: &[Switch]) -> Filter {
    let (mut queues, mut types) = (Vec::new(), Vec::new());
    for switch in paused {
        match switch {
            Switch::PauseQueue(name) => queues.push(name.clone()),
            Switch::PauseType(name) => types.push(name.clone()),
            Switch::DisableSection(_) => {}
        }
    }
    Filter {
        queues: Some(queues).filter(|it| !it.is_empty()),
        types: Some(types).filter(|it| !it.is_empty()),
        statuses: Some(vec![JobStatus::Running]),
        ..Filter::default()
    }
}

async fn until_quiet(store: &dyn JobStore, running: &Filter) -> Result<(), CommandError> {
    let mut told = false;
    let mut looks = 0;
    loop {
        let count = store.count(running, CAP).await?;
        looks = if count.jobs == 0 { looks + 1 } else { 0 };
        if looks == LOOKS {
            return Ok(());
        }
        if count.jobs > 0 && !told {
            // Not among the lines that say what was done.
            let _ = writeln!(io::stderr(), "Waiting for {count} to end.");
            told = true;
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn line(job: &Job, digits: usize, now: Timestamp) -> String {
    let id = job.id.prefix(digits);
    let state = &job.state;
    let since = state.date_started().map_or(String::new(), |it| format!(", since {}", spoken(now.since(it))));
    let lapsed = state.lease().map(|it| now.since(it.expires)).filter(|it| !it.is_zero());
    let lost = lapsed.map_or(String::new(), |it| format!("; its runner was lost, {} ago", spoken(it)));
    format!("  {id}  {}, attempt {}{since}{lost}", job.spec.type_name, state.attempt_count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::actor;
    use job_core::{Clock, store::Operation};
    use job_store_mem::MemStore;
    use job_testing::factory;

    #[tokio::test(start_paused = true)]
    async fn a_claim_that_was_under_way_when_the_pause_began_is_waited_for() {
        let opened = MemStore::new().opened();
        let new = factory::job(opened.store.mint());
        let (id, paused) = (new.id, [Switch::PauseType(new.type_name.clone())]);
        opened.store.insert(&[new], opened.clock).await.unwrap();
        let late = async {
            tokio::time::sleep(LOOK / 2).await;
            let claimed = opened.store.claim(&factory::claim(Clock::Store)).await.unwrap();
            assert_eq!(claimed.jobs.len(), 1);
            tokio::time::sleep(LOOK * 5).await;
        };
        let quiet = quiet(&opened, &paused, Duration::from_secs(60));
        tokio::pin!(quiet);
        tokio::select! {
            biased;
            _ = &mut quiet => panic!("it returned while the job ran"),
            () = late => {}
        }
        let cancel = Operation::Cancel("enough".into());
        opened.store.operate(id, cancel, actor(), opened.clock).await.unwrap();
        quiet.await.unwrap();
    }
}
