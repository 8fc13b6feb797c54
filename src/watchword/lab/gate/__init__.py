"""The lab's gate: every call to the emulated AWS is authorised as AWS would authorise it.

What it does: stands between the gateway and the emulator as WSGI middleware; names the caller behind an access key
(`sessions`), tells what a request asks for (`requests`), gathers the policies that apply (`policies`), asks the
evaluator of `watchword.analysis.iam`, and lets the call pass or refuses it in AWS's own words (`gate`). Faults that AWS
has on bad days come on demand (`faults`). What it does not do: check signatures, so that an access key id alone is
proof of identity here.
"""
