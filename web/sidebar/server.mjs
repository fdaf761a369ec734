// The sidebar's requests: conversations by our routes, runs by ComfyUI's own queue.
import { api } from "/scripts/api.js";
import { app } from "/scripts/app.js";

const ROOT = "/wegen/conversations";
const urls = new Map(); // "id/name/size" -> object URL

async function call(path, options = {}) {
  const answer = await api.fetchApi(path, options);
  if (answer.ok) return answer;
  let message = `${answer.status} ${answer.statusText}`;
  try {
    const { error, node_errors: nodes } = await answer.json();
    const found = Object.values(nodes ?? {}).flatMap(({ class_type: type, errors }) =>
      errors.map((one) => `${type}: ${one.message} (${one.details})`),
    );
    message = found.join("; ") || (error?.message ?? error ?? message);
  } catch {
    // The body is not JSON: the status says what there is to say.
  }
  throw new Error(message);
}

const json = async (path, options) => (await call(path, options)).json();
const send = (path, method, body) =>
  json(path, {
    method,
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json" },
  });

function upload(path, file) {
  const form = new FormData();
  form.append("file", file, file.name ?? "picture.png");
  return json(path, { method: "POST", body: form });
}

export const listAll = (query = "", deleted = false) =>
  json(`${ROOT}?query=${encodeURIComponent(query)}${deleted ? "&deleted=1" : ""}`).then(
    (answer) => answer.conversations,
  );
export const create = (title = "") => send(ROOT, "POST", { title }).then((answer) => answer.id);
export const open = (id) => json(`${ROOT}/${id}`);
export const update = (id, changes) => send(`${ROOT}/${id}`, "PATCH", changes);
export const destroy = (id) => json(`${ROOT}/${id}`, { method: "DELETE" });
/** Keep a message: {turn: the turn to reply to, variants: how many replies its words ask for}. */
export const addTurn = (id, turn) => send(`${ROOT}/${id}/turns`, "POST", turn);
export const setPlan = (id, turn, plan) => send(`${ROOT}/${id}/turns/${turn}/plan`, "PUT", plan);
export const addImage = (id, file) => upload(`${ROOT}/${id}/images`, file);
export const importZip = (file) => upload("/wegen/import", file).then((answer) => answer.id);
export const change = (id, turn, against = "before") =>
  json(`${ROOT}/${id}/turns/${turn}/change?against=${against}`);
export const graph = (id, head) => json(`${ROOT}/${id}/graph?head=${head}`);
export const exportZip = async (id) => (await call(`${ROOT}/${id}/export`)).blob();

/** A picture as a blob. Plain image addresses would not carry the user of a multi-user server. */
export const picture = async (id, name) => (await call(`${ROOT}/${id}/images/${name}`)).blob();

/** An address of a picture for an <img>, of at most `size` pixels (0: as it is). */
export async function pictureURL(id, name, size = 0) {
  const key = `${id}/${name}/${size}`;
  if (!urls.has(key)) {
    const path = `${ROOT}/${id}/images/${name}${size ? `?size=${size}` : ""}`;
    urls.set(
      key,
      call(path)
        .then((answer) => answer.blob())
        .then((blob) => URL.createObjectURL(blob)),
    );
  }
  return urls.get(key);
}

const MINI = {
  nodes: {
    wegen_copilot: {
      class_type: "WeGenLoadModel",
      inputs: { model: "mini", precision: "auto" },
    },
  },
  output: ["wegen_copilot", 0],
  label: "mini",
};

/** Copilots of the open graph, each with the nodes it hangs on: [{label, nodes, output}]. */
export async function copilots() {
  const found = [MINI];
  const { output: all } = await app.graphToPrompt();
  for (const [id, node] of Object.entries(all)) {
    if (node.class_type !== "WeGenCopilot" && node.class_type !== "WeGenLoadModel") continue;
    const nodes = {};
    const collect = (current) => {
      const name = `wegen_${current}`; // numbers would paint on the open graph's nodes
      if (nodes[name] || !all[current]) return name;
      nodes[name] = { class_type: all[current].class_type, inputs: {} };
      for (const [input, value] of Object.entries(all[current].inputs))
        nodes[name].inputs[input] = Array.isArray(value)
          ? [collect(String(value[0])), value[1]]
          : value;
      return name;
    };
    const output = [collect(id), 0];
    const title = ({ class_type: type, _meta: meta }) => meta?.title ?? type;
    const { model, mllm, painter } = node.inputs; // what it understands with and paints with
    const models = [mllm, painter].filter(Array.isArray).map(([upstream]) => title(all[upstream]));
    const label = [`${title(node)} #${id}`, ...(model ? [model] : models)].join(" · ");
    found.push({ label, nodes, output });
  }
  return found;
}

const conversationNode = (id, turn) => ({
  wegen_conversation: { class_type: "WeGenConversation", inputs: { name: id, turn } },
});

/** Nodes that reply to the user's turn `turn`; `copilot` is the output of the copilot's node. */
export const chatNodes = (id, turn, copilot, seed) => ({
  ...conversationNode(id, turn),
  wegen_chat: {
    class_type: "WeGenChat",
    inputs: { copilot, message: "", seed, conversation: ["wegen_conversation", 0] },
  },
  wegen_save: {
    class_type: "WeGenSaveConversation",
    inputs: { conversation: ["wegen_chat", 2], name: id },
  },
});

/** Nodes that only plan that reply. */
export const planNodes = (id, turn, copilot) => ({
  ...conversationNode(id, turn),
  wegen_plan: {
    class_type: "WeGenPlanReply",
    inputs: { copilot, conversation: ["wegen_conversation", 0], name: id },
  },
});

/** An id for a run; ComfyUI keeps it. */
export const newJob = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;

/** Queue `nodes(output of the copilot)` as the run `job`. */
export function run(job, copilot, nodes) {
  const { nodes: upstream, output } = copilot ?? MINI;
  const prompt = { ...structuredClone(upstream), ...nodes(output) };
  return send("/prompt", "POST", { prompt, prompt_id: job, client_id: api.clientId });
}

/** Runs of ours, also those queued before the page was loaded: [{job, id, turn, started}]. */
export async function running() {
  const queue = await json("/queue");
  const ours = (entries, started) =>
    entries
      .filter(([, , prompt]) => prompt?.wegen_conversation)
      .map(([, job, { wegen_conversation: node }]) => {
        const { name: id, turn } = node.inputs;
        return { job, id, turn, started };
      });
  return [...ours(queue.queue_running, true), ...ours(queue.queue_pending, false)];
}

/** Stop a run, or take it out of the queue. */
export async function stop(job) {
  await call("/queue", { method: "POST", body: JSON.stringify({ delete: [job] }) });
  // ComfyUI forgets an interruption that comes while a run begins: repeat it until the run ends.
  while ((await running()).some((run) => run.job === job)) {
    await call("/interrupt", { method: "POST", body: JSON.stringify({ prompt_id: job }) });
    await new Promise((done) => setTimeout(done, 200));
  }
}
