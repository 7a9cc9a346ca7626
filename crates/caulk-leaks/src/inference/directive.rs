//! `//caulk:owns NAME` and `//caulk:borrows NAME` above a function: what it does with a parameter, where
//! no analysis can know.

use caulk_program::{FuncId, Program};
use caulk_syntax::{FieldList, Tree};

use crate::finding::SettledBy;
use crate::inference::summary::{Param, ParamEffect};

/// What is declared of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Declared {
    /// The function takes it over.
    Owns,
    /// The function uses it while it runs.
    Borrows,
}

impl Declared {
    pub fn effect(self) -> ParamEffect {
        match self {
            Declared::Owns => ParamEffect::Keeps(SettledBy::HandedOver),
            Declared::Borrows => ParamEffect::Borrows,
        }
    }
}

/// A directive of a function: what it says, of which name, and the 1-based line on which it stands.
pub(crate) struct Directive {
    pub declared: Declared,
    pub name: String,
    pub line: u32,
}

/// What the comments above a function say of a parameter of it.
pub(crate) fn declared(program: &Program, id: FuncId, param: Param) -> Option<Declared> {
    let directives = directives(program, id);
    if directives.is_empty() {
        return None;
    }
    let name = name_of(program, id, param)?;
    directives
        .into_iter()
        .find(|directive| directive.name == name)
        .map(|directive| directive.declared)
}

/// The directives above a function.
pub(crate) fn directives(program: &Program, id: FuncId) -> Vec<Directive> {
    let Some((func, file)) = program.func(id).zip(program.file_of(id)) else {
        return Vec::new();
    };
    let comments = &file.outline.comments;
    let mut found = Vec::new();
    for comment in comments.doc(func.decl.span.start) {
        let Some(rest) = comments.text(comment).strip_prefix("//caulk:") else {
            continue;
        };
        let mut words = rest.split_whitespace();
        let declared = match words.next() {
            Some("owns") => Declared::Owns,
            Some("borrows") => Declared::Borrows,
            _ => continue,
        };
        let line = file.line_column(comment.span.start).line;
        let names = words.next().unwrap_or_default().split(',');
        found.extend(names.filter(|name| !name.is_empty()).map(|name| Directive {
            declared,
            name: name.to_owned(),
            line,
        }));
    }
    found
}

/// Whether a directive names a parameter or the receiver of its function.
pub(crate) fn names_a_parameter(program: &Program, id: FuncId, name: &str) -> bool {
    parameters(program, id).is_some_and(|(receiver, params)| {
        receiver.as_deref() == Some(name) || params.iter().any(|param| param == name)
    })
}

fn name_of(program: &Program, id: FuncId, param: Param) -> Option<String> {
    let (receiver, params) = parameters(program, id)?;
    match param {
        Param::Receiver => receiver,
        Param::At(index) => params.get(index).or(params.last()).cloned(),
    }
}

/// Names of the receiver and of the parameters as they are declared; unnamed ones are empty.
pub(crate) fn parameters(program: &Program, id: FuncId) -> Option<(Option<String>, Vec<String>)> {
    let (func, file) = program.func(id).zip(program.file_of(id))?;
    let tree = &file.outline.tree;
    let receiver = func
        .decl
        .recv
        .and_then(|recv| names_in(tree, recv).into_iter().next());
    let params = names_in(tree, tree.signature(func.decl.signature).params);
    Some((receiver, params))
}

fn names_in(tree: &Tree, fields: FieldList) -> Vec<String> {
    let mut names = Vec::new();
    for field in tree.fields(fields) {
        let own = tree.names(field.names);
        if own.is_empty() {
            names.push(String::new());
        }
        names.extend(own.iter().map(|name| tree.name(*name).to_owned()));
    }
    names
}
