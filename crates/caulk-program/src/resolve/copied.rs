//! Import paths of packages that a project keeps a copy of.

/// Folders that hold copies, as they stand in import paths: of godep, of `vendor` written out, and by old habit.
const COPIES: &[&str] = &["/Godeps/_workspace/src/", "/vendor/", "/third_party/"];

/// The path that a package calls itself by: `example.com/m/Godeps/_workspace/src/google.golang.org/grpc` is
/// `google.golang.org/grpc`. What is known of a package holds for its copies too.
pub(crate) fn original_path(path: &str) -> &str {
    // Most paths have no second host in them.
    let mut behind_first = path.bytes().skip_while(|byte| *byte != b'/');
    if !behind_first.any(|byte| byte == b'.') {
        return path;
    }
    let copied = COPIES.iter().filter_map(|folder| {
        let at = path.rfind(folder)?;
        path.get(at + folder.len()..)
    });
    copied
        .filter(|rest| begins_with_a_host(rest))
        .min_by_key(|rest| rest.len())
        .unwrap_or(path)
}

fn begins_with_a_host(path: &str) -> bool {
    path.split_once('/')
        .is_some_and(|(host, _)| host.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::original_path;

    #[test]
    fn copies_are_known_by_their_own_paths() {
        for (path, original) in [
            (
                "github.com/o/m/Godeps/_workspace/src/google.golang.org/grpc",
                "google.golang.org/grpc",
            ),
            (
                "github.com/o/m/vendor/golang.org/x/net/context",
                "golang.org/x/net/context",
            ),
            (
                "github.com/o/m/third_party/github.com/goraft/raft",
                "github.com/goraft/raft",
            ),
            (
                "github.com/o/m/third_party/protoc",
                "github.com/o/m/third_party/protoc",
            ),
            ("vendor/golang.org/x/net/dns", "vendor/golang.org/x/net/dns"),
            ("example.com/vendor/m", "example.com/vendor/m"),
        ] {
            assert_eq!(original_path(path), original);
        }
    }
}
