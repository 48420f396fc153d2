/**
 * The way to the server. What Gradio sends passes here, so that we hear of what failed, and so that it reloads
 * a page whose connection was lost only when that loses nothing.
 */
import { words } from "./facts.js";

/**
 * Tells of requests of Gradio's: of "sent" ones `detail` is {body}, of "failed" ones {body, sentence, isShown}.
 * The sentence is the server's, empty where it has none; it is shown if Gradio itself puts it before the person.
 */
export const connection = new EventTarget();

/** Asked each time that Gradio would reload the page; may be replaced. */
export const guard = { mayReload: async () => true };

const OF_GRADIO = "/gradio_api/";
/** The `error` at which Gradio waits until the server answers again, and then reloads the page. */
const WAITS = "Connection errored out. ";
const send = window.fetch.bind(window);

/** Whether the connection was lost; Gradio then takes no more events until it has reloaded the page. */
export function isLost() {
  return document.documentElement.dataset.connection === "lost";
}

let isLeaving = false;
addEventListener("pagehide", () => (isLeaving = true));
addEventListener("pageshow", () => (isLeaving = false));

function lost() {
  if (isLeaving) return; // the browser breaks everything off
  if (isLost()) return;
  document.documentElement.dataset.connection = "lost";
  connection.dispatchEvent(new Event("lost"));
}

// JSON may name half a character, which is no text: nobody after us takes it.
function wellFormed(json) {
  return json.replace(/\\\\|\\u[dD][89a-fA-F][0-9a-fA-F]{2}/g, (found) => (found === "\\\\" ? found : "\\ufffd"));
}

// A stream that ends before it said so was cut. Gradio would wait for the rest for ever.
function watched(answer) {
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  let end = "";
  async function pull(controller) {
    try {
      const { done, value } = await reader.read();
      if (!done) {
        end = (end + decoder.decode(value, { stream: true })).slice(-500);
        controller.enqueue(value);
      } else if (/"msg": ?"close_stream"/.test(end)) {
        controller.close();
      } else {
        throw new TypeError("the stream was cut");
      }
    } catch (error) {
      if (error.name !== "AbortError") lost();
      controller.error(error);
    }
  }
  const body = new ReadableStream({ pull, cancel: (reason) => reader.cancel(reason) });
  const { status, statusText, headers } = answer;
  return new Response(body, { status, statusText, headers });
}

/** What the server says about a refusal, in the page's language; a balancer before it answers with a page. */
async function refusal(answer) {
  try {
    const { detail, error } = await answer.clone().json();
    return { sentence: detail ?? error ?? "", waits: error === WAITS };
  } catch {
    return { sentence: "", waits: false };
  }
}

/** Gradio shows why the queue takes no event, and would show that it cannot read a balancer's page. */
function readable(answer, sentence) {
  return new Response(JSON.stringify({ error: sentence || words.failed_event }), { status: answer.status });
}

async function passed(url, input, init) {
  let body = init?.body;
  if (typeof body === "string") body = wellFormed(body);
  const isJoin = url.pathname.endsWith("/queue/join");
  const failed = (sentence) =>
    connection.dispatchEvent(new CustomEvent("failed", { detail: { body, sentence, isShown: isJoin } }));
  let answer;
  connection.dispatchEvent(new CustomEvent("sent", { detail: { body } }));
  try {
    answer = await send(input, init && { ...init, body });
  } catch (error) {
    failed("");
    if (error.name !== "AbortError") lost();
    throw error;
  }
  if (!answer.ok) {
    const { sentence, waits } = await refusal(answer);
    failed(sentence);
    if (waits) lost();
    else if (isJoin) return readable(answer, sentence);
  }
  return url.pathname.endsWith("/queue/data") && answer.ok ? watched(answer) : answer;
}

window.fetch = async (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input, location.href);
  if (url.origin !== location.origin || !url.pathname.startsWith(OF_GRADIO)) return send(input, init);
  if (url.pathname !== `${OF_GRADIO}app_id`) return passed(url, input, init);
  lost();
  return (await guard.mayReload()) ? send(input, init) : new Response(null, { status: 503 });
};
