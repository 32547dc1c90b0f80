//! Calls the hooks of a run, in order, and outlives whatever they do.

use crate::{
    Changed, Hooks, RunReport,
    attempt::surviving::{PATIENCE, surviving},
    backlog::{Backlog, Waiting},
    clock::RunnerClock,
    reporting::reports::{Reports, Subject},
};
use job_core::{Outcome, SectionName, Text};
use parking_lot::Mutex;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::task::TaskTracker;
use tracing::error;

/// Among how many lanes the changes of jobs are spread, so that one slow call holds up only some of the others. All
/// changes of one job take the same lane, and so keep their order.
const LANES: usize = 16;

/// The hooks of a run.
#[derive(Debug)]
pub(crate) struct HookCalls {
    calls: Arc<Calls>,
    lanes: Mutex<Vec<UnboundedSender<News>>>,
    /// The lanes, and the calls after attempts.
    tasks: TaskTracker,
    /// How many hooks were entered, and not left yet.
    entered: AtomicUsize,
    /// What bounds the lanes and the tasks.
    backlog: Arc<Backlog>,
}

/// What a call needs.
#[derive(Debug)]
struct Calls {
    hooks: Vec<Arc<dyn Hooks>>,
    section: SectionName,
    reports: Reports,
    clock: Arc<RunnerClock>,
}

/// A job as it is now, and what has changed.
type News = (Subject, Changed, Waiting);

/// A hook refused the section, or could not say.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) hook: &'static str,
    pub(crate) problem: Text,
}

impl HookCalls {
    pub(crate) fn new(
        hooks: Vec<Arc<dyn Hooks>>,
        section: SectionName,
        reports: Reports,
        clock: Arc<RunnerClock>,
        backlog: Arc<Backlog>,
    ) -> Self {
        let calls = Arc::new(Calls { hooks, section, reports, clock });
        let (lanes, tasks, entered) = (Mutex::default(), TaskTracker::new(), AtomicUsize::new(0));
        Self { calls, lanes, tasks, entered, backlog }
    }

    /// Whether there is nobody to call, so that nothing needs to be prepared for it.
    pub(crate) fn is_empty(&self) -> bool {
        self.calls.hooks.is_empty()
    }

    /// Before the run. If one refuses, those that were entered are left again.
    pub(crate) async fn enter(&self) -> Result<(), Refused> {
        for hook in &self.calls.hooks {
            let (called, section) = (hook.clone(), self.calls.section.clone());
            if let Err(problem) = surviving(async move { called.enter_section(&section).await }).await {
                self.leave(&RunReport::default()).await;
                return Err(Refused { hook: hook.name(), problem });
            }
            self.entered.fetch_add(1, SeqCst);
        }
        Ok(())
    }

    /// After the run, those that were entered.
    pub(crate) async fn leave(&self, report: &RunReport) {
        self.calls.leave(self.entered.swap(0, SeqCst), report).await;
    }

    /// Right before the handler is called.
    pub(crate) async fn before_attempt(&self, about: &Subject) {
        for hook in &self.calls.hooks {
            let (called, job) = (hook.clone(), about.job.clone());
            let call = surviving(async move { called.before_attempt(&job).await });
            self.calls.reported(&**hook, "before an attempt", call.await, about);
        }
    }

    /// After the handler has ended. Goes on in the background: a hook that hangs holds up no end.
    pub(crate) fn after_attempt(&self, about: Subject, outcome: Outcome) {
        let (calls, outcome, waiting) = (self.calls.clone(), Arc::new(outcome), self.backlog.enter());
        self.tasks.spawn(async move {
            let _waiting = waiting;
            for hook in calls.hooks.iter().rev() {
                let (called, job, outcome) = (hook.clone(), about.job.clone(), outcome.clone());
                let call = surviving(async move { called.after_attempt(&job, &outcome).await });
                calls.reported(&**hook, "after an attempt", call.await, &about);
            }
        });
    }

    /// The store has the job of `about` as it is there. Goes on in the background.
    pub(crate) fn changed(&self, about: Subject, change: Changed) {
        let mut lanes = self.lanes.lock();
        if lanes.is_empty() {
            lanes.extend((0..LANES).map(|_| {
                let (lane, changes) = unbounded_channel();
                self.tasks.spawn(self.calls.clone().keep_lane(changes));
                lane
            }));
        }
        let lane = usize::from(about.job.id.as_uuid().as_bytes()[15]) % LANES;
        // A lane ends only when its senders are gone.
        let _ = lanes[lane].send((about, change, self.backlog.enter()));
    }

    /// Waits until every call has been made, but no longer than one call may take.
    pub(crate) async fn finish(&self) {
        self.lanes.lock().clear();
        self.tasks.close();
        if tokio::time::timeout(PATIENCE, self.tasks.wait()).await.is_err() {
            let section = &self.calls.section;
            error!(section.name = %section, "Hooks did not keep up: some of their calls were not made.");
        }
    }
}

impl Calls {
    /// Leaves the hooks that were entered, the last one first.
    async fn leave(&self, entered: usize, report: &RunReport) {
        for hook in self.hooks[..entered].iter().rev() {
            let (called, section, report) = (hook.clone(), self.section.clone(), report.clone());
            let call = surviving(async move { called.leave_section(&section, &report).await });
            if let Err(problem) = call.await {
                let (section, name) = (&self.section, hook.name());
                error!(section.name = %section, "The hook {name} failed after section {section}: {problem}");
            }
        }
    }

    async fn keep_lane(self: Arc<Self>, mut changes: UnboundedReceiver<News>) {
        while let Some((about, change, _waiting)) = changes.recv().await {
            let change = Arc::new(change);
            for hook in &self.hooks {
                let (called, job, change) = (hook.clone(), about.job.clone(), change.clone());
                let call = surviving(async move { called.changed(&job, &change).await });
                self.reported(&**hook, "on a change", call.await, &about);
            }
        }
    }

    fn reported(&self, hook: &dyn Hooks, when: &'static str, called: Result<(), Text>, about: &Subject) {
        if let Err(problem) = called {
            self.reports.hook(about.clone(), hook.name(), when, problem, self.clock.now());
        }
    }
}
