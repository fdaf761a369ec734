// Runs in ComfyUI's page: builds a graph from its API form, lays it out, gives its UI form back.
async ([name, api, layout]) => {
  const app = window.app;
  await app.loadApiJson(api, name);
  const graph = app.graph;
  const byId = new Map();
  for (const [id, title, collapsed, x, y, width, height] of layout.nodes) {
    const node = graph.getNodeById(id);
    byId.set(id, node);
    node.pos = [x, y];
    node.setSize([width, Math.max(height, node.computeSize()[1])]);
    if (title) node.title = title;
    if (collapsed) node.collapse(true);
    for (const widget of node.widgets ?? []) {
      // "fixed": how pages name the widget whose schema asks for that value.
      if (["control_after_generate", "fixed"].includes(widget.name)) widget.value = "fixed";
    }
  }
  const note = window.LiteGraph.createNode("MarkdownNote");
  graph.add(note);
  note.title = "What this shows";
  note.pos = [0, 0];
  note.setSize([layout.left, layout.height]);
  note.widgets[0].value = layout.note;
  for (const [title, ids] of layout.groups) {
    const nodes = ids.map((id) => byId.get(id));
    const left = Math.min(...nodes.map((n) => n.pos[0])) - 8;
    const top = Math.min(...nodes.map((n) => n.pos[1])) - 75;
    const right = Math.max(...nodes.map((n) => n.pos[0] + n.size[0])) + 8;
    const heights = nodes.map((n) => (n.flags.collapsed ? 0 : n.size[1])); // a title is above it
    const bottom = Math.max(...nodes.map((n, i) => n.pos[1] + heights[i])) + 8;
    const group = new window.LiteGraph.LGraphGroup(title);
    group.pos = [left, top];
    group.size = [right - left, bottom - top];
    graph.add(group);
  }
  const workflow = graph.serialize();
  delete workflow.extra.ds; // without a stored view, the page fits the graph into its window
  return JSON.stringify(workflow, null, 1);
};
