"""Streamlit: what serves and who asks, both in its own environment."""
