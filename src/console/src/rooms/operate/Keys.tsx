// Keys: who may do what. A value is shown once, when it is made.
import { useState } from "react";
import { api, itemsOf, type Schemas } from "../../api/client";
import { useAction, useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { counted } from "../../lib/format";
import { useNow } from "../../lib/hooks";
import { Badge, Button, Checkbox, Confirm, Dialog, Drawer, Empty, Field, Loaded, PlainText, ProblemNote, RelativeTime, Select, Table, toast, type Column } from "../../ui";
import { OVERLAPS, PartHead, ShownOnce, words } from "./shared";

type Key = Schemas["Key"];
const REFRESH_MS = 15_000;
type Open = { kind: "new" } | { kind: "look" | "rotate" | "revoke"; key: Key } | { kind: "once"; made: Schemas["Generated"] } | null;

function useKeys() {
  const { tenant } = useSession();
  return useApi("/v1/tenants/{tenant}/apiKeys", { path: { tenant } }, { refreshMs: REFRESH_MS });
}

export function KeysPart() {
  const { may } = useSession();
  const keys = useKeys();
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  const made = (one: Schemas["Generated"] | undefined) => {
    if (!one) return;
    keys.reload();
    setOpen({ kind: "once", made: one });
  };
  return (
    <section>
      <PartHead title="Keys" sub={keys.data && counted(keys.data.length, "key")}>
        {may("keys:write") && (
          <Button look="primary" icon="plus" onClick={() => setOpen({ kind: "new" })}>
            New key
          </Button>
        )}
      </PartHead>
      <Loaded query={keys}>
        {(all) =>
          all.length === 0 ? (
            <Empty icon="key" title="No keys yet">
              Only the root key is there. Make one for each person and program, and put the root key away.
            </Empty>
          ) : (
            <Table label="Keys" rows={[...all].sort((a, b) => Number(isDead(a)) - Number(isDead(b)) || b.createdAt - a.createdAt)} columns={COLUMNS} keyOf={(one) => one.id} onOpen={(key) => setOpen({ kind: "look", key })} />
          )
        }
      </Loaded>
      {open?.kind === "new" && <NewKey onMade={made} onClose={close} />}
      {open?.kind === "look" && <LookAtKey id={open.key.id} known={open.key} onClose={close} onAct={(kind, key) => setOpen({ kind, key })} />}
      {open?.kind === "rotate" && <RotateKey of={open.key} onMade={made} onClose={close} />}
      {open?.kind === "revoke" && (
        <RevokeKey
          of={open.key}
          onClose={close}
          onDone={() => {
            keys.reload();
            close();
          }}
        />
      )}
      {open?.kind === "once" && (
        <ShownOnce title="The new key" value={open.made.token} onClose={close}>
          <p>
            <PlainText text={open.made.name} max={200} />, for <PlainText text={open.made.user} max={200} />: {open.made.scopes.join(", ")}
          </p>
        </ShownOnce>
      )}
    </section>
  );
}

function isDead(key: Key): boolean {
  return Boolean(key.revokedAt) || (key.expiresAt !== null && key.expiresAt !== undefined && key.expiresAt < Date.now());
}

function KeyState(props: { of: Key }) {
  const { of } = props;
  const nowMs = useNow();
  if (of.revokedAt) return <Badge tone="stopped">Revoked</Badge>;
  if (of.expiresAt && of.expiresAt < nowMs) return <Badge tone="stopped">Expired</Badge>;
  if (!of.isActive) return <Badge tone="waiting">Off</Badge>;
  return <Badge tone="good">On</Badge>;
}

const COLUMNS: Column<Key>[] = [
  { key: "name", title: "Name", width: "minmax(9rem, 2fr)", cell: (one) => <PlainText text={one.name} max={120} /> },
  { key: "state", title: "State", width: "6rem", cell: (one) => <KeyState of={one} /> },
  { key: "user", title: "User", width: "minmax(6rem, 1fr)", cell: (one) => <PlainText text={one.user} max={120} /> },
  { key: "scopes", title: "May", width: "minmax(8rem, 2fr)", cell: (one) => <span className="cut" title={one.scopes.join(", ")}>{one.scopes.join(", ")}</span> },
  { key: "prefix", title: "Begins", width: "8rem", wideOnly: true, cell: (one) => <code>{one.keyPrefix}</code> },
  { key: "used", title: "Last used", width: "6.5rem", align: "end", cell: (one) => <RelativeTime at={one.lastUsedAt} /> },
  { key: "expires", title: "Expires", width: "6.5rem", align: "end", cell: (one) => (one.expiresAt ? <RelativeTime at={one.expiresAt} /> : <span className="quiet">Never</span>) },
];

const EXPIRY = [
  { value: "30", label: "In 30 days" },
  { value: "90", label: "In 90 days" },
  { value: "365", label: "In a year" },
  { value: "", label: "Never" },
];

function NewKey(props: { onMade: (one: Schemas["Generated"] | undefined) => void; onClose: () => void }) {
  const { tenant, may } = useSession();
  const known = useApi("/v1/tenants/{tenant}/apiKeys/scopes", { path: { tenant } });
  const [draft, setDraft] = useState({ name: "", user: "", roles: "", preset: "", days: "90" });
  const [scopes, setScopes] = useState<ReadonlySet<string>>(new Set());
  const make = useAction(() =>
    api.post("/v1/tenants/{tenant}/apiKeys:generate", {
      path: { tenant },
      body: {
        name: draft.name.trim(),
        preset: draft.preset || undefined,
        scopes: draft.preset ? undefined : [...scopes],
        user: draft.user.trim() || undefined,
        roles: words(draft.roles),
        expirationDays: draft.days ? Number(draft.days) : undefined,
      } as Schemas["Generate"],
    }),
  );
  const set = (name: keyof typeof draft) => (event: React.ChangeEvent<HTMLInputElement | HTMLSelectElement>) => setDraft({ ...draft, [name]: event.target.value });
  const preset = known.data?.presets.find((one) => one.id === draft.preset);
  const isReady = draft.name.trim() !== "" && (draft.preset !== "" || scopes.size > 0);
  return (
    <Dialog
      title="New key"
      width="wide"
      onClose={props.onClose}
      actions={
        <>
          <Button onClick={props.onClose}>Back</Button>
          <Button look="primary" disabled={!isReady} busy={make.isBusy} onClick={() => void make.run().then(props.onMade)}>
            Make it
          </Button>
        </>
      }
    >
      <div className="stack">
        <div className="operate-fields">
          <Field label="Name" hint="What or whom it is for" value={draft.name} autoFocus autoComplete="off" onChange={set("name")} />
          <Field label="User" hint="Who a request with it comes from; empty: its name" value={draft.user} autoComplete="off" onChange={set("user")} />
          <Field label="Roles" hint={may("admin") ? "Whom approvals ask for, with commas: finance, on-call" : "Only administrators give roles"} disabled={!may("admin")} value={draft.roles} autoComplete="off" onChange={set("roles")} />
          <Select label="Expires" value={draft.days} onChange={set("days")} options={EXPIRY} />
        </div>
        <Loaded query={known} rows={4}>
          {(data) => (
            <>
              <Select label="What it may" hint={preset?.tagline} value={draft.preset} onChange={set("preset")} options={[{ value: "", label: "Chosen below" }, ...data.presets.map((one) => ({ value: one.id, label: one.label }))]} />
              <fieldset className="operate-scopes">
                <legend className="unseen">Scopes</legend>
                {data.scopes.map((one) => (
                  <Checkbox
                    key={one.id}
                    label={one.label}
                    hint={<code>{one.id}</code>}
                    checked={preset ? (preset.scopes as string[]).includes(one.id) : scopes.has(one.id)}
                    disabled={preset !== undefined}
                    onChange={(event) => {
                      const next = new Set(scopes);
                      if (event.target.checked) next.add(one.id);
                      else next.delete(one.id);
                      setScopes(next);
                    }}
                  />
                ))}
              </fieldset>
            </>
          )}
        </Loaded>
        <ProblemNote error={make.problem} />
      </div>
    </Dialog>
  );
}

function LookAtKey(props: { id: string; known: Key; onClose: () => void; onAct: (kind: "rotate" | "revoke", key: Key) => void }) {
  const { tenant, may } = useSession();
  const keys = useKeys();
  const key = keys.data?.find((one) => one.id === props.id) ?? props.known;
  const events = useApi("/v1/tenants/{tenant}/apiKeys/{key}/auditEvents", { path: { tenant, key: key.id }, query: { pageSize: 100 } });
  const toggle = useAction(async () => {
    await api.patch("/v1/tenants/{tenant}/apiKeys/{key}", { path: { tenant, key: key.id }, body: { isActive: !key.isActive } });
    keys.reload();
    events.reload();
  });
  return (
    <Drawer
      title={<PlainText text={key.name} max={200} />}
      onClose={props.onClose}
      actions={
        may("keys:write") &&
        !key.revokedAt && (
          <>
            <Button busy={toggle.isBusy} onClick={() => void toggle.run()}>
              {key.isActive ? "Switch off" : "Switch on"}
            </Button>
            <Button icon="retry" onClick={() => props.onAct("rotate", key)}>
              Rotate
            </Button>
            <Button look="danger" onClick={() => props.onAct("revoke", key)}>
              Revoke
            </Button>
          </>
        )
      }
    >
      <div className="stack">
        <ProblemNote error={toggle.problem} />
        <dl className="operate-facts">
          <dt>State</dt>
          <dd>
            <KeyState of={key} />
          </dd>
          <dt>User</dt>
          <dd>
            <PlainText text={key.user} />
          </dd>
          <dt>Roles</dt>
          <dd>{key.roles.length > 0 ? <PlainText text={key.roles.join(", ")} /> : <span className="quiet">none</span>}</dd>
          <dt>May</dt>
          <dd className="code">{key.scopes.join(", ")}</dd>
          <dt>Begins</dt>
          <dd className="code">{key.keyPrefix}</dd>
          <dt>Made</dt>
          <dd>
            <RelativeTime at={key.createdAt} />
          </dd>
          <dt>Last used</dt>
          <dd>
            <RelativeTime at={key.lastUsedAt} />
          </dd>
          <dt>Expires</dt>
          <dd>{key.expiresAt ? <RelativeTime at={key.expiresAt} /> : <span className="quiet">never</span>}</dd>
        </dl>
        <h3>What happened to it</h3>
        <Loaded query={events} rows={3}>
          {(list) => (
            <ul className="operate-events">
              {itemsOf(list).map((one, at) => (
                <li key={at}>
                  <code>{one.eventType}</code>
                  <span className="quiet small">
                    <RelativeTime at={one.createdAt} /> by <PlainText text={one.actor} max={200} />
                  </span>
                  {one.details && <PlainText text={one.details} max={600} />}
                </li>
              ))}
            </ul>
          )}
        </Loaded>
      </div>
    </Drawer>
  );
}

function RotateKey(props: { of: Key; onMade: (one: Schemas["Generated"] | undefined) => void; onClose: () => void }) {
  const { tenant } = useSession();
  const [overlap, setOverlap] = useState("3600");
  const rotate = useAction(() => api.post("/v1/tenants/{tenant}/tokens/{key}:rotate", { path: { tenant, key: props.of.id }, body: { overlapSeconds: Number(overlap) } }));
  return (
    <Confirm title="Rotate this key?" action="Make a new value" isBusy={rotate.isBusy} onClose={props.onClose} onDo={() => void rotate.run().then(props.onMade)}>
      <div className="stack">
        <p>
          <PlainText text={props.of.name} max={200} /> gets a new value, which is shown once. It may do the same as before.
        </p>
        <Select label="Meanwhile" value={overlap} onChange={(event) => setOverlap(event.target.value)} options={OVERLAPS} />
        <ProblemNote error={rotate.problem} />
      </div>
    </Confirm>
  );
}

function RevokeKey(props: { of: Key; onDone: () => void; onClose: () => void }) {
  const { tenant } = useSession();
  const revoke = useAction(async () => {
    await api.delete("/v1/tenants/{tenant}/tokens/{key}", { path: { tenant, key: props.of.id } });
    toast("Revoked. It counts no longer within a second.");
    props.onDone();
  });
  return (
    <Confirm title="Revoke this key for good?" action="Revoke" danger isBusy={revoke.isBusy} onClose={props.onClose} onDo={() => void revoke.run()}>
      <div className="stack">
        <p>
          <PlainText text={props.of.name} max={200} /> counts no longer within a second, and cannot be switched on again. Uses after that are in the audit.
        </p>
        <ProblemNote error={revoke.problem} />
      </div>
    </Confirm>
  );
}
