//! Who did what: one line per change that somebody answers for. Lines are written in the same commit as what they tell of, and never
//! changed.

use serde::{Deserialize, Serialize};

use super::{Catalog, Changes, Error, Kept, Listing, Stored};
use crate::ids::{Tenant, TimeMs};

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    pub at: TimeMs,
    /// The user whose key it was; `operator` at the command line.
    pub actor: String,
    /// The key, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// `key.minted`, `revision.deployed`, …
    pub action: String,
    /// `key:ID`, `agent:SLUG`, …
    pub target: String,
    /// For people; never a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Kept for AuditLine {
    const COLLECTION: &'static str = "audit";
}

/// The same line, found by its target.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OfTarget(pub AuditLine);

impl Kept for OfTarget {
    const COLLECTION: &'static str = "audit_of";
}

/// Who does something, and what a line about it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub user: String,
    pub key_id: Option<String>,
    pub at: TimeMs,
    /// Tells lines of one millisecond apart.
    pub entropy: u64,
}

impl Actor {
    /// One without a key: the command line beside the data directory, or the server itself.
    #[must_use]
    pub fn without_key(user: &str) -> Self {
        Self { user: user.to_owned(), key_id: None, at: crate::clock::now(), entropy: crate::clock::entropy() }
    }
}

impl Changes {
    /// Adds the line to the same commit.
    pub fn audit(&mut self, tenant: &Tenant, actor: &Actor, action: &str, target: &str, detail: Option<String>) -> &mut Self {
        let line = AuditLine {
            at: actor.at,
            actor: actor.user.clone(),
            key_id: actor.key_id.clone(),
            action: action.to_owned(),
            target: target.to_owned(),
            detail,
        };
        let moment = format!("{:014x}-{:016x}", actor.at.0, actor.entropy);
        self.put(tenant, &format!("{moment}-{action}-{target}"), 0, &line);
        self.put(tenant, &format!("{target}/{moment}-{action}"), 0, &OfTarget(line))
    }
}

/// Lines that one page looks at before it ends short: a filter that fits nothing must not read everything.
const LINES_LOOKED_AT_MAX: usize = 5_000;
/// Lines read at a time.
const LINES_AT_ONCE: usize = 200;

/// Which lines; what is absent fits everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub actor: Option<String>,
    /// With a `*` at the end: every action that begins like this.
    pub action: Option<String>,
    pub target: Option<String>,
    /// At or after.
    pub from: Option<TimeMs>,
    /// Before.
    pub to: Option<TimeMs>,
}

impl AuditFilter {
    fn holds(&self, line: &AuditLine) -> bool {
        let fits = |action: &String| match action.strip_suffix('*') {
            Some(beginning) => line.action.starts_with(beginning),
            None => line.action == *action,
        };
        self.actor.as_ref().is_none_or(|actor| *actor == line.actor)
            && self.action.as_ref().is_none_or(fits)
            && self.target.as_ref().is_none_or(|target| *target == line.target)
            && self.to.is_none_or(|to| line.at < to)
    }
}

/// Some lines, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditPage {
    pub lines: Vec<AuditLine>,
    /// Where the next page begins; none: this was the last one.
    pub next: Option<String>,
}

impl Catalog {
    /// The newest lines of a tenant that fit, behind the one that `after` names.
    ///
    /// # Errors
    /// `Store`.
    pub fn audit_matching(&self, tenant: &Tenant, filter: &AuditFilter, after: Option<&str>, limit: usize) -> Result<AuditPage, Error> {
        let prefix = filter.target.as_ref().map(|target| format!("{target}/")).unwrap_or_default();
        let end = filter.to.map(|to| format!("{prefix}{:014x}", to.0));
        let mut page = AuditPage { lines: Vec::new(), next: after.map(ToOwned::to_owned).or(end) };
        for _ in 0..LINES_LOOKED_AT_MAX / LINES_AT_ONCE {
            let found = self.lines_behind(tenant, &prefix, page.next.as_deref())?;
            let count = found.len();
            for (key, line) in found {
                if filter.from.is_some_and(|from| line.at < from) {
                    page.next = None;
                    return Ok(page);
                }
                page.next = Some(key);
                page.lines.extend(filter.holds(&line).then_some(line));
                if page.lines.len() == limit {
                    return Ok(page);
                }
            }
            if count < LINES_AT_ONCE {
                page.next = None;
                return Ok(page);
            }
        }
        Ok(page)
    }

    /// By target, or all of them.
    fn lines_behind(&self, tenant: &Tenant, prefix: &str, after: Option<&str>) -> Result<Vec<(String, AuditLine)>, Error> {
        let listing = Listing { prefix, after, descending: true, limit: LINES_AT_ONCE };
        if prefix.is_empty() {
            return Ok(self.list::<AuditLine>(tenant, listing)?.into_iter().map(|stored| (stored.key, stored.value)).collect());
        }
        Ok(self.list::<OfTarget>(tenant, listing)?.into_iter().map(|stored| (stored.key, stored.value.0)).collect())
    }

    /// The newest lines of a tenant; `after` is the key of the last one seen.
    ///
    /// # Errors
    /// `Store`.
    pub fn audit(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> Result<Vec<Stored<AuditLine>>, Error> {
        self.list(tenant, Listing { after, descending: true, limit, ..Listing::default() })
    }

    /// The newest lines about one thing.
    ///
    /// # Errors
    /// `Store`.
    pub fn audit_of(&self, tenant: &Tenant, target: &str, after: Option<&str>, limit: usize) -> Result<Vec<Stored<OfTarget>>, Error> {
        self.list(tenant, Listing { prefix: &format!("{target}/"), after, descending: true, limit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Faults, Store};

    #[tokio::test]
    async fn lines_are_found_by_each_filter_and_page_by_page() {
        let (catalog, tenant) = (Catalog::new(Store::in_memory(Faults::default())), Tenant::default());
        for at in 0..450_u64 {
            let actor = Actor { user: if at % 2 == 0 { "ana" } else { "ben" }.to_owned(), key_id: None, at: TimeMs(at), entropy: at };
            let mut changes = Changes::default();
            let target = if at % 5 == 0 { "agent:a" } else { "key:k" };
            changes.audit(&tenant, &actor, if at % 3 == 0 { "budget.set" } else { "key.minted" }, target, None);
            catalog.commit(changes).await.unwrap();
        }
        let all = |filter: AuditFilter| {
            let (mut times, mut after) = (Vec::new(), None);
            loop {
                let page = catalog.audit_matching(&tenant, &filter, after.as_deref(), 7).unwrap();
                times.extend(page.lines.iter().map(|line| line.at.0));
                after = page.next;
                if after.is_none() {
                    return times;
                }
            }
        };
        let expected = |fits: &dyn Fn(u64) -> bool| (0..450).rev().filter(|at| fits(*at)).collect::<Vec<_>>();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(all(AuditFilter::default()), expected(&|_| true));
        assert_eq!(all(AuditFilter { actor: text("ben"), ..AuditFilter::default() }), expected(&|at| at % 2 == 1));
        assert_eq!(all(AuditFilter { action: text("budget.*"), ..AuditFilter::default() }), expected(&|at| at % 3 == 0));
        assert_eq!(all(AuditFilter { action: text("budget."), ..AuditFilter::default() }), expected(&|_| false));
        let bounded = AuditFilter { target: text("agent:a"), from: Some(TimeMs(100)), to: Some(TimeMs(200)), ..AuditFilter::default() };
        assert_eq!(all(bounded), expected(&|at| at % 5 == 0 && (100..200).contains(&at)));
    }
}
