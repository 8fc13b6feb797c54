"""What policies let whom do: the IAM language, its evaluation, and what follows from it.

As a library: compile policies, put them into a set, and ask.

>>> bucket = {
...     "Version": "2012-10-17",
...     "Statement": {
...         "Effect": "Allow",
...         "Principal": "*",
...         "Action": "s3:GetObject",
...         "Resource": "arn:aws:s3:::reports/*",
...         "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1a2b"}},
...     },
... }
>>> policies = PolicySet(resource=compile_policy(bucket, "resource"))
>>> asked = Request.of("*", "s3:GetObject", "arn:aws:s3:::reports/q3.pdf", complete=False)
>>> answer = evaluate(asked, policies)
>>> answer.decision.value, words(answer.allowed_if)
('Conditional', 'aws:SourceVpce StringEquals vpce-1a2b')

The rules, step by step, with sources: docs/iam-evaluation.md.
"""

from watchword.analysis.iam.compiled import CompiledPolicy, Library, PolicyKind, compile_policy
from watchword.analysis.iam.evaluate import evaluate, evaluate_all
from watchword.analysis.iam.evaluation import Decision, Evaluation
from watchword.analysis.iam.expression import to_json, words
from watchword.analysis.iam.policy import PolicyError
from watchword.analysis.iam.policy_set import PolicySet, PublicAccessBlock
from watchword.analysis.iam.principals import Principal, PrincipalError
from watchword.analysis.iam.request import Request, RequestError

__all__ = (
    "CompiledPolicy",
    "Decision",
    "Evaluation",
    "Library",
    "PolicyError",
    "PolicyKind",
    "PolicySet",
    "Principal",
    "PrincipalError",
    "PublicAccessBlock",
    "Request",
    "RequestError",
    "compile_policy",
    "evaluate",
    "evaluate_all",
    "to_json",
    "words",
)
