"""What a process tells of itself: each request once, by its route's template, and never what somebody sent."""

from __future__ import annotations

import io
import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.house import House
from watchword.web.telemetry import lines

SECRET = "pl4nted-s3cret"


def test_each_request_is_told_once_with_its_route_and_caller(home: House) -> None:
    home.browser("user").get("/api/v1/sessions?principal=user")
    lines = [one for one in home.told if one["event"] == "request"]
    assert len(lines) == 1
    told = lines[0]
    assert (told["method"], told["route"], told["status"], told["caller"]) == (
        "GET",
        "/api/v1/sessions",
        200,
        "user",
    )
    assert len(told["request"]) == 24
    assert told["ms"] >= 0
    home.stranger().get("/findings/made-up-path/of/somebody")
    assert home.told[-1]["route"] == ""


PLACES = ("path", "query", "header", "cookie", "body", "bearer", "agent", "form")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(PLACES),
    st.sampled_from(["/api/v1/people", "/sign-in/password", "/", "/scim/v2/Users", "/nothing", "/enrol"]),
    st.sampled_from(["GET", "POST"]),
)
def test_what_somebody_sends_is_never_told(home: House, place: str, path: str, method: str) -> None:
    headers = {
        "header": {"x-anything": SECRET, "referer": f"https://watchword.example/?{SECRET}"},
        "cookie": {"cookie": f"__Host-ww={SECRET}; other={SECRET}"},
        "bearer": {"authorization": f"Bearer ww_{SECRET}"},
        "agent": {"user-agent": SECRET},
        "form": {"content-type": "application/x-www-form-urlencoded"},
    }.get(place, {})
    target = {"path": f"{path}/{SECRET}", "query": f"{path}?token={SECRET}"}.get(place, path)
    body = {"body": f'{{"name": "{SECRET}"}}', "form": f"password={SECRET}&csrf={SECRET}"}.get(place)
    same = {"origin": "https://watchword.example", "sec-fetch-site": "same-origin"}
    home.http.request(method, target, headers=same | headers, content=body, follow_redirects=False)
    assert SECRET not in json.dumps(list(home.told), default=str)
    assert SECRET not in home.app.state.metrics.text().decode()


def test_no_cookie_token_or_invitation_of_ours_is_told_either(home: House) -> None:
    cookie, _ = home.session("administrator")
    browser = home.with_cookie(cookie)
    token = browser.post("/api/v1/tokens", json={"display": "x", "scopes": ["read"]}).json()["token"]
    invited = browser.post("/api/v1/people", json={"name": "Anna", "user_name": "anna"}).json()["invitation"]
    home.stranger().get(f"/enrol?token={invited}")
    told = json.dumps(list(home.told), default=str)
    assert not any(secret in told for secret in (cookie, token, invited))


def test_metrics_need_the_right_to_and_count_what_was_done(home: House) -> None:
    assert home.stranger().get("/metrics").status_code == 401
    assert home.browser("user").get("/metrics").status_code == 403
    text = home.program("auditor", "read").get("/metrics").text
    assert 'watchword_requests_total{method="GET",route="/metrics",status="401"}' in text
    assert "watchword_request_seconds_bucket" in text
    assert "watchword_database_up 1.0" in text
    assert "watchword_sessions_active 1.0" in text


def test_metrics_are_open_to_this_machine_only_where_that_is_set(own_home: House) -> None:
    from dataclasses import replace

    from tests.web.house import house

    plane = own_home.plane
    opened = house(plane.database, plane.folder, metrics_from_loopback=True)
    with opened.at_end:
        assert opened.stranger().get("/metrics").status_code == 200
        through = {"x-forwarded-for": "203.0.113.7"}
        assert opened.stranger().get("/metrics", headers=through).status_code == 401
    assert replace(plane.settings).metrics_from_loopback is False


def test_methods_and_paths_that_are_made_up_are_counted_as_one(home: House) -> None:
    for number in range(3):
        home.stranger().ask(f"MADEUP{number}", f"/made-up-{number}")
    text = home.app.state.metrics.text().decode()
    assert "MADEUP" not in text
    assert "made-up" not in text


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=40), max_size=4))
def test_a_line_of_the_log_is_one_line_of_json(line: dict[str, str]) -> None:
    out = io.StringIO()
    lines(out)(line)
    assert out.getvalue().count("\n") == 1
    assert out.getvalue().isascii()
    assert json.loads(out.getvalue()) == line


def test_readiness_names_the_part_that_is_not_ready(own_home: House, tmp_path: Path) -> None:
    from watchword.web.health import readiness

    assert readiness(own_home.plane) == {"database": True, "schema": True, "worker": True}
    assert readiness(own_home.plane, lambda: False)["worker"] is False
    with own_home.plane.database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert own_home.stranger().get("/readyz").status_code == 503
    assert own_home.stranger().get("/readyz").json()["parts"]["schema"] is False
