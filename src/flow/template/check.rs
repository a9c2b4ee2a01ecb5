//! One walk over a parsed template: refuses what is not offered, collects what is read and whether its absence is handled, finds
//! secrets, and rewrites `a.b.c is defined` and `a.b.c | default(…)` so that any part of the path may be absent.
//!
//! A template's growth is bounded here: `~`, and `+` and `*` of what may be text, stand only where they are evaluated once.

use std::ops::Range;
use std::sync::Arc;

use minijinja::machinery::ast::{BinOpKind, CallArg, Expr, Stmt, UnaryOpKind};
use minijinja::machinery::{Span, Token, parse, parse_expr, tokenize};

use super::Error;
use super::engine::{FILTERS, MORE_FILTERS, REFUSED_TESTS, syntax};
use super::scope::probe_name;
use crate::flow::lookup::Path;
use crate::flow::names::Reference;
use crate::limits::{EXPRESSION_TOKENS_MAX, TEMPLATE_BYTES_MAX};

/// Operators in one template that may join texts.
const JOINS_MAX: usize = 16;
/// Stack for parsing; the parser allows 150 levels, and a tag 400 tokens.
const STACK_BYTES: usize = 32 << 20;

/// What the walk found.
pub(super) struct Checked {
    /// The source to compile.
    pub rewritten: String,
    pub references: Vec<Reference>,
    /// What must be fetched.
    pub paths: Vec<Path>,
    /// The paths behind the variables that the rewriting put in.
    pub probes: Arc<[Path]>,
    pub shape: Shape,
}

/// What a template is as a whole.
pub(super) enum Shape {
    /// Text without tags.
    Fixed,
    /// Exactly one `{{ path }}`.
    Path(Path),
    /// Exactly one `{{ … }}`.
    Expression,
    /// A fixed prefix and one `{{ secret.NAME }}`.
    Secret {
        prefix: String,
        secret: String,
    },
    Mixed,
}

pub(super) fn check(source: &str) -> Result<Checked, Error> {
    if source.len() > TEMPLATE_BYTES_MAX {
        return Err(Error::Limit("template bytes"));
    }
    short_tags(source)?;
    stacker::grow(STACK_BYTES, || {
        let tree = parse(source, "template", syntax()).map_err(|error| Error::Syntax(super::described(&error)))?;
        let Stmt::Template(template) = &tree else {
            return Err(Error::Syntax("it is no template".to_owned()));
        };
        if let Some((prefix, secret)) = secret_of(&template.children) {
            let shape = Shape::Secret { prefix, secret };
            return Ok(Checked { rewritten: String::new(), references: Vec::new(), paths: Vec::new(), probes: Arc::from([]), shape });
        }
        let mut walk = Walk { source, ..Walk::default() };
        walk.stmts(&template.children)?;
        let shape = shape_of(&template.children);
        Ok(walk.finish(shape))
    })
}

/// The parser and the compiler recurse over a tag's tokens.
fn short_tags(source: &str) -> Result<(), Error> {
    let mut tokens = 0;
    for token in tokenize(source, false, syntax()) {
        match token.map_err(|error| Error::Syntax(super::described(&error)))? {
            (Token::TemplateData(_) | Token::VariableStart | Token::BlockStart, _) => tokens = 0,
            _ => tokens += 1,
        }
        if tokens > EXPRESSION_TOKENS_MAX {
            return Err(Error::Limit("the length of a tag; split it over `set` steps"));
        }
    }
    Ok(())
}

fn shape_of(children: &[Stmt<'_>]) -> Shape {
    match children {
        [] | [Stmt::EmitRaw(_)] => Shape::Fixed,
        [Stmt::EmitExpr(emit)] => path_of(&emit.expr).map_or(Shape::Expression, Shape::Path),
        _ => Shape::Mixed,
    }
}

/// The fixed prefix and the name, where the template is just that.
fn secret_of(children: &[Stmt<'_>]) -> Option<(String, String)> {
    let (prefix, emit) = match children {
        [Stmt::EmitExpr(emit)] => (String::new(), emit),
        [Stmt::EmitRaw(raw), Stmt::EmitExpr(emit)] => (raw.raw.to_owned(), emit),
        _ => return None,
    };
    match path_of(&emit.expr)?.as_slice() {
        [root, name] if root == "secret" => Some((prefix, name.clone())),
        _ => None,
    }
}

#[derive(Default)]
struct Walk<'s> {
    source: &'s str,
    references: Vec<Reference>,
    paths: Vec<Path>,
    probes: Vec<Path>,
    replacements: Vec<(Range<usize>, usize)>,
    /// Paths that are known to be there at this place.
    guards: Vec<Path>,
    /// Variables that the template itself makes; they hide names.
    locals: Vec<String>,
    /// Inside a loop or an assignment, where texts must not be joined.
    repeated: usize,
    joins: usize,
}

impl<'s> Walk<'s> {
    fn finish(mut self, shape: Shape) -> Checked {
        let mut rewritten = String::with_capacity(self.source.len());
        let mut done = 0;
        self.replacements.sort_by_key(|(range, _)| range.start);
        for (range, index) in &self.replacements {
            rewritten.push_str(&self.source[done..range.start]);
            rewritten.push_str(&probe_name(*index));
            done = range.end;
        }
        rewritten.push_str(&self.source[done..]);
        let Self { references, paths, probes, .. } = self;
        Checked { rewritten, references, paths, probes: Arc::from(probes), shape }
    }

    fn stmts(&mut self, stmts: &[Stmt<'s>]) -> Result<(), Error> {
        stmts.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn stmt(&mut self, stmt: &Stmt<'s>) -> Result<(), Error> {
        match stmt {
            Stmt::EmitRaw(_) => Ok(()),
            Stmt::EmitExpr(emit) => self.expr(&emit.expr),
            Stmt::IfCond(branches) => {
                self.expr(&branches.expr)?;
                self.guarded(known_if(&branches.expr, true), |walk| walk.stmts(&branches.true_body))?;
                self.guarded(known_if(&branches.expr, false), |walk| walk.stmts(&branches.false_body))
            }
            Stmt::ForLoop(loops) if loops.recursive => Err(not_offered("recursive loops")),
            Stmt::ForLoop(loops) => {
                self.expr(&loops.iter)?;
                let locals = self.locals.len();
                self.assign(&loops.target)?;
                self.locals.push("loop".to_owned());
                self.repeated += 1;
                loops.filter_expr.as_ref().map_or(Ok(()), |filter| self.expr(filter))?;
                self.stmts(&loops.body)?;
                self.repeated -= 1;
                self.locals.truncate(locals);
                self.stmts(&loops.else_body)
            }
            Stmt::Set(set) => {
                self.repeated += 1;
                self.expr(&set.expr)?;
                self.repeated -= 1;
                self.assign(&set.target)
            }
            Stmt::WithBlock(with) => {
                let locals = self.locals.len();
                self.repeated += 1;
                with.assignments.iter().try_for_each(|(_, value)| self.expr(value))?;
                self.repeated -= 1;
                with.assignments.iter().try_for_each(|(target, _)| self.assign(target))?;
                self.stmts(&with.body)?;
                self.locals.truncate(locals);
                Ok(())
            }
            Stmt::Template(_) | Stmt::SetBlock(_) | Stmt::AutoEscape(_) | Stmt::FilterBlock(_) | Stmt::Do(_) => {
                Err(not_offered("this kind of block; there are `if`, `for`, `set` and `with`"))
            }
        }
    }

    fn assign(&mut self, target: &Expr<'s>) -> Result<(), Error> {
        match target {
            Expr::Var(variable) => self.locals.push(variable.id.to_owned()),
            Expr::Tuple(tuple) => tuple.items.iter().try_for_each(|item| self.assign(item))?,
            Expr::List(list) => list.items.iter().try_for_each(|item| self.assign(item))?,
            _ => return Err(not_offered("assigning to anything but a name")),
        }
        Ok(())
    }

    fn guarded(&mut self, known: Vec<Path>, then: impl FnOnce(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        let before = self.guards.len();
        let visible: Vec<Path> = known.into_iter().filter(|path| !self.locals.contains(&path[0])).collect();
        self.guards.extend(visible);
        let outcome = then(self);
        self.guards.truncate(before);
        outcome
    }

    /// The path that `expr` spells, unless a variable of the template hides its root.
    fn free_path(&self, expr: &Expr<'s>) -> Option<Path> {
        path_of(expr).filter(|path| !self.locals.contains(&path[0]))
    }

    fn read(&mut self, path: Path, guarded: bool) -> Result<(), Error> {
        if path[0] == "secret" {
            return Err(Error::SecretPlace(path.join(".")));
        }
        if path.len() == 1 && (path[0] == "steps" || path[0] == "previous") {
            return Err(Error::Syntax(format!("`{0}` needs the step's id written out: `{0}.ID` or `{0}[\"ID\"]`", path[0])));
        }
        let guarded = guarded || self.guards.iter().any(|guard| guard.starts_with(&path) || path.starts_with(guard));
        self.references.push(Reference { root: path[0].clone(), path: path[1..].to_vec(), guarded });
        self.paths.push(path);
        Ok(())
    }

    /// A path whose absence is handled: it is read through a variable that is undefined if any part of the path is absent.
    fn probe(&mut self, expr: &Expr<'s>, path: Path) -> Result<(), Error> {
        let range = ends_of(expr).map(|(first, last)| first.start_offset as usize..last.end_offset as usize);
        // The parser's positions are not part of its promises; what they give must be the same path again.
        let exact = range.filter(|range| self.source.get(range.clone()).is_some_and(|text| spells(text, &path)));
        if let Some(range) = exact {
            self.replacements.push((range, self.probes.len()));
            self.probes.push(path.clone());
        }
        self.read(path, true)
    }

    fn expr(&mut self, expr: &Expr<'s>) -> Result<(), Error> {
        if let Some(path) = self.free_path(expr) {
            return self.read(path, false);
        }
        match expr {
            Expr::Var(_) | Expr::Const(_) => Ok(()),
            Expr::Slice(slice) => {
                self.expr(&slice.expr)?;
                [&slice.start, &slice.stop, &slice.step].into_iter().flatten().try_for_each(|part| self.expr(part))
            }
            Expr::UnaryOp(operation) => self.expr(&operation.expr),
            Expr::BinOp(operation) => self.binary(&operation.op, &operation.left, &operation.right),
            Expr::Compare(compare) => {
                self.expr(&compare.expr)?;
                compare.ops.iter().try_for_each(|operation| self.expr(&operation.expr))
            }
            Expr::IfExpr(branches) => {
                self.expr(&branches.test_expr)?;
                self.guarded(known_if(&branches.test_expr, true), |walk| walk.expr(&branches.true_expr))?;
                let known = known_if(&branches.test_expr, false);
                branches.false_expr.as_ref().map_or(Ok(()), |no| self.guarded(known, |walk| walk.expr(no)))
            }
            Expr::Filter(filter) => self.filter(filter.name, filter.expr.as_ref(), &filter.args),
            Expr::Test(test) => {
                if REFUSED_TESTS.contains(&test.name) {
                    return Err(not_offered(&format!("the test `{}`", test.name)));
                }
                self.args(&test.args)?;
                match self.free_path(&test.expr) {
                    Some(path) if is_presence(test.name) => self.probe(&test.expr, path),
                    _ => self.expr(&test.expr),
                }
            }
            Expr::GetAttr(get) => self.expr(&get.expr),
            Expr::GetItem(get) => {
                self.expr(&get.expr)?;
                self.expr(&get.subscript_expr)
            }
            Expr::Call(call) => self.call(&call.expr, &call.args),
            Expr::List(list) => list.items.iter().try_for_each(|item| self.expr(item)),
            Expr::Tuple(tuple) => tuple.items.iter().try_for_each(|item| self.expr(item)),
            Expr::Map(map) => map.keys.iter().chain(&map.values).try_for_each(|item| self.expr(item)),
        }
    }

    fn binary(&mut self, operator: &BinOpKind, left: &Expr<'s>, right: &Expr<'s>) -> Result<(), Error> {
        let joins = match operator {
            BinOpKind::Concat => true,
            BinOpKind::Add => !is_number(left) && !is_number(right),
            BinOpKind::Mul => !is_number(left) || !is_number(right),
            _ => false,
        };
        if joins {
            self.joins += 1;
            if self.repeated > 0 || self.joins > JOINS_MAX {
                return Err(not_offered(
                    "joining texts with `~`, `+` or `*` in loops and assignments, or many times; write {{ a }}{{ b }}, or `x | int` for numbers",
                ));
            }
        }
        self.expr(left)?;
        let known = match operator {
            BinOpKind::ScAnd => known_if(left, true),
            BinOpKind::ScOr => known_if(left, false),
            _ => Vec::new(),
        };
        self.guarded(known, |walk| walk.expr(right))
    }

    fn filter(&mut self, name: &str, operand: Option<&Expr<'s>>, args: &[CallArg<'s>]) -> Result<(), Error> {
        if !FILTERS.contains(&name) && !MORE_FILTERS.contains(&name) {
            return Err(Error::Syntax(format!(
                "there is no filter `{name}`; there are: {}, {}",
                FILTERS.join(", "),
                MORE_FILTERS.join(", ")
            )));
        }
        self.args(args)?;
        let Some(operand) = operand else { return Err(not_offered("a filter without a value")) };
        match self.free_path(operand) {
            Some(path) if name == "default" || name == "d" => self.probe(operand, path),
            _ => self.expr(operand),
        }
    }

    /// `range(…)`, and `loop.cycle(…)` and its like.
    fn call(&mut self, function: &Expr<'s>, args: &[CallArg<'s>]) -> Result<(), Error> {
        let offered = match path_of(function).as_deref() {
            Some([name]) => name == "range" && !self.locals.contains(name),
            Some([root, method]) => root == "loop" && self.locals.contains(root) && (method == "cycle" || method == "changed"),
            _ => false,
        };
        if !offered {
            return Err(not_offered("calling anything but `range` and `loop.cycle`"));
        }
        self.args(args)
    }

    fn args(&mut self, args: &[CallArg<'s>]) -> Result<(), Error> {
        args.iter().try_for_each(|arg| match arg {
            CallArg::Pos(value) | CallArg::Kwarg(_, value) | CallArg::PosSplat(value) | CallArg::KwargSplat(value) => self.expr(value),
        })
    }
}

fn not_offered(what: &str) -> Error {
    Error::Syntax(format!("templates do not offer {what}"))
}

fn is_presence(test: &str) -> bool {
    test == "defined" || test == "undefined"
}

/// The root and the written-out fields of `a.b["c"]`.
fn path_of(expr: &Expr<'_>) -> Option<Path> {
    match expr {
        Expr::Var(variable) => Some(vec![variable.id.to_owned()]),
        Expr::GetAttr(get) => {
            let mut path = path_of(&get.expr)?;
            path.push(get.name.to_owned());
            Some(path)
        }
        Expr::GetItem(get) => {
            let Expr::Const(key) = &get.subscript_expr else { return None };
            let key = key.value.as_str()?.to_owned();
            let mut path = path_of(&get.expr)?;
            path.push(key);
            Some(path)
        }
        _ => None,
    }
}

/// Where the path begins and ends: the span of an attribute begins only at its dot.
fn ends_of(expr: &Expr<'_>) -> Option<(Span, Span)> {
    match expr {
        Expr::Var(variable) => Some((variable.span(), variable.span())),
        Expr::GetAttr(get) => ends_of(&get.expr).map(|(first, _)| (first, get.span())),
        Expr::GetItem(get) => ends_of(&get.expr).map(|(first, _)| (first, get.span())),
        _ => None,
    }
}

fn spells(text: &str, path: &Path) -> bool {
    parse_expr(text).ok().and_then(|expr| path_of(&expr)).as_ref() == Some(path)
}

/// Whether it is a number whatever the data is.
fn is_number(expr: &Expr<'_>) -> bool {
    match expr {
        Expr::Const(value) => value.value.is_number(),
        Expr::UnaryOp(operation) => matches!(operation.op, UnaryOpKind::Neg) && is_number(&operation.expr),
        Expr::BinOp(operation) => match operation.op {
            BinOpKind::Sub | BinOpKind::Div | BinOpKind::FloorDiv | BinOpKind::Rem | BinOpKind::Pow => true,
            BinOpKind::Add => is_number(&operation.left) || is_number(&operation.right),
            BinOpKind::Mul => is_number(&operation.left) && is_number(&operation.right),
            _ => false,
        },
        Expr::Filter(filter) => ["abs", "count", "float", "int", "length", "round"].contains(&filter.name),
        _ => false,
    }
}

/// The paths that are there if `expr` is `outcome`.
fn known_if(expr: &Expr<'_>, outcome: bool) -> Vec<Path> {
    match expr {
        Expr::Test(test) if is_presence(test.name) && (test.name == "defined") == outcome => path_of(&test.expr).into_iter().collect(),
        Expr::UnaryOp(operation) if matches!(operation.op, UnaryOpKind::Not) => known_if(&operation.expr, !outcome),
        Expr::BinOp(operation) => match operation.op {
            BinOpKind::ScAnd if outcome => [known_if(&operation.left, true), known_if(&operation.right, true)].concat(),
            BinOpKind::ScOr if !outcome => [known_if(&operation.left, false), known_if(&operation.right, false)].concat(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}
