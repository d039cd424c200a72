// Files chosen or dropped enter; their names and texts leave. Nothing in them is run or fetched.

import { byId } from "./page.js";

const BLOCKS = "h1, h2, h3, p, li, blockquote";

// A parsed document is inert: its scripts do not run and its images are not fetched.
function textOfPage(source) {
  const page = new DOMParser().parseFromString(source, "text/html");
  page.querySelectorAll("script, style, noscript, nav, header, footer, aside").forEach((e) => e.remove());
  const root = page.querySelector("article") ?? page.querySelector("main") ?? page.body;
  const blocks = [...root.querySelectorAll(BLOCKS)].filter((block) => !block.querySelector(BLOCKS));
  const texts = blocks.length ? blocks.map((block) => block.textContent) : [root.textContent];
  return texts.map((text) => text.replace(/\s+/g, " ").trim()).filter(Boolean).join("\n\n");
}

async function documentOf(file) {
  const source = await file.text();
  const isPage = /\.html?$/i.test(file.name) || file.type === "text/html";
  return { name: file.name, text: isPage ? textOfPage(source) : source };
}

export function setUpFiles(read) {
  const input = byId("files");
  const take = async (files) => {
    const documents = await Promise.all([...files].map(documentOf));
    if (documents.length) read(documents);
  };
  byId("choose").addEventListener("click", () => input.click());
  input.addEventListener("change", async () => {
    await take(input.files);
    input.value = "";
  });

  const isFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!isFiles(event)) return;
    event.preventDefault();
    byId("drop").hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) byId("drop").hidden = true;
  });
  addEventListener("drop", (event) => {
    byId("drop").hidden = true;
    if (!isFiles(event)) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
}
