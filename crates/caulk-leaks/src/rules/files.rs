//! Files.

use super::{Page, Rule};

pub(super) const RULES: &[Rule] = &[Rule {
    name: "unclosed-file",
    summary: "a file, directory or pipe is not closed",
    preview: false,
    page: Page {
        what: "Finds files, directories and ends of pipes that are opened and, on some path, neither closed nor kept.",
        why: "Its descriptor stays open until the collector happens to run; a busy process runs out of descriptors before that, and \
                  on Windows an open file cannot be removed.",
        example: "f, err := os.Open(path)\nif err != nil {\n\treturn err\n}\nreturn parse(f)",
        instead: "f, err := os.Open(path)\nif err != nil {\n\treturn err\n}\ndefer f.Close()\nreturn parse(f)",
        fix_safety: "Safe where the file stays within the function. Where it was written to, the error of `Close` matters: it can be the \
                         first to say that the disk is full.",
    },
}];
