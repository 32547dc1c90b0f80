//! `jobs`: looks at the jobs of a store, and operates on them.

mod delete;
mod each;
mod list;
mod operate;
mod record;
mod sheet;
mod show;

use self::operate::Wish;
use super::{
    args::{Jobs, JobsCommand},
    error::CommandError,
    exit::Exit,
    known::Known,
    logging::start_quietly,
    output::Output,
    stores::Stores,
};

pub(super) async fn run(stores: &Stores, known: &Known, args: Jobs) -> Result<Exit, CommandError> {
    start_quietly();
    let opened = stores.open(&args.place).await?;
    let mut output = Output::new();
    let exit = match args.command {
        JobsCommand::List(list) => {
            list::run(&opened, &known.types, list, &mut output).await?;
            Exit::Done
        }
        JobsCommand::Show(show) => {
            show::run(&opened, &show, &mut output).await?;
            Exit::Done
        }
        JobsCommand::Cancel(args) => operate::run(&opened, Wish::Cancel, args, &mut output).await?,
        JobsCommand::Suspend(args) => operate::run(&opened, Wish::Suspend, args, &mut output).await?,
        JobsCommand::Resume(args) => operate::run(&opened, Wish::Resume, args, &mut output).await?,
        JobsCommand::Delete(args) => delete::run(&opened, args, &mut output).await?,
        JobsCommand::Retry(retry) => {
            let wish = Wish::Retry { keep_attempts: retry.keep_attempts };
            operate::run(&opened, wish, retry.operate, &mut output).await?
        }
    };
    output.finish()?;
    Ok(exit)
}
