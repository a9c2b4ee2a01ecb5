// Lists as tables: virtualised, so that 100,000 rows cost as much as 30; as cards on phones; j and k move, Enter opens.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { useShortcuts, usePhone } from "../lib/hooks";
import { navigate } from "../lib/router";

export interface Column<T> {
  key: string;
  title: string;
  /** What stands in the cell. The first column holds the row's link. */
  cell: (row: T) => ReactNode;
  /** A CSS grid track. */
  width?: string;
  align?: "end";
  /** Not on phones. */
  wideOnly?: boolean;
}

export interface TableProps<T> {
  /** For screen readers. */
  label: string;
  rows: readonly T[];
  columns: readonly Column<T>[];
  keyOf: (row: T) => string;
  /** Where a row leads; the whole row is clickable. */
  linkOf?: (row: T) => string;
  onOpen?: (row: T) => void;
  selectedKey?: string | null;
  /** Called near the end of the list. */
  onEnd?: () => void;
  /** j and k move through the rows. */
  keys?: boolean;
  /** About as many pixels as a row takes on phones, where the cells stand under each other. */
  phoneRow?: number;
}

/** `--row`, in the page's own size of text: what is drawn by parts is as high as what is drawn whole. */
const ROW_REM = 2.5;
const rowHeight = () => ROW_REM * (Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16);
const AHEAD = 12;
/** Fewer rows than this are all drawn: a browser's find and a screen reader see them. */
const VIRTUAL_MIN = 150;

function tracks<T>(columns: readonly Column<T>[]): string {
  return columns.map((column) => column.width ?? "minmax(0, 1fr)").join(" ");
}

function Cells<T>(props: { row: T; columns: readonly Column<T>[]; isPhone: boolean }) {
  return props.columns.map((column) => (
    <div key={column.key} role="cell" className={`cell ${column.align === "end" ? "cell-end" : ""}`}>
      {props.isPhone && column.title && <span className="cell-title">{column.title}</span>}
      {column.cell(props.row)}
    </div>
  ));
}

export function Table<T>(props: TableProps<T>) {
  const { label, rows, columns, keyOf, linkOf, onOpen, onEnd, keys = true } = props;
  const isPhone = usePhone();
  const shown = isPhone ? columns.filter((column) => !column.wideOnly) : columns;
  const [at, setAt] = useState(-1);
  const scroller = useRef<HTMLDivElement>(null);
  const isVirtual = rows.length > VIRTUAL_MIN;
  const rowSize = isPhone ? (props.phoneRow ?? 24 + 26 * shown.length) : rowHeight();
  const virtual = useVirtualizer({ count: isVirtual ? rows.length : 0, getScrollElement: () => scroller.current, estimateSize: () => rowSize, overscan: AHEAD });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (onEnd && isVirtual && last >= rows.length - AHEAD) onEnd();
  }, [last, rows.length, onEnd, isVirtual]);
  const open = (row: T) => {
    const link = linkOf?.(row);
    if (onOpen) onOpen(row);
    else if (link) navigate(link);
  };
  const move = (by: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, at + by));
    setAt(next);
    if (isVirtual) virtual.scrollToIndex(next);
    else scroller.current?.querySelector(`[data-row="${next}"]`)?.scrollIntoView({ block: "nearest" });
  };
  useShortcuts(
    [
      { keys: "j", label: "Next row", run: () => move(1) },
      { keys: "k", label: "Previous row", run: () => move(-1) },
      { keys: "o", label: "Open the row", run: () => rows[at] !== undefined && open(rows[at]) },
    ],
    keys && rows.length > 0,
  );
  const draw = (row: T, index: number, style?: React.CSSProperties, measure?: (element: Element | null) => void) => {
    const key = keyOf(row);
    const isMarked = index === at || key === props.selectedKey;
    const isActive = Boolean(linkOf ?? onOpen);
    const onClick = (event: React.MouseEvent) => {
      if ((event.target as HTMLElement).closest("a, button, input, label, select")) return;
      if (window.getSelection()?.toString()) return;
      open(row);
    };
    return (
      <div
        key={key}
        ref={measure}
        role="row"
        data-index={index}
        data-row={index}
        aria-rowindex={index + 2}
        aria-selected={props.selectedKey === undefined ? undefined : key === props.selectedKey}
        className={`table-row ${isActive ? "table-row-active" : ""} ${isMarked ? "table-row-marked" : ""}`}
        style={{ gridTemplateColumns: isPhone ? undefined : tracks(shown), ...style }}
        onClick={isActive ? onClick : undefined}
      >
        <Cells row={row} columns={shown} isPhone={isPhone} />
      </div>
    );
  };
  return (
    <div ref={scroller} className={`table ${isVirtual ? "table-scroll" : ""} ${isPhone ? "table-phone" : ""}`} role="table" aria-label={label} aria-rowcount={rows.length + 1} tabIndex={isVirtual ? 0 : undefined}>
      <div className={isPhone ? "unseen" : "table-head"} role="row" style={{ gridTemplateColumns: tracks(shown) }}>
        {shown.map((column) => (
          <div key={column.key} role="columnheader" className={`cell ${column.align === "end" ? "cell-end" : ""}`}>
            {column.title}
          </div>
        ))}
      </div>
      {isVirtual ? (
        <div className="table-all" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            // Cards are as high as what is in them.
            const style = { position: "absolute", insetInline: 0, transform: `translateY(${item.start}px)` } as const;
            return isPhone ? draw(row, item.index, style, virtual.measureElement) : draw(row, item.index, { ...style, height: rowSize });
          })}
        </div>
      ) : (
        <div role="rowgroup">{rows.map((row, index) => draw(row, index))}</div>
      )}
    </div>
  );
}
