//! Patterns against Go's own package regexp: the same messages, the same matches.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    missing_docs
)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use caulk_pprof::Pattern;

type Case = (String, Vec<Vec<u8>>);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// What Go says of each case: an error's message in hexadecimal, or for each text whether it matches.
fn answers_of_go(cases: &[Case]) -> Vec<String> {
    let mut input = String::new();
    for (pattern, texts) in cases {
        input.push_str(&hex(pattern.as_bytes()));
        for text in texts {
            input.push('\t');
            input.push_str(&hex(text));
        }
        input.push('\n');
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/patterns/go");
    let mut go = Command::new("go")
        .args(["run", "."])
        .current_dir(source)
        .env("GOWORK", "off")
        .env("GOFLAGS", "")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("these tests need Go");
    let mut stdin = go.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = go.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<String> = answers.lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), cases.len());
    answers
}

fn our_answer((pattern, texts): &Case) -> String {
    match Pattern::new(pattern) {
        Err(error) => format!("error {}", hex(error.to_string().as_bytes())),
        Ok(pattern) => {
            let answers = texts.iter().map(|text| match pattern.is_match(text) {
                true => '1',
                false => '0',
            });
            format!("match {}", answers.collect::<String>())
        }
    }
}

fn readable(answer: &str) -> String {
    let Some(message) = answer.strip_prefix("error ") else {
        return answer.to_owned();
    };
    let byte = |at: usize| u8::from_str_radix(&message[at..at + 2], 16).unwrap();
    let bytes: Vec<u8> = (0..message.len()).step_by(2).map(byte).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn compare(cases: &[Case]) {
    let mut differences = Vec::new();
    let mut matched = 0;
    for (case, theirs) in cases.iter().zip(answers_of_go(cases)) {
        let ours = our_answer(case);
        matched += usize::from(theirs.contains("match") && theirs.contains('1'));
        if ours != theirs {
            let texts: Vec<_> = case.1.iter().map(|t| String::from_utf8_lossy(t)).collect();
            differences.push(format!(
                "{:?} on {texts:?}\n  caulk: {}\n  Go:    {}",
                case.0,
                readable(&ours),
                readable(&theirs)
            ));
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {} differ:\n{}",
        differences.len(),
        cases.len(),
        differences[..differences.len().min(30)].join("\n")
    );
    println!(
        "{} patterns answer alike, {matched} of them match something",
        cases.len()
    );
}

/// Texts in which each part of the syntax finds something or just not.
fn texts() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 18] = [
        b"",
        b"a",
        b"abc",
        b"AbC",
        b"main.(*T).Do",
        b"a\nb",
        b"\n",
        b"aa bb",
        "aéa".as_bytes(),
        "größe".as_bytes(),
        "ſK".as_bytes(),
        "αβΓ".as_bytes(),
        b"a\xe2\x82b",
        b"\xff",
        "\u{fffd}".as_bytes(),
        b"x-]^{2}\\Q.*",
        b"\x00\x07\x0c\t 09_Z",
        "日本語 text".as_bytes(),
    ];
    texts.iter().map(|text| text.to_vec()).collect()
}

#[test]
fn every_part_of_the_syntax() {
    let patterns = [
        // Characters and escapes.
        "",
        "abc",
        ".",
        r"a\.c",
        r"\a\f\t\n\r\v",
        r"\x41",
        r"\x4",
        r"\x",
        r"\xg",
        r"\x4g",
        r"\x{41}",
        r"\x{e9}",
        r"\x{}",
        r"\x{110000}",
        r"\x{10FFFF}",
        r"\x{41",
        r"\x{4g}",
        r"\x{D800}",
        r"\x{FFFD}",
        r"\0",
        r"\07",
        r"\012",
        r"\0123",
        r"\1",
        r"\12",
        r"\18",
        r"\8",
        r"\9",
        r"\_",
        r"\-",
        r"\q",
        r"\é",
        "\\",
        r"a\",
        r"\Z",
        r"\z",
        r"\A",
        r"\C",
        r"a\Cb",
        r"\Qa.b",
        r"\Q.*\E+",
        r"\Qab\E*",
        r"\Q\E*",
        r"a*\Q\E*",
        r"\E",
        r"\G",
        r"\K",
        r"\h",
        r"\R",
        r"\X",
        r"\cA",
        r"\e",
        r"\u0041",
        r"\/",
        r"\ ",
        // Classes.
        r"\d+",
        r"\D",
        r"\w",
        r"\W",
        r"\s",
        r"\S",
        r"\v",
        r"\b",
        r"\B",
        r"\ba\b",
        r"^\B$",
        r"\bé",
        r"é\b",
        "[abc]",
        "[^abc]",
        "[a-c]",
        "[c-a]",
        "[a-]",
        "[-a]",
        "[]a]",
        "[^]a]",
        "[]",
        "[^]",
        "[",
        "[a",
        "[^",
        "[a-",
        r"[\d]",
        r"[\D]",
        r"[^\D]",
        r"[\w-z]",
        r"[a-\d]",
        r"[\b]",
        r"[\Q]",
        r"[\x41-\x43]",
        r"[\n]",
        r"[\",
        r"[\]",
        r"[\]]",
        "[[:alpha:]]",
        "[[:^alpha:]]",
        "[^[:alpha:]]",
        "[[:word:]]",
        "[[:foo:]]",
        "[[:alpha]]",
        "[:alpha:]",
        "[[:alpha:",
        "[[:punct:]]",
        "[[:xdigit:]]",
        "[[:space:]]",
        "[[:blank:]]",
        "[[:cntrl:]]",
        "[[:graph:]]",
        "[[:print:]]",
        "[[:upper:]]",
        "[[:lower:]]",
        "[[:digit:]]",
        "[[:alnum:]]",
        "[[:ascii:]]",
        "[[.a.]]",
        "[[=a=]]",
        "[a-c[:digit:]z]",
        "[a-z&&[b]]",
        "[a~~b]",
        r"[^\x00-\x{10FFFF}]",
        r"[\x{D7FF}-\x{E000}]",
        r"[\x{D800}-\x{DFFF}]",
        "[é-ö]",
        "[+--]",
        "[!--/]",
        // Unicode.
        r"\pL",
        r"\PL",
        r"\pN",
        r"\p{L}",
        r"\P{L}",
        r"\p{^L}",
        r"\P{^L}",
        r"\p{Lu}",
        r"\p{lu}",
        r"\p{LU}",
        r"\p{Letter}",
        r"\p{Uppercase_Letter}",
        r"\p{uppercase letter}",
        r"\p{Greek}",
        r"\p{greek}",
        r"\p{Han}",
        r"\p{Latin}",
        r"\p{Latn}",
        r"\p{Old_Italic}",
        r"\p{Thai}",
        r"\p{Cham}",
        r"\p{Any}",
        r"\p{ANY}",
        r"\p{Assigned}",
        r"\P{Assigned}",
        r"\p{ASCII}",
        r"\p{Cs}",
        r"\P{Cs}",
        r"\p{Cn}",
        r"\p{LC}",
        r"\p{Cased_Letter}",
        r"\p{punct}",
        r"\p{cntrl}",
        r"\p{digit}",
        r"\p{Alphabetic}",
        r"\p{sc=Greek}",
        r"\p{Script=Greek}",
        r"\p{gc:L}",
        r"\p",
        r"\p{",
        r"\p{}",
        r"\p{L",
        r"\pX",
        r"\pé",
        r"\p{Zl}",
        r"\p{Zs}",
        r"\p{Co}",
        r"\p{M}",
        r"[\pL\pN]",
        r"[^\pL]",
        r"[\p{^L}]",
        r"[\p]",
        r"\p{ L }",
        // Flags and groups.
        "(a)(b)",
        "(?:a)",
        "(?P<n>a)",
        "(?<n>a)",
        "(?P<n>a)(?P<n>b)",
        "(?P<1>a)",
        "(?P<n-m>a)",
        "(?P<>a)",
        "(?P<n",
        "(?P<",
        "(?P",
        "(?<n",
        "(?<",
        "(?",
        "(?P=n)",
        "(?P>n)",
        "(?'n'a)",
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        "(?<!a)",
        "(?<=a)b>",
        "(?>a)",
        "(?#c)",
        "(?|a)",
        "(?&n)",
        "(?i)ABC",
        "(?i:A)BC",
        "(?i-i)A",
        "(?-i)a",
        "(?-)a",
        "(?i-)a",
        "(?--i)a",
        "(?-i-s)a",
        "(?)",
        "(?:)",
        "(?s).",
        "(?s:.)",
        "(?-s).",
        "(?m)^b$",
        "(?m)a$",
        "(?U)a*",
        "(?U:a+?)",
        "(?x) a",
        "(?u)a",
        "(?R)",
        "(?is)A.",
        "(?ims-U:A)",
        "(?i",
        "(?i)k",
        "(?i)s",
        "(?i)ſ",
        "(?i)[k]",
        "(?i)[^k]",
        "(?i)[r-t]",
        "(?i)γ",
        r"(?i)\x{212A}",
        r"(?i)\pL",
        r"(?i)\p{Lu}",
        r"(?i)\P{Lu}",
        r"(?i)\p{ASCII}",
        r"(?i)\P{ASCII}",
        r"(?i)[[:upper:]]",
        r"(?i)[[:^upper:]]",
        r"(?i)[^[:^upper:]]",
        r"(?i)\W",
        r"(?i)[^\W]",
        "(?i)É",
        "((?i)a)B",
        "(?i)a|B",
        "(a|(?i)b)C",
        "(",
        ")",
        "()",
        "())",
        "(()",
        "a)",
        "(a))",
        "(a",
        "((a)",
        "|",
        "a|",
        "|a",
        "a||b",
        "(|a)",
        // Repetition.
        "a*",
        "a+",
        "a?",
        "a*?",
        "a+?",
        "a??",
        "a**",
        "a+*",
        "a*+",
        "a?*",
        "a*??",
        "a{2}*",
        "a*{2}",
        "a{2}{3}",
        "*",
        "+",
        "?",
        "*a",
        "|*",
        "(*)",
        "(|*)",
        "(?i)*",
        "a(?i)*",
        "a*(?i)*",
        "^*",
        "$+",
        r"\b*",
        "(?:)*",
        "()*",
        "(a*)*",
        "(a*)+",
        "(a+)?",
        "(|a)*",
        "(|a)+",
        "a{2}",
        "a{2,}",
        "a{2,3}",
        "a{,3}",
        "a{0}",
        "a{0,0}",
        "a{00}",
        "a{01}",
        "a{2",
        "a{2,",
        "a{",
        "a{}",
        "a{a}",
        "a{2,1}",
        "a{1000}",
        "a{1001}",
        "a{1,1001}",
        "a{1001,}",
        "a{99999999999}",
        "a{1,99999999999}",
        "{2}",
        "{",
        "}",
        "a}",
        "x{2}?",
        "(a{10}){10}",
        "(a{100}){100}",
        "((a{10}){10}){10}",
        "((a{10}){10}){11}",
        "(a{0}){1000}",
        "(a{1000}){0}",
        "(a{1000}){1}",
        "(a{2}){0,1}",
        "((a{100}){1,})+",
        "(a{500}|b{2}){3}",
        "(a{0,}){1000}",
        "(a{1000}){0,}",
        "((a{1000}){0}){1000}",
        "a{2}??",
        // Anchors and lines.
        "^a",
        "a$",
        "^$",
        "^",
        "$",
        r"\Aa",
        r"a\z",
        "(?m)^$",
        "(?m)^",
        r"(?m)\A",
        "a^b",
        "a$b",
        r"(?m)a$\n^b",
        // As they are used.
        r"main\.\(\*T\)\.",
        r"^main\..*Do$",
        r"runtime\.|gc",
        "newBufWriter",
        r"(?i)MAIN",
        r"[*]T",
    ];
    let mut cases: Vec<Case> = patterns
        .iter()
        .map(|pattern| ((*pattern).to_owned(), texts()))
        .collect();
    for depth in [10, 400, 998, 999, 1000, 1001, 1100] {
        cases.push((
            format!("{}a{}", "(".repeat(depth), ")".repeat(depth)),
            texts(),
        ));
        cases.push((
            format!("{}a{}", "(?:".repeat(depth), ")".repeat(depth)),
            texts(),
        ));
        cases.push((
            format!("{}a{}", "(x".repeat(depth), ")*".repeat(depth)),
            texts(),
        ));
    }
    compare(&cases);
}

#[test]
fn random_patterns() {
    const PARTS: [&str; 78] = [
        "a",
        "b",
        "c",
        "A",
        "K",
        "s",
        "é",
        "ß",
        "α",
        "1",
        "-",
        ",",
        " ",
        "x",
        "Q",
        ".",
        "^",
        "$",
        "|",
        "|",
        "(",
        ")",
        "(",
        ")",
        "(",
        ")",
        "(?:",
        "(?i)",
        "(?i:",
        "(?s)",
        "(?m)",
        "(?U)",
        "(?-i)",
        "(?P<n>",
        "(?<m>",
        "(?",
        "[",
        "]",
        "[^",
        "[a-c]",
        "[^a]",
        "[[:alpha:]]",
        "[[:^digit:]]",
        "[[:",
        ":]",
        "*",
        "+",
        "?",
        "{2}",
        "{1,3}",
        "{0,}",
        "{",
        "}",
        "{30}",
        "{9,200}",
        "\\",
        r"\d",
        r"\D",
        r"\w",
        r"\W",
        r"\s",
        r"\S",
        r"\b",
        r"\B",
        r"\A",
        r"\z",
        r"\Q",
        r"\E",
        r"\pL",
        r"\P{Lu}",
        r"\p{Greek}",
        r"\p{^Ll}",
        r"\x41",
        r"\x{e9}",
        r"\012",
        r"\n",
        r"\.",
        "\n",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let texts = texts();
    let cases: Vec<Case> = (0..6_000)
        .map(|_| {
            let length = 1 + next(9);
            let pattern = (0..length).map(|_| PARTS[next(PARTS.len())]).collect();
            let texts = (0..6).map(|_| texts[next(texts.len())].clone()).collect();
            (pattern, texts)
        })
        .collect();
    compare(&cases);
}
