// Draws the OpenAPI document of the server that this page came from. Addresses are relative to the page, so that a prefix in front of
// the server (a proxy's path) holds for the document and for what is tried out from here.
"use strict";

const base = new URL(".", document.baseURI);

async function draw() {
  const place = document.getElementById("reference");
  try {
    const answer = await fetch(new URL("openapi.json", base));
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    const spec = await answer.json();
    spec.servers = [{ url: base.href.replace(/\/$/, "") }];
    SwaggerUIBundle({ spec, domNode: place, deepLinking: true, docExpansion: "list", validatorUrl: null, filter: true });
  } catch (error) {
    place.textContent = `The reference cannot be shown: ${error.message}`;
  }
}

draw();
