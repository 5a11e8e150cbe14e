"""Secrets: what is masked whole, what is kept beside it, and what only sounds like one."""

from __future__ import annotations

import pytest

from obs_lib.redaction.secrets import MASK, mask_secrets

BODY = (
    "Ab3dEf6hIj9lMn2pQr5tUv8x"  # put together with its beginning at run time: scanners of repositories read tests too
)

KEYS = [
    "sk-" + BODY,
    "sk-proj-" + BODY + "-_" + BODY,
    "sk-ant-" + "api03-" + BODY + "_" + BODY + "AA",
    "sk_live_" + BODY,
    "rk_test_" + BODY,
    "whsec_" + BODY,
    "AKIA" + "IOSFODNN7EXAMPLE",
    "ghp_" + BODY + "ABCDEFGHIJKL",
    "github_pat_" + BODY + "_" + BODY,
    "glpat-" + BODY,
    "AIza" + "SyA0123456789abcdefghijklmnopqrstuv",
    "xoxb-" + "123456789012-1234567890123-" + BODY,
    "hf_" + BODY + "ABCDEFGHIJ",
    "SG." + BODY + "." + BODY,
    "eyJ" + "hbGciOiJIUzI1NiJ9AAAA.eyJzdWIiOiIxMjM0NTY3.SflKxwRJSMeKKF2QT4fw",
    "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN OPENSSH " + "PRIVATE KEY-----\\nb3BlbnNzaC1rZXk\\n-----END OPENSSH PRIVATE KEY-----",
]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key[:12])
@pytest.mark.parametrize(
    "around", ["{}", "before {} after", '"{}"', "x={};", "({})", "key:{}\n", "https://a.example/{}"]
)
def test_keys_of_known_shape_are_masked_whole(key: str, around: str) -> None:
    shown = mask_secrets(around.format(key))
    assert MASK in shown
    for start in range(4, len(key) - 12, 4):
        assert key[start : start + 12] not in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("api_key = 'abcdefgh'", "api_key = '[secret]'"),
        ('{"password": "hunter22", "user": "x"}', '{"password": "[secret]", "user": "x"}'),
        (r"{\"client_secret\": \"hunter22\"}", r"{\"client_secret\": \"[secret]\"}"),
        ("aws_secret_access_key=wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key=[secret]"),
        ("password: hunter2", "password: [secret]"),
        ("export DB_PASSWORD=changemenow", "export DB_PASSWORD=[secret]"),
        ("GET /v1?api_key=abc123def&page=2", "GET /v1?api_key=[secret]&page=2"),
        ("Authorization: Bearer abc123def456ghi", "Authorization: Bearer [secret]"),
        ("authorization: Basic dXNlcjpwYXNz", "authorization: Basic [secret]"),
        ("curl -H 'Bearer abc123def456ghi'", "curl -H 'Bearer [secret]'"),
        ("postgres://user:hunter2@db.example/x", "postgres://user:[secret]@db.example/x"),
        ("redis://:hunter2@cache:6379", "redis://:[secret]@cache:6379"),
        ("-----BEGIN " + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nMIIEpAIBAA cut off", "[secret] cut off"),
    ],
)
def test_what_stands_under_a_telling_name_is_masked_and_the_name_stays(text: str, shown: str) -> None:
    assert mask_secrets(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "The risk-averse sketch asks: pass the password? The secret is patience.",
        "see https://example.org:8080/a@b, the bearer of responsibilities, basic internationalization",
        "max_tokens=4096, tokens: 1234567, token: 12345678, total_token = 123456",
        "password = input('Password: '); token = tokens[i]; secret = hashlib.sha256(x)",
        "client = OpenAI(api_key=api_key)",
        "if password == other: raise",
        "hf_model_name_of_the_encoder and npm_config_registry_setting",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "-----BEGIN CERTIFICATE-----",
        "-----END RSA " + "PRIVATE KEY-----",
    ],
)
def test_ordinary_text_and_code_stay(text: str) -> None:
    assert mask_secrets(text) == text
