// Command oracle says what go/parser makes of Go files, in a form that caulk-syntax can make too.
//
// It reads paths from standard input, one per line, and writes one line per file: "ok", "generic"
// (wrong only in that a method has type parameters, which Go 1.27 allows) or "error"; the hash of
// the dump of its tree. The dump is one line per node in source order: its kind, the offsets of its
// start and end, and the other positions and names that it has.
//
//	oracle             hashes of the dumps
//	oracle -dump FILE  the dump itself
//	oracle -decls      offsets of the functions and of the errors of files with errors, one file per line
//	oracle -letters    hash of which characters beyond ASCII are letters and digits
//	oracle -bench      bytes, and nanoseconds of processor time for parsing all the files, read before
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
	"unicode"
)

const mode = parser.ParseComments | parser.SkipObjectResolution | parser.AllErrors

func main() {
	dump := flag.String("dump", "", "write the dump of this file")
	decls := flag.Bool("decls", false, "write the functions of files with errors")
	letters := flag.Bool("letters", false, "hash the classes of characters")
	bench := flag.Bool("bench", false, "measure parsing")
	flag.Parse()
	switch {
	case *dump != "":
		out := bufio.NewWriter(os.Stdout)
		d := &dumper{emit: func(kind string, ints []int, name string) {
			fmt.Fprintln(out, strings.TrimRight(fmt.Sprint(kind, " ", strings.Trim(fmt.Sprint(ints), "[]"), " ", name), " "))
		}}
		src, err := os.ReadFile(*dump)
		check(err)
		file, _ := d.parse(*dump, src)
		d.dump(file, src)
		check(out.Flush())
	case *letters:
		classes()
	case *bench:
		measure(paths())
	case *decls:
		each(paths(), declarations)
	default:
		each(paths(), summary)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func paths() []string {
	var list []string
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		list = append(list, in.Text())
	}
	check(in.Err())
	return list
}

// each writes a line per path, in order.
func each(paths []string, line func(path string) string) {
	lines := make([]string, len(paths))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				lines[i] = line(paths[i])
			}
		})
	}
	for i := range paths {
		next <- i
	}
	close(next)
	workers.Wait()
	out := bufio.NewWriter(os.Stdout)
	for _, line := range lines {
		fmt.Fprintln(out, line)
	}
	check(out.Flush())
}

func summary(path string) string {
	src, err := os.ReadFile(path)
	check(err)
	hash := uint64(14695981039346656037)
	mix := func(b byte) { hash = (hash ^ uint64(b)) * 1099511628211 }
	d := &dumper{emit: func(kind string, ints []int, name string) {
		for i := range len(kind) {
			mix(kind[i])
		}
		for _, n := range ints {
			hash = (hash ^ uint64(uint32(n))) * 1099511628211
		}
		for i := range len(name) {
			mix(name[i])
		}
	}}
	file, err := d.parse(path, src)
	if err != nil {
		return class(err) + " 0"
	}
	d.dump(file, src)
	return fmt.Sprintf("ok %016x", hash)
}

func class(err error) string {
	list, ok := err.(scanner.ErrorList)
	if !ok {
		return "error"
	}
	for _, e := range list {
		if e.Msg != "method must have no type parameters" {
			return "error"
		}
	}
	return "generic"
}

// declarations lists, for a file with errors, start and end of each function, and then the offsets of
// the errors.
func declarations(path string) string {
	src, err := os.ReadFile(path)
	check(err)
	d := &dumper{}
	file, err := d.parse(path, src)
	if err == nil {
		return "ok"
	}
	var line strings.Builder
	line.WriteString("decls")
	if file != nil {
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				fmt.Fprintf(&line, " %d:%d", d.at(fn.Pos()), d.at(fn.End()))
			}
		}
	}
	line.WriteString(" errors")
	if list, ok := err.(scanner.ErrorList); ok {
		for _, e := range list {
			fmt.Fprintf(&line, " %d", e.Pos.Offset)
		}
	}
	return line.String()
}

func measure(paths []string) {
	runtime.GOMAXPROCS(1)
	var sources [][]byte
	total := 0
	for _, path := range paths {
		src, err := os.ReadFile(path)
		check(err)
		sources = append(sources, src)
		total += len(src)
	}
	best := time.Duration(1 << 62)
	for range 3 {
		runtime.GC()
		start := cpuTime()
		for _, src := range sources {
			// As in the other measurement, errors are no reason to stop.
			_, _ = parser.ParseFile(token.NewFileSet(), "x.go", src, mode)
		}
		best = min(best, cpuTime()-start)
	}
	fmt.Println(total, best.Nanoseconds())
}

func classes() {
	hash := uint64(14695981039346656037)
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if r == 0xFEFF || 0xD800 <= r && r < 0xE000 {
			continue
		}
		class := uint64(0)
		if unicode.IsLetter(r) {
			class = 3
		} else if unicode.IsDigit(r) {
			class = 1
		}
		hash = (hash ^ class) * 1099511628211
	}
	fmt.Printf("%016x\n", hash)
}

type dumper struct {
	emit func(kind string, ints []int, name string)
	file *token.File
	// Comments with carriage returns have lost them, and their length.
	hasCR bool
}

func (d *dumper) parse(path string, src []byte) (*ast.File, error) {
	fset := token.NewFileSet()
	d.hasCR = bytes.IndexByte(src, '\r') >= 0
	file, err := parser.ParseFile(fset, path, src, mode)
	if file != nil {
		d.file = fset.File(file.FileStart)
	}
	return file, err
}

// at is the offset of a position, -1 if there is none.
func (d *dumper) at(pos token.Pos) int {
	if !pos.IsValid() {
		return -1
	}
	return int(pos) - d.file.Base()
}

func (d *dumper) dump(file *ast.File, src []byte) {
	d.emit("File", []int{d.at(file.Package)}, "")
	d.ident(file.Name)
	for _, decl := range file.Decls {
		d.decl(decl)
	}
	for _, group := range file.Comments {
		for _, comment := range group.List {
			length := len(comment.Text)
			if d.hasCR {
				length = 0
			}
			d.emit("Comment", []int{d.at(comment.Slash), length}, "")
		}
	}
}

func (d *dumper) node(kind string, n ast.Node, extra ...token.Pos) {
	ints := []int{d.at(n.Pos()), d.at(n.End())}
	for _, pos := range extra {
		ints = append(ints, d.at(pos))
	}
	d.emit(kind, ints, "")
}

func (d *dumper) none() { d.emit("none", nil, "") }

func (d *dumper) list(n int) { d.emit("list", []int{n}, "") }

func (d *dumper) ident(id *ast.Ident) {
	if id == nil {
		d.none()
		return
	}
	d.emit("Ident", []int{d.at(id.Pos()), d.at(id.End())}, id.Name)
}

func (d *dumper) idents(list []*ast.Ident) {
	d.list(len(list))
	for _, id := range list {
		d.ident(id)
	}
}

func (d *dumper) literal(lit *ast.BasicLit) {
	if lit == nil {
		d.none()
		return
	}
	d.emit("BasicLit", []int{d.at(lit.Pos()), d.at(lit.End())}, lit.Kind.String())
}

// doc is where documentation starts and where its last comment does.
func (d *dumper) doc(doc *ast.CommentGroup) {
	if doc == nil {
		d.none()
		return
	}
	d.emit("doc", []int{d.at(doc.Pos()), d.at(doc.List[len(doc.List)-1].Slash)}, "")
}

func (d *dumper) decl(decl ast.Decl) {
	switch decl := decl.(type) {
	case *ast.GenDecl:
		d.genDecl(decl, true)
	case *ast.FuncDecl:
		d.node("FuncDecl", decl)
		d.doc(decl.Doc)
		d.fields(decl.Recv, false)
		d.ident(decl.Name)
		d.signature(decl.Type)
		if decl.Body == nil {
			d.none()
		} else {
			d.stmt(decl.Body)
		}
	default:
		d.node("BadDecl", decl)
	}
}

func (d *dumper) genDecl(decl *ast.GenDecl, top bool) {
	d.node("GenDecl", decl, decl.Lparen, decl.Rparen)
	if top {
		d.doc(decl.Doc)
	}
	d.emit(decl.Tok.String(), nil, "")
	d.list(len(decl.Specs))
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.ImportSpec:
			d.node("ImportSpec", spec)
			d.ident(spec.Name)
			d.literal(spec.Path)
		case *ast.ValueSpec:
			d.node("ValueSpec", spec)
			if decl.Lparen.IsValid() && top {
				d.doc(spec.Doc)
			}
			d.idents(spec.Names)
			d.expr(spec.Type)
			d.exprs(spec.Values)
		case *ast.TypeSpec:
			d.node("TypeSpec", spec, spec.Assign)
			if decl.Lparen.IsValid() && top {
				d.doc(spec.Doc)
			}
			d.ident(spec.Name)
			d.fields(spec.TypeParams, false)
			d.expr(spec.Type)
		}
	}
}

func (d *dumper) fields(list *ast.FieldList, docs bool) {
	if list == nil {
		d.none()
		return
	}
	d.emit("FieldList", []int{d.at(list.Opening), d.at(list.Closing), len(list.List)}, "")
	for _, field := range list.List {
		d.node("Field", field)
		if docs {
			d.doc(field.Doc)
		}
		d.idents(field.Names)
		d.expr(field.Type)
		d.literal(field.Tag)
	}
}

func (d *dumper) signature(typ *ast.FuncType) {
	d.node("FuncType", typ, typ.Func)
	d.fields(typ.TypeParams, false)
	d.fields(typ.Params, false)
	d.fields(typ.Results, false)
}

func (d *dumper) exprs(list []ast.Expr) {
	d.list(len(list))
	for _, x := range list {
		d.expr(x)
	}
}

func (d *dumper) expr(x ast.Expr) {
	switch x := x.(type) {
	case nil:
		d.none()
	case *ast.BadExpr:
		d.node("BadExpr", x)
	case *ast.Ident:
		d.ident(x)
	case *ast.Ellipsis:
		d.node("Ellipsis", x)
		d.expr(x.Elt)
	case *ast.BasicLit:
		d.literal(x)
	case *ast.FuncLit:
		d.node("FuncLit", x)
		d.signature(x.Type)
		d.stmt(x.Body)
	case *ast.CompositeLit:
		d.node("CompositeLit", x, x.Lbrace, x.Rbrace)
		d.expr(x.Type)
		d.exprs(x.Elts)
	case *ast.ParenExpr:
		d.node("ParenExpr", x, x.Lparen, x.Rparen)
		d.expr(x.X)
	case *ast.SelectorExpr:
		d.node("SelectorExpr", x)
		d.expr(x.X)
		d.ident(x.Sel)
	case *ast.IndexExpr:
		d.node("IndexExpr", x, x.Lbrack, x.Rbrack)
		d.expr(x.X)
		d.exprs([]ast.Expr{x.Index})
	case *ast.IndexListExpr:
		d.node("IndexExpr", x, x.Lbrack, x.Rbrack)
		d.expr(x.X)
		d.exprs(x.Indices)
	case *ast.SliceExpr:
		d.node("SliceExpr", x, x.Lbrack, x.Rbrack)
		d.expr(x.X)
		d.expr(x.Low)
		d.expr(x.High)
		d.expr(x.Max)
	case *ast.TypeAssertExpr:
		d.node("TypeAssertExpr", x, x.Lparen, x.Rparen)
		d.expr(x.X)
		d.expr(x.Type)
	case *ast.CallExpr:
		d.node("CallExpr", x, x.Lparen, x.Ellipsis, x.Rparen)
		d.expr(x.Fun)
		d.exprs(x.Args)
	case *ast.StarExpr:
		d.node("StarExpr", x)
		d.expr(x.X)
	case *ast.UnaryExpr:
		d.node("UnaryExpr", x)
		d.emit(x.Op.String(), nil, "")
		d.expr(x.X)
	case *ast.BinaryExpr:
		d.node("BinaryExpr", x, x.OpPos)
		d.emit(x.Op.String(), nil, "")
		d.expr(x.X)
		d.expr(x.Y)
	case *ast.KeyValueExpr:
		d.node("KeyValueExpr", x, x.Colon)
		d.expr(x.Key)
		d.expr(x.Value)
	case *ast.ArrayType:
		d.node("ArrayType", x)
		d.expr(x.Len)
		d.expr(x.Elt)
	case *ast.StructType:
		d.node("StructType", x)
		d.fields(x.Fields, true)
	case *ast.FuncType:
		d.signature(x)
	case *ast.InterfaceType:
		d.node("InterfaceType", x)
		d.fields(x.Methods, false)
	case *ast.MapType:
		d.node("MapType", x)
		d.expr(x.Key)
		d.expr(x.Value)
	case *ast.ChanType:
		d.node("ChanType", x, x.Arrow)
		d.emit([]string{"", "send", "recv", "both"}[x.Dir], nil, "")
		d.expr(x.Value)
	default:
		panic(fmt.Sprintf("unknown expression %T", x))
	}
}

func (d *dumper) stmts(list []ast.Stmt) {
	d.list(len(list))
	for _, s := range list {
		d.stmt(s)
	}
}

func (d *dumper) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case nil:
		d.none()
	case *ast.BadStmt:
		d.node("BadStmt", s)
	case *ast.DeclStmt:
		d.genDecl(s.Decl.(*ast.GenDecl), false)
	case *ast.EmptyStmt:
		d.node("EmptyStmt", s)
	case *ast.LabeledStmt:
		d.node("LabeledStmt", s, s.Colon)
		d.ident(s.Label)
		d.stmt(s.Stmt)
	case *ast.ExprStmt:
		d.node("ExprStmt", s)
		d.expr(s.X)
	case *ast.SendStmt:
		d.node("SendStmt", s, s.Arrow)
		d.expr(s.Chan)
		d.expr(s.Value)
	case *ast.IncDecStmt:
		d.node("IncDecStmt", s, s.TokPos)
		d.emit(s.Tok.String(), nil, "")
		d.expr(s.X)
	case *ast.AssignStmt:
		d.node("AssignStmt", s, s.TokPos)
		d.emit(s.Tok.String(), nil, "")
		d.exprs(s.Lhs)
		d.exprs(s.Rhs)
	case *ast.GoStmt:
		d.node("GoStmt", s)
		d.expr(s.Call)
	case *ast.DeferStmt:
		d.node("DeferStmt", s)
		d.expr(s.Call)
	case *ast.ReturnStmt:
		d.node("ReturnStmt", s)
		d.exprs(s.Results)
	case *ast.BranchStmt:
		d.node("BranchStmt", s)
		d.emit(s.Tok.String(), nil, "")
		d.ident(s.Label)
	case *ast.BlockStmt:
		d.node("BlockStmt", s, s.Rbrace)
		d.stmts(s.List)
	case *ast.IfStmt:
		d.node("IfStmt", s)
		d.stmt(s.Init)
		d.expr(s.Cond)
		d.stmt(s.Body)
		d.stmt(s.Else)
	case *ast.SwitchStmt:
		d.node("SwitchStmt", s)
		d.stmt(s.Init)
		d.expr(s.Tag)
		d.stmt(s.Body)
	case *ast.TypeSwitchStmt:
		d.node("TypeSwitchStmt", s)
		d.stmt(s.Init)
		d.stmt(s.Assign)
		d.stmt(s.Body)
	case *ast.CaseClause:
		d.node("CaseClause", s, s.Colon)
		d.exprs(s.List)
		d.stmts(s.Body)
	case *ast.SelectStmt:
		d.node("SelectStmt", s)
		d.stmt(s.Body)
	case *ast.CommClause:
		d.node("CommClause", s, s.Colon)
		d.stmt(s.Comm)
		d.stmts(s.Body)
	case *ast.ForStmt:
		d.node("ForStmt", s)
		d.stmt(s.Init)
		d.expr(s.Cond)
		d.stmt(s.Post)
		d.stmt(s.Body)
	case *ast.RangeStmt:
		d.node("RangeStmt", s, s.TokPos, s.Range)
		if s.TokPos.IsValid() {
			d.emit(s.Tok.String(), nil, "")
		}
		d.expr(s.Key)
		d.expr(s.Value)
		d.expr(s.X)
		d.stmt(s.Body)
	default:
		panic(fmt.Sprintf("unknown statement %T", s))
	}
}
