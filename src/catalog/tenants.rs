//! Tenants: the walls of an installation.

use serde::{Deserialize, Serialize};

use super::numbers::Kind;
use super::{Catalog, Error, Kept, Listing, Stored};
use crate::ids::{Tenant, TimeMs};

/// A tenant's name in characters.
const NAME_LENGTH_MAX: usize = 63;

/// One tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantRow {
    /// The name in paths and keys.
    pub id: String,
    /// Its integer id, per installation.
    pub number: u64,
    pub display_name: String,
    pub created_at: TimeMs,
}

impl Kept for TenantRow {
    const COLLECTION: &'static str = "tenants";
}

/// Lower-case letters, digits, `-` and `_`, beginning with a letter: what agents and tenants are called.
#[must_use]
pub fn is_slug(name: &str, length_max: usize) -> bool {
    let mut characters = name.chars();
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    name.len() <= length_max && characters.next().is_some_and(|first| first.is_ascii_lowercase()) && characters.all(rest)
}

impl Catalog {
    /// # Errors
    /// `Invalid`, `Exists`, and as a commit.
    pub async fn create_tenant(&self, id: &str, display_name: Option<&str>, now: TimeMs) -> Result<TenantRow, Error> {
        if !is_slug(id, NAME_LENGTH_MAX) {
            let message = format!(
                "`{id}` cannot be a tenant's name: use lower-case letters, digits, `-` and `_`, a letter first, at most {NAME_LENGTH_MAX}"
            );
            return Err(Error::Invalid { field: "id", message });
        }
        self.update(|catalog, changes| {
            if catalog.tenant(id)?.is_some() {
                return Err(Error::Exists { what: "tenant", name: id.to_owned() });
            }
            let number = catalog.number_row(TenantRow::COLLECTION, Kind::Tenant, &Self::system(), id, changes)?;
            let row = TenantRow { id: id.to_owned(), number, display_name: display_name.unwrap_or(id).to_owned(), created_at: now };
            changes.put(&Self::system(), id, 0, &row);
            Self::first_environment(&Tenant::new(id), now, changes);
            Ok(row)
        })
        .await
    }

    /// # Errors
    /// `Store`.
    pub fn tenant(&self, id: &str) -> Result<Option<Stored<TenantRow>>, Error> {
        self.get(&Self::system(), id)
    }

    /// Every tenant, by name.
    ///
    /// # Errors
    /// `Store`.
    pub fn tenants(&self) -> Result<Vec<TenantRow>, Error> {
        Ok(self.list(&Self::system(), Listing::default())?.into_iter().map(|stored| stored.value).collect())
    }

    /// The name as the store's, for a tenant that exists.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub fn known_tenant(&self, id: &str) -> Result<Tenant, Error> {
        match self.tenant(id)? {
            Some(row) => Ok(Tenant::new(&row.value.id)),
            None => Err(Error::NotFound { what: "tenant", name: id.to_owned() }),
        }
    }
}
