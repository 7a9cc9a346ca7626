//! An error costs at most the declaration that it is in.

#![allow(clippy::unwrap_used)]

mod oracle;

use std::collections::{HashMap, HashSet};

use caulk_syntax::{Decl, Parsed, Span, Token, TokenKind, parse, tokens};
use oracle::dump::{Hash, dump_decl};
use oracle::{go_files, goroot, lines, oracle, read};

/// Start of each declaration, and a hash of its tree.
fn declarations(parsed: &Parsed) -> HashMap<u32, u64> {
    parsed
        .decls()
        .map(|(decl, body)| {
            let mut hash = Hash::default();
            dump_decl(parsed, decl, body, &mut hash);
            (decl.span().start, hash.0)
        })
        .collect()
}

/// A small generator of numbers (splitmix64), so that every run damages the same places.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit.max(1) as u64) as usize
    }
}

/// A raw string or comment that is not terminated swallows what follows; so nothing is damaged that
/// could be one.
fn may_be_damaged(src: &[u8], token: &Token) -> bool {
    let text = token.span.of(src);
    !text.is_empty() && token.kind != TokenKind::Comment && !text.contains(&b'`')
}

#[test]
fn damage_to_a_declaration_leaves_the_others_alone() {
    let files = go_files(&goroot().join("src"));
    let mut numbers = Numbers(1);
    let mut damaged = 0;
    for file in files.iter().skip(7).step_by(23) {
        let mut src = read(file);
        let parsed = parse(&src);
        if parsed.has_errors() || src.len() > 200_000 {
            continue;
        }
        let before = declarations(&parsed);
        let all_tokens = tokens(&src);
        for decl in &parsed.file.decls {
            let Span { start, end } = decl.span();
            let first = all_tokens.partition_point(|token| token.span.start < start);
            let last = all_tokens.partition_point(|token| token.span.start < end);
            let inside: Vec<&Token> = all_tokens[first..last]
                .iter()
                .filter(|token| may_be_damaged(&src, token))
                .collect();
            let token = inside[numbers.below(inside.len())];
            // One byte, padded with spaces, in place of the token: nothing moves.
            let mut by = b" {}()[],;\"'=.x"[numbers.below(14)];
            // There it would begin the body of a function without one above.
            if by == b'{' && token.span.start == start {
                by = b'}';
            }
            let range = token.span.start as usize..token.span.end as usize;
            let text = src[range.clone()].to_vec();
            src[range.clone()].fill(b' ');
            src[range.start] = by;
            damaged += 1;
            let after = declarations(&parse(&src));
            for (at, hash) in &before {
                assert!(
                    *at == start || after.get(at) == Some(hash),
                    "{}: with {:?} at {} replaced by {:?} the declaration at {at} is lost",
                    file.display(),
                    String::from_utf8_lossy(&text),
                    range.start,
                    char::from(by),
                );
            }
            src[range].copy_from_slice(&text);
        }
    }
    assert!(damaged > 3000, "only {damaged} declarations damaged");
}

#[test]
fn the_end_of_a_truncated_file_is_lost_alone() {
    let files = go_files(&goroot().join("src"));
    let mut numbers = Numbers(2);
    for file in files.iter().skip(5).step_by(31) {
        let src = read(file);
        let parsed = parse(&src);
        let cut = numbers.below(src.len());
        let before = declarations(&parsed);
        let after = declarations(&parse(&src[..cut]));
        let whole = parsed
            .file
            .decls
            .iter()
            .map(Decl::span)
            .filter(|s| (s.end as usize) < cut);
        for Span { start, .. } in whole {
            assert_eq!(
                after.get(&start),
                before.get(&start),
                "{} at {start}",
                file.display()
            );
        }
    }
}

/// Parts of a file that start with the keyword of a declaration in the first column.
fn column_one_parts(src: &[u8]) -> Vec<Span> {
    let mut starts: Vec<u32> = tokens(src)
        .iter()
        .filter(|token| {
            use TokenKind as T;
            matches!(
                token.kind,
                T::Func | T::Type | T::Var | T::Const | T::Import
            ) && token.span.start.checked_sub(1).map(|at| src[at as usize]) == Some(b'\n')
        })
        .map(|token| token.span.start)
        .collect();
    starts.push(src.len() as u32);
    starts
        .windows(2)
        .map(|pair| Span::new(pair[0], pair[1]))
        .collect()
}

fn swallows_the_rest(parsed: &Parsed) -> bool {
    let errors = parsed
        .file
        .errors
        .iter()
        .chain(parsed.bodies.iter().flat_map(|b| &b.errors));
    let swallowing = [
        "raw string literal not terminated",
        "comment not terminated",
    ];
    errors
        .into_iter()
        .any(|error| swallowing.contains(&error.message.as_str()))
}

#[test]
fn files_with_errors_keep_their_good_declarations() {
    let mut files = go_files(&goroot().join("test"));
    files.extend(go_files(&goroot().join("src")));
    let recovered = oracle(&["-decls"], &lines(&files));
    let mut wrong_files = 0;
    for (file, line) in files.iter().zip(recovered.lines()) {
        let Some(line) = line.strip_prefix("decls") else {
            continue;
        };
        let src = read(file);
        let parsed = parse(&src);
        if parsed.file.package.is_none() || swallows_the_rest(&parsed) {
            continue;
        }
        wrong_files += 1;
        let found: HashMap<u32, u32> = parsed
            .file
            .decls
            .iter()
            .filter(|decl| !matches!(decl, Decl::Bad(_)))
            .map(|decl| (decl.span().start, decl.span().end))
            .collect();
        // What is good by itself is found in the file.
        for part in column_one_parts(&src) {
            let mut alone = b"package p\n".to_vec();
            alone.extend_from_slice(part.of(&src));
            let alone = parse(&alone);
            if let (false, [decl]) = (alone.has_errors(), &alone.file.decls[..]) {
                let end = part.start + decl.span().len();
                assert_eq!(
                    found.get(&part.start),
                    Some(&end),
                    "{} {part:?}",
                    file.display()
                );
            }
        }
        // So is every function that go/parser finds no fault with.
        let (functions, errors) = line.split_once(" errors").unwrap();
        let errors: Vec<u32> = errors
            .split_whitespace()
            .map(|n| n.parse().unwrap())
            .collect();
        let faultless: HashSet<u32> = column_one_parts(&src)
            .iter()
            .filter(|part| {
                !errors
                    .iter()
                    .any(|&at| (part.start..=part.end).contains(&at))
            })
            .map(|part| part.start)
            .collect();
        for function in functions.split_whitespace() {
            let (start, end) = function.split_once(':').unwrap();
            let (start, end) = (start.parse().unwrap(), end.parse().unwrap());
            if faultless.contains(&start) {
                assert_eq!(
                    found.get(&start),
                    Some(&end),
                    "{} {function}",
                    file.display()
                );
            }
        }
    }
    assert!(wrong_files > 50, "only {wrong_files} files with errors");
}
