//! `queues` and `types`: lists them, pauses and resumes them.

use super::{lane::Lane, lane_list, pause, switched::name, toggle::Toggle};
use crate::command_line::{
    args::{Pause, Place, SwitchCommand},
    error::CommandError,
    exit::Exit,
    known::{self, Known},
    logging::start_quietly,
    operator::Operator,
    output::Output,
    stores::Stores,
};
use job_core::store::Switch;

pub(in crate::command_line) async fn run<N: Lane>(
    stores: &Stores,
    known: &Known,
    place: &Place,
    command: SwitchCommand<N>,
) -> Result<Exit, CommandError> {
    start_quietly();
    let config = known::config(place)?;
    let lanes = N::known(known, config.as_ref());
    let opened = stores.open(place).await?;
    let mut output = Output::new();
    let toggle = |reason, force| {
        let names = lanes.iter().map(|it| name(&it.clone().switch()).to_owned()).collect();
        Toggle { opened: &opened, operator: Operator::here(reason), known: Some(names), force }
    };
    let switches = |names: Vec<N>| names.into_iter().map(N::switch).collect::<Vec<Switch>>();
    match command {
        SwitchCommand::List(listing) => lane_list::run(&opened, lanes, &listing, &mut output).await?,
        SwitchCommand::Pause(Pause { off, wait, timeout }) => {
            let paused = switches(off.names);
            toggle(off.reason, off.force).off(&paused, &mut output).await?;
            if wait {
                output.flush()?;
                pause::quiet(&opened, &paused, timeout).await?;
                output.line("nothing of it runs any more")?;
            }
        }
        SwitchCommand::Resume(turn) => {
            toggle(None, false).on(&switches(turn.names), &mut output).await?;
        }
    }
    output.finish()?;
    Ok(Exit::Done)
}
