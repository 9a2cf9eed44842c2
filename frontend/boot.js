// Starts the islands of the page. The build appends this to the bindings it generates, so that the
// page needs one module script and no inline code; it also fills in the hashed name of the module.
//
// Islands hydrate in document order, the outer one before those inside it. Each stands alone: one
// that throws is reported and the rest go on.

const children = [];

async function hydrateBelow(node, islands) {
  for (const element of [...node.children]) {
    if (element.localName === "leptos-island") {
      const hydrate = islands[element.dataset.component];
      try {
        children.at(-1)?.();
        if (hydrate) await hydrate(element);
        // The name holds a hash of the island's source: page and module are not of one build.
        else console.error(`no such island: ${element.dataset.component}`);
      } catch (error) {
        console.error(error);
      }
    }
    const projected = element.localName === "leptos-children";
    if (projected) children.push(element.$$on_hydrate);
    await hydrateBelow(element, islands);
    if (projected) children.pop();
  }
}

async function start() {
  const islands = await import(import.meta.url);
  await islands.default({ module_or_path: new URL("{wasm}", import.meta.url) });
  islands.hydrate();
  await hydrateBelow(document.body, islands);
  document.documentElement.dataset.islands = "ready";
}

// Reading comes first: the picture and the text of the page never wait for a script.
(globalThis.requestIdleCallback ?? setTimeout)(start);
