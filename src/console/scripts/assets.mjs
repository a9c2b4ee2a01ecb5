// Writes src/api/console/files.rs: the list of what `npm run build` made, for the server to hold. Run by the build.
import { readdir, writeFile } from "node:fs/promises";

const dist = new URL("../dist/assets/", import.meta.url);
const types = { js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", svg: "image/svg+xml", woff2: "font/woff2" };
const names = (await readdir(dist)).sort();
const lines = names.map((name) => {
  const type = types[name.split(".").pop()];
  if (!type) throw new Error(`no content type is known for ${name}`);
  return `    File {\n        name: "${name}",\n        content_type: "${type}",\n        bytes: include_bytes!("../../console/dist/assets/${name}"),\n    },\n`;
});
const text = `//! The files of the console. Made by \`npm run build\` in src/console; do not edit.

use super::File;

/// The page.
pub const PAGE: &[u8] = include_bytes!("../../console/dist/index.html");

/// What the page consists of; a name changes with the content.
#[rustfmt::skip]
pub const FILES: [File; ${names.length}] = [
${lines.join("")}];
`;
await writeFile(new URL("../../api/console/files.rs", import.meta.url), text);
