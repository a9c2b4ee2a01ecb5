// The way in: a key becomes a cookie that no script can read. The key is kept nowhere here.
import { useEffect, useRef, type FormEvent } from "react";
import { useAction } from "../api/query";
import { useTitle } from "../lib/hooks";
import { Button, Field, Note } from "../ui";
import { Brand } from "./Brand";

export function SignIn(props: { reason: string | null; onKey: (key: string) => Promise<void> }) {
  useTitle("Sign in");
  const form = useRef<HTMLFormElement>(null);
  const action = useAction(async (key: string) => {
    await props.onKey(key);
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const key = String(new FormData(event.currentTarget).get("key") ?? "").trim();
    if (key !== "") void action.run(key);
  };
  useEffect(() => {
    if (action.problem) form.current?.querySelector("input")?.select();
  }, [action.problem]);
  const problem = action.problem && (action.problem.status === 401 ? "This key is not known, or counts no longer." : action.problem.message);
  return (
    <main className="sign-in">
      <form ref={form} className="sign-in-card panel" onSubmit={submit}>
        <Brand />
        <h1>Sign in</h1>
        {props.reason && (
          <Note tone="waiting" icon="lock">
            {props.reason}
          </Note>
        )}
        <Field
          label="Key"
          name="key"
          type="password"
          autoComplete="current-password"
          autoFocus
          required
          spellCheck={false}
          placeholder="fgk_…"
          problem={problem}
          hint={
            <>
              Made with <code>flowgate key create</code>. It becomes a session of 12 hours and is not stored in this browser.
            </>
          }
        />
        <Button type="submit" look="primary" busy={action.isBusy}>
          Sign in
        </Button>
      </form>
    </main>
  );
}
