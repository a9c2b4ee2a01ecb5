// Writes src/api/schema.d.ts from the server's OpenAPI document. `FLOWGATE_URL` says where the server is; a path to a saved document
// can be given instead. Problems look the same everywhere, so only what succeeds is kept.
import { readFile, writeFile } from "node:fs/promises";
import openapi, { astToString } from "openapi-typescript";

const from = process.argv[2];
const url = `${process.env.FLOWGATE_URL ?? "http://127.0.0.1:7878"}/openapi.json`;
const document = from ? JSON.parse(await readFile(from, "utf8")) : await (await fetch(url)).json();
for (const methods of Object.values(document.paths)) {
  for (const operation of Object.values(methods)) {
    if (!operation.responses) continue;
    operation.responses = Object.fromEntries(Object.entries(operation.responses).filter(([status]) => status.startsWith("2")));
  }
}
const text = astToString(await openapi(document, { alphabetize: false }));
await writeFile(new URL("../src/api/schema.d.ts", import.meta.url), `// Made by \`npm run types\` from /openapi.json. Do not edit.\n${text}`);
