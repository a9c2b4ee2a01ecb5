// The designer: an agent's draft as a graph and as text, with what is wrong, what it does when it is tried, and how revisions differ.
import { useEffect, useMemo, useState } from "react";
import { stringify } from "yaml";
import { itemsOf, type Schemas } from "../../api/client";
import { useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { type RoomProps } from "../../lib/router";
import { Button, Empty, ErrorState, Skeleton } from "../../ui";
import { AgentHead } from "../agents/AgentHead";
import { Workbench } from "./Workbench";
import { aboutOf, emptyFlow, forAgent, TEMPLATES, type Template } from "./templates";
import type { Draft } from "./useDesign";
import "./designer.css";

/** A body's flow as text. JSON is printed as YAML; it means the same. */
export function flowTextOf(body: unknown): string | null {
  const flow = (body as { flow?: unknown } | null)?.flow;
  if (typeof flow === "string") return flow;
  return typeof flow === "object" && flow !== null ? stringify(flow, { lineWidth: 0 }) : null;
}

export default function DesignerRoom({ params }: RoomProps) {
  const agent = params["agent"] ?? "";
  const { tenant } = useSession();
  const known = useApi("/v1/tenants/{tenant}/agents/{agent}", { path: { tenant, agent } });
  const asked = params["revision"] ? Number(params["revision"]) : null;
  // Asked for at once, beside the agent: what follows needs it.
  useApi("/v1/tenants/{tenant}/agents/{agent}/revisions", { path: { tenant, agent } });
  if (asked !== null) return <Based key={`${tenant}/${agent}/${asked}`} agent={agent} base={asked} />;
  if (known.error && !known.data) {
    return (
      <div className="room">
        <AgentHead agent={agent} part="design" />
        <ErrorState error={known.error} onRetry={known.reload} />
      </div>
    );
  }
  if (!known.data) return <Waiting agent={agent} />;
  const base = (known.data as { lastRevision: number }).lastRevision;
  return <Based key={`${tenant}/${agent}/${base}`} agent={agent} base={base} />;
}

function Waiting(props: { agent: string }) {
  return (
    <div className="room">
      <AgentHead agent={props.agent} part="design" />
      <Skeleton rows={10} label="Loading the flow" />
    </div>
  );
}

function Based(props: { agent: string; base: number }) {
  const { agent, base } = props;
  const { tenant } = useSession();
  const [begun, setBegun] = useState<string | null>(null);
  const path = { tenant, agent, revision: String(base) };
  const draft = useApi("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft", { path });
  const revision = useApi("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}", { path }, { enabled: base > 0 });
  const lines = useApi("/v1/tenants/{tenant}/agents/{agent}/revisions", { path: { tenant, agent } });
  // What was there at first is what the work begins from; what comes later is followed inside.
  const [first, setFirst] = useState<{ text: string; draft: Draft | null } | null>(null);
  const error = draft.error ?? revision.error;
  const revisionText = useMemo(() => flowTextOf(revision.data), [revision.data]);
  if (!first && !draft.isReading && draft.data !== undefined && (base === 0 || (revision.data && !revision.isReading))) {
    const held = draft.data as Draft | null;
    const text = held ? flowTextOf(held.headData) : revisionText;
    if (text !== null) setFirst({ text, draft: held });
  }
  const revisions = itemsOf(lines.data as Schemas["RevisionLine"][] | undefined).map((one) => one.revision).sort((a, b) => b - a);
  if (first) return <Workbench agent={agent} base={base} text={first.text} draft={first.draft} revisionText={revisionText} revisions={revisions} />;
  if (error) {
    return (
      <div className="room">
        <AgentHead agent={agent} part="design" />
        <ErrorState error={error} onRetry={() => (draft.reload(), revision.reload())} />
      </div>
    );
  }
  if (base === 0 && draft.data === null) {
    if (begun !== null) return <Workbench agent={agent} base={0} text={begun} draft={null} revisionText={null} revisions={[]} isNew />;
    return <Start agent={agent} onBegin={setBegun} />;
  }
  const isForeign = draft.data !== undefined && !draft.isReading && (base === 0 || revision.data !== undefined) && !revision.isReading;
  if (isForeign) {
    return (
      <div className="room">
        <AgentHead agent={agent} part="design" />
        <Empty icon="code" title="This revision has the vendor's shape">It was sent by a client of the vendor and runs as it is. The designer shows flows in Flowgate's own format.</Empty>
      </div>
    );
  }
  return <Waiting agent={agent} />;
}

function Start(props: { agent: string; onBegin: (text: string) => void }) {
  return (
    <div className="room">
      <AgentHead agent={props.agent} part="design" />
      <Empty
        icon="layout"
        title="Nothing here yet"
        action={
          <Button look="primary" icon="plus" onClick={() => props.onBegin(emptyFlow(props.agent))}>
            Begin with an empty canvas
          </Button>
        }
      >
        Begin with nothing, or with one of these and change it.
      </Empty>
      <ul className="designer-templates">
        {TEMPLATES.map((one) => (
          <li key={one.name}>
            <TemplateCard template={one} onBegin={(text) => props.onBegin(forAgent(text, props.agent))} />
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The name of a file as it is said. */
const spoken = (name: string) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("-", " ");

/** Its name at once; what it says of itself when that is read. */
function TemplateCard(props: { template: Template; onBegin: (text: string) => void }) {
  const { name, load } = props.template;
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    let isGone = false;
    load().then((read) => !isGone && setText(read), () => undefined);
    return () => void (isGone = true);
  }, [load]);
  const about = text === null ? null : aboutOf(text);
  return (
    <button type="button" className="designer-template" aria-label={spoken(name)} onClick={() => void load().then(props.onBegin)}>
      <strong>{about?.title || spoken(name)}</strong>
      {about ? <span className="small quiet">{about.says}</span> : <span className="designer-template-reading" aria-hidden="true" />}
    </button>
  );
}
