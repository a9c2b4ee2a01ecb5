// What cannot go on without a person: calls in doubt, and executions that were set aside.
import { useState } from "react";
import { address, api, type Schemas } from "../../api/client";
import { useAction } from "../../api/query";
import { usePages } from "../../api/pages";
import { useSession } from "../../api/session";
import { Link, to } from "../../lib/router";
import { Button, Confirm, Drawer, Empty, Loaded, PlainText, ProblemNote, RelativeTime, toast } from "../../ui";
import { Detail } from "../inbox/Detail";
import "../inbox/inbox.css";
import { PartHead } from "./shared";

const REFRESH_MS = 10_000;
type InDoubt = Schemas["InDoubt"];
type Quarantined = Schemas["Quarantined"];

export function StuckPart() {
  return (
    <div className="stack">
      <DoubtList />
      <QuarantineList />
    </div>
  );
}

function DoubtList() {
  const { tenant } = useSession();
  const pages = usePages<InDoubt>("/v1/tenants/{tenant}/inDoubt", { path: { tenant } }, { refreshMs: REFRESH_MS });
  const [open, setOpen] = useState<string | null>(null);
  return (
    <section>
      <PartHead title="In doubt" sub="A call that happens once was begun, and nobody knows whether it happened. Ask the other side, then say so here; Flowgate never guesses." />
      <Loaded query={pages} rows={2}>
        {(all) =>
          all.length === 0 ? (
            <div className="panel">
              <Empty icon="check" title="Nothing is in doubt" />
            </div>
          ) : (
            <ul className="panel operate-cards">
              {all.map((one) => (
                <li key={one.approvalRequestId}>
                  <div className="grow">
                    <strong>
                      {one.agentId && <Link to={to`/agents/${one.agentId}/executions/${one.executionRecordId}`}>{one.agentId}</Link>} › <PlainText text={one.step} max={100} />
                    </strong>{" "}
                    <span className="quiet small">
                      <RelativeTime at={one.createdAt} />
                    </span>
                    <div className="small">
                      <PlainText text={one.title} max={300} />
                    </div>
                  </div>
                  <Button onClick={() => setOpen(one.approvalRequestId)}>Look and resolve</Button>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {pages.hasMore && <Button onClick={pages.more}>Show more</Button>}
      {open && (
        <Drawer title="In doubt" width="wide" onClose={() => setOpen(null)}>
          <Detail
            id={open}
            listed={null}
            onBack={null}
            onNext={() => {
              setOpen(null);
              pages.reload();
            }}
          />
        </Drawer>
      )}
    </section>
  );
}

type Way = "release" | "cancel" | "replay";
const WAYS: Record<Way, { title: string; action: string; says: string; done: string }> = {
  release: { title: "Give it one more attempt?", action: "Release", says: "It goes on from its journal. If the cause is still there, it is set aside again; nothing else is touched.", done: "Released. It goes on." },
  cancel: { title: "Cancel it?", action: "Cancel the execution", says: "It ends where it stands and does not go on. What it did stays done. It cannot be taken back.", done: "Cancelled." },
  replay: { title: "Start it anew?", action: "Start anew", says: "A new execution begins with the same input and does everything again, also what this one did before. Cancel this one first.", done: "A new execution has begun." },
};

function QuarantineList() {
  const { tenant, may } = useSession();
  const pages = usePages<Quarantined>("/v1/tenants/{tenant}/quarantined", { path: { tenant } }, { refreshMs: REFRESH_MS });
  const [asked, setAsked] = useState<{ way: Way; one: Quarantined } | null>(null);
  const act = useAction(async (way: Way, one: Quarantined) => {
    const path = { tenant, agent: one.agentId ?? "", execution: one.id };
    if (way === "release") await api.post("/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:release", { path });
    else if (way === "cancel") await api.post("/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:cancelRun", { path });
    else await api.post("/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:replay", { path });
    setAsked(null);
    toast(WAYS[way].done);
    pages.reload();
  });
  const ask = (way: Way, one: Quarantined) => {
    act.clear();
    setAsked({ way, one });
  };
  return (
    <section>
      <PartHead title="Set aside" sub="Executions that cannot go on: keep the export, release them after the cause is mended, else cancel them and start anew." />
      <Loaded query={pages} rows={2}>
        {(all) =>
          all.length === 0 ? (
            <div className="panel">
              <Empty icon="check" title="Nothing was set aside" />
            </div>
          ) : (
            <ul className="panel operate-cards">
              {all.map((one) => (
                <li key={one.id}>
                  <div className="grow">
                    <PlainText text={one.reason} max={600} />
                    <div className="quiet small">
                      {one.agentId ? <Link to={to`/agents/${one.agentId}/executions/${one.id}`}>{one.agentId}</Link> : "an agent that is gone"}, begun <RelativeTime at={one.startTime} />
                    </div>
                  </div>
                  {one.agentId && (
                    <div className="row">
                      <a className="button button-plain" href={address("/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}/export", { path: { tenant, agent: one.agentId, execution: one.id } })} download={`${one.id}.json`}>
                        Export
                      </a>
                      <Button disabled={!may("admin")} onClick={() => ask("release", one)}>
                        Release
                      </Button>
                      <Button onClick={() => ask("replay", one)}>Start anew</Button>
                      <Button look="danger" onClick={() => ask("cancel", one)}>
                        Cancel
                      </Button>
                    </div>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {pages.hasMore && <Button onClick={pages.more}>Show more</Button>}
      {asked && (
        <Confirm title={WAYS[asked.way].title} action={WAYS[asked.way].action} danger={asked.way === "cancel"} isBusy={act.isBusy} onClose={() => setAsked(null)} onDo={() => void act.run(asked.way, asked.one)}>
          <div className="stack">
            <p>{WAYS[asked.way].says}</p>
            <ProblemNote error={act.problem} />
          </div>
        </Confirm>
      )}
    </section>
  );
}
