// Runs in ComfyUI's page: builds a graph from its API form, lays it out, gives its UI form back.
async ([name, api, layout]) => {
  const app = window.app;
  await app.loadApiJson(api, name);
  const graph = app.graph;
  const byId = new Map();
  for (const [id, title, x, y, width, height] of layout.nodes) {
    const node = graph.getNodeById(id);
    byId.set(id, node);
    node.pos = [x, y];
    node.setSize([width, Math.max(height, node.computeSize()[1])]);
    if (title) node.title = title;
    for (const widget of node.widgets ?? []) {
      if (widget.name === "control_after_generate") widget.value = "fixed";
    }
  }
  const note = window.LiteGraph.createNode("Note");
  graph.add(note);
  note.title = "What this shows";
  note.pos = [0, 0];
  note.setSize([300, 150]);
  note.widgets[0].value = layout.note;
  for (const [title, ids] of layout.groups) {
    const nodes = ids.map((id) => byId.get(id));
    const left = Math.min(...nodes.map((n) => n.pos[0])) - 15;
    const top = Math.min(...nodes.map((n) => n.pos[1])) - 75;
    const right = Math.max(...nodes.map((n) => n.pos[0] + n.size[0])) + 15;
    const bottom = Math.max(...nodes.map((n) => n.pos[1] + n.size[1])) + 15;
    const group = new window.LiteGraph.LGraphGroup(title);
    group.pos = [left, top];
    group.size = [right - left, bottom - top];
    graph.add(group);
  }
  app.canvas.ds.scale = 0.9;
  app.canvas.ds.offset = [416, 110]; // free of the side bar and the tabs
  return JSON.stringify(graph.serialize(), null, 1);
};
