// A request enters, the server's answer or a Problem leaves; no other module speaks HTTP.

export class Problem extends Error {
  constructor(status, title, detail, body = {}) {
    const text = detail || title || `The server answered ${status}.`;
    super(text.charAt(0).toUpperCase() + text.slice(1));
    this.status = status;
    this.title = title;
    this.body = body;
  }

  // Without an answer, or with one that may differ a moment later, asking again can help.
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 502;
  }
}

const SILENCE = 30_000;

async function ask(method, path, { query, body, signal } = {}) {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== "") url.searchParams.set(name, value);
  }
  const timeout = AbortSignal.timeout(SILENCE);
  const options = { method, signal: signal ? AbortSignal.any([signal, timeout]) : timeout };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, "No answer", "The server does not answer.");
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function problemOf(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // A proxy's error page is no JSON; its status has to do.
  }
  return new Problem(response.status, body.title ?? response.statusText, body.detail ?? "", body);
}

export async function request(method, path, options) {
  return (await ask(method, path, options)).json();
}

export async function requestText(path, options) {
  return (await ask("GET", path, options)).text();
}

export async function download(path, name, options) {
  const response = await ask("POST", path, options);
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the blob after the click returns.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
