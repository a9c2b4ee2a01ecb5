// What comes over the room: a dialog in the middle, a drawer at the side. Both are the browser's own modal dialog: focus stays inside,
// Escape closes, and focus goes back to where it was.
import { useEffect, useId, useRef, type ReactNode } from "react";
import { Button } from "./Button";

interface OverlayProps {
  title: ReactNode;
  onClose: () => void;
  children: ReactNode;
  /** Buttons at the end. */
  actions?: ReactNode;
  /** "wide": for forms and comparisons. */
  width?: "normal" | "wide";
}

function Overlay(props: OverlayProps & { className: string }) {
  const { title, onClose, children, actions, className } = props;
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    const dialog = element.current;
    if (!dialog) return undefined;
    const before = document.activeElement;
    if (!dialog.open) dialog.showModal();
    return () => {
      dialog.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      className={`overlay ${className} ${props.width === "wide" ? "overlay-wide" : ""}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close.current();
      }}
      onMouseDown={(event) => {
        if (event.target === event.currentTarget) close.current();
      }}
    >
      <div className="overlay-inside">
        <header className="overlay-head">
          <h2 id={id}>{title}</h2>
          <Button look="quiet" icon="close" iconOnly onClick={onClose}>
            Close
          </Button>
        </header>
        <div className="overlay-body">{children}</div>
        {actions && <footer className="overlay-foot">{actions}</footer>}
      </div>
    </dialog>
  );
}

export function Dialog(props: OverlayProps) {
  return <Overlay {...props} className="dialog" />;
}

export function Drawer(props: OverlayProps) {
  return <Overlay {...props} className="drawer" />;
}

/** Asks before something that cannot be taken back; the consequences stand in `children`. */
export function Confirm(props: { title: string; children: ReactNode; action: string; danger?: boolean; isBusy?: boolean; onDo: () => void; onClose: () => void }) {
  const actions = (
    <>
      <Button onClick={props.onClose}>Keep as it is</Button>
      <Button look={props.danger ? "danger" : "primary"} busy={props.isBusy} onClick={props.onDo}>
        {props.action}
      </Button>
    </>
  );
  return (
    <Dialog title={props.title} onClose={props.onClose} actions={actions}>
      {props.children}
    </Dialog>
  );
}
