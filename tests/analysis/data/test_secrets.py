"""Credentials in variables and scripts are recognised; placeholders, references and ordinary settings are not."""

import base64
import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.analysis.data import secrets

RANDOM_40 = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzT9qLk3dVs"
HEX_32 = "9f86d081884c7d659a2feaa0c55ad015"


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("DB_PASSWORD", "hunter2!", "password"),
        ("dbPassword", "s3cr3t-Sauce", "password"),
        ("PGPASSWORD", "correcthorse", "password"),
        ("spring.datasource.password", "Tr0ub4dor", "password"),
        ("AWS_SECRET_ACCESS_KEY", RANDOM_40, "AWS secret access key"),
        ("AWS_ACCESS_KEY_ID", "AKIAQ7X3M5N2P4R6T8V2"[:20].replace("8", "6"), "AWS access key"),
        ("PAYMENT_API_KEY", HEX_32, "secret key"),
        ("STRIPE", "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc", "Stripe key"),
        ("GIT_AUTH", "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8", "GitHub token"),
        (
            "HOOK",
            "https://hooks.slack.com/services/T024BE7LD/B0AB12CDE/" + "x" * 12 + "9aB3dEf7",
            "Slack webhook",
        ),
        ("DATABASE_URL", "postgres://app:Zx81-q!@db.internal:5432/payroll", "password in a URL"),
        ("KEY", "-----BEGIN RSA PRIVATE KEY-----\nMIIE…", "private key"),
        ("SESSION_TOKEN", HEX_32, "token"),
        ("CONFIG", json.dumps({"db": {"user": "app", "password": "hunter2!"}}), "password"),
        ("DSN", "Server=db;User Id=app;Password=Zx81qq99;", "password"),
    ],
)
def test_a_credential_is_recognised_by_form_or_name(name: str, value: str, kind: str) -> None:
    assert secrets.kind_of(name, value) == kind


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "changeme"),
        ("DB_PASSWORD", "<your password>"),
        ("DB_PASSWORD", "********"),
        ("DB_PASSWORD", "${DB_PASSWORD}"),
        ("DB_PASSWORD", "{{resolve:secretsmanager:payroll:SecretString:password}}"),
        ("DB_PASSWORD", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:payroll-AbCdEf"),
        ("DB_PASSWORD", "/payroll/prod/db-password"),
        ("DB_PASSWORD", ""),
        ("DB_PASSWORD_FILE", "run/secrets/db-pw-1"),
        ("DB_SECRET", "payroll/prod/db-2"),
        ("DB_SECRET", "payroll-db-credentials"),
        ("DB_SECRET_ARN", "whatever-is-named-here-1234"),
        ("PASSWORD_POLICY", "14-characters-24-remembered"),
        ("TOKEN_TTL", "3600"),
        ("TOKEN", "short"),
        ("API_KEY", "AKIAIOSFODNN7EXAMPLE"),
        ("PRIMARY_KEY", "customer_id_and_order_id_2"),
        ("AWS_REGION", "eu-west-1"),
        ("TABLE_NAME", "payroll-runs-2026"),
        ("COMMIT", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("REQUEST_ID", "3f2b8c1e-5d6a-4f7b-9c8d-0e1f2a3b4c5d"),
        ("LOG_LEVEL", "debug"),
        ("QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/111122223333/payroll-jobs"),
        ("KMS_KEY", "alias/payroll-master"),
        ("FEATURE_TOKEN", "enabled"),
        ("PROXY", "http://proxy.internal:3128"),
    ],
)
def test_placeholders_references_and_ordinary_settings_are_no_credentials(name: str, value: str) -> None:
    assert secrets.kind_of(name, value) is None


def test_a_script_gives_each_credential_once_with_the_name_it_stands_under() -> None:
    script = f"""#!/bin/bash
    export DB_PASSWORD='hunter2!'
    mysql --user app --password hunter2! payroll
    echo "api_key: {HEX_32}" >> /etc/app.yaml
    TOKEN=$(aws secretsmanager get-secret-value --secret-id payroll-db)
    curl -u "x:$TOKEN" https://internal/
    """
    found = [(one.name, one.kind, one.length) for one in secrets.secrets_in(script)]
    assert found == [("DB_PASSWORD", "password", 8), ("api_key", "secret key", 32)]


@pytest.mark.parametrize(
    "script",
    [
        "#!/bin/bash\nyum install -y amazon-ssm-agent\nsystemctl enable --now amazon-ssm-agent\n",
        "#!/bin/bash\nDB_PASSWORD=$(aws ssm get-parameter --name /payroll/db --with-decryption --query x)\n",
        "#cloud-config\npackages: [nginx]\nssh_pwauth: false\nchpasswd: {expire: false}\n",
        "<powershell>\n$password = (Get-SECSecretValue -SecretId web-admin).SecretString\n</powershell>",
        "# the password should never stand here; a secret belongs elsewhere\n",
        "# set the password to the value from the vault\ntoken_ttl=3600\npassword file: /run/secrets/x\n",
    ],
)
def test_scripts_that_fetch_their_secrets_are_clean(script: str) -> None:
    assert secrets.secrets_in(script) == ()


@given(st.dictionaries(st.text(min_size=1, max_size=12), st.text(max_size=60), max_size=6))
def test_a_redacted_variable_keeps_kind_digest_and_length_and_nothing_else(variables: dict[str, str]) -> None:
    kept = secrets.redacted(variables)
    assert kept.keys() == variables.keys()
    for name, form in kept.items():
        assert form.keys() == {"kind", "sha256", "length"}
        assert form["length"] == len(variables[name])
        assert len(form["sha256"]) == 8


def test_neither_redacted_form_holds_the_secret() -> None:
    value = "Zx81-correct-horse"
    kept = json.dumps(
        [secrets.redacted({"DB_PASSWORD": value}), secrets.redacted_script(f"PASSWORD={value}")]
    )
    assert value not in kept


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress])
def test_user_data_is_read_from_base64_plain_or_gzipped(pack) -> None:
    encoded = base64.b64encode(pack(b"#!/bin/sh\nexport DB_PASSWORD=hunter2!\n")).decode()
    kept = secrets.redacted_user_data(encoded)
    assert kept["readable"] is True
    assert [(one["name"], one["kind"]) for one in kept["secrets"]] == [("DB_PASSWORD", "password")]


@pytest.mark.parametrize("encoded", ["not base64!", base64.b64encode(b"\xff\xfe\x00\x01").decode()])
def test_user_data_that_is_no_text_is_said_to_be_unreadable(encoded: str) -> None:
    assert secrets.redacted_user_data(encoded)["readable"] is False


def test_a_gzip_bomb_is_cut_at_the_limit() -> None:
    encoded = base64.b64encode(gzip.compress(b"a" * (secrets.LIMIT * 3))).decode()
    assert secrets.redacted_user_data(encoded)["length"] == secrets.LIMIT


@given(st.text(max_size=400))
def test_any_text_can_be_scanned(text: str) -> None:
    assert all(one.length > 3 for one in secrets.secrets_in(text))
