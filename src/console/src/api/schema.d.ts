// Made by `npm run types` from /openapi.json. Do not edit.
export interface paths {
    "/livez": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Is the process alive? */
        get: operations["livez"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Does it take work? 503 while it stops */
        get: operations["readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Counters in Prometheus' text form */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This interface as an OpenAPI document */
        get: operations["openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/swagger/v1/swagger.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same document, where the vendor's command line looks for it */
        get: operations["swagger"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This interface, to read and to try */
        get: operations["docs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What that page consists of */
        get: operations["docsFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The console, in the browser */
        get: operations["console"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/assets/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the console consists of */
        get: operations["consoleFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/signIn": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A cookie for a key, for browsers; 12 hours */
        post: operations["signIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/signIn/current": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in */
        get: operations["getSignIn"];
        put?: never;
        post?: never;
        /** The cookie counts no longer */
        delete: operations["signOut"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every tenant */
        get: operations["listTenants"];
        put?: never;
        /** A new tenant */
        post: operations["createTenant"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/storage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Files, newest first */
        get: operations["listFiles"];
        put?: never;
        /** A new file */
        post: operations["uploadFile"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/storage/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A file's bytes, as an attachment */
        get: operations["downloadFile"];
        put?: never;
        post?: never;
        /** Delete a file */
        delete: operations["deleteFile"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apiKeys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every key, without values */
        get: operations["listApiKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apiKeys/current": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The key of this request */
        get: operations["getCurrentApiKey"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apiKeys/scopes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What keys can be allowed to do */
        get: operations["listApiKeyScopes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apiKeys:generate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A new key; its value is shown this once */
        post: operations["generateApiKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apiKeys/{key}/auditEvents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happened to a key */
        get: operations["listApiKeyAuditEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apiKeys/{key}:rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A new key in the place of this one, which is revoked */
        post: operations["rotateApiKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apiKeys/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a key; its audit stays */
        delete: operations["deleteApiKey"];
        options?: never;
        head?: never;
        /** Switch a key on or off */
        patch: operations["switchApiKey"];
        trace?: never;
    };
    "/v1/tenants/{tenant}/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every key, without values */
        get: operations["listTokens"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/tokens/current": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The key of this request */
        get: operations["getCurrentToken"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/tokens/scopes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What keys can be allowed to do */
        get: operations["listTokenScopes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/tokens:generate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A new key; its value is shown this once */
        post: operations["generateToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/tokens/{key}/auditEvents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happened to a key */
        get: operations["listTokenAuditEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/tokens/{key}:rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A new value for a key, which keeps its id */
        post: operations["rotateToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/tokens/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke a key for good */
        delete: operations["revokeToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/auth/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the caller is known */
        get: operations["authHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/environments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every environment */
        get: operations["listEnvironments"];
        put?: never;
        /** A new environment; its slug is made of the name */
        post: operations["createEnvironment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/environments/{environment}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** By id or slug */
        get: operations["getEnvironment"];
        /** Another name or configuration */
        put: operations["changeEnvironment"];
        post?: never;
        /** Archive it: nothing new starts there */
        delete: operations["archiveEnvironment"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/networks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The one network; a word of the vendor's clients */
        get: operations["listNetworks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Agents by name */
        get: operations["listAgents"];
        put?: never;
        /** A new agent, without revisions */
        post: operations["createAgent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An agent */
        get: operations["getAgent"];
        put?: never;
        post?: never;
        /** Delete it; can be taken back for 30 days */
        delete: operations["deleteAgent"];
        options?: never;
        head?: never;
        /** Change what stands beside its revisions */
        patch: operations["changeAgent"];
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}:activate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let it start executions again */
        post: operations["activateAgent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}:deactivate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Refuse new executions; what runs goes on */
        post: operations["deactivateAgent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}:cancelDelete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take its deletion back */
        post: operations["cancelAgentDeletion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Revisions, newest first */
        get: operations["listAgentRevisions"];
        put?: never;
        /** The next revision; an agent's first one is deployed to production */
        post: operations["createAgentRevision"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A revision with its body as sent */
        get: operations["getAgentRevision"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}:parameters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a revision takes */
        get: operations["getRevisionParameters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/parameters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same, for later clients */
        get: operations["listRevisionParameters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/diff/{other}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How another revision differs from this one, by meaning */
        get: operations["diffAgentRevisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Back to the content before */
        post: operations["undoDraft"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:redo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Forward to what was undone */
        post: operations["redoDraft"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The base revision's body again; can be undone */
        post: operations["resetDraft"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:publish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make it the next revision; the draft is gone then */
        post: operations["publishDraft"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:subscribe": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Events `draft` with `{version, changeKind}`: `sync` first, then every change */
        get: operations["subscribeDraft"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/drafts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An agent's drafts, without their contents */
        get: operations["listDrafts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The draft that departs from this revision (0: the agent has none); 204: there is none */
        get: operations["getDraft"];
        /** Its content from now on; need not be sound, `problems` says what is wrong */
        put: operations["putDraft"];
        post?: never;
        /** Discard it with its history */
        delete: operations["deleteDraft"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/testChats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Conversations that try the agent out, the latest first */
        get: operations["listTestChats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/testChats/{chat}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was said, oldest first */
        get: operations["listTestMessages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/testChats/{chat}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Show it no longer; its executions stay */
        delete: operations["deleteTestChat"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/testChats:subscribe": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Events `testChat` with `{changeKind, conversationId}`: `sync` first, then every change */
        get: operations["subscribeTestChats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}:deploy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let an environment run this revision */
        post: operations["deployAgentRevision"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}:split": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let several revisions share an environment */
        post: operations["splitTraffic"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}:rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Back to the revision that ran before */
        post: operations["rollBackAgent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/deploys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every change of what runs where, newest first */
        get: operations["listDeploys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/deployments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What each environment runs now */
        get: operations["listDeployments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}:execute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run what is deployed; answers when it ends or waits for a person */
        post: operations["executeAgent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}:execute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run this revision, deployed or not */
        post: operations["executeAgentRevision"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}:stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run what is deployed, as server-sent events */
        post: operations["streamAgent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}:test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run the flow in the body, as a test */
        post: operations["testAgent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}:streamTest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run the flow in the body, as a test and as server-sent events */
        post: operations["streamAgentTest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run the draft, as a test */
        post: operations["testDraft"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:streamTest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run the draft, as a test and as server-sent events */
        post: operations["streamDraftTest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/executionRecords:cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel what fits a filter, 1,000 at a time */
        post: operations["cancelExecutions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Records of an agent, newest first */
        get: operations["listExecutionRecords"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/executionRecords": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Records of every agent, newest first */
        get: operations["listTenantExecutionRecords"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A record */
        get: operations["getExecutionRecord"];
        put?: never;
        post?: never;
        /** Drop everything recorded of a finished execution and what it started */
        delete: operations["purgeExecution"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:trace": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everything that happened */
        get: operations["getExecutionTrace"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}/trace": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same, for later clients */
        get: operations["readExecutionTrace"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}/result": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What went in and what came out */
        get: operations["getExecutionResult"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}/tree": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The execution with everything it started */
        get: operations["getExecutionTree"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Its events; resumable, until it has ended */
        get: operations["followExecution"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** As a sample of a dataset and as a rehearsal, without secrets */
        get: operations["exportExecutionSample"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}/attempts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the trace tells, attempt by attempt, in pages */
        get: operations["listExecutionAttempts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:cancelRun": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel: 204 ended, 202 asked for, 409 over */
        post: operations["cancelExecution"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:cancelWait": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop waiting for an event */
        post: operations["cancelExecutionWait"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:signal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A named message; kept if nothing waits for it yet */
        post: operations["signalExecution"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Hold it: nothing new begins */
        post: operations["pauseExecution"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let it go on */
        post: operations["resumeExecution"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A new execution from the step that failed */
        post: operations["retryExecution"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:fork": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A new execution from an attempt, with another output */
        post: operations["forkExecution"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A new execution with the same input */
        post: operations["replayExecution"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/statistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How each revision of an agent does */
        get: operations["getAgentStatistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/statistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How each revision of every agent does */
        get: operations["getStatistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/stepTimes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How long the steps of an agent took lately */
        get: operations["getAgentStepTimes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/stepTimes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How long the steps of every agent took lately */
        get: operations["getStepTimes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every webhook, without secrets */
        get: operations["listWebhooks"];
        put?: never;
        /** A new webhook; its secret is shown this once */
        post: operations["createWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/webhooks/{webhook}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A webhook */
        get: operations["getWebhook"];
        put?: never;
        post?: never;
        /** Remove a webhook; what is not delivered yet is given up */
        delete: operations["deleteWebhook"];
        options?: never;
        head?: never;
        /** Change a webhook */
        patch: operations["changeWebhook"];
        trace?: never;
    };
    "/v1/tenants/{tenant}/webhooks/{webhook}:rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A new secret; for a time calls are signed with both */
        post: operations["rotateWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/webhooks/{webhook}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was and is to be sent, newest first; kept for 30 days */
        get: operations["listWebhookDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/webhooks/{webhook}/deliveries/{delivery}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One delivery and its attempts */
        get: operations["getWebhookDelivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/webhooks/{webhook}/deliveries/{delivery}:redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send it again, under the same id */
        post: operations["redeliverWebhookDelivery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every webhook, without secrets */
        get: operations["listAgentWebhooks"];
        put?: never;
        /** A new webhook; its secret is shown this once */
        post: operations["createAgentWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/webhooks/{webhook}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A webhook */
        get: operations["getAgentWebhook"];
        put?: never;
        post?: never;
        /** Remove a webhook; what is not delivered yet is given up */
        delete: operations["deleteAgentWebhook"];
        options?: never;
        head?: never;
        /** Change a webhook */
        patch: operations["changeAgentWebhook"];
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/webhooks/{webhook}:rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A new secret; for a time calls are signed with both */
        post: operations["rotateAgentWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/webhooks/{webhook}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was and is to be sent, newest first; kept for 30 days */
        get: operations["listAgentWebhookDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/webhooks/{webhook}/deliveries/{delivery}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One delivery and its attempts */
        get: operations["getAgentWebhookDelivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/webhooks/{webhook}/deliveries/{delivery}:redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send it again, under the same id */
        post: operations["redeliverAgentWebhookDelivery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/triggers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every trigger */
        get: operations["listTriggers"];
        put?: never;
        /** A new trigger; a webhook's secret is shown this once */
        post: operations["createTrigger"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/triggers/{trigger}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A trigger */
        get: operations["getTrigger"];
        put?: never;
        post?: never;
        /** Remove it; what it started goes on */
        delete: operations["deleteTrigger"];
        options?: never;
        head?: never;
        /** Another definition; it becomes a revision */
        patch: operations["changeTrigger"];
        trace?: never;
    };
    "/v1/tenants/{tenant}/triggers/{trigger}/revisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every definition, newest first */
        get: operations["listTriggerRevisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/triggers/{trigger}/revisions/{revision}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A definition as it was */
        get: operations["getTriggerRevision"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/triggers/{trigger}/nextFireTimes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** When a schedule is due next */
        get: operations["listTriggerFireTimes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/triggers:fireTimes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** When a schedule that is not kept yet would be due */
        get: operations["planTriggerFireTimes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/triggers/{trigger}/firings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What it did, newest first; kept for 30 days */
        get: operations["listTriggerFirings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/networks/{network}/triggers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A new trigger; a webhook's secret is shown this once */
        post: operations["createNetworkTrigger"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/triggers/{trigger}/bindings/{agent}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Let it start this agent */
        put: operations["bindTrigger"];
        post?: never;
        /** Let it start this agent no more */
        delete: operations["unbindTrigger"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/triggers/{trigger}:fire": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Fire it by hand; answers when its executions have begun */
        post: operations["fireTrigger"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/triggers/{trigger}:restoreFrom": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** An earlier definition, as a new revision */
        post: operations["restoreTrigger"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/triggers/{trigger}:enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Switch it on */
        post: operations["enableTrigger"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/triggers/{trigger}:disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Switch it off: nothing fires, nothing is caught up */
        post: operations["disableTrigger"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/triggers/{trigger}:pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Hold a schedule; what passes meanwhile is caught up */
        post: operations["pauseTrigger"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/triggers/{trigger}:resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a paused schedule go on */
        post: operations["resumeTrigger"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/triggers/{trigger}:rotateSecret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Another secret; for a time both count */
        post: operations["rotateTriggerSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hooks/{hook}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** An event for a trigger, with its signature or token */
        post: operations["receiveEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/evaluationDatasets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The datasets of an agent */
        get: operations["listEvaluationDatasets"];
        put?: never;
        /** A new dataset, empty or with samples */
        post: operations["createEvaluationDataset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/evaluationDatasets/{dataset}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A dataset, without its samples */
        get: operations["getEvaluationDataset"];
        put?: never;
        post?: never;
        /** Remove it with its samples; runs keep what they began with */
        delete: operations["deleteEvaluationDataset"];
        options?: never;
        head?: never;
        /** Another name, other scorers */
        patch: operations["changeEvaluationDataset"];
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/evaluationDatasets/{dataset}:import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Add samples, all of them or none */
        post: operations["importEvaluationSamples"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/evaluationDatasets/{dataset}/samples": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The samples of a dataset */
        get: operations["listEvaluationSamples"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/evaluationDatasets/{dataset}/samples/{sample}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A sample */
        get: operations["getEvaluationSample"];
        /** Another sample under the same number */
        put: operations["putEvaluationSample"];
        post?: never;
        /** Remove a sample */
        delete: operations["deleteEvaluationSample"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}:evaluate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run this revision over a dataset; answers when the run is durable */
        post: operations["evaluateAgentRevision"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:evaluate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run the draft as it stands over a dataset */
        post: operations["evaluateDraft"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}:previewEvaluation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What that would cost, and why we think so; nothing starts */
        post: operations["previewRevisionEvaluation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:previewEvaluation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What that would cost, and why we think so; nothing starts */
        post: operations["previewDraftEvaluation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/evaluationRuns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The runs of an agent, newest first */
        get: operations["listEvaluationRuns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/evaluationRuns/{run}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A run */
        get: operations["getEvaluationRun"];
        put?: never;
        post?: never;
        /** Forget a run that has ended; its executions stay */
        delete: operations["deleteEvaluationRun"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/evaluationRuns/{run}/samples": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How each sample did, in the order of the dataset */
        get: operations["listEvaluationResults"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/evaluationRuns/{run}:compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How it differs from another run over the same dataset, sample by sample */
        get: operations["compareEvaluationRuns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/evaluationRuns/{run}:cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop it; executions of it that are under way are cancelled */
        post: operations["cancelEvaluationRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/secrets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every secret, without its value */
        get: operations["listSecrets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/secrets/{secret}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A secret, without its value */
        get: operations["getSecret"];
        /** Set a secret's value, or who may use it */
        put: operations["setSecret"];
        post?: never;
        /** Remove a secret; steps that need it fail from now on */
        delete: operations["deleteSecret"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/secrets/{secret}/grants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The agents that a secret is granted to by name */
        get: operations["listSecretGrants"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/masterKey:rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Seal every secret with another master key */
        post: operations["rotateMasterKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/budget": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An agent's budget; 404 without one */
        get: operations["getAgentBudget"];
        /** Set an agent's budget, or change it */
        put: operations["setAgentBudget"];
        post?: never;
        /** Remove an agent's budget */
        delete: operations["deleteAgentBudget"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/budget/all": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Both budgets of an agent */
        get: operations["listAgentBudgets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/cost": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the executions of a revision have cost; `*` is every revision */
        get: operations["getRevisionCost"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/auditEvents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who did what in this tenant, newest first */
        get: operations["listAuditEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auditEvents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was done to the installation, newest first */
        get: operations["listInstallationAuditEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/changes:subscribe": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Events `changes` with `{changeKind, topics}`: `sync` first, then which lists may have `changed`; only those that the key may read */
        get: operations["subscribeChanges"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/llmProviders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The model providers that can be used */
        get: operations["listLlmProviders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/llmProviders/{provider}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A model provider and its models */
        get: operations["getLlmProvider"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/retention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How long finished executions are kept */
        get: operations["getRetention"];
        /** Say how long finished executions are kept */
        put: operations["setRetention"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/retention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How long finished executions are kept */
        get: operations["getAgentRetention"];
        /** Say how long finished executions are kept */
        put: operations["setAgentRetention"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An execution's journal and trace */
        get: operations["exportExecution"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/quarantined": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Executions that were set aside, with the reason */
        get: operations["listQuarantined"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give an execution that was set aside one more attempt */
        post: operations["releaseExecution"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/inDoubt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Effects of which nobody knows whether they happened, oldest first */
        get: operations["listInDoubt"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/backup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Back the store up while it is in use */
        post: operations["backup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/compact": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give back what deleted executions take of the log, now */
        post: operations["compact"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How much there is to do */
        get: operations["status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/pendingApprovals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Approvals of every agent: open ones first, oldest first */
        get: operations["listApprovals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/pendingApprovals/counts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many are open, for whom, and since when */
        get: operations["countApprovals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/pendingApprovals:decide": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Several decisions, each for itself */
        post: operations["decideApprovals"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/pendingApprovals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Approvals of one agent */
        get: operations["listAgentApprovals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/pendingApprovals/{approval}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An approval, open or not, with exactly what would be done */
        get: operations["getAgentApproval"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/pendingApprovals/{approval}:respond": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** `approve`, or the reason of a rejection */
        post: operations["respondAgentApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/pendingApprovals/{approval}:cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take it back: a rejection that says so; its execution goes on from there */
        post: operations["cancelAgentApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/pendingApprovals/{approval}:decide": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Decide on exactly the digest that was shown */
        post: operations["decideAgentApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/pendingApprovals/{approval}:claim": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell the others that you are looking; nobody is kept from deciding */
        post: operations["claimAgentApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/pendingApprovals/{approval}:release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a claim back */
        post: operations["releaseAgentApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/agents/{agent}/pendingApprovals/{approval}/comments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What people said about it, oldest first */
        get: operations["listAgentApprovalComments"];
        put?: never;
        /** Say something about it */
        post: operations["commentAgentApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/pendingApprovals/{approval}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An approval, open or not, with exactly what would be done */
        get: operations["getApproval"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/pendingApprovals/{approval}:respond": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** `approve`, or the reason of a rejection */
        post: operations["respondApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/pendingApprovals/{approval}:cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take it back: a rejection that says so; its execution goes on from there */
        post: operations["cancelApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/pendingApprovals/{approval}:decide": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Decide on exactly the digest that was shown */
        post: operations["decideApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/pendingApprovals/{approval}:claim": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell the others that you are looking; nobody is kept from deciding */
        post: operations["claimApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/pendingApprovals/{approval}:release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a claim back */
        post: operations["releaseApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/pendingApprovals/{approval}/comments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What people said about it, oldest first */
        get: operations["listApprovalComments"];
        put?: never;
        /** Say something about it */
        post: operations["commentApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent}/agentic-execution-definitions/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What an agent can be started with */
        get: operations["agenticListDefinitions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent}/agentic-executions/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Start an execution */
        post: operations["agenticExecute"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agentic-executions/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Executions, newest first, 25 a page */
        get: operations["agenticListExecutions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agentic-executions/{execution}/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An execution */
        get: operations["agenticGetExecution"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/media/conversations/{conversation}/{filename}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A file of an execution, as an attachment */
        get: operations["agenticDownloadFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent}/execute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run an agent; answers at once, when it ends, or as a stream */
        post: operations["chatExecuteAgent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agent-responses/{execution}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A response of an agent */
        get: operations["chatGetAgentResponse"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Agents by name */
        get: operations["chatListAgents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An agent, and what it asks for */
        get: operations["chatGetAgent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Files, newest first */
        get: operations["chatListFiles"];
        put?: never;
        /** A new file; the part `process` says whether to process it */
        post: operations["chatUploadFile"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/files/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A file */
        get: operations["chatGetFile"];
        put?: never;
        post?: never;
        /** Delete a file */
        delete: operations["chatDeleteFile"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/files/{file}/process": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Find out whether agents can read a file */
        post: operations["chatProcessFile"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent}/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The files that executions of an agent get */
        get: operations["chatListAgentFiles"];
        put?: never;
        /** Give an agent files */
        post: operations["chatLinkAgentFiles"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent}/files/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Take a file away from an agent */
        delete: operations["chatUnlinkAgentFile"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent}/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Webhooks of an agent, with their newest deliveries */
        get: operations["chatListAgentWebhooks"];
        put?: never;
        /** A new webhook; its secret is shown this once */
        post: operations["chatCreateWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Webhooks of every agent, with their newest deliveries */
        get: operations["chatListWebhooks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/{webhook}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a webhook; what is not delivered yet is given up */
        delete: operations["chatDeleteWebhook"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/agents/{agent}/openai/chat/completions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Answer a conversation with an agent */
        post: operations["chatCreateCompletion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ai/agents/instances/{agent}/execute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run an instance with this input */
        post: operations["reactExecute"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ai/agents/instances/{agent}/executions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Executions of an instance, newest first */
        get: operations["reactListExecutions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ai/agents/executions/{execution}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An execution */
        get: operations["reactGetExecution"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ai/agents/executions/{execution}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel an execution */
        post: operations["reactCancelExecution"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chat/completions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Answer a conversation with an agent */
        post: operations["openaiCreateCompletion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chat/completions/{completion}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A completion as it stands now */
        get: operations["openaiGetCompletion"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/responses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Answer an input with an agent */
        post: operations["openaiCreateResponse"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/responses/{response}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A response as it stands now */
        get: operations["openaiGetResponse"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/responses/{response}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel a response that is in progress */
        post: operations["openaiCancelResponse"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Agents as models: those that production runs */
        get: operations["openaiListModels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One model: agent, agent@revision or agent@environment */
        get: operations["openaiGetModel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/decide/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page that shows a question to the holder of a link; decides nothing */
        get: operations["showDecision"];
        put?: never;
        /** Decides the question of a link; a link decides once */
        post: operations["postDecision"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description How the server is. */
        Health: {
            /** @description `ok`; in `/readyz` also `closing`. */
            status: string;
            version: string;
        };
        /** @description What is wrong, for a program (`status`, `code`, `errors`) and for a person (`title`, `detail`). */
        Problem: {
            /** @description A page about this kind of problem. */
            type: string;
            title: string;
            /**
             * Format: uint16
             * @description The HTTP status, again.
             */
            status: number;
            detail: string;
            /** @description Stable; docs/errors.md lists them. */
            code: string;
            /** @description The path that was asked for. */
            instance?: string | null;
            /** @description By field of the request; `$` is the request as a whole. */
            errors?: {
                [key: string]: string[];
            };
        } & {
            [key: string]: unknown;
        };
        /** @description Any JSON value; what may stand here is said where it is used. */
        FreeForm: unknown;
        /** @description Who is signed in. */
        SignedIn: {
            tenant: string;
            user: string;
            roles: string[];
            scopes: components["schemas"]["Scope"][];
            isRoot: boolean;
        };
        /** @description One permission. The text forms are part of the API and of the format on disk. */
        Scope: ("agents:read" | "agents:write" | "agents:deploy" | "executions:run" | "executions:read" | "executions:cancel" | "approvals:read" | "approvals:decide" | "keys:read" | "keys:write" | "secrets:read" | "secrets:write") | "admin";
        /** @description The key to sign in with. */
        SignInBody: {
            key: string;
        };
        /** @description A tenant. */
        Tenant: {
            /** @description Its name in paths. */
            id: string;
            /**
             * Format: uint64
             * @description Its integer id.
             */
            number: number;
            displayName: string;
            createdAt: components["schemas"]["TimeMs"];
        };
        /**
         * Format: uint64
         * @description Milliseconds since 1970-01-01T00:00:00Z.
         */
        TimeMs: number;
        /** @description A new tenant. */
        CreateTenant: {
            /** @description Lower-case letters, digits, `-` and `_`, a letter first. */
            id: string;
            /** @default null */
            displayName: string | null;
        };
        /** @description A part of the list, newest first. */
        StoredFiles: {
            items: components["schemas"]["StoredFile"][];
            nextPageToken?: string | null;
        };
        /** @description A file, without its bytes. */
        StoredFile: {
            fileId: string;
            /**
             * Format: uint64
             * @description Its integer id; paths take it as well.
             */
            number: number;
            /** @description `IMAGE`, `AUDIO`, `VIDEO`, `TEXT`, `DOCUMENT` or `OTHER`. */
            fileType: string;
            contentType: string;
            /** @description How a prompt of the vendor's refers to it: `<text:ID/>`. */
            promptLink: string;
            displayName: string;
            /** Format: uint64 */
            bytes: number;
            /** @description Of the bytes. */
            sha256: string;
            createdAt: components["schemas"]["TimeMs"];
            createdBy: string;
            /** @description When a temporary file goes that nobody uses. */
            expiresAt?: components["schemas"]["TimeMs"] | null;
            /** @description The execution that it goes with. */
            executionRecordId?: string | null;
        };
        /** @description A key without its value. */
        Key: {
            id: string;
            name: string;
            /** @description How the value begins. */
            keyPrefix: string;
            scopes: components["schemas"]["Scope"][];
            isActive: boolean;
            type?: string | null;
            /** @description Who a request with this key comes from. */
            user: string;
            /** @description What approver policies ask for. */
            roles: string[];
            createdAt: components["schemas"]["TimeMs"];
            expiresAt?: components["schemas"]["TimeMs"] | null;
            lastUsedAt?: components["schemas"]["TimeMs"] | null;
            revokedAt?: components["schemas"]["TimeMs"] | null;
        };
        /** @description What keys can be allowed to do. */
        Scopes: {
            scopes: components["schemas"]["ScopeInfo"][];
            presets: components["schemas"]["PresetInfo"][];
        };
        ScopeInfo: {
            id: string;
            resource: string;
            action: string;
            label: string;
            helper: string;
        };
        PresetInfo: {
            id: string;
            label: string;
            tagline: string;
            scopes: components["schemas"]["Scope"][];
        };
        /** @description A key with its value, which is shown this once. */
        Generated: {
            id: string;
            name: string;
            /** @description How the value begins. */
            keyPrefix: string;
            scopes: components["schemas"]["Scope"][];
            isActive: boolean;
            type?: string | null;
            /** @description Who a request with this key comes from. */
            user: string;
            /** @description What approver policies ask for. */
            roles: string[];
            createdAt: components["schemas"]["TimeMs"];
            expiresAt?: components["schemas"]["TimeMs"] | null;
            lastUsedAt?: components["schemas"]["TimeMs"] | null;
            revokedAt?: components["schemas"]["TimeMs"] | null;
            /** @description The value, under the name that the earlier clients read. */
            apiKey: string;
            /** @description The same, for the later ones. */
            token: string;
        };
        /** @description A new key. */
        Generate: {
            name: string;
            /**
             * Format: uint32
             * @description Absent: it does not expire.
             * @default null
             */
            expirationDays: number | null;
            /**
             * @description `resource:action`; `resource:*` is every action.
             * @default []
             */
            scopes: string[];
            /**
             * @description A bundle of scopes; adds to `scopes`.
             * @default null
             */
            preset: string | null;
            /**
             * @description What it is for; free text.
             * @default null
             */
            type: string | null;
            /**
             * @description Who a request with this key comes from; absent: the key's name.
             * @default null
             */
            user: string | null;
            /** @default [] */
            roles: string[];
        };
        /** @description An array, or a page of it where one was asked for. */
        AuditEvents: components["schemas"]["AuditEvent"][] | {
            items: components["schemas"]["AuditEvent"][];
            nextPageToken?: string | null;
        };
        /** @description What happened to a key. */
        AuditEvent: {
            eventType: string;
            createdAt: components["schemas"]["TimeMs"];
            actor: string;
            /** @description JSON in a string, as the clients read it. */
            details?: string | null;
        };
        /** @description How a rotation is done. */
        Rotate: {
            /**
             * Format: uint32
             * @description How long the old value still counts.
             * @default null
             */
            overlapSeconds: number | null;
        };
        /** @description A change of a key. */
        Change: {
            isActive: boolean;
        };
        /** @description How the caller is known. */
        AuthHealth: {
            authenticationSource: string;
            apiKeyName: string;
            tokenName: string;
            scopes: components["schemas"]["Scope"][];
            email?: string | null;
            apiKeyExpiresAt?: components["schemas"]["TimeMs"] | null;
            tokenExpiresAt?: components["schemas"]["TimeMs"] | null;
        };
        /** @description An environment. */
        Environment: {
            /** Format: uuid */
            id: string;
            /** @description Worked out from the first name; never changes. */
            slug: string;
            displayName: string;
            description?: string | null;
            /** @description What several environments have in common, for lists. */
            group?: string | null;
            /** @description What another system calls it, and which one. */
            externalId?: string | null;
            externalSource?: string | null;
            /** @description Every tenant has it, and it stays. */
            isSystem: boolean;
            /** @description Over the defaults of a flow's `config:`. */
            config: {
                [key: string]: unknown;
            };
            createdAt: components["schemas"]["TimeMs"];
            createdBy: string;
            modifiedAt: components["schemas"]["TimeMs"];
            archivedAt?: components["schemas"]["TimeMs"] | null;
        };
        /** @description A new environment. */
        CreateEnvironment: {
            /** @description The slug is made of it. */
            displayName: string;
            /** @default null */
            description: string | null;
            /** @default null */
            group: string | null;
            /** @default null */
            externalId: string | null;
            /** @default null */
            externalSource: string | null;
            /** @default {} */
            config: {
                [key: string]: unknown;
            };
        };
        /** @description What is to change; what is absent stays. */
        UpdateEnvironment: {
            /** @default null */
            displayName: string | null;
            /** @default null */
            description: string | null;
            /** @default null */
            group: string | null;
            /**
             * @description As a whole.
             * @default null
             */
            config: {
                [key: string]: unknown;
            } | null;
        };
        /** @description Every network. */
        Networks: {
            items: components["schemas"]["Network"][];
        };
        /** @description The one network. */
        Network: {
            id: string;
            displayName: string;
            isDefault: boolean;
        };
        /** @description An array, or a page of it where one was asked for. */
        Agents: components["schemas"]["Agent"][] | {
            items: components["schemas"]["Agent"][];
            nextPageToken?: string | null;
        };
        /** @description An agent. */
        Agent: {
            /** @description Its name in paths. */
            id: string;
            /**
             * Format: uint64
             * @description Its integer id.
             */
            number: number;
            displayName: string;
            description: string;
            enabled: boolean;
            /**
             * Format: uint32
             * @description What `production` runs; 0: nothing yet.
             */
            currentRevision: number;
            /**
             * Format: uint32
             * @description The newest revision; 0: there is none.
             */
            lastRevision: number;
            tags: string[];
            type?: string | null;
            settings: components["schemas"]["AgentSettings"];
            createdAt: components["schemas"]["TimeMs"];
            createdBy: string;
            updatedAt: components["schemas"]["TimeMs"];
            /** @description Deleted then; it can be taken back for 30 days. */
            deletedAt?: components["schemas"]["TimeMs"] | null;
        };
        /** @description How an agent's sessions and files are treated. */
        AgentSettings: {
            /** @default reject */
            whenBusy: components["schemas"]["WhenBusy"];
            /**
             * Format: uint32
             * @description Earlier turns that go to the model, at most.
             * @default 20
             */
            sessionTurnsMax: number;
            /**
             * Format: uint32
             * @description Characters of earlier turns that go to the model, at most; the oldest go first.
             * @default 40000
             */
            sessionCharactersMax: number;
            /**
             * Format: uint64
             * @description Bytes of one attached file, at most; 0: it takes no files.
             * @default 10485760
             */
            attachmentBytesMax: number;
            /**
             * @description Types of attached files, `text/*` or whole; empty: any.
             * @default []
             */
            attachmentTypes: string[];
        };
        /** @description What happens to a message of a session while another one is being answered. */
        WhenBusy: "reject" | "enqueue" | "interrupt" | "parallel";
        /** @description A new agent. */
        CreateAgent: {
            /** @description Lower-case letters, digits, `-` and `_`, a letter first; it stays. */
            id: string;
            /** @default null */
            displayName: string | null;
            /** @default null */
            description: string | null;
            /** @default null */
            tags: string[] | null;
            /**
             * @description What kind of agent it is; free text.
             * @default null
             */
            type: string | null;
            /** @default null */
            settings: components["schemas"]["AgentSettings"] | null;
            /**
             * @description Taken from the vendor's clients; only `default`.
             * @default null
             */
            networkId: string | null;
        };
        /** @description A change of an agent; what is absent stays. */
        ChangeAgent: {
            /** @default null */
            displayName: string | null;
            /** @default null */
            description: string | null;
            /** @default null */
            tags: string[] | null;
            /** @default null */
            settings: components["schemas"]["AgentSettings"] | null;
        };
        /** @description A revision: its body as it was sent, and what the server knows of it. */
        Revision: {
            agentId: string;
            /** Format: uint32 */
            agentRevision: number;
            /** @description Over the meaning of the normalised flow. */
            digest: components["schemas"]["Digest"];
            comment?: string | null;
            createdAt: components["schemas"]["TimeMs"];
            createdBy: string;
            /** @description The program that it was written with, where that said so. */
            actor?: string | null;
            /** @description `production` runs it. */
            isCurrent: boolean;
            lastDeployedAt?: components["schemas"]["TimeMs"] | null;
            /**
             * Format: uint64
             * @description Executions that still run on it or wait; only where one revision is asked for.
             */
            unfinished?: number | null;
        } & {
            [key: string]: unknown;
        };
        Digest: string;
        /**
         * @description A new revision: our flow in `flow` (an object, or a text as it stands in a file), or the vendor's shape. What a server stamped into
         *     an earlier answer is ignored, so that what was fetched can be edited and sent again.
         */
        CreateAgentRevision: {
            /**
             * @description Why this revision exists.
             * @default null
             */
            comment: string | null;
            /**
             * @description A flow of ours, or the vendor's `{steps, edges}`.
             * @default null
             */
            flow: components["schemas"]["FreeForm"] | null;
            /**
             * @description The vendor's later shape: one agent without edges.
             * @default null
             */
            definition: components["schemas"]["FreeForm"] | null;
            /** @default null */
            parametersMetadata: components["schemas"]["FreeForm"] | null;
        } & {
            [key: string]: unknown;
        };
        /** @description An array, or a page of it where one was asked for. */
        Revisions: components["schemas"]["RevisionLine"][] | {
            items: components["schemas"]["RevisionLine"][];
            nextPageToken?: string | null;
        };
        /** @description A revision in a list. */
        RevisionLine: {
            agentId: string;
            /** Format: uint32 */
            revision: number;
            digest: components["schemas"]["Digest"];
            comment?: string | null;
            createdBy: string;
            actor?: string | null;
            createdAt: components["schemas"]["TimeMs"];
            isCurrent: boolean;
            lastDeployedAt?: components["schemas"]["TimeMs"] | null;
        };
        /** @description What a revision takes. */
        Parameters: {
            /** @description Names in order. */
            parameters: string[];
            metadata: components["schemas"]["ParameterInfo"][];
        };
        /** @description One parameter. */
        ParameterInfo: {
            name: string;
            displayName?: string | null;
            /** @description `string`, `integer`, `float`, `bool`, `single-select`, `string_array`, `json`; or as it was spelt. */
            type: string;
            required: boolean;
            defaultValue: components["schemas"]["FreeForm"];
            options: components["schemas"]["OptionInfo"][];
            description?: string | null;
        };
        OptionInfo: {
            value: string;
            label?: string | null;
        };
        /** @description What became of one flow in another. Steps are named by their path: `map/inner` is a step of a map's body. */
        Diff: {
            /** @description Both have the same digest; everything below is then empty. */
            same: boolean;
            /** @description One line for people. */
            summary: string;
            /** @description What belongs to no step: name, title, input schema, configuration, limits, start, output. */
            flow: components["schemas"]["Change2"][];
            steps: components["schemas"]["StepChanges"];
            edges: components["schemas"]["EdgeChanges"];
        };
        /** @description One value that is another one now. */
        Change2: {
            /**
             * @description Where: keys of the flow format joined by dots (`llm.prompt`, `agent.tools.NAME.timeout`), and inside schemas and other JSON a
             *     pointer after `#` (`input#/properties/amount/type`). `agent.tools` itself: the tools' names, when only their order differs.
             */
            path: string;
            /** @description Absent: there was none. Null is a value. */
            before?: unknown;
            /** @description Absent: there is none any more. */
            after?: unknown;
            /** @description Line by line, for texts of more than one line that are not too long to compare. */
            text?: components["schemas"]["Hunk"][];
        };
        /** @description Neighbouring lines that differ, with the lines around them. */
        Hunk: {
            /**
             * Format: uint
             * @description The number of its first line in the text before, from 1.
             */
            before_line: number;
            /**
             * Format: uint
             * @description The number of its first line in the text after, from 1.
             */
            after_line: number;
            lines: components["schemas"]["Line"][];
        };
        Line: {
            kind: components["schemas"]["LineKind"];
            /** @description Without its line end. */
            text: string;
            /** @description The text's last line, without a line end: two texts may differ in nothing else. */
            unended?: boolean;
        };
        LineKind: ("removed" | "added") | "kept";
        StepChanges: {
            /** @description Without the steps of an added map's body. */
            added: components["schemas"]["StepName"][];
            /** @description Without the steps of a removed map's body. */
            removed: components["schemas"]["StepName"][];
            /** @description Steps that differ in nothing but their id. Edges that only follow the new id are no changes. */
            renamed: components["schemas"]["StepRenamed"][];
            changed: components["schemas"]["StepChanged"][];
        };
        StepName: {
            step: string;
            /** @description `llm`, `http`, …; empty where a draft names none. */
            kind: string;
        };
        StepRenamed: {
            before: string;
            after: string;
            kind: string;
        };
        StepChanged: {
            step: string;
            /** @description The kind that the step has now. */
            kind: string;
            /** @description The kind that it had, where that was another. */
            kind_before?: string | null;
            fields: components["schemas"]["Change2"][];
        };
        /** @description Edges name their steps by path, too. */
        EdgeChanges: {
            added: components["schemas"]["EdgeSpec"][];
            removed: components["schemas"]["EdgeSpec"][];
            /** @description The same steps and the same port under another condition. */
            changed: components["schemas"]["EdgeChanged"][];
            /** @description The fewest edges that, put elsewhere, give the new order: of the edges of one port, the first that holds is taken. */
            moved: components["schemas"]["EdgeMoved"][];
        };
        EdgeSpec: {
            from: string;
            to: string;
            /** @description CEL. */
            when?: string | null;
            /** @description Taken iff no `when` edge of the same port held. */
            otherwise?: boolean;
            /** @description The port: `ok` (default), `approved` (default of an approval), `rejected`, `responded`, `expired`, `error`, `exhausted`, or an event's name. */
            on?: string | null;
        };
        EdgeChanged: {
            from: string;
            to: string;
            on: string;
            fields: components["schemas"]["Change2"][];
        };
        EdgeMoved: {
            from: string;
            to: string;
            on: string;
            /**
             * Format: uint
             * @description Its place among the edges of its flow or body, from 0.
             */
            before: number;
            /** Format: uint */
            after: number;
        };
        /** @description A draft. */
        Draft: {
            /** @description The content, byte for byte as it was sent. First: `answer` puts it in. */
            headData: components["schemas"]["FreeForm"];
            agentId: string;
            /**
             * Format: uint32
             * @description The revision that it departs from; 0: the agent had none.
             */
            baseRevision: number;
            /**
             * Format: uint64
             * @description Rises with every change; name it in `If-Match` to change this version and no other.
             */
            version: number;
            /** @description Contents that are kept, oldest first. */
            history: components["schemas"]["HistoryLine"][];
            /** @description What keeps it from becoming a revision; empty: nothing. */
            problems: components["schemas"]["FlowProblem"][];
            createdAt: components["schemas"]["TimeMs"];
            updatedAt: components["schemas"]["TimeMs"];
            updatedBy: string;
        };
        /** @description One content of a draft's history. */
        HistoryLine: {
            /**
             * Format: uint64
             * @description The draft's version when this content came.
             */
            version: number;
            source: components["schemas"]["Source"];
            /** Format: uint */
            bytes: number;
            createdAt: components["schemas"]["TimeMs"];
            createdBy: string;
            /** @description The program that it was written with, where that said so. */
            actor?: string | null;
            /** @description It is the present content; those behind it can be redone. */
            isHead: boolean;
        };
        /** @description How a content came. */
        Source: "put" | "reset";
        /** @description One thing that is wrong with a flow. */
        FlowProblem: {
            code: string;
            message: string;
            hint: string;
            /** @description JSON pointer into the body. */
            pointer: string;
            /**
             * Format: uint
             * @description 1-based; where the flow was sent as a text.
             */
            line?: number | null;
            /** Format: uint */
            column?: number | null;
        };
        PublishBody: {
            /**
             * @description Why the revision exists; without it, what the draft says.
             * @default null
             */
            comment: string | null;
            /**
             * @description Let `production` run it at once; an agent's first revision does so anyway.
             * @default false
             */
            deploy: boolean;
        };
        /** @description A draft in a list. */
        DraftLine: {
            agentId: string;
            /** Format: uint32 */
            baseRevision: number;
            /** Format: uint64 */
            version: number;
            /** Format: uint */
            historyLength: number;
            createdAt: components["schemas"]["TimeMs"];
            updatedAt: components["schemas"]["TimeMs"];
            updatedBy: string;
        };
        /**
         * @description A new revision: our flow in `flow` (an object, or a text as it stands in a file), or the vendor's shape. What a server stamped into
         *     an earlier answer is ignored, so that what was fetched can be edited and sent again.
         */
        AgentDraftPayload: {
            /**
             * @description Why this revision exists.
             * @default null
             */
            comment: string | null;
            /**
             * @description A flow of ours, or the vendor's `{steps, edges}`.
             * @default null
             */
            flow: components["schemas"]["FreeForm"] | null;
            /**
             * @description The vendor's later shape: one agent without edges.
             * @default null
             */
            definition: components["schemas"]["FreeForm"] | null;
            /** @default null */
            parametersMetadata: components["schemas"]["FreeForm"] | null;
        } & {
            [key: string]: unknown;
        };
        /** @description An array, or a page of it where one was asked for. */
        TestChats: components["schemas"]["TestChat"][] | {
            items: components["schemas"]["TestChat"][];
            nextPageToken?: string | null;
        };
        /** @description A test chat. */
        TestChat: {
            /** @description The session's id. */
            id: string;
            /** @description How it began. */
            name: string;
            /** Format: uint */
            messagesCount: number;
            lastMessageCreatedAt: components["schemas"]["TimeMs"];
        };
        /** @description What was said. */
        TestMessage: {
            /** @description `fruxon:USER` for a person, otherwise the agent. */
            from: string;
            /** @description Text as it is, anything else as JSON. */
            content: string;
            createdAt: components["schemas"]["TimeMs"];
            /** Format: uuid */
            executionRecordId: string;
        };
        /** @description One change of a deployment. */
        DeployLine: {
            /** Format: uuid */
            id: string;
            agentId: string;
            environment: string;
            /**
             * Format: uint32
             * @description 0: nothing ran before.
             */
            previousRevision: number;
            /**
             * Format: uint32
             * @description The one with the largest share.
             */
            targetRevision: number;
            split: components["schemas"]["Share"][];
            status: string;
            createdAt: components["schemas"]["TimeMs"];
            createdBy: string;
            actor?: string | null;
            reason?: string | null;
            failureReason?: string | null;
            isRollback: boolean;
        };
        /** @description A revision and its share of the traffic: `weight` of the sum of all weights. */
        Share: {
            /** Format: uint32 */
            revision: number;
            /** Format: uint32 */
            weight: number;
        };
        /** @description How a revision is deployed. */
        DeployBody: {
            /**
             * @description Absent: `production`.
             * @default null
             */
            environment: string | null;
            /**
             * @description Why; kept in the history.
             * @default null
             */
            reason: string | null;
        };
        /** @description What an environment is to run. */
        SplitBody: {
            /** @default null */
            environment: string | null;
            /** @description A session stays with its revision as long as the split stays. */
            split: components["schemas"]["Share"][];
            /** @default null */
            reason: string | null;
        };
        /** @description Back to what ran before. */
        RollbackBody: {
            /** @default null */
            environment: string | null;
            /**
             * Format: uint32
             * @description Absent: the one before the present one.
             * @default null
             */
            toRevision: number | null;
            /** @default null */
            reason: string | null;
        };
        /** @description A page of the history, newest first. */
        History: components["schemas"]["DeployLine"][] | {
            items: components["schemas"]["DeployLine"][];
            nextPageToken?: string | null;
        };
        /** @description What an environment runs now. */
        Deployment: {
            agentId: string;
            environment: string;
            split: components["schemas"]["Share"][];
            deployedAt: components["schemas"]["TimeMs"];
            deployedBy: string;
            reason?: string | null;
        };
        /** @description The answer of `:execute`. */
        ExecutionResult: {
            /** @description The output as text; empty while there is none. */
            response: string;
            trace: components["schemas"]["TraceView"];
            sessionId: string;
            links: components["schemas"]["Link"][];
            /** Format: uuid */
            executionRecordId: string;
            status: string;
            /**
             * Format: uuid
             * @description The question that it waits for, where it waits for a person.
             */
            humanApprovalRequestId?: string | null;
        };
        /** @description Everything that happened, with its cost. */
        TraceView: {
            agentId: string;
            /**
             * Format: int64
             * @description -1: a draft.
             */
            agentRevision: number;
            /** Format: uint64 */
            createdAt: number;
            parameters: {
                [key: string]: unknown;
            };
            /** Format: uint64 */
            startTime: number;
            /**
             * Format: uint64
             * @description 0: open.
             */
            endTime: number;
            /** Format: uint64 */
            duration: number;
            traces: components["schemas"]["Step"][];
            result: components["schemas"]["StepResult"];
            /** Format: double */
            inputCost: number;
            /** Format: double */
            outputCost: number;
            /** Format: double */
            totalCost: number;
            /** Format: uint64 */
            inputTokens: number;
            /** Format: uint64 */
            outputTokens: number;
            /** Format: uint64 */
            cachedTokens: number;
            /** Format: uint64 */
            cacheWriteTokens: number;
            /** Format: double */
            thinkingCost: number;
            /** Format: double */
            cachedCost: number;
            /** Format: double */
            cacheWriteCost: number;
            /** Format: double */
            providerReportedCost?: number | null;
        };
        /** @description One step of a trace. */
        Step: {
            /** @description `path/step#visit.attempt`: names the attempt, stably, everywhere. */
            id: string;
            displayName: string;
            /** @description `FLOW_STEP`, `LLM_STEP`, `TOOL`, `HITL`. */
            type: string;
            llmStepTrace?: components["schemas"]["LlmTrace"] | null;
            toolTrace?: components["schemas"]["ToolTrace"] | null;
            hitlTrace?: components["schemas"]["HitlTrace"] | null;
            steps: components["schemas"]["Step"][];
            result?: components["schemas"]["StepResult"] | null;
            /** @description `SUCCESS`, `ERROR`, or `UNSPECIFIED` while it is open. */
            status: string;
            /** @description The engine's word: `running`, `waiting`, `completed`, `failed`, `cancelled`, `in_doubt`, `lost`. */
            state: string;
            error?: string | null;
            /**
             * Format: uint64
             * @description Milliseconds since 1970; 0: not begun.
             */
            startTime: number;
            /**
             * Format: uint64
             * @description 0: open.
             */
            endTime: number;
            /** Format: uint64 */
            duration: number;
            /** Format: uint64 */
            inputTokens: number;
            /** Format: uint64 */
            outputTokens: number;
            /** Format: double */
            totalCost: number;
            /** @description What validators said of the answer, in order; only where there are some. */
            checks: components["schemas"]["CheckTrace"][];
        };
        /** @description What a model was asked. */
        LlmTrace: {
            providerId: string;
            model: string;
            /** @description As they were sent. */
            messages: components["schemas"]["FreeForm"][];
            /** Format: uint64 */
            inputTokens: number;
            /** Format: uint64 */
            outputTokens: number;
            /** Format: uint64 */
            cachedTokens: number;
        };
        /** @description What a tool was asked. */
        ToolTrace: {
            displayName: string;
            /** @description `http`, `mcp`, `builtin`, `flow`. */
            toolType: string;
            /** @description Secrets are masked. */
            parameters: {
                [key: string]: unknown;
            };
            tool: components["schemas"]["Tool"];
        };
        Tool: {
            id: string;
            name: string;
            /** @description The MCP server, where there is one. */
            integrationId?: string | null;
        };
        /** @description What a person was asked, and said. */
        HitlTrace: {
            approvalRequestId?: string | null;
            title?: string | null;
            /** @description The decision that took effect. */
            decision: components["schemas"]["FreeForm"];
        };
        /** @description What came out: as text, as JSON, as a file. */
        StepResult: {
            strValue?: string | null;
            jsonValue: components["schemas"]["FreeForm"];
            fileLink?: string | null;
        };
        /** @description What one validator said. */
        CheckTrace: {
            /**
             * Format: uint32
             * @description 1 for the first answer; each correction is one more.
             */
            cycle: number;
            validator: string;
            /** @description `pass`, `retry`, `stop`. */
            verdict: string;
            /** Format: double */
            score?: number | null;
            feedback?: string | null;
        };
        /** @description A file that the response refers to. */
        Link: {
            fileId: string;
            fileType: string;
            promptLink: string;
        };
        /** @description What to run it with. All of it may be left out. */
        ExecuteRequest: {
            /**
             * @description The agent's input, by parameter.
             * @default null
             */
            parameters: {
                [key: string]: unknown;
            } | null;
            /** @description Files: `{fileId}`, or `{name, contentType, content}` with the content in base64. */
            attachments?: components["schemas"]["AttachmentRequest"][] | null;
            /**
             * @description Who speaks, as the agent sees it (`context.chatUser`).
             * @default null
             */
            chatUser: {
                [key: string]: unknown;
            } | null;
            /**
             * @description A conversation to go on with, or to begin under this name.
             * @default null
             */
            sessionId: string | null;
            /**
             * @description Where it runs; absent: `production`.
             * @default null
             */
            environmentSlug: string | null;
            mode?: components["schemas"]["ModeName"] | null;
            /**
             * @description The entry of the flow to come in by; its input then counts.
             * @default null
             */
            entry: string | null;
        };
        /** @description A file of a request: `fileId` alone, as an upload answered it, or `name` and `content`. */
        AttachmentRequest: {
            /** @default null */
            fileId: string | null;
            /** @default null */
            name: string | null;
            /** @default null */
            contentType: string | null;
            /**
             * @description Base64.
             * @default null
             */
            content: string | null;
            /**
             * @description As an upload answered it; not read.
             * @default null
             */
            fileType: string | null;
            /** @default null */
            promptLink: string | null;
            /** @default null */
            displayName: string | null;
        };
        /**
         * @description Which variant of each step runs.
         * @enum {string}
         */
        ModeName: "UNSPECIFIED" | "PRODUCTION" | "SANDBOX";
        /** @description A flow as in a revision's body, and what to run it with. */
        TestRequest: {
            /** @default null */
            comment: string | null;
            /**
             * @description A flow of ours, or the vendor's `{steps, edges}`.
             * @default null
             */
            flow: components["schemas"]["FreeForm"] | null;
            /**
             * @description The vendor's later shape: one agent without edges.
             * @default null
             */
            definition: components["schemas"]["FreeForm"] | null;
            /** @default null */
            parametersMetadata: components["schemas"]["FreeForm"] | null;
            /**
             * @description The agent's input, by parameter.
             * @default null
             */
            parameters: {
                [key: string]: unknown;
            } | null;
            attachments?: components["schemas"]["AttachmentRequest"][] | null;
            /** @default null */
            chatUser: {
                [key: string]: unknown;
            } | null;
            /** @default null */
            sessionId: string | null;
            /** @default null */
            environmentSlug: string | null;
            mode?: components["schemas"]["ModeName"] | null;
            /** @default null */
            entry: string | null;
        };
        /** @description What a bulk cancel did, or would do. */
        Cancelled: {
            /** @description Cancelled, or those that would be. */
            executions: string[];
            /** @description Ended by themselves meanwhile, or could not be cancelled. */
            notCancelled: string[];
            /** @description More fit: ask again. */
            more: boolean;
            dryRun: boolean;
        };
        /** @description Which executions to cancel. */
        CancelBody: {
            /** @description As in the list of records; what is finished already never fits. */
            filter: components["schemas"]["ListQuery"];
            /** @default null */
            agentId: string | null;
            /**
             * @description Only say what would be cancelled.
             * @default false
             */
            dryRun: boolean;
            /** @default null */
            reason: string | null;
        };
        /** @description Which records. Names that may repeat hold when one of their values does. */
        ListQuery: {
            /** @description `IN_PROGRESS`, `WAITING_FOR_HUMAN`, `WAITING_FOR_ASYNC`, `COMPLETED`, `FAILED`, `CANCELLED`, `REJECTED`. */
            status?: components["schemas"]["StatusName"][];
            /**
             * Format: uint64
             * @description Started at or after; milliseconds since 1970.
             * @default null
             */
            startTime: number | null;
            /**
             * Format: uint64
             * @description Started before.
             * @default null
             */
            endTime: number | null;
            /** @default [] */
            agentRevision: number[];
            /**
             * @description Absent: `PRODUCTION`.
             * @default null
             */
            origin: components["schemas"]["Origin"] | null;
            /** @default null */
            sessionId: string | null;
            /**
             * @description Who started it.
             * @default []
             */
            participantId: string[];
            /**
             * @description Names of tools that were called.
             * @default []
             */
            tools: string[];
            /** @default null */
            withToolErrors: boolean | null;
            /** @default null */
            hasToolCalls: boolean | null;
            /** @default [] */
            triggerType: string[];
            /** @default null */
            triggerId: string | null;
            runType?: components["schemas"]["RunTypeName"][];
            /** @default null */
            environment: string | null;
            /**
             * Format: uint64
             * @default null
             */
            minDurationMs: number | null;
            /**
             * Format: uint64
             * @default null
             */
            maxDurationMs: number | null;
            /**
             * @description `name=value`; each must hold.
             * @default []
             */
            label: string[];
            /**
             * Format: uuid
             * @description Everything below this root.
             * @default null
             */
            rootExecutionId: string | null;
            /**
             * Format: uint
             * @default null
             */
            pageSize: number | null;
            /** @default null */
            pageToken: string | null;
        };
        /** @enum {string} */
        StatusName: "IN_PROGRESS" | "WAITING_FOR_HUMAN" | "WAITING_FOR_ASYNC" | "COMPLETED" | "FAILED" | "CANCELLED" | "REJECTED";
        /**
         * @description What executions are for.
         * @enum {string}
         */
        Origin: "PRODUCTION" | "TEST" | "EVALUATION";
        /** @enum {string} */
        RunTypeName: "ROOT" | "SUB_TASK" | "CONSULT";
        /** @description A page of records. */
        Records: {
            items: components["schemas"]["Record"][];
            /** @description Set: there may be more behind this page, however many it holds. */
            nextPageToken?: string | null;
        };
        /** @description An execution in lists. */
        Record: {
            /** Format: uuid */
            id: string;
            /**
             * Format: uint64
             * @description Its integer id; paths take it as well.
             */
            number?: number | null;
            agentId: string;
            /**
             * Format: int64
             * @description -1: a draft.
             */
            agentRevision: number;
            status: string;
            /** Format: uint64 */
            startTime: number;
            /** Format: uint64 */
            endTime?: number | null;
            /** Format: uint64 */
            inputTokens: number;
            /** Format: uint64 */
            outputTokens: number;
            /** Format: uint64 */
            cachedTokens: number;
            /** Format: uint64 */
            cacheWriteTokens: number;
            /** Format: double */
            totalCost: number;
            /** Format: double */
            inputCost: number;
            /** Format: double */
            outputCost: number;
            /** Format: double */
            cachedCost: number;
            /** Format: double */
            cacheWriteCost: number;
            /** Format: double */
            thinkingCost: number;
            /** @description `PRODUCTION` or `TEST`. */
            origin: string;
            /** @description `ROOT` or `SUB_TASK`. */
            runType: string;
            environmentSlug?: string | null;
            sessionId?: string | null;
            /**
             * Format: uint64
             * @description The session's integer id.
             */
            sessionNumber?: number | null;
            trigger?: components["schemas"]["TriggerView"] | null;
            subject?: string | null;
            /** Format: uuid */
            rootExecutionId: string;
            /** Format: uuid */
            parentExecutionRecordId?: string | null;
            /** @description The stable code of its failure. */
            errorCode?: string | null;
            rejectionReason?: string | null;
            rejectionDetail?: string | null;
            waitingFor?: components["schemas"]["WaitingForView"] | null;
            /** @description A person holds it. */
            paused: boolean;
            /** @description Who started it. */
            startedBy: string;
            /**
             * Format: uint64
             * @description The integer id of who started it.
             */
            startedByNumber?: number | null;
            labels: {
                [key: string]: string;
            };
            /** @description Names of the tools that it called. */
            tools: string[];
            hasToolErrors: boolean;
            /**
             * Format: uuid
             * @description The execution that this one retried, forked or replayed.
             */
            departedFrom?: string | null;
            /** @description Set where one record is read: it was set aside. Lists of records leave it out; `GET …/quarantined` is their list. */
            quarantined?: components["schemas"]["QuarantineView"] | null;
        };
        /** @description What began it. */
        TriggerView: {
            type: string;
            id?: string | null;
        };
        /** @description Why it does not move by itself, and what would move it. */
        WaitingForView: {
            /** @description `APPROVAL`, `CONSULT`, `SUBTASK`, `IN_DOUBT`, `EVENT`, `TIMER`, `PAUSE`. */
            kind: string;
            displayName: string;
            /** @description The step that waits; where a person is asked the attempt, `path/step#visit.attempt`. None in a pause. */
            step?: string | null;
            participantKind?: string | null;
            /** Format: uint32 */
            childCount: number;
            /**
             * Format: uuid
             * @description Decide it to move on.
             */
            approvalRequestId?: string | null;
            /** @description Signals that would move it. */
            signals: string[];
            /** @description The child executions that it waits for. */
            executions: string[];
            /** Format: uint64 */
            waitingSince: number;
            /** Format: uint64 */
            expiresAt?: number | null;
        };
        /** @description Why an execution was set aside, and what resolves that. */
        QuarantineView: {
            reason: string;
            actions: components["schemas"]["QuarantineAction"][];
        };
        /** @description What can be done about an execution that was set aside, by the word of its route. */
        QuarantineAction: "release" | "cancelRun" | "export" | "delete";
        /** @description Where a record stands and everything that happened in it. */
        Envelope: {
            status: string;
            trace: components["schemas"]["TraceView"];
            waitingFor?: components["schemas"]["WaitingForView"] | null;
        };
        /** @description What went in and what came out. */
        ResultView: {
            parameters: {
                [key: string]: unknown;
            };
            result: components["schemas"]["StepResult"];
            agentId: string;
            /**
             * Format: int64
             * @description -1: a draft.
             */
            agentRevision: number;
            /** Format: uint64 */
            createdAt: number;
        };
        /** @description An execution and all that it started, parents before their children. */
        Tree: {
            /** Format: uuid */
            rootExecutionId: string;
            nodes: components["schemas"]["Node"][];
            totals: components["schemas"]["Totals"];
        };
        Node: {
            /** Format: uuid */
            id: string;
            agentId: string;
            /** Format: uuid */
            parentExecutionRecordId?: string | null;
            /** Format: uuid */
            parentAsyncOperationId?: string | null;
            /** Format: uint32 */
            depth: number;
            runType: string;
            status: string;
            /** Format: uint64 */
            startTime: number;
            /** Format: uint64 */
            endTime?: number | null;
            /** Format: uint64 */
            durationMs?: number | null;
            /**
             * Format: double
             * @description Without its children's; their sum is the total.
             */
            totalCost: number;
            /** Format: double */
            creditsCharged: number;
            subject?: string | null;
            trigger?: components["schemas"]["TriggerView"] | null;
        };
        Totals: {
            /** Format: uint32 */
            runs: number;
            /** Format: uint32 */
            failed: number;
            /** Format: double */
            cost: number;
            /** Format: double */
            credits: number;
            /** Format: uint64 */
            elapsedMs: number;
            truncatedByRetention: boolean;
        };
        /** @description An execution for use elsewhere. Secrets are taken out. */
        ExportView: {
            agentId: string;
            /** @description A sample of a dataset. */
            sample: components["schemas"]["FreeForm"];
            /** @description The content of a rehearsal file. */
            rehearsal: components["schemas"]["FreeForm"];
            /** @description For people: what could not be taken along. */
            leftOut: string[];
        };
        /** @description A page of attempts. */
        Attempts: {
            items: components["schemas"]["AttemptView"][];
            nextPageToken?: string | null;
            /**
             * Format: uint64
             * @description Attempts that the execution has up to now.
             */
            total: number;
            /**
             * Format: uint64
             * @description How far its journal was read: `since` for whoever reads on.
             */
            seq: number;
        };
        /** @description One attempt, as in the trace, but not within the one that it belongs to. */
        AttemptView: {
            /** @description The attempt that it belongs to. */
            parentId?: string | null;
            /** @description The step's kind (`llm`, `agent`, `map`, `flow`, …), of an agent's calls `model` and `tool`; also `check` and `undo`. */
            kind: string;
            /** @description What went in, rendered. Secrets are masked. */
            input: components["schemas"]["FreeForm"];
            /** Format: uuid */
            childExecutionId?: string | null;
            /** @description `path/step#visit.attempt`: names the attempt, stably, everywhere. */
            id: string;
            displayName: string;
            /** @description `FLOW_STEP`, `LLM_STEP`, `TOOL`, `HITL`. */
            type: string;
            llmStepTrace?: components["schemas"]["LlmTrace"] | null;
            toolTrace?: components["schemas"]["ToolTrace"] | null;
            hitlTrace?: components["schemas"]["HitlTrace"] | null;
            steps: components["schemas"]["Step"][];
            result?: components["schemas"]["StepResult"] | null;
            /** @description `SUCCESS`, `ERROR`, or `UNSPECIFIED` while it is open. */
            status: string;
            /** @description The engine's word: `running`, `waiting`, `completed`, `failed`, `cancelled`, `in_doubt`, `lost`. */
            state: string;
            error?: string | null;
            /**
             * Format: uint64
             * @description Milliseconds since 1970; 0: not begun.
             */
            startTime: number;
            /**
             * Format: uint64
             * @description 0: open.
             */
            endTime: number;
            /** Format: uint64 */
            duration: number;
            /** Format: uint64 */
            inputTokens: number;
            /** Format: uint64 */
            outputTokens: number;
            /** Format: double */
            totalCost: number;
            /** @description What validators said of the answer, in order; only where there are some. */
            checks: components["schemas"]["CheckTrace"][];
        };
        /** @description Why; kept in the journal. */
        ReasonBody: {
            /** @default null */
            reason: string | null;
        };
        /** @description The message was taken. */
        SignalTaken: {
            id: string;
        };
        /** @description A named message to an execution. */
        SignalBody: {
            name: string;
            /** @default null */
            payload: components["schemas"]["FreeForm"];
            /**
             * @description Unique per execution; a repeated one is answered like the first. Absent: a fresh one.
             * @default null
             */
            id: string | null;
        };
        /** @description From where, and on which revision. */
        RetryBody: {
            /**
             * Format: uint32
             * @description Absent: the one it ran on.
             * @default null
             */
            revision: number | null;
        };
        /** @description From which attempt, with what instead of its output. */
        ForkBody: {
            /** @description `path/step#visit.attempt`, as in the trace. */
            attempt: string;
            output: components["schemas"]["FreeForm"];
        };
        /** @description On which revision. */
        ReplayBody: {
            /**
             * Format: uint32
             * @description Absent: what is deployed now.
             * @default null
             */
            revision: number | null;
            /**
             * @description Over the parameters of the first time.
             * @default null
             */
            parameters: {
                [key: string]: unknown;
            } | null;
        };
        /** @description How one revision did, in executions that began in these months. */
        RevisionStatistics: {
            agentId: string;
            /**
             * Format: int64
             * @description -1: drafts.
             */
            revision: number;
            /** Format: uint64 */
            started: number;
            /**
             * Format: uint64
             * @description Still running or waiting.
             */
            unfinished: number;
            /** Format: uint64 */
            completed: number;
            /** Format: uint64 */
            failed: number;
            /** Format: uint64 */
            timedOut: number;
            /** Format: uint64 */
            cancelled: number;
            /**
             * Format: uint64
             * @description Refused by a budget before anything ran.
             */
            rejected: number;
            /**
             * Format: double
             * @description Completed among those that completed, failed or timed out; null: none did yet.
             */
            successRate?: number | null;
            /** Format: double */
            meanDurationMs?: number | null;
            /**
             * Format: uint64
             * @description Half, and 99 in 100, took no longer than this; upper bounds of classes that double.
             */
            durationMsP50?: number | null;
            /** Format: uint64 */
            durationMsP99?: number | null;
            /** Format: double */
            totalCost: number;
            /** Format: uint64 */
            inputTokens: number;
            /** Format: uint64 */
            outputTokens: number;
            /**
             * Format: uint64
             * @description Decisions of people: what was asked was done, or not.
             */
            approvals: number;
            /** Format: uint64 */
            rejections: number;
        };
        /** @description How long steps took, those that took most in all first. */
        StepTimesView: {
            items: components["schemas"]["StepTimeView"][];
            /**
             * Format: uint
             * @description Executions that were read.
             */
            executions: number;
            /** @description There was more in them than one request may read: the oldest of them are missing, or the end of a very long one. */
            isCut: boolean;
        };
        /** @description The attempts at one step, or at one kind of call of an agent, that came to an end. */
        StepTimeView: {
            agentId: string;
            /** @description `map/step`; of an agent's calls `step/model` and `step/TOOL`. The time of an agent's step holds that of its calls. */
            step: string;
            /** @description The step's kind (`llm`, `agent`, `map`, …), of an agent's calls `model` and `tool`; also `check` and `undo`. */
            kind: string;
            /** @description `FLOW_STEP`, `LLM_STEP`, `TOOL`, `HITL`: whose time it was. */
            type: string;
            /**
             * Format: uint64
             * @description Attempts that ended.
             */
            ended: number;
            /**
             * Format: uint64
             * @description Of them, those that failed, were lost or are in doubt.
             */
            failed: number;
            /**
             * Format: uint64
             * @description Of them, those that were not the first attempt.
             */
            repeated: number;
            /**
             * Format: uint64
             * @description Half, and 95 in 100, took no longer than this.
             */
            durationMsP50: number;
            /** Format: uint64 */
            durationMsP95: number;
            /** Format: uint64 */
            totalDurationMs: number;
            /**
             * Format: uuid
             * @description The attempt that took longest, and how long.
             */
            slowestExecutionId: string;
            slowestAttemptId: string;
            /** Format: uint64 */
            slowestDurationMs: number;
        };
        /** @description A webhook, without its secret. */
        Webhook: {
            id: string;
            /** @description None: it hears of every agent. */
            agentId?: string | null;
            url: string;
            events: components["schemas"]["Happening"][];
            description: string;
            isActive: boolean;
            /** @description `user:NAME` or `role:NAME`: `approval.requested` carries a link with which that approver decides. */
            linksFor?: string | null;
            createdAt: components["schemas"]["TimeMs"];
            createdBy: string;
            updatedAt: components["schemas"]["TimeMs"];
            /** @description The old secret signs too until then. */
            previousSecretUntil?: components["schemas"]["TimeMs"] | null;
        };
        /**
         * @description What can be heard of. The text forms are part of the API and of the format on disk.
         * @enum {string}
         */
        Happening: "execution.completed" | "execution.failed" | "execution.cancelled" | "execution.waiting" | "approval.requested" | "approval.decided";
        /** @description A webhook with its secret, which is shown this once. */
        WithSecret: {
            id: string;
            /** @description None: it hears of every agent. */
            agentId?: string | null;
            url: string;
            events: components["schemas"]["Happening"][];
            description: string;
            isActive: boolean;
            /** @description `user:NAME` or `role:NAME`: `approval.requested` carries a link with which that approver decides. */
            linksFor?: string | null;
            createdAt: components["schemas"]["TimeMs"];
            createdBy: string;
            updatedAt: components["schemas"]["TimeMs"];
            /** @description The old secret signs too until then. */
            previousSecretUntil?: components["schemas"]["TimeMs"] | null;
            /** @description What calls are signed with, as Standard Webhooks has it. */
            secret: string;
        };
        /** @description A new webhook. */
        CreateWebhook: {
            /** @description `https://…`; the operator's address policy applies. */
            url: string;
            /**
             * @description Absent or empty: every one.
             * @default []
             */
            events: components["schemas"]["Happening"][];
            /** @default  */
            description: string;
            /**
             * @description Absent: true.
             * @default null
             */
            isActive: boolean | null;
            /**
             * @description `whsec_` and 24 to 64 bytes in base64; absent: a fresh one.
             * @default null
             */
            secret: string | null;
            /**
             * @description `user:NAME` or `role:NAME`; needs `admin`.
             * @default null
             */
            linksFor: string | null;
        };
        /** @description A change of a webhook; what is absent stays. */
        ChangeWebhook: {
            /** @default null */
            url: string | null;
            /** @default null */
            events: components["schemas"]["Happening"][] | null;
            /** @default null */
            description: string | null;
            /** @default null */
            isActive: boolean | null;
            /**
             * @description The empty text takes it away.
             * @default null
             */
            linksFor: string | null;
        };
        /** @description How a secret is replaced. */
        RotateWebhook: {
            /**
             * @description Absent: a fresh one.
             * @default null
             */
            secret: string | null;
            /**
             * Format: uint32
             * @description How long the old one signs too; absent: a day.
             * @default null
             */
            overlapSeconds: number | null;
        };
        /** @description A page, newest first. */
        Deliveries: {
            items: components["schemas"]["Delivery"][];
            nextPageToken?: string | null;
        };
        /** @description Something that was, or is to be, sent to a webhook. */
        Delivery: {
            /** @description The `webhook-id` header of every attempt. */
            id: string;
            event: components["schemas"]["Happening"];
            executionRecordId: string;
            approvalRequestId?: string | null;
            status: components["schemas"]["DeliveryState"];
            /** @description Why it is over, where it was not delivered. */
            note?: string | null;
            createdAt: components["schemas"]["TimeMs"];
            /** @description When it is tried (again). */
            nextAttemptAt?: components["schemas"]["TimeMs"] | null;
            /** @description The newest ones. */
            attempts: components["schemas"]["DeliveryAttempt"][];
            /** @description The JSON that is sent, without links. */
            payload: string;
        };
        DeliveryState: ("PENDING" | "DELIVERED") | "FAILED" | "DROPPED";
        /** @description One attempt. */
        DeliveryAttempt: {
            at: components["schemas"]["TimeMs"];
            /** Format: uint64 */
            latencyMs: number;
            /**
             * Format: uint16
             * @description The status that the receiver answered with.
             */
            responseStatus?: number | null;
            /** @description The first 1024 bytes of the answer. */
            response: string;
            /** @description Why there was no answer. */
            error?: string | null;
        };
        /** @description A trigger. */
        TriggerShown: {
            id: string;
            displayName: string;
            description?: string | null;
            kind: components["schemas"]["Kind"];
            schedule?: components["schemas"]["Schedule"] | null;
            webhook?: components["schemas"]["Inbound"] | null;
            /** @description The type of events that fire, of a webhook that is particular. */
            eventType?: string | null;
            parameters: {
                [key: string]: unknown;
            };
            mapping?: {
                [key: string]: string;
            } | null;
            filter?: string | null;
            overlap: components["schemas"]["Overlap"];
            budget?: components["schemas"]["TriggerBudget"] | null;
            /**
             * Format: uint32
             * @description The definition's; counts from 1.
             */
            revision: number;
            active: boolean;
            paused: boolean;
            pausedUntil?: components["schemas"]["TimeMs"] | null;
            /** @description The agents that it starts. */
            agentIds: string[];
            bindings: components["schemas"]["BindingShown"][];
            /** @description The path of the inbound address, of a webhook. */
            inboundPath?: string | null;
            /** @description When it last started something. */
            lastFiredAt?: components["schemas"]["TimeMs"] | null;
            /** @description The next due time, of a schedule that is switched on. */
            nextFireAt?: components["schemas"]["TimeMs"] | null;
            /**
             * Format: double
             * @description What its executions have cost in this calendar month, in US dollars; where it has a budget.
             */
            currentMonthlyCost?: number | null;
            createdAt: components["schemas"]["TimeMs"];
            createdBy: string;
            updatedAt: components["schemas"]["TimeMs"];
            /** @description In whose name it starts what it starts by itself. */
            updatedBy: string;
        };
        /** @description What makes a trigger fire. */
        Kind: "SCHEDULE" | "WEBHOOK" | "MANUAL" | "API";
        /** @description Times at which a trigger fires. */
        Schedule: {
            /** @description Five fields (minute, hour, day of month, month, day of week), six with seconds in front, or a macro such as `@daily`. */
            cron: string;
            /**
             * @description An IANA name; absent: `UTC`.
             * @default UTC
             */
            timeZone: string;
            /**
             * Format: uint32
             * @description Each due time is delayed by chance, by this much at most.
             * @default 0
             */
            jitterSeconds: number;
            /**
             * @description What is done about due times that passed while the server was down, or the schedule paused.
             * @default last
             */
            catchUp: components["schemas"]["CatchUp"];
            /**
             * Format: uint32
             * @description With `all`: firings that are caught up at most, the newest ones.
             * @default 10
             */
            catchUpMax: number;
            /**
             * Format: uint32
             * @description A due time that is no later than this counts as met.
             * @default 10
             */
            graceSeconds: number;
        };
        /** @description What is done about due times that nobody was there for. */
        CatchUp: "skip" | "last" | "all";
        /** @description Events that come in over HTTP. */
        Inbound: {
            /** @default HMAC */
            auth: components["schemas"]["Proof"];
            /**
             * Format: uint32
             * @description With `HMAC`: how far the sender's clock may be from ours; what is older is refused.
             * @default 300
             */
            replayWindowSeconds: number;
            /** @description CEL over `payload` and `headers`: the event's id, where it is not the header `webhook-id`. The same id fires once. */
            eventId?: string | null;
            /** @description Only events of this type (the payload's `type`, as Standard Webhooks has it) fire. */
            eventType?: string | null;
        };
        /** @description How a caller of the inbound address shows who it is. */
        Proof: "HMAC" | "TOKEN";
        /** @description What happens when a trigger fires while an execution that it started for the same agent still runs. */
        Overlap: "skip" | "queue" | "parallel";
        /** @description What its executions may cost in a calendar month (UTC). */
        TriggerBudget: {
            /**
             * Format: double
             * @description In US dollars.
             */
            amount: number;
            /**
             * @description Starts are refused once it is used up.
             * @default false
             */
            enforceLimit: boolean;
        };
        /** @description An agent that a trigger starts. */
        BindingShown: {
            agentId: string;
            environmentSlug?: string | null;
        };
        /** @description A list, or a page of it where the request asks for one. */
        Revisions2: components["schemas"]["TriggerRevision"][] | {
            items: components["schemas"]["TriggerRevision"][];
            nextPageToken?: string | null;
        };
        /** @description A definition as it was. */
        TriggerRevision: {
            /** @description What `:restoreFrom` takes. */
            id: string;
            triggerId: string;
            /** Format: uint32 */
            revision: number;
            /**
             * Format: uint32
             * @description The same; the vendor's clients read it.
             */
            version: number;
            changeReason: components["schemas"]["ChangeReason"];
            displayName: string;
            description?: string | null;
            kind: components["schemas"]["Kind"];
            schedule?: components["schemas"]["Schedule"] | null;
            webhook?: components["schemas"]["Inbound"] | null;
            /** @description The type of events that fire, of a webhook that is particular. */
            eventType?: string | null;
            parameters: {
                [key: string]: unknown;
            };
            mapping?: {
                [key: string]: string;
            } | null;
            filter?: string | null;
            overlap: components["schemas"]["Overlap"];
            budget?: components["schemas"]["TriggerBudget"] | null;
            createdAt: components["schemas"]["TimeMs"];
            createdBy: string;
            restoredFrom?: string | null;
            isCurrent: boolean;
        };
        /**
         * @description Why there is a revision.
         * @enum {string}
         */
        ChangeReason: "CREATED" | "UPDATED" | "RESTORED";
        /** @description Due times of a schedule, before chance delays them. */
        FireTimes: {
            times: components["schemas"]["TimeMs"][];
        };
        /** @description A page, newest first. */
        Firings: {
            items: components["schemas"]["Firing"][];
            nextPageToken?: string | null;
        };
        /** @description What a trigger did, or did not do, for one agent. */
        Firing: {
            /** @description The same for every agent of one occurrence. */
            firingId: string;
            /** @description How it came about. */
            kind: components["schemas"]["Kind"];
            /** Format: uint32 */
            triggerRevision: number;
            agentId?: string | null;
            state: components["schemas"]["FiringState"];
            /** @description Why nothing started, or how the execution ended. */
            note?: string | null;
            executionRecordId?: string | null;
            at: components["schemas"]["TimeMs"];
            /** @description The due time, of a schedule. */
            scheduledFor?: components["schemas"]["TimeMs"] | null;
            eventId?: string | null;
            firedBy: string;
            origin: components["schemas"]["Origin"];
            payload: components["schemas"]["FreeForm"];
            parameters: {
                [key: string]: unknown;
            };
        };
        FiringState: "PENDING" | "QUEUED" | "STARTED" | "ENDED" | "SKIPPED" | "MISSED" | "FAILED";
        /** @description A trigger with its secret, which is shown this once. */
        TriggerWithSecret: {
            id: string;
            displayName: string;
            description?: string | null;
            kind: components["schemas"]["Kind"];
            schedule?: components["schemas"]["Schedule"] | null;
            webhook?: components["schemas"]["Inbound"] | null;
            /** @description The type of events that fire, of a webhook that is particular. */
            eventType?: string | null;
            parameters: {
                [key: string]: unknown;
            };
            mapping?: {
                [key: string]: string;
            } | null;
            filter?: string | null;
            overlap: components["schemas"]["Overlap"];
            budget?: components["schemas"]["TriggerBudget"] | null;
            /**
             * Format: uint32
             * @description The definition's; counts from 1.
             */
            revision: number;
            active: boolean;
            paused: boolean;
            pausedUntil?: components["schemas"]["TimeMs"] | null;
            /** @description The agents that it starts. */
            agentIds: string[];
            bindings: components["schemas"]["BindingShown"][];
            /** @description The path of the inbound address, of a webhook. */
            inboundPath?: string | null;
            /** @description When it last started something. */
            lastFiredAt?: components["schemas"]["TimeMs"] | null;
            /** @description The next due time, of a schedule that is switched on. */
            nextFireAt?: components["schemas"]["TimeMs"] | null;
            /**
             * Format: double
             * @description What its executions have cost in this calendar month, in US dollars; where it has a budget.
             */
            currentMonthlyCost?: number | null;
            createdAt: components["schemas"]["TimeMs"];
            createdBy: string;
            updatedAt: components["schemas"]["TimeMs"];
            /** @description In whose name it starts what it starts by itself. */
            updatedBy: string;
            /** @description Of a webhook: what senders sign with (HMAC), or send along (TOKEN). */
            secret?: string | null;
        };
        /** @description A new trigger. */
        CreateTrigger: {
            displayName: string;
            /** @default null */
            description: string | null;
            kind: components["schemas"]["Kind"];
            /**
             * @description Of a schedule, which needs it.
             * @default null
             */
            schedule: components["schemas"]["Schedule"] | null;
            /**
             * @description Of a webhook; absent: signed by HMAC.
             * @default null
             */
            webhook: components["schemas"]["Inbound"] | null;
            /**
             * @description The same as `webhook.eventType`.
             * @default null
             */
            eventType: string | null;
            /**
             * @description Constant parameters of what it starts.
             * @default {}
             */
            parameters: {
                [key: string]: unknown;
            };
            /**
             * @description Parameters by CEL over `payload`, `headers`, `trigger` and `firing`. Absent: a payload that is an object is the parameters.
             * @default null
             */
            mapping: {
                [key: string]: string;
            } | null;
            /**
             * @description CEL that is true for what fires.
             * @default null
             */
            filter: string | null;
            /**
             * @description Absent: `skip`.
             * @default skip
             */
            overlap: components["schemas"]["Overlap"];
            /** @default null */
            budget: components["schemas"]["TriggerBudget"] | null;
            /**
             * @description Absent: true.
             * @default null
             */
            active: boolean | null;
            /**
             * @description Agents that it starts, in production; others by a binding.
             * @default []
             */
            agentIds: string[];
        };
        /** @description A change; what is absent stays, `null` takes away. */
        ChangeTrigger: {
            /** @default null */
            displayName: string | null;
            description?: string | null;
            /** @default null */
            schedule: components["schemas"]["Schedule"] | null;
            /** @default null */
            webhook: components["schemas"]["Inbound"] | null;
            eventType?: string | null;
            /** @default null */
            parameters: {
                [key: string]: unknown;
            } | null;
            mapping?: {
                [key: string]: string;
            } | null;
            filter?: string | null;
            /** @default null */
            overlap: components["schemas"]["Overlap"] | null;
            budget?: components["schemas"]["TriggerBudget"] | null;
            /**
             * @description As `:enable` and `:disable`.
             * @default null
             */
            active: boolean | null;
        };
        /** @description Where a bound agent runs. */
        BindTrigger: {
            /**
             * @description Absent: `production`.
             * @default null
             */
            environmentSlug: string | null;
        };
        /** @description What firing came to. */
        FiringAnswer: {
            /** @description None: the filter left it out. */
            firingId?: string | null;
            /** @description The filter, or the type of event, left it out. */
            filtered: boolean;
            /** @description This event has fired before; it does not again. */
            duplicate: boolean;
            /** @description One per agent. */
            firings: components["schemas"]["Firing"][];
        };
        /** @description How to fire by hand. */
        FireTrigger: {
            /**
             * @description What the event would carry.
             * @default null
             */
            samplePayload: components["schemas"]["FreeForm"] | null;
            /**
             * @description Absent: `PRODUCTION`. `TEST` leaves lists, statistics and budgets of production alone.
             * @default PRODUCTION
             */
            origin: components["schemas"]["Origin"];
        };
        /** @description Which definition to take back. */
        RestoreTrigger: {
            /** @description The `id` of a revision. */
            revisionId: string;
        };
        /** @description How long a schedule is held. */
        PauseTrigger: {
            /**
             * @description It goes on by itself then; absent: when it is resumed.
             * @default null
             */
            until: components["schemas"]["TimeMs"] | null;
        };
        /** @description How a secret is replaced. */
        RotateTrigger: {
            /**
             * Format: uint32
             * @description How long the old one counts too; absent: a day.
             * @default null
             */
            overlapSeconds: number | null;
        };
        /** @description What became of an event. */
        Received: {
            /** @description None: the filter, or the type of event, left it out, or no agent is bound. */
            firingId?: string | null;
            filtered: boolean;
            /** @description The same event has come before. */
            duplicate: boolean;
        };
        /** @description Samples that belong together. */
        Dataset: {
            id: string;
            /**
             * Format: uint64
             * @description Its integer id, in this installation.
             */
            number: number;
            agentId: string;
            displayName: string;
            description: string;
            type: string;
            /** @description Empty: outputs are compared with what samples expect. */
            scorers: components["schemas"]["Scorer"][];
            /**
             * Format: double
             * @description The score that a run must reach.
             */
            minScore: number;
            /** Format: uint32 */
            sampleCount: number;
            createdAt: components["schemas"]["TimeMs"];
            createdBy: string;
            updatedAt: components["schemas"]["TimeMs"];
            updatedBy: string;
        };
        /** @description One way in which the outputs of a dataset are judged. */
        Scorer: {
            type: components["schemas"]["ScorerKind"];
            /** @description For people; absent: its type in small letters. */
            name?: string | null;
            /**
             * Format: double
             * @description How much it counts beside the others; absent: 1.
             */
            weight?: number | null;
            /**
             * Format: double
             * @description The score from which it passes; absent: 0.7 for a judge, 1 for the others.
             */
            threshold?: number | null;
            /** @description Of `CEL`. */
            expression?: string | null;
            /** @description Of `JUDGE`: `provider/model`. */
            model?: string | null;
            /** @description Of `JUDGE`: what a good output is, where a sample does not say. */
            rubric?: string | null;
        };
        /** @description How an output is judged. */
        ScorerKind: "EXACT" | "JSON_SUBSET" | "CEL" | "JUDGE";
        CreateDataset: {
            displayName: string;
            /** @default null */
            description: string | null;
            /**
             * @description Free text; absent: `GOLDEN`.
             * @default null
             */
            type: string | null;
            /** @default null */
            scorers: components["schemas"]["Scorer"][] | null;
            /**
             * Format: double
             * @description Absent: 0.8.
             * @default null
             */
            minScore: number | null;
            /** @default [] */
            samples: components["schemas"]["Sample"][];
        };
        /** @description One thing that an agent should do. */
        Sample: {
            /** @description For people. */
            name?: string | null;
            /**
             * @description The agent's input, by parameter.
             * @default {}
             */
            input: {
                [key: string]: unknown;
            };
            /** @description What `EXACT`, `JSON_SUBSET` and `CEL` compare with, and what a judge is told; null: nothing is expected. */
            expected?: unknown;
            /** @description What a good output is, for a judge. */
            rubric?: string | null;
            /**
             * Format: double
             * @description How much it counts beside the others; absent: 1.
             */
            weight?: number | null;
            /** @description By step, `*` for every other one: what answers its questions to people. A question without an answer fails the sample. */
            decisions?: {
                [key: string]: components["schemas"]["Canned"];
            };
            /** @description Answers to calls that an evaluation does not make, by step, as in a rehearsal file. */
            effects?: {
                [key: string]: components["schemas"]["SandboxSpec"];
            } | null;
            /** @description Whatever else belongs to it; `sample.metadata` in CEL. */
            metadata?: {
                [key: string]: unknown;
            };
        };
        /** @description What answers a question to people while a sample runs. */
        Canned: ("approve" | "reject") | {
            respond: unknown;
        };
        /** @description The sandbox variant of a step: scripted answers. Also the shape of an entry of a `.rehearsal.yaml`. */
        SandboxSpec: {
            /** @description The same answer every time. */
            output?: unknown;
            /** @description One answer per visit (and, failing that, per attempt); the last one repeats. */
            outputs?: unknown[] | null;
            /** @description Fails instead, with this error. */
            error?: components["schemas"]["SandboxErrorSpec"] | null;
            /** @description How long the answer takes. */
            delay?: components["schemas"]["Duration"] | null;
            /** @description On an `agent` step: the model's turns, in order; the last one repeats. */
            model?: components["schemas"]["SandboxTurnSpec"][] | null;
            /** @description On an `agent` step: answers per tool. */
            tools?: {
                [key: string]: components["schemas"]["SandboxSpec"];
            } | null;
            /** @description Answers of the step's validators, by their names, one of `outputs` per cycle; before those that stand at the validators themselves. */
            validators?: {
                [key: string]: components["schemas"]["SandboxSpec"];
            } | null;
        };
        SandboxErrorSpec: {
            code: string;
            message?: string | null;
            retryable?: boolean;
            /**
             * Format: uint32
             * @description Only this many times, then the output; absent: every time.
             */
            times?: number | null;
        };
        /** @example 30s */
        Duration: string;
        /** @description One turn of a rehearsed agent: calls, or the final answer. */
        SandboxTurnSpec: {
            /** @description The thought beside the calls, or the final text. */
            text?: string | null;
            /** @description The final answer where the agent declares an `output` schema. */
            output?: unknown;
            calls?: components["schemas"]["SandboxCallSpec"][];
        };
        SandboxCallSpec: {
            tool: string;
            args?: unknown;
        };
        /** @description A change; what is absent stays. */
        ChangeDataset: {
            /** @default null */
            displayName: string | null;
            /** @default null */
            description: string | null;
            /** @default null */
            type: string | null;
            /** @default null */
            scorers: components["schemas"]["Scorer"][] | null;
            /**
             * Format: double
             * @default null
             */
            minScore: number | null;
        };
        /** @description What an import did. */
        Imported: {
            dataset: components["schemas"]["Dataset"];
            /** @description Of the new samples, in order. */
            sampleIds: number[];
        };
        /** @description Samples to add: as a list, or as JSON lines. */
        ImportSamples: {
            /** @default null */
            samples: components["schemas"]["Sample"][] | null;
            /**
             * @description One sample a line.
             * @default null
             */
            jsonl: string | null;
            /**
             * @description Instead of those that are there.
             * @default false
             */
            replace: boolean;
        };
        /** @description A page, oldest first. */
        Samples: {
            items: components["schemas"]["SampleShown"][];
            nextPageToken?: string | null;
        };
        /** @description A sample in its dataset. */
        SampleShown: {
            /**
             * Format: uint64
             * @description Its number in the dataset.
             */
            id: number;
            /** @description For people. */
            name?: string | null;
            /**
             * @description The agent's input, by parameter.
             * @default {}
             */
            input: {
                [key: string]: unknown;
            };
            /** @description What `EXACT`, `JSON_SUBSET` and `CEL` compare with, and what a judge is told; null: nothing is expected. */
            expected?: unknown;
            /** @description What a good output is, for a judge. */
            rubric?: string | null;
            /**
             * Format: double
             * @description How much it counts beside the others; absent: 1.
             */
            weight?: number | null;
            /** @description By step, `*` for every other one: what answers its questions to people. A question without an answer fails the sample. */
            decisions?: {
                [key: string]: components["schemas"]["Canned"];
            };
            /** @description Answers to calls that an evaluation does not make, by step, as in a rehearsal file. */
            effects?: {
                [key: string]: components["schemas"]["SandboxSpec"];
            } | null;
            /** @description Whatever else belongs to it; `sample.metadata` in CEL. */
            metadata?: {
                [key: string]: unknown;
            };
            updatedAt: components["schemas"]["TimeMs"];
            updatedBy: string;
        };
        /** @description A draft or a revision over a dataset. */
        EvaluationRun: {
            id: string;
            agentId: string;
            /**
             * Format: int64
             * @description -1: a draft.
             */
            agentRevision: number;
            /**
             * Format: uint64
             * @description Of a draft.
             */
            draftVersion?: number | null;
            datasetId: string;
            datasetName: string;
            /** @description `QUEUED`, `IN_PROGRESS`, then `COMPLETED`, `FAILED` or `CANCELLED`. */
            status: components["schemas"]["RunState"];
            /** @description It will be cancelled, and is not yet. */
            cancelling: boolean;
            /**
             * Format: double
             * @description From 0 to 1, once it is completed.
             */
            score?: number | null;
            /** Format: double */
            minScore: number;
            /** @description Whether the score reaches `minScore`. */
            passed?: boolean | null;
            deploymentRecommendation?: components["schemas"]["Recommendation"] | null;
            /** @description For people. */
            summary: string;
            scorers: components["schemas"]["Scorer"][];
            /** Format: uint32 */
            sampleCount: number;
            /** Format: uint32 */
            completedCount: number;
            /** Format: uint32 */
            passedCount: number;
            /**
             * Format: uint32
             * @description Their execution did not complete.
             */
            errorCount: number;
            /**
             * Format: uint32
             * @description A scorer could not judge them.
             */
            unjudgedCount: number;
            /** Format: uint32 */
            concurrency: number;
            environmentSlug: string;
            baselineRunId?: string | null;
            /**
             * Format: uint32
             * @description Samples that are worse than in the baseline.
             */
            regressions?: number | null;
            /**
             * Format: double
             * @description Of the flow and the judges, in US dollars.
             */
            totalCost: number;
            /** Format: double */
            judgeCost: number;
            /** Format: double */
            estimatedCost?: number | null;
            /** Format: uint64 */
            totalTokens: number;
            /** Format: uint64 */
            meanDurationMs?: number | null;
            /** @description Why it failed. */
            error?: components["schemas"]["Reason"] | null;
            createdAt: components["schemas"]["TimeMs"];
            createdBy: string;
            startedAt?: components["schemas"]["TimeMs"] | null;
            endedAt?: components["schemas"]["TimeMs"] | null;
        };
        /** @description Where a run is. */
        RunState: ("QUEUED" | "IN_PROGRESS" | "COMPLETED" | "CANCELLED") | "FAILED";
        /** @description Whether to deploy what was evaluated. */
        Recommendation: "DO_NOT_DEPLOY" | "DEPLOY" | "INCONCLUSIVE";
        /** @description Why something did not come to a good end. */
        Reason: {
            code: string;
            message: string;
        };
        /** @description Over what to run it. */
        Evaluate: {
            /** @description The dataset's id, or its number as a text. */
            datasetId: string;
            /**
             * Format: uint32
             * @description Samples that run at once; absent: 4.
             * @default null
             */
            concurrency: number | null;
            /**
             * Format: double
             * @description The score that the run must reach; absent: what the dataset says.
             * @default null
             */
            minScore: number | null;
            /**
             * Format: uint32
             * @description How long one sample may take; absent: 600.
             * @default null
             */
            sampleTimeoutSeconds: number | null;
            /**
             * @description Where it runs; absent: `production`.
             * @default null
             */
            environmentSlug: string | null;
            /**
             * @description An earlier run over the same dataset: a sample that is worse than there keeps the recommendation from being `DEPLOY`.
             * @default null
             */
            baselineRunId: string | null;
        };
        /** @description What a run will cost. */
        EstimateView: {
            /** Format: uint32 */
            sampleCount: number;
            /** Format: uint32 */
            judgeCalls: number;
            /**
             * Format: double
             * @description In US dollars; null: nothing is known.
             */
            estimatedCost?: number | null;
            /** Format: double */
            costPerSample?: number | null;
            /** Format: double */
            costPerJudgeCall?: number | null;
            /** @description What was recorded that the estimate rests on. */
            basis: components["schemas"]["Basis"];
            /**
             * Format: uint64
             * @description How many executions that were.
             */
            observedExecutions: number;
            /** @description Models whose price is not known: what they cost will not be counted. */
            unpricedModels: string[];
        };
        /** @description What an estimate rests on, the best first. */
        Basis: "EVALUATIONS_OF_REVISION" | "EXECUTIONS_OF_REVISION" | "EVALUATIONS_OF_AGENT" | "EXECUTIONS_OF_AGENT" | "TESTS_OF_AGENT" | "NOTHING";
        /** @description A page, newest first. */
        Runs: {
            items: components["schemas"]["EvaluationRun"][];
            nextPageToken?: string | null;
        };
        /** @description A page, in the order of the dataset. */
        Results: {
            items: components["schemas"]["SampleResult"][];
            nextPageToken?: string | null;
        };
        /** @description How one sample did. */
        SampleResult: {
            /**
             * Format: uint64
             * @description Its number in the dataset.
             */
            sampleId: number;
            name?: string | null;
            status: components["schemas"]["ResultState"];
            /** Format: double */
            score?: number | null;
            passed?: boolean | null;
            scores: components["schemas"]["Score"][];
            /** @description Why its execution did not complete. */
            error?: components["schemas"]["Reason"] | null;
            /** @description What came out; cut to a text where it is large. */
            output: components["schemas"]["FreeForm"];
            outputCut: boolean;
            executionRecordId?: string | null;
            /**
             * Format: double
             * @description In US dollars, without the judges.
             */
            cost: number;
            /** Format: double */
            judgeCost: number;
            /** Format: uint64 */
            tokens: number;
            /** Format: uint64 */
            durationMs?: number | null;
        };
        /** @description Where a sample of a run is. */
        ResultState: ("PENDING" | "RUNNING" | "DONE") | "NOT_RUN";
        /** @description What one scorer said. */
        Score: {
            scorer: string;
            /**
             * Format: double
             * @description Null: it could not judge.
             */
            score?: number | null;
            passed: boolean;
            note?: string | null;
        };
        /** @description Two runs, and a page of their samples. */
        Comparison: {
            baseline: components["schemas"]["EvaluationRun"];
            candidate: components["schemas"]["EvaluationRun"];
            /** Format: uint32 */
            better: number;
            /** Format: uint32 */
            worse: number;
            /** Format: uint32 */
            same: number;
            /**
             * Format: uint32
             * @description Added, removed, changed, or not known.
             */
            other: number;
            /**
             * Format: double
             * @description What the candidate has more than the baseline; negative: less.
             */
            scoreDelta?: number | null;
            /** Format: double */
            costDelta: number;
            /** Format: int64 */
            meanDurationDeltaMs?: number | null;
            items: components["schemas"]["ComparedSample"][];
            nextPageToken?: string | null;
        };
        /** @description One sample in both. */
        ComparedSample: {
            /** Format: uint64 */
            sampleId: number;
            name?: string | null;
            change: components["schemas"]["Change3"];
            baseline?: components["schemas"]["SampleResult"] | null;
            candidate?: components["schemas"]["SampleResult"] | null;
            /** Format: double */
            scoreDelta?: number | null;
            /** Format: double */
            costDelta?: number | null;
            /** Format: double */
            durationDeltaMs?: number | null;
        };
        /** @description What became of a sample from one run to the other. */
        Change3: ("BETTER" | "WORSE" | "SAME") | "UNKNOWN" | "CHANGED" | "ADDED" | "REMOVED";
        /** @description A secret without its value. */
        SecretInfo: {
            /** @description What flows write behind `secret.`; the same as `name` and `key`. */
            id: string;
            name: string;
            key: string;
            /**
             * Format: uint64
             * @description Counts values, from 1.
             */
            version: number;
            /**
             * Format: uint64
             * @description The same, under the name that the later clients read.
             */
            publishedVersion: number;
            /** @description Agents that may use it; null: every agent of the tenant. */
            grantedTo?: string[] | null;
            createdAt: components["schemas"]["TimeMs"];
            createdBy: string;
            updatedAt: components["schemas"]["TimeMs"];
            updatedBy: string;
            modifiedAt: components["schemas"]["TimeMs"];
        };
        /** @description A new value, other agents that may use it, or both. */
        SetSecret: {
            /** @description 4 to 16,384 bytes. Absent: it keeps its value. */
            value?: string | null;
            /**
             * @description Agents that may use it; null: every agent. Absent: as before, and every agent for a new one.
             * @default null
             */
            grantedTo: string[] | null;
        };
        /** @description An agent that may use a secret. */
        SecretGrant: {
            id: string;
            agentId: string;
            secretId: string;
            createdBy: string;
            createdAt: components["schemas"]["TimeMs"];
        };
        /** @description What a rotation did. */
        RotatedMasterKey: {
            /** @description Tells the new key from others; it is not the key. */
            keyId: string;
            /**
             * Format: uint
             * @description Secrets that were sealed again.
             */
            secrets: number;
        };
        /** @description What an agent may cost in a calendar month (UTC), and what it has cost in this one. */
        Budget: {
            agentId: string;
            origin: components["schemas"]["Origin"];
            /**
             * Format: double
             * @description In US dollars.
             */
            amount: number;
            thresholdRules: components["schemas"]["ThresholdRule"][];
            /** @description Starts are refused once it is used up. */
            enforceLimit: boolean;
            /**
             * Format: double
             * @description In US dollars.
             */
            currentMonthlyCost: number;
            /** Format: double */
            usagePercent: number;
            /** @description `YYYY-MM`. */
            month: string;
            createdAt: components["schemas"]["TimeMs"];
            updatedAt: components["schemas"]["TimeMs"];
            updatedBy: string;
        };
        /** @description When to say something. */
        ThresholdRule: {
            /**
             * Format: double
             * @description Of the amount.
             */
            percent: number;
        };
        /** @description A change; what is absent stays as it is. */
        SetBudget: {
            /**
             * Format: double
             * @description In US dollars; a new budget needs it.
             * @default null
             */
            amount: number | null;
            /** @default null */
            thresholdRules: components["schemas"]["ThresholdRule"][] | null;
            /** @default null */
            enforceLimit: boolean | null;
        };
        /** @description What the executions of a revision, or of all of them, have cost, in US dollars. */
        Cost: {
            /**
             * Format: uint32
             * @description Null: every revision.
             */
            revision?: number | null;
            origin: components["schemas"]["Origin"];
            /** Format: double */
            inputCost: number;
            /** Format: double */
            outputCost: number;
            /** Format: double */
            totalCost: number;
            /** Format: uint64 */
            executionCount: number;
            /** Format: uint64 */
            inputTokens: number;
            /** Format: uint64 */
            outputTokens: number;
        };
        /** @description A page of the audit. Where a filter fits little, a page may hold fewer lines than asked for and still have a next one. */
        TenantAuditEvents: {
            items: components["schemas"]["TenantAuditEvent"][];
            nextPageToken?: string | null;
        };
        /** @description One line of the audit. */
        TenantAuditEvent: {
            createdAt: components["schemas"]["TimeMs"];
            actor: string;
            /** @description The key that was used. */
            keyId?: string | null;
            action: string;
            target: string;
            detail?: string | null;
        };
        /** @description A page of providers. */
        LlmProviders: {
            items: components["schemas"]["LlmProvider"][];
            nextPageToken?: string | null;
        };
        /** @description A model provider. */
        LlmProvider: {
            provider: components["schemas"]["ProviderName"];
            configMetadata: components["schemas"]["ConfigMetadata"];
            /** @description Those with a known price; others can be used all the same, except under a budget. */
            models: components["schemas"]["ModelName"][];
        };
        ProviderName: {
            /** @description What stands before the slash in `provider/model`. */
            id: string;
            name: string;
            description: string;
        };
        /** @description How the provider is opened. Keys and addresses are the operator's and are not shown. */
        ConfigMetadata: {
            isConfigured: boolean;
            source: string;
        };
        ModelName: {
            /** @description What stands behind the slash. */
            id: string;
            name: string;
            description: string;
        };
        /**
         * @description How long finished executions are kept, in days from their end. For a tenant, null is for ever; for an agent, it is what the tenant
         *     says.
         */
        Retention: {
            /** Format: uint32 */
            days?: number | null;
            /**
             * Format: uint32
             * @description The same for tests.
             */
            testDays?: number | null;
            /** @description Null: nobody said anything yet. */
            updatedAt?: components["schemas"]["TimeMs"] | null;
            updatedBy?: string | null;
        };
        /** @description The whole setting: what is absent is null. */
        SetRetention: {
            /**
             * Format: uint32
             * @default null
             */
            days: number | null;
            /**
             * Format: uint32
             * @default null
             */
            testDays: number | null;
        };
        /** @description One execution, whole. Secrets are not in it: they are in no journal. */
        Export: {
            /**
             * Format: uint32
             * @description Rises when the shape changes.
             */
            format: number;
            exportedAt: components["schemas"]["TimeMs"];
            executionRecordId: string;
            agentId: string;
            /** Format: uint32 */
            agentRevision: number;
            /** @description Of the flow that ran. */
            digest: components["schemas"]["Digest"];
            /** @description Where it stands. */
            summary: components["schemas"]["FreeForm"];
            /** @description What a person reads. */
            trace: components["schemas"]["FreeForm"];
            /** @description The journal: every event with its number and time. */
            events: components["schemas"]["FreeForm"][];
        };
        QuarantinedPage: {
            items: components["schemas"]["Quarantined"][];
            nextPageToken?: string | null;
        };
        /** @description An execution that was set aside because it could not go on. */
        Quarantined: {
            id: string;
            agentId?: string | null;
            /** Format: uint32 */
            agentRevision?: number | null;
            startTime?: components["schemas"]["TimeMs"] | null;
            reason: string;
            /** @description What resolves it. */
            actions: components["schemas"]["QuarantineAction"][];
        };
        /** @description An execution that goes on. */
        Released: {
            id: string;
            /** @description Why it had been set aside. */
            reason: string;
        };
        InDoubtPage: {
            items: components["schemas"]["InDoubt"][];
            nextPageToken?: string | null;
        };
        /** @description An effect of which nobody knows whether it happened; a person decides. */
        InDoubt: {
            /** @description The approval to decide. */
            approvalRequestId: string;
            executionRecordId: string;
            agentId?: string | null;
            /** Format: uint32 */
            agentRevision?: number | null;
            step: string;
            title: string;
            digest: components["schemas"]["Digest"];
            createdAt: components["schemas"]["TimeMs"];
            expiresAt?: components["schemas"]["TimeMs"] | null;
        };
        /** @description What a backup holds. */
        Backup: {
            /** @description The directory that was written. */
            directory: string;
            /** @description Of the store. */
            id: string;
            /**
             * Format: uint64
             * @description Everything up to here, and nothing after.
             */
            position: number;
            /** Format: uint */
            segments: number;
            /** Format: uint64 */
            bytes: number;
            /**
             * Format: uint64
             * @description Records of every kind together.
             */
            records: number;
        };
        /** @description Where the backup goes. */
        BackupRequest: {
            /** @description A name, not a path: the backup becomes a directory of this name where the operator keeps backups. It must not exist or be empty. */
            directory: string;
        };
        /** @description What a round of compaction did. The server begins one by itself when enough was deleted. */
        Compacted: {
            /**
             * Format: uint
             * @description Of the log, all but the newest.
             */
            segments: number;
            /** Format: uint */
            segmentsRewritten: number;
            /** Format: uint */
            recordsDropped: number;
            /**
             * Format: uint64
             * @description On the disk of the data directory.
             */
            bytesFreed: number;
        };
        /** @description How much there is to do. Of this process, at this moment. */
        Status: {
            version: string;
            /**
             * Format: uint
             * @description Executions that are in memory because something moves them.
             */
            liveExecutions: number;
            /**
             * Format: uint
             * @description Inputs that wait for their answer.
             */
            heldInputs: number;
            /**
             * Format: uint
             * @description Calls of models, tools and services under way.
             */
            runningCalls: number;
            /**
             * Format: uint
             * @description Starts and signals that wait for their answer, and how many may.
             */
            intakeUsed: number;
            /** Format: uint */
            intakeMax: number;
            /**
             * Format: uint64
             * @description The last commit that is durable.
             */
            logPosition: number;
            /**
             * Format: uint64
             * @description Commits that the view does not have yet.
             */
            viewLag: number;
            /** @description Those who follow the log, and how far they are behind. Places are recorded from time to time, so a lag of some thousand is none. */
            feeds: components["schemas"]["FeedLag"][];
            /**
             * Format: uint64
             * @description On the disk of the data directory.
             */
            freeBytes: number;
            /** Format: uint */
            tenants: number;
            closing: boolean;
        };
        FeedLag: {
            name: string;
            /** Format: uint64 */
            position: number;
            /** Format: uint64 */
            lag: number;
        };
        /** @description Where an approval stands. */
        Status2: "PENDING" | "RESPONDED" | "CANCELLED" | "EXPIRED";
        /** @description Only `me`. */
        Approver: "me";
        /**
         * @description What repeating the action would do: `once` effects are HIGH, idempotent ones MEDIUM, reads and questions without an action LOW.
         * @enum {string}
         */
        Risk: "LOW" | "MEDIUM" | "HIGH";
        /** @description A page of approvals. It may hold fewer than asked for, and still be followed by another one. */
        Approvals: {
            items: components["schemas"]["Approval"][];
            /** @description Absent or null: this was the last page. */
            nextPageToken?: string | null;
        };
        /** @description A question to people. */
        Approval: {
            /** Format: uuid */
            id: string;
            agentId: string;
            /** Format: uint32 */
            agentRevision: number;
            sessionId?: string | null;
            /** Format: uuid */
            executionRecordId: string;
            gateType: components["schemas"]["GateType"];
            stepIdentifier: string;
            /** @description The attempt that waits, where it is a tool call. */
            toolCallId?: string | null;
            /** @description The tool, or the step, that would run. */
            toolKey?: string | null;
            /** @description What people are asked. */
            outboundMessage: string;
            /** @description What an edit replaces; a value that is no object stands in `value`. */
            proposedParameters: {
                [key: string]: unknown;
            };
            /** @description `role:NAME` or `user:NAME`; empty: every key that may decide approvals. */
            authorizedApprovers: string[];
            status: components["schemas"]["Status2"];
            expiresAt?: components["schemas"]["TimeMs"] | null;
            respondedAt?: components["schemas"]["TimeMs"] | null;
            respondedBy?: string | null;
            decision?: components["schemas"]["Outcome"] | null;
            createdAt: components["schemas"]["TimeMs"];
            /** @description What a decision must name. */
            digest: components["schemas"]["Digest"];
            action?: components["schemas"]["ActionView"] | null;
            evidence: components["schemas"]["Evidence"][];
            /** @description JSON Schema of the response. */
            form?: components["schemas"]["FreeForm"] | null;
            /** @description What can be said to it. */
            decisions: components["schemas"]["DecisionWord"][];
            editable: boolean;
            /**
             * Format: uint32
             * @description How often its action was changed; each time the digest changed with it.
             */
            edits: number;
            /** Format: uint32 */
            quorum: number;
            votes: components["schemas"]["VoteView"][];
            /** @description Users who may not decide it. */
            excluded: string[];
            risk: components["schemas"]["Risk"];
            environment?: string | null;
            startedBy: string;
            /**
             * Format: double
             * @description Dollars that its execution has used.
             */
            costSoFar: number;
            /** Format: uint64 */
            tokensSoFar: number;
            /** @description Whether the caller's key may decide it as it stands. */
            mayDecide: boolean;
            claim?: components["schemas"]["ClaimView"] | null;
            /** @description The decision that took effect. */
            decided?: components["schemas"]["StandingDecision"] | null;
        };
        /** @description What a question is about. */
        GateType: "APPROVAL" | "TOOL_APPROVAL" | "ASK" | "IN_DOUBT" | "BUDGET";
        /**
         * @description Whether what was asked for goes ahead.
         * @enum {string}
         */
        Outcome: "APPROVE" | "REJECT";
        /** @description Exactly what would be done. */
        ActionView: {
            /** @description The step or tool that does it. */
            step: string;
            /** @description `http`, `mcp`, `builtin` or `model`. */
            kind: string;
            /** @description What repeating it would do: `read`, `idempotent` or `once`. */
            effect: components["schemas"]["EffectClass"];
            /** @description What an edit replaces. */
            arguments: components["schemas"]["FreeForm"];
            method?: string | null;
            url?: string | null;
            query?: components["schemas"]["Pair"][];
            headers?: components["schemas"]["Pair"][];
            body?: components["schemas"]["ActionBody"] | null;
            /** @description Of an MCP tool. */
            server?: string | null;
            tool?: string | null;
            idempotencyKey?: string | null;
            /** @description A script answers; nothing leaves the server. */
            rehearsed: boolean;
        };
        /** @description What repeating a call would do to the world. */
        EffectClass: "read" | "idempotent" | "once";
        /** @description A name and its value, or the name of the secret that stands there. */
        Pair: {
            name: string;
            /** @description Dots where a secret's value will be. */
            value: string;
            /** @description The secret's name. */
            secret?: string | null;
        };
        /** @description A body as it will be sent. */
        ActionBody: {
            contentType: string;
            /** @description Byte for byte, with dots where a secret's value will be. */
            text: string;
            /** @description Names of the secrets, in order. */
            secrets: string[];
        };
        /** @description One piece of evidence. */
        Evidence: {
            /** @description The expression in the flow. */
            name: string;
            value: components["schemas"]["FreeForm"];
        };
        /** @description What a person can say to a question. */
        DecisionWord: ("approve" | "reject" | "respond") | "edit" | "retry" | "happened" | "fail";
        /** @description One approval of several that are needed. */
        VoteView: {
            by: string;
            digest: components["schemas"]["Digest"];
            at: components["schemas"]["TimeMs"];
            reason?: string | null;
        };
        /** @description Somebody is looking at it; others may decide all the same. */
        ClaimView: {
            by: string;
            at: components["schemas"]["TimeMs"];
            /** @description It ends by itself. */
            until: components["schemas"]["TimeMs"];
        };
        /** @description The decision that took effect. */
        StandingDecision: {
            decision: components["schemas"]["DecisionWord"];
            by: string;
            at: components["schemas"]["TimeMs"];
            /** @description Of the action that was decided on. */
            digest: components["schemas"]["Digest"];
            reason?: string | null;
            /** @description Of an edit. */
            arguments?: components["schemas"]["FreeForm"] | null;
            response?: components["schemas"]["FreeForm"] | null;
            /** @description Of a call in doubt that did happen. */
            result?: components["schemas"]["FreeForm"] | null;
        };
        /** @description How many approvals are open. */
        Counts: {
            /** Format: uint64 */
            pending: number;
            /**
             * Format: uint64
             * @description Those whose approvers the caller is among; the list with `approver=me` also leaves out those that exclude the caller.
             */
            mine: number;
            /**
             * Format: uint64
             * @description Within an hour.
             */
            expiringSoon: number;
            oldestCreatedAt?: components["schemas"]["TimeMs"] | null;
            byAgent: {
                [key: string]: number;
            };
            byGateType: {
                [key: string]: number;
            };
            /** @description False: there are more than were counted. */
            complete: boolean;
        };
        /** @description In the order of the request. */
        DecideResults: {
            results: components["schemas"]["DecideResult"][];
        };
        /** @description What became of one decision of several. */
        DecideResult: {
            id: string;
            /**
             * Format: uint16
             * @description The HTTP status that it would have had alone.
             */
            status: number;
            approval?: components["schemas"]["Approval"] | null;
            problem?: components["schemas"]["Problem"] | null;
        };
        /** @description Decisions that have nothing to do with each other. */
        DecideMany: {
            decisions: components["schemas"]["DecideOneOf"][];
        };
        /** @description As one decision, with the approval that it is about. */
        DecideOneOf: {
            id: string;
            decision: components["schemas"]["DecisionWord"];
            /** @description The digest that was shown; another one is refused with the present one. */
            digest: components["schemas"]["Digest"];
            /**
             * @description Of `edit`.
             * @default null
             */
            arguments: components["schemas"]["FreeForm"] | null;
            /**
             * @description Of `respond`.
             * @default null
             */
            response: components["schemas"]["FreeForm"] | null;
            /**
             * @description Of `happened`; absent: nothing.
             * @default null
             */
            result: components["schemas"]["FreeForm"] | null;
            /** @default null */
            reason: string | null;
        };
        /** @description `approve`, or anything else: the reason of a rejection. */
        Respond: {
            text: string;
        };
        /** @description Why it is cancelled. */
        Cancel: {
            /** @default null */
            reason: string | null;
        };
        /** @description A decision on exactly what was shown. */
        Decide: {
            decision: components["schemas"]["DecisionWord"];
            /** @description The digest that was shown; another one is refused with the present one. */
            digest: components["schemas"]["Digest"];
            /**
             * @description Of `edit`.
             * @default null
             */
            arguments: components["schemas"]["FreeForm"] | null;
            /**
             * @description Of `respond`.
             * @default null
             */
            response: components["schemas"]["FreeForm"] | null;
            /**
             * @description Of `happened`; absent: nothing.
             * @default null
             */
            result: components["schemas"]["FreeForm"] | null;
            /** @default null */
            reason: string | null;
        };
        /** @description For how long. */
        Claim: {
            /**
             * Format: uint32
             * @description A quarter of an hour where it is absent.
             * @default null
             */
            seconds: number | null;
        };
        /** @description Comments, oldest first. */
        Comments: {
            items: components["schemas"]["Comment"][];
            nextPageToken?: string | null;
        };
        /** @description What somebody said about an approval. */
        Comment: {
            id: string;
            createdAt: components["schemas"]["TimeMs"];
            createdBy: string;
            text: string;
        };
        NewComment: {
            text: string;
        };
        /** @description What an agent can be started with. */
        AgenticExecutionDefinition: {
            /** @description Unique within the agent. */
            key: string;
            name: string;
            description?: string | null;
            /** @description JSON Schema. */
            input_schema: components["schemas"]["FreeForm"];
        };
        /** @description What is wrong: `{"FIELD": ["…"]}`, for the input `{"input": {"PROPERTY": ["…"]}}`; otherwise `{"detail": "…"}`. */
        AgenticError: {
            detail?: string | null;
            /** @description Stable; not with 400. */
            code?: string | null;
        } & {
            [key: string]: unknown;
        };
        /** @description An execution. */
        AgenticExecution: {
            /** Format: uint64 */
            id: number;
            /**
             * Format: uint64
             * @description The agent's integer id.
             */
            agent: number;
            /** @description The definition that it came in by. */
            execution_key: string;
            /**
             * Format: uint64
             * @description The integer id of its session.
             */
            conversation?: number | null;
            status: components["schemas"]["AgenticStatus"];
            /** @description With its defaults. */
            input: components["schemas"]["FreeForm"];
            /** @description What came out; null until it has finished. */
            result: components["schemas"]["FreeForm"];
            /** @description Only of one that failed: `runtime_error`, `max_retries_exceeded`, `validation_failed`, `unknown`, or one of the definition's own. */
            failure_code?: string | null;
            failure_explanation?: string | null;
            /**
             * Format: uuid
             * @description Its other id, which the native API has.
             */
            celery_task_id: string;
            started_at: string;
            finished_at?: string | null;
            /** Format: double */
            duration_seconds?: number | null;
            files: components["schemas"]["AgenticFile"][];
            trigger_type: components["schemas"]["ExecutionTriggerEnum"];
            /**
             * Format: uint64
             * @description The integer id of the user whose key started it, or who answers for the trigger.
             */
            triggered_by?: number | null;
        };
        /** @description Where an execution stands. */
        AgenticStatus: ("in_progress" | "finished" | "failed") | "pending";
        /** @description A file that came with it. */
        AgenticFile: {
            /** Format: uint64 */
            id: number;
            filename: string;
            /** @description A path of this server; the same key may read it. */
            file_url: string;
            content_type: string;
        };
        /**
         * @description What started an execution.
         * @enum {string}
         */
        ExecutionTriggerEnum: "manual" | "scheduled" | "event" | "api";
        /** @description What to run, and with what. */
        AgenticStart: {
            /**
             * @description Which definition; may be left out where the agent has only one.
             * @default null
             */
            execution_key: string | null;
            /**
             * @description As the definition's schema says.
             * @default null
             */
            input: {
                [key: string]: unknown;
            } | null;
        };
        /** @description The same as a form. */
        AgenticStartForm: {
            execution_key?: string | null;
            /** @description A JSON object. */
            input?: string | null;
            /** @description `files[]` means the same. */
            files?: string[] | null;
            "files[]"?: string[] | null;
        };
        /** @description A page. */
        AgenticExecutionPage: {
            /**
             * Format: uint
             * @description Of all pages; 10,000 stands for that many or more.
             */
            count: number;
            /** @description Where the next page is. */
            next?: string | null;
            previous?: string | null;
            /** @description Newest first. */
            results: components["schemas"]["AgenticExecution"][];
        };
        /** @description The answer to a start. */
        AgentResponses: {
            /** @description The agent, as a text. */
            template_id: string;
            responses: components["schemas"]["AgentResponse"][];
        };
        /** @description An execution. */
        AgentResponse: {
            /** Format: uint64 */
            id: number;
            status: components["schemas"]["ResponseStatus"];
            /** @description What was said to the agent. */
            input: string;
            output: string;
            /**
             * Format: double
             * @description What it has cost, in the installation's unit.
             */
            credits: number;
            /** @description Why it failed; only then. */
            error?: string | null;
            /**
             * Format: uint64
             * @description The first response of the conversation.
             */
            root_id: number;
            created_at: string;
            updated_at: string;
            /**
             * Format: uint64
             * @description The agent.
             */
            template_id: number;
            trigger_type: components["schemas"]["ExecutionTriggerEnum"];
            /**
             * Format: uint64
             * @description The integer id of the user whose key started it, or who answers for the trigger.
             */
            triggered_by?: number | null;
        };
        /** @description Where an execution stands. */
        ResponseStatus: ("running" | "succeeded" | "failed") | "starting";
        /** @description What is wrong. */
        ChatError: {
            message: string;
            /** @description By field of the request; with 422 alone. */
            errors?: {
                [key: string]: string[];
            };
            /** @description Stable. */
            code: string;
        };
        /** @description Known fields; every other one is an input of the agent. */
        ExecuteAgent: {
            /**
             * @description From "0" to "2"; absent: as the agent says, and "1" where it says nothing.
             * @default null
             */
            temperature: string | null;
            /**
             * @description A name from the operator's `models.aliases`.
             * @default null
             */
            model: string | null;
            /**
             * @description `agent` (its own tools, as when absent) or `no-tools`.
             * @default null
             */
            tools: string | null;
            /**
             * Format: uint64
             * @description A response of the conversation that this goes on with.
             * @default null
             */
            root_id: number | null;
            /** @description `developer` first, if at all; then `user` and `assistant` by turns, a `user` last. */
            messages?: components["schemas"]["ChatMessage"][] | null;
            /**
             * @description Wait for the end, 100 seconds at most.
             * @default null
             */
            waitExecution: boolean | null;
            /** @default null */
            file_ids: number[] | null;
            /**
             * @description Answer as server-sent events.
             * @default null
             */
            stream: boolean | null;
            /**
             * @description Inputs of the agent, in the older form.
             * @default null
             */
            answers: {
                [key: string]: components["schemas"]["FreeForm"];
            } | null;
        } & {
            [key: string]: components["schemas"]["FreeForm"];
        };
        /** @description One message. */
        ChatMessage: {
            /** @description `user`, `assistant` or `developer`. */
            role: string;
            content: string;
        };
        /** @description A page. */
        Page: {
            /** Format: uint */
            current_page: number;
            data: components["schemas"]["ChatAgent"][];
            first_page_url: string;
            /**
             * Format: uint
             * @description The place of the first one in the whole list, from 1.
             */
            from?: number | null;
            /**
             * Format: uint
             * @description As `total`.
             */
            last_page?: number | null;
            last_page_url?: string | null;
            next_page_url?: string | null;
            path: string;
            /** Format: uint */
            per_page: number;
            prev_page_url?: string | null;
            /** Format: uint */
            to?: number | null;
            /**
             * Format: uint
             * @description None where there are more than 10000.
             */
            total?: number | null;
        };
        /** @description An agent. */
        ChatAgent: {
            /** Format: uint64 */
            id: number;
            title: string;
            description?: string | null;
            long_description?: string | null;
            /** Format: uint64 */
            workspace_id: number;
            /** @description Always `workspace`: nobody else sees it. */
            visibility: string;
            /** @description Its name, which paths take as well. */
            slug: string;
            /**
             * Format: uint8
             * @description 1: it can be executed.
             */
            active: number;
            /** @description `chat` where it has an input `message`; otherwise what it was made as, or `text`. */
            type: string;
            /** @description What it asks for, of the revision that is deployed. */
            questions: components["schemas"]["Question"][];
            created_at: string;
            updated_at: string;
        };
        /** @description A field of an execute request. */
        Question: {
            /** @description `text`, `number`, `boolean`, `select`, `array` or `object`. */
            type: string;
            name: string;
            description: string;
            required: boolean;
            /** @description Of a `select`. */
            options: string[];
        };
        /** @description A page. */
        Page2: {
            /** Format: uint */
            current_page: number;
            data: components["schemas"]["ChatFile"][];
            first_page_url: string;
            /**
             * Format: uint
             * @description The place of the first one in the whole list, from 1.
             */
            from?: number | null;
            /**
             * Format: uint
             * @description As `total`.
             */
            last_page?: number | null;
            last_page_url?: string | null;
            next_page_url?: string | null;
            path: string;
            /** Format: uint */
            per_page: number;
            prev_page_url?: string | null;
            /** Format: uint */
            to?: number | null;
            /**
             * Format: uint
             * @description None where there are more than 10000.
             */
            total?: number | null;
        };
        /** @description A file. */
        ChatFile: {
            /** Format: uint64 */
            id: number;
            /** @description Always `file`. */
            object: string;
            /** Format: uint64 */
            bytes: number;
            created_at: string;
            filename: string;
            /**
             * Format: double
             * @description What processing it has cost: nothing.
             */
            credits: number;
            status: components["schemas"]["FileStatus"];
        };
        /** @description Whether agents can read it. */
        FileStatus: "completed" | "waiting" | "failed";
        /** @description What is left of a file, or of a webhook, that was deleted. */
        Deleted: {
            /** Format: uint64 */
            id: number;
            /** @description `file` or `webhook`. */
            object: string;
            deleted: boolean;
        };
        /** @description The files of an agent. */
        AgentFiles: {
            /**
             * Format: uint64
             * @description The agent.
             */
            id: number;
            files_count?: components["schemas"]["FilesCount"] | null;
            files: components["schemas"]["ChatFile"][];
            /** @description `completed`, or `processing` while one has not been looked at. */
            status: string;
        };
        /** @description How many files an agent has. */
        FilesCount: {
            /** Format: uint */
            total: number;
            /** Format: uint */
            completed: number;
            /** Format: uint */
            failed: number;
            /** Format: uint */
            in_progress: number;
        };
        /** @description Files to link. */
        LinkFiles: {
            file_ids: number[];
        };
        /** @description A file that was taken away from an agent. */
        RemovedFile: {
            /**
             * Format: uint64
             * @description The agent.
             */
            id: number;
            file: components["schemas"]["ChatFile"];
            removed: boolean;
        };
        /** @description A page. */
        Page3: {
            /** Format: uint */
            current_page: number;
            data: components["schemas"]["ChatWebhook"][];
            first_page_url: string;
            /**
             * Format: uint
             * @description The place of the first one in the whole list, from 1.
             */
            from?: number | null;
            /**
             * Format: uint
             * @description As `total`.
             */
            last_page?: number | null;
            last_page_url?: string | null;
            next_page_url?: string | null;
            path: string;
            /** Format: uint */
            per_page: number;
            prev_page_url?: string | null;
            /** Format: uint */
            to?: number | null;
            /**
             * Format: uint
             * @description None where there are more than 10000.
             */
            total?: number | null;
        };
        /** @description A webhook, without its secret. */
        ChatWebhook: {
            /** Format: uint64 */
            id: number;
            /**
             * Format: uint64
             * @description The agent.
             */
            template_id: number;
            /**
             * Format: uint64
             * @description Who made it.
             */
            user_id: number;
            url: string;
            /** @description Always `POST`. */
            method: string;
            /**
             * Format: uint
             * @description Among its newest 100 deliveries.
             */
            success_count: number;
            /** Format: uint */
            failure_count: number;
            status: components["schemas"]["WebhookStatus"];
            created_at: string;
            updated_at: string;
            /** @description Always null: a webhook that is deleted is gone. */
            deleted_at?: string | null;
            /** @description The newest 10. */
            deliveries: components["schemas"]["ChatDelivery"][];
        };
        /**
         * @description Whether it is called.
         * @enum {string}
         */
        WebhookStatus: "active" | "inactive";
        /** @description One call, with its repetitions. */
        ChatDelivery: {
            /** @description The `webhook-id` header of every attempt. */
            id: string;
            event: components["schemas"]["Happening"];
            /**
             * Format: uint64
             * @description The response that it is about; null once that is gone.
             */
            response_id?: number | null;
            status: components["schemas"]["DeliveryState"];
            /** Format: uint32 */
            attempts: number;
            /**
             * Format: uint16
             * @description What the receiver answered last.
             */
            response_status?: number | null;
            error?: string | null;
            created_at: string;
            next_attempt_at?: string | null;
        };
        /** @description A webhook with its secret, which is shown this once. */
        NewChatWebhook: {
            /** Format: uint64 */
            id: number;
            /**
             * Format: uint64
             * @description The agent.
             */
            template_id: number;
            /**
             * Format: uint64
             * @description Who made it.
             */
            user_id: number;
            url: string;
            /** @description Always `POST`. */
            method: string;
            /**
             * Format: uint
             * @description Among its newest 100 deliveries.
             */
            success_count: number;
            /** Format: uint */
            failure_count: number;
            status: components["schemas"]["WebhookStatus"];
            created_at: string;
            updated_at: string;
            /** @description Always null: a webhook that is deleted is gone. */
            deleted_at?: string | null;
            /** @description The newest 10. */
            deliveries: components["schemas"]["ChatDelivery"][];
            /** @description What calls are signed with, as Standard Webhooks has it. */
            secret: string;
        };
        /** @description A new webhook. Read as texts, so that what is wrong is said of its own field. */
        CreateWebhook2: {
            /**
             * @description `https://…`; the operator's address policy applies.
             * @default null
             */
            url: string;
            /**
             * @description `POST`, also where it is absent.
             * @default null
             */
            method: string | null;
            /**
             * @description `active`, also where it is absent, or `inactive`.
             * @default null
             */
            status: string | null;
        };
        /** @description An answer. */
        OpenAiCompletion: {
            id: string;
            object: string;
            /**
             * Format: uint64
             * @description Seconds since 1970.
             */
            created: number;
            /** @description With the revision that ran. */
            model: string;
            choices: components["schemas"]["OpenAiChoice"][];
            usage: components["schemas"]["OpenAiCompletionUsage"];
            service_tier?: string | null;
            system_fingerprint?: string | null;
            flowgate: components["schemas"]["OpenAiExtension"];
        };
        OpenAiChoice: {
            /** Format: uint32 */
            index: number;
            message: components["schemas"]["OpenAiAnswerMessage"];
            logprobs?: null;
            /** @description `stop`, `tool_calls`; null while it runs. */
            finish_reason?: string | null;
        };
        OpenAiAnswerMessage: {
            role: string;
            content?: string | null;
            refusal?: string | null;
            annotations: null[];
            tool_calls: components["schemas"]["OpenAiToolCall"][];
        };
        /** @description A call that the caller answers. */
        OpenAiToolCall: {
            id: string;
            type: string;
            function: components["schemas"]["OpenAiCalledFunction"];
        };
        OpenAiCalledFunction: {
            name: string;
            /** @description JSON. */
            arguments: string;
        };
        /** @description Over the whole execution so far. */
        OpenAiCompletionUsage: {
            /** Format: uint64 */
            prompt_tokens: number;
            /** Format: uint64 */
            completion_tokens: number;
            /** Format: uint64 */
            total_tokens: number;
            prompt_tokens_details: components["schemas"]["OpenAiPromptDetails"];
            completion_tokens_details: components["schemas"]["OpenAiCompletionDetails"];
        };
        OpenAiPromptDetails: {
            /** Format: uint64 */
            cached_tokens: number;
            /** Format: uint64 */
            audio_tokens: number;
        };
        OpenAiCompletionDetails: {
            /** Format: uint64 */
            reasoning_tokens: number;
            /** Format: uint64 */
            audio_tokens: number;
            /** Format: uint64 */
            accepted_prediction_tokens: number;
            /** Format: uint64 */
            rejected_prediction_tokens: number;
        };
        /** @description What this server says beside the wire, under `flowgate`. */
        OpenAiExtension: {
            /**
             * Format: uuid
             * @description The same execution, natively.
             */
            executionId: string;
            agentId: string;
            /** Format: uint32 */
            agentRevision: number;
            sessionId?: string | null;
            /** @description `running`, `waiting`, `completed`, `failed`, `cancelled`. */
            status: string;
            /** @description `manual`, `scheduled`, `event`, `api`. */
            triggerType: components["schemas"]["ExecutionTriggerEnum"];
            /** @description The user whose key started it, or who answers for the trigger. */
            triggeredBy: string;
            /**
             * Format: double
             * @description US dollars.
             */
            totalCost: number;
            /** @description Decide them, and it goes on. */
            approvals: components["schemas"]["OpenAiApproval"][];
            waitingFor?: components["schemas"]["WaitingForView"] | null;
        };
        /** @description An approval that it waits for. */
        OpenAiApproval: {
            /** Format: uuid */
            id: string;
            title: string;
            /** @description Where it is read; `:decide` behind it decides. */
            url: string;
        };
        /** @description Anything but success. */
        OpenAiError: {
            error: components["schemas"]["OpenAiErrorObject"];
        };
        OpenAiErrorObject: {
            message: string;
            /** @description `invalid_request_error`, `requests`, `insufficient_quota`, `execution_error`, `server_error`. */
            type: string;
            /** @description The field that is wrong. */
            param?: string | null;
            /** @description Stable. */
            code?: string | null;
        };
        /** @description What to answer. */
        OpenAiCompletionRequest: {
            /**
             * @description `agent`, `agent@revision` or `agent@environment`.
             * @default null
             */
            model: string | null;
            /** @description The conversation so far; the last one is answered. */
            messages: components["schemas"]["OpenAiChatMessage"][];
            /** @default null */
            stream: boolean | null;
            stream_options?: components["schemas"]["OpenAiStreamOptions"] | null;
            /**
             * Format: double
             * @description 0 to 2; reaches every model call of the agent.
             * @default null
             */
            temperature: number | null;
            /**
             * Format: uint64
             * @description At most so many tokens of each model's answer.
             * @default null
             */
            max_completion_tokens: number | null;
            /**
             * Format: uint64
             * @description The older name of it.
             * @default null
             */
            max_tokens: number | null;
            /** @description Functions of the caller, for agents that hand them to their models. */
            tools?: components["schemas"]["OpenAiChatTool"][] | null;
            /**
             * @description `auto` or `none`.
             * @default null
             */
            tool_choice: components["schemas"]["FreeForm"] | null;
            /**
             * @description The flow reads it as `context.metadata`.
             * @default null
             */
            metadata: {
                [key: string]: string;
            } | null;
            /**
             * @description The flow reads it as `context.user`.
             * @default null
             */
            user: string | null;
            flowgate?: components["schemas"]["OpenAiExtra"] | null;
        } & {
            [key: string]: unknown;
        };
        /** @description One message, as it was sent or answered. */
        OpenAiChatMessage: {
            role: components["schemas"]["OpenAiRole"];
            content?: components["schemas"]["OpenAiContent"] | null;
            /**
             * @description Of `tool`: which call it answers.
             * @default null
             */
            tool_call_id: string | null;
            /**
             * @description Of `assistant`: what it asked for.
             * @default null
             */
            tool_calls: components["schemas"]["FreeForm"][] | null;
            /** @default null */
            name: string | null;
            /** @default null */
            refusal: string | null;
            /** @default null */
            annotations: components["schemas"]["FreeForm"] | null;
            /** @default null */
            audio: components["schemas"]["FreeForm"] | null;
            /** @default null */
            function_call: components["schemas"]["FreeForm"] | null;
        };
        /** @enum {string} */
        OpenAiRole: "developer" | "system" | "user" | "assistant" | "tool";
        /** @description A text, or parts of which each is a text. */
        OpenAiContent: string | components["schemas"]["OpenAiContentPart"][];
        /** @description One part of a content. */
        OpenAiContentPart: {
            /** @description `text`, `input_text`, `output_text` or `refusal`; others are refused. */
            type: string;
            /** @default null */
            text: string | null;
            /** @default null */
            refusal: string | null;
        };
        OpenAiStreamOptions: {
            /**
             * @description A last chunk with the usage of the whole.
             * @default null
             */
            include_usage: boolean | null;
            /**
             * @description Taken, without effect.
             * @default null
             */
            include_obfuscation: boolean | null;
        };
        /** @description A tool of the caller. */
        OpenAiChatTool: {
            /** @description `function`; others are refused. */
            type: string;
            function?: components["schemas"]["OpenAiFunction"] | null;
        };
        /** @description A function that the caller has. */
        OpenAiFunction: {
            /** @description Letters, digits, `-` and `_`; at most 64. */
            name: string;
            /** @default null */
            description: string | null;
            /**
             * @description JSON Schema of the arguments.
             * @default null
             */
            parameters: components["schemas"]["FreeForm"] | null;
            /**
             * @description Taken, without effect: the model's arguments are handed on as they are.
             * @default null
             */
            strict: boolean | null;
        };
        /** @description What this server takes beside the wire, under `flowgate`. */
        OpenAiExtra: {
            /**
             * @description The agent's inputs beside the message.
             * @default null
             */
            parameters: {
                [key: string]: unknown;
            } | null;
        };
        /** @description An execution. */
        AgentExecutionResponse: {
            /** Format: uint64 */
            id: number;
            /** Format: uint64 */
            agent_id: number;
            trigger_type: components["schemas"]["ExecutionTriggerEnum"];
            /**
             * Format: uint64
             * @description The integer id of the user whose key started it, or who answers for the trigger.
             */
            triggered_by?: number | null;
            status: components["schemas"]["ExecutionStatusEnum"];
            input_data?: {
                [key: string]: unknown;
            } | null;
            /** @description What came out; a value that is no object stands in `output`. */
            output_data?: {
                [key: string]: unknown;
            } | null;
            error_message?: string | null;
            context_type?: string | null;
            /** Format: int64 */
            context_id?: number | null;
            started_at?: string | null;
            completed_at?: string | null;
            /** Format: uint64 */
            execution_time_ms?: number | null;
            /** Format: uint */
            iteration_count: number;
            iterations: components["schemas"]["IterationData"][];
            tools_used: string[];
            /** Format: uint64 */
            total_tokens: number;
            /** Format: double */
            total_cost: number;
            /** @description Of the latest model call. */
            model_used?: string | null;
            success: boolean;
            /** Format: uint */
            actions_taken: number;
            /** @description `execution`: its other id. `waiting_for`: why it does not move by itself, and what would move it. */
            extra_metadata: {
                [key: string]: unknown;
            };
            created_at: string;
            updated_at: string;
        };
        /**
         * @description Where an execution stands.
         * @enum {string}
         */
        ExecutionStatusEnum: "pending" | "running" | "completed" | "failed" | "cancelled" | "timeout";
        /** @description One cycle. */
        IterationData: {
            /**
             * Format: uint
             * @description From 1.
             */
            iteration: number;
            /** @description What the model said. */
            thought: string;
            /** @description The tool; several are separated by `, `; `final_answer` where the model is done. */
            action: string;
            /** @description The tool's arguments; of several tools those of each under its name. */
            action_input: {
                [key: string]: unknown;
            };
            /** @description What came back; of several tools a line for each. */
            observation: string;
            /** @description When it began. */
            timestamp: string;
        };
        /** @description What is wrong. */
        HTTPError: {
            detail: components["schemas"]["Detail"];
            /** @description Stable; not with 422. */
            code?: string | null;
        };
        Detail: string | components["schemas"]["ValidationError"][];
        /** @description One field. */
        ValidationError: {
            /** @description `body`, `query`, `path` or `header`, and the way to the field from there. */
            loc: string[];
            msg: string;
            /** @description The stable code of what is wrong. */
            type: string;
        };
        /** @description A response as it stands. Every field is there. */
        OpenAiResponse: {
            id: string;
            object: string;
            /**
             * Format: uint64
             * @description Seconds since 1970.
             */
            created_at: number;
            /** Format: uint64 */
            completed_at?: number | null;
            /** @description `in_progress` (also while it waits for a person), `completed`, `failed`, `cancelled`. */
            status: string;
            background: boolean;
            error?: components["schemas"]["OpenAiResponseError"] | null;
            incomplete_details?: null;
            instructions?: string | null;
            /** Format: uint64 */
            max_output_tokens?: number | null;
            /** Format: uint64 */
            max_tool_calls?: number | null;
            /** @description With the revision that ran. */
            model: string;
            output: components["schemas"]["OpenAiItem"][];
            parallel_tool_calls: boolean;
            previous_response_id?: string | null;
            prompt_cache_key?: string | null;
            reasoning: {
                [key: string]: unknown;
            };
            safety_identifier?: string | null;
            service_tier: string;
            store: boolean;
            /** Format: double */
            temperature?: number | null;
            text: {
                [key: string]: unknown;
            };
            tool_choice: string;
            tools: components["schemas"]["OpenAiToolObject"][];
            /** Format: uint32 */
            top_logprobs: number;
            /** Format: double */
            top_p?: number | null;
            truncation: string;
            /** @description Null until it has an end. */
            usage?: components["schemas"]["OpenAiResponseUsage"] | null;
            user?: string | null;
            metadata: {
                [key: string]: string;
            };
            flowgate: components["schemas"]["OpenAiExtension"];
        };
        /** @description Why it failed. */
        OpenAiResponseError: {
            code: string;
            message: string;
        };
        /** @description One piece of what came out. */
        OpenAiItem: {
            /** @constant */
            type: "message";
            id: string;
            status: string;
            role: string;
            content: components["schemas"]["OpenAiTextPart"][];
        } | {
            /** @constant */
            type: "function_call";
            id: string;
            status: string;
            call_id: string;
            name: string;
            arguments: string;
        };
        OpenAiTextPart: {
            type: string;
            text: string;
            annotations: null[];
            logprobs: null[];
        };
        /** @description A tool of the caller, as it was sent. */
        OpenAiToolObject: {
            type: string;
            name: string;
            description: string;
            parameters: unknown;
            strict: boolean;
        };
        /** @description Over the whole execution so far. */
        OpenAiResponseUsage: {
            /** Format: uint64 */
            input_tokens: number;
            input_tokens_details: components["schemas"]["OpenAiInputDetails"];
            /** Format: uint64 */
            output_tokens: number;
            output_tokens_details: components["schemas"]["OpenAiOutputDetails"];
            /** Format: uint64 */
            total_tokens: number;
        };
        OpenAiInputDetails: {
            /** Format: uint64 */
            cached_tokens: number;
        };
        OpenAiOutputDetails: {
            /** Format: uint64 */
            reasoning_tokens: number;
        };
        /** @description What to answer. */
        OpenAiResponseRequest: {
            /**
             * @description `agent`, `agent@revision` or `agent@environment`.
             * @default null
             */
            model: string | null;
            input?: components["schemas"]["OpenAiInput"] | null;
            /**
             * @description Joins the instructions of every model of the agent.
             * @default null
             */
            instructions: string | null;
            /**
             * @description What was said up to this response comes before the input.
             * @default null
             */
            previous_response_id: string | null;
            /** @default null */
            stream: boolean | null;
            /**
             * @description Answer at once; read it under its id.
             * @default null
             */
            background: boolean | null;
            /**
             * Format: double
             * @default null
             */
            temperature: number | null;
            /**
             * Format: uint64
             * @description At most so many tokens of each model's answer.
             * @default null
             */
            max_output_tokens: number | null;
            /** @description Functions of the caller, for agents that hand them to their models. */
            tools?: components["schemas"]["OpenAiResponseTool"][] | null;
            /**
             * @description `auto` or `none`.
             * @default null
             */
            tool_choice: components["schemas"]["FreeForm"] | null;
            /**
             * @description The flow reads it as `context.metadata`.
             * @default null
             */
            metadata: {
                [key: string]: string;
            } | null;
            /**
             * @description The flow reads it as `context.user`.
             * @default null
             */
            user: string | null;
            flowgate?: components["schemas"]["OpenAiExtra"] | null;
        } & {
            [key: string]: unknown;
        };
        /** @description A text, or items. */
        OpenAiInput: string | components["schemas"]["OpenAiInputItem"][];
        /** @description One item, as it was sent or answered. */
        OpenAiInputItem: {
            /**
             * @description `message` (also where it is absent), `function_call`, `function_call_output`, `reasoning`.
             * @default null
             */
            type: string | null;
            /** @default null */
            role: string | null;
            content?: components["schemas"]["OpenAiContent"] | null;
            /**
             * @description Of a `function_call_output`.
             * @default null
             */
            call_id: string | null;
            output?: components["schemas"]["OpenAiContent"] | null;
        };
        /** @description A tool of the caller. */
        OpenAiResponseTool: {
            /** @description `function`; others are refused. */
            type: string;
        } & {
            [key: string]: unknown;
        };
        OpenAiModels: {
            object: string;
            data: components["schemas"]["OpenAiModel"][];
        };
        /** @description An agent as a model. */
        OpenAiModel: {
            id: string;
            object: string;
            /**
             * Format: uint64
             * @description Seconds since 1970.
             */
            created: number;
            /** @description The tenant. */
            owned_by: string;
        };
        /** @description What the page's form sends. */
        Form: {
            /** @description One of those that the page offers. */
            decision: components["schemas"]["Choice"];
            /**
             * @description Kept in the journal.
             * @default
             */
            reason: string;
            /**
             * @description With `respond`: JSON, or text.
             * @default
             */
            response: string;
        };
        /**
         * @description What can be decided on the page.
         * @enum {string}
         */
        Choice: "approve" | "reject" | "respond" | "retry" | "fail";
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    livez: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain; version=0.0.4; charset=utf-8": string;
                    "application/openmetrics-text; version=1.0.0; charset=utf-8": string;
                };
            };
        };
    };
    openapi: {
        parameters: {
            query?: never;
            header?: {
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FreeForm"];
                };
            };
        };
    };
    swagger: {
        parameters: {
            query?: never;
            header?: {
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FreeForm"];
                };
            };
        };
    };
    docs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    docsFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
        };
    };
    console: {
        parameters: {
            query?: never;
            header?: {
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    consoleFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
        };
    };
    signIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignInBody"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
                };
            };
        };
    };
    getSignIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedIn"];
                };
            };
        };
    };
    signOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listTenants: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"][];
                };
            };
        };
    };
    createTenant: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateTenant"];
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
        };
    };
    listFiles: {
        parameters: {
            query?: {
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StoredFiles"];
                };
            };
        };
    };
    uploadFile: {
        parameters: {
            query?: {
                /** @description Goes after a day unless an execution uses it. `?temporary` alone means true. */
                temporary?: "" | "true" | "false";
            };
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /** Format: binary */
                    file: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StoredFile"];
                };
            };
        };
    };
    downloadFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
        };
    };
    deleteFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listApiKeys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"][];
                };
            };
        };
    };
    getCurrentApiKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
        };
    };
    listApiKeyScopes: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Scopes"];
                };
            };
        };
    };
    generateApiKey: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Generate"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Generated"];
                };
            };
        };
    };
    listApiKeyAuditEvents: {
        parameters: {
            query?: {
                /** @description Lines at most; the answer is then an array. */
                limit?: number;
                /** @description Lines of a page; the answer is then an object. */
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditEvents"];
                };
            };
        };
    };
    rotateApiKey: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                key: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Rotate"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Generated"];
                };
            };
        };
    };
    deleteApiKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    switchApiKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Change"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
        };
    };
    listTokens: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"][];
                };
            };
        };
    };
    getCurrentToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
        };
    };
    listTokenScopes: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Scopes"];
                };
            };
        };
    };
    generateToken: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Generate"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Generated"];
                };
            };
        };
    };
    listTokenAuditEvents: {
        parameters: {
            query?: {
                /** @description Lines at most; the answer is then an array. */
                limit?: number;
                /** @description Lines of a page; the answer is then an object. */
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditEvents"];
                };
            };
        };
    };
    rotateToken: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                key: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Rotate"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Generated"];
                };
            };
        };
    };
    revokeToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    authHealth: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuthHealth"];
                };
            };
        };
    };
    listEnvironments: {
        parameters: {
            query?: {
                /** @description A part of the name, the slug or the external id. */
                search?: string;
                group?: string;
                /** @description Archived ones too. */
                archived?: boolean;
            };
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Environment"][];
                };
            };
        };
    };
    createEnvironment: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateEnvironment"];
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Environment"];
                };
            };
        };
    };
    getEnvironment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                environment: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Environment"];
                };
            };
        };
    };
    changeEnvironment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                environment: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateEnvironment"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Environment"];
                };
            };
        };
    };
    archiveEnvironment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                environment: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listNetworks: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Networks"];
                };
            };
        };
    };
    listAgents: {
        parameters: {
            query?: {
                /** @description Part of the name, the display name or the description. */
                search?: string;
                /** @description Agents that have each of these. */
                tags?: string[];
                /** @description Agents of a page; the answer is then an object. */
                pageSize?: number;
                pageToken?: string;
                /** @description Taken from the vendor's clients; there is one network. */
                networkId?: string;
            };
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agents"];
                };
            };
        };
    };
    createAgent: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateAgent"];
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"];
                };
            };
        };
    };
    getAgent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"];
                };
            };
        };
    };
    deleteAgent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    changeAgent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeAgent"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"];
                };
            };
        };
    };
    activateAgent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"];
                };
            };
        };
    };
    deactivateAgent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"];
                };
            };
        };
    };
    cancelAgentDeletion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"];
                };
            };
        };
    };
    listAgentRevisions: {
        parameters: {
            query?: {
                /** @description Revisions of a page; the answer is then an object. */
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Revisions"];
                };
            };
        };
    };
    createAgentRevision: {
        parameters: {
            query?: never;
            header?: {
                "X-Fruxon-Actor"?: string;
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateAgentRevision"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Revision"];
                };
            };
        };
    };
    getAgentRevision: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Revision"];
                };
            };
        };
    };
    getRevisionParameters: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Parameters"];
                };
            };
        };
    };
    listRevisionParameters: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Parameters"];
                };
            };
        };
    };
    diffAgentRevisions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                revision: string;
                other: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Diff"];
                };
            };
        };
    };
    undoDraft: {
        parameters: {
            query?: never;
            header?: {
                "If-Match"?: string;
                "X-Fruxon-Actor"?: string;
            };
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Draft"];
                };
            };
        };
    };
    redoDraft: {
        parameters: {
            query?: never;
            header?: {
                "If-Match"?: string;
                "X-Fruxon-Actor"?: string;
            };
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Draft"];
                };
            };
        };
    };
    resetDraft: {
        parameters: {
            query?: never;
            header?: {
                "If-Match"?: string;
                "X-Fruxon-Actor"?: string;
            };
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Draft"];
                };
            };
        };
    };
    publishDraft: {
        parameters: {
            query?: never;
            header?: {
                "If-Match"?: string;
                "X-Fruxon-Actor"?: string;
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PublishBody"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Revision"];
                };
            };
        };
    };
    subscribeDraft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": {
                        /** @description Send it as `Last-Event-ID` to go on behind it */
                        id?: string;
                        event?: string;
                        data: string;
                        retry?: number;
                    };
                };
            };
        };
    };
    listDrafts: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DraftLine"][];
                };
            };
        };
    };
    getDraft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Draft"];
                };
            };
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    putDraft: {
        parameters: {
            query?: never;
            header?: {
                "If-Match"?: string;
                "X-Fruxon-Actor"?: string;
            };
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AgentDraftPayload"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Draft"];
                };
            };
        };
    };
    deleteDraft: {
        parameters: {
            query?: never;
            header?: {
                "If-Match"?: string;
                "X-Fruxon-Actor"?: string;
            };
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listTestChats: {
        parameters: {
            query?: {
                /** @description Chats of a page; the answer is then an object. */
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TestChats"];
                };
            };
        };
    };
    listTestMessages: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                chat: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TestMessage"][];
                };
            };
        };
    };
    deleteTestChat: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                chat: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    subscribeTestChats: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": {
                        /** @description Send it as `Last-Event-ID` to go on behind it */
                        id?: string;
                        event?: string;
                        data: string;
                        retry?: number;
                    };
                };
            };
        };
    };
    deployAgentRevision: {
        parameters: {
            query?: never;
            header?: {
                "X-Fruxon-Actor"?: string;
            };
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DeployBody"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeployLine"];
                };
            };
        };
    };
    splitTraffic: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SplitBody"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeployLine"];
                };
            };
        };
    };
    rollBackAgent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RollbackBody"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeployLine"];
                };
            };
        };
    };
    listDeploys: {
        parameters: {
            query?: {
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["History"];
                };
            };
        };
    };
    listDeployments: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deployment"][];
                };
            };
        };
    };
    executeAgent: {
        parameters: {
            query?: never;
            header?: {
                Prefer?: string;
                "X-Flowgate-Labels"?: string;
                "X-Flowgate-Webhook"?: string;
                "X-Flowgate-Webhook-Events"?: string;
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ExecuteRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionResult"];
                };
            };
            /** @description Taken; it goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionResult"];
                };
            };
        };
    };
    executeAgentRevision: {
        parameters: {
            query?: never;
            header?: {
                Prefer?: string;
                "X-Flowgate-Labels"?: string;
                "X-Flowgate-Webhook"?: string;
                "X-Flowgate-Webhook-Events"?: string;
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ExecuteRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionResult"];
                };
            };
            /** @description Taken; it goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionResult"];
                };
            };
        };
    };
    streamAgent: {
        parameters: {
            query?: never;
            header?: {
                Prefer?: string;
                "X-Flowgate-Labels"?: string;
                "X-Flowgate-Webhook"?: string;
                "X-Flowgate-Webhook-Events"?: string;
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ExecuteRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": {
                        /** @description Send it as `Last-Event-ID` to go on behind it */
                        id?: string;
                        event?: string;
                        data: string;
                        retry?: number;
                    };
                };
            };
        };
    };
    testAgent: {
        parameters: {
            query?: never;
            header?: {
                Prefer?: string;
                "X-Flowgate-Labels"?: string;
                "X-Flowgate-Webhook"?: string;
                "X-Flowgate-Webhook-Events"?: string;
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TestRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionResult"];
                };
            };
            /** @description Taken; it goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionResult"];
                };
            };
        };
    };
    streamAgentTest: {
        parameters: {
            query?: never;
            header?: {
                Prefer?: string;
                "X-Flowgate-Labels"?: string;
                "X-Flowgate-Webhook"?: string;
                "X-Flowgate-Webhook-Events"?: string;
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TestRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": {
                        /** @description Send it as `Last-Event-ID` to go on behind it */
                        id?: string;
                        event?: string;
                        data: string;
                        retry?: number;
                    };
                };
            };
        };
    };
    testDraft: {
        parameters: {
            query?: never;
            header?: {
                "If-Match"?: string;
                Prefer?: string;
                "X-Flowgate-Labels"?: string;
                "X-Flowgate-Webhook"?: string;
                "X-Flowgate-Webhook-Events"?: string;
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ExecuteRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionResult"];
                };
            };
            /** @description Taken; it goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionResult"];
                };
            };
        };
    };
    streamDraftTest: {
        parameters: {
            query?: never;
            header?: {
                "If-Match"?: string;
                Prefer?: string;
                "X-Flowgate-Labels"?: string;
                "X-Flowgate-Webhook"?: string;
                "X-Flowgate-Webhook-Events"?: string;
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ExecuteRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": {
                        /** @description Send it as `Last-Event-ID` to go on behind it */
                        id?: string;
                        event?: string;
                        data: string;
                        retry?: number;
                    };
                };
            };
        };
    };
    cancelExecutions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CancelBody"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Cancelled"];
                };
            };
        };
    };
    listExecutionRecords: {
        parameters: {
            query?: {
                /** @description `IN_PROGRESS`, `WAITING_FOR_HUMAN`, `WAITING_FOR_ASYNC`, `COMPLETED`, `FAILED`, `CANCELLED`, `REJECTED`. */
                status?: components["schemas"]["StatusName"][];
                /** @description Started at or after; milliseconds since 1970. */
                startTime?: number;
                /** @description Started before. */
                endTime?: number;
                agentRevision?: number[];
                /** @description Absent: `PRODUCTION`. */
                origin?: components["schemas"]["Origin"];
                sessionId?: string;
                /** @description Who started it. */
                participantId?: string[];
                /** @description Names of tools that were called. */
                tools?: string[];
                withToolErrors?: boolean;
                hasToolCalls?: boolean;
                triggerType?: string[];
                triggerId?: string;
                runType?: components["schemas"]["RunTypeName"][];
                environment?: string;
                minDurationMs?: number;
                maxDurationMs?: number;
                /** @description `name=value`; each must hold. */
                label?: string[];
                /** @description Everything below this root. */
                rootExecutionId?: string;
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Records"];
                };
            };
        };
    };
    listTenantExecutionRecords: {
        parameters: {
            query?: {
                /** @description `IN_PROGRESS`, `WAITING_FOR_HUMAN`, `WAITING_FOR_ASYNC`, `COMPLETED`, `FAILED`, `CANCELLED`, `REJECTED`. */
                status?: components["schemas"]["StatusName"][];
                /** @description Started at or after; milliseconds since 1970. */
                startTime?: number;
                /** @description Started before. */
                endTime?: number;
                agentRevision?: number[];
                /** @description Absent: `PRODUCTION`. */
                origin?: components["schemas"]["Origin"];
                sessionId?: string;
                /** @description Who started it. */
                participantId?: string[];
                /** @description Names of tools that were called. */
                tools?: string[];
                withToolErrors?: boolean;
                hasToolCalls?: boolean;
                triggerType?: string[];
                triggerId?: string;
                runType?: components["schemas"]["RunTypeName"][];
                environment?: string;
                minDurationMs?: number;
                maxDurationMs?: number;
                /** @description `name=value`; each must hold. */
                label?: string[];
                /** @description Everything below this root. */
                rootExecutionId?: string;
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Records"];
                };
            };
        };
    };
    getExecutionRecord: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
        };
    };
    purgeExecution: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getExecutionTrace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope"];
                };
            };
        };
    };
    readExecutionTrace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope"];
                };
            };
        };
    };
    getExecutionResult: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResultView"];
                };
            };
        };
    };
    getExecutionTree: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tree"];
                };
            };
        };
    };
    followExecution: {
        parameters: {
            query?: {
                /** @description The id of the last event that the reader has; `Last-Event-ID` says the same. */
                after?: string;
                /** @description Begin with an event `snapshot`. */
                snapshot?: boolean;
                /** @description Entries of the journal as they are, as events `journal`. */
                journal?: boolean;
            };
            header?: {
                "Last-Event-ID"?: string;
            };
            path: {
                tenant: string;
                agent: string;
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": {
                        /** @description Send it as `Last-Event-ID` to go on behind it */
                        id?: string;
                        event?: string;
                        data: string;
                        retry?: number;
                    };
                };
            };
        };
    };
    exportExecutionSample: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExportView"];
                };
            };
        };
    };
    listExecutionAttempts: {
        parameters: {
            query?: {
                /** @description At most 200; with `brief` 1,000. A page with much in it ends earlier. */
                pageSize?: number;
                pageToken?: string;
                /** @description Without what went in and came out: `input`, `result`, `checks` and the three traces stay empty. */
                brief?: boolean;
                /** @description Only attempts that changed since an earlier answer said this `seq`. */
                since?: number;
                /** @description Only the attempts of these names, at most 50. */
                id?: string[];
            };
            header?: never;
            path: {
                tenant: string;
                agent: string;
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Attempts"];
                };
            };
        };
    };
    cancelExecution: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            /** @description Taken; it goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    cancelExecutionWait: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    signalExecution: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                execution: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignalBody"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignalTaken"];
                };
            };
        };
    };
    pauseExecution: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
        };
    };
    resumeExecution: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Record"];
                };
            };
        };
    };
    retryExecution: {
        parameters: {
            query?: never;
            header?: {
                Prefer?: string;
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                agent: string;
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RetryBody"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionResult"];
                };
            };
            /** @description Taken; it goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionResult"];
                };
            };
        };
    };
    forkExecution: {
        parameters: {
            query?: never;
            header?: {
                Prefer?: string;
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                agent: string;
                execution: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForkBody"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionResult"];
                };
            };
            /** @description Taken; it goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionResult"];
                };
            };
        };
    };
    replayExecution: {
        parameters: {
            query?: never;
            header?: {
                Prefer?: string;
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                agent: string;
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ReplayBody"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionResult"];
                };
            };
            /** @description Taken; it goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionResult"];
                };
            };
        };
    };
    getAgentStatistics: {
        parameters: {
            query?: {
                /** @description `PRODUCTION` (the default), `TEST` or `EVALUATION`. */
                origin?: components["schemas"]["Origin"];
                environment?: string;
                /** @description Months of start, `2026-03`; absent: the last three. */
                fromMonth?: string;
                toMonth?: string;
            };
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevisionStatistics"][];
                };
            };
        };
    };
    getStatistics: {
        parameters: {
            query?: {
                /** @description `PRODUCTION` (the default), `TEST` or `EVALUATION`. */
                origin?: components["schemas"]["Origin"];
                environment?: string;
                /** @description Months of start, `2026-03`; absent: the last three. */
                fromMonth?: string;
                toMonth?: string;
            };
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevisionStatistics"][];
                };
            };
        };
    };
    getAgentStepTimes: {
        parameters: {
            query?: {
                /** @description `PRODUCTION` (the default), `TEST` or `EVALUATION`. */
                origin?: components["schemas"]["Origin"];
                environment?: string;
                /** @description Only executions of these revisions; -1: drafts. */
                agentRevision?: number[];
                /** @description The newest so many; 100 where it is left out, 500 at most. */
                executions?: number;
            };
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StepTimesView"];
                };
            };
        };
    };
    getStepTimes: {
        parameters: {
            query?: {
                /** @description `PRODUCTION` (the default), `TEST` or `EVALUATION`. */
                origin?: components["schemas"]["Origin"];
                environment?: string;
                /** @description Only executions of these revisions; -1: drafts. */
                agentRevision?: number[];
                /** @description The newest so many; 100 where it is left out, 500 at most. */
                executions?: number;
            };
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StepTimesView"];
                };
            };
        };
    };
    listWebhooks: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"][];
                };
            };
        };
    };
    createWebhook: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateWebhook"];
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WithSecret"];
                };
            };
        };
    };
    getWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                webhook: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
        };
    };
    deleteWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                webhook: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    changeWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                webhook: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeWebhook"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
        };
    };
    rotateWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                webhook: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RotateWebhook"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WithSecret"];
                };
            };
        };
    };
    listWebhookDeliveries: {
        parameters: {
            query?: {
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
                webhook: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deliveries"];
                };
            };
        };
    };
    getWebhookDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                webhook: string;
                delivery: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
        };
    };
    redeliverWebhookDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                webhook: string;
                delivery: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Taken; it goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
        };
    };
    listAgentWebhooks: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"][];
                };
            };
        };
    };
    createAgentWebhook: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateWebhook"];
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WithSecret"];
                };
            };
        };
    };
    getAgentWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                webhook: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
        };
    };
    deleteAgentWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                webhook: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    changeAgentWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                webhook: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeWebhook"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
        };
    };
    rotateAgentWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                webhook: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RotateWebhook"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WithSecret"];
                };
            };
        };
    };
    listAgentWebhookDeliveries: {
        parameters: {
            query?: {
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
                agent: string;
                webhook: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deliveries"];
                };
            };
        };
    };
    getAgentWebhookDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                webhook: string;
                delivery: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
        };
    };
    redeliverAgentWebhookDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                webhook: string;
                delivery: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Taken; it goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
        };
    };
    listTriggers: {
        parameters: {
            query?: {
                /** @description Only those that start this agent. */
                agentId?: string;
            };
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TriggerShown"][];
                };
            };
        };
    };
    createTrigger: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateTrigger"];
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TriggerWithSecret"];
                };
            };
        };
    };
    getTrigger: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                trigger: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TriggerShown"];
                };
            };
        };
    };
    deleteTrigger: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                trigger: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    changeTrigger: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                trigger: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeTrigger"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TriggerShown"];
                };
            };
        };
    };
    listTriggerRevisions: {
        parameters: {
            query?: {
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
                trigger: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Revisions2"];
                };
            };
        };
    };
    getTriggerRevision: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                trigger: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TriggerRevision"];
                };
            };
        };
    };
    listTriggerFireTimes: {
        parameters: {
            query?: {
                /** @description How many; 10 where it does not say, 100 at most. */
                count?: number;
            };
            header?: never;
            path: {
                tenant: string;
                trigger: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FireTimes"];
                };
            };
        };
    };
    planTriggerFireTimes: {
        parameters: {
            query: {
                /** @description As in a schedule. */
                cron: string;
                /** @description Absent: `UTC`. */
                timeZone?: string;
                /** @description How many; 10 where it does not say, 100 at most. */
                count?: number;
            };
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FireTimes"];
                };
            };
        };
    };
    listTriggerFirings: {
        parameters: {
            query?: {
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
                trigger: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Firings"];
                };
            };
        };
    };
    createNetworkTrigger: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                network: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateTrigger"];
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TriggerWithSecret"];
                };
            };
        };
    };
    bindTrigger: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                trigger: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["BindTrigger"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TriggerShown"];
                };
            };
        };
    };
    unbindTrigger: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                trigger: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    fireTrigger: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                trigger: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["FireTrigger"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FiringAnswer"];
                };
            };
        };
    };
    restoreTrigger: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                trigger: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RestoreTrigger"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TriggerShown"];
                };
            };
        };
    };
    enableTrigger: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                trigger: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TriggerShown"];
                };
            };
        };
    };
    disableTrigger: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                trigger: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TriggerShown"];
                };
            };
        };
    };
    pauseTrigger: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                trigger: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PauseTrigger"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TriggerShown"];
                };
            };
        };
    };
    resumeTrigger: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                trigger: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TriggerShown"];
                };
            };
        };
    };
    rotateTriggerSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                trigger: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RotateTrigger"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TriggerWithSecret"];
                };
            };
        };
    };
    receiveEvent: {
        parameters: {
            query?: never;
            header?: {
                "webhook-id"?: string;
                "webhook-timestamp"?: string;
                "webhook-signature"?: string;
                "X-Webhook-Token"?: string;
            };
            path: {
                hook: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FreeForm"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Received"];
                };
            };
        };
    };
    listEvaluationDatasets: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dataset"][];
                };
            };
        };
    };
    createEvaluationDataset: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateDataset"];
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dataset"];
                };
            };
        };
    };
    getEvaluationDataset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dataset"];
                };
            };
        };
    };
    deleteEvaluationDataset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    changeEvaluationDataset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeDataset"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dataset"];
                };
            };
        };
    };
    importEvaluationSamples: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                agent: string;
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ImportSamples"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Imported"];
                };
            };
        };
    };
    listEvaluationSamples: {
        parameters: {
            query?: {
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
                agent: string;
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Samples"];
                };
            };
        };
    };
    getEvaluationSample: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                dataset: string;
                sample: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SampleShown"];
                };
            };
        };
    };
    putEvaluationSample: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                dataset: string;
                sample: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Sample"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SampleShown"];
                };
            };
        };
    };
    deleteEvaluationSample: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                dataset: string;
                sample: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    evaluateAgentRevision: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Evaluate"];
            };
        };
        responses: {
            /** @description Taken; it goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvaluationRun"];
                };
            };
        };
    };
    evaluateDraft: {
        parameters: {
            query?: never;
            header?: {
                "If-Match"?: string;
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Evaluate"];
            };
        };
        responses: {
            /** @description Taken; it goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvaluationRun"];
                };
            };
        };
    };
    previewRevisionEvaluation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Evaluate"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EstimateView"];
                };
            };
        };
    };
    previewDraftEvaluation: {
        parameters: {
            query?: never;
            header?: {
                "If-Match"?: string;
            };
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Evaluate"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EstimateView"];
                };
            };
        };
    };
    listEvaluationRuns: {
        parameters: {
            query?: {
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Runs"];
                };
            };
        };
    };
    getEvaluationRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                run: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvaluationRun"];
                };
            };
        };
    };
    deleteEvaluationRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                run: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listEvaluationResults: {
        parameters: {
            query?: {
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
                agent: string;
                run: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Results"];
                };
            };
        };
    };
    compareEvaluationRuns: {
        parameters: {
            query: {
                /** @description The other run, which was there first. */
                baseline: string;
                /** @description Scores that differ by no more are the same; absent: 0.01. */
                tolerance?: number;
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
                agent: string;
                run: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Comparison"];
                };
            };
        };
    };
    cancelEvaluationRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                run: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvaluationRun"];
                };
            };
        };
    };
    listSecrets: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretInfo"][];
                };
            };
        };
    };
    getSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                secret: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretInfo"];
                };
            };
        };
    };
    setSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                secret: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetSecret"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretInfo"];
                };
            };
        };
    };
    deleteSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                secret: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listSecretGrants: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                secret: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretGrant"][];
                };
            };
        };
    };
    rotateMasterKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RotatedMasterKey"];
                };
            };
        };
    };
    getAgentBudget: {
        parameters: {
            query?: {
                /** @description Absent: `PRODUCTION`. */
                origin?: components["schemas"]["Origin"];
            };
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Budget"];
                };
            };
        };
    };
    setAgentBudget: {
        parameters: {
            query?: {
                /** @description Absent: `PRODUCTION`. */
                origin?: components["schemas"]["Origin"];
            };
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetBudget"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Budget"];
                };
            };
        };
    };
    deleteAgentBudget: {
        parameters: {
            query?: {
                /** @description Absent: `PRODUCTION`. */
                origin?: components["schemas"]["Origin"];
            };
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or nothing there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listAgentBudgets: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Budget"][];
                };
            };
        };
    };
    getRevisionCost: {
        parameters: {
            query?: {
                /** @description Absent: `PRODUCTION`. */
                origin?: components["schemas"]["Origin"];
                /** @description Absent: every environment. */
                environment?: string;
            };
            header?: never;
            path: {
                tenant: string;
                agent: string;
                revision: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Cost"];
                };
            };
        };
    };
    listAuditEvents: {
        parameters: {
            query?: {
                /** @description The user who did it. */
                actor?: string;
                /** @description `key.minted`; with a `*` at the end, every action that begins like this. */
                action?: string;
                /** @description `key:ID`, `agent:SLUG`, `secret:NAME`, … */
                target?: string;
                /** @description At or after, in epoch milliseconds. */
                from?: number;
                /** @description Before. */
                to?: number;
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantAuditEvents"];
                };
            };
        };
    };
    listInstallationAuditEvents: {
        parameters: {
            query?: {
                /** @description The user who did it. */
                actor?: string;
                /** @description `key.minted`; with a `*` at the end, every action that begins like this. */
                action?: string;
                /** @description `key:ID`, `agent:SLUG`, `secret:NAME`, … */
                target?: string;
                /** @description At or after, in epoch milliseconds. */
                from?: number;
                /** @description Before. */
                to?: number;
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantAuditEvents"];
                };
            };
        };
    };
    subscribeChanges: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": {
                        /** @description Send it as `Last-Event-ID` to go on behind it */
                        id?: string;
                        event?: string;
                        data: string;
                        retry?: number;
                    };
                };
            };
        };
    };
    listLlmProviders: {
        parameters: {
            query?: {
                pageToken?: string;
                pageSize?: number;
            };
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LlmProviders"];
                };
            };
        };
    };
    getLlmProvider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                provider: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LlmProvider"];
                };
            };
        };
    };
    getRetention: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Retention"];
                };
            };
        };
    };
    setRetention: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetRetention"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Retention"];
                };
            };
        };
    };
    getAgentRetention: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Retention"];
                };
            };
        };
    };
    setAgentRetention: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetRetention"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Retention"];
                };
            };
        };
    };
    exportExecution: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Export"];
                };
            };
        };
    };
    listQuarantined: {
        parameters: {
            query?: {
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuarantinedPage"];
                };
            };
        };
    };
    releaseExecution: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Released"];
                };
            };
        };
    };
    listInDoubt: {
        parameters: {
            query?: {
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InDoubtPage"];
                };
            };
        };
    };
    backup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BackupRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Backup"];
                };
            };
        };
    };
    compact: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Compacted"];
                };
            };
        };
    };
    status: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
        };
    };
    listApprovals: {
        parameters: {
            query?: {
                agentId?: string;
                /** @description Absent: every status. */
                status?: components["schemas"]["Status2"][];
                approver?: components["schemas"]["Approver"];
                /** @description Asked at least this long ago. */
                minAgeMs?: number;
                /** @description Open, and expiring within this time. */
                expiringWithinMs?: number;
                risk?: components["schemas"]["Risk"];
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approvals"];
                };
            };
        };
    };
    countApprovals: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Counts"];
                };
            };
        };
    };
    decideApprovals: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DecideMany"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DecideResults"];
                };
            };
        };
    };
    listAgentApprovals: {
        parameters: {
            query?: {
                /** @description Absent: every status. */
                status?: components["schemas"]["Status2"][];
                approver?: components["schemas"]["Approver"];
                /** @description Asked at least this long ago. */
                minAgeMs?: number;
                /** @description Open, and expiring within this time. */
                expiringWithinMs?: number;
                risk?: components["schemas"]["Risk"];
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approvals"];
                };
            };
        };
    };
    getAgentApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                approval: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    respondAgentApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                approval: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Respond"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    cancelAgentApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                approval: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Cancel"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    decideAgentApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                approval: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Decide"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    claimAgentApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                approval: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Claim"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    releaseAgentApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                agent: string;
                approval: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    listAgentApprovalComments: {
        parameters: {
            query?: {
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
                agent: string;
                approval: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Comments"];
                };
            };
        };
    };
    commentAgentApproval: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                agent: string;
                approval: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewComment"];
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Comment"];
                };
            };
        };
    };
    getApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                approval: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    respondApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                approval: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Respond"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    cancelApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                approval: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Cancel"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    decideApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                approval: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Decide"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    claimApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                approval: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Claim"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    releaseApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
                approval: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    listApprovalComments: {
        parameters: {
            query?: {
                pageSize?: number;
                pageToken?: string;
            };
            header?: never;
            path: {
                tenant: string;
                approval: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Comments"];
                };
            };
        };
    };
    commentApproval: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: string;
                approval: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewComment"];
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Comment"];
                };
            };
        };
    };
    agenticListDefinitions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgenticExecutionDefinition"][];
                };
            };
        };
    };
    agenticExecute: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                agent: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AgenticStart"];
                "multipart/form-data": components["schemas"]["AgenticStartForm"];
            };
        };
        responses: {
            /** @description Taken; it goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgenticExecution"];
                };
            };
        };
    };
    agenticListExecutions: {
        parameters: {
            query?: {
                /** @description Of this agent. */
                agent_id?: number;
                status?: "pending" | "in_progress" | "finished" | "failed";
                /** @description Of evaluations over this dataset. */
                dataset_id?: number;
                /** @description From 1. */
                page?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgenticExecutionPage"];
                };
            };
        };
    };
    agenticGetExecution: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgenticExecution"];
                };
            };
        };
    };
    agenticDownloadFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                conversation: string;
                filename: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
        };
    };
    chatExecuteAgent: {
        parameters: {
            query?: never;
            header?: {
                "x-workspace-id"?: string;
                "Idempotency-Key"?: string;
            };
            path: {
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ExecuteAgent"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentResponses"];
                    "text/event-stream": {
                        /** @description Send it as `Last-Event-ID` to go on behind it */
                        id?: string;
                        event?: string;
                        data: string;
                        retry?: number;
                    };
                };
            };
            /** @description Taken; it goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentResponses"];
                };
            };
        };
    };
    chatGetAgentResponse: {
        parameters: {
            query?: never;
            header?: {
                "x-workspace-id"?: string;
            };
            path: {
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentResponse"];
                };
            };
        };
    };
    chatListAgents: {
        parameters: {
            query?: {
                /** @description Part of the title or the description. */
                q?: string;
                type?: string;
                page?: number;
                /** @description 15 where it is absent, 100 at most. */
                per_page?: number;
            };
            header?: {
                "x-workspace-id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page"];
                };
            };
        };
    };
    chatGetAgent: {
        parameters: {
            query?: never;
            header?: {
                "x-workspace-id"?: string;
            };
            path: {
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatAgent"];
                };
            };
        };
    };
    chatListFiles: {
        parameters: {
            query?: {
                page?: number;
                /** @description 15 where it is absent, 100 at most. */
                per_page?: number;
            };
            header?: {
                "x-workspace-id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page2"];
                };
            };
        };
    };
    chatUploadFile: {
        parameters: {
            query?: never;
            header?: {
                "x-workspace-id"?: string;
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /** Format: binary */
                    file: string;
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatFile"];
                };
            };
        };
    };
    chatGetFile: {
        parameters: {
            query?: never;
            header?: {
                "x-workspace-id"?: string;
            };
            path: {
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatFile"];
                };
            };
        };
    };
    chatDeleteFile: {
        parameters: {
            query?: never;
            header?: {
                "x-workspace-id"?: string;
            };
            path: {
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deleted"];
                };
            };
        };
    };
    chatProcessFile: {
        parameters: {
            query?: never;
            header?: {
                "x-workspace-id"?: string;
            };
            path: {
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatFile"];
                };
            };
        };
    };
    chatListAgentFiles: {
        parameters: {
            query?: never;
            header?: {
                "x-workspace-id"?: string;
            };
            path: {
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentFiles"];
                };
            };
        };
    };
    chatLinkAgentFiles: {
        parameters: {
            query?: never;
            header?: {
                "x-workspace-id"?: string;
            };
            path: {
                agent: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LinkFiles"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentFiles"];
                };
            };
        };
    };
    chatUnlinkAgentFile: {
        parameters: {
            query?: never;
            header?: {
                "x-workspace-id"?: string;
            };
            path: {
                agent: string;
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RemovedFile"];
                };
            };
        };
    };
    chatListAgentWebhooks: {
        parameters: {
            query?: {
                page?: number;
                /** @description 15 where it is absent, 100 at most. */
                per_page?: number;
            };
            header?: {
                "x-workspace-id"?: string;
            };
            path: {
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page3"];
                };
            };
        };
    };
    chatCreateWebhook: {
        parameters: {
            query?: never;
            header?: {
                "x-workspace-id"?: string;
                "Idempotency-Key"?: string;
            };
            path: {
                agent: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateWebhook2"];
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewChatWebhook"];
                };
            };
        };
    };
    chatListWebhooks: {
        parameters: {
            query?: {
                page?: number;
                /** @description 15 where it is absent, 100 at most. */
                per_page?: number;
            };
            header?: {
                "x-workspace-id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page3"];
                };
            };
        };
    };
    chatDeleteWebhook: {
        parameters: {
            query?: never;
            header?: {
                "x-workspace-id"?: string;
            };
            path: {
                webhook: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deleted"];
                };
            };
        };
    };
    chatCreateCompletion: {
        parameters: {
            query?: never;
            header?: {
                "x-workspace-id"?: string;
                "Idempotency-Key"?: string;
            };
            path: {
                agent: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OpenAiCompletionRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiCompletion"];
                    "text/event-stream": {
                        /** @description Send it as `Last-Event-ID` to go on behind it */
                        id?: string;
                        event?: string;
                        data: string;
                        retry?: number;
                    };
                };
            };
        };
    };
    reactExecute: {
        parameters: {
            query?: {
                /** @description What the execution is about: `deal`, `contact`, `lead` or any other word. The flow reads it as `context.type`. */
                context_type?: string;
                /** @description Which one. The flow reads it as `context.id`. */
                context_id?: number;
                /** @description Answer at once. */
                async_execution?: boolean;
            };
            header?: {
                "x-tenant-id"?: string;
                "Idempotency-Key"?: string;
            };
            path: {
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentExecutionResponse"];
                };
            };
        };
    };
    reactListExecutions: {
        parameters: {
            query?: {
                /** @description 20 where it is absent, 100 at most. */
                limit?: number;
                /** @description Only executions that began before the one with this id. */
                before?: number;
            };
            header?: {
                "x-tenant-id"?: string;
            };
            path: {
                agent: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentExecutionResponse"][];
                };
            };
        };
    };
    reactGetExecution: {
        parameters: {
            query?: never;
            header?: {
                "x-tenant-id"?: string;
            };
            path: {
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentExecutionResponse"];
                };
            };
        };
    };
    reactCancelExecution: {
        parameters: {
            query?: never;
            header?: {
                "x-tenant-id"?: string;
            };
            path: {
                execution: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentExecutionResponse"];
                };
            };
        };
    };
    openaiCreateCompletion: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OpenAiCompletionRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiCompletion"];
                    "text/event-stream": {
                        /** @description Send it as `Last-Event-ID` to go on behind it */
                        id?: string;
                        event?: string;
                        data: string;
                        retry?: number;
                    };
                };
            };
        };
    };
    openaiGetCompletion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                completion: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiCompletion"];
                };
            };
        };
    };
    openaiCreateResponse: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OpenAiResponseRequest"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiResponse"];
                    "text/event-stream": {
                        /** @description Send it as `Last-Event-ID` to go on behind it */
                        id?: string;
                        event?: string;
                        data: string;
                        retry?: number;
                    };
                };
            };
        };
    };
    openaiGetResponse: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                response: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiResponse"];
                };
            };
        };
    };
    openaiCancelResponse: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                response: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiResponse"];
                };
            };
        };
    };
    openaiListModels: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiModels"];
                };
            };
        };
    };
    openaiGetModel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiModel"];
                };
            };
        };
    };
    showDecision: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html; charset=utf-8": string;
                };
            };
        };
    };
    postDecision: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": components["schemas"]["Form"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html; charset=utf-8": string;
                };
            };
        };
    };
}
