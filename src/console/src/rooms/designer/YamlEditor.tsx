// The flow as text. The editor lives in a shadow root: there it makes its styles with constructed sheets, which the page's policy allows.
import { autocompletion, completionKeymap, type CompletionContext } from "@codemirror/autocomplete";
import { defaultKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers, tooltips } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import { completions, wordBefore, type ScopeName } from "./model/graph";

export interface TextProblem {
  line: number;
  column: number;
  message: string;
}
export interface YamlEditorProps {
  text: string;
  isReadOnly: boolean;
  problems: readonly TextProblem[];
  /** The line to show, and when it was asked for. */
  goTo: { line: number; atMs: number } | null;
  namesAt: (line: number) => readonly ScopeName[];
  onChange: (text: string) => void;
  onLine: (line: number) => void;
  onUndo: () => void;
  onRedo: () => void;
}

const look = EditorView.theme({
  "&": { height: "100%", fontSize: "var(--text-2)", color: "var(--ink)", backgroundColor: "var(--surface)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-code)", lineHeight: "1.5" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--ink-3)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--accent-soft) !important" },
  ".cm-tooltip, .cm-panels": { backgroundColor: "var(--raised)", color: "var(--ink)", border: "1px solid var(--edge)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent-soft)", color: "var(--ink)" },
  ".cm-matchingBracket": { backgroundColor: "var(--accent-soft) !important" },
  ".cm-searchMatch": { backgroundColor: "var(--waiting-soft)" },
});
const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--accent)" },
  { tag: tags.comment, color: "var(--ink-3)", fontStyle: "italic" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good-ink)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--doubt-ink)" },
  { tag: [tags.punctuation, tags.separator, tags.brace, tags.squareBracket], color: "var(--ink-3)" },
]);

export default function YamlEditor(props: YamlEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const editable = useRef(new Compartment());
  /** Texts that this editor told and that have not come back yet. */
  const told = useRef(new Set<string>());

  useEffect(() => {
    const element = host.current;
    if (!element) return undefined;
    const shadow = element.shadowRoot ?? element.attachShadow({ mode: "open" });
    const mount = document.createElement("div");
    mount.style.height = "100%";
    shadow.append(mount);
    const complete = (context: CompletionContext) => {
      const line = context.state.doc.lineAt(context.pos);
      const word = wordBefore(line.text, context.pos - line.from);
      if (word.length < (context.explicit ? 1 : 2)) return null;
      const options = completions(latest.current.namesAt(line.number), word, 40).map((one) => ({ label: one.name, detail: one.type, info: one.isSure ? undefined : "may not have run", type: "variable" }));
      return options.length === 0 ? null : { from: context.pos - word.length, options, filter: false };
    };
    const own = [
      { key: "Mod-z", run: () => (latest.current.onUndo(), true) },
      { key: "Mod-y", run: () => (latest.current.onRedo(), true) },
      { key: "Mod-Shift-z", run: () => (latest.current.onRedo(), true) },
    ];
    const made = new EditorView({
      parent: mount,
      root: shadow,
      state: EditorState.create({
        doc: latest.current.text,
        extensions: [
          lineNumbers(), foldGutter(), lintGutter(), highlightSpecialChars(), drawSelection(), highlightActiveLine(), bracketMatching(), highlightSelectionMatches(),
          search({ top: true }), indentUnit.of("  "), EditorState.tabSize.of(2), yaml(), look, syntaxHighlighting(colours), tooltips({ position: "fixed" }),
          autocompletion({ override: [complete] }),
          keymap.of([...own, ...completionKeymap, ...searchKeymap, ...foldKeymap, ...defaultKeymap, indentWithTab]),
          editable.current.of(EditorState.readOnly.of(latest.current.isReadOnly)),
          EditorView.contentAttributes.of({ "aria-label": "The flow as YAML. Escape, then Tab, leaves the text." }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged && update.transactions.some((one) => one.isUserEvent("input") || one.isUserEvent("delete") || one.isUserEvent("move"))) {
              const text = update.state.doc.toString();
              told.current.add(text);
              latest.current.onChange(text);
            }
            if (update.selectionSet && !update.docChanged && update.view.hasFocus) latest.current.onLine(update.state.doc.lineAt(update.state.selection.main.head).number);
          }),
        ],
      }),
    });
    view.current = made;
    return () => {
      made.destroy();
      mount.remove();
      view.current = null;
    };
  }, []);

  // What changed elsewhere comes in as small as it is, so that the caret and the folds stay.
  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const old = editor.state.doc.toString();
    const next = props.text;
    if (old === next) return told.current.clear();
    // What was typed here a moment ago comes back while more is typed; it is no change from elsewhere.
    if (told.current.has(next)) return;
    told.current.clear();
    let from = 0;
    while (from < old.length && from < next.length && old[from] === next[from]) from += 1;
    let end = 0;
    while (end < old.length - from && end < next.length - from && old[old.length - 1 - end] === next[next.length - 1 - end]) end += 1;
    editor.dispatch({ changes: { from, to: old.length - end, insert: next.slice(from, next.length - end) } });
  }, [props.text]);

  useEffect(() => {
    view.current?.dispatch({ effects: editable.current.reconfigure(EditorState.readOnly.of(props.isReadOnly)) });
  }, [props.isReadOnly]);

  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const { doc } = editor.state;
    const diagnostics = props.problems.map((one): Diagnostic => {
      const line = doc.line(Math.min(doc.lines, Math.max(1, one.line)));
      const from = Math.min(line.to, line.from + Math.max(0, one.column - 1));
      return { from, to: Math.max(from, line.to), severity: "error", message: one.message };
    });
    editor.dispatch(setDiagnostics(editor.state, diagnostics));
  }, [props.problems, props.text]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || !props.goTo) return;
    const line = editor.state.doc.line(Math.min(editor.state.doc.lines, Math.max(1, props.goTo.line)));
    editor.dispatch({ selection: { anchor: line.from }, effects: EditorView.scrollIntoView(line.from, { y: "start", yMargin: 40 }) });
  }, [props.goTo]);

  return <div ref={host} className="designer-yaml" data-keys="own" data-testid="yaml" />;
}
