// Files chosen or dropped enter; their names and texts leave. Nothing in them is run or fetched.

import { byId } from "./page.js";

const documentOf = async (file) => ({ name: file.name, text: await file.text(), isFile: true });

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
