// What ComfyUI's page does for the pack's nodes: colours of their sockets and links, fresh seeds
// that stay as they are, whole words in the text on nodes, and no live preview once a node is done.
import { app } from "/scripts/app.js";
import { api } from "/scripts/api.js";

const COLOURS = {
  WEGEN_COPILOT: "#4fc3a1",
  WEGEN_MLLM: "#c792ea",
  WEGEN_PAINTER: "#f2a65a",
  WEGEN_CONVERSATION: "#6ab0f3",
  WEGEN_REFERENCES: "#f07a9b",
};
// Nodes 2.0 reads its colours from these variables.
const variables = Object.entries(COLOURS).map(([type, hex]) => `--color-datatype-${type}: ${hex};`);
const STYLE = `
:root { ${variables.join(" ")} }
.dom-widget .break-all { word-break: normal; overflow-wrap: anywhere; }
`;
const PREVIEW = "$$canvas-image-preview"; // the widget that shows images on a node
const sizes = new Map(); // node -> its size before the first preview

const isOurs = (node) => node?.comfyClass?.startsWith("WeGen");

function colourLinks() {
  const { default_connection_color_byType: sockets } = app.canvas;
  for (const colours of [sockets, window.LGraphCanvas.link_type_colors])
    Object.assign(colours, COLOURS);
}

/** The node on screen for an execution id; nodes inside a subgraph have ids such as "3:7". */
function nodeOf(id) {
  let graph = app.rootGraph ?? app.graph;
  const path = String(id).split(":");
  for (const step of path.slice(0, -1)) graph = graph?.getNodeById(step)?.subgraph;
  return graph?.getNodeById(path.at(-1)) ?? graph?.getNodeById(Number(path.at(-1)));
}

function onFinished(id) {
  const node = nodeOf(id);
  const size = sizes.get(node);
  if (!size) return; // it showed nothing, or this was said before
  sizes.delete(node);
  // The page offers extensions no way to do this; its store is what both views show. It waits for
  // 0.4 seconds before it forgets the images.
  app.extensionManager?._p?._s?.get("nodeOutput")?.revokePreviewsByExecutionId?.(String(id));
  setTimeout(clearPreview, 500, node, size);
}

function clearPreview(node, size) {
  node.imgs = undefined;
  node.preview = undefined;
  const widget = node.widgets?.find((w) => w.name === PREVIEW);
  if (widget) {
    widget.onRemove?.();
    node.widgets.splice(node.widgets.indexOf(widget), 1);
  }
  node.setSize(size);
  node.setDirtyCanvas?.(true, true);
}

app.registerExtension({
  name: "WeGen",
  init() {
    const style = document.createElement("style");
    style.textContent = STYLE;
    document.head.append(style);
  },
  setup() {
    colourLinks();
    api.addEventListener("b_preview_with_metadata", ({ detail }) => {
      const node = nodeOf(detail.displayNodeId);
      if (isOurs(node) && !sizes.has(node)) sizes.set(node, [...node.size]);
    });
    api.addEventListener("progress_state", ({ detail }) => {
      for (const [id, state] of Object.entries(detail.nodes))
        if (state.state === "finished") onFinished(id);
    });
  },
  nodeCreated(node) {
    if (!isOurs(node)) return;
    const after = node.widgets?.find((w) => w.name === "control_after_generate");
    if (after) after.value = "fixed"; // a saved workflow sets its own value after this
  },
  afterConfigureGraph() {
    colourLinks(); // a colour palette resets the colours of all types
  },
});
