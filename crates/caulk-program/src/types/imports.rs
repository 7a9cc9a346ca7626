//! Which import of a file a name stands for.

use std::sync::PoisonError;

use smol_str::SmolStr;

use super::typer::{Import, Typer};
use crate::package::{ImportDecl, ImportTarget};
use crate::resolve::original_path;

impl<'p> Typer<'p> {
    pub fn imports(&self) -> &'p [ImportDecl] {
        let imports = self.package.index.imports.get(self.file as usize);
        imports.map(Vec::as_slice).unwrap_or_default()
    }

    /// The import that a name of this file stands for. For a predeclared name only those that are named so in the file count:
    /// no package is read to learn that it is not called `len`.
    pub fn imported(&mut self, name: &str, is_predeclared: bool) -> Option<Import> {
        let imports = self.imports();
        let resolve = |index: usize| imports.get(index).map(|import| self.resolve(import));
        if is_predeclared {
            let index = imports
                .iter()
                .position(|import| import.name.as_deref() == Some(name));
            return index.and_then(resolve);
        }
        let names = self.package.answers.import_names.get(self.file as usize)?;
        if let Some(known) = names
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
        {
            return known.and_then(resolve);
        }
        let index = self.find_imported(name);
        let mut names = names.write().unwrap_or_else(PoisonError::into_inner);
        names.insert(SmolStr::new(name), index);
        index.and_then(resolve)
    }

    fn resolve(&self, import: &'p ImportDecl) -> Import {
        match self.program.import_target(self.package, import) {
            ImportTarget::Package(id) => Import::Package(*id),
            ImportTarget::Unsafe => Import::Unsafe,
            ImportTarget::Missing => match original_path(&import.path) {
                path if path.len() == import.path.len() => Import::Missing(import.path.clone()),
                path => Import::Missing(path.into()),
            },
        }
    }

    fn find_imported(&self, name: &str) -> Option<usize> {
        let imports = self.imports();
        if let Some(index) = imports
            .iter()
            .position(|import| import.name.as_deref() == Some(name))
        {
            return Some(index);
        }
        // The packages that are likely to be the one are read first for their real names, the others only where it is none of them.
        let unnamed = || {
            imports
                .iter()
                .enumerate()
                .filter(|(_, import)| import.name.is_none())
        };
        let (likely, others): (Vec<_>, Vec<_>) =
            unnamed().partition(|(_, import)| is_guessed(&import.path, name));
        let called_so =
            likely
                .into_iter()
                .chain(others)
                .find(|(_, import)| match self.resolve(import) {
                    Import::Package(id) => self.program.package(id).name == name,
                    Import::Unsafe => name == "unsafe",
                    Import::Missing(path) => is_guessed(&path, name),
                });
        // A missing package may be called anything; if its path holds the name, it is the best guess.
        let called_so = called_so.or_else(|| {
            unnamed().find(|(_, import)| match self.resolve(import) {
                Import::Missing(path) => may_be_called(&path, name),
                _ => false,
            })
        });
        called_so.map(|(index, _)| index)
    }
}

fn may_be_called(path: &str, name: &str) -> bool {
    let path: String = path
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == '/')
        .collect();
    name.len() > 2 && path.rsplit('/').take(2).any(|part| part.contains(name))
}

fn is_guessed(path: &str, name: &str) -> bool {
    // Each guess is a part of the path.
    path.contains(name) && guesses(path).contains(&name)
}

/// What a package may be called, from its import path: `…/foo/v2`, `gopkg.in/foo.v2`, `go-foo`, `foo-go`, `foo.go`.
fn guesses(path: &str) -> Vec<&str> {
    let mut parts = path.rsplit('/');
    let is_version = |part: &str| {
        part.strip_prefix('v')
            .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let mut last = parts.next().unwrap_or(path);
    let mut guesses = Vec::new();
    if is_version(last)
        && let Some(before) = parts.next()
    {
        guesses.push(last);
        last = before;
    }
    if let Some((base, version)) = last.rsplit_once('.')
        && is_version(version)
    {
        last = base;
    }
    guesses.push(last);
    for (prefix, suffix) in [
        ("go-", ""),
        ("go.", ""),
        ("", "-go"),
        ("", ".go"),
        ("", "-golang"),
        ("golang-", ""),
    ] {
        if let Some(stripped) = last
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_suffix(suffix))
        {
            guesses.push(stripped);
        }
    }
    guesses.extend(last.rsplit(['-', '.']).next());
    guesses
}
