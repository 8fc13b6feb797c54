"""Pure reasoning about an AWS estate: facts in, verdicts out; touches nothing."""
