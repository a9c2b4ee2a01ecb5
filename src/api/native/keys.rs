//! `/v1/tenants/{tenant}/apiKeys` and, for the later clients, `/tokens`: the same keys under two names.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::page;
use crate::api::problem::Problem;
use crate::api::route::{Access, Content, Route};
use crate::catalog::audit::AuditLine;
use crate::catalog::keys::{KeyRow, Minted, NewKey};
use crate::catalog::scopes::{self, PRESETS, Scope};
use crate::ids::TimeMs;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// Longest life of a key that has an end.
const EXPIRATION_DAYS_MAX: u32 = 3_650;
/// Longest overlap of a rotation.
const OVERLAP_SECONDS_MAX: u32 = 7 * 24 * 60 * 60;

/// A key without its value.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Key {
    id: String,
    name: String,
    /// How the value begins.
    key_prefix: String,
    scopes: Vec<Scope>,
    is_active: bool,
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Who a request with this key comes from.
    user: String,
    /// What approver policies ask for.
    roles: Vec<String>,
    created_at: TimeMs,
    expires_at: Option<TimeMs>,
    last_used_at: Option<TimeMs>,
    revoked_at: Option<TimeMs>,
}

impl From<KeyRow> for Key {
    fn from(row: KeyRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            key_prefix: row.prefix,
            scopes: row.scopes,
            is_active: row.is_active,
            kind: row.kind,
            user: row.user,
            roles: row.roles,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
        }
    }
}

/// A key with its value, which is shown this once.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Generated {
    #[serde(flatten)]
    key: Key,
    /// The value, under the name that the earlier clients read.
    api_key: String,
    /// The same, for the later ones.
    token: String,
}

impl From<Minted> for Generated {
    fn from(minted: Minted) -> Self {
        Self { key: minted.row.into(), api_key: minted.value.clone(), token: minted.value }
    }
}

/// A new key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Generate {
    #[schemars(length(min = 1, max = 200))]
    name: String,
    /// Absent: it does not expire.
    #[serde(default)]
    #[schemars(range(min = 1, max = 3650))]
    expiration_days: Option<u32>,
    /// `resource:action`; `resource:*` is every action.
    #[serde(default)]
    scopes: Vec<String>,
    /// A bundle of scopes; adds to `scopes`.
    #[serde(default)]
    preset: Option<String>,
    /// What it is for; free text.
    #[serde(default, rename = "type")]
    kind: Option<String>,
    /// Who a request with this key comes from; absent: the key's name.
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
}

/// How a rotation is done.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rotate {
    /// How long the old value still counts.
    #[serde(default)]
    #[schemars(range(max = 604_800))]
    overlap_seconds: Option<u32>,
}

/// A change of a key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    is_active: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AuditQuery {
    /// Lines at most; the answer is then an array.
    #[serde(default)]
    limit: Option<usize>,
    /// Lines of a page; the answer is then an object.
    #[serde(default)]
    page_size: Option<usize>,
    #[serde(default)]
    page_token: Option<String>,
}

/// What happened to a key.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AuditEvent {
    event_type: &'static str,
    created_at: TimeMs,
    actor: String,
    /// JSON in a string, as the clients read it.
    details: Option<String>,
}

/// An array, or a page of it where one was asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum AuditEvents {
    All(Vec<AuditEvent>),
    #[serde(rename_all = "camelCase")]
    Page {
        items: Vec<AuditEvent>,
        next_page_token: Option<String>,
    },
}

/// What keys can be allowed to do.
#[derive(Debug, Serialize, JsonSchema)]
struct Scopes {
    scopes: Vec<ScopeInfo>,
    presets: Vec<PresetInfo>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ScopeInfo {
    id: &'static str,
    resource: &'static str,
    action: &'static str,
    label: &'static str,
    helper: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PresetInfo {
    id: &'static str,
    label: &'static str,
    tagline: &'static str,
    scopes: &'static [Scope],
}

/// How the caller is known.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AuthHealth {
    authentication_source: &'static str,
    api_key_name: String,
    token_name: String,
    scopes: Vec<Scope>,
    email: Option<String>,
    api_key_expires_at: Option<TimeMs>,
    token_expires_at: Option<TimeMs>,
}

/// A collection under one of its two names.
struct Names {
    list: (&'static str, &'static str),
    current: (&'static str, &'static str),
    scopes: (&'static str, &'static str),
    generate: (&'static str, &'static str),
    rotate: (&'static str, &'static str),
    audit: (&'static str, &'static str),
    one: &'static str,
    delete: &'static str,
}

const API_KEYS: Names = Names {
    list: ("/v1/tenants/{tenant}/apiKeys", "listApiKeys"),
    current: ("/v1/tenants/{tenant}/apiKeys/current", "getCurrentApiKey"),
    scopes: ("/v1/tenants/{tenant}/apiKeys/scopes", "listApiKeyScopes"),
    generate: ("/v1/tenants/{tenant}/apiKeys:generate", "generateApiKey"),
    rotate: ("/v1/tenants/{tenant}/apiKeys/{key}:rotate", "rotateApiKey"),
    audit: ("/v1/tenants/{tenant}/apiKeys/{key}/auditEvents", "listApiKeyAuditEvents"),
    one: "/v1/tenants/{tenant}/apiKeys/{key}",
    delete: "deleteApiKey",
};

const TOKENS: Names = Names {
    list: ("/v1/tenants/{tenant}/tokens", "listTokens"),
    current: ("/v1/tenants/{tenant}/tokens/current", "getCurrentToken"),
    scopes: ("/v1/tenants/{tenant}/tokens/scopes", "listTokenScopes"),
    generate: ("/v1/tenants/{tenant}/tokens:generate", "generateToken"),
    rotate: ("/v1/tenants/{tenant}/tokens/{key}:rotate", "rotateToken"),
    audit: ("/v1/tenants/{tenant}/tokens/{key}/auditEvents", "listTokenAuditEvents"),
    one: "/v1/tenants/{tenant}/tokens/{key}",
    delete: "revokeToken",
};

pub fn routes() -> Vec<Route> {
    let mut routes = shared(&API_KEYS);
    routes.push(rotation(&API_KEYS, "A new key in the place of this one, which is revoked").to(replace));
    routes.push(
        Route::delete(API_KEYS.one, API_KEYS.delete, "Remove a key; its audit stays")
            .scope(Scope::KeysWrite)
            .answers_with(204, Content::Nothing)
            .to(remove),
    );
    routes.push(
        Route::patch(API_KEYS.one, "switchApiKey", "Switch a key on or off")
            .scope(Scope::KeysWrite)
            .takes::<Change>()
            .answers::<Key>(200)
            .to(switch),
    );
    routes.extend(shared(&TOKENS));
    routes.push(rotation(&TOKENS, "A new value for a key, which keeps its id").to(rotate));
    routes.push(
        Route::delete(TOKENS.one, TOKENS.delete, "Revoke a key for good")
            .scope(Scope::KeysWrite)
            .answers_with(204, Content::Nothing)
            .to(revoke),
    );
    routes.push(
        Route::get("/v1/tenants/{tenant}/auth/health", "authHealth", "How the caller is known")
            .access(Access::Key)
            .answers::<AuthHealth>(200)
            .to(health),
    );
    routes
}

fn rotation(names: &Names, summary: &'static str) -> Route {
    let route = Route::post(names.rotate.0, names.rotate.1, summary).scope(Scope::KeysWrite);
    route.may_take::<Rotate>().answers::<Generated>(200).creates_secret()
}

fn shared(names: &Names) -> Vec<Route> {
    let (read, write) = (Scope::KeysRead, Scope::KeysWrite);
    vec![
        Route::get(names.list.0, names.list.1, "Every key, without values").scope(read).answers::<Vec<Key>>(200).to(list),
        Route::get(names.current.0, names.current.1, "The key of this request").access(Access::Key).answers::<Key>(200).to(current),
        Route::get(names.scopes.0, names.scopes.1, "What keys can be allowed to do")
            .access(Access::Key)
            .answers::<Scopes>(200)
            .to(list_scopes),
        Route::post(names.generate.0, names.generate.1, "A new key; its value is shown this once")
            .scope(write)
            .takes::<Generate>()
            .answers::<Generated>(200)
            .creates_secret()
            .to(generate),
        Route::get(names.audit.0, names.audit.1, "What happened to a key")
            .scope(read)
            .query::<AuditQuery>()
            .answers::<AuditEvents>(200)
            .to(audit),
    ]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let keys: Vec<Key> = call.app.catalog.keys(&call.tenant)?.into_iter().map(Key::from).collect();
    Answer::json(&keys)
}

async fn current(call: Call) -> Result<Answer, Problem> {
    Answer::json(&Key::from(call.caller()?.key.clone()))
}

async fn list_scopes(_: Call) -> Result<Answer, Problem> {
    let scopes = Scope::ALL.into_iter().map(|scope| {
        let (resource, action) = scope.name().split_once(':').unwrap_or((scope.name(), "all"));
        ScopeInfo { id: scope.name(), resource, action, label: scope.label(), helper: scope.label() }
    });
    let presets =
        PRESETS.iter().map(|preset| PresetInfo { id: preset.id, label: preset.label, tagline: preset.tagline, scopes: preset.scopes });
    Answer::json(&Scopes { scopes: scopes.collect(), presets: presets.collect() })
}

async fn generate(call: Call) -> Result<Answer, Problem> {
    let wanted: Generate = call.json()?;
    if wanted.expiration_days.is_some_and(|days| days == 0 || days > EXPIRATION_DAYS_MAX) {
        return Err(Problem::invalid("expirationDays", format!("it must lie between 1 and {EXPIRATION_DAYS_MAX}")));
    }
    let mut granted = scopes::parse(&wanted.scopes).map_err(|name| Problem::unfit("scopes", format!("there is no scope `{name}`")))?;
    if let Some(name) = &wanted.preset {
        let preset = PRESETS.iter().find(|preset| preset.id == name);
        let unknown = || Problem::unfit("preset", format!("there is no preset `{name}`; see …/apiKeys/scopes"));
        granted.extend_from_slice(preset.ok_or_else(unknown)?.scopes);
    }
    granted.sort_unstable();
    granted.dedup();
    // Nobody hands out what they do not hold.
    for scope in &granted {
        call.caller()?.must(*scope)?;
    }
    let own = &call.caller()?.key;
    if let Some(role) = wanted.roles.iter().find(|role| !own.is_root && !own.may(Scope::Admin) && !own.roles.contains(role)) {
        return Err(Problem::new(403, "not_allowed", "The key may not do this", format!("only an administrator gives the role `{role}`")));
    }
    let is_administrator = own.is_root || own.may(Scope::Admin);
    // Whoever could take another person's name would get past every quorum and every exclusion.
    if let Some(user) = wanted.user.as_ref().filter(|user| !is_administrator && **user != own.user) {
        let detail = format!("only an administrator makes a key for another user (`{user}`); yours is `{}`", own.user);
        return Err(Problem::new(403, "not_allowed", "The key may not do this", detail));
    }
    let user = wanted.user.unwrap_or_else(|| if is_administrator { wanted.name.clone() } else { own.user.clone() });
    let new = NewKey {
        user,
        name: wanted.name,
        kind: wanted.kind,
        scopes: granted,
        roles: wanted.roles,
        expires_at: wanted.expiration_days.map(|days| call.now.plus(u64::from(days) * DAY_MS)),
    };
    let minted = call.app.catalog.mint_key(&call.tenant, new, &call.actor()?).await?;
    Answer::json(&Generated::from(minted))
}

/// Until when the value before counts; none: it ends at once.
fn overlap(call: &Call) -> Result<Option<TimeMs>, Problem> {
    let wanted: Rotate = call.json()?;
    if wanted.overlap_seconds.is_some_and(|seconds| seconds > OVERLAP_SECONDS_MAX) {
        return Err(Problem::invalid("overlapSeconds", format!("at most {OVERLAP_SECONDS_MAX}")));
    }
    Ok(wanted.overlap_seconds.map(|seconds| call.now.plus(u64::from(seconds) * 1_000)))
}

/// A key whose value somebody gets to see, or that is switched on for them, must not be worth more than their own.
fn must_hold(call: &Call) -> Result<(), Problem> {
    let own = &call.caller()?.key;
    if own.is_root || own.may(Scope::Admin) {
        return Ok(());
    }
    let Some(stored) = call.app.catalog.key(&call.tenant, call.parameter("key")?)? else { return Ok(()) };
    for scope in &stored.value.scopes {
        call.caller()?.must(*scope)?;
    }
    let is_own = stored.value.user == own.user && stored.value.roles.iter().all(|role| own.roles.contains(role));
    if is_own {
        return Ok(());
    }
    Err(Problem::new(
        403,
        "not_allowed",
        "The key may not do this",
        "only an administrator does this to a key of another user or with other roles",
    ))
}

async fn rotate(call: Call) -> Result<Answer, Problem> {
    let until = overlap(&call)?;
    must_hold(&call)?;
    let minted = call.app.catalog.rotate_key(&call.tenant, call.parameter("key")?, until, &call.actor()?).await?;
    Answer::json(&Generated::from(minted))
}

/// As the earlier clients know it: a new id.
async fn replace(call: Call) -> Result<Answer, Problem> {
    let until = overlap(&call)?;
    must_hold(&call)?;
    let minted = call.app.catalog.replace_key(&call.tenant, call.parameter("key")?, until, &call.actor()?).await?;
    Answer::json(&Generated::from(minted))
}

async fn switch(call: Call) -> Result<Answer, Problem> {
    let wanted: Change = call.json()?;
    if wanted.is_active {
        must_hold(&call)?;
    }
    let row = call.app.catalog.switch_key(&call.tenant, call.parameter("key")?, wanted.is_active, &call.actor()?).await?;
    Answer::json(&Key::from(row))
}

async fn revoke(call: Call) -> Result<Answer, Problem> {
    call.app.catalog.revoke_key(&call.tenant, call.parameter("key")?, &call.actor()?).await?;
    Ok(Answer::empty(204))
}

async fn remove(call: Call) -> Result<Answer, Problem> {
    call.app.catalog.remove_key(&call.tenant, call.parameter("key")?, &call.actor()?).await?;
    Ok(Answer::empty(204))
}

async fn audit(call: Call) -> Result<Answer, Problem> {
    let query: AuditQuery = call.query()?;
    let target = format!("key:{}", call.parameter("key")?);
    let size = page::size(query.page_size.or(query.limit));
    let after = page::read(query.page_token.as_deref())?;
    let lines = call.app.catalog.audit_of(&call.tenant, &target, after.as_deref(), size)?;
    let next_page_token = (lines.len() == size).then(|| lines.last().map(|line| page::token(&line.key))).flatten();
    // A key's scopes never change; of one that was removed they are not told.
    let scopes = call.app.catalog.key(&call.tenant, call.parameter("key")?)?.map(|stored| stored.value.scopes);
    let items: Vec<AuditEvent> = lines.into_iter().filter_map(|line| audit_event(line.value.0, scopes.as_deref())).collect();
    let is_page = query.page_size.is_some() || query.page_token.is_some();
    Answer::json(&if is_page { AuditEvents::Page { items, next_page_token } } else { AuditEvents::All(items) })
}

fn audit_event(line: AuditLine, scopes: Option<&[Scope]>) -> Option<AuditEvent> {
    let event_type = match line.action.as_str() {
        "key.minted" => "MINTED",
        "key.rotated" => "ROTATED",
        "key.revoked" | "key.deactivated" => "REVOKED",
        "key.activated" => "ACTIVATED",
        "key.used_while_revoked" => "USED_WHILE_REVOKED",
        _ => return None,
    };
    let mut details = Map::new();
    details.extend(line.detail.map(|detail| ("reason".to_owned(), detail.into())));
    if event_type == "MINTED" {
        details.extend(scopes.map(|scopes| ("scopes".to_owned(), scopes.iter().map(|scope| scope.name()).collect())));
    }
    let details = (!details.is_empty()).then(|| Value::Object(details).to_string());
    Some(AuditEvent { event_type, created_at: line.at, actor: line.actor, details })
}

async fn health(call: Call) -> Result<Answer, Problem> {
    let key = &call.caller()?.key;
    Answer::json(&AuthHealth {
        authentication_source: "ApiKey",
        api_key_name: key.name.clone(),
        token_name: key.name.clone(),
        scopes: key.scopes.clone(),
        email: None,
        api_key_expires_at: key.expires_at,
        token_expires_at: key.expires_at,
    })
}
