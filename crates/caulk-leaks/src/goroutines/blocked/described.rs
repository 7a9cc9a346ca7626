//! What is published of a blocked goroutine.

use caulk_program::SourceFile;
use caulk_syntax::Span;

use super::{Blocked, Hangs, Wait};
use crate::body::{Function, Root};
use crate::channels::made::span_of;
use crate::finding::{
    Acquisition, Confidence, ExitKind, Finding, FixTemplate, Heat, Held, Obstacle, ReleaseCall,
    Step,
};
use crate::goroutines::published::{Stuck, published};
use crate::module::Module;
use crate::place::{byte_span, location};

pub(in crate::goroutines) const RULE: &str = "blocked-goroutine";

/// What is published of a blocked goroutine.
pub(crate) fn described(
    module: &Module<'_>,
    function: &Function,
    file: &SourceFile,
    blocked: &Blocked,
    heat: Heat,
) -> (Acquisition, Finding) {
    let channel = &blocked.channel;
    // Where the goroutine is started, if that is looked at too.
    let started = blocked.started.as_ref().and_then(|started| {
        let holder = caulk_flow::file_of(module.program, started.function.typed.owner)?;
        let seen = module.program.is_asked_for(holder);
        seen.then_some((&*started.function, holder, started.go))
    });
    let (owner, at, start) = started.unwrap_or((function, file, blocked.go));
    let waits = match started {
        Some(_) => span_of(owner, start),
        None => blocked.waits,
    };
    let begun = span_of(owner, start);
    // A reader looks for the send that hangs, and a dump of goroutines names it: where the goroutine is written out, or what it runs
    // stands in the same file, that stands here. What waits for a word to end is looked for where it starts.
    let here = location(module.program, at, begun);
    let written_here = match &blocked.within {
        Some(within) => {
            let around = here.span.start <= within.span.start && within.span.end <= here.span.end;
            within.file == here.file && !around
        }
        None => begun.encloses(waits) && waits != begun,
    };
    let hangs_here = started.is_none() && blocked.wait.hangs() == Hangs::Sends && written_here;
    let path = vec![
        Step {
            location: match &blocked.within {
                Some(within) => within.clone(),
                None => location(module.program, at, one_line(at, waits)),
            },
            note: blocked.hanging(),
        },
        Step {
            location: location(module.program, file, one_line(file, blocked.leaves)),
            note: match blocked.wait {
                Wait::Receive | Wait::Held => format!("leaves senders on {channel} behind"),
                Wait::Untold => {
                    format!("looks whether it is to end, as those do that receive from {channel}")
                }
                Wait::Unasked => {
                    format!("given a context, at whose end nobody receives from {channel} any more")
                }
                Wait::Abandoned | Wait::Stranded => {
                    format!("those that receive from {channel} leave when they are told to end")
                }
                Wait::Asked => {
                    format!("methods receive from {channel}, as often as others call them")
                }
                Wait::Unsignalled => format!("nothing sends on {channel} or closes it"),
                Wait::Unclosed | Wait::Fed => format!("nothing closes {channel}"),
                Wait::Failing => {
                    format!("the release returns an error before it closes {channel}")
                }
                Wait::Failed => format!("gives no {channel} when it fails"),
                Wait::Unanswered => {
                    format!("the goroutine that sends on {channel} may end without")
                }
                Wait::Polls => format!("leaves without waiting for {channel} any longer"),
                Wait::Itself => "which waits for this goroutine to end".to_owned(),
                Wait::Outlived | Wait::Lingers => {
                    format!("leaves the goroutine to wait for {channel}")
                }
                Wait::Gathered => "whose next turn starts another".to_owned(),
                Wait::Close | Wait::Signal | Wait::Lasting => {
                    format!("leaves without closing {channel}")
                }
            },
        },
    ];
    let stuck = Stuck {
        rule: RULE,
        location: here,
        hangs_here,
        start,
        root: owner.root_of(start),
        variable: channel.clone(),
        release: match blocked.wait.hangs() {
            Hangs::Sends => format!("receive from {channel}"),
            Hangs::Calls => "return".to_owned(),
            // Nothing closes the channel of a call that has failed.
            Hangs::Ranges if blocked.wait == Wait::Failed => "return".to_owned(),
            Hangs::Ranges | Hangs::Waits => format!("close({channel})"),
        },
        message: match blocked.wait {
            Wait::Receive => {
                format!("goroutine blocks for ever on {channel} <- when nobody receives")
            }
            Wait::Held => {
                format!(
                    "goroutine blocks until its owner ends on {channel} <- when nobody receives"
                )
            }
            Wait::Close => {
                format!("goroutine ranges for ever over {channel} when nobody closes it")
            }
            Wait::Unclosed => {
                format!("goroutine ranges for ever over {channel}, which nothing closes")
            }
            Wait::Failed => {
                format!(
                    "goroutine ranges for ever over {channel} when the call fails that gives it"
                )
            }
            Wait::Untold => {
                format!(
                    "goroutine is told to end where it waits, and not where it sends on {channel}"
                )
            }
            Wait::Unasked => {
                format!(
                    "goroutine does not look, where it sends on {channel}, at the context that its caller gives"
                )
            }
            Wait::Abandoned => {
                format!(
                    "goroutine blocks for ever on {channel} <- when those that receive were told to end"
                )
            }
            Wait::Asked => {
                format!("goroutine blocks for ever on {channel} <- when its value is asked no more")
            }
            Wait::Stranded => {
                format!(
                    "caller blocks for ever on {channel} <- when those that receive were told to end"
                )
            }
            Wait::Unanswered => {
                format!(
                    "caller waits for ever for {channel} when the goroutine that sends ends without"
                )
            }
            Wait::Itself => {
                format!("goroutine waits for its own end in {channel}")
            }
            Wait::Outlived => {
                format!(
                    "goroutine goes on waiting for {channel} when its starter has released what it guards"
                )
            }
            Wait::Polls => {
                format!("goroutine asks on for ever when nobody waits for {channel} any longer")
            }
            Wait::Lingers => {
                format!(
                    "goroutine goes on waiting for {channel} when its starter, for which it works, has come back"
                )
            }
            Wait::Gathered => {
                format!("each turn of the loop leaves a goroutine that waits for {channel}")
            }
            Wait::Unsignalled | Wait::Fed => {
                format!("goroutine waits for ever for {channel}, which nothing closes")
            }
            Wait::Signal => {
                format!("goroutine waits for ever for {channel} when nobody closes it")
            }
            Wait::Failing => {
                format!(
                    "goroutine waits for ever for {channel} when the release fails before it closes that"
                )
            }
            Wait::Lasting => {
                format!("goroutine waits until its owner ends when nobody closes {channel}")
            }
        },
        confidence: match blocked.wait {
            Wait::Untold
            | Wait::Unasked
            | Wait::Abandoned
            | Wait::Asked
            | Wait::Stranded
            | Wait::Unsignalled
            | Wait::Unanswered
            | Wait::Itself
            | Wait::Lasting
            | Wait::Held
            | Wait::Unclosed
            | Wait::Fed
            | Wait::Failed
            | Wait::Failing
            | Wait::Lingers
            | Wait::Polls
            | Wait::Outlived => Confidence::Likely,
            Wait::Receive | Wait::Close | Wait::Signal | Wait::Gathered => Confidence::Certain,
        },
        path,
        fix: match started {
            Some(_) => FixTemplate {
                statement: byte_span(waits),
                after: byte_span(waits),
                losing_exits: Vec::new(),
                ..fix(owner, owner.root_of(start), blocked)
            },
            None => fix(owner, owner.root_of(start), blocked),
        },
    };
    published(module, owner, stuck, heat)
}

impl Blocked {
    /// What it does where it hangs.
    fn hanging(&self) -> String {
        let channel = &self.channel;
        match self.wait.hangs() {
            Hangs::Sends => format!("sends on {channel}"),
            Hangs::Calls if self.wait == Wait::Polls => "asks again and again".to_owned(),
            Hangs::Calls => format!("calls {channel}"),
            Hangs::Ranges => format!("ranges over {channel}"),
            Hangs::Waits => format!("waits for {channel}"),
        }
    }
}

/// The release of a blocked send is room for it: the channel's `make` gets a capacity.
fn fix(function: &Function, root: Root, blocked: &Blocked) -> FixTemplate {
    FixTemplate {
        release: ReleaseCall::default(),
        held: Held::Place(blocked.channel.clone()),
        result: (0, 0),
        error_result: None,
        error_variable: None,
        statement: byte_span(blocked.made),
        after: byte_span(blocked.made),
        body: function
            .graph(root)
            .map(|graph| byte_span(function.tree().stmt(graph.body).span))
            .unwrap_or_default(),
        in_loop: !blocked.single_send,
        test_variable: None,
        losing_exits: vec![crate::finding::Exit {
            span: byte_span(blocked.leaves),
            kind: ExitKind::End,
            with_error: false,
            failing_call: false,
        }],
        handed_on: false,
        handed_on_at: Vec::new(),
        releases: Vec::new(),
        may_release: Vec::new(),
        keeper: None,
        obstacles: match blocked.wait {
            Wait::Receive => Vec::new(),
            Wait::Failed => vec![Obstacle {
                span: byte_span(blocked.waits),
                why: "the goroutine is to be started behind the look at the error".to_owned(),
            }],
            Wait::Itself => vec![Obstacle {
                span: byte_span(blocked.waits),
                why: "the goroutine has to end without waiting for itself".to_owned(),
            }],
            Wait::Held
            | Wait::Untold
            | Wait::Unasked
            | Wait::Abandoned
            | Wait::Asked
            | Wait::Stranded
            | Wait::Outlived
            | Wait::Lingers
            | Wait::Polls
            | Wait::Gathered => vec![Obstacle {
                span: byte_span(blocked.waits),
                why: "the goroutine needs another way to be told to end: a channel that is closed, or a context".to_owned(),
            }],
            Wait::Close
            | Wait::Unclosed
            | Wait::Fed
            | Wait::Signal
            | Wait::Failing
            | Wait::Lasting
            | Wait::Unsignalled
            | Wait::Unanswered => vec![Obstacle {
                span: byte_span(blocked.waits),
                why: "who closes the channel is for its senders to decide: close it behind the last send, or let the goroutine watch a context too".to_owned(),
            }],
        },
    }
}

/// The first line of a place.
fn one_line(file: &SourceFile, span: Span) -> Span {
    let text = file.bytes();
    let text = span.of(&text);
    let len = text
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(text.len());
    Span::new(span.start, span.start + u32::try_from(len).unwrap_or(0))
}
