"""What is kept: snapshots and assessments; the only room with SQL."""
