// The state of the sidebar: the open conversation, its branch, and the runs that reply to it.
import { api } from "/scripts/api.js";
import { app } from "/scripts/app.js";
import * as server from "./server.mjs";
import { t } from "./texts.mjs";

const LAST = "WeGen.Sidebar.Last"; // only which conversation was open; losing it loses nothing

export class ConversationState extends EventTarget {
  constructor() {
    super();
    this.id = null;
    this.wanted = null; // the id that is being opened
    this.title = "";
    this.head = null;
    this.copilot = null;
    this.turns = new Map();
    this.jobs = new Map(); // job -> {id, turn, text, preview, queued, started}
    this.failures = new Map(); // turn -> message
    this.listen();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  /** The turns from the first to the head. */
  get branch() {
    return this.branchTo(this.head);
  }

  branchTo(end) {
    const path = [];
    for (let turn = this.turns.get(end); turn; turn = this.turns.get(turn.parent)) path.unshift(turn);
    return path;
  }

  /** The pictures of the branch up to a turn (null: none), the first is picture 1. */
  picturesUpTo(end) {
    return this.branchTo(end).flatMap((turn) => turn.parts.filter((part) => part.image));
  }

  /** The runs that reply to a turn: [[job, run]]. */
  jobsOf(turn) {
    return [...this.jobs].filter(([, run]) => run.turn === turn);
  }

  /** The image of a turn, undefined without one. */
  imageOf(turn) {
    return this.turns.get(turn)?.parts.find(({ image }) => image)?.image;
  }

  async start() {
    for (const { job, ...run } of await server.running())
      this.jobs.set(job, { ...run, text: "", preview: null, queued: true });
    const last = localStorage.getItem(LAST);
    const all = await server.listAll();
    if (all.some(({ id }) => id === last)) await this.open(last);
    else if (all.length) await this.open(all[0].id);
    else this.changed();
  }

  async open(id) {
    this.wanted = id;
    const found = await server.open(id);
    if (this.wanted !== id) return; // another one was opened, or this one closed, meanwhile
    if (id !== this.id) this.failures.clear();
    this.id = id;
    this.title = found.title;
    this.head = found.head;
    this.copilot = found.copilot;
    this.turns = new Map(found.turns.map((turn) => [turn.id, turn]));
    localStorage.setItem(LAST, id);
    this.changed();
  }

  reload() {
    return this.id ? this.open(this.id) : Promise.resolve();
  }

  close() {
    this.id = this.head = this.wanted = null;
    this.title = "";
    this.turns = new Map();
    this.changed();
  }

  /**
   * Say something after `parent`, and let the copilot reply, or only plan its reply.
   * Images without words wait for the next message.
   */
  async say(text, message, { variants = 1, planFirst = false } = {}) {
    let { parent = this.head } = message;
    if (!this.id) {
      const copilot = this.copilot;
      await this.open(await server.create());
      if (copilot) await this.choose(copilot);
      parent = null;
    }
    const { turn, variants: asked } = await server.addTurn(this.id, { ...message, parent, text });
    await this.reload();
    if (planFirst && text) await this.plan(turn);
    else if (text) await this.reply(turn, asked > 1 ? asked : variants);
  }

  /** Queue replies to a user's turn, each with a seed of its own. */
  async reply(turn, variants = 1) {
    for (let k = 0; k < variants; k++) {
      const seed = Math.floor(Math.random() * 2 ** 31);
      await this.queue(turn, (copilot) => server.chatNodes(this.id, turn, copilot, seed));
    }
  }

  /** Queue a plan for the reply to a user's turn. */
  plan(turn) {
    return this.queue(turn, (copilot) => server.planNodes(this.id, turn, copilot));
  }

  async queue(turn, nodes) {
    this.failures.delete(turn);
    const job = server.newJob();
    // Before it is queued: it may end before the answer is here.
    const run = { id: this.id, turn, text: "", preview: null, queued: false, started: false };
    this.jobs.set(job, run);
    try {
      await server.run(job, this.copilot, nodes);
      run.queued = true;
      if (run.stopped) await server.stop(job);
    } catch (error) {
      this.jobs.delete(job);
      this.failures.set(turn, t("failed", error.message)); // the message itself is saved
    }
    this.changed();
  }

  /** Stop a run; one that is being queued, as soon as it is. */
  async stop(job) {
    const run = this.jobs.get(job);
    if (run?.queued === false) run.stopped = true;
    else await server.stop(job);
  }

  async goTo(turn) {
    await server.update(this.id, { head: turn });
    await this.reload();
  }

  /** The newest turn at the end of the branch through `turn`. */
  leaf(turn) {
    for (;;) {
      const next = [...this.turns.values()].filter(({ parent }) => parent === turn).at(-1);
      if (!next) return turn;
      turn = next.id;
    }
  }

  /** Show the neighbour of a turn among those that share its parent. */
  sibling(turn, step) {
    const { siblings } = this.turns.get(turn);
    const other = siblings[siblings.indexOf(turn) + step];
    return other && this.goTo(this.leaf(other));
  }

  /** Back to before the last message, or forward again. */
  undo() {
    const last = this.branch.filter(({ role }) => role === "user").at(-1);
    if (last?.parent) return this.goTo(last.parent);
    return null;
  }

  redo() {
    const next = this.leaf(this.head);
    return next === this.head ? null : this.goTo(next);
  }

  async hide(turn) {
    const hidden = await this.hidden();
    await server.update(this.id, { hidden: [...hidden, turn] });
    await this.reload();
    return async () => {
      await server.update(this.id, { hidden });
      await this.reload();
    };
  }

  async hidden() {
    const found = await server.open(this.id);
    return found.hidden ?? [];
  }

  async choose(copilot) {
    this.copilot = copilot;
    if (this.id) await server.update(this.id, { copilot });
    this.changed();
  }

  listen() {
    let current = null; // the job that runs now
    const on = (name, react) => api.addEventListener(name, ({ detail }) => react(detail));
    on("execution_start", ({ prompt_id }) => {
      current = prompt_id;
      const run = this.jobs.get(current);
      if (run) run.started = true;
      this.changed();
    });
    on("progress_text", ({ nodeId, text }) => {
      const run = this.jobs.get(current);
      if (!run || nodeId !== "wegen_chat") return;
      run.text = text;
      this.changed();
    });
    on("b_preview_with_metadata", ({ blob, nodeId, jobId }) => {
      const run = this.jobs.get(jobId ?? current);
      if (!run || !String(nodeId).startsWith("wegen_")) return;
      if (run.preview) URL.revokeObjectURL(run.preview);
      run.preview = URL.createObjectURL(blob);
      this.changed();
    });
    const end = (job, message) => {
      const run = this.jobs.get(job);
      if (!run) return;
      this.jobs.delete(job);
      if (run.preview) URL.revokeObjectURL(run.preview);
      if (message) this.failures.set(run.turn, message);
      if (run.id === this.id) this.reload();
    };
    on("execution_success", ({ prompt_id }) => end(prompt_id, ""));
    on("execution_interrupted", ({ prompt_id }) => end(prompt_id, t("interrupted")));
    on("execution_error", ({ prompt_id, exception_message }) => {
      if (this.jobs.has(prompt_id)) hidePageError();
      end(prompt_id, t("failed", exception_message.trim()));
    });
    // Another tab, a graph or the command line has written.
    on("wegen.conversation", ({ id }) => {
      if (id === this.id) this.reload().catch(() => this.close()); // deleted for good
      this.dispatchEvent(new Event("list"));
    });
    // A job that was taken out of the queue ends without a word.
    on("status", async () => {
      if (!this.jobs.size) return;
      const left = new Set((await server.running()).map(({ job }) => job));
      for (const [job, { queued }] of [...this.jobs])
        if (queued && !left.has(job) && job !== current) end(job, "");
    });
  }
}

/** Take away the error that the page lays over the open graph, which has nothing to do with it. */
function hidePageError() {
  // The page offers extensions no way to do this; its store is what it shows.
  const errors = app.extensionManager?._p?._s?.get("executionError");
  errors?.recordExecutionError?.(null);
  errors?.dismissErrorOverlay?.();
}
