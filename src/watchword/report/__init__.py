"""Evidence to pages: assessments judged and written as terminal summary, HTML, JSON, CSV, OCSF, ASFF and SARIF."""
