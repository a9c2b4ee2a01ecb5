// Webhooks: who is told of what, and what became of each delivery.
import { useState } from "react";
import { api, itemsOf, type Schemas } from "../../api/client";
import { useAction, useApi } from "../../api/query";
import { usePages } from "../../api/pages";
import { useSession } from "../../api/session";
import { counted } from "../../lib/format";
import { setQuery, useLocation } from "../../lib/router";
import { Badge, Button, Checkbox, CodeBlock, Confirm, Dialog, Drawer, Duration, Empty, Field, Loaded, PlainText, ProblemNote, RelativeTime, Select, Status, Table, toast, type Column } from "../../ui";
import { OVERLAPS, PartHead, ShownOnce } from "./shared";

type Webhook = Schemas["Webhook"];
type Delivery = Schemas["Delivery"];
const REFRESH_MS = 10_000;
const EVENTS: readonly Schemas["Happening"][] = ["execution.completed", "execution.failed", "execution.cancelled", "execution.waiting", "approval.requested", "approval.decided"];

const COLUMNS: Column<Webhook>[] = [
  { key: "url", title: "Address", width: "minmax(12rem, 2fr)", cell: (one) => <PlainText text={one.url} max={200} /> },
  { key: "state", title: "State", width: "5rem", cell: (one) => (one.isActive ? <Badge tone="good">On</Badge> : <Badge tone="stopped">Off</Badge>) },
  { key: "agent", title: "Hears of", width: "minmax(7rem, 1fr)", cell: (one) => one.agentId ?? <span className="quiet">Every agent</span> },
  { key: "events", title: "Events", width: "minmax(7rem, 1fr)", cell: (one) => (one.events.length === 0 || one.events.length === EVENTS.length ? <span className="quiet">Every one</span> : <span title={one.events.join(", ")}>{one.events.join(", ")}</span>) },
  { key: "says", title: "Description", width: "minmax(6rem, 1fr)", wideOnly: true, cell: (one) => <PlainText text={one.description} max={120} /> },
  { key: "changed", title: "Changed", width: "6.5rem", align: "end", cell: (one) => <RelativeTime at={one.updatedAt} /> },
];

export function WebhooksPart() {
  const { tenant, may } = useSession();
  const webhooks = useApi("/v1/tenants/{tenant}/webhooks", { path: { tenant } }, { refreshMs: REFRESH_MS });
  const { query } = useLocation();
  const shown = query.get("webhook");
  const [isNew, setNew] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const open = webhooks.data?.find((one) => one.id === shown);
  return (
    <section>
      <PartHead title="Webhooks" sub={webhooks.data && counted(webhooks.data.length, "webhook")}>
        {may("agents:write") && (
          <Button look="primary" icon="plus" onClick={() => setNew(true)}>
            New webhook
          </Button>
        )}
      </PartHead>
      <Loaded query={webhooks}>
        {(all) =>
          all.length === 0 ? (
            <Empty icon="link" title="No webhooks yet">
              A webhook tells another program when an execution ends or waits, and when an approval is asked for or decided.
            </Empty>
          ) : (
            <Table label="Webhooks" rows={all} columns={COLUMNS} keyOf={(one) => one.id} onOpen={(one) => setQuery({ webhook: one.id }, {})} />
          )
        }
      </Loaded>
      {isNew && (
        <EditWebhook
          known={null}
          onClose={() => setNew(false)}
          onDone={(made) => {
            setNew(false);
            webhooks.reload();
            if (made) setSecret(made);
          }}
        />
      )}
      {open && <LookAtWebhook webhook={open} reload={webhooks.reload} onSecret={setSecret} onClose={() => setQuery({ webhook: null, delivery: null })} />}
      {secret && (
        <ShownOnce title="The webhook's secret" value={secret} onClose={() => setSecret(null)}>
          <p className="quiet small">Calls are signed with it, as Standard Webhooks has it.</p>
        </ShownOnce>
      )}
    </section>
  );
}

function EditWebhook(props: { known: Webhook | null; onDone: (secret: string | null) => void; onClose: () => void }) {
  const { known } = props;
  const { tenant, may } = useSession();
  const agents = useApi("/v1/tenants/{tenant}/agents", { path: { tenant } });
  const [draft, setDraft] = useState({ url: known?.url ?? "", description: known?.description ?? "", linksFor: known?.linksFor ?? "", agent: known?.agentId ?? "" });
  const [events, setEvents] = useState<ReadonlySet<string>>(new Set(known && known.events.length > 0 ? known.events : EVENTS));
  const save = useAction(async () => {
    const chosen = events.size === EVENTS.length ? [] : EVENTS.filter((one) => events.has(one));
    const common = { url: draft.url.trim(), description: draft.description, events: chosen };
    if (known) {
      const body = { ...common, ...(may("admin") && draft.linksFor !== (known.linksFor ?? "") ? { linksFor: draft.linksFor.trim() } : {}) } as Schemas["ChangeWebhook"];
      await api.patch("/v1/tenants/{tenant}/webhooks/{webhook}", { path: { tenant, webhook: known.id }, body });
      return null;
    }
    const body = { ...common, ...(draft.linksFor.trim() ? { linksFor: draft.linksFor.trim() } : {}) } as Schemas["CreateWebhook"];
    const made = draft.agent
      ? await api.post("/v1/tenants/{tenant}/agents/{agent}/webhooks", { path: { tenant, agent: draft.agent }, body })
      : await api.post("/v1/tenants/{tenant}/webhooks", { path: { tenant }, body });
    return made.secret;
  });
  const set = (name: keyof typeof draft) => (event: React.ChangeEvent<HTMLInputElement | HTMLSelectElement>) => setDraft({ ...draft, [name]: event.target.value });
  return (
    <Dialog
      title={known ? "Change the webhook" : "New webhook"}
      onClose={props.onClose}
      actions={
        <>
          <Button onClick={props.onClose}>Back</Button>
          <Button
            look="primary"
            busy={save.isBusy}
            disabled={draft.url.trim() === "" || events.size === 0}
            onClick={() =>
              void save.run().then((secret) => {
                if (secret !== undefined) props.onDone(secret);
              })
            }
          >
            Save
          </Button>
        </>
      }
    >
      <div className="stack">
        <Field label="Address" hint="https://…; the operator's address policy applies" type="url" value={draft.url} autoFocus autoComplete="off" onChange={set("url")} />
        <Field label="Description" value={draft.description} autoComplete="off" onChange={set("description")} />
        {!known && <Select label="Hears of" value={draft.agent} onChange={set("agent")} options={[{ value: "", label: "Every agent" }, ...itemsOf(agents.data).map((one) => ({ value: one.id, label: one.id }))]} />}
        <fieldset className="operate-scopes">
          <legend className="field-label">Events</legend>
          {EVENTS.map((one) => (
            <Checkbox
              key={one}
              label={one}
              checked={events.has(one)}
              onChange={(event) => {
                const next = new Set(events);
                if (event.target.checked) next.add(one);
                else next.delete(one);
                setEvents(next);
              }}
            />
          ))}
        </fieldset>
        <Field label="Links to decide with, for" hint={may("admin") ? "user:NAME or role:NAME; whoever holds the link decides as that approver. Empty: no links." : "Only administrators"} disabled={!may("admin")} value={draft.linksFor} autoComplete="off" onChange={set("linksFor")} />
        <ProblemNote error={save.problem} />
      </div>
    </Dialog>
  );
}

type Asked = "edit" | "rotate" | "remove" | null;

function LookAtWebhook(props: { webhook: Webhook; reload: () => void; onSecret: (secret: string) => void; onClose: () => void }) {
  const { webhook, reload } = props;
  const { tenant, may } = useSession();
  const [asked, setAsked] = useState<Asked>(null);
  const [overlap, setOverlap] = useState("86400");
  const path = { tenant, webhook: webhook.id };
  const act = useAction(async (what: "toggle" | "rotate" | "remove") => {
    if (what === "toggle") await api.patch("/v1/tenants/{tenant}/webhooks/{webhook}", { path, body: { isActive: !webhook.isActive } as Schemas["ChangeWebhook"] });
    if (what === "rotate") props.onSecret((await api.post("/v1/tenants/{tenant}/webhooks/{webhook}:rotate", { path, body: { overlapSeconds: Number(overlap) } as Schemas["RotateWebhook"] })).secret);
    if (what === "remove") {
      await api.delete("/v1/tenants/{tenant}/webhooks/{webhook}", { path });
      toast("Removed.");
    }
    setAsked(null);
    reload();
    if (what === "remove") props.onClose();
  });
  return (
    <Drawer
      title={<PlainText text={webhook.url} max={200} />}
      width="wide"
      onClose={props.onClose}
      actions={
        may("agents:write") && (
          <>
            <Button busy={act.isBusy && asked === null} onClick={() => void act.run("toggle")}>
              {webhook.isActive ? "Switch off" : "Switch on"}
            </Button>
            <Button icon="edit" onClick={() => setAsked("edit")}>
              Change
            </Button>
            <Button icon="retry" onClick={() => setAsked("rotate")}>
              New secret
            </Button>
            <Button look="danger" onClick={() => setAsked("remove")}>
              Remove
            </Button>
          </>
        )
      }
    >
      <div className="stack">
        {asked === null && <ProblemNote error={act.problem} />}
        <p className="quiet small">
          {webhook.agentId ?? "Every agent"}; {webhook.events.length === 0 ? "every event" : webhook.events.join(", ")}. Made <RelativeTime at={webhook.createdAt} /> by <PlainText text={webhook.createdBy} max={120} />.
          {webhook.previousSecretUntil && (
            <>
              {" "}
              The old secret signs, too, until <RelativeTime at={webhook.previousSecretUntil} />.
            </>
          )}
          {webhook.linksFor && (
            <>
              {" "}
              Carries links to decide with, for <PlainText text={webhook.linksFor} max={120} />.
            </>
          )}
        </p>
        {webhook.description && <PlainText text={webhook.description} max={1_000} />}
        <Deliveries webhook={webhook} />
      </div>
      {asked === "edit" && (
        <EditWebhook
          known={webhook}
          onClose={() => setAsked(null)}
          onDone={() => {
            setAsked(null);
            reload();
          }}
        />
      )}
      {asked === "rotate" && (
        <Confirm title="Make a new secret?" action="Make it" isBusy={act.isBusy} onClose={() => setAsked(null)} onDo={() => void act.run("rotate")}>
          <div className="stack">
            <p>It is shown once. Give it to the receiver before the old one ends.</p>
            <Select label="Meanwhile" value={overlap} onChange={(event) => setOverlap(event.target.value)} options={OVERLAPS} />
            <ProblemNote error={act.problem} />
          </div>
        </Confirm>
      )}
      {asked === "remove" && (
        <Confirm title="Remove this webhook?" action="Remove" danger isBusy={act.isBusy} onClose={() => setAsked(null)} onDo={() => void act.run("remove")}>
          <div className="stack">
            <p>What is not delivered yet is given up, and its deliveries are shown no longer.</p>
            <ProblemNote error={act.problem} />
          </div>
        </Confirm>
      )}
    </Drawer>
  );
}

function Deliveries(props: { webhook: Webhook }) {
  const { tenant } = useSession();
  const pages = usePages<Delivery>("/v1/tenants/{tenant}/webhooks/{webhook}/deliveries", { path: { tenant, webhook: props.webhook.id } }, { refreshMs: REFRESH_MS / 2, pageSize: 50 });
  const [open, setOpen] = useState<string | null>(null);
  return (
    <>
      <h3>Deliveries</h3>
      <Loaded query={pages} rows={3}>
        {(all) =>
          all.length === 0 ? (
            <p className="quiet">Nothing was to be sent yet. Deliveries are kept for 30 days.</p>
          ) : (
            <ul className="operate-deliveries">
              {all.map((one) => (
                <li key={one.id}>
                  <button type="button" className="operate-delivery" aria-expanded={open === one.id} onClick={() => setOpen(open === one.id ? null : one.id)}>
                    <Status kind="delivery" status={one.status} />
                    <code className="grow">{one.event}</code>
                    <span className="quiet small number">{counted(one.attempts.length, "attempt")}</span>
                    <RelativeTime at={one.createdAt} />
                  </button>
                  {open === one.id && <OneDelivery delivery={one} webhook={props.webhook} reload={pages.reload} />}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {pages.hasMore && <Button onClick={pages.more}>Show older ones</Button>}
    </>
  );
}

function OneDelivery(props: { delivery: Delivery; webhook: Webhook; reload: () => void }) {
  const { delivery, webhook } = props;
  const { tenant, may } = useSession();
  const again = useAction(async () => {
    await api.post("/v1/tenants/{tenant}/webhooks/{webhook}/deliveries/{delivery}:redeliver", { path: { tenant, webhook: webhook.id, delivery: delivery.id } });
    toast("It is sent again, under the same id.");
    props.reload();
  });
  return (
    <div className="operate-inside stack">
      {delivery.note && (
        <p>
          <PlainText text={delivery.note} max={600} />
        </p>
      )}
      {delivery.nextAttemptAt && (
        <p className="quiet small">
          Tried again <RelativeTime at={delivery.nextAttemptAt} />.
        </p>
      )}
      <ul className="operate-events">
        {delivery.attempts.map((one, at) => (
          <li key={at}>
            <div className="row">
              {one.responseStatus ? <Badge tone={one.responseStatus < 300 ? "good" : "bad"}>{one.responseStatus}</Badge> : <Badge tone="bad">No answer</Badge>}
              <RelativeTime at={one.at} /> <Duration ms={one.latencyMs} />
            </div>
            {one.error && <PlainText text={one.error} max={600} />}
            {one.response && <CodeBlock text={one.response} label="What was answered" />}
          </li>
        ))}
      </ul>
      <CodeBlock text={delivery.payload} label="What is sent" />
      {may("agents:write") && (
        <div>
          <Button small icon="retry" busy={again.isBusy} onClick={() => void again.run()}>
            Send again
          </Button>
        </div>
      )}
      <ProblemNote error={again.problem} />
    </div>
  );
}
