// The journal as it is: every entry with its number and time, in parts, virtualised. Choosing one shows it whole.
import { useMemo, useState } from "react";
import { address } from "../../api/client";
import { absoluteTime, duration } from "../../lib/format";
import { usePhone } from "../../lib/hooks";
import { Button, Drawer, Empty, JsonView, PlainText, SearchField, Skeleton, Table, type Column } from "../../ui";
import { RECORD, type ExecutionPath } from "./useExecution";
import { PART, useJournal } from "./useJournal";
import { entryName, entryPlace, entryText, type Entry } from "./words";

export function JournalPart(props: { path: ExecutionPath; startMs: number; isOver: boolean }) {
  const { path, startMs } = props;
  const [from, setFrom] = useState(0);
  const [text, setText] = useState("");
  const [open, setOpen] = useState<Entry | null>(null);
  const journal = useJournal(address(`${RECORD}/events`, { path }), from);
  const { entries } = journal;
  const wanted = text.trim().toLowerCase();
  const rows = useMemo(() => (wanted === "" ? entries : entries.filter((entry) => `${entryName(entry)} ${entryPlace(entry)} ${JSON.stringify(entry.event)}`.toLowerCase().includes(wanted))), [entries, wanted]);
  const isPhone = usePhone();
  const columns = useMemo<Column<Entry>[]>(() => {
    const number = (entry: Entry) => (
      <button type="button" className="text-button number" onClick={() => setOpen(entry)}>
        {entry.seq}
      </button>
    );
    const after = (entry: Entry) => <span className="number" title={absoluteTime(entry.at)}>{duration(Math.max(0, entry.at - startMs))}</span>;
    if (isPhone) {
      const cell = (entry: Entry) => (
        <div className="execution-card">
          <div>
            <span>
              {number(entry)} <code>{entryName(entry)}</code>
            </span>
            <span className="small">{after(entry)}</span>
          </div>
          <div className="small quiet">
            <span className="cut">
              <PlainText text={[entryPlace(entry), entryText(entry)].filter(Boolean).join(" · ")} max={120} />
            </span>
          </div>
        </div>
      );
      return [{ key: "card", title: "Entry", cell }];
    }
    return [
      { key: "seq", title: "No.", width: "4rem", cell: number },
      { key: "at", title: "After", align: "end", width: "6rem", cell: after },
      { key: "event", title: "Event", width: "minmax(8rem, 11rem)", cell: (entry) => <code>{entryName(entry)}</code> },
      { key: "place", title: "Where", width: "minmax(7rem, 1fr)", cell: (entry) => <PlainText text={entryPlace(entry)} max={120} /> },
      { key: "text", title: "What", width: "minmax(0, 3fr)", wideOnly: true, cell: (entry) => <code className="quiet"><PlainText text={entryText(entry)} max={220} /></code> },
    ];
  }, [startMs, isPhone]);
  const last = entries.at(-1)?.seq ?? 0;
  return (
    <div className="stack execution-journal">
      <div className="execution-tools">
        <SearchField label="Find in what is read" value={text} onChange={setText} />
        <Jump onFrom={setFrom} from={from} />
        <span className="grow small quiet number" aria-live="polite">
          {entries.length > 0 && `${entries[0]?.seq} to ${last}${journal.hasMore ? ", more below" : props.isOver ? ", the end" : ", so far"}`}
        </span>
      </div>
      {entries.length === 0 && journal.isReading && <Skeleton rows={10} label="Loading the journal" />}
      {entries.length === 0 && !journal.isReading && <Empty icon="history" title="No entries from here on" action={from > 0 && <Button onClick={() => setFrom(0)}>From the beginning</Button>} />}
      {entries.length > 0 && rows.length === 0 && (
        <Empty icon="filter" title="Nothing that was read so far fits">
          {journal.hasMore && <p>There are more entries behind these.</p>}
        </Empty>
      )}
      {rows.length > 0 && <Table label="Journal" rows={rows} columns={columns} keyOf={(entry) => String(entry.seq)} onOpen={setOpen} onEnd={journal.more} phoneRow={68} />}
      {journal.hasMore && (
        <p className="execution-more">
          <Button small busy={journal.isReading} onClick={journal.more}>
            Read {PART} more
          </Button>
        </p>
      )}
      {open && (
        <Drawer title={`${entryName(open)}, entry ${open.seq}`} width="wide" onClose={() => setOpen(null)}>
          <div className="stack">
            <p className="quiet small">{absoluteTime(open.at)}</p>
            <JsonView value={open} label={`Entry ${open.seq}`} openDepth={4} />
          </div>
        </Drawer>
      )}
    </div>
  );
}

/** To any entry by its number. */
function Jump(props: { from: number; onFrom: (from: number) => void }) {
  const [typed, setTyped] = useState("");
  return (
    <form
      className="execution-jump"
      onSubmit={(event) => {
        event.preventDefault();
        props.onFrom(Math.max(0, Math.floor(Number(typed) || 0)));
      }}
    >
      <label htmlFor="journal-from" className="small quiet">
        From entry
      </label>
      <input id="journal-from" className="input number" inputMode="numeric" value={typed} placeholder={String(props.from)} onChange={(event) => setTyped(event.target.value.replace(/\D/g, ""))} />
      <Button small type="submit">
        Go
      </Button>
    </form>
  );
}
