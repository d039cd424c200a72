// Reads model.stance and scores text views with it: for Node and browsers, without dependencies.
//
//   import { openModel } from "./stance-reader.mjs";
//   const model = openModel(await (await fetch("model.stance")).arrayBuffer());
//   model.predict({ sentence: "ACTOR rejected the dam.", clause: …, … });
//   // -> { criticizes: 0.84, neutral: 0.08, supports: 0.08 }
//
// The views of a sentence are what stance/features.py writes of it; docs/model-format.md says what
// every byte is. In a shell: node examples/stance-reader.mjs model.stance vectors.json

const MAGIC = "stance model\n";
const PAGE = 4096;
const N_CLASSES = 3;
const ROW = 1 + N_CLASSES; // of a term: its idf, then a coefficient for each class

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** Return the CRC-32 of some bytes, as zlib's. */
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 0xff];
  return ~crc >>> 0;
}

/** Return where something that must begin at a multiple of `size` begins. */
const align = (position, size) => Math.ceil(position / size) * size;

/** Open the bytes of a model; throws an Error that says what is wrong with them. */
export function openModel(buffer) {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  const start = MAGIC.length + 8;
  if (new TextDecoder("latin1").decode(bytes.subarray(0, MAGIC.length)) !== MAGIC)
    throw new Error("no stance model");
  const end = start + Number(view.getBigUint64(MAGIC.length, true));
  if (end + 4 > bytes.length) throw new Error("cut short");
  const header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(start, end)));
  if (header.format !== 4) throw new Error(`format ${header.format}, and this reads 4`);
  if (crc32(bytes.subarray(0, end)) !== view.getUint32(end, true))
    throw new Error("damaged (the checksum of its header)");
  const sums = align(end + 4, 64);
  const body = align(sums + 4 * header.pages, PAGE);
  if (bytes.length !== body + PAGE * header.pages) throw new Error("cut short, or too long");
  if (crc32(bytes.subarray(sums, sums + 4 * header.pages)) !== header.checksum)
    throw new Error("damaged (the checksums of its pages)");
  for (let page = 0; page < header.pages; page++) {
    const at = body + page * PAGE;
    if (crc32(bytes.subarray(at, at + PAGE)) !== view.getUint32(sums + 4 * page, true))
      throw new Error(`damaged (the checksum of page ${page})`);
  }
  return new Model(header, bytes.subarray(body));
}

class Model {
  constructor(header, body) {
    this.header = header;
    this.body = body;
    this.intercept = this.floats("intercept");
    this.blocks = header.blocks.map((entry, number) => new Block(this, entry, String(number)));
    this.context = header.context && {
      coef: this.floats("context.alone_coef"),
      intercept: this.floats("context.alone_intercept"),
    };
  }

  /** The bytes of an array. */
  array(name) {
    const [start, size] = this.header.arrays[name];
    if (!(start >= 0 && size >= 0 && start + size <= this.body.length))
      throw new Error(`damaged (the place of ${name})`);
    return this.body.subarray(start, start + size);
  }

  /** An array of numbers. Bodies begin at multiples of 4096, arrays at multiples of 64. */
  numbers(name, Kind) {
    const data = this.array(name);
    return new Kind(data.buffer, data.byteOffset, data.length / Kind.BYTES_PER_ELEMENT);
  }

  floats(name) {
    return this.numbers(name, Float64Array);
  }

  /** Return the scores of the classes before the softmax, of a claim without its article. */
  score(views) {
    const own = Array.from(this.intercept);
    for (const block of this.blocks)
      block.score(views[block.view] ?? "").forEach((part, k) => (own[k] += part));
    if (!this.context) return own;
    const mean = own.reduce((sum, score) => sum + score, 0) / N_CLASSES;
    // Rows after the third hear who speaks (--actor-prior); for a stranger they are 0.
    return Array.from(this.context.intercept, (intercept, k) =>
      own.reduce((sum, score, j) => sum + (score - mean) * this.context.coef[j * N_CLASSES + k], intercept),
    );
  }

  /** Return the probability of each stance. */
  predict(views) {
    const scores = this.score(views);
    const highest = Math.max(...scores);
    const exponents = scores.map((score) => Math.exp(score - highest));
    const total = exponents.reduce((sum, value) => sum + value, 0);
    return Object.fromEntries(this.header.classes.map((name, k) => [name, exponents[k] / total]));
  }
}

class Block {
  constructor(model, entry, name) {
    Object.assign(this, entry); // view, analyzer, ngram_range, weight
    this.keys = model.array(`${name}.keys`);
    this.starts = model.numbers(`${name}.keys.starts`, Uint32Array);
    this.hashes = model.numbers(`${name}.hashes`, Uint32Array);
    this.order = model.numbers(`${name}.numbers`, Uint32Array);
    this.values = model.floats(`${name}.values`);
    this.encoder = new TextEncoder();
  }

  /** Return the number of a term, or -1. */
  find(term) {
    const wanted = this.encoder.encode(term);
    const hash = crc32(wanted);
    let [low, high] = [0, this.hashes.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.hashes[middle] < hash) low = middle + 1;
      else high = middle;
    }
    for (; low < this.hashes.length && this.hashes[low] === hash; low++) {
      const number = this.order[low];
      const found = this.keys.subarray(this.starts[number], this.starts[number + 1] - 1);
      if (found.length === wanted.length && found.every((byte, i) => byte === wanted[i])) return number;
    }
    return -1;
  }

  /** Yield the n-grams of a text. */
  *terms(text) {
    const [shortest, longest] = this.ngram_range;
    if (this.analyzer === "word") {
      const words = text.match(/[\p{L}\p{N}_]+/gu) ?? [];
      for (let n = shortest; n <= longest; n++)
        for (let i = 0; i + n <= words.length; i++) yield words.slice(i, i + n).join(" ");
      return;
    }
    for (const word of text.split(" ").filter(Boolean)) {
      const letters = Array.from(` ${word} `); // code points, not UTF-16 units
      for (let n = shortest; n <= longest; n++) {
        for (let i = 0; i < Math.max(1, letters.length - n + 1); i++)
          yield letters.slice(i, i + n).join("");
        if (n >= letters.length) break; // a short word counts once
      }
    }
  }

  /** Return what the known terms of a text add to the score of each class. */
  score(text) {
    const counts = new Map();
    for (const term of this.terms(text)) {
      const number = this.find(term);
      if (number >= 0) counts.set(number, (counts.get(number) ?? 0) + 1);
    }
    const scores = new Array(N_CLASSES).fill(0);
    let squares = 0;
    for (const [number, count] of counts) {
      const value = (1 + Math.log(count)) * this.values[number * ROW];
      squares += value * value;
      for (let k = 0; k < N_CLASSES; k++) scores[k] += value * this.values[number * ROW + 1 + k];
    }
    return squares > 0 ? scores.map((score) => (score * this.weight) / Math.sqrt(squares)) : scores;
  }
}

// In a shell: the answers to a file of vectors, as JSON, and how far they are from its own.
if (typeof process !== "undefined" && import.meta.url === new URL(`file://${process.argv[1]}`).href) {
  const { readFileSync } = await import("node:fs");
  const file = readFileSync(process.argv[2]);
  const model = openModel(file.buffer.slice(file.byteOffset, file.byteOffset + file.length));
  const { rows } = JSON.parse(readFileSync(process.argv[3], "utf8"));
  const answers = rows.map((row) => Object.values(model.predict(row.views)));
  const off = answers.map((row, i) => Math.max(...row.map((p, k) => Math.abs(p - rows[i].probabilities[k]))));
  console.log(JSON.stringify({ answers, largest_difference: Math.max(...off) }));
}
