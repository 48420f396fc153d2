/**
 * What the page does that Gradio does not: one language, no text lost. Loaded before Gradio's own scripts;
 * plain JavaScript, without `eval`, under the page's content security policy. Nothing is kept in the browser.
 */
import "./language.js";
import "./connection.js";
import "./box.js";
import "./files.js";
import "./messages.js";
import "./copying.js";
import "./editing.js";
import "./instructions.js";
import "./versions.js";
import "./summaries.js";
import "./citations.js";
import "./thumbs.js";
import "./temporary.js";
import "./conversations.js";
import "./search.js";
import "./shortcuts.js";
import "./announcements.js";
import "./focus.js";
import "./mended.js";
