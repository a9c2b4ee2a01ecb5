// The graph: steps that can be moved, joined, found and chosen. What it changes it tells as changes of the text.
import { Background, Handle, MarkerType, MiniMap, Position, ReactFlow, ReactFlowProvider, useNodesState, useReactFlow, useStore, type Connection, type Node, type NodeHandle, type NodeProps, type ReactFlowInstance } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { usePainted } from "../../lib/hooks";
import { statusLook } from "../../lib/status";
import { Badge, Button, Icon, PlainText, Status, type IconName } from "../../ui";
import type { EdgeView, Kind, LevelView, Point, StepView } from "./model/flow";
import { defaultPort, KINDS, portsOf } from "./model/flow";
import { NODE_HEIGHT, NODE_WIDTH } from "./model/layout";
import { routesOf, type Route } from "./model/routes";
import { DRAGGED } from "./Palette";
import { RoutedEdge, type RoutedEdgeType } from "./RoutedEdge";

export const KIND_LOOK: Record<Kind, { label: string; icon: IconName; says: string }> = {
  llm: { label: "Model", icon: "model", says: "One call of a model" },
  agent: { label: "Agent", icon: "agents", says: "A model that works with tools" },
  http: { label: "HTTP call", icon: "external", says: "A request to some service" },
  mcp: { label: "MCP tool", icon: "tool", says: "A tool of an MCP server" },
  builtin: { label: "Builtin", icon: "settings", says: "A tool that Flowgate brings" },
  approval: { label: "Approval", icon: "check", says: "A person decides" },
  ask: { label: "Question", icon: "person", says: "A person answers" },
  map: { label: "Map", icon: "layout", says: "The same for each of a list" },
  flow: { label: "Other agent", icon: "fork", says: "A child execution" },
  wait: { label: "Wait", icon: "clock", says: "For a time, or until one" },
  event: { label: "Event", icon: "inbox", says: "Until a signal comes" },
  set: { label: "Values", icon: "edit", says: "Computes values" },
  fail: { label: "Fail", icon: "warning", says: "Ends with an error" },
  end: { label: "End", icon: "stop", says: "Ends with an output" },
};

export type Mark = "added" | "removed" | "changed";
export interface StepNode extends Record<string, unknown> {
  step: StepView;
  isStart: boolean;
  problems: number;
  status: string | null;
  visits: number;
  mark: Mark | null;
  isFound: boolean;
  ports: string[];
  onOpen: (id: string) => void;
}
type FlowNode = Node<StepNode, "step">;
/** Steps with more ports than these show their names; edges need not say them again. */
const PORTS_UNNAMED = 2;
const PORT_MAX = 16;
/** More of a title does not fit into its box. */
const TITLE_MAX = 60;
const FAR = 0.35;
/** Of more steps than these, only those in sight are drawn. */
const LARGE = 60;
/** A line on the small map is so much of the whole graph. */
const MAP_LINES = 60;
/** Below this, a graph that would fit cannot be read. */
const READABLE = 0.4;
const READABLE_ZOOM = 0.8;

const StepBox = memo(function StepBox({ data, selected }: NodeProps<FlowNode>) {
  const { step, status, mark } = data;
  const look = step.kind ? KIND_LOOK[step.kind] : null;
  const isFar = useStore((state) => state.transform[2] < FAR);
  const tone = status ? statusLook("step", status).tone : null;
  const classes = ["designer-step", selected && "is-chosen", tone && `tone-${tone}`, mark && `is-${mark}`, data.problems > 0 && "is-wrong", data.isFound && "is-found"].filter(Boolean).join(" ");
  const ports = data.ports;
  return (
    <div className={classes} title={look?.label ?? "This step names no kind"} onDoubleClick={() => data.onOpen(step.id)}>
      <Handle type="target" position={Position.Top} className="designer-handle" role="img" aria-label={`Into ${step.id}`} />
      <span className="designer-step-icon">
        <Icon name={look?.icon ?? "warning"} />
      </span>
      <span className="designer-step-text">
        <strong className="cut">
          <PlainText text={(step.title || step.id).slice(0, TITLE_MAX)} />
        </strong>
        {!isFar && (
          <span className="quiet cut">
            {look?.label ?? "No kind"}
            {step.title && (
              <>
                {" · "}
                <code>
                  <PlainText text={step.id.slice(0, TITLE_MAX)} />
                </code>
              </>
            )}
          </span>
        )}
      </span>
      <span className="designer-step-marks">
        {data.isStart && <Badge title="Where it starts">Start</Badge>}
        {data.problems > 0 && (
          <span className="designer-wrong" title={`${data.problems} problems`}>
            <Icon name="warning" size={14} />
            <span className="unseen">{data.problems} problems</span>
          </span>
        )}
        {status && <Status kind="step" status={status} compact />}
        {data.visits > 1 && <span className="small number quiet">×{data.visits}</span>}
        {mark && <span className="small">{mark === "added" ? "new" : mark === "removed" ? "gone" : "changed"}</span>}
      </span>
      {ports.map((port, at) => (
        <Handle key={port} id={port} type="source" position={Position.Bottom} className={`designer-handle ${port === "error" || port === "exhausted" ? "designer-handle-bad" : ""}`} style={{ left: `${((at + 1) * 100) / (ports.length + 1)}%` }} title={port} role="img" aria-label={`From ${step.id} on ${port}`} data-port={port}>
          {(selected || ports.length > PORTS_UNNAMED) && !isFar && <span className="designer-port">{port.length > PORT_MAX ? `${port.slice(0, PORT_MAX)}…` : port}</span>}
        </Handle>
      ))}
    </div>
  );
});
const NODE_TYPES = { step: StepBox };
const EDGE_TYPES = { routed: RoutedEdge };

export interface CanvasProps {
  view: LevelView;
  points: ReadonlyMap<string, Point>;
  chosen: ReadonlySet<string>;
  chosenEdge: number | null;
  problemsOf: ReadonlyMap<string, number>;
  edgeProblems: ReadonlySet<number>;
  statusOf: ReadonlyMap<string, { status: string; visits: number }>;
  marks: ReadonlyMap<string, Mark>;
  edgeMarks: ReadonlyMap<number, Mark>;
  found: ReadonlySet<string>;
  isReadOnly: boolean;
  /** The step to be brought to the middle. */
  goTo: { id: string; atMs: number } | null;
  fitAtMs: number;
  onChoose: (ids: string[], edge: number | null) => void;
  onOpen: (id: string) => void;
  onMove: (points: Map<string, Point>) => void;
  onConnect: (from: string, to: string, port: string) => void;
  /** A handle was dropped where nothing is. */
  onDropped: (point: Point, from: { id: string; port: string }) => void;
  /** A kind of step was dropped onto the canvas. */
  onPlaced: (kind: Kind, point: Point) => void;
}

export function Canvas(props: CanvasProps) {
  return (
    <ReactFlowProvider>
      <Inside {...props} />
    </ReactFlowProvider>
  );
}

/** What an edge says, and all of it where that is too long. */
function wordsOf(edge: EdgeView, source: StepView | undefined): { words: string; whole: string } {
  const isNamed = source !== undefined && portsOf(source).length > PORTS_UNNAMED;
  const port = edge.on === defaultPort(source) && source?.kind !== "approval" ? "" : edge.on;
  const condition = edge.otherwise ? "otherwise" : (edge.when ?? "");
  const join = (...parts: string[]) => parts.filter((part) => part && part !== "ok").join(" · ");
  return { words: join(isNamed ? "" : port, condition.length > 28 ? `${condition.slice(0, 27)}…` : condition), whole: join(port, condition) };
}

function edgeOf(edge: EdgeView, words: { words: string; whole: string }, route: Route | null, props: CanvasProps, onPick: (id: string) => void): RoutedEdgeType {
  const { points } = props;
  const isBack = (points.get(edge.to)?.y ?? 0) < (points.get(edge.from)?.y ?? 0);
  const mark = props.edgeMarks.get(edge.at);
  const isChosen = props.chosenEdge === edge.at;
  const classes = [isBack && "is-back", edge.on === "error" && "is-error", mark && `is-${mark}`, props.edgeProblems.has(edge.at) && "is-wrong"].filter(Boolean).join(" ");
  return {
    id: String(edge.at),
    source: edge.from,
    target: edge.to,
    sourceHandle: edge.on,
    type: "routed",
    selected: isChosen,
    data: { ...words, route, onPick },
    className: classes,
    ariaLabel: `From ${edge.from} to ${edge.to}${words.whole ? `, ${words.whole}` : ""}`,
    markerEnd: { type: MarkerType.ArrowClosed, width: 16, height: 16, color: isChosen ? "var(--accent)" : "var(--edge-strong)" },
  };
}

/** Every step is as large as any other and says where its handles are, so that only what is in sight is drawn: what is not known is drawn to be measured. */
const SIZE = { width: NODE_WIDTH, height: NODE_HEIGHT };
const HANDLE = 12;

function handlesOf(ports: readonly string[]): NodeHandle[] {
  const handle = { width: HANDLE, height: HANDLE };
  return [
    { ...handle, type: "target", position: Position.Top, x: NODE_WIDTH / 2 - HANDLE / 2, y: -HANDLE / 2 },
    ...ports.map((port, at): NodeHandle => ({ ...handle, id: port, type: "source", position: Position.Bottom, x: (NODE_WIDTH * (at + 1)) / (ports.length + 1) - HANDLE / 2, y: NODE_HEIGHT - HANDLE / 2 })),
  ];
}

/** Where a graph that is too large to be seen whole is shown from. */
function viewportAt(start: Point, width: number) {
  return { x: width / 2 - (start.x + NODE_WIDTH / 2) * READABLE_ZOOM, y: 40 - start.y * READABLE_ZOOM, zoom: READABLE_ZOOM };
}

function Inside(props: CanvasProps) {
  const { view, points, chosen, isReadOnly } = props;
  const [nodes, setNodes, onNodesChange] = useNodesState<FlowNode>([]);
  const flow = useReactFlow<FlowNode, RoutedEdgeType>();
  const latest = useRef(props);
  latest.current = props;
  const isBoxing = useRef(false);
  const element = useRef<HTMLDivElement>(null);
  const onOpen = useCallback((id: string) => latest.current.onOpen(id), []);

  useLayoutEffect(() => {
    setNodes((before) => {
      const old = new Map(before.map((node) => [node.id, node]));
      // An edge may leave by a port that the step does not have; it is drawn, and the server says what is wrong.
      const spoken = new Map<string, Set<string>>();
      for (const edge of view.edges) spoken.set(edge.from, (spoken.get(edge.from) ?? new Set()).add(edge.on));
      return view.steps.map((step): FlowNode => {
        const known = old.get(step.id);
        const ports = [...new Set([...portsOf(step), ...(spoken.get(step.id) ?? [])])];
        const state = props.statusOf.get(step.id);
        const data: StepNode = { step, ports, isStart: view.start === step.id, problems: props.problemsOf.get(step.id) ?? 0, status: state?.status ?? null, visits: state?.visits ?? 0, mark: props.marks.get(step.id) ?? null, isFound: props.found.has(step.id), onOpen };
        const position = known?.dragging ? known.position : (points.get(step.id) ?? { x: 0, y: 0 });
        const isSame = known && JSON.stringify({ ...known.data, onOpen: 0 }) === JSON.stringify({ ...data, onOpen: 0 });
        return { ...known, id: step.id, type: "step", position, selected: chosen.has(step.id), data: isSame ? known.data : data, ...SIZE, measured: SIZE, handles: isSame && known.handles ? known.handles : handlesOf(ports), ariaLabel: `${step.title || step.id}, ${step.kind ? KIND_LOOK[step.kind].label : "no kind"}${state ? `, ${statusLook("step", state.status).label}` : ""}` };
      });
    });
  }, [view, points, chosen, props.problemsOf, props.statusOf, props.marks, props.found, onOpen, setNodes]);

  const byId = useMemo(() => new Map(view.steps.map((step) => [step.id, step])), [view]);
  const words = useMemo(() => new Map(view.edges.map((edge) => [edge.at, wordsOf(edge, byId.get(edge.from))])), [view, byId]);
  const routes = useMemo(() => routesOf(view, points, new Map([...words].map(([at, one]) => [at, one.words]))), [view, points, words]);
  const onPick = useCallback((id: string) => latest.current.onChoose([], Number(id)), []);
  const edges = useMemo(
    () => view.edges.filter((edge) => byId.has(edge.from) && byId.has(edge.to)).map((edge) => edgeOf(edge, words.get(edge.at) ?? { words: "", whole: "" }, routes.get(edge.at) ?? null, latest.current, onPick)),
    // What the edges are drawn from.
    [view, byId, points, words, routes, onPick, props.chosenEdge, props.edgeProblems, props.edgeMarks],
  );

  useEffect(() => {
    if (!props.goTo) return;
    const point = latest.current.points.get(props.goTo.id);
    if (point) void flow.setCenter(point.x + NODE_WIDTH / 2, point.y + NODE_HEIGHT / 2, { zoom: Math.max(flow.getZoom(), 0.8), duration: 150 });
  }, [props.goTo, flow]);
  useEffect(() => {
    const timer = window.setTimeout(() => void showWell(flow, latest.current, element.current), 60);
    return () => window.clearTimeout(timer);
  }, [props.fitAtMs, flow]);

  const isPainted = usePainted();
  const isLarge = view.steps.length > LARGE;
  const mapLines = useMemo(() => (isLarge ? mapLinesOf([...points.values()]) : {}), [isLarge, points]);
  const [firstViewport] = useState(() => viewportAt(points.get(view.start ?? "") ?? { x: 0, y: 0 }, window.innerWidth / 2));
  return (
    <div ref={element} className="designer-canvas" data-testid="canvas">
      <ReactFlow<FlowNode, RoutedEdgeType>
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onDragOver={(event) => {
          if (isReadOnly || !event.dataTransfer.types.includes(DRAGGED)) return;
          event.preventDefault();
          event.dataTransfer.dropEffect = "copy";
        }}
        onDrop={(event) => {
          const kind = KINDS.find((one) => one === event.dataTransfer.getData(DRAGGED));
          if (!kind || isReadOnly) return;
          event.preventDefault();
          const point = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
          props.onPlaced(kind, { x: point.x - NODE_WIDTH / 2, y: point.y - NODE_HEIGHT / 2 });
        }}
        onNodesChange={(changes) => {
          onNodesChange(changes.filter((change) => change.type !== "remove"));
          const picks = changes.filter((change) => change.type === "select");
          if (picks.length > 0 && !isBoxing.current) {
            const next = new Set(chosen);
            for (const pick of picks) if (pick.type === "select") next[pick.selected ? "add" : "delete"](pick.id);
            if (next.size > 0) props.onChoose([...next], null);
          }
          const moved = changes.filter((change) => change.type === "position" && change.dragging === false && change.position);
          if (moved.length === 0 || isReadOnly) return;
          const next = new Map(points);
          for (const change of moved) if (change.type === "position" && change.position) next.set(change.id, change.position);
          const differs = [...next].some(([id, point]) => Math.round(point.x) !== points.get(id)?.x || Math.round(point.y) !== points.get(id)?.y);
          if (differs) props.onMove(next);
        }}
        onEdgesChange={(changes) => {
          // Enter on an edge that has the focus.
          const pick = changes.find((change) => change.type === "select" && change.selected);
          if (pick?.type === "select") props.onChoose([], Number(pick.id));
        }}
        onNodeClick={(event, node) => {
          if (!event.shiftKey && !event.ctrlKey && !event.metaKey) return props.onChoose([node.id], null);
          const next = new Set(chosen);
          if (!next.delete(node.id)) next.add(node.id);
          props.onChoose([...next], null);
        }}
        onSelectionStart={() => void (isBoxing.current = true)}
        onSelectionEnd={() => {
          isBoxing.current = false;
          props.onChoose(flow.getNodes().filter((node) => node.selected).map((node) => node.id), null);
        }}
        onEdgeClick={(_, edge) => props.onChoose([], Number(edge.id))}
        onPaneClick={() => props.onChoose([], null)}
        onConnect={({ source, target, sourceHandle }: Connection) => props.onConnect(source, target, sourceHandle ?? "ok")}
        onConnectEnd={(event, state) => {
          if (state.isValid || state.toNode || !state.fromNode || state.fromHandle?.type !== "source") return;
          const spot = "changedTouches" in event ? event.changedTouches[0] : event;
          if (spot) props.onDropped(flow.screenToFlowPosition({ x: spot.clientX, y: spot.clientY }), { id: state.fromNode.id, port: state.fromHandle.id ?? "ok" });
        }}
        nodesDraggable={!isReadOnly}
        nodesConnectable={!isReadOnly}
        elevateNodesOnSelect
        connectionRadius={28}
        // A double click opens a step; it does not come nearer.
        zoomOnDoubleClick={false}
        deleteKeyCode={null}
        selectionKeyCode="Shift"
        multiSelectionKeyCode={null}
        defaultViewport={isLarge ? firstViewport : undefined}
        minZoom={0.05}
        maxZoom={1.6}
        onlyRenderVisibleElements={isLarge}
        proOptions={{ hideAttribution: true }}
      >
        <Background gap={24} size={1.2} color="var(--edge)" />
        {isPainted && <MiniMap pannable zoomable className="designer-map" nodeColor={(node) => mapColour(node as FlowNode)} maskColor="color-mix(in srgb, var(--neutral) 22%, transparent)" bgColor="var(--surface)" {...mapLines} ariaLabel="The whole graph" />}
      </ReactFlow>
      <div className="designer-zoom">
        <Button small icon="plus" iconOnly onClick={() => void flow.zoomIn({ duration: 100 })}>
          Zoom in
        </Button>
        <Button small icon="minus" iconOnly onClick={() => void flow.zoomOut({ duration: 100 })}>
          Zoom out
        </Button>
        <Button small icon="fit" iconOnly onClick={() => void flow.fitView({ padding: 0.12, maxZoom: 1, duration: 150 })}>
          Show all
        </Button>
      </div>
    </div>
  );
}

/** Everything, where it can still be read; otherwise where it starts. */
function showWell(flow: ReactFlowInstance<FlowNode, RoutedEdgeType>, props: CanvasProps, element: HTMLElement | null): void {
  const all = [...props.points.values()];
  if (all.length === 0 || !element) return;
  const [left, top] = [Math.min(...all.map((one) => one.x)), Math.min(...all.map((one) => one.y))];
  const [right, bottom] = [Math.max(...all.map((one) => one.x)) + NODE_WIDTH, Math.max(...all.map((one) => one.y)) + NODE_HEIGHT];
  const zoom = Math.min(element.clientWidth / (right - left + 60), element.clientHeight / (bottom - top + 60));
  if (zoom >= READABLE) return void flow.fitView({ padding: 0.12, maxZoom: 1 });
  const start = props.points.get(props.view.start ?? "") ?? { x: (left + right - NODE_WIDTH) / 2, y: top };
  void flow.setViewport(viewportAt(start, element.clientWidth));
}

/** Of very many steps each is less than a pixel on the small map: they get a line round them. */
function mapLinesOf(points: readonly { x: number; y: number }[]) {
  const height = Math.max(...points.map((one) => one.y)) - Math.min(...points.map((one) => one.y));
  const width = Math.max(...points.map((one) => one.x)) - Math.min(...points.map((one) => one.x));
  const nodeStrokeWidth = Math.max(height, width) / MAP_LINES;
  return { nodeStrokeWidth, nodeStrokeColor: (node: Node) => mapColour(node as FlowNode) };
}

function mapColour(node: FlowNode): string {
  if (node.data.problems > 0) return "var(--bad)";
  if (node.data.status) return `var(--${statusLook("step", node.data.status).tone})`;
  return node.selected ? "var(--accent)" : "var(--neutral)";
}
