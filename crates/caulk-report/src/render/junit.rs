//! JUnit's XML, which most build servers read: a finding is a test that failed.

use super::width::printable;
use crate::{FindingList, ListedFinding, Region};

/// One suite for each file that has findings; one test that passed where there are none, since readers take
/// a report without tests for a build that went wrong.
pub fn junit(list: &FindingList) -> String {
    let count = list.findings.len();
    let name = attribute(&list.tool.name);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.push_str(&format!(
        "<testsuites name=\"{name}\" tests=\"{}\" failures=\"{count}\" errors=\"0\">\n",
        count.max(1)
    ));
    if list.findings.is_empty() {
        xml.push_str(&format!(
            "  <testsuite name=\"{name}\" tests=\"1\" failures=\"0\" errors=\"0\">\n    \
             <testcase name=\"no findings\" classname=\"{name}\"/>\n  </testsuite>\n"
        ));
    }
    for suite in list.findings.chunk_by(|a, b| a.place.file == b.place.file) {
        let file = suite.first().map_or("", |first| first.place.file.as_str());
        xml.push_str(&format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n",
            attribute(file),
            suite.len(),
            suite.len()
        ));
        for finding in suite {
            test_case(&mut xml, finding);
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn test_case(xml: &mut String, finding: &ListedFinding) {
    let place = &finding.place;
    xml.push_str(&format!(
        "    <testcase name=\"{} at {}:{}\" classname=\"{}\" file=\"{}\" line=\"{}\">\n",
        attribute(&finding.rule),
        place.line,
        place.column,
        attribute(&place.file),
        attribute(&place.file),
        place.line
    ));
    let line = |place: &Region, text: &str| {
        let file = printable(&place.file);
        format!(
            "{file}:{}:{}: {}",
            place.line,
            place.column,
            printable(text)
        )
    };
    let first = std::iter::once(line(place, &finding.message));
    let steps = finding
        .path
        .iter()
        .map(|step| line(&step.place, &step.note));
    let lines: Vec<String> = first.chain(steps).collect();
    xml.push_str(&format!(
        "      <failure message=\"{}\" type=\"{}\">{}</failure>\n    </testcase>\n",
        attribute(&finding.message),
        attribute(&format!("{}, {}", finding.level.word(), finding.confidence)),
        content(&lines.join("\n"))
    ));
}

fn content(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            // `]]>` must not stand in content.
            '>' => escaped.push_str("&gt;"),
            _ if is_xml(character) => escaped.push(character),
            _ => escaped.push(char::REPLACEMENT_CHARACTER),
        }
    }
    escaped
}

/// Also what a reader would make a space of.
fn attribute(text: &str) -> String {
    content(text)
        .replace('"', "&quot;")
        .replace('\n', "&#10;")
        .replace('\r', "&#13;")
        .replace('\t', "&#9;")
}

/// The characters that XML 1.0 has at all: <https://www.w3.org/TR/xml/#charsets>.
fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}
