// Several decisions at once: what they are about is shown before, what became of each afterwards.
import { useState } from "react";
import { api, type Schemas } from "../../api/client";
import { invalidate, useAction } from "../../api/query";
import { useSession } from "../../api/session";
import { counted } from "../../lib/format";
import { Badge, Button, Dialog, Icon, Note, PlainText, ProblemNote, TextArea } from "../../ui";
import { WORDS, type Approval } from "./words";

type Word = "approve" | "reject";
type Result = Schemas["DecideResult"];
/** As many as one request takes. */
export const BULK_MAX = 100;

export function BulkBar(props: { chosen: readonly Approval[]; onClear: () => void }) {
  const { chosen, onClear } = props;
  // What the reader chose, as it was shown then: a later change must not slip in.
  const [asked, setAsked] = useState<{ word: Word; about: readonly Approval[] } | null>(null);
  const isTooMany = chosen.length > BULK_MAX;
  const able = (word: Word) => chosen.filter((one) => one.mayDecide && one.decisions.includes(word));
  // The dialog stays when what it decided leaves the list: it shows what became of each.
  return (
    <>
      {chosen.length > 0 && (
        <div className="inbox-bulk" role="region" aria-label="Chosen approvals">
          <span className="grow small">
            {counted(chosen.length, "chosen", "chosen")}
            {isTooMany && `; at most ${BULK_MAX} at once`}
          </span>
          <Button small disabled={isTooMany || able("approve").length === 0} onClick={() => setAsked({ word: "approve", about: able("approve") })}>
            Approve {able("approve").length}
          </Button>
          <Button small look="danger" disabled={isTooMany || able("reject").length === 0} onClick={() => setAsked({ word: "reject", about: able("reject") })}>
            Reject {able("reject").length}
          </Button>
          <Button small look="quiet" icon="close" iconOnly onClick={onClear}>
            Choose none
          </Button>
        </div>
      )}
      {asked && (
        <BulkDialog
          {...asked}
          left={chosen.length - asked.about.length}
          onClose={(isDone) => {
            setAsked(null);
            if (isDone) onClear();
          }}
        />
      )}
    </>
  );
}

function BulkDialog(props: { word: Word; about: readonly Approval[]; left: number; onClose: (isDone: boolean) => void }) {
  const { word, about, left } = props;
  const { tenant } = useSession();
  const [reason, setReason] = useState("");
  const [results, setResults] = useState<readonly Result[] | null>(null);
  const decide = useAction(async () => {
    try {
      const decisions = about.map((one) => ({ id: one.id, decision: word, digest: one.digest, ...(reason.trim() ? { reason: reason.trim() } : {}) }));
      const got = await api.post("/v1/tenants/{tenant}/pendingApprovals:decide", { path: { tenant }, body: { decisions: decisions as Schemas["DecideOneOf"][] } });
      setResults(got.results);
    } finally {
      invalidate(`/v1/tenants/${encodeURIComponent(tenant)}/pendingApprovals`);
    }
  });
  const grave = about.filter((one) => one.action?.effect === "once").length;
  const close = () => !decide.isBusy && props.onClose(results !== null);
  const done = results?.filter((one) => one.status < 300).length ?? 0;
  return (
    <Dialog
      title={results ? `${done} of ${about.length} ${WORDS[word].past.toLowerCase()}` : `${WORDS[word].label} ${about.length}?`}
      width="wide"
      onClose={close}
      actions={
        results ? (
          <Button look="primary" onClick={close}>
            Done
          </Button>
        ) : (
          <>
            <Button onClick={close}>Back</Button>
            <Button look={word === "reject" ? "danger" : "primary"} busy={decide.isBusy} onClick={() => void decide.run()}>
              {WORDS[word].label} {about.length}
            </Button>
          </>
        )
      }
    >
      <div className="stack">
        {!results && left > 0 && <Note>{counted(left, "chosen one does", "chosen ones do")} not take this decision from you, and will be left as they are.</Note>}
        {!results && word === "approve" && grave > 0 && (
          <Note tone="waiting" icon="warning">
            {grave === 1 ? "One of them happens" : `${grave} of them happen`} once and cannot be taken back.
          </Note>
        )}
        {!results && word === "reject" && <TextArea label="Why not (the same for all)" rows={2} value={reason} onChange={(event) => setReason(event.target.value)} />}
        <ul className="inbox-bulk-list">
          {about.map((one) => (
            <li key={one.id}>
              <span className="grow">
                <PlainText text={one.outboundMessage} max={200} /> <span className="quiet small">{one.agentId}</span>
              </span>
              {results ? <Became result={results.find((result) => result.id === one.id)} word={word} /> : word === "approve" && one.action?.effect === "once" && <Badge tone="bad">Cannot be taken back</Badge>}
            </li>
          ))}
        </ul>
        <ProblemNote error={decide.problem} />
      </div>
    </Dialog>
  );
}

function Became(props: { result: Result | undefined; word: Word }) {
  const { result, word } = props;
  if (!result) return <Badge tone="doubt">No answer</Badge>;
  if (result.status < 300) {
    const isOpen = result.approval?.status === "PENDING";
    return (
      <span className="tone-good inbox-tone small">
        <Icon name="check" size={12} /> {isOpen ? "Counted; it waits for others" : WORDS[word].past}
      </span>
    );
  }
  const standing = result.approval?.decided;
  return (
    <span className="tone-bad inbox-tone small">
      <Icon name="warning" size={12} /> {standing ? `${WORDS[standing.decision].past} by ${standing.by} before` : (result.problem?.detail ?? `Status ${result.status}`)}
    </span>
  );
}
