"""Bedrock's service tiers: which model has which, and what a token costs there: pure functions.

A request of *priority* goes before others, one of *flex* behind them; without a tier it is *standard*:
https://docs.aws.amazon.com/bedrock/latest/userguide/service-tiers-inference.html

Bedrock refuses a tier that a model does not have. Which one has which is taken from AWS's price list as
litellm 1.110.2 (PyPI, 20 November 2026) has it in `model_prices_and_context_window_backup.json`: the models
of Converse for which it names the price of a tier in each region that it tells of, GovCloud left aside. But
for prices that are rounded to the cent, flex is 0.5 and priority 1.75 of the standard price in all of them,
for cached tokens too.
"""

FLEX, PRIORITY = "flex", "priority"
TIERS = (FLEX, PRIORITY)
"""All that may be asked for; empty is the standard one. "reserved" takes a contract with AWS."""
PERCENT = {FLEX: 50, PRIORITY: 175}
"""Of the standard price."""

_BOTH = """
amazon.nova-pro-v1:0 us.amazon.nova-pro-v1:0 us.amazon.nova-2-lite-v1:0 jp.amazon.nova-2-lite-v1:0
us.deepseek.v3.2 google.gemma-3-4b-it google.gemma-3-12b-it google.gemma-3-27b-it minimax.minimax-m2
mistral.devstral-2-123b mistral.magistral-small-2509 mistral.ministral-3-3b-instruct
mistral.ministral-3-8b-instruct mistral.ministral-3-14b-instruct mistral.mistral-large-3-675b-instruct
mistral.voxtral-mini-3b-2507 mistral.voxtral-small-24b-2507 moonshotai.kimi-k3 global.moonshotai.kimi-k3
us.moonshotai.kimi-k3 in.moonshotai.kimi-k3 moonshotai.kimi-k3.1 global.moonshotai.kimi-k3.1
us.moonshotai.kimi-k3.1 in.moonshotai.kimi-k3.1 nvidia.nemotron-nano-9b-v2 nvidia.nemotron-nano-12b-v2
nvidia.nemotron-nano-3-30b nvidia.nemotron-super-3-120b openai.gpt-oss-20b-1:0 openai.gpt-oss-120b-1:0
openai.gpt-oss-safeguard-20b openai.gpt-oss-safeguard-120b qwen.qwen3-32b-v1:0 writer.palmyra-vision-7b
global.xai.grok-4.6 us.xai.grok-4.6 global.xai.grok-4.7 us.xai.grok-4.7 zai.glm-4.7 zai.glm-4.7-flash
global.zai.glm-5.3 us.zai.glm-5.3
"""
_FLEX_ALONE = """
eu.amazon.nova-pro-v1:0 apac.amazon.nova-pro-v1:0 deepseek.v3.2 eu.deepseek.v3.2 minimax.minimax-m2.1
minimax.minimax-m2.5 moonshotai.kimi-k2-thinking moonshotai.kimi-k2.5 qwen.qwen3-235b-a22b-2507-v1:0
qwen.qwen3-coder-next
"""
_PRIORITY_ALONE = """
amazon.nova-2-lite-v1:0 global.amazon.nova-2-lite-v1:0 amazon.nova-2-pro-preview-20251202-v1:0
us.amazon.nova-2-pro-preview-20251202-v1:0 amazon.nova-premier-v1:0 moonshot.kimi-k2-thinking
qwen.qwen3-coder-30b-a3b-v1:0 qwen.qwen3-vl-235b-a22b zai.glm-5
"""
_OF_MODELS = {
    model_id: tiers
    for model_ids, tiers in ((_BOTH, TIERS), (_FLEX_ALONE, (FLEX,)), (_PRIORITY_ALONE, (PRIORITY,)))
    for model_id in model_ids.split()
}


def tiers(model_id: str) -> tuple[str, ...]:
    """The tiers on offer for a model or an inference profile, by its id or ARN, besides the standard one.

    None for application profiles: what is behind one says nothing of the regions that it leads to.
    """
    return _OF_MODELS.get(model_id.rpartition("/")[2], ())


def weighed(tokens: int, tier: str) -> int:
    """What so many tokens count when they are charged at a tier's price."""
    return -(-tokens * PERCENT.get(tier, 100) // 100)


def most(tokens: int, tier: str) -> int:
    """The most that they can count when that tier is asked for: Bedrock may serve by the standard one."""
    return max(tokens, weighed(tokens, tier))
