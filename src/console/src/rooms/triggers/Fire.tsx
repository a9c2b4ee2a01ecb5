// Firing by hand, with what an event would carry; and what came of it.
import { useState } from "react";
import { api, type Schemas } from "../../api/client";
import { useAction } from "../../api/query";
import { useSession } from "../../api/session";
import { Button, Dialog, Note, ProblemNote, Select, TextArea } from "../../ui";
import type { Trigger } from "./draft";
import { FiringLine } from "./Firings";

/** JSON of any shape; undefined: it is none. Nothing at all is null. */
export function payloadOf(text: string): { value: unknown } | null {
  if (text.trim() === "") return { value: null };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}

export function FireDialog(props: { trigger: Trigger; onFired: () => void; onClose: () => void }) {
  const { trigger } = props;
  const { tenant } = useSession();
  const [text, setText] = useState(trigger.kind === "SCHEDULE" ? "" : "{}");
  const [origin, setOrigin] = useState<Schemas["Origin"]>("TEST");
  const [answer, setAnswer] = useState<Schemas["FiringAnswer"] | null>(null);
  const payload = payloadOf(text);
  const fire = useAction(async () => {
    if (!payload) return;
    setAnswer(await api.post("/v1/tenants/{tenant}/triggers/{trigger}:fire", { path: { tenant, trigger: trigger.id }, body: { samplePayload: payload.value as Schemas["FreeForm"], origin } }));
    props.onFired();
  });
  return (
    <Dialog
      title="Fire it now"
      width="wide"
      onClose={props.onClose}
      actions={
        <>
          <Button onClick={props.onClose}>{answer ? "Close" : "Back"}</Button>
          <Button look="primary" icon="play" busy={fire.isBusy} disabled={!payload || trigger.agentIds.length === 0} onClick={() => void fire.run()}>
            {answer ? "Fire again" : "Fire"}
          </Button>
        </>
      }
    >
      <div className="stack">
        <Select
          label="As"
          hint={origin === "TEST" ? "Kept apart in lists, statistics and budgets. What its steps do outside, they do." : "It counts like any other; it is started in your name."}
          value={origin}
          onChange={(event) => setOrigin(event.target.value as Schemas["Origin"])}
          options={[
            { value: "TEST", label: "A test" },
            { value: "PRODUCTION", label: "For real" },
          ]}
        />
        <TextArea label="What the event carries" className="code" hint="JSON; filter and mapping see it as payload" rows={5} spellCheck={false} value={text} problem={payload ? null : "This is not JSON."} onChange={(event) => setText(event.target.value)} />
        {trigger.agentIds.length === 0 && <Note tone="waiting">It starts no agent yet. Bind one first.</Note>}
        {answer && <Answered answer={answer} />}
        <ProblemNote error={fire.problem} />
      </div>
    </Dialog>
  );
}

function Answered(props: { answer: Schemas["FiringAnswer"] }) {
  const { answer } = props;
  if (answer.filtered) return <Note tone="waiting">The filter, or the type of event, left it out. Nothing started.</Note>;
  if (answer.duplicate) return <Note tone="waiting">This event has fired before; it does not again.</Note>;
  return (
    <ul className="panel trigger-lines" aria-label="What came of it" role="list">
      {answer.firings.map((one) => (
        <li key={`${one.firingId} ${one.agentId}`}>
          <FiringLine firing={one} />
        </li>
      ))}
    </ul>
  );
}
