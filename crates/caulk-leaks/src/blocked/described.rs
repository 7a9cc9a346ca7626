//! What is published of a blocked goroutine.

use caulk_flow::symbol_of;
use caulk_program::SourceFile;
use caulk_syntax::Span;

use super::channel::span_of;
use super::{Blocked, Wait};
use crate::engine::Function;
use crate::finding::{
    Acquisition, Confidence, ContractSource, ExitKind, Finding, FixTemplate, Harm, Heat, Held,
    Obstacle, Outcome, ReleaseCall, Resource, Step,
};
use crate::module::Module;
use crate::report::{byte_span, location, severity};

const RULE: &str = "blocked-goroutine";

/// What is published of a blocked goroutine.
pub(crate) fn described(
    module: &Module<'_>,
    function: &Function,
    file: &SourceFile,
    blocked: &Blocked,
    heat: Heat,
) -> (Acquisition, Option<Finding>) {
    let tree = function.tree();
    let at = location(module, file, span_of(function, blocked.go));
    let harm = Harm {
        goroutines: true,
        memory: true,
        ..Harm::default()
    };
    let resource = Resource {
        type_name: "goroutine".to_owned(),
        acquired_by: "go".to_owned(),
        release: match blocked.wait {
            Wait::Receive => format!("receive from {}", blocked.channel),
            Wait::Close | Wait::Signal => format!("close({})", blocked.channel),
        },
        variable: Some(blocked.channel.clone()),
        contract_from: ContractSource::Source,
        harm,
        cost: "1 goroutine, its stack, and all that it can reach".to_owned(),
    };

    let path = vec![
        Step {
            location: location(module, file, one_line(file, blocked.waits)),
            note: match blocked.wait {
                Wait::Receive => format!("sends on {}", blocked.channel),
                Wait::Close => format!("ranges over {}", blocked.channel),
                Wait::Signal => format!("waits for {}", blocked.channel),
            },
        },
        Step {
            location: location(module, file, one_line(file, blocked.leaves)),
            note: match blocked.wait {
                Wait::Receive => format!("leaves senders on {} behind", blocked.channel),
                Wait::Close | Wait::Signal => format!("leaves without closing {}", blocked.channel),
            },
        },
    ];
    let in_loop = function.in_loop(blocked.go);
    let symbol = symbol_of(module.program, &function.typed, blocked.root);
    let acquisition = Acquisition {
        location: at.clone(),
        resource: resource.clone(),
        rule: RULE,
        function: symbol.clone(),
        heat,
        in_loop,
        outcome: Outcome::Owed(path.clone()),
    };
    let finding = Finding {
        rule: RULE,
        severity: severity(harm, heat, in_loop),
        confidence: Confidence::Certain,
        message: match blocked.wait {
            Wait::Receive => {
                format!(
                    "goroutine blocks for ever on {} <- when nobody receives",
                    blocked.channel
                )
            }
            Wait::Close => {
                format!(
                    "goroutine ranges for ever over {} when nobody closes it",
                    blocked.channel
                )
            }
            Wait::Signal => {
                format!(
                    "goroutine waits for ever for {} when nobody closes it",
                    blocked.channel
                )
            }
        },
        identity: crate::fingerprint::identity(module, function, RULE, "go", &blocked.channel),
        fingerprint: String::new(),
        location: at,
        resource,
        path,
        function: symbol,
        heat,
        fix: FixTemplate {
            // The release of a blocked send is room for it: the channel's `make` gets a capacity.
            release: ReleaseCall::default(),
            held: Held::Place(blocked.channel.clone()),
            error_variable: None,
            statement: byte_span(blocked.made),
            after: byte_span(blocked.made),
            body: function
                .graph(blocked.root)
                .map(|graph| byte_span(tree.stmt(graph.body).span))
                .unwrap_or_default(),
            in_loop: !blocked.single_send,
            test_variable: None,
            losing_exits: vec![crate::finding::Exit {
                span: byte_span(blocked.leaves),
                kind: ExitKind::End,
                with_error: false,
            }],
            handed_on: false,
            releases: Vec::new(),
            obstacles: match blocked.wait {
                Wait::Receive => Vec::new(),
                Wait::Close | Wait::Signal => vec![Obstacle {
                    span: byte_span(blocked.waits),
                    why: "who closes the channel is for its senders to decide".to_owned(),
                }],
            },
        },
    };
    (acquisition, Some(finding))
}

/// The first line of a place.
fn one_line(file: &SourceFile, span: Span) -> Span {
    let text = span.of(&file.bytes);
    let len = text
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(text.len());
    Span::new(span.start, span.start + u32::try_from(len).unwrap_or(0))
}
