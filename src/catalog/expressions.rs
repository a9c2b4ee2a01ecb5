//! Expressions that the catalog keeps: read once when they are written down, so that what is kept can be evaluated.

use super::Error;
use crate::flow::expr::Expr;

/// The expression that stands in `field`, which may read nothing but `roots`.
///
/// # Errors
/// `Invalid`, for one that cannot be read or reads what there is not.
pub(super) fn compiled(field: &'static str, source: &str, roots: &[&str]) -> Result<Expr, Error> {
    let expression = Expr::new(source).map_err(|error| Error::Invalid { field, message: error.to_string() })?;
    if let Some(unknown) = expression.references().iter().find(|reference| !roots.contains(&reference.root.as_str())) {
        let message = format!("`{}` is not known here; there are {}", unknown.root, roots.join(", "));
        return Err(Error::Invalid { field, message });
    }
    Ok(expression)
}
