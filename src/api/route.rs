//! One entry of the table of routes: what is called how, what it needs, what it answers, and which function answers. Everything that
//! must hold for every route (permissions, limits, the OpenAPI document) is worked out from these entries.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use super::answer::Answer;
use super::app::App;
use super::call::Call;
use super::dialects::Dialect;
use super::problem::Problem;
use crate::catalog::scopes::Scope;

/// Bytes of a JSON body where the route does not say.
pub const BODY_BYTES_DEFAULT: usize = crate::config::BODY_BYTES_MAX_DEFAULT;

/// The header that makes a repetition known; visible ASCII.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// Bytes of a header that an operation understands.
const HEADER_BYTES_MAX: usize = 200;
/// Of one of our own: lists, URLs.
const OWN_HEADER_BYTES_MAX: usize = 2_048;

/// How long the header of this name may be.
#[must_use]
pub fn header_bytes_max(name: &str) -> usize {
    if name.starts_with("X-Flowgate-") { OWN_HEADER_BYTES_MAX } else { HEADER_BYTES_MAX }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody: the answer holds nothing of any tenant.
    Public,
    /// Any valid key.
    Key,
    /// A key with this scope.
    Scope(Scope),
    /// The root key: it concerns the installation.
    Root,
}

/// A schema, made when the document is.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What a request carries.
#[derive(Clone, Copy)]
pub enum Payload {
    Nothing,
    /// JSON; an absent body counts as `{}` where it may be absent.
    Json {
        schema: SchemaOf,
        required: bool,
    },
    /// The fields of an HTML form.
    Fields(SchemaOf),
    /// A form with a file in the part of this name.
    Form {
        part: &'static str,
    },
    /// JSON, or a form whose files and texts `form` describes.
    Either {
        schema: SchemaOf,
        form: SchemaOf,
    },
}

/// What an answer carries.
#[derive(Clone, Copy)]
pub enum Content {
    Nothing,
    Json(SchemaOf),
    Events,
    Other(&'static str),
}

/// What a route makes, as far as repetitions go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creates {
    Thing,
    /// Something whose answer is shown once.
    Secret,
    /// An execution, under an id that is reserved for the key.
    Execution,
}

/// What is looked at before the body is read, from the names of the path and the client's address.
pub type BeforeBody = fn(&App, &HashMap<&'static str, String>, Option<IpAddr>) -> Result<(), Problem>;

type Handler = Arc<dyn Fn(Call) -> LocalBoxFuture<'static, Result<Answer, Problem>> + Send + Sync>;

/// One operation.
#[derive(Clone)]
pub struct Route {
    pub method: Method,
    /// `{name}` is one segment, or the part of one before `:action`.
    pub path: &'static str,
    /// Unique; the `operationId`.
    pub operation: &'static str,
    pub summary: &'static str,
    pub access: Access,
    pub query: Option<SchemaOf>,
    pub payload: Payload,
    pub body_bytes_max: usize,
    /// Beside problems.
    pub answers: Vec<(u16, Content)>,
    /// Headers that the operation understands beside those of every operation.
    pub headers: &'static [&'static str],
    /// It makes something: `Idempotency-Key` is honoured.
    pub creates: Option<Creates>,
    /// It moves or ends what was taken already, so it is not counted among the tenant's requests: a crowd that waits to be answered
    /// must not keep a person from deciding, or anybody from cancelling.
    pub settles: bool,
    /// Whose words it speaks.
    pub dialect: Dialect,
    /// Of a public route: what keeps a body from being read, and from taking memory.
    pub before_body: Option<BeforeBody>,
    pub handler: Handler,
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// The whole schema, not a reference: the properties become parameters.
fn root_schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    T::json_schema(generator)
}

impl Route {
    fn new(method: Method, path: &'static str, operation: &'static str, summary: &'static str) -> Self {
        Self {
            method,
            path,
            operation,
            summary,
            access: Access::Scope(Scope::Admin),
            query: None,
            payload: Payload::Nothing,
            body_bytes_max: BODY_BYTES_DEFAULT,
            answers: Vec::new(),
            headers: &[],
            creates: None,
            settles: false,
            dialect: Dialect::Native,
            before_body: None,
            handler: Arc::new(|_| async { Err(Problem::new(501, "unfinished", "Not there", "the route has no handler")) }.boxed_local()),
        }
    }

    #[must_use]
    pub fn get(path: &'static str, operation: &'static str, summary: &'static str) -> Self {
        Self::new(Method::Get, path, operation, summary)
    }

    #[must_use]
    pub fn post(path: &'static str, operation: &'static str, summary: &'static str) -> Self {
        Self::new(Method::Post, path, operation, summary)
    }

    #[must_use]
    pub fn put(path: &'static str, operation: &'static str, summary: &'static str) -> Self {
        Self::new(Method::Put, path, operation, summary)
    }

    #[must_use]
    pub fn patch(path: &'static str, operation: &'static str, summary: &'static str) -> Self {
        Self::new(Method::Patch, path, operation, summary)
    }

    #[must_use]
    pub fn delete(path: &'static str, operation: &'static str, summary: &'static str) -> Self {
        Self::new(Method::Delete, path, operation, summary)
    }

    /// Who may call; without it, only a key with `admin`.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    #[must_use]
    pub fn scope(self, scope: Scope) -> Self {
        self.access(Access::Scope(scope))
    }

    /// The names that may stand behind `?`; others are refused.
    #[must_use]
    pub fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(root_schema_of::<T>);
        self
    }

    #[must_use]
    pub fn takes<T: JsonSchema>(mut self) -> Self {
        self.payload = Payload::Json { schema: schema_of::<T>, required: true };
        self
    }

    /// As `takes`; no body is the same as `{}`.
    #[must_use]
    pub fn may_take<T: JsonSchema>(mut self) -> Self {
        self.payload = Payload::Json { schema: schema_of::<T>, required: false };
        self
    }

    /// The fields of an HTML form.
    #[must_use]
    pub fn takes_fields<T: JsonSchema>(mut self) -> Self {
        self.payload = Payload::Fields(schema_of::<T>);
        self
    }

    #[must_use]
    pub fn takes_form(mut self, part: &'static str) -> Self {
        self.payload = Payload::Form { part };
        self
    }

    /// JSON, or a multipart form with the parts that `F` names.
    #[must_use]
    pub fn takes_either<T: JsonSchema, F: JsonSchema>(mut self) -> Self {
        self.payload = Payload::Either { schema: schema_of::<T>, form: schema_of::<F> };
        self
    }

    #[must_use]
    pub fn body_bytes_max(mut self, bytes: usize) -> Self {
        self.body_bytes_max = bytes;
        self
    }

    #[must_use]
    pub fn answers<T: JsonSchema>(self, status: u16) -> Self {
        self.answers_with(status, Content::Json(schema_of::<T>))
    }

    #[must_use]
    pub fn answers_with(mut self, status: u16, content: Content) -> Self {
        self.answers.push((status, content));
        self
    }

    #[must_use]
    pub fn headers(mut self, names: &'static [&'static str]) -> Self {
        self.headers = names;
        self
    }

    /// It moves or ends what was taken already; see `settles`.
    #[must_use]
    pub fn settles(mut self) -> Self {
        self.settles = true;
        self
    }

    /// Whose words it speaks; without it, ours.
    #[must_use]
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// What keeps a body from being read.
    #[must_use]
    pub fn before_body(mut self, check: BeforeBody) -> Self {
        self.before_body = Some(check);
        self
    }

    /// It makes something; see `creates`.
    #[must_use]
    pub fn creates(mut self) -> Self {
        self.creates = Some(Creates::Thing);
        self
    }

    /// As `creates`; the answer holds a secret, so it is never given twice.
    #[must_use]
    pub fn creates_secret(mut self) -> Self {
        self.creates = Some(Creates::Secret);
        self
    }

    /// As `creates`; the handler starts `call.reserved.execution`.
    #[must_use]
    pub fn creates_execution(mut self) -> Self {
        self.creates = Some(Creates::Execution);
        self
    }

    /// The function that answers.
    #[must_use]
    pub fn to<F, A>(mut self, handler: F) -> Self
    where
        F: Fn(Call) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Answer, Problem>> + 'static,
    {
        self.handler = Arc::new(move |call| handler(call).boxed_local());
        self
    }

    /// Whether it belongs to a tenant that the path names.
    #[must_use]
    pub fn is_of_a_tenant(&self) -> bool {
        self.path.contains("{tenant}")
    }

    /// The headers that it reads, beside those of every operation.
    pub fn understood_headers(&self) -> impl Iterator<Item = &'static str> {
        let repeatable = self.creates.is_some().then_some(IDEMPOTENCY_KEY);
        self.headers.iter().copied().chain(repeatable)
    }

    /// The names in the path, in order.
    pub fn parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('{').skip(1).filter_map(|rest| rest.split('}').next())
    }
}

/// JSON that is free-form by contract: parameters, flows, payloads.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Free(pub Value);

impl JsonSchema for Free {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FreeForm".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({"description": "Any JSON value; what may stand here is said where it is used."})
    }
}
