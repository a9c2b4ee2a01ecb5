//! What becomes of deliveries that end otherwise than they should.

use super::*;
use crate::catalog::Changes;
use crate::catalog::deliveries::DeliveryState;
use crate::notify::fair::tests::row;
use crate::notify::testing::parts;

#[tokio::test]
async fn a_delivery_that_breaks_gives_its_place_back_and_is_tried_again_later() {
    let parts = parts();
    let (tenant, row, now) = (Tenant::default(), row("a.example", "one"), clock::now());
    let mut changes = Changes::default();
    parts.catalog.add_delivery(&tenant, &row, now, &mut changes).unwrap();
    parts.catalog.commit(changes).await.unwrap();
    let mut deliverer = Deliverer::new(Arc::clone(&parts), Arc::default());
    let due = deliverer.fair.choose(&parts.catalog, now).unwrap().rows.pop().unwrap();
    deliverer.send(Sending { due, is_broken: false }, async { panic!("a delivery breaks, as this test wants it") });
    while let Some(ended) = deliverer.tasks.join_next_with_id().await {
        deliverer.ended(ended);
    }
    assert!(deliverer.fair.is_idle() && deliverer.sending.is_empty());
    let stored = parts.catalog.delivery_at(&tenant, &row.key()).unwrap().unwrap().value;
    assert_eq!((stored.state, stored.tries), (DeliveryState::Pending, 1));
    assert!(stored.attempts[0].error.is_some() && stored.due_at.unwrap() > now, "{stored:?}");
    assert!(deliverer.fair.choose(&parts.catalog, now).unwrap().rows.is_empty(), "not at once");
    assert_eq!(deliverer.fair.choose(&parts.catalog, stored.due_at.unwrap()).unwrap().rows.len(), 1);
}
