//! What kinds of things of a tenant changed last, and where in the log: for whoever shows lists of them and has to read again. Heard as
//! the view takes the commits, so that nobody has to read the log for it; nothing is kept of a tenant that nobody listens to.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::entry::Position;
use super::handle::Store;
use crate::ids::Tenant;
use crate::journal::Record;
use crate::machine::event::Event;
use crate::machine::pause::Held;

/// When what was last changed, since somebody listens to the tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// What lists show of executions.
    pub executions: Position,
    /// Questions: asked, voted on, closed, removed.
    pub questions: Position,
    /// By collection of documents: as many as the catalog has kinds of things.
    documents: BTreeMap<String, Position>,
}

impl Touched {
    /// When a document of this collection was last changed.
    #[must_use]
    pub fn documents(&self, collection: &str) -> Position {
        self.documents.get(collection).copied().unwrap_or_default()
    }

    /// Whether the record says something that is not known yet at this place.
    fn note(&mut self, position: Position, record: &Record) -> bool {
        match record {
            Record::Execution(turn) => {
                let is_listed = turn.summary.is_some() && raise(&mut self.executions, position);
                let is_asked = turn.events.iter().any(is_about_a_question) && raise(&mut self.questions, position);
                is_listed || is_asked
            }
            Record::Quarantine(_) | Record::Released(_) => raise(&mut self.executions, position),
            Record::Purged(_) => {
                let before = (self.executions, self.questions);
                (self.executions, self.questions) = (position, position);
                before != (position, position)
            }
            Record::Document(document) => match self.documents.get_mut(&document.collection) {
                Some(known) => raise(known, position),
                None => self.documents.insert(document.collection.clone(), position).is_none(),
            },
            Record::Flow(_) | Record::Consent(_) => false,
        }
    }
}

fn raise(known: &mut Position, position: Position) -> bool {
    std::mem::replace(known, position) != position
}

fn is_about_a_question(event: &Event) -> bool {
    matches!(
        event,
        Event::Asked { .. }
            | Event::Voted { .. }
            | Event::ActionEdited { .. }
            | Event::Reassigned { .. }
            | Event::Answered { .. }
            | Event::Held { input: Held::Decision { .. } }
            | Event::Expired { .. }
            | Event::Withdrawn { .. }
    )
}

/// Who listens, by tenant. Told by the applier.
#[derive(Debug, Default)]
pub struct Touches {
    tenants: Mutex<HashMap<Tenant, watch::Sender<Touched>>>,
}

impl Touches {
    /// The view has these records now. Nobody is waited for.
    pub(super) fn tell<'a>(&self, position: Position, records: impl Iterator<Item = &'a Record>) {
        let mut tenants = self.lock();
        tenants.retain(|_, sender| sender.receiver_count() > 0);
        if tenants.is_empty() {
            return;
        }
        for record in records {
            if let Some(sender) = tenants.get(record.tenant()) {
                sender.send_if_modified(|touched| touched.note(position, record));
            }
        }
    }

    fn listen(&self, tenant: &Tenant) -> watch::Receiver<Touched> {
        let mut tenants = self.lock();
        tenants.retain(|_, sender| sender.receiver_count() > 0);
        tenants.entry(tenant.clone()).or_default().subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Tenant, watch::Sender<Touched>>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// What of a tenant is changed from now on. Who looks late sees the sum of it, never a backlog.
    #[must_use]
    pub fn touches(&self, tenant: &Tenant) -> watch::Receiver<Touched> {
        self.inner.touches.listen(tenant)
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::Entry;
    use super::super::memory_disk::Faults;
    use super::*;
    use crate::journal::Document;

    fn document(tenant: &str, collection: &str) -> Record {
        let (key, body) = ("a".to_owned(), Some("{}".to_owned()));
        Record::Document(Document { tenant: Tenant::new(tenant), collection: collection.to_owned(), key, version: 1, body })
    }

    #[test]
    fn a_listener_hears_of_its_tenant_only_and_nothing_is_kept_where_nobody_listens() {
        let touches = Touches::default();
        let mut own = touches.listen(&Tenant::new("own"));
        touches.tell(Position(1), [document("other", "agents")].iter());
        assert!(!own.has_changed().unwrap());
        touches.tell(Position(2), [document("own", "agents"), document("own", "agents")].iter());
        assert!(own.has_changed().unwrap());
        let seen = own.borrow_and_update().clone();
        assert_eq!((seen.documents("agents"), seen.documents("keys"), seen.executions), (Position(2), Position(0), Position(0)));
        drop(own);
        touches.tell(Position(3), [document("own", "agents")].iter());
        assert!(touches.lock().is_empty());
    }

    #[tokio::test]
    async fn what_is_heard_of_can_be_read() {
        let store = Store::in_memory(Faults::default());
        let tenant = Tenant::default();
        let mut heard = store.touches(&tenant);
        let (collection, key) = ("agents".to_owned(), "a".to_owned());
        let entry = Entry::Document { tenant: tenant.clone(), collection, key, expected: 0, body: Some("{}".to_owned()) };
        let position = store.commit(entry).await.unwrap();
        heard.wait_for(|touched| touched.documents("agents") == position).await.unwrap();
        assert!(store.applied_position() >= position);
    }
}
