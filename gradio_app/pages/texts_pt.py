"""What any of the pages may say, in Portuguese."""

TEXTS = {
    "description": "Pergunte, escreva e planeje com um assistente de IA generativa.",
    "busy": "Chegam pedidos demais ao mesmo tempo. Tente de novo daqui a pouco.",
    "fill_in": "Preencha este campo.",
    "save": "Salvar",
    "go_on": "Continuar",
    "unsupported": "Este grupo de usuários pede um passo para entrar que esta aplicação não tem ({name}). "
    "Consulte quem o administra.",
    "back_to_chat": "Voltar ao chat",
    "error": "Isso não deu certo",
    "reference": "Referência, se você pedir ajuda",
    "error_400": "Esta página não faz esse pedido. Recarregue a página e tente de novo.",
    "error_401": "A sua sessão terminou. Entre de novo.",
    "error_403": "Você não pode fazer isto. Recarregue a página e tente de novo.",
    "error_404": "Esta página não existe.",
    "error_408": "Isto demorou demais a chegar. Tente de novo.",
    "error_413": "É demais de uma só vez. Envie menos.",
    "error_431": "O seu navegador envia demais com cada pedido. Apague os cookies deste site e tente de "
    "novo.",
    "error_429": "Tentativas demais. Espere 15 minutos e tente de novo.",
    "too_much_at_once": "Você tem coisas demais em curso ao mesmo tempo. Espere que alguma termine ou feche "
    "algumas abas.",
    "error_500": "Algo falhou do nosso lado. Tente de novo e, se continuar, avise quem administra o serviço.",
    "error_503": "Neste momento não se consegue chegar ao serviço. Tente de novo daqui a um minuto.",
}
