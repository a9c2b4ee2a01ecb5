// The timeline: a line for each attempt, as a tree, with when it began and how long it took. Virtualised; the arrow keys move, open and close.
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useId, useMemo, useRef, useState } from "react";
import { count, duration } from "../../lib/format";
import { useNow, usePhone, useShortcuts } from "../../lib/hooks";
import { Badge, Button, Duration, Empty, Icon, Money, PlainText, SearchField, Select, Status, type IconName } from "../../ui";
import { READ_MAX } from "./useAttempts";
import { isOpen, isUndo, linesShown, openedTo, WORK_LABEL, type Line, type Shown, type Tree, type Work } from "./model";
import { busySpans, folded, straight, type Scale } from "./scale";

export const WORK_ICON: Record<Work, IconName> = { model: "model", tool: "tool", person: "person", child: "fork", item: "layout", own: "branch" };
const ROW = 34;
const PHONE_ROW = 46;
/** The axis stands over the first lines. */
const AXIS = 34;
const AHEAD = 10;
const TICKS = [0, 0.25, 0.5, 0.75, 1];
const ONLY = [
  { value: "", label: "All attempts" },
  { value: "failed", label: "Failed" },
  { value: "open", label: "Not over" },
  { value: "people", label: "People" },
];

export interface TimelineProps {
  tree: Tree;
  startMs: number;
  /** 0: it goes on. */
  endMs: number;
  chosen: string | null;
  onChoose: (id: string) => void;
  /** Reads on, where not all attempts are there. */
  onMore: () => void;
}

export function Timeline(props: TimelineProps) {
  const { tree, chosen, onChoose } = props;
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const [text, setText] = useState("");
  const [only, setOnly] = useState<Shown["only"]>("");
  const [isStraight, setStraight] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const lines = useMemo(() => linesShown(tree, { turned, text: text.trim().toLowerCase(), only }), [tree, turned, text, only]);
  const isFiltered = text.trim() !== "" || only !== "";
  // What is chosen from elsewhere has to be seen.
  const isKnown = chosen !== null && tree.byId.has(chosen);
  const isThere = useMemo(() => lines.some((line) => line.id === chosen), [lines, chosen]);
  const asked = useRef<string | null>(null);
  useEffect(() => {
    if (!isKnown || isThere || asked.current === chosen || isFiltered) return;
    asked.current = chosen;
    setTurned((before) => openedTo(tree, chosen, before));
  }, [chosen, isKnown, isThere, isFiltered, tree]);
  useShortcuts([{ keys: "/", label: "Find an attempt", run: () => search.current?.focus() }]);
  const turn = (id: string) => {
    const next = new Set(turned);
    if (!next.delete(id)) next.add(id);
    setTurned(next);
  };
  const scale = useScale(props, isStraight);
  if (tree.attempts.length === 0) {
    return (
      <Empty icon="clock" title={props.endMs > 0 ? "No step began" : "No step has begun"}>
        {props.endMs > 0 ? "It was over before there was anything to do." : "What it does appears here at once."}
      </Empty>
    );
  }
  return (
    <div className="execution-timeline">
      <div className="execution-tools">
        <SearchField label="Find an attempt" value={text} onChange={setText} inputRef={search} />
        <Select label="Which attempts" labelUnseen value={only} options={ONLY} onChange={(event) => setOnly(event.target.value as Shown["only"])} />
        {(scale.folds.length > 0 || isStraight) && (
          <Button small look="quiet" icon="clock" aria-pressed={!isStraight} onClick={() => setStraight(!isStraight)}>
            {isStraight ? "Fold the waiting" : "True to time"}
          </Button>
        )}
      </div>
      {lines.length === 0 ? (
        <Empty icon="filter" title="No attempt fits" action={<Button onClick={() => (setText(""), setOnly(""))}>Show all</Button>} />
      ) : (
        <Lines lines={lines} turned={turned} isFlat={isFiltered} scale={scale} chosen={chosen} onChoose={onChoose} onTurn={turn} />
      )}
      {!tree.isWhole && (
        <p className="row small quiet" role="status">
          {count(tree.attempts.length)} of {count(tree.total)} attempts are here{tree.attempts.length < READ_MAX ? "; the others come" : "."}
          {tree.attempts.length >= READ_MAX && (
            <Button small look="quiet" onClick={props.onMore}>
              Read on
            </Button>
          )}
        </p>
      )}
    </div>
  );
}

function useScale(props: TimelineProps, isStraight: boolean): Scale {
  const nowMs = useNow();
  const { tree, startMs } = props;
  const endMs = props.endMs > 0 ? props.endMs : Math.max(nowMs, startMs);
  return useMemo(() => (isStraight ? straight(startMs, endMs) : folded(startMs, endMs, busySpans(tree, endMs))), [tree, startMs, endMs, isStraight]);
}

interface LinesProps {
  lines: readonly Line[];
  turned: ReadonlySet<string>;
  isFlat: boolean;
  scale: Scale;
  chosen: string | null;
  onChoose: (id: string) => void;
  onTurn: (id: string) => void;
}

function Lines(props: LinesProps) {
  const { lines, turned, isFlat, scale, chosen, onChoose, onTurn } = props;
  const isPhone = usePhone();
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const at = useMemo(() => lines.findIndex((line) => line.id === chosen), [lines, chosen]);
  const row = isPhone ? PHONE_ROW : ROW;
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => scroller.current, estimateSize: () => row, overscan: AHEAD, scrollMargin: AXIS, scrollPaddingStart: AXIS });
  const before = useRef(-1);
  useEffect(() => {
    // A step further stays at the edge; what is come to from afar stands in the middle.
    if (at >= 0) virtual.scrollToIndex(at, { align: before.current >= 0 && Math.abs(at - before.current) <= 1 ? "auto" : isSeen(virtual, at) ? "auto" : "center" });
    before.current = at;
    // Only when the choice moves; what comes in does not take the reader away.
  }, [chosen, at >= 0]);
  const move = (by: number) => {
    const next = lines[Math.max(0, Math.min(lines.length - 1, at + by))];
    if (next) onChoose(next.id);
  };
  const sideways = (isRight: boolean) => {
    const line = lines[at];
    if (!line) return;
    const stands = isOpen(line, turned);
    if (line.lines.length > 0 && stands !== isRight && !isFlat) onTurn(line.id);
    else if (!isRight && line.parent) onChoose(line.parent.id);
    else if (isRight && line.lines[0]) move(1);
  };
  useShortcuts([
    { keys: "j", label: "Next attempt", run: () => move(1) },
    { keys: "k", label: "Previous attempt", run: () => move(-1) },
  ]);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const keys: Record<string, () => void> = { ArrowDown: () => move(1), ArrowUp: () => move(-1), ArrowRight: () => sideways(true), ArrowLeft: () => sideways(false), Home: () => lines[0] && onChoose(lines[0].id), End: () => move(lines.length) };
    const run = keys[event.key];
    if (!run || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    run();
  };
  return (
    <div className="panel execution-lines">
      <div ref={scroller} className="execution-scroll" role="tree" aria-label="Attempts" tabIndex={0} aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined} onKeyDown={onKeyDown}>
        <Axis scale={scale} />
        <div className="execution-all" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const line = lines[item.index];
            if (!line) return null;
            return (
              <div key={line.id} className="execution-place" style={{ height: row, transform: `translateY(${item.start - AXIS}px)` }} role="none">
                <Row id={`${id}-${item.index}`} line={line} isFlat={isFlat} isOpen={isOpen(line, turned)} isChosen={line.id === chosen} scale={scale} onChoose={onChoose} onTurn={onTurn} />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function isSeen(virtual: { range: { startIndex: number; endIndex: number } | null }, at: number): boolean {
  return virtual.range !== null && at > virtual.range.startIndex && at < virtual.range.endIndex - 1;
}

/** What is told apart of attempts with one name. */
export function marksOf(line: Line, isFlat: boolean): string[] {
  const marks: string[] = [];
  if (isUndo(line)) marks.push(line.item === null ? "takes back" : `takes back [${line.item}]`);
  else if (isFlat && line.item !== null && line.raw) marks.push(`item ${line.item}`);
  if (line.turn?.startsWith("cycle")) marks.push(`correction ${line.turn.slice(5)}`);
  else if (line.turn !== null) marks.push(`turn ${line.turn}`);
  if (line.visit > 1) marks.push(`visit ${line.visit}`);
  if (line.attempt > 1) marks.push(`try ${line.attempt}`);
  return marks;
}

const Row = memo(function Row(props: { id: string; line: Line; isFlat: boolean; isOpen: boolean; isChosen: boolean; scale: Scale; onChoose: (id: string) => void; onTurn: (id: string) => void }) {
  const { id, line, isFlat, isChosen, scale } = props;
  const depth = isFlat ? 0 : line.depth;
  const isParent = line.lines.length > 0 && !isFlat;
  return (
    <div id={id} role="treeitem" aria-level={depth + 1} aria-expanded={isParent ? props.isOpen : undefined} aria-selected={isChosen} className={`execution-line ${isChosen ? "is-chosen" : ""}`} data-line={line.id} onClick={() => props.onChoose(line.id)}>
      <span className="execution-line-name" style={{ paddingLeft: `calc(${Math.min(depth, 8)} * var(--space-4))` }}>
        {isParent ? (
          <span
            className="execution-turn"
            aria-hidden="true"
            onClick={(event) => {
              event.stopPropagation();
              props.onTurn(line.id);
            }}
          >
            <Icon name={props.isOpen ? "down" : "right"} size={14} />
          </span>
        ) : (
          <span className="execution-turn" aria-hidden="true" />
        )}
        <span className={`execution-work work-${line.work}`} title={WORK_LABEL[line.work]}>
          <Icon name={WORK_ICON[line.work]} size={14} />
          <span className="unseen">{WORK_LABEL[line.work]}</span>
        </span>
        <span className="cut">
          <PlainText text={isFlat && line.step !== line.name && line.raw ? line.step : line.name} max={120} />
        </span>
        {marksOf(line, isFlat).map((mark) => (
          <Badge key={mark}>{mark}</Badge>
        ))}
        {isParent && <span className="small quiet number">{line.lines.length}</span>}
      </span>
      <span className="execution-line-status">
        <Status kind="step" status={line.status} compact />
      </span>
      <span className="execution-line-bar" aria-hidden="true">
        <Bar line={line} scale={scale} />
      </span>
      <span className="execution-line-took">{line.startMs > 0 && <Duration from={line.startMs} to={line.endMs || undefined} />}</span>
      <span className="execution-line-cost">{line.costUsd > 0 && <Money usd={line.costUsd} />}</span>
    </div>
  );
});

function Bar(props: { line: Line; scale: Scale }) {
  const { line, scale } = props;
  if (line.startMs === 0) return null;
  const from = scale.at(line.startMs);
  const to = scale.at(line.endMs || scale.endMs);
  const isBad = line.status === "ERROR" || line.status === "IN_DOUBT" || line.status === "LOST";
  return <span className={`execution-bar work-${line.work} ${isBad ? "is-bad" : ""} ${line.endMs === 0 ? "is-open" : ""}`} style={{ left: `${(from * 100).toFixed(2)}%`, width: `max(3px, ${((to - from) * 100).toFixed(2)}%)` }} />;
}

/** What stands at the axis: the beginning and the end, and between them what differs from both and from each other. */
export function ticksOf(scale: Pick<Scale, "momentAt" | "startMs">): { place: number; text: string }[] {
  const all = TICKS.map((place) => ({ place, text: duration(Math.round(scale.momentAt(place) - scale.startMs)) }));
  const last = all.at(-1);
  return all.filter((one, at) => one === last || (one.text !== last?.text && one.text !== all[at - 1]?.text));
}

function Axis({ scale }: { scale: Scale }) {
  return (
    <div className="execution-axis" aria-hidden="true">
      <span>Step</span>
      <span>Status</span>
      <span className="execution-ticks">
        {scale.folds.map((fold) => (
          <span key={fold.from} className="execution-fold" style={{ left: `${fold.from * 100}%`, width: `${(fold.to - fold.from) * 100}%` }} title={`${duration(fold.ms)} of waiting, drawn short`} />
        ))}
        {ticksOf(scale).map(({ place, text }) => (
          <span key={place} className="execution-tick number" style={place === 1 ? { right: 0 } : { left: `${place * 100}%` }} data-minor={place === 0.25 || place === 0.75 || undefined}>
            {text}
          </span>
        ))}
      </span>
      <span className="cell-end">Took</span>
      <span className="cell-end">Cost</span>
    </div>
  );
}
