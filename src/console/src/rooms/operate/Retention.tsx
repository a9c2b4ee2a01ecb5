// How long finished executions are kept: for the tenant, and where an agent differs.
import { useState } from "react";
import { api, itemsOf, type Schemas } from "../../api/client";
import { invalidate, useAction, useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { counted } from "../../lib/format";
import { Link, to } from "../../lib/router";
import { Button, Field, Loaded, Note, PlainText, ProblemNote, RelativeTime, toast } from "../../ui";
import { PartHead } from "./shared";

type Retention = Schemas["Retention"];
const AGENTS_SHOWN = 30;

export function RetentionPart() {
  const { tenant } = useSession();
  const retention = useApi("/v1/tenants/{tenant}/retention", { path: { tenant } });
  const agents = useApi("/v1/tenants/{tenant}/agents", { path: { tenant } });
  return (
    <section>
      <PartHead title="Retention" sub="How long finished executions are kept, from their end. What is open stays." />
      <div className="stack">
        <Loaded query={retention} rows={2}>
          {(data) => <RetentionForm key={JSON.stringify(data)} known={data} agent={null} />}
        </Loaded>
        <Loaded query={agents} rows={2}>
          {(data) => itemsOf(data).length > 0 && (
            <p className="quiet small">
              An agent may say otherwise, under its budgets:{" "}
              {itemsOf(data).slice(0, AGENTS_SHOWN).map((one, at) => (
                <span key={one.id}>
                  {at > 0 && ", "}
                  <Link to={to`/agents/${one.id}/budgets`}>{one.id}</Link>
                </span>
              ))}
              {itemsOf(data).length > AGENTS_SHOWN && <>, and {counted(itemsOf(data).length - AGENTS_SHOWN, "other agent")}</>}
            </p>
          )}
        </Loaded>
      </div>
    </section>
  );
}

/** Days as they are typed; null: nothing stands there; undefined: it is no number of days. */
export function daysOf(text: string): number | null | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  return /^[1-9]\d{0,4}$/.test(trimmed) ? Number(trimmed) : undefined;
}

function isShorter(next: number | null | undefined, before: number | null | undefined): boolean {
  return typeof next === "number" && (before === null || before === undefined || next < before);
}

export function RetentionForm(props: { known: Retention; agent: string | null }) {
  const { known, agent } = props;
  const { tenant, may } = useSession();
  const [days, setDays] = useState(known.days?.toString() ?? "");
  const [testDays, setTestDays] = useState(known.testDays?.toString() ?? "");
  const save = useAction(async () => {
    const body = { days: daysOf(days), testDays: daysOf(testDays) } as Schemas["SetRetention"];
    if (agent === null) await api.put("/v1/tenants/{tenant}/retention", { path: { tenant }, body });
    else await api.put("/v1/tenants/{tenant}/agents/{agent}/retention", { path: { tenant, agent }, body });
    invalidate(agent === null ? `/v1/tenants/${encodeURIComponent(tenant)}/retention` : `/v1/tenants/${encodeURIComponent(tenant)}/agents/${encodeURIComponent(agent)}/retention`);
    toast("Saved.");
  });
  const wrong = (text: string) => (daysOf(text) === undefined ? "Write a number of days, or nothing." : null);
  const isChanged = days !== (known.days?.toString() ?? "") || testDays !== (known.testDays?.toString() ?? "");
  const isLess = isShorter(daysOf(days), known.days) || isShorter(daysOf(testDays), known.testDays);
  const empty = agent === null ? "Empty: for ever" : "Empty: as the tenant says";
  return (
    <form
      className="panel operate-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!wrong(days) && !wrong(testDays)) void save.run();
      }}
    >
      <div className="operate-fields">
        <Field label="Executions, in days" hint={empty} inputMode="numeric" value={days} disabled={!may("admin")} problem={wrong(days)} onChange={(event) => setDays(event.target.value)} />
        <Field label="Tests, in days" hint={empty} inputMode="numeric" value={testDays} disabled={!may("admin")} problem={wrong(testDays)} onChange={(event) => setTestDays(event.target.value)} />
      </div>
      {isChanged && isLess && (
        <Note tone="waiting" icon="warning">
          Executions that are older than this are removed for good, with everything recorded of them.
        </Note>
      )}
      <div className="row">
        <span className="grow quiet small">
          {known.updatedAt ? (
            <>
              Set <RelativeTime at={known.updatedAt} /> by <PlainText text={known.updatedBy ?? ""} max={120} />
            </>
          ) : (
            "Not set yet"
          )}
        </span>
        {may("admin") && (
          <Button type="submit" look="primary" busy={save.isBusy} disabled={!isChanged || Boolean(wrong(days)) || Boolean(wrong(testDays))}>
            Save
          </Button>
        )}
      </div>
      <ProblemNote error={save.problem} />
    </form>
  );
}
