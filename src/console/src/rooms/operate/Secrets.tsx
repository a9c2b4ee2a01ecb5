// Secrets: a value goes in and never comes out again; agents are granted its use.
import { useState } from "react";
import { api, itemsOf, type Schemas } from "../../api/client";
import { useAction, useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { counted } from "../../lib/format";
import { Badge, Button, Checkbox, Confirm, Dialog, Empty, Field, Loaded, PlainText, ProblemNote, RelativeTime, Table, toast, type Column } from "../../ui";
import { PartHead } from "./shared";

type Secret = Schemas["SecretInfo"];
const REFRESH_MS = 15_000;

function grants(one: Secret): string[] | null {
  return (one.grantedTo as string[] | null | undefined) ?? null;
}

const COLUMNS: Column<Secret>[] = [
  { key: "name", title: "Name", width: "minmax(9rem, 1fr)", cell: (one) => <code>secret.{one.name}</code> },
  {
    key: "granted",
    title: "Who may use it",
    width: "minmax(9rem, 2fr)",
    cell: (one) => {
      const to = grants(one);
      if (to === null) return <Badge tone="waiting">Every agent</Badge>;
      return to.length === 0 ? <span className="quiet">Nobody</span> : <span title={to.join(", ")}>{to.join(", ")}</span>;
    },
  },
  { key: "by", title: "Changed by", width: "minmax(6rem, 1fr)", cell: (one) => <PlainText text={one.updatedBy} max={120} /> },
  { key: "version", title: "Values so far", width: "6rem", align: "end", cell: (one) => <span className="number">{one.version}</span> },
  { key: "changed", title: "Changed", width: "6.5rem", align: "end", cell: (one) => <RelativeTime at={one.updatedAt} /> },
];

export function SecretsPart() {
  const { tenant, may } = useSession();
  const secrets = useApi("/v1/tenants/{tenant}/secrets", { path: { tenant } }, { refreshMs: REFRESH_MS });
  const [open, setOpen] = useState<Secret | "new" | null>(null);
  const [gone, setGone] = useState<Secret | null>(null);
  const remove = useAction(async (one: Secret) => {
    await api.delete("/v1/tenants/{tenant}/secrets/{secret}", { path: { tenant, secret: one.name } });
    setGone(null);
    setOpen(null);
    secrets.reload();
    toast("Removed.");
  });
  return (
    <section>
      <PartHead title="Secrets" sub={secrets.data && `${counted(secrets.data.length, "secret")}. Values are sealed, and shown to nobody.`}>
        {may("secrets:write") && (
          <Button look="primary" icon="plus" onClick={() => setOpen("new")}>
            New secret
          </Button>
        )}
      </PartHead>
      <Loaded query={secrets}>
        {(all) =>
          all.length === 0 ? (
            <Empty icon="lock" title="No secrets yet">
              Flows write <code>{"{{ secret.shop_token }}"}</code> where a value belongs; it is put in when it is sent, and stands in no trace.
            </Empty>
          ) : (
            <Table label="Secrets" rows={all} columns={COLUMNS} keyOf={(one) => one.id} onOpen={may("secrets:write") ? (one) => setOpen(one) : undefined} />
          )
        }
      </Loaded>
      {open && (
        <SetSecret
          known={open === "new" ? null : open}
          taken={(secrets.data ?? []).map((one) => one.name)}
          onRemove={setGone}
          onClose={() => setOpen(null)}
          onDone={() => {
            setOpen(null);
            secrets.reload();
          }}
        />
      )}
      {gone && (
        <Confirm title="Remove this secret?" action="Remove" danger isBusy={remove.isBusy} onClose={() => setGone(null)} onDo={() => void remove.run(gone)}>
          <div className="stack">
            <p>
              Steps that need <code>secret.{gone.name}</code> fail from now on. Its value cannot be brought back.
            </p>
            <ProblemNote error={remove.problem} />
          </div>
        </Confirm>
      )}
    </section>
  );
}

function SetSecret(props: { known: Secret | null; taken: readonly string[]; onRemove: (one: Secret) => void; onDone: () => void; onClose: () => void }) {
  const { known } = props;
  const { tenant } = useSession();
  const agents = useApi("/v1/tenants/{tenant}/agents", { path: { tenant } });
  const [name, setName] = useState(known?.name ?? "");
  const [value, setValue] = useState("");
  const before = known ? grants(known) : null;
  const [isForAll, setForAll] = useState(known ? before === null : true);
  const [granted, setGranted] = useState<ReadonlySet<string>>(new Set(before ?? []));
  const save = useAction(async () => {
    const grantedTo = isForAll ? null : [...granted].sort();
    const isSame = known && JSON.stringify(grantedTo) === JSON.stringify(before && [...before].sort());
    const body = { ...(value === "" ? {} : { value }), ...(isSame ? {} : { grantedTo }) } as Schemas["SetSecret"];
    await api.put("/v1/tenants/{tenant}/secrets/{secret}", { path: { tenant, secret: name.trim() }, body });
    setValue("");
    toast(known ? "Saved." : "Kept. Its value is shown to nobody.");
    props.onDone();
  });
  const isTaken = known === null && props.taken.includes(name.trim());
  const all = new Set([...itemsOf(agents.data).map((one) => one.id), ...granted]);
  return (
    <Dialog
      title={known ? <code>secret.{known.name}</code> : "New secret"}
      onClose={props.onClose}
      actions={
        <>
          {known && (
            <Button look="danger" onClick={() => props.onRemove(known)}>
              Remove
            </Button>
          )}
          <span className="grow" />
          <Button onClick={props.onClose}>Back</Button>
          <Button look="primary" busy={save.isBusy} disabled={name.trim() === "" || isTaken || (known === null && value === "")} onClick={() => void save.run()}>
            Save
          </Button>
        </>
      }
    >
      <div className="stack">
        {!known && <Field label="Name" hint="Flows write it behind secret." value={name} autoFocus autoComplete="off" problem={isTaken ? "There is one of this name; open it to give it another value." : null} onChange={(event) => setName(event.target.value)} />}
        <Field label={known ? "New value" : "Value"} hint={known ? "Empty: it keeps its value. The one it has cannot be shown." : "4 to 16,384 bytes. It cannot be shown again."} type="password" autoComplete="new-password" value={value} onChange={(event) => setValue(event.target.value)} />
        <fieldset className="operate-scopes">
          <legend className="field-label">Who may use it</legend>
          <Checkbox label="Every agent of the tenant" checked={isForAll} onChange={(event) => setForAll(event.target.checked)} />
          {!isForAll &&
            [...all].sort().map((agent) => (
              <Checkbox
                key={agent}
                label={agent}
                checked={granted.has(agent)}
                onChange={(event) => {
                  const next = new Set(granted);
                  if (event.target.checked) next.add(agent);
                  else next.delete(agent);
                  setGranted(next);
                }}
              />
            ))}
        </fieldset>
        <ProblemNote error={save.problem} />
      </div>
    </Dialog>
  );
}
