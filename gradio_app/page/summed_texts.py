"""What the page says of summaries, in every language."""

SUMMED = {
    "en": {
        "title": "The messages up to here are summed up for the model",
        "about": "You see all of them as before. With your next question the model reads this "
        "summary in their "
        "place, and what follows word for word.",
        "take_back": "Take the summary back",
        "taken_back": "The model reads these messages word for word again. That takes more tokens with each "
        "question.",
    },
    "es": {
        "title": "Los mensajes hasta aquí se resumieron para el modelo",
        "about": "Los sigues viendo todos. Con tu próxima pregunta el modelo lee este resumen "
        "en su lugar, y lo que "
        "sigue palabra por palabra.",
        "take_back": "Retirar el resumen",
        "taken_back": "El modelo vuelve a leer estos mensajes palabra por palabra. Eso gasta "
        "más tokens en cada "
        "pregunta.",
    },
    "pt": {
        "title": "As mensagens até aqui foram resumidas para o modelo",
        "about": "Você continua vendo todas. Com sua próxima pergunta o modelo lê este resumo "
        "no lugar delas, e o "
        "que segue palavra por palavra.",
        "take_back": "Retirar o resumo",
        "taken_back": "O modelo volta a ler estas mensagens palavra por palavra. Isso gasta "
        "mais tokens a cada "
        "pergunta.",
    },
}
