"""The same in Portuguese."""

TEXTS: dict[str, str] = {
    "thumbs": "Polegares nas respostas",
    "thumbs_why": "O que as pessoas pensam das respostas. Nada aqui diz quem, nem em que conversa; uma "
    "resposta aparece se a pessoa concordou. O que tem mais de um ano já não existe.",
    "thumb_counts": "Por dia, modelo e assistente",
    "thumb_reasons": "O que foi dito",
    "thumb_day": "Dia (UTC)",
    "thumb_model": "Modelo",
    "thumb_assistant": "Assistente",
    "thumbs_up": "Para cima",
    "thumbs_down": "Para baixo",
    "thumb_up": "Polegar para cima",
    "thumb_down": "Polegar para baixo",
    "thumb_answer": "A resposta",
    "no_reason": "Não foi dado nenhum motivo.",
    "no_thumbs": "Ainda não há nenhum.",
    "no_assistant_counted": "nenhum assistente",
    "own_assistant_counted": "próprio de uma pessoa",
    "unknown_model": "desconhecido",
    "more_counts": "Dias anteriores",
    "more_reasons": "Anteriores",
    "first_thumbs": "Voltar ao mais recente",
}
