//! Which functions answer requests, as their parameters tell.

use caulk_program::{LocalId, Program, Type, TypeId, TypedBody};
use caulk_syntax::ExprId;

/// Whether a literal has the parameters of a handler of requests.
pub(crate) fn is_handler_literal(program: &Program, body: &TypedBody, literal: ExprId) -> bool {
    body.info
        .literal(literal)
        .is_some_and(|literal| is_handler(program, body, &literal.params, &literal.results))
}

/// Types that frameworks give to handlers.
const REQUEST_TYPES: &[&str] = &[
    "github.com/gin-gonic/gin.Context",
    "github.com/labstack/echo.Context",
    "github.com/labstack/echo/v4.Context",
    "github.com/gofiber/fiber.Ctx",
    "github.com/gofiber/fiber/v2.Ctx",
    "github.com/gofiber/fiber/v3.Ctx",
    "github.com/valyala/fasthttp.RequestCtx",
    "github.com/kataras/iris/v12.Context",
    "github.com/cloudevents/sdk-go/v2/event.Event",
];

pub(crate) fn is_handler(
    program: &Program,
    body: &TypedBody,
    params: &[LocalId],
    results: &[LocalId],
) -> bool {
    let types = |locals: &[LocalId]| -> Vec<TypeId> {
        locals
            .iter()
            .filter_map(|local| body.info.local_info(*local))
            .map(|local| local.ty)
            .collect()
    };
    let names: Vec<String> = types(params)
        .into_iter()
        .filter_map(|ty| program.named_name(ty))
        .collect();
    let has = |name: &str| names.iter().any(|known| known == name);
    if has("net/http.ResponseWriter") && has("net/http.Request")
        || names
            .iter()
            .any(|name| REQUEST_TYPES.contains(&name.as_str()))
    {
        return true;
    }
    // A method of a gRPC service: `(ctx, *pb.Request) (*pb.Response, error)`, or a stream.
    let message = |ty: &TypeId| {
        matches!(program.ty(*ty), Type::Pointer(_))
            && program
                .named_of(*ty)
                .is_some_and(|named| is_message_package(&named.package))
    };
    let (params, results) = (types(params), types(results));
    let unary = names.first().is_some_and(|name| name == "context.Context")
        && params.get(1).is_some_and(message)
        && results.len() == 2
        && results.first().is_some_and(message);
    let stream = names
        .iter()
        .any(|name| name.ends_with("Server") && name.contains('_'))
        && results.len() == 1;
    unary || stream
}

fn is_message_package(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or(path);
    last.ends_with("pb")
        || last.ends_with("proto")
        || path.contains("/genproto/")
        || path.contains("/proto/")
}
