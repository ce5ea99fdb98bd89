//! temp
use crate::discovery::Found;
use crate::id::PluginId;
use crate::loading::{Generation, Providers};
use std::path::Path;
use std::sync::Arc;
pub struct Approval<'a> {
    pub id: &'a PluginId,
    pub path: &'a Path,
    pub found: &'a Found,
    pub uses: &'a [PluginId],
}
pub struct Admitted {
    pub generation: Arc<Generation>,
    pub providers: Arc<Providers>,
}
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct Rejection {
    pub plugin: PluginId,
    pub version: semver::Version,
}
#[derive(Debug, thiserror::Error)]
pub enum AdmissionError {
    #[error("x")]
    Rejected(Rejection),
}
pub struct Admission;
impl Admission {
    pub fn admit(&mut self, _: &[Approval<'_>]) -> Result<Vec<Admitted>, AdmissionError> {
        Ok(Vec::new())
    }
}
