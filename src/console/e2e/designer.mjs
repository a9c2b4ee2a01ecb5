// The hands of a person in the designer: what stories of it share.

/** From the middle of one thing to the middle of another, or to a point of the page. */
export async function drag(page, from, to) {
  const a = await from.boundingBox();
  const box = typeof to.boundingBox === "function" ? await to.boundingBox() : { x: to.x, y: to.y, width: 0, height: 0 };
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(a.x + a.width / 2, a.y + a.height / 2);
  await page.mouse.down();
  await page.mouse.move(x, y - 20, { steps: 8 });
  await page.mouse.move(x, y, { steps: 4 });
  await page.mouse.up();
}

/** Waits until something stands still. */
export async function settled(locator) {
  for (let before = null; ; ) {
    const now = JSON.stringify(await locator.boundingBox());
    if (now === before) return;
    before = now;
    await locator.page().waitForTimeout(100);
  }
}

export const node = (page, id) => page.locator(`.react-flow__node[data-id="${id}"]`);
export const edges = (page) => page.locator(".react-flow__edge");
export const form = (page) => page.locator(".designer-panel .designer-form");
/** The settings of the kind; and of a part that can be folded, such as how it runs. */
export const own = (page) => form(page).locator(":scope > .designer-fields");
export const fold = (within, summary) => within.locator("details.designer-part").filter({ has: within.page().locator("summary", { hasText: summary }) });
export const inside = (details) => details.locator(":scope > .designer-fields");

/** A field by its key's name, whether it must be given or not. */
export const field = (fields, label) => fields.getByLabel(new RegExp(`^${label}( \\(required\\))?$`));

/** Writes into a field and leaves it, so that it is told at once. */
export async function write(field, text) {
  await field.fill(text);
  await field.blur();
}

/** Adds a setting that is not shown yet. */
export async function setting(fields, label) {
  await fields.locator(":scope > .field").getByLabel("Add a setting", { exact: true }).selectOption({ label });
}

/** Another id for the step that is chosen. */
export async function rename(page, id) {
  await write(form(page).getByLabel("Id", { exact: true }), id);
  await node(page, id).waitFor();
}

/** The draft, once it holds what is wanted. */
export async function draftWith(page, api, agent, wanted, base = 0) {
  for (const until = Date.now() + 60_000; ; await page.waitForTimeout(200)) {
    const draft = await api("GET", `/v1/tenants/default/agents/${agent}/revisions/${base}/draft`);
    if (draft && wanted(draft.headData.flow, draft)) return draft;
    if (Date.now() > until) throw new Error(`the draft never held what was drawn:\n${draft?.headData.flow}\n${JSON.stringify(draft?.problems)}`);
  }
}
