//! Rows, statements, transactions.

use super::{Page, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "unclosed-rows",
        summary: "the rows of a query are not closed",
        preview: false,
        page: Page {
            what: "Finds rows that are left before their end on some path without being closed.",
            why: "Rows hold a connection of the pool until they are closed or read to the end. Enough of them, and every query waits for ever.",
            example: "rows, err := db.Query(q)\nif err != nil {\n\treturn err\n}\nfor rows.Next() {\n\tif err := rows.Scan(&x); err != nil {\n\t\treturn err\n\t}\n}\nreturn rows.Err()",
            instead: "rows, err := db.Query(q)\nif err != nil {\n\treturn err\n}\ndefer rows.Close()\nfor rows.Next() {\n\tif err := rows.Scan(&x); err != nil {\n\t\treturn err\n\t}\n}\nreturn rows.Err()",
            fix_safety: "Safe where the rows stay within the function.",
        },
    },
    Rule {
        name: "unclosed-statement",
        summary: "a prepared statement is not closed",
        preview: false,
        page: Page {
            what: "Finds prepared statements of a database that are neither closed nor kept on some path. One of a transaction ends with it.",
            why: "The statement stays prepared in the database, on each connection that ran it.",
            example: "stmt, err := db.Prepare(q)\nif err != nil {\n\treturn err\n}\n_, err = stmt.Exec(id)\nreturn err",
            instead: "stmt, err := db.Prepare(q)\nif err != nil {\n\treturn err\n}\ndefer stmt.Close()\n_, err = stmt.Exec(id)\nreturn err",
            fix_safety: "Safe where the statement stays within the function.",
        },
    },
    Rule {
        name: "unfinished-transaction",
        summary: "a transaction is neither committed nor rolled back",
        preview: false,
        page: Page {
            what: "Finds transactions that end neither in a commit nor in a rollback on some path. One whose context is cancelled in the \
                   function is rolled back by that.",
            why: "A connection of the pool stays taken, and its locks in the database with it.",
            example: "tx, err := db.Begin()\nif err != nil {\n\treturn err\n}\nif _, err := tx.Exec(q); err != nil {\n\treturn err\n}\nreturn tx.Commit()",
            instead: "tx, err := db.Begin()\nif err != nil {\n\treturn err\n}\ndefer tx.Rollback() // does nothing after a commit\nif _, err := tx.Exec(q); err != nil {\n\treturn err\n}\nreturn tx.Commit()",
            fix_safety: "A deferred `Rollback` does nothing after a commit, so it is safe.",
        },
    },
];
