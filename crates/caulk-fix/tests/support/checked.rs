//! What a real check finds in a folder, and the plan that the fixer makes of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use caulk_fix::{FixPlan, Folder, PlanOptions, plan};
use caulk_leaks::Finding;
use caulk_program::{GoEnv, Options, Program};
use caulk_system::{Files, OsFiles, Overlay};

/// A tree that can be checked as it is and with edits.
pub struct Checked {
    pub root: PathBuf,
    pub findings: Vec<Finding>,
    files: Arc<dyn Files>,
    program: Program,
    options: caulk_leaks::Options,
}

impl Checked {
    pub fn new(root: &Path, options: caulk_leaks::Options) -> Self {
        let root = root.canonicalize().unwrap();
        let files: Arc<dyn Files> = Arc::new(OsFiles);
        let loading = Options::new(GoEnv::of_process(&*files), root.clone());
        let program = Program::load(Arc::clone(&files), loading, &["./...".into()]);
        let findings = caulk_leaks::check(&program, &options).findings;
        Self {
            root,
            findings,
            files,
            program,
            options,
        }
    }

    /// The plan for all findings, the edits checked again.
    pub fn plan(&self, options: PlanOptions) -> FixPlan {
        let all: Vec<usize> = (0..self.findings.len()).collect();
        let workspace = Folder::new(&*self.files, &self.root);
        let mut checker = |edited: &BTreeMap<String, Arc<[u8]>>| {
            let edits: BTreeMap<PathBuf, Arc<[u8]>> = edited
                .iter()
                .map(|(file, bytes)| (self.root.join(file), Arc::clone(bytes)))
                .collect();
            let changed: Vec<PathBuf> = edits.keys().cloned().collect();
            let files = Arc::new(Overlay::new(Arc::clone(&self.files), edits));
            let program = self.program.reload(files, &changed);
            caulk_leaks::check(&program, &self.options).findings
        };
        plan(&self.findings, &all, &workspace, &mut checker, options)
    }
}
