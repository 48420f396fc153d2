"""The weights of the local model: which file, where it comes from, and how it gets into the cache."""

from local.model.embedding import ensure_embedding_model
from local.model.errors import ModelUnavailable
from local.model.progress import Progress
from local.model.specs import CATALOG, CatalogModel, OwnFile, choose
from local.model.store import ensure_model

__all__ = [
    "CATALOG",
    "CatalogModel",
    "ModelUnavailable",
    "OwnFile",
    "Progress",
    "choose",
    "ensure_embedding_model",
    "ensure_model",
]
