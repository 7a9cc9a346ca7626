//! Builds the program, as it is and with a fix, and its companions.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::anyhow;
use caulk_system::{Limits, TempFolder};
use caulk_target::{Build, Built, GoFlags, GoTool, MainPackage, build};

use super::failures::{package_error, target_error};
use super::setup::{Setup, Source};
use crate::exit::Failure;

/// What was built, kept between the two runs.
pub struct Workshop {
    work: TempFolder,
    /// The program's package, where it is built here.
    pub package: Option<MainPackage>,
    go: Option<GoTool>,
    companions: BTreeMap<String, Built>,
    flags: GoFlags,
}

impl Workshop {
    pub fn new(setup: &Setup) -> anyhow::Result<Workshop> {
        let work = TempFolder::new("caulk-hunt-")?;
        let flags = GoFlags {
            tags: setup.build_tags.clone(),
            more: Vec::new(),
        };
        Ok(Workshop {
            work,
            package: None,
            go: None,
            companions: BTreeMap::new(),
            flags,
        })
    }

    /// Finds the program's package and the toolchain.
    pub fn find(&mut self, setup: &Setup, limits: &Limits) -> Result<(), Failure> {
        if let Source::Package(named) = &setup.source {
            let found = MainPackage::find(&setup.folder, named, limits).map_err(package_error)?;
            (self.go, self.package) = (Some(found.0), Some(found.1));
        }
        Ok(())
    }

    /// Builds the program with `edits` laid over it.
    pub fn build(
        &self,
        edits: &BTreeMap<PathBuf, Vec<u8>>,
        limits: &Limits,
    ) -> Result<Built, Failure> {
        let (Some(go), Some(package)) = (&self.go, &self.package) else {
            return Err(Failure::target(anyhow!("there is no package to build")));
        };
        let name = if edits.is_empty() {
            "as-is"
        } else {
            "with-fix"
        };
        self.build_package(go, package, true, edits, name, limits)
    }

    /// Builds the companions that are packages, each once.
    pub fn build_companions(&mut self, setup: &Setup, limits: &Limits) -> Result<(), Failure> {
        for companion in &setup.companions {
            let Some(named) = &companion.package else {
                continue;
            };
            if self.companions.contains_key(&companion.name) {
                continue;
            }
            let (go, package) =
                MainPackage::find(&setup.folder, named, limits).map_err(package_error)?;
            let name = format!("companion-{}", self.companions.len());
            let edits = BTreeMap::new();
            let built = self.build_package(&go, &package, false, &edits, &name, limits)?;
            self.companions.insert(companion.name.clone(), built);
        }
        Ok(())
    }

    /// The program of a companion that is a package.
    pub fn companion(&self, name: &str) -> Option<&Built> {
        self.companions.get(name)
    }

    fn build_package(
        &self,
        go: &GoTool,
        package: &MainPackage,
        agent: bool,
        edits: &BTreeMap<PathBuf, Vec<u8>>,
        name: &str,
        limits: &Limits,
    ) -> Result<Built, Failure> {
        let work = self.work.path().join(name);
        let asked = Build {
            package,
            flags: &self.flags,
            agent,
            edits,
            work: &work,
        };
        build(go, &asked, limits).map_err(target_error)
    }
}
