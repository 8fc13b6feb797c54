"""watchword.toml: what it says is taken, and what is wrong in it is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchword import config
from watchword.config import Config, load
from watchword.errors import ConfigError

WHOLE = """
[aws]
profile = "audit"
region = "eu-west-1"
role = "arn:{partition}:iam::{account}:role/audit"
role_arn = "arn:aws:iam::111122223333:role/watchword"
external_id = "said-before"
endpoint_url = "http://127.0.0.1:5000"
connect_timeout = 2
read_timeout = 7.5

[collect]
threads = 32
accounts = ["prod-*"]
regions = ["eu-west-1"]
services = ["iam", "s3"]
trust_config_counts = true

[estate]
partners = { "121212121212" = "Auditing firm" }
break_glass = ["arn:aws:iam::*:role/break-glass"]
public = ["arn:aws:s3:::www.example.com"]
labels = { "arn:aws:s3:::payroll-*" = "restricted" }
approved_regions = ["eu-west-1"]
guest_pools = ["arn:aws:cognito-idp:*:*:userpool/*"]
admin_roles = ["*Admin*"]

[controls]
folder = "controls"

[audit]
signing_key = "keys/audit.key"

[iam]
quotas = { "service control policy" = 10240 }

[state]
url = "sqlite:///kept/state.sqlite"

[web]
public_url = "https://watchword.example.com:8443"
bind = "0.0.0.0"
port = 8443
trusted_proxies = ["10.0.0.0/8", "fd00::/8"]
company = "Company ABC"
largest_body = 65536
body_seconds = 5
requests_a_minute = 60
metrics_from_loopback = true
sync_minutes = 15
heads_file = "kept/head.json"
heads_webhook = "https://heads.example.com/watchword"
secret_key_file = "keys/state.key"
tls_certificate = "/etc/tls.pem"
tls_key = "tls.key"

[login]
preset = "aal3"
enrolment_hours = 72
sign_in_days = 30
passwords = true
locations_file = "ip2asn.tsv"
blocklist_file = "worst.txt"

[directories.corp]
kind = "ldap"
urls = ["ldaps://ldap.example.com"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "watchword.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_that_is_said_is_taken(tmp_path: Path) -> None:
    found = load(written(tmp_path, WHOLE))
    assert found.aws.profile == "audit"
    assert found.aws.role == "arn:{partition}:iam::{account}:role/audit"
    assert (found.aws.connect_timeout, found.aws.read_timeout, found.aws.threads) == (2.0, 7.5, 32)
    assert found.scope.accounts == ("prod-*",)
    assert found.scope.services == ("iam", "s3")
    assert found.threads == 32
    assert found.scope.trust_config_counts
    assert found.estate.partners == {"121212121212": "Auditing firm"}
    assert found.estate.declared_label("arn:aws:s3:::payroll-2026") == "restricted"
    assert found.estate.is_public_by_intent("arn:aws:s3:::www.example.com")
    assert found.controls == tmp_path / "controls"
    assert found.signing_key == tmp_path / "keys" / "audit.key"
    assert found.quotas == {"service control policy": 10_240}
    assert found.web["public_url"] == "https://watchword.example.com:8443"
    assert [str(one) for one in found.web["trusted_proxies"]] == ["10.0.0.0/8", "fd00::/8"]
    assert found.web["secret_key_file"] == tmp_path / "keys" / "state.key"
    assert found.web["tls_certificate"] == Path("/etc/tls.pem")
    assert (found.web["preset"], found.web["passwords"]) == ("aal3", True)
    assert found.directories == {"corp": {"kind": "ldap", "urls": ["ldaps://ldap.example.com"]}}


def test_every_key_is_set_in_the_example_of_the_tests_and_told_in_the_module() -> None:
    for section, keys in config._KEYS.items():
        assert f"[{section}]" in str(config.__doc__)
        for key in keys:
            assert f"{key} = " in WHOLE
            assert f"{key} = " in str(config.__doc__)


def test_without_a_file_there_are_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load() == Config()
    assert load().aws.role == "OrganizationAccountAccessRole"


def test_the_file_of_the_working_folder_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, '[aws]\nprofile = "x"')
    assert load().aws.profile == "x"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[aws]\nprofil = "x"', 2, "aws.profil: there is no such key"),
        ("[awz]\n", 1, "there is no section [awz]"),
        ('[aws]\n\n# note\nregion = "europe"', 4, "not an AWS region"),
        ("[aws]\nprofile = 5", 2, "5 is not text"),
        ('[aws]\nrole = "arn:aws:iam::111122223333:role/x"', 2, "use role_arn"),
        ('[aws]\nrole_arn = "watchword"', 2, "not the ARN of a role"),
        ('[aws]\nendpoint_url = "localhost"', 2, "not an address"),
        ("[aws]\nread_timeout = 0", 2, "seconds between 0 and 900"),
        ('[iam]\nquotas = { "bucket" = 5 }', 2, "no quota 'bucket'"),
        ('[iam]\nquotas = { "bucket policy" = 0 }', 2, "positive number"),
        ('[iam]\nquotas = { "bucket policy" = true }', 2, "not a table of numbers"),
        ("[aws]\nread_timeout = true", 2, "seconds between 0 and 900"),
        ("[collect]\ntrust_config_counts = 1", 2, "neither true nor false"),
        ("[collect]\nthreads = 0", 2, "from 1 to 256"),
        ('[collect]\nregions = "eu-west-1"', 2, "not a list"),
        ('[aws]\nregion = "eu-west-1"\n[collect]\nregions = ["x"]', 4, "not an AWS region"),
        ('[estate]\npartners = { "12" = "x" }', 2, "not an AWS account id"),
        ("[estate]\npartners = []", 2, "not a table"),
        ('[estate]\nlabels = { "x" = 5 }', 2, "5 is not text"),
        ('[estate.partners]\n"12" = "x"', 1, "not an AWS account id"),
        ('aws = "x"', None, "there is no section [aws]"),
        ('[web]\npublic_url = "http://watchword.example.com"', 2, "plain HTTP is for localhost only"),
        ('[web]\npublic_url = "https://watchword.example.com/x"', 2, "without a path"),
        ('[web]\npublic_url = "https://user@watchword.example.com"', 2, "is not an origin"),
        ("[web]\nport = 0", 2, "from 1 to 65535"),
        ('[web]\nbind = "example.com"', 2, "not an IP address"),
        ('[web]\ntrusted_proxies = ["10.0.0.1/8"]', 2, "is not a network"),
        ('[login]\npreset = "aal4"', 2, "none of aal1, aal2, aal3"),
        ('[directories.Corp]\nkind = "ldap"', 1, "called by a small letter"),
        ("[directories.corp]\nkind = 5", 1, "its kind is missing"),
        ('[directories]\ncorp = "ldap"', 2, "called by a small letter"),
    ],
)
def test_a_wrong_setting_is_told_with_key_and_line(
    tmp_path: Path, text: str, line: int | None, said: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert said in caught.value.what
    assert caught.value.where == (f"{path}:{line}" if line else str(path))
    assert caught.value.exit_code == 2


def test_a_file_that_is_no_toml_is_told_with_the_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 2"):
        load(written(tmp_path, "[aws]\nprofile = \n"))


@pytest.mark.parametrize("content", [b"\xff\xfe", b"#" * (config.LARGEST_FILE + 1)])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "watchword.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError):
        load(path)


def test_a_file_that_is_named_and_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "other.toml")
    assert "--config" in caught.value.remedy


def test_the_file_of_the_state_is_relative_to_the_settings(tmp_path: Path) -> None:
    assert load(written(tmp_path, WHOLE)).database == f"sqlite:///{tmp_path}/kept/state.sqlite"
    assert load(written(tmp_path, "")).database == "sqlite:///.watchword/state.sqlite"
    server = "postgresql://watchword@db.abc.example/state"
    assert load(written(tmp_path, f'[state]\nurl = "{server}"')).database.endswith("@db.abc.example/state")


def test_a_wrong_address_of_the_state_is_told_with_its_line_and_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"state\.url") as refused:
        load(written(tmp_path, '\n[state]\nurl = "mysql://someone:hush@host/state"'))
    assert refused.value.where.endswith(":3")
    assert "hush" not in refused.value.diagnosis()


def test_settings_that_are_printed_do_not_show_the_password_of_the_state(tmp_path: Path) -> None:
    found = load(written(tmp_path, '[state]\nurl = "postgresql://someone:hush@host/state"'))
    assert "hush" in found.database
    assert "hush" not in repr(found)
