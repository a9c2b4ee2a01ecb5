// The signs. Drawn on a grid of 16, one line thick, in the colour of the text beside them.
const PATHS = {
  agents: "M3 4.5h4v4H3zM9 7.5h4v4H9zM7 6.5h1a1 1 0 0 1 1 1",
  executions: "M2.5 4h7M4.5 8h7M6.5 12h7",
  inbox: "M2.5 9 4 3.5h8L13.5 9v3.5h-11zM2.5 9h3l1 1.5h3l1-1.5h3",
  operate: "M2 9h2.5L6.5 3.5l3 9L11.5 9H14",
  settings: "M3 5h6M12 5h1M3 11h1M7 11h6M10.5 3.5v3M5.5 9.5v3",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3 13.5 13.5",
  close: "M4 4l8 8M12 4l-8 8",
  copy: "M5.5 5.5h7v7h-7zM3.5 10.5v-7h7",
  paste: "M4 3.5h8v10H4zM6.5 2.5h3v2h-3zM6 8h4M6 10.5h4",
  check: "M3 8.5l3.5 3.5L13 4.5",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  left: "M10 4 6 8l4 4",
  up: "M4 10l4-4 4 4",
  back: "M7 3.5 2.5 8 7 12.5M2.5 8h11",
  external: "M9 3h4v4M13 3 7.5 8.5M6.5 4H3v9h9V9.5",
  play: "M5 3.5v9l7-4.5z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  stop: "M4 4h8v8H4z",
  retry: "M13 8a5 5 0 1 1-1.5-3.5M13 2.5v3h-3",
  undo: "M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M5.5 4 3 6.5 5.5 9",
  redo: "M13 6.5H6.5a3.5 3.5 0 0 0 0 7H10M10.5 4 13 6.5 10.5 9",
  fork: "M4.5 3v10M4.5 9c0-3 7-1.5 7-5M11.5 3v1",
  edit: "M3 13l.7-3L10.5 3.200l2.3 2.3L6 12.3z",
  trash: "M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5 5 13h6l.5-8.5",
  lock: "M4 7.5h8v5.5H4zM5.5 7.5V5.5a2.5 2.5 0 0 1 5 0v2",
  key: "M9.5 9a3 3 0 1 0-2.800-2L2.5 11v2.5H5V12h1.5v-1.5L8 9",
  sun: "M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8 1.800v1.400M8 12.800v1.400M1.800 8h1.400M12.800 8h1.400M3.600 3.600l1 1M11.400 11.400l1 1M3.600 12.400l1-1M11.400 4.600l1-1",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z",
  screen: "M2.5 3.5h11v7h-11zM6 13h4",
  person: "M8 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM3 13.5c0-2.5 2-4 5-4s5 1.5 5 4",
  clock: "M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM8 5v3.200l2 1.3",
  warning: "M8 2.5 14 13H2zM8 6.5v3M8 11.3v.01",
  info: "M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM8 7.5V11M8 5.200v.01",
  release: "M8 13V4M4.5 7 8 3.5 11.5 7M3 13.5h10",
  history: "M3 8a5 5 0 1 0 1.5-3.5M3 2.5v3h3M8 5.5V8l2 1",
  link: "M6.5 9.5l3-3M7.5 4.5l1-1a2.800 2.800 0 0 1 4 4l-1 1M8.5 11.5l-1 1a2.800 2.800 0 0 1-4-4l1-1",
  model: "M8 2.5 9.3 6.700 13.5 8 9.3 9.3 8 13.5 6.700 9.3 2.5 8l4.200-1.3z",
  tool: "M10.5 2.800a3 3 0 0 0-2.700 4.400L3 12l1 1 4.800-4.800a3 3 0 0 0 4.400-2.700l-2 1.3-1.5-1.5z",
  branch: "M8 2.5 13.5 8 8 13.5 2.5 8z",
  code: "M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  layout: "M2.5 6.5h3v3h-3zM10.5 2.5h3v3h-3zM10.5 10.5h3v3h-3zM5.5 8h2.5M8 4v8M8 4h2.5M8 12h2.5",
  keyboard: "M1.5 4.5h13v7h-13zM4 7h.01M6.5 7h.01M9 7h.01M11.5 7h.01M5 9.3h6",
  signOut: "M6.5 3H3v10h3.5M7 8h6.5M11 5.5 13.5 8 11 10.5",
  download: "M8 3v7M5 7.5 8 10.5l3-3M3 13h10",
  filter: "M2.5 4h11M4.5 8h7M6.5 12h3",
  drag: "M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon(props: { name: IconName; size?: number }) {
  const { name, size = 16 } = props;
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
