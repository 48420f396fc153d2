"""What the page of thumbs says, in English and Spanish; in Portuguese beside it."""

from gradio_app.thumbs import texts_pt

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "thumbs": "Thumbs on answers",
        "thumbs_why": "What people think of answers. Nothing here says who, or in which conversation; an "
        "answer is shown where its person agreed to that. What is older than a year is gone.",
        "thumb_counts": "By day, model and assistant",
        "thumb_reasons": "What was said",
        "thumb_day": "Day (UTC)",
        "thumb_model": "Model",
        "thumb_assistant": "Assistant",
        "thumbs_up": "Up",
        "thumbs_down": "Down",
        "thumb_up": "Thumb up",
        "thumb_down": "Thumb down",
        "thumb_answer": "The answer",
        "no_reason": "No reason was given.",
        "no_thumbs": "There are none yet.",
        "no_assistant_counted": "no assistant",
        "own_assistant_counted": "a person's own",
        "unknown_model": "not known",
        "more_counts": "Earlier days",
        "more_reasons": "Earlier ones",
        "first_thumbs": "Back to the latest",
    },
    "es": {
        "thumbs": "Pulgares en las respuestas",
        "thumbs_why": "Lo que las personas piensan de las respuestas. Nada aquí dice quién ni en qué "
        "conversación; una respuesta se muestra si su persona estuvo de acuerdo. Lo que tiene más de un año "
        "ya no está.",
        "thumb_counts": "Por día, modelo y asistente",
        "thumb_reasons": "Lo que se dijo",
        "thumb_day": "Día (UTC)",
        "thumb_model": "Modelo",
        "thumb_assistant": "Asistente",
        "thumbs_up": "Arriba",
        "thumbs_down": "Abajo",
        "thumb_up": "Pulgar arriba",
        "thumb_down": "Pulgar abajo",
        "thumb_answer": "La respuesta",
        "no_reason": "No se dio ningún motivo.",
        "no_thumbs": "Todavía no hay ninguno.",
        "no_assistant_counted": "ningún asistente",
        "own_assistant_counted": "propio de una persona",
        "unknown_model": "desconocido",
        "more_counts": "Días anteriores",
        "more_reasons": "Anteriores",
        "first_thumbs": "Volver a lo último",
    },
    "pt": texts_pt.TEXTS,
}
