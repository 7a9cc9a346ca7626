//! What the kernel says of a process. Only Linux tells; elsewhere nothing is known.

use std::fs;
use std::path::PathBuf;

/// Open file descriptors by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Descriptors {
    /// All of them.
    pub total: u64,
    /// Sockets, of any family.
    pub sockets: u64,
    /// Files and folders, deleted ones included, and devices.
    pub files: u64,
    /// Pipes.
    pub pipes: u64,
    /// Anonymous inodes: eventfd, epoll, timers, inotify.
    pub anonymous: u64,
}

/// Facts of one process at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessFacts {
    /// Open descriptors; `None` where the kernel does not let us look.
    pub descriptors: Option<Descriptors>,
    /// Resident memory (`VmRSS`), in bytes.
    pub rss_bytes: Option<u64>,
    /// Resident memory that no file backs (`RssAnon`), in bytes.
    pub rss_anon_bytes: Option<u64>,
    /// Threads of the operating system.
    pub threads: Option<u64>,
}

/// What the memory controller counts for the control group of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CgroupMemory {
    /// Memory in use, in bytes.
    pub current_bytes: u64,
    /// The limit, in bytes; `None` is none.
    pub max_bytes: Option<u64>,
    /// Processes killed so far because memory ran out; `None` where it is not counted.
    pub oom_kills: Option<u64>,
}

impl ProcessFacts {
    /// The facts of a process; `None` where it is gone or the system does not tell.
    pub fn of(pid: u32) -> Option<Self> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let kilobytes = |name| field(&status, name).map(|count| count.saturating_mul(1024));
        Some(Self {
            descriptors: descriptors(pid),
            rss_bytes: kilobytes("VmRSS:"),
            rss_anon_bytes: kilobytes("RssAnon:"),
            threads: field(&status, "Threads:"),
        })
    }

    /// The sums over several processes, a process group's for one; `None` where none is known. Memory that they
    /// share counts once for each.
    pub fn sum(pids: &[u32]) -> Option<Self> {
        fn add(a: Option<u64>, b: Option<u64>) -> Option<u64> {
            match (a, b) {
                (Some(a), Some(b)) => Some(a.saturating_add(b)),
                (a, b) => a.or(b),
            }
        }
        pids.iter()
            .filter_map(|&pid| Self::of(pid))
            .reduce(|a, b| Self {
                descriptors: match (a.descriptors, b.descriptors) {
                    (Some(a), Some(b)) => Some(Descriptors {
                        total: a.total + b.total,
                        sockets: a.sockets + b.sockets,
                        files: a.files + b.files,
                        pipes: a.pipes + b.pipes,
                        anonymous: a.anonymous + b.anonymous,
                    }),
                    (a, b) => a.or(b),
                },
                rss_bytes: add(a.rss_bytes, b.rss_bytes),
                rss_anon_bytes: add(a.rss_anon_bytes, b.rss_anon_bytes),
                threads: add(a.threads, b.threads),
            })
    }
}

impl CgroupMemory {
    /// The figures of the control group that holds the process; version 2, else 1.
    pub fn of(pid: u32) -> Option<Self> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let membership = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
        let number = |folder: &PathBuf, name: &str| -> Option<u64> {
            fs::read_to_string(folder.join(name))
                .ok()?
                .trim()
                .parse()
                .ok()
        };
        membership.lines().find_map(|line| {
            // hierarchy-id : controllers : path
            let mut parts = line.splitn(3, ':');
            let (id, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
            let path = path.trim_start_matches('/');
            if id == "0" && controllers.is_empty() {
                let folder = PathBuf::from("/sys/fs/cgroup").join(path);
                let events = fs::read_to_string(folder.join("memory.events")).unwrap_or_default();
                return Some(Self {
                    current_bytes: number(&folder, "memory.current")?,
                    max_bytes: number(&folder, "memory.max"),
                    oom_kills: field(&events, "oom_kill "),
                });
            }
            if controllers.split(',').any(|name| name == "memory") {
                let folder = PathBuf::from("/sys/fs/cgroup/memory").join(path);
                let control =
                    fs::read_to_string(folder.join("memory.oom_control")).unwrap_or_default();
                return Some(Self {
                    current_bytes: number(&folder, "memory.usage_in_bytes")?,
                    // Without a limit, version 1 shows a number near the largest.
                    max_bytes: number(&folder, "memory.limit_in_bytes")
                        .filter(|&max| max < 1 << 60),
                    oom_kills: field(&control, "oom_kill "),
                });
            }
            None
        })
    }
}

/// The processes of a group that have not ended. Empty where the system does not tell.
pub fn group_members(group: u32) -> Vec<u32> {
    if !cfg!(target_os = "linux") {
        return Vec::new();
    }
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let mut members: Vec<u32> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // After the command's name, which is in parentheses and may hold anything: state, parent, group.
            let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
            let mut fields = after.split_whitespace();
            let state = fields.next();
            let of = fields.nth(1).and_then(|field| field.parse::<u32>().ok());
            of == Some(group) && !matches!(state, Some("Z" | "X"))
        })
        .collect();
    members.sort_unstable();
    members
}

/// The number after `name` at the beginning of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

fn descriptors(pid: u32) -> Option<Descriptors> {
    let mut count = Descriptors::default();
    for entry in fs::read_dir(format!("/proc/{pid}/fd")).ok()? {
        // A descriptor may be closed between the listing and the look at it.
        let Ok(target) = entry.and_then(|entry| fs::read_link(entry.path())) else {
            continue;
        };
        let target = target.as_os_str().as_encoded_bytes();
        count.total += 1;
        if target.starts_with(b"socket:") {
            count.sockets += 1;
        } else if target.starts_with(b"pipe:") {
            count.pipes += 1;
        } else if target.starts_with(b"anon_inode:") {
            count.anonymous += 1;
        } else {
            count.files += 1;
        }
    }
    Some(count)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::cancel::Limits;
    use crate::process::{Child, ChildOptions, Command, spawn};

    fn start(opening: &str) -> Child {
        let line = format!("{opening} echo ready; while :; do sleep 0.05; done");
        let child = spawn(&Command::shell(line), &ChildOptions::default()).unwrap();
        let limits = Limits::default().within(std::time::Duration::from_secs(20));
        while child.tail(1).is_empty() {
            limits.sleep(std::time::Duration::from_millis(10)).unwrap();
        }
        child
    }

    #[test]
    fn descriptors_are_counted_by_kind() {
        let open = |child: &Child| ProcessFacts::of(child.id()).unwrap().descriptors.unwrap();
        let plain = open(&start(""));
        // Standard input is /dev/null, output and error are our pipes.
        assert!(plain.files >= 1 && plain.pipes >= 2, "{plain:?}");
        let more = open(&start("exec 8</dev/null 9</etc/passwd;"));
        let want = Descriptors {
            total: plain.total + 2,
            files: plain.files + 2,
            ..plain
        };
        assert_eq!(more, want);
    }

    #[test]
    fn a_group_is_known_until_it_has_ended() {
        let child = start("");
        let id = child.id();
        let facts = ProcessFacts::of(id).unwrap();
        assert_eq!(facts.threads, Some(1));
        assert!(facts.rss_bytes.unwrap() > 100_000);
        let members = group_members(id);
        assert!(members.contains(&id), "{members:?}");
        assert!(ProcessFacts::sum(&members).unwrap().rss_bytes >= facts.rss_bytes);
        drop(child);
        assert_eq!(group_members(id), []);
        assert_eq!(ProcessFacts::sum(&[id]), None);
    }
}
