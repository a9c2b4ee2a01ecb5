// Cancelling everything that fits the filters of the list: first what it would be, then, once, that.
import { useEffect, useState } from "react";
import { api, type Schemas } from "../../api/client";
import { invalidate, useAction } from "../../api/query";
import { counted } from "../../lib/format";
import { Button, Dialog, Field, Note, ProblemNote, Skeleton, toast } from "../../ui";

const SHOWN_MAX = 6;
/** The server cancels as many at a time as it says; somebody who wants more than this many times that asks again. */
const ROUNDS_MAX = 50;

export default function BulkCancel(props: { tenant: string; agent: string | null; filter: Record<string, unknown>; onClose: () => void; onDone: () => void }) {
  const { tenant, agent } = props;
  // What was asked for is what is done, whatever happens to the address meanwhile.
  const [filter] = useState(() => filterOf(props.filter));
  const [reason, setReason] = useState("");
  const send = (dryRun: boolean) => api.post("/v1/tenants/{tenant}/executionRecords:cancel", { path: { tenant }, body: { filter, agentId: agent, dryRun, reason: reason.trim() || null } });
  const [found, setFound] = useState<Schemas["Cancelled"] | null>(null);
  const look = useAction(async () => setFound(await send(true)));
  const { run } = look;
  useEffect(() => void run(), [run]);
  const cancel = useAction(async () => {
    let count = 0;
    let missed = 0;
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const done = await send(false);
      count += done.executions.length;
      missed += done.notCancelled.length;
      if (!done.more || done.executions.length === 0) break;
    }
    invalidate(`/v1/tenants/${encodeURIComponent(tenant)}/`);
    toast(`${counted(count, "execution")} cancelled.${missed > 0 ? ` ${missed} had ended, or could not be cancelled.` : ""}`);
    props.onDone();
    props.onClose();
  });
  const close = () => !cancel.isBusy && props.onClose();
  const count = found?.executions.length ?? 0;
  const many = `${counted(count, "execution")}${found?.more ? " and more" : ""}`;
  const actions = (
    <>
      <Button onClick={close}>Keep as it is</Button>
      <Button look="danger" busy={cancel.isBusy} disabled={count === 0} onClick={() => void cancel.run()}>
        {count === 0 ? "Cancel" : `Cancel ${count}${found?.more ? " and more" : ""}`}
      </Button>
    </>
  );
  return (
    <Dialog title="Cancel everything that fits the filters?" onClose={close} actions={actions}>
      <div className="stack">
        {!found && !look.problem && <Skeleton rows={2} label="Looking for what fits" />}
        <ProblemNote error={look.problem ?? cancel.problem} />
        {found && count === 0 && <Note>Nothing that is not over yet fits. What is over is never touched.</Note>}
        {found && count > 0 && (
          <>
            <p>
              <strong>{many}</strong> would be cancelled{agent === null ? ", of every agent" : ""}: nothing new starts in them, calls under way are cut off, questions are withdrawn, steps that say how are taken back, and their children are cancelled, too. It cannot be undone.
            </p>
            <p className="small quiet">
              {found.executions.slice(0, SHOWN_MAX).map((id) => (
                <code key={id} title={id}>
                  {id.slice(-8)}{" "}
                </code>
              ))}
              {count > SHOWN_MAX && `and ${count - SHOWN_MAX} more`}
            </p>
            <Field label="Why" hint="May stay empty; it is kept in each journal." value={reason} autoComplete="off" onChange={(event) => setReason(event.target.value)} />
          </>
        )}
      </div>
    </Dialog>
  );
}

/** The filters of the list as the body wants them: numbers as numbers, and nothing that is not set. */
export function filterOf(query: Record<string, unknown>): Schemas["ListQuery"] {
  const set = Object.entries(query).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0));
  return Object.fromEntries(set.map(([name, value]) => [name, name === "agentRevision" ? (value as string[]).map(Number) : value])) as Schemas["ListQuery"];
}
