//! What the server keeps beside executions: tenants, keys, agents, revisions, drafts, deployments, budgets, webhooks, files. Typed
//! documents over `store`; each file holds one kind of thing and its rules. What a flow means is the machine's business, who may call
//! what over HTTP is `api`'s.
//!
//! **Invariant**: everything that must hold together changes in one commit, by compare-and-set; of two writers one reads again.

pub mod agent_files;
pub mod agents;
pub mod approvals;
pub mod audit;
pub mod budgets;
pub mod deliveries;
pub mod deployments;
pub mod documents;
pub mod drafts;
pub mod environments;
pub mod evaluations;
mod expressions;
pub mod file_types;
pub mod files;
pub mod idempotency;
pub mod keyring;
pub mod keys;
pub mod links;
pub mod master_key;
pub mod numbers;
pub mod retention;
pub mod revisions;
pub mod scopes;
pub mod secrets;
pub mod sign_ins;
pub mod signing;
pub mod spending;
pub mod tenants;
pub mod test_chats;
pub mod triggers;
pub mod webhooks;

pub use documents::{Catalog, Changes, Error, Kept, Listing, Stored, Swept};
