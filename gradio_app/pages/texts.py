"""What any of the pages may say, in English and Spanish; others have a module each."""

from gradio_app.pages import texts_pt

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "description": "Ask, write and plan with a generative-AI assistant.",
        "busy": "Too much comes in at once. Try again in a moment.",
        "fill_in": "Fill this in.",
        "save": "Save",
        "go_on": "Continue",
        "unsupported": "This user pool asks for a sign-in step that this application does not have "
        "({name}). Ask your administrator.",
        "back_to_chat": "Back to the chat",
        "error": "That did not work",
        "reference": "Reference, if you ask for help",
        "error_400": "This request is not one that this page makes. Reload the page and try again.",
        "error_401": "Your session has ended. Sign in again.",
        "error_403": "You may not do this. Reload the page and try again.",
        "error_404": "There is no such page.",
        "error_408": "This took too long to arrive. Try again.",
        "error_413": "That is too much at once. Send less.",
        "error_431": "Your browser sends too much along with its requests. Delete this site's cookies and "
        "try again.",
        "error_429": "Too many attempts. Wait 15 minutes and try again.",
        "too_much_at_once": "You have too much going on at once. Wait until some of it has ended, or close a "
        "few tabs.",
        "error_500": "Something went wrong on our side. Try again; if it stays, tell your administrator.",
        "error_503": "The service cannot be reached at the moment. Try again in a minute.",
    },
    "es": {
        "description": "Pregunta, escribe y planifica con un asistente de IA generativa.",
        "busy": "Llegan demasiadas peticiones a la vez. Inténtalo de nuevo en un momento.",
        "fill_in": "Rellena este campo.",
        "save": "Guardar",
        "go_on": "Continuar",
        "unsupported": "Este grupo de usuarios pide un paso de inicio de sesión que esta aplicación no "
        "tiene ({name}). Consulta a quien lo administra.",
        "back_to_chat": "Volver al chat",
        "error": "No ha podido ser",
        "reference": "Referencia, por si pides ayuda",
        "error_400": "Esta página no hace esa petición. Recarga la página e inténtalo de nuevo.",
        "error_401": "Tu sesión ha terminado. Inicia sesión de nuevo.",
        "error_403": "No puedes hacer esto. Recarga la página e inténtalo de nuevo.",
        "error_404": "Esta página no existe.",
        "error_408": "Esto ha tardado demasiado en llegar. Inténtalo de nuevo.",
        "error_413": "Es demasiado de una vez. Envía menos.",
        "error_431": "Tu navegador envía demasiado con cada petición. Borra las cookies de este sitio e "
        "inténtalo de nuevo.",
        "error_429": "Demasiados intentos. Espera 15 minutos e inténtalo de nuevo.",
        "too_much_at_once": "Tienes demasiadas cosas en marcha a la vez. Espera a que termine alguna o "
        "cierra pestañas.",
        "error_500": "Algo ha fallado por nuestra parte. Inténtalo de nuevo y, si sigue igual, avisa a "
        "quien administra el servicio.",
        "error_503": "Ahora mismo no se puede llegar al servicio. Inténtalo de nuevo en un minuto.",
    },
    "pt": texts_pt.TEXTS,
}
