// The flow of an execution as the designer draws it, to be looked at, with what became of each step. Loaded when it is looked at first.
import { useEffect, useMemo, useRef, useState } from "react";
import { Button, Empty, Note, PlainText, Skeleton } from "../../ui";
import { Canvas } from "../designer/Canvas";
import { viewOf, type Level, type Values } from "../designer/model/flow";
import { placed } from "../designer/model/layout";
import "../designer/designer.css";
import { useFlow } from "./flow";
import { statesAt, type Tree } from "./model";

const NO_NUMBERS: ReadonlyMap<string, number> = new Map();
const NO_STEP_MARKS = new Map<string, never>();
const NO_EDGE_MARKS = new Map<number, never>();
const NOTHING: ReadonlySet<never> = new Set();
const ignore = () => undefined;
const WIDTH_STEP = 40;
/** What a drawing that is only looked at never does. */
const STILL = { isReadOnly: true, onMove: ignore, onConnect: ignore, onDropped: ignore, onPlaced: ignore };

export interface GraphProps {
  tenant: string;
  agent: string;
  /** -1: a draft. */
  revision: number;
  tree: Tree;
  /** The step that is chosen, `map/step`. */
  chosen: string | null;
  onChoose: (step: string) => void;
}

export default function Graph(props: GraphProps) {
  const { tenant, agent, revision } = props;
  const { root, error, isDraft } = useFlow(tenant, agent, revision);
  if (error) {
    return (
      <Empty icon="layout" title="The flow cannot be read">
        {error.message}
      </Empty>
    );
  }
  if (root === undefined) return <Skeleton rows={8} label="Loading the flow" />;
  if (!root) {
    return (
      <Empty icon="layout" title={isDraft ? "The draft that ran is gone" : "This flow cannot be drawn"}>
        {isDraft ? "It has become a revision, or was thrown away. The timeline shows what it did." : "It was sent by a client of the vendor and runs as it is. The timeline shows what it did."}
      </Empty>
    );
  }
  return (
    <>
      {isDraft && <Note tone="neutral">This is the draft as it stands now; the test ran as it stood then.</Note>}
      <Drawing {...props} root={root} />
    </>
  );
}

function Drawing(props: GraphProps & { root: Values }) {
  const { root, tree, chosen, onChoose } = props;
  const [level, setLevel] = useState<Level>([]);
  const [fitAtMs, setFitAtMs] = useState(0);
  const view = useMemo(() => viewOf(root, level), [root, level]);
  const points = useMemo(() => placed(view), [view]);
  const states = useMemo(() => statesAt(tree, level), [tree, level]);
  useEffect(() => setFitAtMs(Date.now()), [level, root]);
  const element = useRef<HTMLDivElement>(null);
  // When something opens beside it, all of it is to be seen again.
  useEffect(() => {
    const { current } = element;
    if (!current || typeof ResizeObserver === "undefined") return undefined;
    let widthBefore = current.clientWidth;
    const observer = new ResizeObserver(() => {
      if (Math.abs(current.clientWidth - widthBefore) < WIDTH_STEP) return;
      widthBefore = current.clientWidth;
      setFitAtMs(Date.now());
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  const prefix = level.length > 0 ? `${level.join("/")}/` : "";
  const here = chosen?.startsWith(prefix) ? (chosen.slice(prefix.length).split("/")[0] ?? "") : "";
  const picked = useMemo(() => new Set(here === "" ? [] : [here]), [here]);
  const goIn = (id: string) => view.steps.some((step) => step.id === id && step.kind === "map") && setLevel([...level, id]);
  const inside = view.steps.find((step) => step.id === here && step.kind === "map");
  return (
    <div ref={element} className="panel execution-graph">
      {(level.length > 0 || inside) && (
        <div className="execution-level">
          {level.length > 0 && (
            <Button small look="quiet" icon="back" onClick={() => setLevel(level.slice(0, -1))}>
              Out of <PlainText text={level.at(-1) ?? ""} max={60} />
            </Button>
          )}
          {inside && (
            <Button small look="quiet" icon="right" onClick={() => goIn(inside.id)}>
              Into <PlainText text={inside.id} max={60} />
            </Button>
          )}
        </div>
      )}
      <Canvas {...STILL} view={view} points={points} chosen={picked} chosenEdge={null} problemsOf={NO_NUMBERS} edgeProblems={NOTHING} statusOf={states} marks={NO_STEP_MARKS} edgeMarks={NO_EDGE_MARKS} found={NOTHING} goTo={null} fitAtMs={fitAtMs} onChoose={(ids) => ids[0] !== undefined && onChoose(prefix + ids[0])} onOpen={goIn} />
    </div>
  );
}
