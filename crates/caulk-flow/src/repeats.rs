//! Functions of libraries that call what they are passed again and again.

/// Those of Kubernetes' loops that go round until they are told to end.
const UNTIL: &[&str] = &[
    "Until",
    "UntilWithContext",
    "JitterUntil",
    "JitterUntilWithContext",
    "NonSlidingUntil",
    "NonSlidingUntilWithContext",
    "BackoffUntil",
    "Forever",
];

/// Whether a function, by its canonical name, calls what it is passed at every turn of a loop or of a clock.
pub(crate) fn repeats(name: &str) -> bool {
    let until = name.strip_prefix("k8s.io/apimachinery/pkg/util/wait.");
    let scheduled =
        || name.starts_with("github.com/robfig/cron") && name.ends_with(".Cron.AddFunc");
    until.is_some_and(|name| UNTIL.contains(&name)) || scheduled()
}
