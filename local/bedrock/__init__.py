"""A small real model behind Bedrock's own API, on loopback."""

from local.bedrock.engine import EngineError
from local.bedrock.lifecycle import BedrockServer

__all__ = ["BedrockServer", "EngineError"]
