//! Imports of the standard library that an edit needs.

use caulk_syntax::{DeclKeyword, Span, SpecKind};

use crate::edit::Edit;
use crate::refusal::Refusal;
use crate::source::Source;

impl Source {
    /// Whether the file imports a package under its own name.
    pub(crate) fn imports(&self, path: &str) -> bool {
        self.file().imports().any(|import| {
            let literal = import
                .import
                .path
                .map(|path| self.file().tree.literal(path));
            literal.is_some_and(|literal| literal.trim_matches(['"', '`']) == path)
                && import.name().is_none()
        })
    }

    /// Whether a name is that of an import, as far as paths say what packages are called.
    pub(crate) fn names_import(&self, name: &str) -> bool {
        self.file().imports().any(|import| {
            let literal = import
                .import
                .path
                .map(|path| self.file().tree.literal(path));
            let path = literal.unwrap_or_default().trim_matches(['"', '`']);
            match import.name() {
                Some(own) => own == name,
                None => path.rsplit('/').take(2).any(|part| part == name),
            }
        })
    }

    /// The edit that imports a package of the standard library, as goimports would; none where it is imported
    /// already.
    pub(crate) fn import(&self, path: &str) -> Result<Option<Edit>, Refusal> {
        if self.imports(path) {
            return Ok(None);
        }
        let refused = || Refusal::of("the file does not import … by its name", path);
        let tree = &self.file().tree;
        let layout = self.layout();
        let text = |span: Span| layout.text(span);
        let mut last = None;
        for decl in self.file().gen_decls() {
            if decl.keyword != DeclKeyword::Import {
                continue;
            }
            last = Some(decl.span);
            if decl.lparen.is_none() {
                continue;
            }
            // The first group is that of the standard library, as far as its paths say.
            let mut group: Vec<(Span, &str)> = Vec::new();
            for spec in tree.specs(decl.specs) {
                let SpecKind::Import(import) = spec.kind else {
                    continue;
                };
                let literal = import
                    .path
                    .map(|path| tree.literal(path))
                    .unwrap_or_default();
                let known = literal.trim_matches(['"', '`']);
                let apart = group.last().is_some_and(|(above, _)| {
                    text(Span::new(above.end, spec.span.start))
                        .matches('\n')
                        .count()
                        > 1
                });
                if apart
                    || known
                        .split('/')
                        .next()
                        .is_some_and(|part| part.contains('.'))
                {
                    break;
                }
                group.push((spec.span, known));
            }
            let line = [format!("\"{path}\"")];
            let above = group.iter().take_while(|(_, known)| *known < path).last();
            let edit = match (above, group.first()) {
                (Some((above, _)), _) => layout.insert_below(*above, &line),
                (None, Some((first, _))) => layout.insert_above(first.start, &line),
                (None, None) => None,
            };
            return edit.map(Some).ok_or_else(refused);
        }
        // A declaration of its own, sorted beside another one.
        let at = last.ok_or_else(refused)?;
        let line = [format!("import \"{path}\"")];
        let sorts_below = text(at).trim_start_matches("import").trim()
            < line[0].trim_start_matches("import").trim();
        let edit = match sorts_below {
            true => layout.insert_below(at, &line),
            false => layout.insert_above(at.start, &line),
        };
        edit.map(Some).ok_or_else(refused)
    }
}
