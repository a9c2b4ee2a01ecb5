// Text that models and strangers wrote: shown as text, with everything visible that could hide something.

export interface Piece {
  text: string;
  /** Set: a character that cannot be seen, and its name. */
  hidden: string | null;
}

const NAMES: Record<number, string> = {
  0x00: "NUL", 0x07: "BEL", 0x08: "BS", 0x0b: "VT", 0x0c: "FF", 0x0d: "CR", 0x1b: "ESC", 0x7f: "DEL", 0x85: "NEL", 0xa0: "NBSP", 0xad: "SHY",
  0x061c: "ALM", 0x200b: "ZWSP", 0x200c: "ZWNJ", 0x200d: "ZWJ", 0x200e: "LRM", 0x200f: "RLM", 0x2028: "LS", 0x2029: "PS", 0x202a: "LRE", 0x202b: "RLE",
  0x202c: "PDF", 0x202d: "LRO", 0x202e: "RLO", 0x2060: "WJ", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI", 0xfeff: "BOM",
};
/** Controls (but newline and tab), formats (bidi, zero width, tags), separators, private use, lone surrogates. */
const HIDDEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\u00a0\u115f\u1160\u3164\uffa0\u180b-\u180d\ufe00-\ufe0e]/u;
const HIDDEN_ALL = new RegExp(HIDDEN.source, "gu");

export function hasHidden(text: string): boolean {
  return HIDDEN.test(text);
}

function nameOf(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  return NAMES[point] ?? `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** The text in pieces: what can be seen as it is, and what cannot, one piece for each character. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const hit of text.matchAll(HIDDEN_ALL)) {
    if (hit.index > from) found.push({ text: text.slice(from, hit.index), hidden: null });
    found.push({ text: hit[0], hidden: nameOf(hit[0]) });
    from = hit.index + hit[0].length;
  }
  if (from < text.length) found.push({ text: text.slice(from), hidden: null });
  return found;
}

/** The same for places that take a string only, such as an option: what cannot be seen stands there by its name. */
export function spelled(text: string): string {
  return pieces(text).map((piece) => (piece.hidden ? `[${piece.hidden}]` : piece.text)).join("");
}
