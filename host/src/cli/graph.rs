//! wip
use crate::cli::Shell;
use crate::cli::arguments::Graph;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
pub(super) fn graph(_: &Shell, _: &Graph) -> Result<Exit, Failure> {
    Ok(Exit::Done)
}
