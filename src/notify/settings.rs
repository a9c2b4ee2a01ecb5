//! `[notify]` in the settings file: the mail server, and which addresses stand for which approvers.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use crate::ids::Tenant;
use crate::machine::question::Person;
use crate::runner::notify::{Mailer, SmtpError, SmtpTable};

/// The approver that stands for questions which name none: whoever may decide.
pub const ANYBODY: &str = "any";

/// What the operator decided about telling people.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    mailer: Option<Mailer>,
    /// Per tenant: approver (`role:NAME`, `user:NAME`, `any`) → addresses.
    approvers: HashMap<Tenant, Addresses>,
}

type Addresses = BTreeMap<String, Vec<String>>;

/// The table as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    smtp: Option<SmtpTable>,
    /// Of the tenant `default`.
    #[serde(default)]
    approvers: Addresses,
    /// Of the others: people of one tenant never hear of another's questions.
    #[serde(default)]
    tenants: BTreeMap<String, TenantTable>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TenantTable {
    #[serde(default)]
    approvers: Addresses,
}

/// Why `[notify]` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("[notify] is refused: {0}")]
    Table(#[from] toml::de::Error),
    #[error(transparent)]
    Smtp(#[from] SmtpError),
    #[error("notify.approvers: `{0}` is none of `role:NAME`, `user:NAME` and `any`")]
    Approver(String),
    #[error("notify.approvers: `{0}` is no mail address")]
    Address(String),
    #[error("notify.approvers name addresses, and there is no [notify.smtp] to send mails with")]
    NoServer,
}

/// A mail that is to be sent: to whom, and as which approver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    pub approver: String,
    pub address: String,
}

impl Settings {
    /// From the table `notify`; `variable` gives the value of an environment variable.
    ///
    /// # Errors
    /// What is wrong with the table.
    pub fn new(table: toml::Table, variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let table: Table = toml::Value::Table(table).try_into()?;
        let mailer = table.smtp.as_ref().map(|smtp| Mailer::new(smtp, variable)).transpose()?;
        let others = table.tenants.into_iter().map(|(tenant, of_tenant)| (Tenant::new(&tenant), of_tenant.approvers));
        let mut approvers: HashMap<Tenant, Addresses> = others.collect();
        approvers.entry(Tenant::default()).or_default().extend(table.approvers);
        approvers.retain(|_, addresses| !addresses.is_empty());
        for (approver, addresses) in approvers.values().flatten() {
            let is_named = approver.split_once(':').is_some_and(|(kind, name)| matches!(kind, "role" | "user") && !name.is_empty());
            if approver != ANYBODY && !is_named {
                return Err(Error::Approver(approver.clone()));
            }
            if let Some(wrong) = addresses.iter().find(|address| !Mailer::is_address(address)) {
                return Err(Error::Address(wrong.clone()));
            }
        }
        if mailer.is_none() && !approvers.is_empty() {
            return Err(Error::NoServer);
        }
        Ok(Self { mailer, approvers })
    }

    #[must_use]
    pub fn mailer(&self) -> Option<&Mailer> {
        self.mailer.as_ref()
    }

    /// Whether anybody is told of questions by mail.
    #[must_use]
    pub fn tells_anybody(&self) -> bool {
        !self.approvers.is_empty()
    }

    /// Who is told of a question that these approvers may decide; each address once.
    #[must_use]
    pub fn recipients(&self, tenant: &Tenant, any_of: &[String]) -> Vec<Recipient> {
        let Some(addresses) = self.approvers.get(tenant) else { return Vec::new() };
        let anybody = [ANYBODY.to_owned()];
        let wanted = if any_of.is_empty() { anybody.as_slice() } else { any_of };
        let mut recipients: Vec<Recipient> = Vec::new();
        for approver in wanted {
            for address in addresses.get(approver).into_iter().flatten() {
                if !recipients.iter().any(|recipient| recipient.address == *address) {
                    recipients.push(Recipient { approver: approver.clone(), address: address.clone() });
                }
            }
        }
        recipients
    }

    /// In whose name an address decides. One that stands under `user:NAME` is that user everywhere, so that nobody counts twice: once
    /// with a key and once by mail.
    #[must_use]
    pub fn person(&self, tenant: &Tenant, recipient: &Recipient) -> Person {
        let roles = match recipient.approver.split_once(':') {
            Some(("role", role)) => vec![role.to_owned()],
            _ => Vec::new(),
        };
        let known = self.approvers.get(tenant).into_iter().flatten().find_map(|(approver, addresses)| {
            let user = approver.strip_prefix("user:")?;
            addresses.contains(&recipient.address).then(|| user.to_owned())
        });
        Person { user: known.unwrap_or_else(|| recipient.address.clone()), roles, every_role: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        approvers = { "role:finance" = ["ana@x.example", "bo@x.example"], "user:ana" = ["ana@x.example"], any = ["desk@x.example"] }
        tenants.acme.approvers = { "role:finance" = ["eve@acme.example"] }
        [smtp]
        host = "localhost"
        from = "flows@x.example"
        tls = "none"
    "#;

    fn settings(text: &str) -> Result<Settings, Error> {
        Settings::new(text.parse().unwrap(), |_| None)
    }

    fn told(settings: &Settings, tenant: &str, any_of: &[&str]) -> Vec<(String, Person)> {
        let (tenant, any_of) = (Tenant::new(tenant), any_of.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        let recipients = settings.recipients(&tenant, &any_of);
        recipients.into_iter().map(|recipient| (recipient.address.clone(), settings.person(&tenant, &recipient))).collect()
    }

    fn person(user: &str, roles: &[&str]) -> Person {
        Person { user: user.to_owned(), roles: roles.iter().map(|role| (*role).to_owned()).collect(), every_role: false }
    }

    #[test]
    fn each_address_is_told_once_and_decides_as_one_person() {
        let settings = settings(FILE).unwrap();
        let finance =
            [("ana@x.example".to_owned(), person("ana", &["finance"])), ("bo@x.example".to_owned(), person("bo@x.example", &["finance"]))];
        assert_eq!(told(&settings, "default", &["role:finance", "user:ana"]), finance);
        assert_eq!(told(&settings, "default", &["user:ana"]), [("ana@x.example".to_owned(), person("ana", &[]))]);
        assert_eq!(told(&settings, "default", &[]), [("desk@x.example".to_owned(), person("desk@x.example", &[]))]);
        assert_eq!(told(&settings, "default", &["role:legal"]), []);
    }

    #[test]
    fn tenants_hear_of_their_own_questions_only() {
        let settings = settings(FILE).unwrap();
        assert_eq!(told(&settings, "acme", &["role:finance"]), [("eve@acme.example".to_owned(), person("eve@acme.example", &["finance"]))]);
        assert_eq!(told(&settings, "acme", &["user:ana"]), []);
        assert_eq!(told(&settings, "third", &["role:finance"]), []);
    }

    #[test]
    fn what_is_written_wrongly_is_named() {
        assert!(!settings("").unwrap().tells_anybody());
        let refused = |text: &str| settings(text).unwrap_err();
        assert!(matches!(refused("approvers = {any = ['a@x']}"), Error::NoServer));
        assert!(matches!(refused(&FILE.replace("role:finance", "finance")), Error::Approver(name) if name == "finance"));
        assert!(matches!(refused(&FILE.replace("bo@x.example", "bo")), Error::Address(name) if name == "bo"));
        assert!(matches!(refused("aprovers = {}"), Error::Table(_)));
    }
}
