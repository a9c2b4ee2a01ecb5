// Where the work is done: the bar, the graph, and the panel beside it. What happens to the text is in useDesign, what can be done in model/.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { address, api, ProblemError, type Schemas } from "../../api/client";
import { invalidate, useApi } from "../../api/query";
import { useSession } from "../../api/session";
import { useMedia, usePainted, useRested, useShortcuts } from "../../lib/hooks";
import { later } from "../../lib/later";
import { navigate, setQuery, to, useLocation } from "../../lib/router";
import { Badge, Button, Empty, LinkButton, Note, SearchField, Skeleton, Tabs, toast } from "../../ui";
import { AgentHead } from "../agents/AgentHead";
import { Canvas, type Mark } from "./Canvas";
import { AloneDialog, ComparePanel, ConflictNote, PublishDialog } from "./Dialogs";
import { Inspector } from "./Inspector";
import { compared } from "./model/compare";
import { applyEdit, EditError, type Path } from "./model/edits";
import { addStep, connect, copySteps, freeName, freshStep, fullName, loneStep, pasteSteps, placeOf, placeSteps, readFlow, removeEdges, removeSteps, renameStep, setEdge, stepAtLine, stepLines, viewOf, type Clip, type Kind, type Level, type Point, type StepView, type Values } from "./model/flow";
import { ancestors, namesInScope } from "./model/graph";
import { NODE_WIDTH, placed } from "./model/layout";
import { Palette, PaletteRail } from "./Palette";
import { startAt, startTest, statusesOf, useWatched } from "./run";
import { exampleOf, pinnedFrom, TestPanel } from "./TestPanel";
import { useDesign, type Draft, type Saving } from "./useDesign";
import { flowTextOf } from "./DesignerRoom";

const YamlEditor = later(() => import("./YamlEditor"));
type Part = "graph" | "text" | "step" | "problems" | "test";
type Asked = { from: { id: string; port: string } | null; point: Point | null };
let clip: Clip | null = null;
const NO_MARKS: ReadonlyMap<string, Mark> = new Map();
const NO_EDGES: ReadonlyMap<number, Mark> = new Map();

export interface WorkbenchProps {
  agent: string;
  base: number;
  text: string;
  draft: Draft | null;
  revisionText: string | null;
  revisions: readonly number[];
  isNew?: boolean;
}

export function Workbench(props: WorkbenchProps) {
  const { agent, base } = props;
  const { tenant, may } = useSession();
  const isReadOnly = !may("agents:write");
  const design = useDesign({ tenant, agent, base, text: props.text, draft: props.draft, textOf: (draft) => flowTextOf(draft.headData) ?? "", isReadOnly });
  const { query } = useLocation();
  const compare = query.get("compare");
  const execution = query.get("execution");
  const watched = useWatched(tenant, agent, execution);
  const isWide = useMedia("(min-width: 1800px)");
  const isNarrow = useMedia("(max-width: 1023px)");
  const [part, setPart] = useState<Part>(isNarrow ? "graph" : isWide ? "step" : "text");
  const [level, setLevel] = useState<Level>([]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [chosenEdge, setChosenEdge] = useState<number | null>(null);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [dialog, setDialog] = useState<"publish" | StepView | null>(null);
  // What was copied outlives the room, so that it can be pasted into another agent.
  const [isClipped, setClipped] = useState(clip !== null);
  const [find, setFind] = useState("");
  const [goTo, setGoTo] = useState<{ id: string; atMs: number } | null>(null);
  const [line, setLine] = useState<{ line: number; atMs: number } | null>(null);
  const [fitAtMs, setFitAtMs] = useState(0);
  const findField = useRef<HTMLInputElement>(null);

  // The first save of a new flow is made at once, so that it is there for others, too.
  useEffect(() => {
    if (props.isNew && !isReadOnly) void design.flush();
    // eslint-disable-next-line
  }, []);

  // -- what is shown --
  // While the text is typed the rest follows a moment later; what forms change they show at once, for their next change builds on it.
  const isTyping = useRef(false);
  const rested = useRested(design.text, 60);
  const shownText = isTyping.current ? rested : design.text;
  const read = useMemo(() => readFlow(shownText), [shownText]);
  const lastGood = useRef<Values>({});
  if (read.root) lastGood.current = read.root;
  const root = lastGood.current;
  const isComparing = compare !== null && base > 0;
  const other = useApi("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}", { path: { tenant, agent, revision: compare ?? "0" } }, { enabled: isComparing });
  const otherText = useMemo(() => flowTextOf(other.data), [other.data]);
  const diff = useApi("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/diff/{other}", { path: { tenant, agent, revision: String(base), other: compare ?? "0" } }, { enabled: isComparing });
  const comparison = useMemo(() => (isComparing && diff.data && otherText !== null ? compared(props.revisionText ?? "", otherText, diff.data as Schemas["Diff"], level) : null), [isComparing, diff.data, otherText, props.revisionText, level]);
  // Two revisions in one graph need more room than one had.
  useEffect(() => setFitAtMs(Date.now()), [comparison === null]);
  const plainView = useMemo(() => viewOf(root, level), [root, level]);
  const view = comparison?.view ?? plainView;
  const points = useMemo(() => placed(view), [view]);
  const statusOf = useMemo(() => statusesOf(watched.attempts, level), [watched.attempts, level]);
  const places = useMemo(() => design.problems.map((problem) => ({ problem, ...placeOf(problem.pointer) })), [design.problems]);
  const here = places.filter((one) => one.level.join("/") === level.join("/"));
  const problemsOf = useMemo(() => counted(places, level), [places, level]);
  const edgeProblems = useMemo(() => new Set(here.flatMap((one) => (one.edge === null ? [] : [one.edge]))), [places, level]);
  const found = useMemo(() => {
    const words = find.trim().toLowerCase();
    return new Set(words === "" ? [] : view.steps.filter((step) => `${step.id} ${step.title} ${step.kind} ${JSON.stringify(step.value)}`.toLowerCase().includes(words)).map((step) => step.id));
  }, [find, view]);
  const step = chosen.size === 1 ? (view.steps.find((one) => chosen.has(one.id)) ?? null) : null;
  const edge = chosenEdge === null ? null : (view.edges.find((one) => one.at === chosenEdge) ?? null);
  const canEdit = !isReadOnly && !isComparing;

  // -- what is done --
  const edit = useCallback(
    (change: (text: string) => string, topic = "") => {
      try {
        isTyping.current = false;
        design.change(change(design.current()), topic);
        return true;
      } catch (error) {
        if (!(error instanceof EditError)) throw error;
        toast(error.message, { tone: "bad" });
        return false;
      }
    },
    [design],
  );
  const choose = (ids: string[], at: number | null) => {
    setChosen((before) => (ids.length === before.size && ids.every((id) => before.has(id)) ? before : new Set(ids)));
    setChosenEdge(at);
    const [only] = ids;
    if (ids.length === 1 && only && (part === "text" || isWide)) {
      const start = stepLines(design.text, level).find((one) => one.id === only);
      if (start) setLine({ line: start.line, atMs: Date.now() });
    }
    if (at !== null && part !== "graph") setPart("step");
  };
  const showStep = (name: string) => {
    const parts = name.replace(/\[\d+\]/g, "").split("/");
    const id = parts.pop() ?? "";
    setLevel(parts);
    setChosen(new Set([id]));
    setChosenEdge(null);
    window.setTimeout(() => setGoTo({ id, atMs: Date.now() }), 80);
  };
  const open = (id: string) => {
    const one = view.steps.find((each) => each.id === id);
    setChosen(new Set([id]));
    if (one?.kind === "map") enter([...level, id]);
    else setPart("step");
  };
  const enter = (next: Level) => {
    setLevel(next);
    setChosen(new Set());
    setChosenEdge(null);
    setFitAtMs(Date.now());
  };
  const add = (kind: Kind, at: Asked) => {
    const id = freeName(kind === "flow" ? "child" : kind, new Set(plainView.steps.map((one) => one.id)));
    const point = at.point ?? freePoint(points, at.from?.id ?? step?.id ?? null);
    const isDone = edit((text) => {
      const next = addStep(text, level, id, freshStep(kind), point);
      return at.from ? connect(next, level, at.from.id, id, at.from.port) : next;
    });
    setAsked(null);
    if (!isDone) return;
    setChosen(new Set([id]));
    setChosenEdge(null);
    if (part !== "graph") setPart("step");
    if (plainView.steps.length === 0) setFitAtMs(Date.now());
  };
  const remove = () => {
    if (!canEdit) return;
    if (chosenEdge !== null) edit((text) => removeEdges(text, level, [chosenEdge]));
    else if (chosen.size > 0) edit((text) => removeSteps(text, level, [...chosen]));
    setChosen(new Set());
    setChosenEdge(null);
  };
  const copy = () => {
    if (chosen.size === 0) return;
    clip = copySteps(view, chosen, points);
    setClipped(true);
    toast(chosen.size === 1 ? "One step copied" : `${chosen.size} steps copied`);
  };
  const paste = () => {
    if (!clip || !canEdit) return;
    const held = clip;
    let ids: string[] = [];
    edit((text) => {
      const done = pasteSteps(text, level, held, { x: 40, y: 40 });
      ids = done.ids;
      return done.text;
    });
    if (ids.length > 0) setChosen(new Set(ids));
  };
  const cut = () => {
    if (chosen.size === 0 || !canEdit) return;
    copy();
    remove();
  };
  const arrange = () => {
    edit((text) => placeSteps(text, level, placed(plainView, true)));
    setFitAtMs(Date.now());
  };
  const onChange = (path: Path, value: unknown) => void edit((text) => applyEdit(text, value === undefined ? { kind: "remove", path } : { kind: "set", path, value }), path.join("/"));
  const start = async (parameters: unknown, mode: string) => {
    if (!(await design.flush())) throw new ProblemError({ type: "", title: "The draft could not be saved", status: 0, code: "not_saved", detail: "See what stands above the canvas." });
    const draft = await api.get("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft", { path: { tenant, agent, revision: String(base) } });
    const id = await startTest({ tenant, agent, base, version: (draft as Draft | null)?.version ?? null }, { parameters, mode });
    setQuery({ execution: id });
  };
  const runAlone = async (one: StepView, pinned: Record<string, unknown>, input: unknown) => {
    const url = address("/v1/tenants/{tenant}/agents/{agent}:streamTest", { path: { tenant, agent } });
    const id = await startAt(url, { flow: loneStep(root, one.id, pinned), parameters: input, mode: "SANDBOX" }, null);
    setDialog(null);
    setQuery({ execution: id });
    setPart("step");
  };
  const publish = async (comment: string, deploy: boolean) => {
    if (!(await design.flush())) throw new ProblemError({ type: "", title: "The draft could not be saved", status: 0, code: "not_saved", detail: "See what stands above the canvas." });
    const draft = (await api.get("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft", { path: { tenant, agent, revision: String(base) } })) as Draft | null;
    const made = (await api.post("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:publish", { path: { tenant, agent, revision: String(base) }, body: { comment: comment || null, deploy }, ifMatch: draft?.version })) as { agentRevision: number };
    setDialog(null);
    invalidate(`/v1/tenants/${tenant}/agents/${agent}`);
    toast(`Revision ${made.agentRevision} is saved`, { action: { label: "See the revisions", run: () => navigate(to`/agents/${agent}/revisions`) } });
    navigate(to`/agents/${agent}/design/${String(made.agentRevision)}`);
  };

  useShortcuts([
    { keys: "mod+z", label: "Undo", run: design.undo },
    { keys: "mod+y", label: "Redo", run: design.redo },
    { keys: "mod+c", label: "Copy the chosen steps", run: copy },
    { keys: "mod+x", label: "Cut the chosen steps", run: cut },
    { keys: "mod+v", label: "Paste steps", run: paste },
    { keys: "mod+a", label: "Choose every step", run: () => choose(view.steps.map((one) => one.id), null) },
    { keys: "Delete", label: "Remove what is chosen", run: remove },
    { keys: "Backspace", label: "Remove what is chosen", run: remove },
    { keys: "a", label: "Add a step", run: () => canEdit && setAsked({ from: null, point: null }) },
    { keys: "l", label: "Arrange the graph", run: () => canEdit && arrange() },
    { keys: "/", label: "Find a step", run: () => findField.current?.focus() },
    { keys: "mod+s", label: "Save a revision", inFields: true, run: () => canEdit && setDialog("publish") },
  ]);

  // Read when the text is used, not when the room opens.
  const lines = useMemo(() => {
    let known: ReturnType<typeof stepLines> | null = null;
    return () => (known ??= read.error ? [] : stepLines(shownText, level));
  }, [shownText, level, read.error]);
  const textProblems = useMemo(() => {
    if (read.error) return [read.error];
    return design.isChecked ? design.problems.flatMap((one) => (one.line ? [{ line: one.line, column: one.column ?? 1, message: `${one.message}${one.hint ? ` (${one.hint})` : ""}` }] : [])) : [];
  }, [read.error, design.isChecked, design.problems]);
  // The graph comes first: the editor is heavy, and nobody reads it before the graph is there.
  const isPainted = usePainted();
  const waiting = <Skeleton rows={12} label="Loading the editor" />;
  const editor = isPainted ? (
      <YamlEditor
        waiting={waiting}
        text={design.text}
        isReadOnly={!canEdit}
        problems={textProblems}
        goTo={line}
        namesAt={(at) => namesInScope(root, level, stepAtLine(lines(), at))}
        onChange={(text) => {
          isTyping.current = true;
          design.change(text, "typing");
        }}
        onLine={(at) => {
          const id = stepAtLine(lines(), at);
          if (id && !chosen.has(id)) setChosen(new Set([id]));
        }}
        onUndo={design.undo}
        onRedo={design.redo}
      />
  ) : (
    waiting
  );
  const canvas = (
    <div className="designer-stage">
      {level.length > 0 && (
        <nav className="designer-level" aria-label="Which part is shown">
          <Button small look="quiet" onClick={() => enter([])}>
            The flow
          </Button>
          {level.map((map, at) => (
            <Button key={at} small look="quiet" icon="right" onClick={() => enter(level.slice(0, at + 1))}>
              {map}
            </Button>
          ))}
        </nav>
      )}
      {view.steps.length === 0 && (
        <div className="designer-none">
          <Empty icon="layout" title={read.error ? "The text cannot be drawn" : "No step yet"} action={canEdit && !read.error ? <Button icon="plus" onClick={() => setAsked({ from: null, point: null })}>Add the first step</Button> : undefined}>
            {read.error?.message}
          </Empty>
        </div>
      )}
      <div className="designer-table">
        {canEdit && !isNarrow && <PaletteRail onAdd={(kind) => add(kind, { from: null, point: null })} />}
        <Canvas
          view={view}
          points={points}
          chosen={chosen}
          chosenEdge={chosenEdge}
          problemsOf={problemsOf}
          edgeProblems={edgeProblems}
          statusOf={statusOf}
          marks={comparison?.marks ?? NO_MARKS}
          edgeMarks={comparison?.edgeMarks ?? NO_EDGES}
          found={found}
          isReadOnly={!canEdit}
          goTo={goTo}
          fitAtMs={fitAtMs}
          onChoose={choose}
          onOpen={open}
          onMove={(next) => void edit((text) => placeSteps(text, level, next), "move")}
          onConnect={(from, target, port) => void edit((text) => connect(text, level, from, target, port))}
          onDropped={(point, from) => canEdit && setAsked({ from, point: { x: point.x - NODE_WIDTH / 2, y: point.y } })}
          onPlaced={(kind, point) => add(kind, { from: null, point })}
        />
      </div>
    </div>
  );
  const inspector = (
    <Inspector
      root={root}
      view={view}
      step={step}
      edge={edge}
      problems={here.filter((one) => (step ? one.step === step.id : edge ? one.edge === edge.at : one.step === null && one.edge === null)).map((one) => one.problem)}
      attempts={watched.attempts}
      parameters={watched.parameters}
      isReadOnly={!canEdit}
      onChange={onChange}
      onRename={(id, next) => edit((text) => renameStep(text, level, id, next)) && setChosen(new Set([next]))}
      onEdge={(at, change) => void edit((text) => setEdge(text, level, at, change))}
      onRemove={remove}
      onEnter={(map) => enter([...level, map])}
      onRunAlone={(one) => setDialog(one)}
    />
  );
  const tabs: { key: Part; label: string }[] = [
    ...(isNarrow ? [{ key: "graph" as const, label: "Graph" }] : []),
    ...(isWide ? [] : [{ key: "text" as const, label: "YAML" }]),
    { key: "step", label: step ? "Step" : edge ? "Edge" : "Flow" },
    { key: "problems", label: `Problems${places.length + (read.error ? 1 : 0) > 0 ? ` ${places.length + (read.error ? 1 : 0)}` : ""}` },
    { key: "test", label: "Test" },
  ];
  const current = tabs.some((one) => one.key === part) ? part : (tabs[0]?.key ?? "step");
  const panel = (
    <div className="designer-panel">
      {isComparing ? (
        <ComparePanel tenant={tenant} agent={agent} left={base} right={Number(compare)} revisions={props.revisions} leftText={props.revisionText ?? ""} rightText={otherText} onChoose={(left, right) => navigate(`${to`/agents/${agent}/design/${String(left)}`}?compare=${right}`)} onClose={() => setQuery({ compare: null })} />
      ) : (
        <Tabs label="Of the flow" tabs={tabs} current={current} onChange={(key) => setPart(key as Part)}>
          {current === "graph" && canvas}
          {current === "text" && editor}
          {current === "step" && inspector}
          {current === "problems" && <ProblemList syntax={read.error} places={places} isChecked={design.isChecked} onGo={(one) => (one.step ? (showStep([...one.level, one.step].join("/")), setPart(isNarrow ? "graph" : "step")) : one.edge !== null ? (enter(one.level), choose([], one.edge)) : setPart("step"))} />}
          {current === "test" && <TestPanel tenant={tenant} agent={agent} base={base} root={root} problems={places.length} onProblems={() => setPart("problems")} execution={execution} watched={watched} canRun={may("executions:run")} onLoad={(id) => setQuery({ execution: id })} onStart={start} onGoTo={showStep} />}
        </Tabs>
      )}
    </div>
  );
  return (
    <div className="room designer">
      <AgentHead
        agent={agent}
        part="design"
        actions={
          <>
            <SavingNote saving={design.saving} isReadOnly={isReadOnly} hasDraft={design.version !== null} base={base} />
            {base > 0 && (
              <LinkButton icon="release" to={to`/agents/${agent}/revisions`}>
                Revisions
              </LinkButton>
            )}
            <Button look="primary" disabled={!canEdit} onClick={() => setDialog("publish")}>
              Save revision
            </Button>
          </>
        }
      />
      {design.saving.kind === "conflict" && <ConflictNote theirs={design.saving.theirs} mine={design.text} textOf={(draft) => flowTextOf(draft.headData) ?? ""} onTake={design.takeTheirs} onKeep={design.keepMine} />}
      {design.saving.kind === "failed" && <Note tone="bad" icon="warning">The draft is not saved: {design.saving.error.message}</Note>}
      <div className="designer-bar" role="toolbar" aria-label="The canvas">
        <Button small icon="plus" disabled={!canEdit} onClick={() => setAsked({ from: null, point: null })}>
          Add step
        </Button>
        <Button small icon="undo" iconOnly disabled={!design.canUndo} onClick={design.undo}>
          Undo
        </Button>
        <Button small icon="redo" iconOnly disabled={!design.canRedo} onClick={design.redo}>
          Redo
        </Button>
        <Button small icon="layout" iconOnly disabled={!canEdit} onClick={arrange}>
          Arrange
        </Button>
        <Button small icon="copy" iconOnly disabled={chosen.size === 0} onClick={copy}>
          Copy
        </Button>
        <Button small icon="paste" iconOnly disabled={!canEdit || !isClipped} onClick={paste}>
          Paste
        </Button>
        <SearchField label="Find a step" value={find} onChange={setFind} inputRef={findField} />
        {find && (
          <Button small look="quiet" disabled={found.size === 0} onClick={() => showStep(fullName(level, nextOf([...found], goTo?.id)))}>
            {found.size === 0 ? "None" : `Next of ${found.size}`}
          </Button>
        )}
        <span className="grow" />
        {props.revisions.length > 1 && base > 0 && !isComparing && (
          <Button small icon="branch" onClick={() => setQuery({ compare: String(props.revisions.find((one) => one !== base) ?? base) })}>
            Compare
          </Button>
        )}
        <Button small icon="play" onClick={() => setPart("test")}>
          Test
        </Button>
      </div>
      <div className={`designer-work ${isWide && !isComparing ? "is-wide" : ""} ${isNarrow ? "is-narrow" : ""} ${isComparing ? "is-compared" : ""}`}>
        {(!isNarrow || isComparing) && canvas}
        {panel}
        {isWide && !isComparing && <div className="designer-panel">{editor}</div>}
      </div>
      {asked && <Palette from={asked.from?.id ?? null} onAdd={(kind) => add(kind, asked)} onClose={() => setAsked(null)} />}
      {dialog === "publish" && <PublishDialog problems={places.length} mayDeploy={may("agents:deploy")} onPublish={publish} onClose={() => setDialog(null)} />}
      {dialog && dialog !== "publish" && <AloneDialog step={dialog.id} pinned={pinnedFrom(watched, [...ancestors(plainView.edges, dialog.id)].filter((id) => id !== dialog.id), (id) => rehearsed(plainView.steps, id))} input={watched.parameters ?? exampleOf(root["input"])} onRun={(pinned, input) => runAlone(dialog, pinned, input)} onClose={() => setDialog(null)} />}
    </div>
  );
}

function rehearsed(steps: readonly StepView[], id: string): unknown {
  const sandbox = steps.find((one) => one.id === id)?.value["sandbox"] as Values | undefined;
  return sandbox?.["output"] ?? (Array.isArray(sandbox?.["outputs"]) ? sandbox["outputs"][0] : null);
}

function nextOf(ids: string[], last: string | undefined): string {
  return ids[(ids.indexOf(last ?? "") + 1) % ids.length] ?? "";
}

function freePoint(points: ReadonlyMap<string, Point>, below: string | null): Point {
  const all = [...points.values()];
  const above = below === null ? undefined : points.get(below);
  let point = above ? { x: above.x, y: above.y + 120 } : { x: all[0]?.x ?? 0, y: all.length === 0 ? 0 : Math.max(...all.map((one) => one.y)) + 120 };
  while (all.some((one) => Math.abs(one.x - point.x) < 200 && Math.abs(one.y - point.y) < 70)) point = { x: point.x + 240, y: point.y };
  return point;
}

interface Placed {
  problem: Schemas["FlowProblem"];
  level: string[];
  step: string | null;
  edge: number | null;
}

/** Problems per step of a level; a map counts what is wrong inside it. */
function counted(places: readonly Placed[], level: Level): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const one of places) {
    const whole = one.step === null ? one.level : [...one.level, one.step];
    const id = whole[level.length];
    if (id !== undefined && level.every((map, at) => whole[at] === map)) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

function SavingNote(props: { saving: Saving; isReadOnly: boolean; hasDraft: boolean; base: number }) {
  const { saving } = props;
  if (props.isReadOnly) return <Badge title="Your key may not change agents">Only to look at</Badge>;
  const words = { saved: props.hasDraft ? "Draft saved" : `Revision ${props.base}, no draft`, waiting: "Not saved yet", saving: "Saving", conflict: "Conflict", failed: "Not saved" }[saving.kind];
  return (
    <span className="small quiet" role="status" data-testid="saving">
      {words}
    </span>
  );
}

function ProblemList(props: { syntax: { message: string; line: number } | null; places: readonly Placed[]; isChecked: boolean; onGo: (one: Placed) => void }) {
  if (!props.syntax && props.places.length === 0) return <Empty icon="check" title={props.isChecked ? "Nothing is wrong" : "Nothing known to be wrong"}>The server checks the draft whenever it is saved.</Empty>;
  return (
    <ul className="designer-problems" aria-label="Problems">
      {props.syntax && (
        <li>
          <strong>{props.syntax.message}</strong>
          <span className="quiet small">Line {props.syntax.line}. The graph shows what could be read last.</span>
        </li>
      )}
      {props.places.map((one, at) => (
        <li key={at}>
          <button type="button" className="text-button" onClick={() => props.onGo(one)}>
            {one.step ? [...one.level, one.step].join("/") : one.edge !== null ? `edge ${one.edge + 1}` : "flow"}
            {one.problem.line ? `, line ${one.problem.line}` : ""}
          </button>
          <strong>{one.problem.message}</strong>
          <span className="quiet small">
            {one.problem.hint} <code>{one.problem.code}</code>
          </span>
        </li>
      ))}
    </ul>
  );
}
