"""Addresses as users type or copy them."""

from __future__ import annotations

import pytest

from wegen_core.mllm.endpoint.address import KEYS, parse_address, without_keys


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("http://h:1", "http://h:1/v1"),
        (' "http://h:1/v1/" ', "http://h:1/v1"),
        ("http://h:1/v1/chat/completions", "http://h:1/v1"),
        ("http://h:1/v1/completions", "http://h:1/v1"),
        ("http://h:1/v1/models", "http://h:1/v1"),
        ("http://h:11434/api", "http://h:11434/v1"),
        ("http://h:11434/api/chat", "http://h:11434/v1"),
        ("http://h/ollama/api/generate", "http://h/ollama/v1"),
        ("https://openrouter.ai/api", "https://openrouter.ai/api/v1"),
        ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1"),
        ("http://h:3000/api/chat/completions", "http://h:3000/api"),
        ("http://h:1234/api/v0", "http://h:1234/api/v0"),
        ("https://h/v1beta/openai/", "https://h/v1beta/openai"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://bücher.example:8/v1", "http://xn--bcher-kva.example:8/v1"),
        ("http://h:1/模型 a/v1", "http://h:1/%E6%A8%A1%E5%9E%8B%20a/v1"),
    ],
)
def test_the_base_address_is_found(typed, url):
    address = parse_address(typed, "m")
    assert address.url == url and address.query == ""


def test_azure_needs_its_query_and_its_own_header(monkeypatch):
    monkeypatch.setenv(KEYS, "x.example=abc")
    typed = "https://x.example/openai/deployments/d/chat/completions?api-version=2024-10-21"
    address = parse_address(typed, "m")
    assert address.request_url("/chat/completions") == typed
    assert address.headers == {"Authorization": "Bearer abc", "api-key": "abc"}
    assert parse_address("https://x.example", "m").headers == {"Authorization": "Bearer abc"}
    monkeypatch.setenv(KEYS, "x.example=схлюссел")
    with pytest.raises(ValueError, match="other characters than ASCII"):
        address.headers  # noqa: B018


@pytest.mark.parametrize(
    ("url", "model"),
    [
        ("http://me:secret@h/v1", "m"),
        ("http://secret@h/v1", "m"),
        ("http://h/sk-or-v1-secret0/v1", "m"),
        ("http://h/v1#gsk_secret00000", "m"),
        ("http://h/v1", "hf_secret00000"),
        ("http://h/v1?a=b&token=secret", "m"),
    ],
)
def test_keys_anywhere_are_refused_and_hidden(url, model):
    with pytest.raises(ValueError, match="holds a key or password; put it into WEGEN") as caught:
        parse_address(url, model)
    for text in (str(caught.value), without_keys(url), without_keys(model)):
        assert "secret" not in text
    with pytest.raises(ValueError, match="holds a key"):  # what is kept of it says the same
        parse_address(without_keys(url), without_keys(model))


def test_addresses_without_keys_stay_as_they_are():
    for text in ("https://x.example/v1?api-version=2024-10-21", "http://h/task-runner/v1", "hf/m"):
        assert without_keys(text) == text


@pytest.mark.parametrize("query", ["key=a", "api_key=a", "access_token=a", "x=" + "a" * 30])
def test_keys_in_the_address_are_refused(query):
    with pytest.raises(ValueError, match="holds a key"):
        parse_address(f"http://h/v1?{query}", "m")
