// All attempts of one step, as chosen in the graph; and lists of lines wherever they are many.
import { useMemo } from "react";
import { counted } from "../../lib/format";
import { statusLook } from "../../lib/status";
import { usePhone } from "../../lib/hooks";
import { Duration, Empty, Money, PlainText, Status, Table, type Column } from "../../ui";
import { partsOf, type Line, type Tree } from "./model";

/** Lines as a table: virtualised, so that a map of thousands costs as much as one of ten. */
export function Items(props: { lines: readonly Line[]; nameOf: (line: Line) => string; label: string; onChoose: (id: string) => void }) {
  const { nameOf, onChoose } = props;
  const isPhone = usePhone();
  const columns = useMemo<Column<Line>[]>(() => {
    const name = (line: Line) => (
      <button type="button" className="text-button cut" onClick={() => onChoose(line.id)}>
        <PlainText text={nameOf(line)} max={120} />
      </button>
    );
    const took = (line: Line) => (line.startMs > 0 ? <Duration from={line.startMs} to={line.endMs || undefined} /> : <span className="quiet">–</span>);
    if (isPhone) {
      const cell = (line: Line) => (
        <div className="execution-card">
          <div>
            {name(line)}
            <span>
              <Status kind="step" status={line.status} compact /> {took(line)}
            </span>
          </div>
        </div>
      );
      return [{ key: "card", title: props.label, cell }];
    }
    return [
      { key: "name", title: "Name", width: "minmax(0, 2fr)", cell: name },
      { key: "status", title: "Status", width: "minmax(6rem, 1fr)", cell: (line) => <Status kind="step" status={line.status} compact /> },
      { key: "took", title: "Took", align: "end", width: "5rem", cell: took },
      { key: "cost", title: "Cost", align: "end", width: "5rem", cell: (line) => <Money usd={line.costUsd} /> },
    ];
  }, [nameOf, onChoose, isPhone, props.label]);
  return <Table label={props.label} rows={props.lines} columns={columns} keyOf={(line) => line.id} onOpen={(line) => onChoose(line.id)} keys={false} phoneRow={46} />;
}

function whereOf(line: Line): string {
  const { container } = partsOf(line.id);
  const visit = `Visit ${line.visit}${line.attempt > 1 ? `, try ${line.attempt}` : ""}`;
  return container === "" ? visit : `${container} · ${visit}`;
}

export function StepPanel(props: { tree: Tree; step: string; onChoose: (id: string) => void }) {
  const { tree, step } = props;
  const lines = useMemo(() => tree.attempts.filter((line) => line.step === step), [tree, step]);
  const counts = useMemo(() => {
    const found = new Map<string, number>();
    for (const line of lines) found.set(line.status, (found.get(line.status) ?? 0) + 1);
    return [...found];
  }, [lines]);
  if (lines.length === 0) {
    return (
      <Empty icon="clock" title="Not reached">
        <code>{step}</code> has not run in this execution.
      </Empty>
    );
  }
  return (
    <article className="execution-attempt" aria-label={`Attempts of ${step}`}>
      <header className="execution-attempt-head">
        <h2>
          <PlainText text={step} max={200} />
        </h2>
        <p className="small quiet">
          {counted(lines.length, "attempt")}: {counts.map(([status, count]) => `${count} ${statusLook("step", status).label.toLowerCase()}`).join(", ")}
        </p>
      </header>
      <Items lines={lines} nameOf={whereOf} label={`Attempts of ${step}`} onChoose={props.onChoose} />
    </article>
  );
}
