"""What the meter of the context says, in every language."""

METER = {
    "en": {
        "name": "Context {percent} % full",
        "new": "Context: the oldest messages have just been summed up",
        "limit": "When the context is full, the model sums up the oldest messages.",
        "counted": "The last question took {input} tokens, as Bedrock counted, and its answer {output}.",
        "guessed": "The last question took some {input} tokens and its answer {output}: not counted "
        "by Bedrock.",
        "window": "This model takes {window} tokens at once.",
        "unknown_window": "How many this model takes is not known here.",
        "parts": "What the question consisted of, about",
        "cache": "{read} tokens came from the cache of what was read before, and {written} went "
        "into it: they "
        "all count as {counted}.",
        "cache_saved": "Since it is counted, the cache has saved {saved} tokens in this conversation.",
        "cache_cost": "Since it is counted, the cache has cost {saved} tokens more than it saved in this "
        "conversation.",
        "flex": "It was served as flex: its tokens count half for your day.",
        "priority": "It was served as priority: its tokens count 1.75 times for your day.",
        "instructions": "Instructions",
        "summary": "Summary of old messages",
        "turns": "Earlier messages",
        "files": "Files",
        "passages": "Passages of documents",
        "question": "The question",
        "answer": "Left for an answer, at most",
    },
    "es": {
        "name": "Contexto lleno al {percent} %",
        "new": "Contexto: los mensajes más antiguos se acaban de resumir",
        "limit": "Cuando el contexto se llena, el modelo resume los mensajes más antiguos.",
        "counted": "La última pregunta ocupó {input} tokens, según Bedrock, y su respuesta {output}.",
        "guessed": "La última pregunta ocupó unos {input} tokens y su respuesta {output}: Bedrock "
        "no lo dijo.",
        "window": "Este modelo admite {window} tokens a la vez.",
        "unknown_window": "Aquí no se sabe cuántos admite este modelo.",
        "parts": "De qué se componía la pregunta, más o menos",
        "cache": "{read} tokens salieron de la memoria de lo ya leído y {written} se guardaron en "
        "ella: todos "
        "cuentan como {counted}.",
        "cache_saved": "Desde que se cuenta, esa memoria ha ahorrado {saved} tokens en esta conversación.",
        "cache_cost": "Desde que se cuenta, esa memoria ha costado en esta conversación {saved} tokens más "
        "de los que ahorró.",
        "flex": "Se sirvió como flexible: sus tokens cuentan la mitad para tu día.",
        "priority": "Se sirvió como prioritario: sus tokens cuentan 1,75 veces para tu día.",
        "instructions": "Instrucciones",
        "summary": "Resumen de mensajes antiguos",
        "turns": "Mensajes anteriores",
        "files": "Archivos",
        "passages": "Pasajes de documentos",
        "question": "La pregunta",
        "answer": "Queda para una respuesta, como máximo",
    },
    "pt": {
        "name": "Contexto {percent} % cheio",
        "new": "Contexto: as mensagens mais antigas acabam de ser resumidas",
        "limit": "Quando o contexto enche, o modelo resume as mensagens mais antigas.",
        "counted": "A última pergunta ocupou {input} tokens, segundo o Bedrock, e a resposta {output}.",
        "guessed": "A última pergunta ocupou uns {input} tokens e a resposta {output}: o Bedrock "
        "não informou.",
        "window": "Este modelo aceita {window} tokens de uma vez.",
        "unknown_window": "Aqui não se sabe quantos este modelo aceita.",
        "parts": "De que a pergunta se compunha, mais ou menos",
        "cache": "{read} tokens vieram da memória do que já foi lido e {written} foram guardados nela: todos "
        "contam como {counted}.",
        "cache_saved": "Desde que se conta, essa memória poupou {saved} tokens nesta conversa.",
        "cache_cost": "Desde que se conta, essa memória custou nesta conversa {saved} tokens a mais do que "
        "poupou.",
        "flex": "Foi servida como flexível: os seus tokens contam a metade para o seu dia.",
        "priority": "Foi servida como prioritária: os seus tokens contam 1,75 vez para o seu dia.",
        "instructions": "Instruções",
        "summary": "Resumo de mensagens antigas",
        "turns": "Mensagens anteriores",
        "files": "Arquivos",
        "passages": "Trechos de documentos",
        "question": "A pergunta",
        "answer": "Resta para uma resposta, no máximo",
    },
}
