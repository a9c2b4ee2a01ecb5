// What can be done to an execution. The buttons stand here; what each asks before it counts is loaded when it is asked.
import type { Schemas } from "../../api/client";
import { useSession } from "../../api/session";
import { useShortcuts } from "../../lib/hooks";
import { later } from "../../lib/later";
import { Button } from "../../ui";
import type { Line, Record_, Tree } from "./model";
import type { ExecutionPath } from "./useExecution";

export type Ask = "pause" | "resume" | "signal" | "stopWaiting" | "cancel" | "retry" | "replay" | "fork" | "release" | "purge";

const SCOPE: Record<Ask, Schemas["Scope"]> = {
  pause: "executions:cancel",
  resume: "executions:run",
  signal: "executions:run",
  stopWaiting: "executions:cancel",
  cancel: "executions:cancel",
  retry: "executions:run",
  replay: "executions:run",
  fork: "executions:run",
  release: "admin",
  purge: "admin",
};
const Dialogs = later(() => import("./Dialogs"));

export function useMay(): (ask: Ask) => boolean {
  const { may } = useSession();
  return (ask) => may(SCOPE[ask]);
}

export function Buttons(props: { record: Record_; isOver: boolean; isAsking: boolean; onAsk: (ask: Ask) => void }) {
  const { record, isOver, onAsk } = props;
  const may = useMay();
  useShortcuts([{ keys: "x", label: "Cancel the execution", once: true, run: () => !isOver && may("cancel") && onAsk("cancel") }], !props.isAsking);
  if (isOver) {
    return (
      <>
        {record.status === "FAILED" && may("retry") && (
          <Button look="primary" icon="retry" onClick={() => onAsk("retry")}>
            Retry
          </Button>
        )}
        {may("replay") && (
          <Button icon="play" onClick={() => onAsk("replay")}>
            Start again
          </Button>
        )}
      </>
    );
  }
  return (
    <>
      {!record.paused && !record.quarantined && may("pause") && (
        <Button icon="pause" onClick={() => onAsk("pause")}>
          Pause
        </Button>
      )}
      {record.paused && may("resume") && (
        <Button icon="play" onClick={() => onAsk("resume")}>
          Let it go on
        </Button>
      )}
      {may("signal") && record.waitingFor?.kind !== "EVENT" && (
        <Button icon="inbox" look="quiet" onClick={() => onAsk("signal")}>
          Signal
        </Button>
      )}
      {may("cancel") && (
        <Button look="danger" onClick={() => onAsk("cancel")}>
          Cancel
        </Button>
      )}
    </>
  );
}

export interface AskProps {
  ask: Ask;
  path: ExecutionPath;
  record: Record_;
  tree: Tree | null;
  /** Of a fork. */
  line: Line | null;
  onClose: () => void;
  /** Something changed: read again. */
  onDone: () => void;
}

export function Asked(props: AskProps) {
  return <Dialogs waiting={null} {...props} />;
}
