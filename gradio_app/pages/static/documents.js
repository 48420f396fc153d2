// The page of documents works without this. With it, what is being done shows itself anew, and files are sent
// one by one with their progress, chosen or dropped.

const SOONEST = 1500;
const LATEST = 10000;
const AT_ONCE = 2;

const form = document.getElementById("add");
const uploads = document.getElementById("uploads");
let wait = SOONEST;
let timer = 0;

async function look() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (answer.redirected || !answer.ok) {
    location.reload();
    return;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("list");
  const list = document.getElementById("list");
  if (fresh && fresh.innerHTML !== list.innerHTML) {
    replace(list, fresh);
    wait = SOONEST;
  } else {
    wait = Math.min(wait * 1.5, LATEST);
  }
}

// Whoever types or stands on a link goes on doing so.
function replace(list, fresh) {
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const typed = focused?.id ? [focused.id, focused.value] : null;
  const href = focused?.getAttribute("href");
  list.replaceWith(fresh);
  const again = typed ? document.getElementById(typed[0]) : href && fresh.querySelector(`a[href="${CSS.escape(href)}"]`);
  if (typed && again) {
    again.value = typed[1];
  }
  again?.focus();
}

function lookSoon(soonest) {
  clearTimeout(timer);
  wait = soonest ?? wait;
  timer = setTimeout(async () => {
    try {
      if (!document.hidden) {
        await look();
      }
    } catch {
      wait = LATEST; // the network is away for now
    }
    if (document.getElementById("list").dataset.unfinished) {
      lookSoon();
    }
  }, wait);
}

function row(name) {
  const line = document.createElement("li");
  const title = document.createElement("bdi");
  const progress = document.createElement("progress");
  const told = document.createElement("span");
  title.textContent = name;
  told.textContent = form.dataset.uploading;
  progress.max = 1;
  progress.value = 0;
  progress.setAttribute("aria-label", name);
  line.append(title, " ", progress, " ", told);
  uploads.append(line);
  return { line, progress, told };
}

function send(file, shown) {
  return new Promise((done) => {
    const body = new FormData();
    for (const name of ["library", "collection"]) {
      body.append(name, form.elements[name].value);
    }
    body.append("file", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("accept", "application/json");
    request.upload.onprogress = (event) => {
      shown.progress.value = event.lengthComputable ? event.loaded / event.total : 0;
    };
    request.onloadend = () => {
      tell(shown, request);
      lookSoon(0);
      done();
    };
    request.send(body);
  });
}

function tell(shown, request) {
  if (request.status === 401) {
    location.reload();
    return;
  }
  if (request.status === 200) {
    shown.line.remove();
    return;
  }
  let detail = form.dataset.failed;
  try {
    detail = JSON.parse(request.responseText).detail ?? detail;
  } catch {
    // what stands before the application has answered
  }
  shown.progress.remove();
  shown.line.className = "error";
  shown.line.textContent = detail.startsWith(shown.line.firstChild.textContent)
    ? detail
    : `${shown.line.firstChild.textContent}: ${detail}`;
}

async function sendAll(files) {
  const left = [...files].map((file) => [file, row(file.name)]);
  const lane = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      await send(...next);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

if (form) {
  const chosen = document.getElementById("files");
  document.getElementById("add-button").hidden = true;
  document.getElementById("drop-hint").hidden = false;
  chosen.addEventListener("change", () => {
    const files = [...chosen.files];
    chosen.value = "";
    sendAll(files);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files")) {
      event.preventDefault();
      form.classList.add("dropping");
    }
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) {
      form.classList.remove("dropping");
    }
  });
  addEventListener("drop", (event) => {
    form.classList.remove("dropping");
    if (event.dataTransfer?.files.length) {
      event.preventDefault();
      sendAll(event.dataTransfer.files);
    }
  });
}

if (document.getElementById("list").dataset.unfinished) {
  lookSoon();
}
