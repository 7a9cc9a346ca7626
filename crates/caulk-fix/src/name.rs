//! A name for a result that was discarded.

use caulk_leaks::Held;
use caulk_syntax::{AssignOp, Descend, ExprKind, Node, Span, StmtKind};

use crate::edit::Edit;
use crate::refusal::Refusal;
use crate::site::{Site, span};
use crate::source::lists;

/// The value by a name that a release can use, and the edits that give it one.
pub(crate) struct Named {
    pub(crate) value: String,
    pub(crate) edits: Vec<Edit>,
}

/// Names the value of a site where it has no name yet.
pub(crate) fn named(site: &Site<'_>) -> Result<Named, Refusal> {
    let Held::Blank(blank) = site.template().held else {
        return Ok(Named {
            value: site.value()?,
            edits: Vec::new(),
        });
    };
    if span(blank).of(site.source.bytes()) != b"_" {
        return Err(Refusal::new(
            "the discarded result cannot be found in the file",
        ));
    }
    let value = common_name(site);
    let mut edits = vec![Edit::replace(span(blank), value.clone())];
    match define(site) {
        Ok(edit) => edits.extend(edit),
        Err(refusal) => edits.extend(declare(site, &value).ok_or(refusal)?),
    }
    Ok(Named { value, edits })
}

/// The declaration of a variable above an assignment to outer ones; none where its type cannot be written here.
fn declare(site: &Site<'_>, value: &str) -> Option<Vec<Edit>> {
    let full = &site.finding.resource.type_name;
    let (path, name) = full.rsplit_once('.')?;
    let star = match site.finding.rule {
        "uncalled-cancel" if full == "context.CancelFunc" => "",
        "unclosed-file" if full == "os.File" => "*",
        "unclosed-response-body" if full == "net/http.Response" => "*",
        "unclosed-rows" if full == "database/sql.Rows" => "*",
        _ => return None,
    };
    // The statement whose header acquires, where one does.
    let mut around = site.scope.outwards(site.acquiring).take(2);
    let in_list = around.find(|at| site.scope.siblings(*at).is_some())?;
    let statement = site.scope.span(in_list);
    let package = path.rsplit('/').next()?;
    let taken = site.source.names_around(statement);
    let imports = site.source.imports(path);
    if !imports && taken.contains(package) || !site.layout().opens_line(statement.start) {
        return None;
    }
    let line = [format!("var {value} {star}{package}.{name}")];
    let declared = site.layout().insert_above(statement.start, &line)?;
    let imported = site.source.import(path).ok()?;
    Some(imported.into_iter().chain([declared]).collect())
}

/// The common name for a value of the site's type that is not taken there.
pub(crate) fn common_name(site: &Site<'_>) -> String {
    site.fresh(&wanted(
        &site.finding.resource.type_name,
        site.template().release.method.is_none(),
    ))
}

impl Site<'_> {
    /// `wanted`, with a number where the name stands for something else in the block that acquires. Another
    /// block's names do not matter, nor are those of a block around it needed in this one.
    pub(crate) fn fresh(&self, wanted: &str) -> String {
        let block = self
            .scope
            .outwards(self.acquiring)
            .skip(1)
            .find(|at| {
                matches!(
                    self.scope.kind(*at),
                    Some(StmtKind::Block(_) | StmtKind::Case { .. } | StmtKind::Comm { .. })
                )
            })
            .map(|at| self.scope.span(at));
        let place = span(self.finding.acquired_at().span);
        let mut taken = match block {
            Some(block) if block != self.body() => self.source.names_in(block),
            // Parameters stand in the same block as a function's body.
            _ => self.source.names_around(place),
        };
        let given = self.given.iter().filter(|(at, _)| match block {
            _ if !self.reaches(*at, place) => false,
            Some(block) if block != self.body() => block.contains(*at),
            _ => {
                let around = self.function_around(*at);
                self.source.same_declaration(place, *at)
                    && (around.encloses(place) || self.body().encloses(around))
            }
        });
        taken.extend(given.map(|(_, name)| name.as_str()));
        numbered(wanted)
            .find(|name| !taken.contains(name.as_str()))
            .unwrap_or_else(|| wanted.to_owned())
    }
}

impl Site<'_> {
    /// The literal around an offset, or else the whole file.
    fn function_around(&self, offset: u32) -> Span {
        let tree = self.scope.tree;
        let place = self.scope.statement_around(Span::empty(offset));
        let around = place.map(|at| self.scope.outwards(at).collect::<Vec<_>>());
        let literal = around
            .into_iter()
            .flatten()
            .find_map(|at| match self.scope.node(at)? {
                Node::Expr(id) => match tree.expr(id).kind {
                    ExprKind::FuncLit { .. } => Some(self.scope.span(at)),
                    _ => None,
                },
                Node::Stmt(_) => None,
            });
        literal.unwrap_or_else(|| Span::new(0, u32::MAX))
    }

    /// Whether a name that is declared at `offset` is known at `place`, as far as the header of a statement around
    /// it says.
    fn reaches(&self, offset: u32, place: Span) -> bool {
        let header = self
            .scope
            .statement_around(Span::empty(offset))
            .and_then(|at| self.scope.parent(at))
            .filter(|at| {
                matches!(
                    self.scope.kind(*at),
                    Some(StmtKind::If { .. } | StmtKind::Switch { .. } | StmtKind::For { .. })
                )
            });
        header.is_none_or(|header| self.scope.span(header).encloses(place))
    }
}

/// The edit that turns `=` into `:=`, where the statement has `=` and doing so declares nothing but the
/// new name.
fn define(site: &Site<'_>) -> Result<Option<Edit>, Refusal> {
    let tree = site.scope.tree;
    let (lhs, op_pos) = match site.scope.kind(site.acquiring) {
        Some(StmtKind::Assign {
            lhs,
            op: AssignOp::Assign,
            op_pos,
            ..
        }) => (lhs, op_pos),
        Some(
            StmtKind::Assign {
                op: AssignOp::Define,
                ..
            }
            | StmtKind::Decl(_),
        ) => return Ok(None),
        _ => {
            return Err(Refusal::new(
                "its result is discarded where it cannot be given a name: assign it to a variable first",
            ));
        }
    };
    let body = site.body();
    let in_body = site
        .scope
        .parent(site.acquiring)
        .is_some_and(|at| site.scope.span(at) == body);
    let declared_here = |name: &str| {
        let Some((siblings, index)) = site.scope.siblings(site.acquiring) else {
            return false;
        };
        // Parameters and results stand in the same block as a function's body.
        if in_body && site.source.has_parameter(&site.scope, body, name) {
            return true;
        }
        siblings
            .iter()
            .take(index)
            .any(|id| match tree.stmt(*id).kind {
                StmtKind::Assign {
                    lhs,
                    op: AssignOp::Define,
                    ..
                } => lists(tree, lhs, name),
                _ => false,
            })
    };
    let fits = tree.exprs(lhs).iter().all(|left| {
        let known = |name: &str| declared_here(name) || is_done_with(site, name);
        tree.is_blank(*left) || tree.ident(*left).is_some_and(known)
    });
    if !fits {
        return Err(Refusal::new(
            "its result is discarded in an assignment to outer variables: declare a variable for it",
        ));
    }
    let at = op_pos.offset();
    Ok(Some(Edit::replace(Span::new(at, at + 1), ":=")))
}

/// Whether nobody looks at an outer variable once control has left the block, or the `if`, that acquires: another by its name
/// serves as well there.
fn is_done_with(site: &Site<'_>, name: &str) -> bool {
    let tree = site.scope.tree;
    let (Some(around), Some(body)) = (site.scope.parent(site.acquiring), site.body_block()) else {
        return false;
    };
    let named = site.source.has_parameter(&site.scope, site.body(), name);
    let place = site.scope.span(around);
    let (mut declared, mut elsewhere) = (false, false);
    tree.walk(body, |node| {
        match node {
            Node::Stmt(id) => match tree.stmt(id).kind {
                StmtKind::Assign {
                    lhs,
                    op: AssignOp::Define,
                    ..
                } => declared |= lists(tree, lhs, name),
                StmtKind::Decl(_) => {
                    declared |= site.source.names_in(tree.stmt(id).span).contains(name);
                }
                _ => {}
            },
            Node::Expr(id) => {
                let span = tree.expr(id).span;
                let is_literal = matches!(tree.expr(id).kind, ExprKind::FuncLit { .. });
                let later = tree.ident(id) == Some(name) && span.start >= place.end;
                let captured =
                    is_literal && !place.encloses(span) && !site.scope.uses(id, name).is_empty();
                elsewhere |= later || captured;
            }
        }
        Descend::Into
    });
    declared && place != site.body() && !named && !elsewhere && !site.template().in_loop
}

/// `f`, `f2`, `f3`, …
pub(crate) fn numbered(name: &str) -> impl Iterator<Item = String> {
    (1..).map(move |number: u32| match number {
        1 => name.to_owned(),
        _ => format!("{name}{number}"),
    })
}

/// The name that Go code commonly gives to a value of a type.
pub(crate) fn wanted(type_name: &str, is_function: bool) -> String {
    let last = type_name.rsplit(['.', '/']).next().unwrap_or_default();
    let last = last.split('[').next().unwrap_or_default();
    let common = match last {
        "Response" => "resp",
        "File" => "f",
        "Request" => "req",
        "Transaction" => "tx",
        "Connection" => "conn",
        "Statement" => "stmt",
        _ if is_function || last.ends_with("CancelFunc") => "cancel",
        _ => "",
    };
    if !common.is_empty() {
        return common.to_owned();
    }
    // `ClientConn` is commonly `conn`, `PublisherClient` is `client`: the last word.
    let start = last.rfind(char::is_uppercase).unwrap_or(0);
    let word = last.get(start..).unwrap_or_default().to_lowercase();
    let is_name = word.chars().next().is_some_and(char::is_alphabetic) && word.len() > 1;
    if is_name && !KEYWORDS.contains(&word.as_str()) {
        word
    } else {
        "res".to_owned()
    }
}

/// Words that cannot be, or should not be, the name of a variable.
const KEYWORDS: [&str; 34] = [
    "break",
    "case",
    "chan",
    "const",
    "continue",
    "default",
    "defer",
    "else",
    "fallthrough",
    "for",
    "func",
    "go",
    "goto",
    "if",
    "import",
    "interface",
    "map",
    "package",
    "range",
    "return",
    "select",
    "struct",
    "switch",
    "type",
    "var",
    "string",
    "error",
    "nil",
    "true",
    "false",
    "len",
    "new",
    "int",
    "byte",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_common_ones() {
        let cases = [
            ("net/http.Response", "resp"),
            ("os.File", "f"),
            ("database/sql.Rows", "rows"),
            ("database/sql.Tx", "tx"),
            ("cloud.google.com/go/pubsub.Client", "client"),
            ("google.golang.org/grpc.ClientConn", "conn"),
            ("time.Ticker", "ticker"),
            ("context.CancelFunc", "cancel"),
            ("example.com/x.Type", "res"),
            ("", "res"),
        ];
        for (type_name, expected) in cases {
            assert_eq!(wanted(type_name, false), expected, "{type_name}");
        }
    }
}
