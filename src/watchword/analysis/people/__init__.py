"""Pure reasoning about people and their accounts: whose an account is, who is in a group, what nobody answers for."""
