//! `sections`: lists them with their last runs, disables and enables them.

use super::{section_list, toggle::Toggle};
use crate::{
    command_line::{
        args::{Sections, SectionsCommand},
        error::CommandError,
        exit::Exit,
        known,
        logging::start_quietly,
        operator::Operator,
        output::Output,
        stores::Stores,
    },
    config::Config,
};
use job_core::{SectionName, store::Switch};

pub(in crate::command_line) async fn run(stores: &Stores, args: Sections) -> Result<Exit, CommandError> {
    start_quietly();
    let config = known::config(&args.place)?;
    let opened = stores.open(&args.place).await?;
    let mut output = Output::new();
    let toggle = |reason, force| Toggle {
        opened: &opened,
        operator: Operator::here(reason),
        known: config.as_ref().map(names),
        force,
    };
    let switches =
        |names: Vec<SectionName>| names.into_iter().map(Switch::DisableSection).collect::<Vec<Switch>>();
    match args.command {
        SectionsCommand::List(listing) => {
            section_list::run(&opened, config.as_ref(), &listing, &mut output).await?;
        }
        SectionsCommand::Disable(off) => {
            toggle(off.reason, off.force).off(&switches(off.names), &mut output).await?;
        }
        SectionsCommand::Enable(turn) => {
            toggle(None, false).on(&switches(turn.names), &mut output).await?;
        }
    }
    output.finish()?;
    Ok(Exit::Done)
}

fn names(config: &Config) -> Vec<String> {
    config.sections().map(|it| it.name().to_string()).collect()
}
