"""The REST API: the functions of the rooms as JSON over HTTP.  Pydantic stands here and nowhere else."""
