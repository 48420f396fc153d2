"""What the chat says in Portuguese: Brazil's, in words that are Portugal's too where there are such.

The tables are those of `texts.py`, which says what each is for.
"""

PAGE = {
    "new": "Nova conversa",
    "temporary": "Conversa temporária",
    "conversations": "Conversas",
    "all_conversations": "Todas as conversas",
    "settings": "Configurações",
    "model": "Modelo",
    "temperature": "Temperatura",
    "temperature_info": "Baixa: precisa. Alta: criativa.",
    "max_tokens": "Máximo de tokens",
    "effort": "Raciocínio",
    "effort_info": "O que se raciocina é cobrado como o que se escreve e entra no máximo. Com o Claude a "
    "temperatura não conta nesse caso.",
    "service_tier": "Nível de serviço",
    "service_tier_info": "Flexível custa a metade e pode esperar; prioritário custa 1,75 vez o preço e passa "
    "na frente. Os tokens do seu dia contam na mesma medida.",
    "instructions": "Instruções para esta conversa",
    "instructions_info": "Vêm depois das instruções da instalação e das suas para todas as conversas.",
    "assistants": "Assistentes e instruções",
    "assistant": "Assistente",
    "account": "Conta e fim da sessão",
    "documents": "Documentos",
    "shortcuts": "Atalhos de teclado",
    "asks": "Perguntar a",
    "write": "Escreva uma mensagem…",
    "attach": "Anexar arquivos",
    "send": "Enviar",
    "stop": "Parar",
    "earlier": "↑ Mensagens anteriores",
    "later": "↓ Mensagens posteriores",
}

REASONS = {
    "stopped": "Resposta parada.",
    "interrupted": "Esta resposta foi interrompida. Acima está o que tinha chegado; tente de novo com o "
    "botão.",
    "missing": "Ainda não há resposta: foi interrompida antes de começar. Tente de novo com o botão.",
    "empty": "O modelo respondeu sem texto. Tente de novo ou faça a pergunta de outra maneira.",
    "length": "A resposta chegou ao tamanho máximo. Peça que continue ou aumente o máximo nas configurações.",
    "filtered": "Um filtro de conteúdo reteve a resposta. Faça a pergunta de outra maneira.",
    "throttled": "O modelo recebe pedidos demais neste momento. Espere um pouco e tente de novo.",
    "denied": "A aplicação não tem permissão para usar este modelo. Avise quem a administra ou escolha "
    "outro.",
    "not_enabled": "Este modelo não está habilitado aqui. Escolha outro ou avise quem administra a "
    "aplicação: habilita-se uma só vez, no console do Amazon Bedrock.",
    "service_tier": "Aqui o modelo não tem este nível de serviço. Escolha “padrão” como nível de serviço nas "
    "configurações e tente de novo.",
    "too_long": "Isto é longo demais para o modelo. Encurte a mensagem ou comece uma nova conversa.",
    "refused": "O modelo não aceitou o pedido. Mude a mensagem ou as configurações e tente de novo.",
    "unavailable": "O modelo está fora de serviço por enquanto. Tente de novo daqui a pouco.",
    "not_ready": "O modelo ainda está sendo carregado. Tente de novo dentro de um minuto.",
    "cut": "A conexão caiu no meio da resposta. O que tinha chegado foi guardado; tente de novo.",
    "timeout": "O modelo demorou demais. Tente de novo ou peça algo mais curto.",
    "unreachable": "Não se consegue falar com o modelo. Tente de novo daqui a pouco.",
    "credentials": "A permissão da aplicação para usar o modelo expirou. Tente de novo; se continuar, avise "
    "quem a administra.",
    "files": "Os arquivos anexados não podem ser lidos agora. Nada foi gasto; tente de novo daqui a pouco.",
    "not_searched": "Não se pode procurar nos seus documentos agora. Tente de novo daqui a pouco.",
    "not_yet": "Ainda não se pode perguntar aos documentos: o índice está em preparação. Tente de novo daqui "
    "a alguns minutos.",
    "unknown": "Algo deu errado com a resposta. Tente de novo.",
}

WAITS = {
    "throttled": "O modelo recebe pedidos demais neste momento. Daqui a pouco pergunta-se de novo.",
    "unavailable": "O modelo está fora de serviço por enquanto. Daqui a pouco pergunta-se de novo.",
    "unreachable": "Não se consegue falar com o modelo. Daqui a pouco pergunta-se de novo.",
    "not_ready": "O modelo ainda está sendo carregado. A sua mensagem está guardada e é respondida assim que "
    "ele estiver pronto.",
    "in_line": "Neste momento há muita gente perguntando. A sua mensagem está guardada e é o número {number} "
    "da fila; a resposta começa sozinha. Para sair da fila, pressione Parar.",
}

REFUSALS = {
    "summary_stays": "Estas mensagens já não cabem palavra por palavra: o resumo fica.",
    "versions": "Esta mensagem já tem {most} versões, o máximo. Pergunte em uma nova mensagem.",
    "changed": "Esta conversa mudou em outra aba. Ela aparece como está agora; envie de novo a sua mensagem.",
    "busy": "Aqui ainda há uma resposta em curso. Espere que termine ou pare-a antes.",
    "too_many": "Você já tem várias respostas em curso. Espere que alguma termine.",
    "crowded": "Neste momento há mais gente perguntando do que cabe na fila, por isso a sua mensagem não foi "
    "enviada. Tente de novo daqui a um minuto.",
    "closed": "Neste momento outro servidor substitui este, por isso a sua mensagem não foi enviada. "
    "Envie de novo.",
    "budget": "Os seus tokens de hoje acabaram ou não chegam para esta mensagem. Renovam-se às 00:00 UTC.",
    "stopped": "Isto foi parado antes de ser perguntado.",
    "full_conversation": "Esta conversa já tem o tamanho máximo. Continue em uma nova.",
    "full_person": "As suas conversas ocupam todo o espaço que têm. Apague algumas e envie de novo a sua "
    "mensagem.",
    "too_long": "Esta mensagem tem {characters} caracteres e podem ser enviados {most} no máximo. Encurte-a "
    "ou envie-a em partes.",
    "instructions_too_long": "As instruções para esta conversa têm {characters} caracteres e cabem {most}. "
    "Encurte-as nas configurações.",
    "empty": "Não há nada para enviar.",
    "empty_edit": "Uma pergunta não pode ficar vazia. Ela continua como estava; para retirá-la, use "
    "desfazer.",
    "out_of_date": "Esta conversa mudou em outro lugar e nada foi desfeito. Ela aparece como está agora.",
    "choice": "Estas configurações não estão disponíveis. Escolha um modelo e valores nas configurações.",
    "storage": "A conversa não pode ser guardada agora. Nada foi enviado; tente de novo daqui a pouco.",
    "cannot_see": "{name} não vê imagens. Retire-as ou escolha outro modelo nas configurações.",
    "no_text": "{name} não lê um PDF sem texto, como um digitalizado. Retire-o ou escolha outro modelo nas "
    "configurações.",
    "too_many_files": "Uma mensagem leva {most} arquivos, dos quais {documents} podem ser documentos. Retire "
    "alguns.",
    "files_too_large": "Juntos, estes arquivos são mais do que cabe em uma mensagem. Retire alguns ou "
    "envie-os em várias mensagens.",
    "upload_gone": "Um arquivo que você anexou já não existe: fica guardado por um dia. Retire-o e anexe-o "
    "de novo.",
    "asks_gone": "Os documentos a que esta conversa perguntava já não existem, ou não para você. Escolha de "
    "novo a que perguntar.",
    "assistant_gone": "Este assistente já não existe, ou não para você. Comece outra conversa com outro.",
    "assistant_asks": "Este assistente pergunta a documentos que já não existem, ou não para você. Nada é "
    "procurado neles.",
    "not_saved": "Esta resposta não pôde ser guardada. Copie o que precisar antes de sair da página.",
    "not_found": "Esta conversa não existe. Talvez tenha sido apagada.",
    "temporary_gone": "Esta conversa temporária já não existe: o seu tempo acabou, ou o servidor que a tinha "
    "foi substituído. Não foi guardada em lugar nenhum; comece outra.",
    "temporary_full": "Esta conversa temporária já tem o tamanho máximo. Comece outra.",
    "temporary_busy": "Neste momento não cabe mais nada em conversas temporárias. Tente de novo daqui a "
    "pouco ou comece uma conversa que fique guardada.",
    "temporary_files": "Uma conversa temporária não leva arquivos, porque ficariam guardados. Retire-os.",
    "malformed": "A página enviou algo que não se encaixa. Recarregue-a e tente de novo.",
    "broken": "Algo deu errado do nosso lado. Tente de novo; se continuar, avise quem administra isto "
    "(referência {reference}).",
}

UPLOADS = {
    "empty_file": "Este arquivo está vazio.",
    "unknown_kind": "Este tipo de arquivo não pode ser lido aqui. Podem: imagens (PNG, JPEG, WebP, GIF), "
    "PDF, Word, PowerPoint, Excel, CSV, páginas web, e-mails, legendas e texto.",
    "broken_file": "Esta imagem não pode ser lida: está danificada.",
    "image_bytes": "Esta imagem é grande demais: 3,75 MB no máximo. Reduza-a e anexe-a de novo.",
    "image_pixels": "Esta imagem é grande demais: 8.000 pixels de cada lado no máximo.",
    "file_password": "Este arquivo tem senha. Anexe uma cópia sem ela.",
    "file_empty": "Neste arquivo não há texto.",
    "file_broken": "Este arquivo não pode ser lido: está danificado.",
    "file_too_large": "Este arquivo é grande demais para ser lido aqui.",
    "file_too_slow": "Este arquivo demora demais a ser lido. Anexe uma parte menor.",
    "file_unsupported": "Este tipo de arquivo não pode ser lido aqui.",
    "file_busy": "Neste momento há muitos arquivos em leitura. Tente de novo daqui a pouco.",
    "too_many_uploads": "Você já tem à espera todos os arquivos que cabem. Envie ou retire alguns e anexe "
    "este de novo.",
    "another_owner": "Outra pessoa entrou neste navegador. Nada foi anexado.",
    "storage": "O arquivo não pode ser guardado agora. Tente de novo daqui a pouco.",
    "no_file": "Este arquivo não existe. Talvez tenha sido apagado.",
}

ASKS = {
    "": "só ao modelo",
    "own": "todos os meus documentos",
    "collection": "a minha coleção {name}",
    "everybody": "os documentos de todos",
    "group": "os documentos de {name}",
}

NO_ASSISTANT = "nenhum"

SOURCES = {
    "sources": "Fontes",
    "page": "página {page}",
    "none": "Nada nesta resposta se apoia nos seus documentos.",
    "open": "Abrir o documento",
    "deleted": "O documento foi apagado.",
    "closed": "O documento já não está aberto para você.",
    "searched_for": "Também se procurou: {question}",
}

FILES = {
    "files": "Arquivos anexados",
    "text": "lido como texto",
    "cut": "só o começo foi lido, como texto",
}

ACTIONS = {
    "edit": "Editar a pergunta",
    "copy_question": "Copiar a pergunta",
    "copy_answer": "Copiar a resposta",
    "copy_text": "Copiar a resposta como texto",
    "go_on": "Continuar",
    "thumb_up": "Boa resposta",
    "thumb_down": "Má resposta",
    "again": "Tentar com outro modelo",
    "again_after": "Escrita por {model}. Tentar com outro modelo",
}

VERSIONS = {"version": "Versão", "back": "Versão anterior", "forth": "Versão seguinte"}

THUMBS = {
    "heading": "O que você acha desta resposta?",
    "reason": "Por quê? (se quiser)",
    "agreed": "Quem administra pode ler também esta resposta",
    "why": "Quem administra vê o polegar e o motivo, e não de quem são.",
    "keep": "Guardá-lo",
    "take_back": "Retirá-lo",
    "close": "Fechar",
    "given": "Obrigado: o seu polegar está guardado.",
    "taken_back": "O seu polegar foi retirado.",
    "failed": "O seu polegar não pôde ser guardado. Tente de novo daqui a pouco.",
}

RETRY = "Tentar de novo"

SCRIPT = {
    "copy_fenced": "Copiar como Markdown",
    "copy_table": "Copiar a tabela",
    "try_with": "Tentar com outro modelo",
    "busy": "A resposta ainda está em curso. O seu texto fica aqui: envie-o quando ela terminar.",
    "too_long": "Esta mensagem tem {count} caracteres e podem ser enviados {most} no máximo. Ela continua "
    "aqui inteira: encurte-a ou envie-a em partes.",
    "not_kept": "Este texto é tão longo que não fica guardado inteiro ao sair da página: só os primeiros "
    "{most} caracteres.",
    "lost": "A conexão caiu. Você pode continuar a escrever: o seu texto fica aqui, e a página continua "
    "sozinha quando a conexão voltar.",
    "ended": "A sua sessão terminou. O seu texto continua aqui. Entre de novo em outra aba, e esta página "
    "continua sozinha.",
    "sign_in": "Entrar em outra aba",
    "somebody_else": "Outra pessoa entrou neste navegador. O seu texto continua aqui, mas não fica guardado: "
    "copie o que precisar antes de sair da página.",
    "failed": "Isso não deu certo e nada foi enviado. O seu texto continua aqui; tente de novo daqui a "
    "pouco.",
    "failed_event": "Isso não deu certo. Tente de novo daqui a pouco.",
    "retry": RETRY,
    "close": "Fechar",
    "copy_code": "Copiar o código",
    "copied": "Copiado",
    "edit": ACTIONS["edit"],
    "send_edited": "Enviar a pergunta mudada",
    "cancel_edit": "Deixar como está",
    "empty_edit": REFUSALS["empty_edit"],
    "attach": PAGE["attach"],
    "attached": "Arquivos por enviar",
    "take_off": "Retirar {name}",
    "uploading": "{name}: {percent} % enviado",
    "reading_file": "{name} está em leitura",
    "file_ready": "{name} está anexado",
    "file_too_large": "{name} é grande demais: {most} MB no máximo.",
    "file_failed": "{name} não pôde ser anexado. Tente de novo daqui a pouco.",
    "too_many_files": "Uma mensagem leva {most} arquivos.",
    "wait_for_files": "Os arquivos ainda estão a caminho. A mensagem é enviada quando chegarem.",
    "drop_here": "Solte os arquivos para anexá-los",
    "temporary_files": "Uma conversa temporária não leva arquivos, porque ficariam guardados.",
    "begins": "A resposta está em curso.",
    "queued": "À espera",
    "queue_back": "Retirá-la",
    "queue_waits": "A sua mensagem espera que a resposta termine: {text}",
    "queue_ended": "A resposta não está inteira, por isso a sua mensagem não foi enviada. Ela voltou para a "
    "caixa.",
}

SHORTCUTS = {
    "heading": PAGE["shortcuts"],
    "new": PAGE["new"],
    "temporary": PAGE["temporary"],
    "list": "Procurar nas suas conversas",
    "next": "Conversa seguinte",
    "previous": "Conversa anterior",
    "write": "Ir para a caixa de mensagem",
    "stop": "Parar a resposta",
    "copy": "Copiar a última resposta",
    "help": "Mostrar estes atalhos",
    "in_box": "Enquanto você escreve",
    "send": PAGE["send"],
    "line": "Nova linha",
    "send_edited": SCRIPT["send_edited"],
    "leave_edited": "Deixar a pergunta como está",
    "mark": "? também abre esta lista",
    "close": SCRIPT["close"],
    "alt": "Alt",
    "shift": "Shift",
    "control": "Control",
    "ctrl": "Ctrl",
    "command": "Command",
    "enter": "Enter",
    "escape": "Esc",
}

SPOKEN = {
    "complete": "A resposta está completa.",
    "broken_off": "Já não se pode seguir a resposta.",
}

LIST = {
    "name": "Conversas",
    "pinned": "Fixadas",
    "today": "Hoje",
    "yesterday": "Ontem",
    "week": "Últimos 7 dias",
    "further": "Mostrar mais",
    "menu": "O que fazer com “{title}”",
    "rename": "Mudar o título",
    "pin": "Fixar",
    "unpin": "Soltar",
    "move": "Mover para uma pasta",
    "markdown": "Guardar em Markdown",
    "json": "Guardar em JSON",
    "share": "Compartilhar uma cópia",
    "share_why": "Uma cópia de “{title}” como está agora, só para ler, para todos os que entram aqui e têm o "
    "seu endereço. O que for dito depois não está nela, nem os arquivos anexados nem as fontes.",
    "share_really": "Fazer a cópia",
    "delete": "Apagar",
    "delete_why": "“{title}” é apagada com as suas mensagens e arquivos. Isto não pode ser desfeito.",
    "delete_really": "Apagar para sempre",
    "title": "Título",
    "folder": "Pasta",
    "no_folder": "Sem pasta",
    "new_folder": "Ou uma nova pasta",
    "save": "Guardar",
    "cancel": "Cancelar",
    "not_loaded": "Agora não é possível ler a lista de conversas. Tente de novo daqui a pouco.",
    "not_changed": "Nada mudou: não foi possível chegar ao servidor. Tente de novo daqui a pouco.",
    "search": "Procurar",
    "search_results": "O que foi encontrado",
    "found": "Resultados: {count}",
    "nothing_found": "Nada foi encontrado.",
    "search_behind": "As suas conversas ainda estão sendo lidas…",
    "not_searched": "A procura não responde agora. Tente outra vez daqui a pouco.",
}

NO_SCRIPT = "Esta página precisa de JavaScript. Ative-o no seu navegador e carregue-a de novo."
ANOTHER_VERSION = "A aplicação está a ser atualizada. Carregue esta página novamente dentro de um minuto."

OF_GRADIO = {
    "Toggle Sidebar": "Mostrar ou ocultar o painel lateral",
    "chatbot conversation": "Conversa",
    "Scroll down": "Descer até o fim",
    "Clear": "Limpar",
    "Close": "Fechar",
    "Copy": "Copiar",
    "Copied": "Copiado",
    "Stop": "Parar",
    "Reset to default value": "Voltar ao valor inicial",
}

WELCOME = "## Em que posso ajudar?\nAs respostas podem conter erros: confira o que for importante."

EFFORTS = {
    "": "o que o modelo decidir",
    "none": "nenhum",
    "low": "pouco",
    "medium": "algum",
    "high": "muito",
    "xhigh": "muitíssimo",
    "max": "o máximo que puder",
}

SERVICE_TIERS = {
    "": "padrão",
    "flex": "flexível: metade do preço",
    "priority": "prioritário: 1,75 vez o preço",
}

TEMPORARY = (
    "**Conversa temporária.** Não fica guardada: está na memória do servidor e desaparece quando você fecha "
    "esta página, encerra a sessão ou não faz nada aqui por {minutes} minutos. Copie o que quiser conservar. "
    "Não leva arquivos nem polegares; os seus tokens contam."
)

EXAMPLES = (
    (
        "Explicar algo",
        "Explique com palavras simples o que faz um balanceador de carga e quando preciso de um.",
    ),
    (
        "Escrever uma mensagem",
        "Escreva um e-mail curto e simpático para passar uma reunião de terça para quinta-feira.",
    ),
    ("Planejar", "Faça um plano para aprender o básico de Python em quatro semanas, meia hora por dia."),
)

USAGE = (
    "Última mensagem ≈ {message} tokens ({input} com contexto) · resposta {output} · conversa {total_input} "
    "de entrada, {total_output} de saída"
)

OURS_IN_GRADIO = {
    "chatbot.retry": RETRY,
    "chatbot.copy_message": "Copiar a mensagem",
    "chatbot.copied_message": "Mensagem copiada",
}
