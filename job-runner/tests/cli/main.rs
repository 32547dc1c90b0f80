//! The configuration and the command line, as their users meet them.

mod config_mistakes;
