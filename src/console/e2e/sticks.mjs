// What a picture does not say by itself: what is wider than the page, and text that lies outside of what holds it.

/** Runs in the page. At most a few lines of what is wrong, each with the text that is concerned. */
export function sticksOut() {
  const SLACK = 2;
  const found = [];
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width + SLACK) found.push(`the page is ${document.documentElement.scrollWidth} wide of ${width}`);
  const said = (element) => `${element.tagName.toLowerCase()}.${String(element.className).split(" ")[0]} "${(element.textContent ?? "").trim().slice(0, 40)}"`;
  const scrolls = (element) => /auto|scroll|hidden|clip/.test(getComputedStyle(element).overflowX);
  const isHeld = (element) => {
    for (let at = element.parentElement; at && at !== document.body; at = at.parentElement) if (scrolls(at)) return true;
    return false;
  };
  const modal = [...document.querySelectorAll("dialog[open]")].at(-1);
  for (const element of (modal ?? document.body).querySelectorAll("*")) {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
    if (!own || element.closest(".unseen, .react-flow, .cm-editor, option, [aria-hidden='true']")) continue;
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    if ((box.right > width + SLACK || box.left < -SLACK) && !isHeld(element)) found.push(`beside the page: ${said(element)}`);
    // A line of a table, of a list: its text must not lie over the next one.
    const row = element.closest(".table-row, .inbox-item, .execution-line, .figure, .badge, .button");
    const holder = row?.getBoundingClientRect();
    if (holder && (box.bottom > holder.bottom + SLACK || box.top < holder.top - SLACK)) found.push(`over its neighbours: ${said(element)}`);
    if (holder && (box.right > holder.right + SLACK) && !isHeld(element)) found.push(`beside its place: ${said(element)}`);
  }
  return [...new Set(found)].slice(0, 4);
}
