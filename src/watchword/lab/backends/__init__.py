"""The lab's additions to moto: AWS APIs that the emulator lacks, answered as AWS answers them.

What it does: `install` teaches the moto of this process our backends, after which moto's own server (or its
in-process mock) answers them like any other service; state is kept per account and region and is emptied by
moto's reset. What it does not do: it starts no server, seeds no data and changes no file of moto.

Two kinds of backend live here, both found through `BACKENDS`:

* a **new service** is a package `<service>/` with `models.py`, `responses.py` and `urls.py` in moto's layout,
  whose `__init__` exports `<service>_backends` and an `install()` that calls `registry.add_service`;
* an **extension** of a service that moto has is a module `<service>.py` whose `install()` calls
  `registry.extend` with handlers. Its own state is a `moto.core.base_backend.BaseBackend` held in a
  `BackendDict`, so that moto resets it together with the rest.

A handler is a function from a `call.Call` (account, region, parsed and validated parameters) to the members of
the operation's output; it raises `call.Refusal(code, message)` for the errors that AWS documents.
"""

from importlib import import_module

# Modules of this package, each with an install() that is safe to call twice. Imported only by install(), because
# moto is an optional dependency (extra "lab") and slow to import.
BACKENDS: tuple[str, ...] = (
    "accessanalyzer",
    "account",
    "backup_vaults",
    "cloudtrail",
    "cloudtrail_events",
    "cognito",
    "config",
    "ds",
    "ec2_connections",
    "ec2_defaults",
    "ec2_public_access",
    "ec2_regions",
    "ec2_remote_access",
    "ec2_snapshots",
    "ec2_verified_access",
    "eks",
    "guardduty",
    "iam_authorization",
    "iam_report",
    "iam_root",
    "identitystore",
    "inspector2",
    "lambda_policies",
    "lambda_urls",
    "macie2",
    "mended",
    "network_firewall",
    "organizations",
    "rolesanywhere",
    "route53resolver_firewall",
    "s3",
    "securityhub",
    "ssm_compliance",
    "ssm_instances",
    "ssm_patching",
    "sso_admin",
    "sts",
    "wafv2",
)


def install() -> None:
    """Register every backend of `BACKENDS` with moto; calling it again changes nothing.

    Call it before the first request, because moto reads a service's URL patterns when the service is first used.
    """
    for name in BACKENDS:
        import_module(f"{__name__}.{name}").install()
