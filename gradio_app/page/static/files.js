/**
 * What is attached to the message that is being written: chosen, dropped anywhere on the page, or pasted. Each file
 * is uploaded at once, so that sending names it only. Nothing is kept in the browser.
 */
import { element } from "./elements.js";
import { filled, isTemporary, limits, owner, words } from "./facts.js";
import { hush, say } from "./notice.js";

/** Uploads at the same time; the server takes no more of one person. */
const AT_ONCE = 2;
/** Longest side of an image that was too large and is made smaller: models look at no more. */
const SMALLER_PIXELS = 2576;
const QUALITY = 0.9;

/**
 * Files in the order in which they were attached: {name, kind, image, id, address, request, percent}. One that is
 * still on its way has no id.
 */
let attached = [];
/** Sentences about those of the last choice that were refused: which is known first is chance, and none hides another. */
let refused = [];
let waiting = [];
let underway = 0;
let isSending = false;
let whenChanged = () => {};
let whenReady = () => {};

const find = (selector) => document.querySelector(selector);

/** Say whom to tell when the files have changed, and when none is on its way any more. */
export function onFiles(changed, ready) {
  whenChanged = changed;
  whenReady = ready;
}

/** The ids of the files that have arrived. */
export function fileIds() {
  return attached.map((file) => file.id).filter(Boolean);
}

export function hasFiles() {
  return attached.length > 0;
}

/** Whether a file is on its way; then says so, and `ready` follows. */
export function mustWait() {
  isSending = attached.some((file) => !file.id);
  if (isSending) say(words.wait_for_files, "files");
  return isSending;
}

/** Take all files out, for they are being sent. */
export function takeFiles() {
  const taken = attached;
  attached = [];
  show();
  return taken;
}

/** Files that were given back, before what was attached since. */
export function giveFiles(files) {
  const ids = new Set(files.map((file) => file.id));
  attached = [...files, ...attached.filter((file) => !ids.has(file.id))];
  show();
}

/** The server's word about a file, as one of ours. */
export function known(file) {
  return { ...file, percent: 100, address: file.image ? `/files?id=${file.id}` : "" };
}

/** Attach files; says why not, where that can be known here. */
function attach(files) {
  if (isTemporary) return void say(words.temporary_files, "refused");
  refused = [];
  for (const file of files) {
    if (attached.length >= limits.most) {
      say(filled(words.too_many_files, { most: limits.most }), "refused");
      break;
    }
    const image = /^image\/(png|jpeg|gif|webp)$/.test(file.type);
    const entry = { name: file.name, kind: "", image, percent: 0, address: image ? URL.createObjectURL(file) : "" };
    attached.push(entry);
    waiting.push(async () => upload(entry, await fitting(file)));
  }
  show();
  next();
}

function next() {
  while (underway < AT_ONCE && waiting.length) {
    underway += 1;
    waiting
      .shift()()
      .finally(() => {
        underway -= 1;
        next();
      });
  }
}

/** An image that is too large as a smaller one; anything else as it is. */
async function fitting(file) {
  if (!/^image\/(png|jpeg|webp)$/.test(file.type)) return file;
  try {
    const image = await createImageBitmap(file);
    const longest = Math.max(image.width, image.height);
    if (file.size <= limits.imageBytes && longest <= limits.imagePixels) return file;
    const scale = Math.min(1, SMALLER_PIXELS / longest);
    const canvas = new OffscreenCanvas(Math.round(image.width * scale), Math.round(image.height * scale));
    const context = canvas.getContext("2d");
    context.fillStyle = "white"; // JPEG has no transparency
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const smaller = await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
    return new File([smaller], file.name.replace(/\.\w+$/, "") + ".jpg", { type: smaller.type });
  } catch {
    return file; // the server says what is wrong with it
  }
}

function upload(entry, file) {
  if (!attached.includes(entry)) return Promise.resolve();
  if (file.size > limits.bytes) {
    const most = Math.floor(limits.bytes / 1e6);
    return Promise.resolve(refuse(entry, filled(words.file_too_large, { name: entry.name, most })));
  }
  entry.name = file.name;
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    entry.request = request;
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      entry.percent = Math.floor((100 * loaded) / total);
      progress(entry);
    });
    request.addEventListener("loadend", () => {
      arrived(entry, request);
      resolve();
    });
    request.open("POST", `/files?${new URLSearchParams({ name: file.name })}`);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.setRequestHeader("x-page-owner", owner);
    request.responseType = "json";
    request.send(file);
  });
}

function arrived(entry, request) {
  entry.request = null;
  if (!attached.includes(entry)) {
    if (request.status === 200) drop(request.response.id); // it was taken off meanwhile
    return;
  }
  if (request.status !== 200) {
    const failed = filled(words.file_failed, { name: entry.name });
    const why = request.response?.detail;
    return void refuse(entry, why ? `${entry.name}: ${why}` : failed);
  }
  Object.assign(entry, request.response, { address: entry.address || known(request.response).address });
  tell(filled(words.file_ready, { name: entry.name }));
  show();
  if (isSending && attached.every((file) => file.id)) {
    isSending = false;
    hush("files");
    whenReady();
  }
}

function refuse(entry, sentence) {
  isSending = false;
  remove(entry);
  refused.push(sentence);
  say(refused.join(" "), "refused");
}

function remove(entry) {
  attached = attached.filter((each) => each !== entry);
  if (entry.address.startsWith("blob:")) URL.revokeObjectURL(entry.address);
  show();
}

function takeOff(entry) {
  const at = attached.indexOf(entry);
  remove(entry);
  entry.request?.abort();
  if (entry.id) drop(entry.id);
  (find(`#attached li:nth-child(${Math.min(at + 1, attached.length)}) button`) ?? find("#box textarea")).focus();
}

function drop(id) {
  fetch(`/files?id=${id}`, { method: "DELETE" }).catch(() => {}); // it ends by itself
}

// What stands on the page.

function show() {
  const composer = find("#composer");
  if (!composer) return;
  let list = find("#attached");
  if (!list) {
    list = element("ul", { id: "attached" });
    list.setAttribute("aria-label", words.attached);
    composer.prepend(list);
  }
  const items = attached.map((entry) => (entry.item ??= item(entry)));
  list.replaceChildren(...items);
  list.hidden = !items.length;
  attached.forEach(progress);
  whenChanged();
}

function item(entry) {
  const picture = entry.address ? element("img", { src: entry.address, alt: "" }) : element("span", { className: "kind" });
  const button = element("button", { type: "button", textContent: "×" });
  button.addEventListener("click", () => takeOff(entry));
  const line = element("progress", { max: 100 });
  return element("li", {}, picture, element("span", { className: "name" }), line, button);
}

function progress(entry) {
  const [picture, name, line, button] = entry.item?.children ?? [];
  if (!name) return;
  name.textContent = name.title = entry.name;
  if (picture.className === "kind") picture.textContent = ending(entry);
  button.setAttribute("aria-label", filled(words.take_off, { name: entry.name }));
  line.hidden = Boolean(entry.id);
  const isRead = entry.percent === 100;
  // Without a value it moves by itself: how long a file takes to be read, nobody knows.
  if (isRead) line.removeAttribute("value");
  else line.value = entry.percent;
  const said = isRead ? words.reading_file : words.uploading;
  line.setAttribute("aria-label", filled(said, { name: entry.name, percent: entry.percent }));
}

function ending({ kind, name }) {
  return (kind && kind !== "code" && kind !== "txt" ? kind : (/\.(\w{1,5})$/.exec(name)?.[1] ?? kind)).toUpperCase();
}

/** Have screen readers say it. */
function tell(sentence) {
  let status = find("#file-status");
  if (!status) {
    status = element("div", { id: "file-status" });
    status.setAttribute("role", "status");
    find("#composer").after(status);
  }
  status.textContent = sentence;
}

function choose() {
  const input = element("input", { type: "file", multiple: true, hidden: true, id: "file-choice" });
  input.addEventListener("change", () => {
    attach(input.files);
    input.remove();
  });
  find("#file-choice")?.remove();
  document.body.append(input); // some browsers forget one that is nowhere
  input.click();
}

function brings(event) {
  return event.dataTransfer?.types.includes("Files");
}

function onDrag(event) {
  if (!brings(event)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const leaves = event.type === "drop" || (event.type === "dragleave" && !event.relatedTarget);
  if (leaves) find("#drop-here")?.remove();
  else if (!find("#drop-here")) document.body.append(element("div", { id: "drop-here", textContent: words.drop_here }));
  if (event.type === "drop") attach(event.dataTransfer.files);
}

function onPaste(event) {
  const { files, types } = event.clipboardData ?? {};
  // A text processor brings a picture of a text along with it.
  if (!files?.length || types.includes("text/plain")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  attach(files);
}

for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) addEventListener(kind, onDrag, true);
addEventListener("paste", onPaste, true);
addEventListener("click", (event) => event.target.closest?.("#attach") && choose());
