// Making a trigger, and changing one. What the server finds wrong stands at its field.
import { useId, useState, type ReactNode } from "react";
import { api, itemsOf, type Schemas } from "../../api/client";
import { useAction, useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { useRested } from "../../lib/hooks";
import { spelled } from "../../lib/text";
import { Button, Checkbox, Dialog, Field, ProblemNote, Select, TextArea, toast } from "../../ui";
import { ParameterFields } from "./ParameterFields";
import { Times } from "./times";
import { bodyOf, CRONS, draftOf, fieldOf, FRESH, KINDS, problemsOf, timeZones, type Draft, type Kind, type Problems, type Trigger } from "./draft";

const CATCH_UPS = [
  { value: "last", label: "The latest one fires" },
  { value: "all", label: "All of them fire" },
  { value: "skip", label: "Nothing; the history says so" },
];
const OVERLAPS = [
  { value: "skip", label: "Skip: nothing starts" },
  { value: "queue", label: "Queue: it starts when the one before has ended" },
  { value: "parallel", label: "Side by side" },
];
const PRODUCTION = "production";
const TIMES_SHOWN = 3;
const TYPING_MS = 400;

export function TriggerForm(props: { known: Trigger | null; agent: string | null; onDone: (made: Schemas["TriggerWithSecret"] | null) => void; onClose: () => void }) {
  const { known } = props;
  const { tenant } = useSession();
  const [draft, setDraft] = useState<Draft>(known ? draftOf(known) : FRESH);
  const [agent, setAgent] = useState(props.agent ?? known?.agentIds[0] ?? "");
  const [environment, setEnvironment] = useState(PRODUCTION);
  const [isTried, setTried] = useState(false);
  /** Something in the fields of the parameters cannot be sent. */
  const [isWrong, setWrong] = useState(false);
  const save = useAction(async () => {
    const body = bodyOf(draft);
    if (known) {
      await api.patch("/v1/tenants/{tenant}/triggers/{trigger}", { path: { tenant, trigger: known.id }, body: body as Schemas["ChangeTrigger"] });
      toast("Saved.");
      return null;
    }
    const isElsewhere = agent !== "" && environment !== PRODUCTION;
    // Bound to another environment it must not start in production meanwhile.
    const made = await api.post("/v1/tenants/{tenant}/triggers", { path: { tenant }, body: { ...body, kind: draft.kind, agentIds: agent === "" || isElsewhere ? [] : [agent] } as unknown as Schemas["CreateTrigger"] });
    if (isElsewhere) await api.put("/v1/tenants/{tenant}/triggers/{trigger}/bindings/{agent}", { path: { tenant, trigger: made.id, agent }, body: { environmentSlug: environment } });
    return made;
  });
  const own = problemsOf(draft);
  const said: Problems = {};
  const theirs = Object.entries((save.problem?.problem.errors ?? {}) as Record<string, string[]>);
  for (const [name, says] of theirs) {
    const field = fieldOf(name);
    if (field) said[field] = says.join("; ");
  }
  const isPlaced = theirs.length > 0 && theirs.every(([name]) => fieldOf(name) !== null);
  const problem = (name: keyof Draft) => (isTried ? own[name] : undefined) ?? said[name] ?? null;
  const change = (next: Partial<Draft>) => {
    setDraft({ ...draft, ...next });
    if (save.problem) save.clear();
  };
  const text = (name: keyof Draft) => ({ value: String(draft[name]), problem: problem(name), autoComplete: "off", onChange: (event: { target: { value: string } }) => change({ [name]: event.target.value } as Partial<Draft>) });
  const submit = () => {
    setTried(true);
    if (Object.keys(own).length > 0 || isWrong) return;
    void save.run().then((made) => {
      if (made !== undefined) props.onDone(made);
    });
  };
  return (
    <Dialog
      title={known ? "Change the trigger" : "New trigger"}
      width="wide"
      onClose={props.onClose}
      actions={
        <>
          <Button onClick={props.onClose}>Back</Button>
          <Button look="primary" busy={save.isBusy} onClick={submit}>
            Save
          </Button>
        </>
      }
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <div className="trigger-fields">
          <Field label="Name" autoFocus maxLength={200} {...text("displayName")} />
          <Select label="Kind" disabled={known !== null} hint={KINDS.find((one) => one.value === draft.kind)?.says} value={draft.kind} onChange={(event) => change({ kind: event.target.value as Kind })} options={KINDS} />
        </div>
        <Field label="Description" {...text("description")} />
        {!known && <Where agent={agent} isFixed={props.agent !== null} environment={environment} onAgent={setAgent} onEnvironment={setEnvironment} />}
        {draft.kind === "SCHEDULE" && <ScheduleFields draft={draft} text={text} change={change} />}
        {draft.kind === "WEBHOOK" && <InboundFields draft={draft} text={text} change={change} />}
        <Group title="What it starts with">
          <ParameterFields
            agent={agent}
            value={draft.parameters}
            problem={problem("parameters")}
            onChange={(parameters, wrong) => {
              setWrong(wrong);
              change({ parameters });
            }}
          />
          {draft.kind !== "SCHEDULE" && (
            <TextArea label="Parameters from the event" className="code" hint="name: CEL, one a line, over payload, headers, trigger and firing, such as order: payload.data.id. Empty: a payload that is an object is the parameters." rows={2} spellCheck={false} {...text("mapping")} />
          )}
          <Field label="Only when" className="code" hint="CEL that is true for what fires. Empty: everything fires." spellCheck={false} {...text("filter")} />
        </Group>
        <Group title="How much">
          <div className="trigger-fields">
            <Select label="While an execution of it still runs" value={draft.overlap} onChange={(event) => change({ overlap: event.target.value as Draft["overlap"] })} options={OVERLAPS} />
            <Field label="US dollars a month" hint="Empty: no budget" inputMode="decimal" {...text("budgetUsd")} />
          </div>
          {draft.budgetUsd.trim() !== "" && <Checkbox label="Enforce it" hint="Starts are refused once it is used up; without it, it is only watched" checked={draft.isEnforced} onChange={(event) => change({ isEnforced: event.target.checked })} />}
        </Group>
        <button type="submit" hidden />
        {!isPlaced && <ProblemNote error={save.problem} />}
        {isPlaced && <p className="unseen" role="alert">Something is wrong in the form.</p>}
      </form>
    </Dialog>
  );
}

function Group(props: { title: string; children: ReactNode }) {
  return (
    <fieldset className="trigger-group">
      <legend>{props.title}</legend>
      {props.children}
    </fieldset>
  );
}

function Where(props: { agent: string; isFixed: boolean; environment: string; onAgent: (agent: string) => void; onEnvironment: (environment: string) => void }) {
  const { tenant } = useSession();
  const agents = useApi("/v1/tenants/{tenant}/agents", { path: { tenant } }, { enabled: !props.isFixed });
  return (
    <div className="trigger-fields">
      {!props.isFixed && <Select label="Starts" value={props.agent} onChange={(event) => props.onAgent(event.target.value)} options={[{ value: "", label: "Nothing yet" }, ...itemsOf(agents.data).map((one) => ({ value: one.id, label: spelled(one.displayName || one.id) }))]} />}
      {props.agent !== "" && <EnvironmentSelect value={props.environment} onChange={props.onEnvironment} />}
    </div>
  );
}

export function EnvironmentSelect(props: { value: string; onChange: (environment: string) => void }) {
  const { tenant } = useSession();
  const environments = useApi("/v1/tenants/{tenant}/environments", { path: { tenant } });
  const known = itemsOf(environments.data).filter((one) => !one.archivedAt);
  const options = known.map((one) => ({ value: one.slug, label: spelled(one.displayName) }));
  if (!options.some((one) => one.value === props.value)) options.unshift({ value: props.value, label: props.value });
  return <Select label="Environment" hint="It starts the revision that is deployed there at that moment" value={props.value} onChange={(event) => props.onChange(event.target.value)} options={options} />;
}

type Parts = { draft: Draft; text: (name: keyof Draft) => { value: string; problem: string | null; autoComplete: string; onChange: (event: { target: { value: string } }) => void }; change: (next: Partial<Draft>) => void };

/** When a schedule would fire, as the server counts it, a moment after the last key. */
function usePlanned(cron: string, timeZone: string): { times: readonly number[] | null; timeZone: string; problem: Record<string, string[]> | null } {
  const { tenant } = useSession();
  const typed = useRested(`${timeZone.trim() || "UTC"}\n${cron.trim()}`, TYPING_MS);
  const [zone = "UTC", expression = ""] = typed.split("\n");
  const query = useApi("/v1/tenants/{tenant}/triggers:fireTimes", { path: { tenant }, query: { cron: expression, timeZone: zone, count: TIMES_SHOWN } }, { enabled: expression !== "" });
  return { times: query.error ? null : (query.data?.times ?? null), timeZone: zone, problem: (query.error?.problem.errors as Record<string, string[]> | undefined) ?? null };
}

function ScheduleFields({ draft, text, change }: Parts) {
  const zones = useId();
  const planned = usePlanned(draft.cron, draft.timeZone);
  const said = (name: string) => planned.problem?.[`schedule.${name}`]?.join("; ") ?? null;
  const [cron, timeZone] = [text("cron"), text("timeZone")];
  return (
    <Group title="When">
      <div className="trigger-fields">
        <Select label="Often wanted" value={CRONS.some((one) => one.value === draft.cron) ? draft.cron : ""} onChange={(event) => event.target.value && change({ cron: event.target.value })} options={[{ value: "", label: "Other times" }, ...CRONS]} />
        <Field label="Cron" className="code" hint="Minute, hour, day of month, month, day of week; seconds in front, or @daily" spellCheck={false} {...cron} problem={cron.problem ?? said("cron")} />
        <Field label="Time zone" list={zones} hint="Clocks that change are minded" spellCheck={false} {...timeZone} problem={timeZone.problem ?? said("timeZone")} />
        <datalist id={zones}>
          {timeZones().map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
      </div>
      {planned.times && (
        <div>
          <p className="small quiet">It would fire</p>
          <Times times={planned.times} timeZone={planned.timeZone} label="It would fire" />
        </div>
      )}
      <div className="trigger-fields">
        <Select label="Times that were missed" hint="While the server was down, or the schedule paused" value={draft.catchUp} onChange={(event) => change({ catchUp: event.target.value as Draft["catchUp"] })} options={CATCH_UPS} />
        {draft.catchUp === "all" && <Field label="At most" inputMode="numeric" hint="The newest ones; 100 at most" {...text("catchUpMax")} />}
        <Field label="Late from, in seconds" inputMode="numeric" hint="Later than this counts as missed" {...text("graceSeconds")} />
        <Field label="Delay by chance, in seconds" inputMode="numeric" hint="At most; so that not everything starts at once" {...text("jitterSeconds")} />
      </div>
    </Group>
  );
}

function InboundFields({ draft, text, change }: Parts) {
  return (
    <Group title="What comes in">
      <div className="trigger-fields">
        <Select
          label="How a sender proves itself"
          hint={draft.auth === "TOKEN" ? "A token proves nothing about the body; prefer signatures." : "Standard Webhooks"}
          value={draft.auth}
          onChange={(event) => change({ auth: event.target.value as Draft["auth"] })}
          options={[
            { value: "HMAC", label: "Signature (HMAC)" },
            { value: "TOKEN", label: "Token" },
          ]}
        />
        {draft.auth === "HMAC" && <Field label="Clocks may differ by, in seconds" inputMode="numeric" {...text("replayWindowSeconds")} />}
        <Field label="Only events of the type" hint="The payload's type. Empty: every one" {...text("eventType")} />
        <Field label="The event's id" className="code" hint="CEL; empty: the header webhook-id. The same id fires once." spellCheck={false} {...text("eventId")} />
      </div>
    </Group>
  );
}
