//! A call statement that drops a response or a file: `http.Get(url)`. Nobody can use what is dropped, so that it
//! is released at once, under names of its own.

use caulk_leaks::Held;
use caulk_syntax::{Node, StmtKind};

use super::Proposal;
use crate::edit::Edit;
use crate::name::common_name;
use crate::refusal::Refusal;
use crate::site::{Site, span};

/// Rules of what is of no use to anybody once it is dropped.
const USELESS: [&str; 2] = ["unclosed-response-body", "unclosed-file"];

/// Whether nobody can use what a site acquires once it is dropped.
pub(super) fn is_useless_when_dropped(site: &Site<'_>) -> bool {
    USELESS.contains(&site.finding.rule)
}

/// The edits, where a site has this shape.
pub(super) fn propose(site: &Site<'_>) -> Result<Option<Proposal>, Refusal> {
    let template = site.template();
    let statement = site.scope.span(site.acquiring);
    let is_it = template.held == Held::Nothing
        && matches!(site.scope.kind(site.acquiring), Some(StmtKind::Expr(_)))
        && statement == span(site.finding.acquired_at().span)
        && matches!(
            site.scope
                .parent(site.acquiring)
                .and_then(|at| site.scope.node(at)),
            Some(Node::Stmt(_))
        );
    let (owed, count) = template.result;
    if is_it && count == 1 && is_useless_when_dropped(site) {
        return released_in_place(site).map(Some);
    }
    let Some(error) = template
        .error_result
        .filter(|error| is_it && *error != owed)
    else {
        return Ok(None);
    };
    if !is_useless_when_dropped(site) {
        return Ok(None);
    }
    let layout = site.layout();
    if !layout.opens_line(statement.start) || !layout.closes_line(statement.end) {
        return Err(Refusal::crowded());
    }
    let value = common_name(site);
    let names: Vec<&str> = (0..count)
        .map(|at| match at {
            _ if at == owed => value.as_str(),
            _ if at == error => "err",
            _ => "_",
        })
        .collect();
    let release = site.release(&value)?;
    let indent = layout.indent(statement.start);
    let line_break = layout.line_break(statement.end);
    let mut body = String::new();
    for line in site.style.statement(&release) {
        body.push_str(&format!("{line_break}{}{line}", layout.deeper(indent)));
    }
    Ok(Some(Proposal::sure(vec![
        Edit::insert(statement.start, format!("if {} := ", names.join(", "))),
        Edit::insert(statement.end, "; err == nil {"),
        Edit::insert(
            layout.line_end(statement.end),
            format!("{body}{line_break}{indent}}}"),
        ),
    ])))
}

/// The release of the one result of a call behind it: `get(t, url).Body.Close()`.
fn released_in_place(site: &Site<'_>) -> Result<Proposal, Refusal> {
    let place = site.scope.span(site.acquiring);
    let call = site.layout().text(place);
    let release = site.release(call)?;
    match site.style.statement(&release).as_slice() {
        [only] if !call.contains('\n') => {
            Ok(Proposal::sure(vec![Edit::replace(place, only.clone())]))
        }
        _ => Err(Refusal::new(
            "the result is not kept in a variable: give it a name first",
        )),
    }
}
