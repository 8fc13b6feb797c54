"""The commands, one module a noun; ``cli`` puts them together.

Modules here import other rooms inside their functions only, so that ``watchword --help`` stays quick.
"""
