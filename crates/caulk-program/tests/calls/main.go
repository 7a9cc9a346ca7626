// Command calls prints, for every call in the given packages and their tests, whom it calls and what it yields, as go/types sees it.
//
// Usage: calls DIR PATTERN...
//
// Each line holds, separated by tabs: file, offset of the call's first byte, offset just past its last, kind of callee,
// its canonical name, type of the call.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
)

type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	CgoFiles   []string
	ImportMap  map[string]string
	DepOnly    bool
}

type loader struct {
	fset     *token.FileSet
	listed   map[string]*listed
	packages map[string]*types.Package
	out      *bufio.Writer
}

type importer struct {
	l    *loader
	from *listed
}

func (i importer) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if mapped, ok := i.from.ImportMap[path]; ok {
		path = mapped
	}
	return i.l.load(path)
}

func (l *loader) load(path string) (*types.Package, error) {
	if pkg, ok := l.packages[path]; ok {
		if pkg == nil {
			return nil, fmt.Errorf("no package %s", path)
		}
		return pkg, nil
	}
	l.packages[path] = nil
	p := l.listed[path]
	if p == nil {
		return nil, fmt.Errorf("no package %s", path)
	}
	var files []*ast.File
	for _, name := range append(append([]string{}, p.GoFiles...), p.CgoFiles...) {
		f, err := parser.ParseFile(l.fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if f == nil {
			log.Print(err)
			continue
		}
		files = append(files, f)
	}
	info := &types.Info{
		Types:      map[ast.Expr]types.TypeAndValue{},
		Uses:       map[*ast.Ident]types.Object{},
		Defs:       map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	conf := types.Config{
		IgnoreFuncBodies: p.DepOnly,
		FakeImportC:      true,
		Importer:         importer{l, p},
		Sizes:            types.SizesFor("gc", runtime.GOARCH),
		Error:            func(error) {},
	}
	// A package built for a test is listed as "path [path.test]".
	plain, _, _ := strings.Cut(path, " ")
	pkg, _ := conf.Check(plain, l.fset, files, info)
	l.packages[path] = pkg
	if !p.DepOnly {
		v := visitor{l, pkg, info, receiverParams(info)}
		for _, f := range files {
			for _, decl := range f.Decls {
				v.bodies(decl)
			}
		}
	}
	return pkg, nil
}

// receiverParams names the type parameters of receivers as their types declare them.
func receiverParams(info *types.Info) map[*types.TypeParam]string {
	names := map[*types.TypeParam]string{}
	for _, obj := range info.Defs {
		fn, ok := obj.(*types.Func)
		if !ok {
			continue
		}
		sig := fn.Type().(*types.Signature)
		if sig.Recv() == nil || sig.RecvTypeParams().Len() == 0 {
			continue
		}
		named := receiverNamed(sig.Recv().Type())
		if named == nil {
			continue
		}
		for i := range sig.RecvTypeParams().Len() {
			names[sig.RecvTypeParams().At(i)] = named.Origin().TypeParams().At(i).Obj().Name()
		}
	}
	return names
}

func receiverNamed(t types.Type) *types.Named {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	n, _ := t.(*types.Named)
	return n
}

type visitor struct {
	l      *loader
	pkg    *types.Package
	info   *types.Info
	params map[*types.TypeParam]string
}

// bodies visits functions and the values of variables; what else has calls (lengths of arrays) is constant.
func (v visitor) bodies(decl ast.Decl) {
	d, ok := decl.(*ast.GenDecl)
	if !ok {
		ast.Inspect(decl, v.visit)
		return
	}
	for _, spec := range d.Specs {
		if spec, ok := spec.(*ast.ValueSpec); ok && d.Tok == token.VAR && len(spec.Values) > 0 {
			ast.Inspect(spec, v.visit)
		}
	}
}

func (v visitor) visit(n ast.Node) bool {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return true
	}
	kind, name := v.callee(call)
	start := v.l.fset.PositionFor(call.Pos(), false)
	end := v.l.fset.PositionFor(call.End(), false)
	result := "invalid"
	if tv, ok := v.info.Types[call]; ok && tv.Type != nil {
		result = v.typ(tv.Type)
		if tv.IsVoid() {
			result = "()"
		}
	}
	fmt.Fprintf(v.l.out, "%s\t%d\t%d\t%s\t%s\t%s\n", start.Filename, start.Offset, end.Offset, kind, name, result)
	return true
}

func (v visitor) callee(call *ast.CallExpr) (kind, name string) {
	fun := ast.Unparen(call.Fun)
	if tv, ok := v.info.Types[fun]; ok {
		if tv.IsType() {
			return "conversion", ""
		}
		if tv.IsBuiltin() {
			return "builtin", ""
		}
	}
	switch x := fun.(type) {
	case *ast.IndexExpr:
		if v.isGeneric(x.X) {
			fun = ast.Unparen(x.X)
		}
	case *ast.IndexListExpr:
		fun = ast.Unparen(x.X)
	}
	var obj types.Object
	methodExpr := false
	switch x := fun.(type) {
	case *ast.Ident:
		obj = v.info.Uses[x]
	case *ast.SelectorExpr:
		if sel := v.info.Selections[x]; sel != nil {
			obj = sel.Obj()
			methodExpr = sel.Kind() == types.MethodExpr
		} else {
			obj = v.info.Uses[x.Sel]
		}
	case *ast.FuncLit:
		return "literal", ""
	}
	switch obj := obj.(type) {
	case *types.Func:
		return v.fn(obj.Origin(), methodExpr)
	case *types.Var:
		switch {
		case obj.IsField():
			return "field", obj.Name()
		case obj.Pkg() != nil && obj.Parent() == obj.Pkg().Scope():
			return "pkgvar", obj.Pkg().Path() + "." + obj.Name()
		default:
			return "local", obj.Name()
		}
	}
	if obj == nil {
		if _, ok := fun.(*ast.SelectorExpr); ok {
			return "invalid", ""
		}
		if _, ok := fun.(*ast.Ident); ok {
			return "invalid", ""
		}
	}
	return "value", ""
}

func (v visitor) isGeneric(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		_, ok := v.info.Uses[x].(*types.Func)
		return ok
	case *ast.SelectorExpr:
		_, ok := v.info.Uses[x.Sel].(*types.Func)
		return ok
	}
	return false
}

func (v visitor) fn(f *types.Func, methodExpr bool) (kind, name string) {
	path := ""
	if f.Pkg() != nil {
		path = f.Pkg().Path() + "."
	}
	recv := f.Type().(*types.Signature).Recv()
	if recv == nil {
		return "func", path + f.Name()
	}
	named := receiverNamed(recv.Type())
	kind = "method"
	if types.IsInterface(recv.Type()) {
		kind = "interface"
	}
	if methodExpr {
		kind = "func"
	}
	if named == nil {
		return kind, f.Name()
	}
	return kind, path + named.Obj().Name() + "." + f.Name()
}

// typ writes a type as caulk does: full package paths, no aliases, no names of parameters, no lengths of arrays.
func (v visitor) typ(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		switch t.Kind() {
		case types.Invalid:
			return "invalid"
		case types.Uint8:
			return "uint8"
		case types.Int32:
			return "int32"
		}
		if t.Kind() == types.UnsafePointer {
			return "unsafe.Pointer"
		}
		return t.Name()
	case *types.Named:
		s := t.Obj().Name()
		if t.Obj().Pkg() != nil {
			s = t.Obj().Pkg().Path() + "." + s
		}
		if t.TypeArgs().Len() > 0 {
			var args []string
			for i := range t.TypeArgs().Len() {
				args = append(args, v.typ(t.TypeArgs().At(i)))
			}
			s += "[" + strings.Join(args, ",") + "]"
		}
		return s
	case *types.Pointer:
		return "*" + v.typ(t.Elem())
	case *types.Slice:
		return "[]" + v.typ(t.Elem())
	case *types.Array:
		return "[_]" + v.typ(t.Elem())
	case *types.Map:
		return "map[" + v.typ(t.Key()) + "]" + v.typ(t.Elem())
	case *types.Chan:
		elem := v.typ(t.Elem())
		switch t.Dir() {
		case types.SendOnly:
			return "chan<- " + elem
		case types.RecvOnly:
			return "<-chan " + elem
		}
		if strings.HasPrefix(elem, "<-") {
			elem = "(" + elem + ")"
		}
		return "chan " + elem
	case *types.Signature:
		return "func" + v.signature(t)
	case *types.Struct:
		var fields []string
		for i := range t.NumFields() {
			f := t.Field(i)
			if f.Embedded() {
				fields = append(fields, v.typ(f.Type()))
			} else {
				fields = append(fields, f.Name()+" "+v.typ(f.Type()))
			}
		}
		return "struct{" + strings.Join(fields, "; ") + "}"
	case *types.Interface:
		if t.NumExplicitMethods() == 0 && t.NumEmbeddeds() == 0 {
			return "any"
		}
		var parts []string
		for i := range t.NumExplicitMethods() {
			m := t.ExplicitMethod(i)
			parts = append(parts, m.Name()+v.signature(m.Type().(*types.Signature)))
		}
		sort.Strings(parts)
		for i := range t.NumEmbeddeds() {
			parts = append(parts, v.typ(t.EmbeddedType(i)))
		}
		return "interface{" + strings.Join(parts, "; ") + "}"
	case *types.Union:
		var terms []string
		for i := range t.Len() {
			term := v.typ(t.Term(i).Type())
			if t.Term(i).Tilde() {
				term = "~" + term
			}
			terms = append(terms, term)
		}
		return strings.Join(terms, " | ")
	case *types.Tuple:
		return "(" + v.tuple(t, false) + ")"
	case *types.TypeParam:
		if name, ok := v.params[t]; ok {
			return name
		}
		return t.Obj().Name()
	}
	return t.String()
}

func (v visitor) tuple(t *types.Tuple, variadic bool) string {
	var list []string
	for i := range t.Len() {
		typ := t.At(i).Type()
		s := v.typ(typ)
		if variadic && i == t.Len()-1 {
			s = "..." + strings.TrimPrefix(s, "[]")
		}
		list = append(list, s)
	}
	return strings.Join(list, ", ")
}

func (v visitor) signature(t *types.Signature) string {
	s := "(" + v.tuple(t.Params(), t.Variadic()) + ")"
	switch t.Results().Len() {
	case 0:
	case 1:
		s += " " + v.typ(t.Results().At(0).Type())
	default:
		s += " (" + v.tuple(t.Results(), false) + ")"
	}
	return s
}

func main() {
	log.SetFlags(0)
	dir, patterns := os.Args[1], os.Args[2:]
	args := append([]string{"list", "-e", "-test", "-deps", "-json=ImportPath,Dir,GoFiles,CgoFiles,ImportMap,DepOnly", "--"}, patterns...)
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	list, err := cmd.Output()
	if err != nil {
		log.Fatal(err)
	}
	l := &loader{token.NewFileSet(), map[string]*listed{}, map[string]*types.Package{}, bufio.NewWriter(os.Stdout)}
	var roots []string
	for dec := json.NewDecoder(strings.NewReader(string(list))); ; {
		p := new(listed)
		if err := dec.Decode(p); err == io.EOF {
			break
		} else if err != nil {
			log.Fatal(err)
		}
		l.listed[p.ImportPath] = p
		if !p.DepOnly && !strings.HasSuffix(p.ImportPath, ".test") {
			roots = append(roots, p.ImportPath)
		}
	}
	for _, path := range roots {
		if _, err := l.load(path); err != nil {
			log.Print(err)
		}
	}
	if err := l.out.Flush(); err != nil {
		log.Fatal(err)
	}
}
