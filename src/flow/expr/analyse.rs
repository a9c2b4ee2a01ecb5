//! One walk over a parsed expression: refuses what is not offered, collects what is read and whether that is guarded, answers
//! `has(…)` from the names themselves, and puts fuel charges where work grows with values.

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};

use super::Fault;
use super::fuel::{CHARGE, RANGE, TANK};
use super::values::Needs;
use crate::flow::lookup::Path;
use crate::flow::names::Reference;
use crate::limits::{COMPREHENSION_DEPTH_MAX, EXPRESSION_DEPTH_MAX};

/// Everything that may be called. Nothing here reads a clock, and nothing makes text grow but `+`, which is charged.
const FUNCTIONS: [&str; 29] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "int",
    "uint",
    "double",
    "string",
    "bool",
    "bytes",
    "dyn",
    "type",
    "timestamp",
    "duration",
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
    operators::NOT_STRICTLY_FALSE,
    operators::LOGICAL_NOT,
    operators::NEGATE,
    operators::CONDITIONAL,
];
const BINARY: [&str; 15] = [
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::ADD,
    operators::SUBSTRACT,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::INDEX,
    operators::IN,
];
/// Names of types, which `type(x) == int` writes like variables.
const TYPES: [&str; 10] = ["int", "uint", "double", "bool", "string", "bytes", "list", "map", "null_type", "type"];
/// What compiling a regular expression costs, in units: it is compiled anew at each call.
const MATCHES_UNITS: i64 = 5_000;

pub(super) struct Analysis {
    /// The expression with `has(…)` answered by variables and fuel charged.
    pub tree: IdedExpr,
    pub references: Vec<Reference>,
    /// What must be fetched and converted.
    pub needs: Needs,
    /// The paths that `has(…)` asks for; the variable `presence_name(index)` answers.
    pub presences: Vec<Path>,
    /// The whole expression is this path, so that no conversion is needed.
    pub plain: Option<Path>,
    /// Levels of the tree as written.
    pub depth: usize,
}

pub(super) fn presence_name(index: usize) -> String {
    format!("@has{index}")
}

pub(super) fn analyse(mut tree: IdedExpr) -> Result<Analysis, Fault> {
    let plain = path_of(&tree).filter(|path| !(path.len() == 1 && TYPES.contains(&path[0].as_str())));
    let mut walk = Walk::default();
    walk.expr(&mut tree)?;
    let Walk { references, needs, presences, depth_seen: depth, .. } = walk;
    Ok(Analysis { tree, references, needs, presences, plain, depth })
}

#[derive(Default)]
struct Walk {
    references: Vec<Reference>,
    needs: Needs,
    presences: Vec<Path>,
    /// Paths that are known to be there at this place.
    guards: Vec<Path>,
    /// Variables of the comprehensions around this place; they hide names.
    variables: Vec<String>,
    /// Comprehensions around this place.
    loops: usize,
    /// Levels above this place, and the most there were.
    depth: usize,
    depth_seen: usize,
}

impl Walk {
    /// The path that `expr` spells, unless a comprehension's variable hides its root.
    fn free_path(&self, expr: &IdedExpr) -> Option<Path> {
        path_of(expr).filter(|path| !self.variables.contains(&path[0]))
    }

    /// The number of nodes below and with `expr`, as written.
    fn expr(&mut self, expr: &mut IdedExpr) -> Result<i64, Fault> {
        self.depth += 1;
        self.depth_seen = self.depth_seen.max(self.depth);
        if self.depth > EXPRESSION_DEPTH_MAX {
            return Err(Fault::Limit("nesting; split it over `set` steps"));
        }
        let nodes = self.node(expr);
        self.depth -= 1;
        nodes
    }

    fn node(&mut self, expr: &mut IdedExpr) -> Result<i64, Fault> {
        if let Some(path) = self.free_path(expr) {
            self.read(&path)?;
            return Ok(1);
        }
        match &mut expr.expr {
            Expr::Unspecified => Err(Fault::Syntax("it has an empty part".to_owned())),
            Expr::Struct(_) => Err(Fault::Syntax("messages cannot be built; write a map: {\"a\": 1}".to_owned())),
            Expr::Literal(_) | Expr::Ident(_) => Ok(1),
            Expr::Select(select) if select.test => {
                let Some(mut path) = self.free_path(&select.operand) else {
                    return Ok(1 + self.expr(&mut select.operand)?);
                };
                path.push(select.field.clone());
                expr.expr = Expr::Ident(presence_name(self.presences.len()));
                self.references.push(reference(&path, true));
                self.presences.push(path);
                Ok(1)
            }
            Expr::Select(select) => Ok(1 + self.expr(&mut select.operand)?),
            Expr::List(list) => list.elements.iter_mut().try_fold(1, |nodes, item| Ok(nodes + self.charged(item)?)),
            Expr::Map(map) => map.entries.iter_mut().try_fold(1, |nodes, entry| match &mut entry.expr {
                EntryExpr::MapEntry(entry) => Ok(nodes + self.charged(&mut entry.key)? + self.charged(&mut entry.value)?),
                EntryExpr::StructField(_) => Err(Fault::Syntax("messages cannot be built".to_owned())),
            }),
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
        }
    }

    fn read(&mut self, path: &Path) -> Result<(), Fault> {
        let root = path[0].as_str();
        if path.len() == 1 && (root.starts_with('@') || TYPES.contains(&root)) {
            return Ok(());
        }
        if root == "secret" {
            return Err(Fault::Syntax("secrets are for templates only".to_owned()));
        }
        if path.len() == 1 && (root == "steps" || root == "previous") {
            return Err(Fault::Syntax(format!("`{root}` needs the step's id written out: `{root}.ID` or `{root}[\"ID\"]`")));
        }
        let guarded = self.guards.iter().any(|guard| guard.starts_with(path) || path.starts_with(guard));
        self.references.push(reference(path, guarded));
        self.needs.add(path);
        Ok(())
    }

    fn call(&mut self, call: &mut CallExpr) -> Result<i64, Fault> {
        let name = call.func_name.as_str();
        if !FUNCTIONS.contains(&name) && !BINARY.contains(&name) {
            return Err(Fault::Syntax(format!("there is no function `{}`", name.trim_matches('_'))));
        }
        match (name, call.args.as_mut_slice()) {
            (operators::LOGICAL_AND, [left, right]) => {
                let known = known_if(left, true);
                Ok(1 + self.expr(left)? + self.guarded(right, known)?)
            }
            (operators::LOGICAL_OR, [left, right]) => {
                let known = known_if(left, false);
                Ok(1 + self.expr(left)? + self.guarded(right, known)?)
            }
            (operators::CONDITIONAL, [condition, yes, no]) => {
                let (known, unknown) = (known_if(condition, true), known_if(condition, false));
                Ok(1 + self.expr(condition)? + self.guarded(yes, known)? + self.guarded(no, unknown)?)
            }
            // An index copies nothing but its result, which pays where it is used.
            (operators::INDEX, [operand, index]) => Ok(1 + self.expr(operand)? + self.charged(index)?),
            (operators::LOGICAL_NOT | operators::NOT_STRICTLY_FALSE, [operand]) => Ok(1 + self.expr(operand)?),
            _ => self.function(call),
        }
    }

    /// Work that grows with its operands: each pays for its size first.
    fn function(&mut self, call: &mut CallExpr) -> Result<i64, Fault> {
        let mut nodes = 1;
        if let Some(target) = &mut call.target {
            nodes += self.charged(target)?;
        }
        for arg in &mut call.args {
            nodes += self.charged(arg)?;
        }
        if call.func_name == "matches" {
            if let Some(pattern) = call.args.last_mut() {
                wrap(pattern, MATCHES_UNITS);
            }
            nodes += MATCHES_UNITS;
        }
        Ok(nodes)
    }

    fn charged(&mut self, expr: &mut IdedExpr) -> Result<i64, Fault> {
        let nodes = self.expr(expr)?;
        if !matches!(expr.expr, Expr::Literal(_)) {
            wrap(expr, 0);
        }
        Ok(nodes)
    }

    fn guarded(&mut self, expr: &mut IdedExpr, known: Vec<Path>) -> Result<i64, Fault> {
        let before = self.guards.len();
        let visible = known.into_iter().filter(|path| !self.variables.contains(&path[0]));
        self.guards.extend(visible.collect::<Vec<_>>());
        let nodes = self.expr(expr);
        self.guards.truncate(before);
        nodes
    }

    fn comprehension(&mut self, comprehension: &mut ComprehensionExpr) -> Result<i64, Fault> {
        let ComprehensionExpr { iter_range, iter_var, iter_var2, loop_cond, loop_step, .. } = comprehension;
        let range_nodes = self.expr(iter_range)?;
        call_around(iter_range, RANGE, vec![ident(TANK)]);
        self.loops += 1;
        if self.loops > COMPREHENSION_DEPTH_MAX {
            return Err(Fault::Limit("nested `exists`, `all`, `map`, `filter`"));
        }
        let before = self.variables.len();
        self.variables.push(iter_var.clone());
        self.variables.extend(iter_var2.clone());
        let step_nodes = self.step(loop_step)?;
        self.variables.truncate(before);
        self.loops -= 1;
        // Each round pays: at the part of the step that runs first, or (`all`, `exists`, which go on past errors) at the condition.
        if matches!(loop_cond.expr, Expr::Literal(_)) {
            pay_each_round(loop_step, step_nodes);
        } else {
            wrap(loop_cond, step_nodes);
        }
        Ok(1 + range_nodes + step_nodes)
    }

    /// The step of a macro: `@result` and a connective stay as they are, because the evaluator recognises their shape.
    fn step(&mut self, step: &mut IdedExpr) -> Result<i64, Fault> {
        match &mut step.expr {
            Expr::Call(call) if call.func_name == operators::ADD && is_result(&call.args[0]) => match &mut call.args[1].expr {
                Expr::List(list) => list.elements.iter_mut().try_fold(2, |nodes, item| Ok(nodes + self.charged(item)?)),
                _ => Ok(2),
            },
            Expr::Call(call) if call.func_name == operators::CONDITIONAL && is_result(&call.args[2]) => {
                let [condition, append, _] = call.args.as_mut_slice() else { return Ok(1) };
                let known = known_if(condition, true);
                let nodes = 2 + self.expr(condition)?;
                let before = self.guards.len();
                self.guards.extend(known);
                let append = self.step(append);
                self.guards.truncate(before);
                Ok(nodes + append?)
            }
            _ => self.expr(step),
        }
    }
}

fn is_result(expr: &IdedExpr) -> bool {
    matches!(&expr.expr, Expr::Ident(name) if name.starts_with('@'))
}

/// Makes each round of a `map`, `filter` or `exists_one` pay, at the part of its step that runs first.
fn pay_each_round(step: &mut IdedExpr, units: i64) {
    match &mut step.expr {
        Expr::Call(call) if call.func_name == operators::CONDITIONAL => call.args.iter_mut().take(1).for_each(|arg| wrap(arg, units)),
        Expr::Call(call) if call.func_name == operators::ADD => {
            if let Some(IdedExpr { expr: Expr::List(list), .. }) = call.args.get_mut(1) {
                list.elements.iter_mut().take(1).for_each(|item| wrap(item, units));
            }
        }
        _ => wrap(step, units),
    }
}

/// The root and the written-out fields of `a.b["c"]`.
fn path_of(expr: &IdedExpr) -> Option<Path> {
    match &expr.expr {
        Expr::Ident(name) => Some(vec![name.trim_start_matches('.').to_owned()]),
        Expr::Select(select) if !select.test => {
            let mut path = path_of(&select.operand)?;
            path.push(select.field.clone());
            Some(path)
        }
        Expr::Call(call) if call.func_name == operators::INDEX && call.target.is_none() => match call.args.as_slice() {
            [operand, IdedExpr { expr: Expr::Literal(LiteralValue::String(key)), .. }] => {
                let mut path = path_of(operand)?;
                path.push(key.inner().to_owned());
                Some(path)
            }
            _ => None,
        },
        _ => None,
    }
}

/// The paths that are there if `expr` is `outcome`.
fn known_if(expr: &IdedExpr, outcome: bool) -> Vec<Path> {
    match &expr.expr {
        Expr::Select(select) if select.test && outcome => path_of(&select.operand).map_or_else(Vec::new, |mut path| {
            path.push(select.field.clone());
            vec![path]
        }),
        Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_NOT, [operand]) => known_if(operand, !outcome),
            (operators::LOGICAL_AND, [left, right]) if outcome => [known_if(left, true), known_if(right, true)].concat(),
            (operators::LOGICAL_OR, [left, right]) if !outcome => [known_if(left, false), known_if(right, false)].concat(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn reference(path: &Path, guarded: bool) -> Reference {
    Reference { root: path[0].clone(), path: path[1..].to_vec(), guarded }
}

fn wrap(expr: &mut IdedExpr, units: i64) {
    let units = IdedExpr { id: 0, expr: Expr::Literal(LiteralValue::Int(units.into())) };
    call_around(expr, CHARGE, vec![ident(TANK), units]);
}

/// `expr` becomes `function(before…, expr)`.
fn call_around(expr: &mut IdedExpr, function: &str, before: Vec<IdedExpr>) {
    let inner = std::mem::take(expr);
    let mut args = before;
    let id = inner.id;
    args.push(inner);
    *expr = IdedExpr { id, expr: Expr::Call(CallExpr { func_name: function.to_owned(), target: None, args }) };
}

fn ident(name: &str) -> IdedExpr {
    IdedExpr { id: 0, expr: Expr::Ident(name.to_owned()) }
}
