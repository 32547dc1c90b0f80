//! `jobs cancel`, `retry`, `suspend`, `resume` and `delete` of several jobs at once.

use crate::program::Folder;
use job_core::{JobId, JobStatus, store::JobStoreExt};

const ALL: &str = "[section.all]\ntypes = ['greet']\n";
const VERBS: [&str; 5] = ["cancel", "retry", "suspend", "resume", "delete --force"];

async fn status(folder: &Folder, id: JobId) -> Option<JobStatus> {
    folder.store().await.store.get(id).await.unwrap().map(|it| it.state.status())
}

#[tokio::test]
async fn if_one_of_the_ids_can_be_none_nothing_is_done() {
    let folder = Folder::with(ALL);
    let id = folder.greet("Ada").await;
    for verb in VERBS {
        let ran = folder.run(&format!("jobs {verb} {id} Zoe"));
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{verb}");
        assert!(ran.err.contains("`Zoe` is not the beginning of a job's id"), "{}", ran.err);
        assert_eq!(status(&folder, id).await, Some(JobStatus::Waiting), "{verb}");
    }
}

#[tokio::test]
async fn each_job_that_is_not_there_or_does_not_allow_it_is_told_and_the_others_are_done() {
    let folder = Folder::with(ALL);
    let (ada, bob) = (folder.greet("Ada").await, folder.greet("Bob").await);
    assert_eq!(folder.run(&format!("jobs suspend {ada}")).code, Some(0));
    let missing = |id| format!("error: no job's id begins with {id}; `jobs list` shows those there are\n");

    let ran = folder.run(&format!("jobs resume f0 {bob} f1 {ada}"));
    assert_eq!((ran.code, ran.out), (Some(1), format!("greet {ada} waits again\n")));
    let refused = format!("error: job {bob}: cannot resume a job that is waiting\n");
    assert_eq!(ran.err, format!("{}{refused}{}", missing("f0"), missing("f1")));

    let ran = folder.run(&format!("jobs cancel f0 {ada}"));
    assert_eq!((ran.code, ran.err, ran.out), (Some(1), missing("f0"), format!("greet {ada} cancelled\n")));

    let ran = folder.run(&format!("jobs delete {bob} {ada}"));
    assert_eq!((ran.code, ran.out), (Some(1), format!("greet {ada} deleted\n")));
    assert!(ran.err.starts_with(&format!("error: job {bob} is waiting, and ")), "{}", ran.err);
    assert_eq!((status(&folder, ada).await, status(&folder, bob).await), (None, Some(JobStatus::Waiting)));
}

#[test]
fn help_says_what_becomes_of_the_others() {
    let folder = Folder::empty();
    for verb in VERBS {
        let help = folder.run(&format!("jobs {verb} --help")).out;
        assert!(help.contains("the others are done"), "{help}");
    }
}
