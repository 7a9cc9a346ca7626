//! Goroutines that are alike, over some dumps: how many, for how long they have waited, for what, and
//! how sure it is that they wait for ever.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::groups::GroupCounts;
use crate::observed::GoroutineGroup;
use crate::words::without_closures;
use crate::{Frame, UserCode};

/// So many alike ones are no accident of the moment.
const MANY: u64 = 10;
/// Minutes after which a wait is long: most time-outs are shorter.
const LONG_MINUTES: u64 = 10;

/// What a goroutine waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wait {
    /// To send on a channel.
    Send,
    /// To receive from a channel.
    Receive,
    /// For the next value of a channel that it ranges over.
    Range,
    /// For one of several channels.
    Select,
    /// On a nil channel.
    NilChannel,
    /// In a select without cases.
    NoCases,
    /// For a lock.
    Lock,
    /// For a WaitGroup.
    WaitGroup,
    /// For a condition.
    Condition,
    /// For a semaphore of another kind.
    Semaphore,
    /// For a new connection.
    Accept,
    /// For bytes from a connection.
    Read,
    /// To write to a connection.
    Write,
    /// For a descriptor that is no connection.
    Descriptor,
    /// For a time.
    Sleep,
    /// For signals to the process.
    Signals,
    /// For a child process.
    Child,
    /// In a system call.
    SystemCall,
    /// For nothing: it runs, or could.
    Running,
    /// It is one of the runtime's own.
    Runtime,
    /// Not known: the form `debug=1` does not say.
    Unknown,
}

/// How sure it is that a goroutine never goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stuck {
    /// It is there to wait, as one that accepts connections is.
    Expected,
    /// Nothing speaks for it: it may go on at any moment.
    Open,
    /// Many wait alike, or for long.
    Likely,
    /// Many wait alike, and more came or they have waited for long.
    VeryLikely,
    /// The runtime says so, or nobody can wake it.
    Certain,
}

/// Goroutines alike in stack and creator.
#[derive(Debug, Clone)]
pub struct Alike {
    /// What they look like.
    pub group: GoroutineGroup,
    /// How many there are, at the last dump.
    pub count: u64,
    /// How many more than at the first dump; `None` of a single one.
    pub new: Option<i64>,
    /// For how many minutes the one that has waited longest has, where a dump says so.
    pub longest_minutes: Option<u64>,
    /// What they wait for.
    pub wait: Wait,
    /// The same in words, as a clause after "they": see [`Wait::words`].
    pub words: &'static str,
    /// How sure it is that they never go on.
    pub stuck: Stuck,
}

impl Alike {
    /// Whether they were started by the program, and are not there to wait.
    #[must_use]
    pub fn is_suspect(&self) -> bool {
        self.stuck > Stuck::Open
    }

    /// The frame that says most: the user's innermost, else the innermost that is not the runtime's.
    #[must_use]
    pub fn place(&self, code: &UserCode) -> Option<&Frame> {
        let own = &self.group.own;
        let users = own.iter().find(|frame| is_users(frame, code));
        users
            .or_else(|| own.iter().find(|frame| !is_waiting_itself(&frame.function)))
            .or_else(|| own.first())
    }

    /// The user's innermost frame among those of the ancestors, where the dumps have them.
    #[must_use]
    pub fn ancestor(&self, code: &UserCode) -> Option<&Frame> {
        let frames = self
            .group
            .ancestors
            .iter()
            .flat_map(|ancestor| &ancestor.frames);
        frames.into_iter().find(|frame| is_users(frame, code))
    }
}

fn is_users(frame: &Frame, code: &UserCode) -> bool {
    frame.package() == "main" || code.file_of(frame).is_some()
}

/// The goroutines of some dumps, the most suspect first: those that are surely stuck before others, then
/// by how many came, how many there are, and how long they wait.
#[must_use]
pub(crate) fn alike(groups: &[GroupCounts]) -> Vec<Alike> {
    // Whoever their ancestors were.
    let mut merged: BTreeMap<(&[Frame], Option<&Frame>), GroupCounts> = BTreeMap::new();
    for counted in groups {
        let key = (
            counted.group.own.as_slice(),
            counted.group.created_by.as_ref(),
        );
        match merged.entry(key) {
            Entry::Occupied(mut known) => known.get_mut().add(counted),
            Entry::Vacant(slot) => drop(slot.insert(counted.clone())),
        }
    }
    let mut all: Vec<Alike> = merged.values().filter_map(of_group).collect();
    all.sort_by(|a, b| {
        let rank = |alike: &Alike| {
            (
                alike.is_suspect(),
                alike.new.unwrap_or(0).max(0),
                alike.count,
            )
        };
        rank(b)
            .cmp(&rank(a))
            .then(b.longest_minutes.cmp(&a.longest_minutes))
            .then_with(|| a.group.own.cmp(&b.group.own))
    });
    all
}

fn of_group(counted: &GroupCounts) -> Option<Alike> {
    let known: Vec<u64> = counted.counts.iter().copied().flatten().collect();
    let (&first, &last) = (known.first()?, known.last()?);
    if last == 0 {
        return None;
    }
    let new = (known.len() > 1).then(|| {
        i64::try_from(last)
            .unwrap_or(i64::MAX)
            .saturating_sub_unsigned(first)
    });
    let group = &counted.group;
    let wait = wait_of(group);
    Some(Alike {
        count: last,
        new,
        longest_minutes: counted.longest_minutes,
        wait,
        words: wait.words(),
        stuck: stuck(group, wait, last, new, counted.longest_minutes),
        group: group.clone(),
    })
}

/// What goroutines wait for: by the state, and where that does not say it, by the innermost frames.
fn wait_of(group: &GoroutineGroup) -> Wait {
    let state = group.state.as_str();
    let bare = state.split(" (").next().unwrap_or(state);
    let frames = &group.own;
    let innermost = |count: usize, names: &[&str]| {
        let mut frames = frames.iter().take(count);
        frames.any(|frame| names.contains(&without_closures(&frame.function)))
    };
    if innermost(3, &["os/signal.signal_recv"]) {
        return Wait::Signals;
    }
    if innermost(
        6,
        &[
            "os.(*Process).Wait",
            "os.(*Process).blockUntilWaitable",
            "os.(*Process).pidfdWait",
        ],
    ) {
        return Wait::Child;
    }
    match (bare, state) {
        (_, "chan receive (nil chan)" | "chan send (nil chan)") => Wait::NilChannel,
        (_, "select (no cases)") => Wait::NoCases,
        ("chan send", _) => Wait::Send,
        ("chan receive", _) if innermost(2, &["runtime.chanrecv2"]) => Wait::Range,
        ("chan receive", _) => Wait::Receive,
        ("select", _) => Wait::Select,
        ("sync.Mutex.Lock" | "sync.RWMutex.RLock" | "sync.RWMutex.Lock", _) => Wait::Lock,
        ("sync.WaitGroup.Wait", _) => Wait::WaitGroup,
        ("sync.Cond.Wait", _) => Wait::Condition,
        ("sleep", _) => Wait::Sleep,
        ("running" | "runnable", _) => Wait::Running,
        ("IO wait", _) => of_descriptor(group),
        ("syscall", _) => Wait::SystemCall,
        ("semacquire" | "", _) => of_frames(group),
        (
            "finalizer wait" | "force gc" | "cleanup wait" | "trace reader" | "GOMAXPROCS updater",
            _,
        ) => Wait::Runtime,
        _ if bare.starts_with("GC ") => Wait::Runtime,
        _ => of_frames(group),
    }
}

/// By frames alone, as in `debug=1` and in profiles.
fn of_frames(group: &GoroutineGroup) -> Wait {
    let mut found = None;
    for frame in group.own.iter().take(6) {
        let wait = match without_closures(&frame.function) {
            "runtime.chansend1" | "runtime.chansend" => Wait::Send,
            "runtime.chanrecv2" => Wait::Range,
            "runtime.chanrecv1" => Wait::Receive,
            "runtime.selectgo" => Wait::Select,
            "runtime.block" => Wait::NoCases,
            "time.Sleep" => Wait::Sleep,
            "sync.(*WaitGroup).Wait" | "sync.runtime_SemacquireWaitGroup" => Wait::WaitGroup,
            "sync.(*Cond).Wait" | "sync.runtime_notifyListWait" => Wait::Condition,
            "sync.(*Mutex).Lock"
            | "sync.(*Mutex).lockSlow"
            | "internal/sync.(*Mutex).Lock"
            | "internal/sync.(*Mutex).lockSlow"
            | "sync.(*RWMutex).Lock"
            | "sync.(*RWMutex).RLock"
            | "sync.runtime_SemacquireMutex"
            | "internal/sync.runtime_SemacquireMutex"
            | "sync.runtime_SemacquireRWMutexR"
            | "sync.runtime_SemacquireRWMutex" => Wait::Lock,
            "internal/poll.runtime_pollWait" => return of_descriptor(group),
            "runtime.semacquire" | "runtime.semacquire1" => continue,
            // What it is of stands further out.
            "sync.runtime_Semacquire" | "internal/poll.runtime_Semacquire" => {
                found = Some(Wait::Semaphore);
                continue;
            }
            "os/signal.signal_recv" => Wait::Signals,
            name if name.starts_with("syscall.") => Wait::SystemCall,
            _ => continue,
        };
        return wait;
    }
    found.unwrap_or(match group.state.is_empty() {
        true => Wait::Unknown,
        false => Wait::Semaphore,
    })
}

fn of_descriptor(group: &GoroutineGroup) -> Wait {
    for frame in group.own.iter().take(10) {
        let name = without_closures(&frame.function);
        let method = name.rsplit('.').next().unwrap_or(name);
        match (name, method) {
            (_, "Accept" | "accept" | "AcceptTCP" | "AcceptUnix") => return Wait::Accept,
            (name, "Read" | "ReadFrom" | "ReadMsg") if name.starts_with("net.") => {
                return Wait::Read;
            }
            (name, "Write" | "WriteTo") if name.starts_with("net.") => return Wait::Write,
            (name, _) if name.starts_with("os.(*File)") => return Wait::Descriptor,
            _ => {}
        }
    }
    Wait::Descriptor
}

fn stuck(
    group: &GoroutineGroup,
    wait: Wait,
    count: u64,
    new: Option<i64>,
    longest_minutes: Option<u64>,
) -> Stuck {
    if group.state.ends_with("(leaked)") || wait == Wait::NilChannel {
        return Stuck::Certain;
    }
    // The main goroutine, and those of which there is one for the program's life.
    let is_main = |frame: &Frame| matches!(frame.function.as_str(), "runtime.main" | "main.main");
    let is_started = match group.state.is_empty() {
        true => !group.own.iter().rev().take(2).any(is_main),
        false => group.created_by.is_some(),
    };
    match wait {
        Wait::Accept | Wait::Signals | Wait::Runtime | Wait::Running => return Stuck::Expected,
        // On purpose where it is main's.
        Wait::NoCases if is_started => return Stuck::Certain,
        _ if !is_started => return Stuck::Expected,
        _ => {}
    }
    let many = count >= MANY;
    let grew = new.is_some_and(|new| new >= 5 && new as u64 * 2 >= count);
    let long = longest_minutes.is_some_and(|minutes| minutes >= LONG_MINUTES);
    match (many, grew || long) {
        (true, true) => Stuck::VeryLikely,
        (true, false) | (false, true) => Stuck::Likely,
        (false, false) => Stuck::Open,
    }
}

/// Frames that only carry out the wait.
fn is_waiting_itself(function: &str) -> bool {
    [
        "runtime.",
        "internal/poll.",
        "sync.",
        "internal/sync.",
        "syscall.",
        "internal/runtime/",
    ]
    .iter()
    .any(|package| function.starts_with(package))
}

impl Wait {
    /// What it is in plain words, as a clause after "they".
    ///
    /// Of those that wait for something of the program's, the words say what would have to be missing for
    /// them to wait for ever.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Wait::Send => "send on a channel that nobody receives from",
            Wait::Receive => "receive from a channel that nobody sends on or closes",
            Wait::Range => "range over a channel that is never closed",
            Wait::Select => "wait in a select of which no case is ready",
            Wait::NilChannel => "wait on a nil channel",
            Wait::NoCases => "wait in a select without cases",
            Wait::Lock => "wait for a lock that somebody holds",
            Wait::WaitGroup => "wait for a WaitGroup on which Done is not called often enough",
            Wait::Condition => "wait for a condition that nobody signals",
            Wait::Semaphore => "wait for a semaphore that nobody releases",
            Wait::Accept => "wait for connections",
            Wait::Read => "read from a connection that neither side closes",
            Wait::Write => "write to a connection whose other side does not read",
            Wait::Descriptor => "wait for a descriptor on which nothing happens",
            Wait::Sleep => "sleep, as in a loop with a pause",
            Wait::Signals => "wait for signals",
            Wait::Child => "wait for a child process",
            Wait::SystemCall => "are in a system call",
            Wait::Running => "run",
            Wait::Runtime => "belong to the runtime",
            Wait::Unknown => "are here (this form of a dump does not say what for: debug=2 does)",
        }
    }

    /// The same of what the source line shows: a range, a ticker, the end of a context.
    #[must_use]
    pub fn words_at(self, line: &str) -> &'static str {
        let line = line.trim();
        let receives = matches!(
            self,
            Wait::Receive | Wait::Range | Wait::Select | Wait::Unknown
        );
        if receives && line.starts_with("for ") && line.contains("range ") {
            return match line.contains(".C ") || line.contains(".C{") || line.contains("time.Tick(")
            {
                true => "loop over a ticker without an end",
                false => Wait::Range.words(),
            };
        }
        if receives
            && (line.contains("<-time.After(")
                || line.contains(".C:")
                || line.contains("<-ticker.C"))
        {
            return "loop over a timer or ticker";
        }
        if receives && line.contains(".Done()") {
            return "wait for the end of a context that is never cancelled";
        }
        self.words()
    }
}

impl Stuck {
    /// How sure it is, as a clause.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Stuck::Expected => "as it should be",
            Stuck::Open => "may go on at any moment",
            Stuck::Likely => "likely for ever",
            Stuck::VeryLikely => "very likely for ever",
            Stuck::Certain => "certainly for ever",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(function: &str) -> Frame {
        Frame {
            function: function.to_owned(),
            file: "/src/f.go".to_owned(),
            line: 7,
            after_call: false,
        }
    }

    fn group(state: &str, functions: &[&str]) -> GoroutineGroup {
        GoroutineGroup {
            own: functions.iter().map(|function| frame(function)).collect(),
            created_by: Some(frame("main.main")),
            state: state.to_owned(),
            ..GoroutineGroup::default()
        }
    }

    fn wait(state: &str, functions: &[&str]) -> Wait {
        wait_of(&group(state, functions))
    }

    #[test]
    fn the_runtimes_states_are_told_apart() {
        for (state, expected) in [
            ("chan send", Wait::Send),
            ("chan receive", Wait::Receive),
            ("chan receive (durable)", Wait::Receive),
            ("chan send (nil chan)", Wait::NilChannel),
            ("select", Wait::Select),
            ("select (no cases)", Wait::NoCases),
            ("sync.Mutex.Lock", Wait::Lock),
            ("sync.WaitGroup.Wait", Wait::WaitGroup),
            ("sync.Cond.Wait", Wait::Condition),
            ("sleep", Wait::Sleep),
            ("runnable", Wait::Running),
            ("GC worker (idle)", Wait::Runtime),
            ("force gc (idle)", Wait::Runtime),
            ("finalizer wait", Wait::Runtime),
        ] {
            assert_eq!(wait(state, &["main.f"]), expected, "{state}");
        }
    }

    #[test]
    fn frames_say_what_a_state_does_not() {
        let read = [
            "internal/poll.runtime_pollWait",
            "internal/poll.(*FD).Read",
            "net.(*netFD).Read",
            "net.(*conn).Read",
        ];
        assert_eq!(wait("IO wait", &read), Wait::Read);
        let accept = [
            "internal/poll.runtime_pollWait",
            "internal/poll.(*FD).Accept",
            "net.(*netFD).accept",
        ];
        assert_eq!(wait("IO wait", &accept), Wait::Accept);
        // Go before 1.24 says semacquire for all of these.
        assert_eq!(
            wait(
                "semacquire",
                &["sync.runtime_Semacquire", "sync.(*WaitGroup).Wait"]
            ),
            Wait::WaitGroup
        );
        assert_eq!(
            wait(
                "",
                &["sync.runtime_SemacquireMutex", "sync.(*Mutex).lockSlow"]
            ),
            Wait::Lock
        );
        assert_eq!(
            wait(
                "",
                &[
                    "runtime.gopark",
                    "runtime.chansend",
                    "runtime.chansend1",
                    "main.f"
                ]
            ),
            Wait::Send
        );
        assert_eq!(
            wait(
                "",
                &[
                    "runtime.gopark",
                    "runtime.chanrecv",
                    "runtime.chanrecv2",
                    "main.f"
                ]
            ),
            Wait::Range
        );
        assert_eq!(wait("", &["time.Sleep", "main.f"]), Wait::Sleep);
        assert_eq!(wait("", &["main.f"]), Wait::Unknown);
        assert_eq!(
            wait("syscall", &["os/signal.signal_recv", "os/signal.loop"]),
            Wait::Signals
        );
    }

    #[test]
    fn the_line_says_what_is_received() {
        let line = |text: &str| Wait::Receive.words_at(text);
        assert_eq!(
            line("for job := range jobs {"),
            "range over a channel that is never closed"
        );
        assert_eq!(
            line("for range ticker.C {"),
            "loop over a ticker without an end"
        );
        assert_eq!(
            line("<-ctx.Done()"),
            "wait for the end of a context that is never cancelled"
        );
        assert_eq!(line("v := <-results"), Wait::Receive.words());
        assert_eq!(
            Wait::Send.words_at("for x := range y {"),
            Wait::Send.words()
        );
    }

    #[test]
    fn many_alike_that_came_or_wait_for_long_are_likely_stuck() {
        let send = group("chan send", &["main.f.func1"]);
        let judge = |count, new, minutes| stuck(&send, Wait::Send, count, new, minutes);
        assert_eq!(judge(1, None, None), Stuck::Open);
        assert_eq!(judge(1, None, Some(30)), Stuck::Likely);
        assert_eq!(judge(24, None, None), Stuck::Likely);
        assert_eq!(judge(24, Some(24), None), Stuck::VeryLikely);
        assert_eq!(judge(24, None, Some(12)), Stuck::VeryLikely);
        let leaked = group("chan send (leaked)", &["main.f.func1"]);
        assert_eq!(stuck(&leaked, Wait::Send, 1, None, None), Stuck::Certain);
        let main = GoroutineGroup {
            created_by: None,
            ..group("select", &["main.main"])
        };
        assert_eq!(
            stuck(&main, Wait::Select, 1, None, Some(600)),
            Stuck::Expected
        );
    }
}
