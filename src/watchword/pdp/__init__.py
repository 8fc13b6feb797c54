"""The policy decision point: facts in, decisions with reasons out; touches nothing."""
