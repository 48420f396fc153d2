"""A chat with a model, as Streamlit's documentation builds one, with Bedrock in place of OpenAI."""

from collections.abc import Iterator
from typing import Any

import boto3
import streamlit as st
from botocore.config import Config


@st.cache_resource
def bedrock() -> Any:
    """One client for all sessions."""
    return boto3.client("bedrock-runtime", config=Config(max_pool_connections=1000))


def answer(messages: list[dict[str, str]]) -> Iterator[str]:
    """The texts of the model's stream."""
    told = [{"role": each["role"], "content": [{"text": each["content"]}]} for each in messages]
    for event in bedrock().converse_stream(modelId="fake.model", messages=told)["stream"]:
        if text := event.get("contentBlockDelta", {}).get("delta", {}).get("text"):
            yield text


messages = st.session_state.setdefault("messages", [])
for message in messages:
    with st.chat_message(message["role"]):
        st.markdown(message["content"])

if question := st.chat_input("Ask something"):
    messages.append({"role": "user", "content": question})
    with st.chat_message("user"):
        st.markdown(question)
    with st.chat_message("assistant"):
        written = st.write_stream(answer(messages))
    messages.append({"role": "assistant", "content": written})
