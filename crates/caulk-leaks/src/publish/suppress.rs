//! Comments that silence findings: `//caulk:ignore RULE reason`, and `//nolint`, `//nolint:LINTER` of golangci-lint.
//!
//! Behind code a comment speaks of its line. On a line of its own it speaks of what begins on the next line, whole: a
//! statement, a declaration, or the file where that is the package clause.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use caulk_program::{Program, SourceFile};
use caulk_syntax::{Comment, Comments, Descend, Node, Parsed, Span};
use memchr::memmem;
use serde::{Deserialize, Serialize};

use crate::finding::{Analysis, Finding, Problem};
use crate::options::Options;

const IGNORE: &str = "caulk:ignore";
const NOLINT: &str = "nolint";

/// A comment that silences.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Silencer {
    /// 1-based line of the comment.
    line: u32,
    /// Lines of the file that it speaks of.
    lines: RangeInclusive<u32>,
    /// What it silences.
    names: Vec<Named>,
    /// Whether it is caulk's own, so that it must be right.
    is_own: bool,
    has_reason: bool,
}

/// A name in such a comment.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Named {
    name: String,
    /// The rules that go by it; none for all of them.
    rules: Option<Vec<String>>,
    used: bool,
}

/// Takes away the findings that comments silence, and tells which comments are wrong.
pub(crate) fn silence(
    silencers: Vec<(String, Vec<Silencer>)>,
    options: &Options,
    analysis: &mut Analysis,
) {
    let mut files: BTreeMap<String, Vec<Silencer>> = silencers.into_iter().collect();
    if files.is_empty() {
        return;
    }
    let before = analysis.findings.len();
    analysis.findings.retain(|finding| {
        let silencers = files.get_mut(&finding.location.file);
        !silencers.is_some_and(|silencers| is_silenced(silencers, finding))
    });
    analysis.suppressed += before - analysis.findings.len();
    let is_whole = !analysis.problems.iter().any(|p| p.kind == "missing-module");
    for (file, silencers) in &files {
        for silencer in silencers.iter().filter(|silencer| silencer.is_own) {
            let mut tell = |kind: &str, what: String| {
                analysis.problems.push(Problem {
                    kind: kind.to_owned(),
                    what,
                    place: format!("{file}:{}", silencer.line),
                });
            };
            silencer.unknown(&mut tell);
            // What is not known of other modules may be what the comment is about.
            if is_whole {
                silencer.stale(options, &mut tell);
            }
        }
    }
}

/// The comments of a file that silence, with the path that findings name it by.
pub(crate) fn of_file(program: &Program, file: &SourceFile) -> (String, Vec<Silencer>) {
    let path = program.relative(&file.path).to_string_lossy();
    (path.replace('\\', "/"), silencers(file))
}

/// Whether any of a file's comments covers a finding; all that do are taken for used.
fn is_silenced(silencers: &mut [Silencer], finding: &Finding) -> bool {
    let at = &finding.location;
    // Where there are several exits that lose it, one of them cannot speak for all.
    let lost = match finding.fix.losing_exits.as_slice() {
        [_] => finding.path.last().map(|step| &step.location),
        _ => None,
    };
    let lost = lost.filter(|lost| lost.file == at.file);
    let mut is_silenced = false;
    for silencer in silencers {
        let lines = &silencer.lines;
        let is_here = at.line <= *lines.end() && *lines.start() <= at.end_line.max(at.line);
        // Behind the statement that loses it, where it says what it is about.
        let loses_here =
            lines.start() == lines.end() && lost.is_some_and(|lost| lines.contains(&lost.line));
        for named in &mut silencer.names {
            let covers = match &named.rules {
                None => is_here,
                Some(rules) => {
                    (is_here || loses_here) && rules.iter().any(|rule| rule == finding.rule)
                }
            };
            named.used |= covers;
            is_silenced |= covers;
        }
    }
    is_silenced
}

impl Silencer {
    fn unknown(&self, tell: &mut impl FnMut(&str, String)) {
        if self.names.is_empty() {
            tell("unknown-rule", format!("//{IGNORE} names no rule"));
        }
        for named in &self.names {
            if named.rules.as_ref().is_some_and(Vec::is_empty) {
                let what = format!("//{IGNORE} names {}, which is no rule", named.name);
                tell("unknown-rule", what);
            }
        }
        if !self.names.is_empty() && !self.has_reason {
            tell(
                "ignore-without-reason",
                format!("//{IGNORE} gives no reason"),
            );
        }
    }

    fn stale(&self, options: &Options, tell: &mut impl FnMut(&str, String)) {
        for named in self.names.iter().filter(|named| !named.used) {
            let runs = |rule: &String| options.wants(rule, false);
            let could = match &named.rules {
                None => options.rules.is_empty(),
                Some(rules) => rules.iter().any(runs),
            };
            if could {
                let what = format!("//{IGNORE} {} silences nothing", named.name);
                tell("stale-ignore", what);
            }
        }
    }
}

// ---- reading them

fn silencers(file: &SourceFile) -> Vec<Silencer> {
    let text = file.bytes();
    let has = |word: &str| memmem::find(&text, word.as_bytes()).is_some();
    if !has(IGNORE) && !has(NOLINT) {
        return Vec::new();
    }
    let parsed = caulk_syntax::parse(&text);
    let bodies = parsed.bodies.iter().map(|body| &body.comments);
    std::iter::once(&parsed.file.comments)
        .chain(bodies)
        .flat_map(|comments| {
            let all = comments.all().iter();
            all.filter_map(|comment| silencer(file, &parsed, comments, comment))
        })
        .collect()
}

fn silencer(
    file: &SourceFile,
    parsed: &Parsed,
    comments: &Comments,
    comment: &Comment,
) -> Option<Silencer> {
    let text = comments.text(comment).strip_prefix("//")?.trim_start();
    let (names, is_own, has_reason) = match text.strip_prefix(IGNORE) {
        Some(rest) if rest.is_empty() || rest.starts_with(char::is_whitespace) => own_names(rest),
        _ => (linters(text)?, false, true),
    };
    let line = file.line_column(comment.span.start).line;
    let lines = if comment.trails_code {
        line..=line
    } else {
        spoken_of(file, parsed, comments, comment)
    };
    Some(Silencer {
        line,
        lines,
        names,
        is_own,
        has_reason,
    })
}

/// `RULE[,RULE] reason`.
fn own_names(text: &str) -> (Vec<Named>, bool, bool) {
    let mut words = text.split_whitespace();
    let names = words.next().unwrap_or_default().split(',');
    let names = names.filter(|name| !name.is_empty()).map(|name| Named {
        name: name.to_owned(),
        rules: match name {
            "*" => None,
            _ => Some(
                crate::rules::rule(name)
                    .map(|_| name.to_owned())
                    .into_iter()
                    .collect(),
            ),
        },
        used: false,
    });
    (names.collect(), true, words.next().is_some())
}

/// `nolint` and `nolint:a,b`, as golangci-lint reads them; none for other text.
fn linters(text: &str) -> Option<Vec<Named>> {
    let rest = text.strip_prefix(NOLINT)?;
    let all = |name: &str| Named {
        name: name.to_owned(),
        rules: None,
        used: false,
    };
    let Some(list) = rest.strip_prefix(':') else {
        let ends = rest.is_empty() || rest.starts_with(char::is_whitespace);
        return ends.then(|| vec![all(NOLINT)]);
    };
    let list = list.split("//").next().unwrap_or_default();
    let names = list.split(',').filter_map(|name| {
        let name = name.split_whitespace().next()?.to_ascii_lowercase();
        let rules = match name.as_str() {
            "all" | "caulk" => return Some(all(&name)),
            _ => LINTERS.get(&name)?.clone(),
        };
        Some(Named {
            name,
            rules: Some(rules),
            used: false,
        })
    });
    Some(names.collect())
}

/// The rules that find what a linter finds.
static LINTERS: LazyLock<BTreeMap<String, Vec<String>>> =
    LazyLock::new(|| toml::from_str(include_str!("linters.toml")).unwrap_or_default());

/// The lines that a comment on a line of its own speaks of.
fn spoken_of(
    file: &SourceFile,
    parsed: &Parsed,
    comments: &Comments,
    comment: &Comment,
) -> RangeInclusive<u32> {
    let line_of = |offset: u32| file.line_column(offset).line;
    // Further comments may stand between.
    let mut next = line_of(comment.span.start) + 1;
    let after = comments.all().iter();
    for other in after.skip_while(|other| other.span.start <= comment.span.start) {
        if line_of(other.span.start) != next || other.trails_code {
            break;
        }
        next = line_of(other.span.end.saturating_sub(1)) + 1;
    }
    let lines = |span: Span| {
        let start = line_of(span.start);
        (start == next).then(|| start..=line_of(span.end.saturating_sub(1)))
    };
    let package = parsed.file.package.map(|clause| clause.package.offset());
    if package.is_some_and(|offset| line_of(offset) == next) {
        return 1..=u32::MAX;
    }
    let decl = parsed.file.decls.iter().find_map(|decl| lines(decl.span()));
    let statement = || {
        let bodies = parsed.bodies.iter();
        bodies
            .filter_map(|body| {
                let whole = body.tree.stmt(body.block).span;
                if !whole.encloses(comment.span) {
                    return None;
                }
                let mut found = None;
                body.tree.walk(body.block, |node| {
                    let span = match node {
                        Node::Stmt(stmt) => body.tree.stmt(stmt).span,
                        Node::Expr(expr) => body.tree.expr(expr).span,
                    };
                    if found.is_some() || span.end <= comment.span.start {
                        return Descend::Skip;
                    }
                    if let Node::Stmt(_) = node {
                        found = lines(span);
                    }
                    Descend::Into
                });
                found
            })
            .next()
    };
    decl.or_else(statement).unwrap_or(next..=next)
}
