"""The only room that changes the world outside: what is sent, written or taken away elsewhere, is here.

``audit_heads``  signed heads of the audit log, to S3 under Object Lock or to a webhook
"""
