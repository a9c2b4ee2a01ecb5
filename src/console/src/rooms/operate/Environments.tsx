// Environments: where revisions run, with the values that flows find in their `config`. Their slug is made of the first name and stays.
import { useState } from "react";
import { api, itemsOf, type Schemas } from "../../api/client";
import { invalidate, useAction, useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { counted } from "../../lib/format";
import { spelled } from "../../lib/text";
import { Badge, Button, Confirm, Dialog, Empty, Field, Loaded, PlainText, ProblemNote, RelativeTime, Table, TextArea, toast, type Column } from "../../ui";
import { objectOf } from "../triggers/draft";
import { PartHead } from "./shared";

type Environment = Schemas["Environment"];
const REFRESH_MS = 15_000;

const COLUMNS: Column<Environment>[] = [
  {
    key: "name",
    title: "Name",
    width: "minmax(10rem, 2fr)",
    cell: (one) => (
      <>
        <PlainText text={one.displayName} max={120} /> {one.isSystem && <Badge title="Every tenant has it, and it stays">Always there</Badge>}
      </>
    ),
  },
  { key: "slug", title: "In the API", width: "minmax(7rem, 1fr)", cell: (one) => <code>{one.slug}</code> },
  { key: "config", title: "Values", width: "minmax(8rem, 2fr)", cell: (one) => <ConfigNames config={one.config} /> },
  { key: "says", title: "Description", width: "minmax(6rem, 2fr)", wideOnly: true, cell: (one) => (one.description ? <PlainText text={one.description} max={200} /> : <span className="quiet">–</span>) },
  { key: "changed", title: "Changed", width: "6.5rem", align: "end", cell: (one) => <RelativeTime at={one.modifiedAt} /> },
];

function ConfigNames(props: { config: Record<string, unknown> }) {
  const names = Object.keys(props.config);
  if (names.length === 0) return <span className="quiet">As the flows have them</span>;
  return (
    <span className="code" title={names.join(", ")}>
      <PlainText text={names.join(", ")} max={200} />
    </span>
  );
}

export function EnvironmentsPart() {
  const { tenant, may } = useSession();
  const environments = useApi("/v1/tenants/{tenant}/environments", { path: { tenant } }, { refreshMs: REFRESH_MS });
  const [open, setOpen] = useState<Environment | "new" | null>(null);
  const [gone, setGone] = useState<Environment | null>(null);
  const reread = () => invalidate(`/v1/tenants/${encodeURIComponent(tenant)}/environments`);
  const archive = useAction(async (one: Environment) => {
    await api.delete("/v1/tenants/{tenant}/environments/{environment}", { path: { tenant, environment: one.slug } });
    setGone(null);
    setOpen(null);
    reread();
    toast("Archived.");
  });
  const mayChange = may("agents:deploy");
  return (
    <section>
      <PartHead title="Environments" sub={environments.data && `${counted(itemsOf(environments.data).length, "environment")}. An agent that was never deployed to one runs there what production runs.`}>
        {mayChange && (
          <Button look="primary" icon="plus" onClick={() => setOpen("new")}>
            New environment
          </Button>
        )}
      </PartHead>
      <Loaded query={environments}>
        {(data) => {
          const all = itemsOf(data);
          if (all.length === 0) return <Empty icon="release" title="No environments" />;
          return <Table label="Environments" rows={[...all].sort((a, b) => Number(b.isSystem) - Number(a.isSystem) || a.displayName.localeCompare(b.displayName))} columns={COLUMNS} keyOf={(one) => one.id} onOpen={mayChange ? setOpen : undefined} />;
        }}
      </Loaded>
      {open && (
        <EditEnvironment
          known={open === "new" ? null : open}
          onArchive={setGone}
          onClose={() => setOpen(null)}
          onDone={() => {
            setOpen(null);
            reread();
          }}
        />
      )}
      {gone && (
        <Confirm title={`Archive ${spelled(gone.displayName)}?`} action="Archive" danger isBusy={archive.isBusy} onClose={() => setGone(null)} onDo={() => void archive.run(gone)}>
          <div className="stack">
            <p>Nothing new starts there: calls that name it are refused, and so are triggers that are bound to it. What runs goes on.</p>
            <ProblemNote error={archive.problem} />
          </div>
        </Confirm>
      )}
    </section>
  );
}

function EditEnvironment(props: { known: Environment | null; onArchive: (one: Environment) => void; onDone: () => void; onClose: () => void }) {
  const { known } = props;
  const { tenant } = useSession();
  const [name, setName] = useState(known?.displayName ?? "");
  const [says, setSays] = useState(known?.description ?? "");
  const [config, setConfig] = useState(JSON.stringify(known?.config ?? {}, null, 2));
  const values = objectOf(config);
  const save = useAction(async () => {
    const body = { displayName: name.trim(), description: says.trim(), config: values ?? {} };
    if (known) await api.put("/v1/tenants/{tenant}/environments/{environment}", { path: { tenant, environment: known.slug }, body: body as Schemas["UpdateEnvironment"] });
    else await api.post("/v1/tenants/{tenant}/environments", { path: { tenant }, body: body as Schemas["CreateEnvironment"] });
    toast("Saved.");
    props.onDone();
  });
  return (
    <Dialog
      title={known ? <PlainText text={known.displayName} max={120} /> : "New environment"}
      onClose={props.onClose}
      actions={
        <>
          {known && !known.isSystem && (
            <Button look="danger" onClick={() => props.onArchive(known)}>
              Archive
            </Button>
          )}
          <span className="grow" />
          <Button onClick={props.onClose}>Back</Button>
          <Button look="primary" busy={save.isBusy} disabled={name.trim() === "" || values === null} onClick={() => void save.run()}>
            Save
          </Button>
        </>
      }
    >
      <div className="stack">
        <Field label="Name" hint={known ? <>Calls name it <code>{known.slug}</code>, whatever it is called</> : "Calls name it by a slug that is made of this, and stays"} value={name} autoFocus autoComplete="off" maxLength={200} onChange={(event) => setName(event.target.value)} />
        <Field label="Description" value={says} autoComplete="off" onChange={(event) => setSays(event.target.value)} />
        <TextArea label="Values" className="code" hint="A JSON object. Its values stand over the defaults in a flow's config; new executions take them." rows={6} spellCheck={false} value={config} problem={values === null ? "Write a JSON object, such as {\"shop_url\": \"https://…\"}." : null} onChange={(event) => setConfig(event.target.value)} />
        <ProblemNote error={save.problem} />
      </div>
    </Dialog>
  );
}
