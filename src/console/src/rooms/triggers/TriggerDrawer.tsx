// One trigger: what it does next, what it did, how it was defined before, and everything that can be done to it.
import { useState } from "react";
import { api, itemsOf, type Schemas } from "../../api/client";
import { invalidate, useAction, useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { spelled } from "../../lib/text";
import { Badge, Button, CodeBlock, Confirm, CopyButton, Dialog, Drawer, ErrorState, Field, JsonView, Loaded, Money, Note, PlainText, ProblemNote, RelativeTime, Select, Skeleton, Status, Table, toast, type Column } from "../../ui";
import { OVERLAPS } from "../operate/shared";
import { kindLabel, stateOf, whenOf, type Trigger } from "./draft";
import { FireDialog } from "./Fire";
import { Firings } from "./Firings";
import { Times } from "./times";
import { EnvironmentSelect, TriggerForm } from "./TriggerForm";

const NEXT_SHOWN = 8;
const REFRESH_MS = 15_000;
type Asked = "fire" | "edit" | "pause" | "rotate" | "remove" | "bind" | null;

export function TriggerDrawer(props: { id: string; known: Trigger | null; agent: string | null; reload: () => void; onSecret: (secret: string) => void; onClose: () => void }) {
  const { tenant } = useSession();
  // One that is not in the list (of another agent, say) still has an address.
  const alone = useApi("/v1/tenants/{tenant}/triggers/{trigger}", { path: { tenant, trigger: props.id } }, { enabled: props.known === null });
  const trigger = props.known ?? (alone.data as Trigger | undefined);
  if (trigger) return <Inside {...props} trigger={trigger} />;
  return (
    <Drawer title="A trigger" width="wide" onClose={props.onClose}>
      {alone.error ? <ErrorState error={alone.error} onRetry={alone.reload} /> : <Skeleton rows={4} />}
    </Drawer>
  );
}

function Inside(props: { trigger: Trigger; agent: string | null; reload: () => void; onSecret: (secret: string) => void; onClose: () => void }) {
  const { trigger, reload } = props;
  const { tenant, may } = useSession();
  const [asked, setAsked] = useState<Asked>(null);
  const [fired, setFired] = useState(0);
  const [overlap, setOverlap] = useState("86400");
  const path = { tenant, trigger: trigger.id };
  const done = () => {
    setAsked(null);
    reload();
    invalidate(`/v1/tenants/${encodeURIComponent(tenant)}/triggers`);
  };
  const act = useAction(async (what: "enable" | "disable" | "resume" | "rotate" | "remove") => {
    if (what === "enable") await api.post("/v1/tenants/{tenant}/triggers/{trigger}:enable", { path });
    if (what === "disable") await api.post("/v1/tenants/{tenant}/triggers/{trigger}:disable", { path });
    if (what === "resume") await api.post("/v1/tenants/{tenant}/triggers/{trigger}:resume", { path });
    if (what === "rotate") {
      const made = await api.post("/v1/tenants/{tenant}/triggers/{trigger}:rotateSecret", { path, body: { overlapSeconds: Number(overlap) } });
      if (made.secret) props.onSecret(made.secret);
    }
    if (what === "remove") {
      await api.delete("/v1/tenants/{tenant}/triggers/{trigger}", { path });
      toast("Removed.");
      props.onClose();
    }
    done();
  });
  const mayHold = may("agents:deploy");
  const mayChange = mayHold && may("executions:run");
  const isSchedule = trigger.kind === "SCHEDULE";
  return (
    <Drawer
      title={<PlainText text={trigger.displayName} max={200} />}
      width="wide"
      onClose={props.onClose}
      actions={
        <>
          {may("executions:run") && (
            <Button look="primary" icon="play" onClick={() => setAsked("fire")}>
              Fire
            </Button>
          )}
          {mayHold && isSchedule && trigger.active && !trigger.paused && (
            <Button icon="pause" onClick={() => setAsked("pause")}>
              Pause
            </Button>
          )}
          {mayChange && trigger.paused && (
            <Button icon="play" busy={act.isBusy && asked === null} onClick={() => void act.run("resume")}>
              Go on
            </Button>
          )}
          {(trigger.active ? mayHold : mayChange) && (
            <Button busy={act.isBusy && asked === null} onClick={() => void act.run(trigger.active ? "disable" : "enable")}>
              {trigger.active ? "Switch off" : "Switch on"}
            </Button>
          )}
          {mayChange && (
            <Button icon="edit" onClick={() => setAsked("edit")}>
              Change
            </Button>
          )}
          {mayHold && (
            <Button look="danger" onClick={() => setAsked("remove")}>
              Remove
            </Button>
          )}
        </>
      }
    >
      <div className="stack">
        {asked === null && <ProblemNote error={act.problem} />}
        <Facts trigger={trigger} />
        {trigger.kind === "WEBHOOK" && <Inbound trigger={trigger} onRotate={mayChange ? () => setAsked("rotate") : null} />}
        {isSchedule && <Next trigger={trigger} />}
        <Bindings trigger={trigger} mayChange={mayChange} onBind={() => setAsked("bind")} onDone={done} />
        <section className="trigger-part">
          <h3>Firings</h3>
          {may("executions:read") ? <Firings trigger={trigger.id} count={fired} /> : <Note icon="lock">Your key has no scope executions:read, which this wants.</Note>}
        </section>
        <Definitions trigger={trigger} mayChange={mayChange} onDone={done} />
      </div>
      {asked === "fire" && (
        <FireDialog
          trigger={trigger}
          onFired={() => {
            setFired(fired + 1);
            reload();
          }}
          onClose={() => setAsked(null)}
        />
      )}
      {asked === "edit" && <TriggerForm known={trigger} agent={props.agent} onDone={done} onClose={() => setAsked(null)} />}
      {asked === "pause" && <PauseDialog trigger={trigger} onDone={done} onClose={() => setAsked(null)} />}
      {asked === "bind" && <BindDialog trigger={trigger} onDone={done} onClose={() => setAsked(null)} />}
      {asked === "rotate" && (
        <Confirm title="Give it a new secret?" action="New secret" isBusy={act.isBusy} onClose={() => setAsked(null)} onDo={() => void act.run("rotate")}>
          <div className="stack">
            <Select label="The old secret" value={overlap} onChange={(event) => setOverlap(event.target.value)} options={OVERLAPS} />
            <ProblemNote error={act.problem} />
          </div>
        </Confirm>
      )}
      {asked === "remove" && (
        <Confirm title="Remove this trigger?" action="Remove" danger isBusy={act.isBusy} onClose={() => setAsked(null)} onDo={() => void act.run("remove")}>
          <div className="stack">
            <p>It fires no more, and its history goes. What it started goes on.{trigger.kind === "WEBHOOK" && " Its address is gone for good: whoever sends there is refused."}</p>
            <ProblemNote error={act.problem} />
          </div>
        </Confirm>
      )}
    </Drawer>
  );
}

function Facts(props: { trigger: Trigger }) {
  const { trigger } = props;
  const { schedule, budget } = trigger;
  return (
    <>
      {trigger.description && (
        <p>
          <PlainText text={trigger.description} max={2_000} />
        </p>
      )}
      <dl className="operate-facts">
        <dt>State</dt>
        <dd>
          <Status kind="trigger" status={stateOf(trigger)} />
          {trigger.pausedUntil && (
            <>
              {" "}
              until <RelativeTime at={trigger.pausedUntil} />
            </>
          )}
        </dd>
        <dt>Fires</dt>
        <dd>
          {kindLabel(trigger.kind)}: <PlainText text={whenOf(trigger)} max={300} />
        </dd>
        {schedule && (
          <>
            <dt>Missed</dt>
            <dd>
              {schedule.catchUp === "last" ? "The latest one is caught up" : schedule.catchUp === "all" ? `All are caught up, ${schedule.catchUpMax} at most` : "Nothing is caught up"}; late from {schedule.graceSeconds} s
              {schedule.jitterSeconds > 0 && `; delayed by chance, ${schedule.jitterSeconds} s at most`}
            </dd>
          </>
        )}
        <dt>Overlap</dt>
        <dd>{trigger.overlap === "skip" ? "Skipped while one still runs" : trigger.overlap === "queue" ? "Queued while one still runs" : "Side by side"}</dd>
        {trigger.filter && (
          <>
            <dt>Only when</dt>
            <dd>
              <code>
                <PlainText text={trigger.filter} max={500} />
              </code>
            </dd>
          </>
        )}
        {budget && (
          <>
            <dt>Budget</dt>
            <dd>
              <Money usd={trigger.currentMonthlyCost ?? 0} /> of <Money usd={budget.amount} /> this month{budget.enforceLimit ? "" : ", only watched"}
            </dd>
          </>
        )}
        <dt>In the name of</dt>
        <dd>
          <PlainText text={trigger.updatedBy} max={120} />, who changed it <RelativeTime at={trigger.updatedAt} />
        </dd>
      </dl>
      {(Object.keys(trigger.parameters).length > 0 || trigger.mapping) && <JsonView label="Parameters" value={{ ...(Object.keys(trigger.parameters).length > 0 ? { parameters: trigger.parameters } : {}), ...(trigger.mapping ? { mapping: trigger.mapping } : {}) }} />}
    </>
  );
}

/** Where events go, as far as this page can know the server's address. */
export function inboundUrl(path: string, at: string): string {
  return new URL(path.replace(/^\//, ""), at.split("#")[0]).href;
}

function Inbound(props: { trigger: Trigger; onRotate: (() => void) | null }) {
  const { trigger } = props;
  if (!trigger.inboundPath) return null;
  const url = inboundUrl(trigger.inboundPath, window.location.href);
  const proof = trigger.webhook?.auth === "TOKEN" ? `-H "X-Webhook-Token: $secret"` : `-H "webhook-id: $id" -H "webhook-timestamp: $at" -H "webhook-signature: v1,$signature"`;
  return (
    <section className="stack">
      <div className="operate-once">
        <code className="grow">{url}</code>
        <CopyButton text={url} label="Copy the address" />
        {props.onRotate && (
          <Button small icon="retry" onClick={props.onRotate}>
            New secret
          </Button>
        )}
      </div>
      <CodeBlock label="How an event is sent" text={`curl ${url} -H 'Content-Type: application/json' \\\n  ${proof} \\\n  -d '{"type": "order.paid", "data": {"id": 7}}'`} />
    </section>
  );
}

function Next(props: { trigger: Trigger }) {
  const { trigger } = props;
  const { tenant } = useSession();
  const times = useApi("/v1/tenants/{tenant}/triggers/{trigger}/nextFireTimes", { path: { tenant, trigger: trigger.id }, query: { count: NEXT_SHOWN } }, { refreshMs: REFRESH_MS, enabled: trigger.active });
  return (
    <section className="trigger-part">
      <h3>What comes</h3>
      {!trigger.active ? (
        <p className="quiet">Nothing: it is switched off.</p>
      ) : (
        <>
          {trigger.paused && <Note tone="waiting">It is paused. What passes meanwhile is {trigger.schedule?.catchUp === "skip" ? "missed" : "caught up when it goes on"}.</Note>}
          <Loaded query={times} rows={3}>
            {(data) => <Times times={data.times} timeZone={trigger.schedule?.timeZone ?? "UTC"} />}
          </Loaded>
        </>
      )}
    </section>
  );
}

function Bindings(props: { trigger: Trigger; mayChange: boolean; onBind: () => void; onDone: () => void }) {
  const { trigger } = props;
  const { tenant } = useSession();
  const unbind = useAction(async (agent: string) => {
    await api.delete("/v1/tenants/{tenant}/triggers/{trigger}/bindings/{agent}", { path: { tenant, trigger: trigger.id, agent } });
    props.onDone();
  });
  return (
    <section>
      <div className="trigger-head">
        <h3>What it starts</h3>
        {props.mayChange && (
          <Button small icon="plus" onClick={props.onBind}>
            Bind an agent
          </Button>
        )}
      </div>
      {trigger.bindings.length === 0 ? (
        <p className="quiet">Nothing yet: no agent is bound to it.</p>
      ) : (
        <ul className="panel trigger-lines">
          {trigger.bindings.map((one) => (
            <li key={one.agentId}>
              <span className="grow cut">{one.agentId}</span>
              <Badge>{one.environmentSlug ?? "production"}</Badge>
              {props.mayChange && (
                <Button small look="quiet" icon="close" iconOnly busy={unbind.isBusy} onClick={() => void unbind.run(one.agentId)}>
                  {`Take ${one.agentId} away`}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      <ProblemNote error={unbind.problem} />
    </section>
  );
}

function BindDialog(props: { trigger: Trigger; onDone: () => void; onClose: () => void }) {
  const { trigger } = props;
  const { tenant } = useSession();
  const agents = useApi("/v1/tenants/{tenant}/agents", { path: { tenant } });
  const all = itemsOf(agents.data);
  const [chosen, setAgent] = useState("");
  const [environment, setEnvironment] = useState("production");
  const agent = chosen || (all.find((one) => !trigger.agentIds.includes(one.id))?.id ?? "");
  const bind = useAction(async () => {
    await api.put("/v1/tenants/{tenant}/triggers/{trigger}/bindings/{agent}", { path: { tenant, trigger: trigger.id, agent }, body: { environmentSlug: environment } });
    props.onDone();
  });
  return (
    <Dialog
      title="Bind an agent"
      onClose={props.onClose}
      actions={
        <>
          <Button onClick={props.onClose}>Back</Button>
          <Button look="primary" busy={bind.isBusy} disabled={agent === ""} onClick={() => void bind.run()}>
            Bind it
          </Button>
        </>
      }
    >
      <div className="stack">
        <Select label="Agent" value={agent} onChange={(event) => setAgent(event.target.value)} options={all.map((one) => ({ value: one.id, label: `${spelled(one.displayName || one.id)}${trigger.agentIds.includes(one.id) ? " (bound; the environment changes)" : ""}` }))} />
        <EnvironmentSelect value={environment} onChange={setEnvironment} />
        <ProblemNote error={bind.problem} />
      </div>
    </Dialog>
  );
}

function PauseDialog(props: { trigger: Trigger; onDone: () => void; onClose: () => void }) {
  const { trigger } = props;
  const { tenant } = useSession();
  const [until, setUntil] = useState("");
  const untilMs = until === "" ? null : new Date(until).getTime();
  const problem = untilMs !== null && !(untilMs > Date.now()) ? "Choose a time that is to come." : null;
  const pause = useAction(async () => {
    await api.post("/v1/tenants/{tenant}/triggers/{trigger}:pause", { path: { tenant, trigger: trigger.id }, body: { until: untilMs } });
    props.onDone();
  });
  return (
    <Dialog
      title="Pause it"
      onClose={props.onClose}
      actions={
        <>
          <Button onClick={props.onClose}>Keep as it is</Button>
          <Button look="primary" busy={pause.isBusy} disabled={problem !== null} onClick={() => void pause.run()}>
            Pause
          </Button>
        </>
      }
    >
      <div className="stack">
        <p>It keeps its place. {trigger.schedule?.catchUp === "skip" ? "What passes meanwhile is missed." : trigger.schedule?.catchUp === "all" ? "What passes meanwhile is caught up when it goes on." : "When it goes on, the latest time that passed is caught up."}</p>
        <Field label="Until" type="datetime-local" hint="Empty: until somebody lets it go on" value={until} problem={problem} onChange={(event) => setUntil(event.target.value)} />
        <ProblemNote error={pause.problem} />
      </div>
    </Dialog>
  );
}

type Definition = Schemas["TriggerRevision"];
const REASONS: Record<Definition["changeReason"], string> = { CREATED: "Made", UPDATED: "Changed", RESTORED: "Taken back" };

function Definitions(props: { trigger: Trigger; mayChange: boolean; onDone: () => void }) {
  const { trigger } = props;
  const { tenant } = useSession();
  const path = { tenant, trigger: trigger.id };
  const all = useApi("/v1/tenants/{tenant}/triggers/{trigger}/revisions", { path });
  const [open, setOpen] = useState<Definition | null>(null);
  const restore = useAction(async (one: Definition) => {
    await api.post("/v1/tenants/{tenant}/triggers/{trigger}:restoreFrom", { path, body: { revisionId: one.id } });
    setOpen(null);
    props.onDone();
    toast(`It is defined as in revision ${one.revision} again.`);
  });
  const columns: Column<Definition>[] = [
    { key: "revision", title: "Revision", width: "8rem", cell: (one) => <span className="trigger-name">Revision {one.revision} {one.isCurrent && <Badge tone="good">Now</Badge>}</span> },
    { key: "why", title: "", width: "6rem", cell: (one) => <>{REASONS[one.changeReason]}{one.restoredFrom && ` from ${one.restoredFrom}`}</> },
    { key: "fires", title: "Fires", width: "minmax(7rem, 2fr)", cell: (one) => <span className="code" title={whenOf(one)}><PlainText text={whenOf(one)} max={120} /></span> },
    { key: "by", title: "By", width: "minmax(5rem, 1fr)", cell: (one) => <PlainText text={one.createdBy} max={120} /> },
    { key: "when", title: "When", width: "6.5rem", align: "end", cell: (one) => <RelativeTime at={one.createdAt} /> },
  ];
  return (
    <section className="trigger-part">
      <h3>Its definitions</h3>
      <Loaded query={all} rows={2}>
        {(data) => <Table label="Definitions" rows={[...(data as Definition[])].sort((a, b) => b.revision - a.revision)} columns={columns} keyOf={(one) => one.id} onOpen={setOpen} keys={false} />}
      </Loaded>
      {open && (
        <Dialog
          title={`Definition ${open.revision}`}
          width="wide"
          onClose={() => setOpen(null)}
          actions={
            props.mayChange &&
            !open.isCurrent && (
              <Button look="primary" icon="undo" busy={restore.isBusy} onClick={() => void restore.run(open)}>
                Take this one back
              </Button>
            )
          }
        >
          <div className="stack">
            {!open.isCurrent && <Note>It becomes the newest definition, in your name. Bindings, and whether it is on, stay as they are.</Note>}
            <JsonView label={`Definition ${open.revision}`} value={Object.fromEntries(Object.entries(open).filter(([name, value]) => value !== null && !["id", "triggerId", "version", "isCurrent"].includes(name)))} />
            <ProblemNote error={restore.problem} />
          </div>
        </Dialog>
      )}
    </section>
  );
}
