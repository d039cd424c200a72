// Decisions enter; each leaves for the server, in order, again and again until it is acknowledged.
// Until then it is kept in the browser's storage: a closed tab or a stopped server loses nothing, and
// as each has its own id, sending one twice is sending it once.

import { request } from "./api.js";

const PREFIX = "stance-outbox/";
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 15_000;

export class Outbox {
  // `on` has: bodyOf(entry), saved(entry, answer), conflict(entry, problem), changed().
  constructor(on) {
    this.on = on;
    this.entries = [];
    this.wait = FIRST_WAIT;
    this.isSending = false;
    this.isHeld = false;
    // Why nothing can be sent at the moment; null while all goes well.
    this.problem = null;
    for (const key of Object.keys(localStorage).filter((k) => k.startsWith(PREFIX))) {
      try {
        this.entries.push(JSON.parse(localStorage.getItem(key)));
      } catch {
        localStorage.removeItem(key);
      }
    }
    this.entries.sort((a, b) => a.at - b.at);
    addEventListener("online", () => this.send());
  }

  get size() {
    return this.entries.length;
  }

  // An entry has method, path, query and body, and whatever its maker wants back with the answer.
  add(entry) {
    const kept = { ...entry, key: crypto.randomUUID(), at: performance.timeOrigin + performance.now() };
    this.entries.push(kept);
    this.#keep(kept);
    if (this.problem) this.on.changed();
    this.send();
  }

  #keep(entry) {
    try {
      localStorage.setItem(PREFIX + entry.key, JSON.stringify(entry));
    } catch {
      // Storage is full or forbidden: the page itself still holds the entry.
    }
  }

  drop(entry) {
    this.entries = this.entries.filter((other) => other.key !== entry.key);
    localStorage.removeItem(PREFIX + entry.key);
  }

  replace(entry, changes) {
    Object.assign(entry, changes);
    this.#keep(entry);
  }

  resume() {
    this.isHeld = false;
    this.send();
  }

  async send() {
    clearTimeout(this.timer);
    if (this.isSending || this.isHeld) return;
    this.isSending = true;
    try {
      while (this.entries.length && !this.isHeld) await this.#sendFirst();
    } finally {
      this.isSending = false;
    }
  }

  async #sendFirst() {
    const [entry] = this.entries;
    try {
      const { method, path, query } = entry;
      const answer = await request(method, path, { query, body: this.on.bodyOf(entry) });
      this.drop(entry);
      this.#succeed();
      this.on.saved(entry, answer);
    } catch (problem) {
      if (!("status" in problem)) throw problem;
      if (entry.method === "DELETE" && problem.status === 404) {
        // What never arrived need not be taken back.
        this.drop(entry);
        this.#succeed();
        this.on.saved(entry, {});
        return;
      }
      this.isHeld = true;
      if (problem.status === 409) this.on.conflict(entry, problem);
      else this.#waitAfter(problem);
    }
  }

  #succeed() {
    this.wait = FIRST_WAIT;
    this.problem = null;
    this.on.changed();
  }

  #waitAfter(problem) {
    this.problem = problem;
    this.on.changed();
    this.timer = setTimeout(() => this.resume(), this.wait);
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
  }
}
