//! The routes of small programs and of the examples.

mod common;

use caulk_flow::routes;
use caulk_program::Program;

/// `METHOD host path handler` for each route, absent parts as `-`.
fn told(program: &Program) -> Vec<String> {
    routes(program)
        .iter()
        .map(|route| {
            let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_owned());
            let method = part(&route.method);
            let (host, handler) = (part(&route.host), part(&route.handler));
            format!("{method} {host} {} {handler}", route.pattern)
        })
        .collect()
}

#[test]
fn net_http_with_methods_hosts_and_constants() {
    let program = common::program(&[
        (
            "main.go",
            r#"package main

import (
	"net/http"

	"m/paths"
)

const base = "/v0"

type server struct{ mux *http.ServeMux }

type page struct{}

func (page) ServeHTTP(w http.ResponseWriter, r *http.Request) {}

func (s *server) cron(w http.ResponseWriter, r *http.Request) {}

func logged(name func() string, next http.Handler) http.Handler { return next }

func (s *server) handle(pattern string, h http.HandlerFunc) { s.mux.Handle(pattern, h) }

func main() {
	s := &server{mux: http.NewServeMux()}
	s.mux.HandleFunc("POST "+base+"/cron", s.cron)
	s.mux.Handle("GET example.com/", logged(name, http.HandlerFunc(s.cron)))
	s.mux.Handle(paths.Pages, page{})
	s.handle("PUT /own", s.cron)
	http.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {})
	http.HandleFunc(name(), s.cron)
	http.Handle("/sub/", http.NewServeMux())
}

func name() string { return "/computed" }
"#,
        ),
        (
            "paths/paths.go",
            "package paths\nconst root = `/pages`\nconst Pages = root + \"/\"\n",
        ),
        (
            "main_test.go",
            "package main\nimport \"net/http\"\nfunc fake() { http.HandleFunc(\"/fake\", nil) }\n",
        ),
    ]);
    assert_eq!(
        told(&program),
        [
            "POST - /v0/cron main.(*server).cron",
            "GET example.com / main.(*server).cron",
            "- - /pages/ main.page.ServeHTTP",
            "PUT - /own main.(*server).cron",
            "- - /healthz main.main.func1",
            "- - /sub/ -",
        ]
    );
    let lines: Vec<u32> = routes(&program).iter().map(|route| route.line).collect();
    assert_eq!(lines, [25, 26, 27, 28, 29, 31]);
}

#[test]
fn groups_of_chi() {
    let program = common::program(&[(
        "main.go",
        r#"package main

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

func h(w http.ResponseWriter, r *http.Request) {}

func main() {
	r := chi.NewRouter()
	r.Get("/", h)
	r.With(nil).Post("/items", h)
	r.Route("/api", func(r chi.Router) {
		r.Method(http.MethodPut, "/items/{id}", http.HandlerFunc(h))
		r.Route("/users", users)
		r.Group(func(r chi.Router) { r.HandleFunc("/grouped", h) })
	})
}

func users(r chi.Router) {
	r.Delete("/{name}", h)
}
"#,
    )]);
    assert_eq!(
        told(&program),
        [
            "GET - / main.h",
            "POST - /items main.h",
            "PUT - /api/items/{id} main.h",
            "- - /api/grouped main.h",
            "DELETE - /api/users/{name} main.h",
        ]
    );
}

#[test]
fn chains_of_gorilla() {
    let program = common::program(&[(
        "main.go",
        r#"package main

import (
	"net/http"

	"github.com/gorilla/mux"
)

func h(w http.ResponseWriter, r *http.Request) {}

func build(r *mux.Router) {
	r.HandleFunc("/items", h).Methods("GET", http.MethodPut).Name("items")
	api := r.PathPrefix("/api").Subrouter()
	api.Handle("/x", http.HandlerFunc(h))
	api.Methods("DELETE").Path("/y").HandlerFunc(h)
}

func main() { build(mux.NewRouter()) }
"#,
    )]);
    assert_eq!(
        told(&program),
        [
            "GET - /items main.h",
            "PUT - /items main.h",
            "- - /api/x main.h",
            "DELETE - /api/y main.h",
        ]
    );
}

#[test]
fn gin_echo_fiber_and_httprouter() {
    let program = common::program(&[
        (
            "gin/gin.go",
            r#"package web

import "github.com/gin-gonic/gin"

func auth(c *gin.Context) { c.Get("/user") }

func list(c *gin.Context) {}

func Engine(prefix string) {
	r := gin.Default()
	v1 := r.Group("/v1", auth)
	v1.GET("/items/:id", auth, list)
	v1.Any("items", list)
	r.Group(prefix).POST("/unknown", list)
}
"#,
        ),
        (
            "echo/echo.go",
            r#"package web

import "github.com/labstack/echo/v4"

func list(c echo.Context) error { return nil }

func limit(next echo.HandlerFunc) echo.HandlerFunc { return next }

func Routes(e *echo.Echo) {
	e.GET("/a", list, limit)
	e.Group("/g").Add("PATCH", "/b", list)
}
"#,
        ),
        (
            "fiber/fiber.go",
            r#"package web

import "github.com/gofiber/fiber/v2"

func Routes() {
	app := fiber.New()
	app.Get("/a", func(c *fiber.Ctx) error { return c.Next() })
	app.All("/b", list)
}

func list(c *fiber.Ctx) error { return nil }
"#,
        ),
        (
            "router/router.go",
            r#"package web

import "github.com/julienschmidt/httprouter"

func Routes(h httprouter.Handle) {
	r := httprouter.New()
	r.GET("/a/*rest", h)
	r.Handle("POST", "/b", h)
	cache := map[string]int{}
	_ = cache
}
"#,
        ),
    ]);
    assert_eq!(
        told(&program),
        [
            "GET - /a m/echo.list",
            "PATCH - /g/b m/echo.list",
            "GET - /a m/fiber.Routes.func1",
            "- - /b m/fiber.list",
            "GET - /v1/items/:id m/gin.list",
            "- - /v1/items m/gin.list",
            "GET - /a/*rest -",
            "POST - /b -",
        ]
    );
}

#[test]
fn routes_of_the_examples() {
    assert_eq!(
        told(&common::example("secret-proxy")),
        [
            "GET - /healthz example.com/secret-proxy/internal/server.(*Server).health",
            "POST - /v0/cron example.com/secret-proxy/internal/server.(*Server).cron",
            "POST - /v0/run example.com/secret-proxy/internal/server.(*Server).run",
        ]
    );
    for (name, count) in [
        ("feed-reader", 4),
        ("job-queue", 3),
        ("session-store", 4),
        ("warm-cache", 3),
    ] {
        let found = routes(&common::example(name));
        assert_eq!(found.len(), count, "{name}: {found:?}");
    }
}
