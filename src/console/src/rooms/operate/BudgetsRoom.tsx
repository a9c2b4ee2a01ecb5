// What an agent may cost in a month, in production and in tests, and how long its executions are kept.
import { useState } from "react";
import { api, type Schemas } from "../../api/client";
import { invalidate, useAction, useApi } from "../../api/query";
import { useSession } from "../../api/session";
import type { RoomProps } from "../../lib/router";
import { Button, Checkbox, Confirm, Field, Loaded, Money, PlainText, ProblemNote, RelativeTime, toast } from "../../ui";
import { AgentHead } from "../agents/AgentHead";
import { RetentionForm } from "./Retention";
import { PartHead, words } from "./shared";
import "./operate.css";

type Budget = Schemas["Budget"];
const REFRESH_MS = 15_000;
const ORIGINS: readonly { origin: Schemas["Origin"]; title: string; says: string }[] = [
  { origin: "PRODUCTION", title: "In production", says: "What is started for real." },
  { origin: "TEST", title: "In tests", says: "Test runs from the designer and the command line." },
];

export default function BudgetsRoom({ params }: RoomProps) {
  const agent = params["agent"] ?? "";
  const { tenant, may } = useSession();
  const path = { tenant, agent };
  const budgets = useApi("/v1/tenants/{tenant}/agents/{agent}/budget/all", { path }, { refreshMs: REFRESH_MS });
  const retention = useApi("/v1/tenants/{tenant}/agents/{agent}/retention", { path }, { enabled: may("admin") });
  return (
    <div className="room">
      <AgentHead agent={agent} part="budgets" />
      <div className="stack">
        <Loaded query={budgets} rows={4}>
          {(all) => (
            <div className="operate-pair">
              {ORIGINS.map((one) => {
                const known = all.find((budget) => budget.origin === one.origin) ?? null;
                return (
                  <section key={one.origin}>
                    <PartHead title={one.title} sub={one.says} />
                    <BudgetForm key={`${known?.updatedAt}`} agent={agent} origin={one.origin} known={known} />
                  </section>
                );
              })}
            </div>
          )}
        </Loaded>
        {may("admin") && (
          <section className="operate-pair-wide">
            <PartHead title="Retention" sub="How long its finished executions are kept, from their end." />
            <Loaded query={retention} rows={2}>
              {(data) => <RetentionForm key={JSON.stringify(data)} known={data} agent={agent} />}
            </Loaded>
          </section>
        )}
      </div>
    </div>
  );
}

/** Dollars as they are typed; undefined: it is no amount. */
export function amountOf(text: string): number | undefined {
  const trimmed = text.trim();
  return /^\d+(\.\d+)?$/.test(trimmed) && Number(trimmed) > 0 ? Number(trimmed) : undefined;
}

/** Percents, rising; undefined: one of them is none. */
export function thresholdsOf(text: string): number[] | undefined {
  const all = words(text.replace(/%/g, " ")).map(Number);
  return all.every((one) => Number.isFinite(one) && one > 0) ? all.sort((a, b) => a - b) : undefined;
}

function Bar(props: { of: Budget }) {
  const { of } = props;
  const tone = of.usagePercent >= 100 ? "bad" : of.thresholdRules.some((rule) => of.usagePercent >= rule.percent) ? "waiting" : "good";
  return (
    <div>
      <div className="row">
        <span className="grow">
          <Money usd={of.currentMonthlyCost} /> of <Money usd={of.amount} /> <span className="quiet small">in {of.month} (UTC)</span>
        </span>
        <span className="number">{Math.round(of.usagePercent)} %</span>
      </div>
      <div className={`operate-bar tone-${tone}`} role="progressbar" aria-label="Used" aria-valuenow={Math.min(100, Math.round(of.usagePercent))} aria-valuemin={0} aria-valuemax={100}>
        <div style={{ width: `${Math.min(100, of.usagePercent)}%` }} />
      </div>
    </div>
  );
}

function BudgetForm(props: { agent: string; origin: Schemas["Origin"]; known: Budget | null }) {
  const { agent, origin, known } = props;
  const { tenant, may } = useSession();
  const [amount, setAmount] = useState(known ? String(known.amount) : "");
  const [rules, setRules] = useState(known ? known.thresholdRules.map((one) => one.percent).join(", ") : "50, 80, 100");
  const [isEnforced, setEnforced] = useState(known?.enforceLimit ?? true);
  const [isAsked, setAsked] = useState(false);
  const target = { path: { tenant, agent }, query: { origin } };
  const reread = () => invalidate(`/v1/tenants/${encodeURIComponent(tenant)}/agents/${encodeURIComponent(agent)}/budget`);
  const save = useAction(async () => {
    const body = { amount: amountOf(amount), thresholdRules: (thresholdsOf(rules) ?? []).map((percent) => ({ percent })), enforceLimit: isEnforced } as Schemas["SetBudget"];
    await api.put("/v1/tenants/{tenant}/agents/{agent}/budget", { ...target, body });
    reread();
    toast("Saved.");
  });
  const remove = useAction(async () => {
    await api.delete("/v1/tenants/{tenant}/agents/{agent}/budget", target);
    setAsked(false);
    reread();
    toast("Removed.");
  });
  const mayChange = may("agents:write");
  const amountProblem = amount.trim() !== "" && amountOf(amount) === undefined ? "Write an amount above nothing, such as 25 or 0.50." : null;
  const rulesProblem = thresholdsOf(rules) === undefined ? "Write percents, such as 50, 80, 100." : null;
  return (
    <form
      className="panel operate-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!amountProblem && !rulesProblem && amount.trim() !== "") void save.run();
      }}
    >
      {known ? <Bar of={known} /> : <p className="quiet">There is no budget: it may cost what it costs.</p>}
      <Field label="US dollars a month" inputMode="decimal" value={amount} disabled={!mayChange} problem={amountProblem} onChange={(event) => setAmount(event.target.value)} />
      <Field label="Say something at, in percent" hint="Each is said in the audit, as budget.crossed" value={rules} disabled={!mayChange} problem={rulesProblem} onChange={(event) => setRules(event.target.value)} />
      <Checkbox label="Enforce it" hint="Starts are refused once it is used up; without it, it is only watched" checked={isEnforced} disabled={!mayChange} onChange={(event) => setEnforced(event.target.checked)} />
      <div className="row">
        <span className="grow quiet small">
          {known && (
            <>
              Set <RelativeTime at={known.updatedAt} /> by <PlainText text={known.updatedBy} max={120} />
            </>
          )}
        </span>
        {known && mayChange && (
          <Button look="quiet" onClick={() => setAsked(true)}>
            Remove
          </Button>
        )}
        {mayChange && (
          <Button type="submit" look="primary" busy={save.isBusy} disabled={amount.trim() === "" || Boolean(amountProblem) || Boolean(rulesProblem)}>
            Save
          </Button>
        )}
      </div>
      <ProblemNote error={save.problem} />
      {isAsked && (
        <Confirm title="Remove this budget?" action="Remove" danger isBusy={remove.isBusy} onClose={() => setAsked(false)} onDo={() => void remove.run()}>
          <div className="stack">
            <p>The agent may cost what it costs from now on.</p>
            <ProblemNote error={remove.problem} />
          </div>
        </Confirm>
      )}
    </form>
  );
}
