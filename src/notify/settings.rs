//! `[notify]` in the settings file: the mail server, and which addresses stand for which approvers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;

use crate::ids::Tenant;
use crate::machine::question::{Person, Question};
use crate::runner::notify::{Mailer, SmtpError, SmtpTable};

/// The approver that stands for questions which name none: whoever may decide.
pub const ANYBODY: &str = "any";

/// What the operator decided about telling people.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    mailer: Option<Mailer>,
    /// Per tenant: approver (`role:NAME`, `user:NAME`, `any`) → addresses.
    approvers: HashMap<Tenant, Addresses>,
    /// Per tenant: address, as it is compared, → the users whose it is.
    people: HashMap<Tenant, HashMap<String, BTreeSet<String>>>,
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
    /// Whose addresses are whose: address → user, for those that stand under no `user:NAME`. Of the tenant `default`.
    #[serde(default)]
    people: BTreeMap<String, String>,
    /// Of the others: people of one tenant never hear of another's questions.
    #[serde(default)]
    tenants: BTreeMap<String, TenantTable>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TenantTable {
    #[serde(default)]
    approvers: Addresses,
    #[serde(default)]
    people: BTreeMap<String, String>,
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
    #[error("notify.people: `{0}` is no mail address")]
    Person(String),
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
        let mut tenants: HashMap<Tenant, TenantTable> =
            table.tenants.into_iter().map(|(tenant, of_tenant)| (Tenant::new(&tenant), of_tenant)).collect();
        let of_default = tenants.entry(Tenant::default()).or_default();
        of_default.approvers.extend(table.approvers);
        of_default.people.extend(table.people);
        if let Some(wrong) = tenants.values().flat_map(|of_tenant| of_tenant.people.keys()).find(|address| !Mailer::is_address(address)) {
            return Err(Error::Person(wrong.clone()));
        }
        let people = tenants.iter().map(|(tenant, of_tenant)| (tenant.clone(), owners(of_tenant))).collect();
        let mut approvers: HashMap<Tenant, Addresses> =
            tenants.into_iter().map(|(tenant, of_tenant)| (tenant, of_tenant.approvers)).collect();
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
        Ok(Self { mailer, approvers, people })
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

    /// In whose name an address decides: as the user whose it is, so that nobody counts twice, once with a key and once by mail.
    #[must_use]
    pub fn person(&self, tenant: &Tenant, recipient: &Recipient) -> Person {
        let roles = match recipient.approver.split_once(':') {
            Some(("role", role)) => vec![role.to_owned()],
            _ => Vec::new(),
        };
        let user = self.users(tenant, &recipient.address).next().unwrap_or(&recipient.address);
        Person { user: user.to_owned(), roles, every_role: false }
    }

    /// The same for the holder of a link that was made before somebody said whose address it is.
    #[must_use]
    pub fn known_person(&self, tenant: &Tenant, person: &Person) -> Person {
        let user = self.users(tenant, &person.user).next().unwrap_or(&person.user);
        Person { user: user.to_owned(), ..person.clone() }
    }

    /// Why an address gets no link to decide a question with: it is an excluded user's, or, where it matters who decides, nobody's.
    #[must_use]
    pub fn keeps_out(&self, tenant: &Tenant, address: &str, question: &Question) -> Option<&'static str> {
        let is_excluded = |user: &str| question.excluded.iter().any(|excluded| excluded == user || place(excluded) == place(address));
        if self.users(tenant, address).any(is_excluded) || is_excluded(address) {
            return Some("the recipient is excluded from deciding this");
        }
        (self.users(tenant, address).next().is_none() && asks_who(question))
            .then_some("it is not known whose address this is, and the question asks who decides; name its user in notify.people")
    }

    fn users(&self, tenant: &Tenant, address: &str) -> impl Iterator<Item = &str> {
        self.people.get(tenant).and_then(|people| people.get(&place(address))).into_iter().flatten().map(String::as_str)
    }
}

/// Whether it matters which person decides, not only that one of the approvers does.
#[must_use]
pub fn asks_who(question: &Question) -> bool {
    !question.excluded.is_empty() || question.approvers.quorum > 1
}

/// How addresses are compared: mail servers that tell them apart by capitals are not found any more.
fn place(address: &str) -> String {
    address.trim().to_lowercase()
}

/// Whose each address is.
fn owners(table: &TenantTable) -> HashMap<String, BTreeSet<String>> {
    let mut owners = HashMap::<String, BTreeSet<String>>::new();
    let by_approver = table.approvers.iter().filter_map(|(approver, addresses)| Some((approver.strip_prefix("user:")?, addresses)));
    let by_approver = by_approver.flat_map(|(user, addresses)| addresses.iter().map(move |address| (address, user)));
    for (address, user) in by_approver.chain(table.people.iter().map(|(address, user)| (address, user.as_str()))) {
        owners.entry(place(address)).or_default().insert(user.to_owned());
    }
    owners
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

    fn question(excluded: &[&str], quorum: u32) -> Question {
        let json = serde_json::json!({
            "id": crate::ids::QuestionId::derived("q"), "kind": "approval", "place": "gate#1.1", "step": "gate", "decisions": [], "title": "Pay?", "digest": crate::ids::Digest::of(b"a"),
            "approvers": {"any_of": ["role:finance"], "quorum": quorum, "exclude": []}, "excluded": excluded, "asked_at": 5,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn whoever_is_excluded_is_so_under_every_address_and_strangers_do_not_decide_where_it_matters_who_does() {
        let file = r#"
            approvers = { "role:finance" = ["ana@x.example", "Bo@x.example", "eve@x.example", "desk@x.example"], "user:ana" = ["Ana@X.example"] }
            people = { "bo@X.example" = "bo" }
            tenants.acme = { approvers = { "role:finance" = ["bo@x.example"] } }
            [smtp]
            host = "localhost"
            from = "flows@x.example"
            tls = "none"
        "#;
        let settings = settings(file).unwrap();
        let (known, stranger, nobody) = ("the recipient is excluded", "it is not known", "");
        // Address, excluded users, quorum, the reason.
        let matrix: [(&str, &[&str], u32, &str); 12] = [
            ("ana@x.example", &["ana"], 1, known),
            ("ana@x.example", &["bo"], 1, nobody),
            ("ana@x.example", &[], 2, nobody),
            ("Bo@x.example", &["bo"], 1, known),
            ("bo@x.example", &["bo"], 2, known),
            ("Bo@x.example", &["ana"], 2, nobody),
            ("eve@x.example", &["ana"], 1, stranger),
            ("eve@x.example", &["Eve@x.example"], 1, known),
            ("desk@x.example", &[], 2, stranger),
            ("desk@x.example", &[], 1, nobody),
            ("bo@x.example", &["BO@x.example"], 1, known),
            ("bo@x.example", &[], 1, nobody),
        ];
        for (address, excluded, quorum, reason) in matrix {
            let said = settings.keeps_out(&Tenant::default(), address, &question(excluded, quorum)).unwrap_or_default();
            assert!(said.starts_with(reason) && said.is_empty() == reason.is_empty(), "{address} {excluded:?} {quorum}: {said}");
        }
        let acme = Tenant::new("acme");
        assert!(settings.keeps_out(&acme, "bo@x.example", &question(&["bo"], 1)).is_some_and(|said| said.starts_with(stranger)));
        let before = person("bo@x.example", &["finance"]);
        assert_eq!(settings.known_person(&Tenant::default(), &before), person("bo", &["finance"]), "a link from before");
        assert_eq!(settings.known_person(&acme, &before), before);
        assert!(matches!(Settings::new("people = {bo = 'bo'}".parse().unwrap(), |_| None), Err(Error::Person(name)) if name == "bo"));
    }
}
