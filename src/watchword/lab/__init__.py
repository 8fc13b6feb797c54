"""The lab: Company ABC on an emulated AWS, so that a newcomer needs no account.

It holds the estate, its people and their mistakes, the attacks on it, and the backends that the emulator lacks.
It is never imported by the rest of the package.
"""
