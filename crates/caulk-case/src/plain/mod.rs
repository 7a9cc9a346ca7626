//! Profile files that nobody numbered: told apart by what they are and of which process, put in order,
//! and brought together to the moments at which they were taken.

mod assemble;
mod cloud;
mod file;
mod find;
mod groups;
mod identify;
mod instances;
mod order;
mod profiled;

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

use caulk_profile::{Limits, StackTable};
use caulk_system::Files;

use crate::series::{LoadedSeries, NotUsed, SeriesProblem};

use file::{Identified, PlainFile};
use identify::{open, open_bytes};

/// What plain files hold.
#[derive(Debug, Default)]
pub struct PlainSeries {
    /// The series, one for each program and process: by name.
    pub series: Vec<LoadedSeries>,
    /// What belongs to none of them.
    pub problems: Vec<SeriesProblem>,
    /// Files that were looked at.
    pub looked_at: usize,
}

/// Plain files on their way into series.
#[derive(Debug, Default)]
pub struct PlainReader {
    limits: Limits,
    stacks: StackTable,
    files: Vec<PlainFile>,
    not_used: Vec<(PathBuf, NotUsed)>,
    problems: Vec<SeriesProblem>,
    looked_at: usize,
}

impl PlainReader {
    /// With limits on what a profile may cost.
    pub fn new(limits: Limits) -> Self {
        PlainReader {
            limits,
            ..Self::default()
        }
    }

    /// Reads files, and the profiles of folders: those that lie in a folder itself, else those in the folders below it.
    /// In a folder, what is no profile is passed over in silence; a file that was named must be one. `progress` is told
    /// how many of how many were read, and says whether to go on.
    pub fn read(
        &mut self,
        files: &dyn Files,
        paths: &[&Path],
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) {
        let found = find::find(files, paths, &mut self.problems);
        let (total, limits) = (found.len(), self.limits);
        std::thread::scope(|scope| {
            // One file is read while the one before goes into the table. Never are more of them in memory.
            let (sender, opened) = mpsc::sync_channel(0);
            let in_order = &found;
            scope.spawn(move || {
                for found in in_order {
                    if sender.send(open(files, &found.path, limits)).is_err() {
                        return;
                    }
                }
            });
            for (at, found) in found.iter().enumerate() {
                if !progress(at, total) {
                    return;
                }
                let Ok(opened) = opened.recv() else { return };
                let identified = opened.identify(&found.path, limits, &mut self.stacks);
                self.add(&found.path, found.named, identified);
            }
        });
    }

    /// Reads what came from elsewhere, such as standard input.
    pub fn read_bytes(&mut self, name: &Path, bytes: &[u8]) {
        let opened = open_bytes(name, bytes, self.limits);
        let identified = opened.identify(name, self.limits, &mut self.stacks);
        self.add(name, true, identified);
    }

    fn add(&mut self, path: &Path, named: bool, identified: Identified) {
        self.looked_at += 1;
        match identified {
            Ok(read) => {
                for mut file in read {
                    file.position = self.files.len();
                    self.files.push(file);
                }
            }
            Err(NotUsed::NoProfile) if !named && !find::is_named_as_profile(path) => {}
            Err(why) => self.not_used.push((path.to_owned(), why)),
        }
    }

    /// The series of what was read.
    pub fn finish(self) -> PlainSeries {
        let stacks = Arc::new(self.stacks);
        let (groups, mut left_over) = groups::split(self.files);
        left_over.extend(self.not_used);
        let mut series: Vec<LoadedSeries> = Vec::new();
        let mut problems = self.problems;
        for group in groups {
            for part in instances::split(group, &mut left_over) {
                series.extend(assemble::assemble(part, &stacks, &mut problems));
            }
        }
        let mut all = SeriesProblem::of_files(left_over);
        all.extend(problems);
        PlainSeries {
            series,
            problems: all,
            looked_at: self.looked_at,
        }
    }
}

fn unreadable(path: &Path, error: impl std::fmt::Display) -> SeriesProblem {
    SeriesProblem::Unreadable {
        file: path.to_owned(),
        why: error.to_string(),
    }
}
