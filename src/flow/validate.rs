//! Every rule about flows that their shape and their names decide, one file per concern. Rules only add problems; none stops another.

mod data;
mod edges;
mod entries;
mod fields;
mod gates;
mod keys;
mod names;
mod ran;
mod shape;

use super::compile::context::Context;
use super::compile::view::View;
use super::spec::FlowSpec;

/// Checks the whole flow. The uses of names have been collected in `context` before.
pub fn check(spec: &FlowSpec, views: &[View<'_>], context: &mut Context<'_>) {
    names::check(spec, views, context);
    for view in views {
        for step in 0..view.steps.len() {
            keys::check(view, step, context);
        }
        edges::check(view, context);
        shape::check(view, context);
        gates::check(views, view, context);
    }
    data::check(spec, views, context);
    entries::check(spec, views, context);
}

#[cfg(test)]
mod tests;
