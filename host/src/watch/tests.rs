//! Tests of files that change.

mod files;
mod times;
