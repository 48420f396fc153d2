"""Every text of the chat that a person reads, in English and Spanish; others have a module each.

`gradio_app.language` decides which. What stands on the page is Gradio's to translate (`gr.I18n`), into the
language that our script names to it; the rest is chosen here.
"""

import gradio as gr

from gradio_app.language import number as number
from gradio_app.page import texts_pt

PAGE = {
    "en": {
        "new": "New conversation",
        "temporary": "Temporary conversation",
        "conversations": "Conversations",
        "all_conversations": "All conversations",
        "settings": "Settings",
        "model": "Model",
        "temperature": "Temperature",
        "temperature_info": "Low: factual. High: inventive.",
        "max_tokens": "Maximum tokens",
        "effort": "Reasoning",
        "effort_info": "What is reasoned is charged like what is written, and is part of the maximum. With "
        "Claude the temperature does not count then.",
        "service_tier": "Service tier",
        "service_tier_info": "Flex costs half and may wait; priority costs 1.75 times as much and goes "
        "first. The tokens of your day count accordingly.",
        "instructions": "Instructions for this conversation",
        "instructions_info": "They come after those of the deployment and your own for all conversations.",
        "assistants": "Assistants and instructions",
        "assistant": "Assistant",
        "account": "Account and sign-out",
        "documents": "Documents",
        "shortcuts": "Keyboard shortcuts",
        "asks": "Ask",
        "write": "Write a message…",
        "attach": "Attach files",
        "send": "Send",
        "stop": "Stop",
        "earlier": "↑ Earlier messages",
        "later": "↓ Later messages",
    },
    "es": {
        "new": "Nueva conversación",
        "temporary": "Conversación temporal",
        "conversations": "Conversaciones",
        "all_conversations": "Todas las conversaciones",
        "settings": "Ajustes",
        "model": "Modelo",
        "temperature": "Temperatura",
        "temperature_info": "Baja: precisa. Alta: creativa.",
        "max_tokens": "Máximo de tokens",
        "effort": "Razonamiento",
        "effort_info": "Lo que se razona se cobra como lo que se escribe y entra en el máximo. Con Claude la "
        "temperatura no cuenta entonces.",
        "service_tier": "Nivel de servicio",
        "service_tier_info": "Flexible cuesta la mitad y puede esperar; prioritario cuesta 1,75 veces el "
        "precio y pasa primero. Los tokens de tu día cuentan en la misma medida.",
        "instructions": "Instrucciones para esta conversación",
        "instructions_info": "Van después de las de la instalación y de las tuyas para todas las "
        "conversaciones.",
        "assistants": "Asistentes e instrucciones",
        "assistant": "Asistente",
        "account": "Cuenta y cerrar sesión",
        "documents": "Documentos",
        "shortcuts": "Atajos de teclado",
        "asks": "Preguntar a",
        "write": "Escribe un mensaje…",
        "attach": "Adjuntar archivos",
        "send": "Enviar",
        "stop": "Detener",
        "earlier": "↑ Mensajes anteriores",
        "later": "↓ Mensajes posteriores",
    },
    "pt": texts_pt.PAGE,
}

REASONS = {
    "en": {
        "stopped": "Stopped.",
        "interrupted": "This answer was interrupted. What had arrived is above; try again with the "
        "retry button.",
        "missing": "There is no answer yet: it was interrupted before it began. Try again with the "
        "retry button.",
        "empty": "The model answered without any text. Try again, or put the question another way.",
        "length": "The answer reached its maximum length, which is in the settings. It can be continued.",
        "filtered": "The answer was held back by a content filter. Put the question another way.",
        "throttled": "The model is receiving too many requests right now. Wait a moment and try again.",
        "denied": "The application may not use this model. Tell whoever runs it, or choose another model.",
        "not_enabled": "This model is not enabled here. Choose another, or tell whoever runs the "
        "application: it is enabled once, in the Amazon Bedrock console.",
        "service_tier": "The model does not have this service tier here. Choose “standard” as service tier "
        "in the settings and try again.",
        "too_long": "This is too long for the model. Shorten the message or start a new conversation.",
        "refused": "The model did not accept the request. Change the message or the settings and try again.",
        "unavailable": "The model is out of service for the moment. Try again in a little while.",
        "not_ready": "The model is still being loaded. Try again in a minute.",
        "cut": "The connection broke in the middle of the answer. What had arrived was kept; try again.",
        "timeout": "The model took too long. Try again, or ask for something shorter.",
        "unreachable": "The model cannot be reached. Try again in a little while.",
        "credentials": "The application's permission to use the model has run out. Try again; if it stays, "
        "tell whoever runs it.",
        "files": "The attached files cannot be read right now. Nothing was spent; try again in a moment.",
        "not_searched": "Your documents cannot be searched right now. Try again in a moment.",
        "not_yet": "Documents cannot be asked yet: their index is being made. Try again in some minutes.",
        "unknown": "Something went wrong with the answer. Try again.",
    },
    "es": {
        "stopped": "Detenida.",
        "interrupted": "Esta respuesta se interrumpió. Arriba está lo que había llegado; reintenta "
        "con el botón.",
        "missing": "Aún no hay respuesta: se interrumpió antes de empezar. Reintenta con el botón.",
        "empty": "El modelo respondió sin texto. Reintenta o plantea la pregunta de otra manera.",
        "length": "La respuesta llegó a su longitud máxima, que está en los ajustes. Se puede continuar.",
        "filtered": "Un filtro de contenido retuvo la respuesta. Plantea la pregunta de otra manera.",
        "throttled": "El modelo recibe demasiadas peticiones ahora mismo. Espera un momento y reintenta.",
        "denied": "La aplicación no tiene permiso para usar este modelo. Avisa a quien la administra "
        "o elige otro.",
        "not_enabled": "Este modelo no está habilitado aquí. Elige otro o avisa a quien administra la "
        "aplicación: se habilita una sola vez, en la consola de Amazon Bedrock.",
        "service_tier": "Aquí el modelo no tiene este nivel de servicio. Elige «estándar» como nivel de "
        "servicio en los ajustes y reintenta.",
        "too_long": "Esto es demasiado largo para el modelo. Acorta el mensaje o empieza otra conversación.",
        "refused": "El modelo no aceptó la petición. Cambia el mensaje o los ajustes y reintenta.",
        "unavailable": "El modelo está fuera de servicio por el momento. Reintenta dentro de un rato.",
        "not_ready": "El modelo todavía se está cargando. Reintenta dentro de un minuto.",
        "cut": "La conexión se cortó en mitad de la respuesta. Lo que había llegado se conservó; reintenta.",
        "timeout": "El modelo tardó demasiado. Reintenta o pide algo más corto.",
        "unreachable": "No se puede contactar con el modelo. Reintenta dentro de un rato.",
        "credentials": "El permiso de la aplicación para usar el modelo ha caducado. Reintenta; si sigue, "
        "avisa a quien la administra.",
        "files": "Ahora mismo no se pueden leer los archivos adjuntos. No se gastó nada; reintenta en "
        "un momento.",
        "not_searched": "Ahora mismo no se puede buscar en tus documentos. Reintenta en un momento.",
        "not_yet": "Todavía no se puede preguntar a los documentos: se está creando su índice. Reintenta "
        "en unos minutos.",
        "unknown": "Algo salió mal con la respuesta. Reintenta.",
    },
    "pt": texts_pt.REASONS,
}
"""Why an answer is not whole; shown below what there is of it."""

WAITS = {
    "en": {
        "throttled": "The model is receiving too many requests right now. It is asked again in a moment.",
        "unavailable": "The model is out of service for the moment. It is asked again in a moment.",
        "unreachable": "The model cannot be reached. It is asked again in a moment.",
        "not_ready": "The model is still being loaded. Your message is kept and is answered as soon as it is "
        "there.",
        "in_line": "Many people are asking at the moment. Your message is kept and is number {number} in "
        "line; it is answered by itself. To leave the line, press Stop.",
    },
    "es": {
        "throttled": "El modelo recibe demasiadas peticiones ahora. Se le vuelve a preguntar enseguida.",
        "unavailable": "El modelo está fuera de servicio por el momento. Se le vuelve a preguntar enseguida.",
        "unreachable": "No se puede contactar con el modelo. Se le vuelve a preguntar enseguida.",
        "not_ready": "El modelo todavía se está cargando. Tu mensaje está guardado y se responde en cuanto "
        "esté listo.",
        "in_line": "En este momento pregunta mucha gente. Tu mensaje está guardado y es el número {number} "
        "de la cola; se responde solo. Para dejar la cola, pulsa Detener.",
    },
    "pt": texts_pt.WAITS,
}
"""Why an answer does not begin yet: the model is asked once more in a moment, or others are before it."""

REFUSALS = {
    "en": {
        "changed": "This conversation was changed in another tab. It is shown as it is now; send "
        "your message again.",
        "busy": "An answer is still being written here. Wait for it or stop it first.",
        "too_many": "You have several answers running already. Wait for one of them to end.",
        "crowded": "More people are asking at the moment than can wait in line, so your message was not "
        "sent. Try again in a minute.",
        "closed": "The server is just being replaced by another one, so your message was not sent. Send it "
        "again.",
        "budget": "Your tokens for today are used up, or do not suffice for this message. They are "
        "renewed at 00:00 UTC.",
        "stopped": "This was stopped before it was asked.",
        "full_conversation": "This conversation is as long as one may be. Go on in a new one.",
        "full_person": "Your conversations take all the room that there is for them. Delete some, then send "
        "your message again.",
        "summary_stays": "These messages do not fit word for word any more: the summary stays.",
        "versions": "This message has {most} versions already, the most there can be. Ask in a new message.",
        "too_long": "This message has {characters} characters; {most} are the most that can be sent. Shorten "
        "it or send it in parts.",
        "instructions_too_long": "The instructions for this conversation have {characters} characters; "
        "{most} are the most. Shorten them in the settings.",
        "empty": "There is nothing to send.",
        "empty_edit": "A question cannot be changed to nothing. It is as it was; to take it back, use undo.",
        "out_of_date": "This conversation was changed elsewhere, so nothing was done. It is shown as it is "
        "now.",
        "choice": "These settings are not available. Choose a model and values from the settings.",
        "storage": "The conversation cannot be saved right now. Nothing was sent; try again in a moment.",
        "cannot_see": "{name} cannot look at images. Take them off, or choose another model in the settings.",
        "no_text": "{name} cannot read a PDF without text, such as a scan. Take it off, or choose another "
        "model in the settings.",
        "too_many_files": "A message takes {most} files, of which {documents} may be documents. Take some "
        "off.",
        "files_too_large": "Together these files are more than one message can carry. Take some off, or send "
        "them in several messages.",
        "upload_gone": "A file that you attached is not there any more: it is kept for a day. Take it off "
        "and attach it again.",
        "asks_gone": "The documents that this conversation asked are not there any more, or not for you. "
        "Choose again what to ask.",
        "assistant_gone": "This assistant is not there any more, or not for you. Begin a new conversation "
        "with another one.",
        "assistant_asks": "This assistant asks documents that are not there any more, or not for you. They "
        "are not searched.",
        "not_saved": "This answer could not be saved. Copy what you need before you leave the page.",
        "not_found": "This conversation does not exist. It may have been deleted.",
        "temporary_gone": "This temporary conversation is gone: its time was over, or the server that held "
        "it was replaced. It was stored nowhere; begin another one.",
        "temporary_full": "This temporary conversation is as long as one may be. Begin another one.",
        "temporary_busy": "There is no room for more in temporary conversations right now. Try again in a "
        "while, or begin a conversation that is stored.",
        "temporary_files": "A temporary conversation takes no files: they would be stored. Take them off.",
        "malformed": "The page sent something that does not fit. Reload it and try again.",
        "broken": "Something went wrong on our side. Try again; if it stays, tell whoever runs this "
        "(reference {reference}).",
    },
    "es": {
        "changed": "Esta conversación cambió en otra pestaña. Se muestra como está ahora; envía de "
        "nuevo tu mensaje.",
        "busy": "Aquí se está escribiendo una respuesta. Espera a que termine o detenla antes.",
        "too_many": "Ya tienes varias respuestas en curso. Espera a que termine alguna.",
        "crowded": "En este momento pregunta más gente de la que cabe en la cola, así que tu mensaje no se "
        "ha enviado. Inténtalo de nuevo dentro de un minuto.",
        "closed": "Justo ahora otro servidor sustituye a este, así que tu mensaje no se ha enviado. Envíalo "
        "de nuevo.",
        "budget": "Tus tokens de hoy se agotaron o no alcanzan para esto. Se renuevan a las 00:00 UTC.",
        "stopped": "Esto se detuvo antes de preguntarlo.",
        "full_conversation": "Esta conversación ya es todo lo larga que puede ser. Sigue en una nueva.",
        "full_person": "Tus conversaciones ocupan todo el espacio que hay para ellas. Borra alguna y envía "
        "de nuevo tu mensaje.",
        "summary_stays": "Estos mensajes ya no caben palabra por palabra: el resumen se queda.",
        "versions": "Este mensaje ya tiene {most} versiones, el máximo. Pregunta en un mensaje nuevo.",
        "too_long": "Este mensaje tiene {characters} caracteres y se pueden enviar {most} como máximo. "
        "Acórtalo o envíalo por partes.",
        "instructions_too_long": "Las instrucciones para esta conversación tienen {characters} caracteres y "
        "caben {most}. Acórtalas en los ajustes.",
        "empty": "No hay nada que enviar.",
        "empty_edit": "Una pregunta no puede quedar vacía. Sigue como estaba; para retirarla, usa deshacer.",
        "out_of_date": "Esta conversación cambió en otro lugar y no se hizo nada. Se muestra como está "
        "ahora.",
        "choice": "Estos ajustes no están disponibles. Elige un modelo y valores de los ajustes.",
        "storage": "Ahora mismo no se puede guardar la conversación. No se envió nada; reintenta en "
        "un momento.",
        "cannot_see": "{name} no puede ver imágenes. Quítalas o elige otro modelo en los ajustes.",
        "no_text": "{name} no puede leer un PDF sin texto, como uno escaneado. Quítalo o elige otro modelo "
        "en los ajustes.",
        "too_many_files": "En un mensaje caben {most} archivos, de los que {documents} pueden ser "
        "documentos. Quita alguno.",
        "files_too_large": "Estos archivos juntos son más de lo que cabe en un mensaje. Quita alguno o "
        "envíalos en varios mensajes.",
        "upload_gone": "Un archivo que adjuntaste ya no está: se conserva un día. Quítalo y adjúntalo de "
        "nuevo.",
        "asks_gone": "Los documentos a los que preguntaba esta conversación ya no están, o no son para ti. "
        "Elige de nuevo a qué preguntar.",
        "assistant_gone": "Este asistente ya no está, o no es para ti. Empieza otra conversación con otro.",
        "assistant_asks": "Este asistente pregunta a documentos que ya no están, o no son para ti. No se "
        "busca en ellos.",
        "not_saved": "Esta respuesta no se pudo guardar. Copia lo que necesites antes de salir de la página.",
        "not_found": "Esta conversación no existe. Quizá se borró.",
        "temporary_gone": "Esta conversación temporal ya no está: no se guardó en ningún lugar y se acabó su "
        "tiempo o se reemplazó el servidor que la tenía. Empieza otra.",
        "temporary_full": "Esta conversación temporal ya es todo lo larga que puede ser. Empieza otra.",
        "temporary_busy": "Ahora mismo no caben más conversaciones temporales. Reintenta dentro de un rato o "
        "empieza una conversación que se guarde.",
        "temporary_files": "Una conversación temporal no admite archivos, porque se guardarían. Quítalos.",
        "malformed": "La página envió algo que no encaja. Recárgala e inténtalo de nuevo.",
        "broken": "Algo salió mal por nuestra parte. Reintenta; si sigue, avisa a quien lo administra "
        "(referencia {reference}).",
    },
    "pt": texts_pt.REFUSALS,
}
"""Why a turn did not take place; shown as a notice, and the message goes back to where it was written."""

UPLOADS = {
    "en": {
        "empty_file": "This file is empty.",
        "unknown_kind": "This kind of file cannot be read here. Images (PNG, JPEG, WebP, GIF), PDF, Word, "
        "PowerPoint, Excel, CSV, web pages, mails, subtitles and text can.",
        "broken_file": "This image cannot be read: it is broken.",
        "image_bytes": "This image is too large: at most 3.75 MB. Make it smaller and attach it again.",
        "image_pixels": "This image is too large: at most 8,000 pixels on each side.",
        "file_password": "This file has a password. Attach a copy without one.",
        "file_empty": "There is no text in this file.",
        "file_broken": "This file cannot be read: it is broken.",
        "file_too_large": "This file is too large to be read here.",
        "file_too_slow": "This file takes too long to read. Attach a smaller part of it.",
        "file_unsupported": "This kind of file cannot be read here.",
        "file_busy": "Many files are being read right now. Try again in a moment.",
        "too_many_uploads": "You have as many files waiting to be sent as there is room for. Send or take "
        "off some, then attach this one again.",
        "another_owner": "Somebody else has signed in in this browser. Nothing was attached.",
        "storage": "The file cannot be kept right now. Try again in a moment.",
        "no_file": "This file does not exist. It may have been deleted.",
    },
    "es": {
        "empty_file": "Este archivo está vacío.",
        "unknown_kind": "Aquí no se puede leer este tipo de archivo. Sí imágenes (PNG, JPEG, WebP, GIF), "
        "PDF, Word, PowerPoint, Excel, CSV, páginas web, correos, subtítulos y texto.",
        "broken_file": "Esta imagen no se puede leer: está dañada.",
        "image_bytes": "Esta imagen es demasiado grande: 3,75 MB como máximo. Redúcela y adjúntala de nuevo.",
        "image_pixels": "Esta imagen es demasiado grande: 8000 píxeles por lado como máximo.",
        "file_password": "Este archivo tiene contraseña. Adjunta una copia sin ella.",
        "file_empty": "En este archivo no hay texto.",
        "file_broken": "Este archivo no se puede leer: está dañado.",
        "file_too_large": "Este archivo es demasiado grande para leerlo aquí.",
        "file_too_slow": "Se tarda demasiado en leer este archivo. Adjunta una parte más pequeña.",
        "file_unsupported": "Aquí no se puede leer este tipo de archivo.",
        "file_busy": "Ahora mismo se están leyendo muchos archivos. Reintenta en un momento.",
        "too_many_uploads": "Ya tienes todos los archivos por enviar que caben. Envía o quita alguno y "
        "adjunta este de nuevo.",
        "another_owner": "Otra persona inició sesión en este navegador. No se adjuntó nada.",
        "storage": "Ahora mismo no se puede guardar el archivo. Reintenta en un momento.",
        "no_file": "Este archivo no existe. Quizá se borró.",
    },
    "pt": texts_pt.UPLOADS,
}
"""Why a file is not attached, or not shown."""

ASKS = {
    "en": {
        "": "the model alone",
        "own": "all my documents",
        "collection": "my collection {name}",
        "everybody": "everybody's documents",
        "group": "documents of {name}",
    },
    "es": {
        "": "solo al modelo",
        "own": "todos mis documentos",
        "collection": "mi colección {name}",
        "everybody": "los documentos de todos",
        "group": "los documentos de {name}",
    },
    "pt": texts_pt.ASKS,
}
"""What can be asked; it goes on from `asks` of the page."""

NO_ASSISTANT = {"en": "none", "es": "ninguno", "pt": texts_pt.NO_ASSISTANT}
"""It goes on from `assistant` of the page."""

SOURCES = {
    "en": {
        "sources": "Sources",
        "page": "page {page}",
        "none": "Nothing in this answer is backed by your documents.",
        "open": "Open the document",
        "deleted": "The document was deleted.",
        "closed": "The document is not open to you any more.",
        "searched_for": "Searched for, too: {question}",
    },
    "es": {
        "sources": "Fuentes",
        "page": "página {page}",
        "none": "Nada de esta respuesta está respaldado por tus documentos.",
        "open": "Abrir el documento",
        "deleted": "El documento se eliminó.",
        "closed": "El documento ya no está abierto para ti.",
        "searched_for": "También se buscó: {question}",
    },
    "pt": texts_pt.SOURCES,
}
"""What stands at the sources of an answer."""

FILES = {
    "en": {
        "files": "Attached files",
        "text": "read as text",
        "cut": "only its beginning was read, as text",
    },
    "es": {
        "files": "Archivos adjuntos",
        "text": "leído como texto",
        "cut": "solo se leyó el comienzo, como texto",
    },
    "pt": texts_pt.FILES,
}
"""What stands at the files of a message."""

ACTIONS = {
    "en": {
        "edit": "Edit the question",
        "copy_question": "Copy the question",
        "copy_answer": "Copy the answer as Markdown",
        "copy_text": "Copy the answer as text",
        "again": "Try again with another model",
        "again_after": "Written by {model}. Try again with another model",
        "go_on": "Continue",
        "thumb_up": "Good answer",
        "thumb_down": "Bad answer",
    },
    "es": {
        "edit": "Editar la pregunta",
        "copy_question": "Copiar la pregunta",
        "copy_answer": "Copiar la respuesta como Markdown",
        "copy_text": "Copiar la respuesta como texto",
        "again": "Probar con otro modelo",
        "again_after": "Escrita por {model}. Probar con otro modelo",
        "go_on": "Continuar",
        "thumb_up": "Buena respuesta",
        "thumb_down": "Mala respuesta",
    },
    "pt": texts_pt.ACTIONS,
}
"""What can be done with a message: names of buttons that show a sign only."""

VERSIONS = {
    "en": {"version": "Version", "back": "Previous version", "forth": "Next version"},
    "es": {"version": "Versión", "back": "Versión anterior", "forth": "Versión siguiente"},
    "pt": texts_pt.VERSIONS,
}
"""What stands at a question that was asked in several versions."""

THUMBS = {
    "en": {
        "heading": "What do you think of this answer?",
        "reason": "Why? (if you like)",
        "agreed": "Administrators may read this answer, too",
        "why": "Administrators see the thumb and the reason, and not who gave them.",
        "keep": "Keep it",
        "take_back": "Take it back",
        "close": "Close",
        "given": "Thank you: your thumb is kept.",
        "taken_back": "Your thumb is taken back.",
        "failed": "Your thumb could not be kept. Try again in a moment.",
    },
    "es": {
        "heading": "¿Qué te parece esta respuesta?",
        "reason": "¿Por qué? (si quieres)",
        "agreed": "Quienes administran pueden leer también esta respuesta",
        "why": "Quienes administran ven el pulgar y el motivo, y no de quién son.",
        "keep": "Guardarlo",
        "take_back": "Retirarlo",
        "close": "Cerrar",
        "given": "Gracias: tu pulgar está guardado.",
        "taken_back": "Tu pulgar está retirado.",
        "failed": "Tu pulgar no se pudo guardar. Reintenta en un momento.",
    },
    "pt": texts_pt.THUMBS,
}
"""What is asked when an answer gets a thumb."""

RETRY = {"en": "Retry", "es": "Reintentar", "pt": texts_pt.RETRY}
"""The name of Gradio's button that asks the last question again, by which our script knows it."""

SCRIPT = {
    "en": {
        "busy": "An answer is still being written. Your text stays here: send it when the answer has ended.",
        "too_long": "This message has {count} characters; {most} are the most that can be sent. All of it is "
        "still here: shorten it or send it in parts.",
        "not_kept": "This text is so long that it is not kept when you leave the page: only its first "
        "{most} characters are.",
        "lost": "The connection was lost. You can go on writing: your text stays here, and the page goes on "
        "by itself when the connection is back.",
        "ended": "Your session has ended. Your text is still here. Sign in again in another tab, and this "
        "page goes on by itself.",
        "sign_in": "Sign in in another tab",
        "somebody_else": "Somebody else has signed in in this browser. Your text is still here, but is not "
        "kept: copy what you need before you leave the page.",
        "failed": "That did not work, and nothing was sent. Your text is still here; try again in a moment.",
        "failed_event": "That did not work. Try again in a moment.",
        "retry": RETRY["en"],
        "close": "Close",
        "copy_code": "Copy the code",
        "copy_fenced": "Copy as Markdown",
        "copy_table": "Copy the table",
        "copied": "Copied",
        "edit": "Edit the question",
        "send_edited": "Ask the changed question",
        "cancel_edit": "Leave it as it is",
        "empty_edit": REFUSALS["en"]["empty_edit"],
        "try_with": ACTIONS["en"]["again"],
        "attach": PAGE["en"]["attach"],
        "attached": "Files to send",
        "take_off": "Take off {name}",
        "uploading": "{name}: {percent} % uploaded",
        "reading_file": "{name} is being read",
        "file_ready": "{name} is attached",
        "file_too_large": "{name} is too large: at most {most} MB.",
        "file_failed": "{name} could not be attached. Try again in a moment.",
        "too_many_files": "A message takes {most} files.",
        "wait_for_files": "The files are still on their way. The message is sent when they have arrived.",
        "drop_here": "Drop files to attach them",
        "temporary_files": "A temporary conversation takes no files: they would be stored.",
        "begins": "The answer is being written.",
        "queued": "Waiting",
        "queue_back": "Take it back",
        "queue_waits": "Your message waits until the answer has ended: {text}",
        "queue_ended": "The answer is not whole, so your message was not sent. It is in the box again.",
    },
    "es": {
        "busy": "Aún se está escribiendo una respuesta. Tu texto sigue aquí: envíalo cuando termine.",
        "too_long": "Este mensaje tiene {count} caracteres y se pueden enviar {most} como máximo. Sigue aquí "
        "entero: acórtalo o envíalo por partes.",
        "not_kept": "Este texto es tan largo que no se conserva entero al salir de la página: solo sus "
        "primeros {most} caracteres.",
        "lost": "Se perdió la conexión. Puedes seguir escribiendo: tu texto sigue aquí y la página continúa "
        "sola cuando vuelva la conexión.",
        "ended": "Tu sesión terminó. Tu texto sigue aquí. Inicia sesión de nuevo en otra pestaña y esta "
        "página continuará sola.",
        "sign_in": "Iniciar sesión en otra pestaña",
        "somebody_else": "Otra persona inició sesión en este navegador. Tu texto sigue aquí, pero no se "
        "conserva: copia lo que necesites antes de salir de la página.",
        "failed": "Eso no funcionó y no se envió nada. Tu texto sigue aquí; reintenta en un momento.",
        "failed_event": "Eso no funcionó. Reintenta en un momento.",
        "retry": RETRY["es"],
        "close": "Cerrar",
        "copy_code": "Copiar el código",
        "copy_fenced": "Copiar como Markdown",
        "copy_table": "Copiar la tabla",
        "copied": "Copiado",
        "edit": "Editar la pregunta",
        "send_edited": "Enviar la pregunta cambiada",
        "cancel_edit": "Dejarla como está",
        "empty_edit": REFUSALS["es"]["empty_edit"],
        "try_with": ACTIONS["es"]["again"],
        "attach": PAGE["es"]["attach"],
        "attached": "Archivos por enviar",
        "take_off": "Quitar {name}",
        "uploading": "{name}: {percent} % subido",
        "reading_file": "Leyendo {name}",
        "file_ready": "{name} está adjunto",
        "file_too_large": "{name} es demasiado grande: {most} MB como máximo.",
        "file_failed": "No se pudo adjuntar {name}. Reintenta en un momento.",
        "too_many_files": "En un mensaje caben {most} archivos.",
        "wait_for_files": "Los archivos aún están en camino. El mensaje se envía cuando hayan llegado.",
        "drop_here": "Suelta los archivos para adjuntarlos",
        "temporary_files": "Una conversación temporal no admite archivos, porque se guardarían.",
        "begins": "Se está escribiendo la respuesta.",
        "queued": "En espera",
        "queue_back": "Retirarlo",
        "queue_waits": "Tu mensaje espera a que termine la respuesta: {text}",
        "queue_ended": "La respuesta no está entera, así que tu mensaje no se envió. Vuelve a estar en el "
        "cuadro.",
    },
    "pt": texts_pt.SCRIPT,
}
"""What our script says by itself."""

SHORTCUTS = {
    "en": {
        "heading": PAGE["en"]["shortcuts"],
        "new": "New conversation",
        "temporary": PAGE["en"]["temporary"],
        "list": "Search your conversations",
        "next": "Next conversation",
        "previous": "Previous conversation",
        "write": "Go to the message box",
        "stop": "Stop the answer",
        "copy": "Copy the last answer",
        "help": "Show these shortcuts",
        "in_box": "While you write",
        "send": "Send",
        "line": "New line",
        "send_edited": "Ask the changed question",
        "leave_edited": "Leave the question as it is",
        "mark": "? opens this list, too",
        "close": "Close",
        "alt": "Alt",
        "shift": "Shift",
        "control": "Control",
        "ctrl": "Ctrl",
        "command": "Command",
        "enter": "Enter",
        "escape": "Esc",
    },
    "es": {
        "heading": PAGE["es"]["shortcuts"],
        "new": "Nueva conversación",
        "temporary": PAGE["es"]["temporary"],
        "list": "Buscar en tus conversaciones",
        "next": "Conversación siguiente",
        "previous": "Conversación anterior",
        "write": "Ir al cuadro de mensaje",
        "stop": "Detener la respuesta",
        "copy": "Copiar la última respuesta",
        "help": "Mostrar estos atajos",
        "in_box": "Mientras escribes",
        "send": "Enviar",
        "line": "Línea nueva",
        "send_edited": "Enviar la pregunta cambiada",
        "leave_edited": "Dejar la pregunta como está",
        "mark": "? también abre esta lista",
        "close": "Cerrar",
        "alt": "Alt",
        "shift": "Mayús",
        "control": "Control",
        "ctrl": "Ctrl",
        "command": "Comando",
        "enter": "Intro",
        "escape": "Esc",
    },
    "pt": texts_pt.SHORTCUTS,
}
"""What the keyboard does, and the names of its keys."""

SPOKEN = {
    "en": {"complete": "The answer is complete.", "broken_off": "The answer cannot be followed any more."},
    "es": {"complete": "La respuesta está completa.", "broken_off": "Ya no se puede seguir la respuesta."},
    "pt": texts_pt.SPOKEN,
}
"""What a screen reader says of an answer that has ended and of which nothing else is to be said."""

LIST = {
    "en": {
        "name": "Conversations",
        "pinned": "Pinned",
        "today": "Today",
        "yesterday": "Yesterday",
        "week": "Last 7 days",
        "further": "Show more",
        "menu": "What to do with “{title}”",
        "rename": "Rename",
        "pin": "Pin",
        "unpin": "Let go",
        "move": "Move to a folder",
        "markdown": "Save as Markdown",
        "json": "Save as JSON",
        "share": "Share a copy",
        "share_why": "A copy of “{title}” as it is now, to read only, for everybody who signs in here "
        "and has its address. What is said later is not in it; attached files and sources are not either.",
        "share_really": "Make the copy",
        "delete": "Delete",
        "delete_why": "“{title}” goes with its messages and files. This cannot be taken back.",
        "delete_really": "Delete for good",
        "title": "Title",
        "folder": "Folder",
        "no_folder": "No folder",
        "new_folder": "Or a new folder",
        "save": "Save",
        "cancel": "Cancel",
        "not_loaded": "The list of conversations cannot be read right now. Try again in a moment.",
        "not_changed": "Nothing was changed: the server could not be reached. Try again in a moment.",
        "search": "Search",
        "search_results": "What was found",
        "found": "Found: {count}",
        "nothing_found": "Nothing was found.",
        "search_behind": "Your conversations are still being read…",
        "not_searched": "The search does not answer right now. Try again in a moment.",
    },
    "es": {
        "name": "Conversaciones",
        "pinned": "Fijadas",
        "today": "Hoy",
        "yesterday": "Ayer",
        "week": "Últimos 7 días",
        "further": "Mostrar más",
        "menu": "Qué hacer con «{title}»",
        "rename": "Cambiar título",
        "pin": "Fijar",
        "unpin": "Soltar",
        "move": "Mover a una carpeta",
        "markdown": "Guardar en Markdown",
        "json": "Guardar en JSON",
        "share": "Compartir una copia",
        "share_why": "Una copia de «{title}» como está ahora, solo para leer, para todos los que inician "
        "sesión aquí y tienen su dirección. Lo que se diga después no está en ella, ni los archivos "
        "adjuntos ni las fuentes.",
        "share_really": "Hacer la copia",
        "delete": "Borrar",
        "delete_why": "«{title}» se borra con sus mensajes y archivos. No se puede deshacer.",
        "delete_really": "Borrar para siempre",
        "title": "Título",
        "folder": "Carpeta",
        "no_folder": "Sin carpeta",
        "new_folder": "O una carpeta nueva",
        "save": "Guardar",
        "cancel": "Cancelar",
        "not_loaded": "Ahora mismo no se puede leer la lista de conversaciones. Reintenta en un momento.",
        "not_changed": "No se cambió nada: no se pudo llegar al servidor. Reintenta en un momento.",
        "search": "Buscar",
        "search_results": "Lo encontrado",
        "found": "Resultados: {count}",
        "nothing_found": "No se encontró nada.",
        "search_behind": "Todavía se están leyendo tus conversaciones…",
        "not_searched": "La búsqueda no responde ahora. Inténtalo otra vez en un momento.",
    },
    "pt": texts_pt.LIST,
}
"""What our script says in the list of conversations."""

NO_SCRIPT = {
    "en": "This page needs JavaScript. Allow it in your browser, and load the page again.",
    "es": "Esta página necesita JavaScript. Actívalo en tu navegador y vuelve a cargarla.",
    "pt": texts_pt.NO_SCRIPT,
}
"""What a browser shows that runs no scripts, all of it."""

ANOTHER_VERSION = {
    "en": "The application is being updated. Load this page again in a minute.",
    "es": "La aplicación se está actualizando. Vuelve a cargar esta página dentro de un minuto.",
    "pt": texts_pt.ANOTHER_VERSION,
}
"""All that a page says whose scripts are of a version that is not there any more."""

OF_GRADIO = {
    "en": {},
    "es": {
        "Toggle Sidebar": "Mostrar u ocultar el panel lateral",
        "chatbot conversation": "Conversación",
        "Scroll down": "Bajar hasta el final",
        "Clear": "Limpiar",
        "Close": "Cerrar",
        "Copy": "Copiar",
        "Copied": "Copiado",
        "Stop": "Detener",
        "Reset to default value": "Volver al valor inicial",
    },
    "pt": texts_pt.OF_GRADIO,
}
"""Names of buttons and regions that Gradio says in English in every language; our script replaces them."""

WELCOME = {
    "en": "## What can I help you with?\nAnswers may be wrong: check what matters.",
    "es": "## ¿En qué puedo ayudarte?\nLas respuestas pueden contener errores: comprueba lo importante.",
    "pt": texts_pt.WELCOME,
}

EFFORTS = {
    "en": {
        "": "as the model has it",
        "none": "none",
        "low": "little",
        "medium": "some",
        "high": "much",
        "xhigh": "very much",
        "max": "as much as it can",
    },
    "es": {
        "": "lo que decida el modelo",
        "none": "nada",
        "low": "poco",
        "medium": "algo",
        "high": "mucho",
        "xhigh": "muchísimo",
        "max": "todo lo que pueda",
    },
    "pt": texts_pt.EFFORTS,
}
"""How much a model is told to reason."""

SERVICE_TIERS = {
    "en": {"": "standard", "flex": "flex: half the price", "priority": "priority: 1.75 times the price"},
    "es": {
        "": "estándar",
        "flex": "flexible: la mitad del precio",
        "priority": "prioritario: 1,75 veces el precio",
    },
    "pt": texts_pt.SERVICE_TIERS,
}
"""Bedrock's service tiers, by `service_tiers.TIERS`."""

TEMPORARY = {
    "en": "**Temporary conversation.** It is not stored: it lies in the server's memory, and is gone when "
    "you close this page, sign out, or do nothing here for {minutes} minutes. Copy what you want to keep. It "
    "takes no files, and no thumbs; its tokens count.",
    "es": "**Conversación temporal.** No se guarda: está en la memoria del servidor y desaparece cuando "
    "cierras esta página, cierras la sesión o no haces nada aquí durante {minutes} minutos. Copia lo que "
    "quieras conservar. No admite archivos ni pulgares; sus tokens cuentan.",
    "pt": texts_pt.TEMPORARY,
}
"""What the page of a temporary conversation says of it."""

EXAMPLES = {
    "en": (
        ("Explain something", "Explain in simple words what a load balancer does and when I need one."),
        ("Write a message", "Write a short, friendly e-mail that moves a meeting from Tuesday to Thursday."),
        ("Plan", "Make a plan to learn the basics of Python in four weeks, half an hour a day."),
    ),
    "es": (
        (
            "Explicar algo",
            "Explica con palabras sencillas qué hace un balanceador de carga y cuándo lo necesito.",
        ),
        (
            "Escribir un mensaje",
            "Escribe un correo breve y amable para pasar una reunión del martes al jueves.",
        ),
        ("Planificar", "Haz un plan para aprender lo básico de Python en cuatro semanas, media hora al día."),
    ),
    "pt": texts_pt.EXAMPLES,
}

USAGE = {
    "en": "Last message ≈ {message} tokens ({input} with context) · answer {output} · "
    "conversation {total_input} in, {total_output} out",
    "es": "Último mensaje ≈ {message} tokens ({input} con contexto) · respuesta {output} · "
    "conversación {total_input} de entrada, {total_output} de salida",
    "pt": texts_pt.USAGE,
}

OURS_IN_GRADIO = {
    "en": {"chatbot.retry": RETRY["en"]},
    "es": {
        "chatbot.retry": RETRY["es"],
        "chatbot.copy_message": "Copiar mensaje",
        "chatbot.copied_message": "Mensaje copiado",
    },
    "pt": texts_pt.OURS_IN_GRADIO,
}
"""What Gradio's own translations leave out, and what must be as we say."""

I18N = gr.I18n(**{lang: PAGE[lang] | OURS_IN_GRADIO[lang] for lang in PAGE})
