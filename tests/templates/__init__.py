"""Tests of the templates: no network, no AWS."""
