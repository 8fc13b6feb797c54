"""A control as Markdown, for the terminal and the reference documentation."""

from __future__ import annotations

from watchword.controls.registry import Control
from watchword.model.verdict import TENETS


def control_markdown(control: Control) -> str:
    """The page of one control: mapping, rule, reason, remedies, evidence, references."""
    text = control.text
    requirements = ", ".join(f"{one.value} ({one.title})" for one in text.requirements)
    tenets = "; ".join(f"{number}. {TENETS[number]}" for number in text.tenets)
    reads = ", ".join(f"`{table}`" for table in control.rule.reads)
    references = "\n".join(f"- <{url}>" for url in text.references)
    return f"""## {text.id} {text.title}

| | |
|---|---|
| Slug | `{text.slug}` |
| Severity | {text.severity.word} |
| Pillar | {text.pillar.value} |
| Requirements | {requirements} |
| Maturity | {text.function.value}, {text.stage.word} |
| NIST SP 800-207 | {tenets} |
| User impact, effort | {text.user_impact.word}, {text.effort.word} |
| Judged per | {control.rule.per.value} |
| Evidence | {reads} |
| From | {control.origin} |

**Passes when** {text.passes_when}

**Why.** {text.why}

**Fix in the console.** {text.fix.console}

**Fix with the AWS CLI**

```sh
{text.fix.cli}
```

**Fix with Terraform**

```hcl
{text.fix.terraform}
```

**References**

{references}
"""
