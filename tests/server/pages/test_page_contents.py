"""What the pages show: names, files and logs as they are, and none of them as markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from running_app import ENVIRONMENT, RunningApp, made, new_project, new_task
from sqlalchemy import update
from visitors import ANA, BEN, SMALL, Visitor, visited_app

from harness.server.live_logs import live_log
from harness.server.store import builds
from harness.server.store.contents_used import used_contents
from harness.server.store.tables import DependencyBuild, Model, TaskVersion, VersionItem

Served = tuple[RunningApp, dict[str, Visitor]]
ATTACK = """<script>alert(1)</script>"'><img src=x onerror=alert(1)>{{ 7919 * 7907 }}"""
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&gt;&lt;img src=x onerror=alert(1)&gt;{{ 7919 * 7907 }}"
NEW_VERSION = {"isMajorUpdate": "true", "baseEnvironmentId": ENVIRONMENT, "outboundNetworkPolicy": "ISOLATED"}
DATA = "a,b,y\n" + "".join(f"{row},{row % 7},{row * 2.5}\n" for row in range(30))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with visited_app(tmp_path_factory.mktemp("contents"), has_begun=False) as (running, visitors):
        visitors[ANA].sign_in()
        visitors[BEN].sign_in()
        yield running, visitors


@pytest.fixture
def ana(served: Served) -> Visitor:
    return served[1][ANA]


def version_of(running: RunningApp, task: str) -> str:
    return str(made(running.ana.get(f"customTasks/{task}/"))["latestVersion"]["id"])


def page_of_version(running: RunningApp, files: dict[str, str]) -> str:
    """Make a task with these files and return the address of its version's page."""
    task = new_task(running.ana, files)
    return f"/tasks/{task}/versions/{version_of(running, task)}/"


def test_hostile_names_are_text_wherever_they_stand(served: Served, ana: Visitor) -> None:
    running, _ = served
    name = ATTACK.replace("/", "-")
    data = f"a,{'<b>b</b>'},y\n1,2,3\n2,3,4\n3,4,5\n"
    page = page_of_version(running, {f"{name}.py": "x = 1\n", "requirements.txt": f"six # {ATTACK}\n"})
    task = f"/tasks/{page.split('/')[2]}/"
    fields = {"name": ATTACK, "description": ATTACK, "language": ATTACK}
    assert ana.send(f"{task}edit/", fields).status_code == 303
    project = new_project(running.ana, data, name=ATTACK)
    aimed = new_project(running.ana, DATA, target="y", name=ATTACK)
    model = ana.send(f"{page}train/", {"projectId": aimed}).headers["Location"]
    with running.state.database.write() as session:
        session.execute(update(Model).where(Model.project_id == aimed).values(status="error", message=ATTACK))
        session.execute(update(TaskVersion).where(TaskVersion.id == page.split("/")[4]).values(warnings=[ATTACK]))
    places = ["/tasks/", task, f"{task}edit/", f"{task}delete/", f"{task}sharing/", f"{task}versions/new/", page]
    places += [f"{page}dependencies/", "/projects/", f"/projects/{project}/", f"/projects/{aimed}/delete/"]
    places += ["/trainings/", model, f"{model}delete/", f"{model}news/"]
    for place in places:
        shown = ana.see(place)
        assert shown.status_code == 200, place
        assert "&lt;script&gt;" in shown.text, place
        assert not re.search(r"<(?:script>|b>|img)", shown.text), place
        assert "62615533" not in shown.text, place  # what the braces would give in a template
    listed = ana.see("/tasks/").text
    assert ESCAPED in listed
    searched = ana.browser.get("/tasks/", params={"searchFor": ATTACK})
    assert searched.text.count(ESCAPED) >= 2
    assert "<script>" not in searched.text


def test_a_file_with_an_odd_name_is_shown_at_its_address(served: Served, ana: Visitor) -> None:
    name = "a b/100% #1?<i>&amp;.py"
    page = page_of_version(served[0], {name: "x = 1\n"})
    address = re.search(r'href="([^"]*/files/[^"]*)"', ana.see(page).text)
    assert address
    shown = ana.see(address[1])
    assert shown.status_code == 200
    assert "a b/100% #1?&lt;i&gt;&amp;amp;.py</h1>" in shown.text


def test_a_file_is_coloured_and_its_lines_have_addresses(served: Served, ana: Visitor) -> None:
    text = 'def fit(X):\n    """One\n    </code><script>two"""\n    return 1\n'
    shown = ana.see(f"{page_of_version(served[0], {'custom.py': text})}files/custom.py").text
    assert '<span class="k">def</span>' in shown
    assert re.findall(r'id="(L\d+)"', shown) == ["L1", "L2", "L3", "L4"]
    assert '<a class="line-number" href="#L3"' in shown
    assert "&lt;/code&gt;&lt;script&gt;two" in shown
    assert "4 lines" in shown


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        pytest.param("model.bin", b"\x00\x01", "This is no text.", id="binary"),
        pytest.param("picture.svg", b"<svg onload=alert(1)>", "&lt;svg onload=alert(1)&gt;", id="svg-as-text"),
        pytest.param("page.html", b"<b>bold</b>", "&lt;b&gt;bold&lt;/b&gt;", id="html-as-text"),
        pytest.param("latin.txt", b"Gr\xfc\xdfe", "This is no text in UTF-8.", id="latin-1"),
        pytest.param("many.csv", b"1\n" * 20_002, "more than 20,000 lines", id="many-lines"),
        pytest.param("big.csv", b"1,2\n" * 200_000, "too large to be shown", id="large"),
        pytest.param("empty.py", b"", 'id="L1"', id="empty"),
        pytest.param("bom.py", b"\xef\xbb\xbfx = 1\r\n", '<span class="mi">1</span>', id="byte-order-mark"),
    ],
)
def test_what_a_file_is_decides_how_it_is_shown(
    served: Served, ana: Visitor, name: str, content: bytes, told: str
) -> None:
    running, _ = served
    task = made(running.ana.post("customTasks/", json={"name": "Files", "targetType": "Regression"}))["id"]
    sent = ana.send(f"/tasks/{task}/versions/new/", NEW_VERSION, file=(name, content))
    shown = ana.see(f"{sent.headers['Location']}files/{name}")
    assert shown.status_code == 200
    assert told in shown.text
    assert shown.headers["Content-Type"].startswith("text/html")


def test_a_file_that_is_not_there_is_not_found(served: Served, ana: Visitor) -> None:
    page = page_of_version(served[0], {"custom.py": "x = 1\n"})
    for path in ("nothing.py", "../custom.py", "%2e%2e/%2e%2e/etc/passwd", "custom.py/", ""):
        assert ana.see(f"{page}files/{path}").status_code in (404, 307), path


def test_a_folder_is_uploaded_without_what_belongs_to_no_task(served: Served, ana: Visitor) -> None:
    running, _ = served
    task = made(running.ana.post("customTasks/", json={"name": "Folder", "targetType": "Regression"}))["id"]
    parts = [
        ("folder", (f"mine/{path}", b"x = 1\n"))
        for path in ("custom.py", "src/a.py", ".git/config", "src/__pycache__/a.cpython-311.pyc", ".env", "b.pyc")
    ]
    headers = {"Origin": ana.origin}
    fields = {**NEW_VERSION, "formToken": ana.form_token()}
    sent = ana.browser.post(f"/tasks/{task}/versions/new/", data=fields, files=parts, headers=headers)
    assert sent.status_code == 303
    items = made(running.ana.get(f"customTasks/{task}/"))["latestVersion"]["items"]
    assert sorted(item["filePath"] for item in items) == ["custom.py", "src/a.py"]


def test_files_go_on_top_of_the_latest_version_where_that_is_asked_for(served: Served, ana: Visitor) -> None:
    running, _ = served
    task = new_task(running.ana, {"custom.py": "x = 1\n", "other.py": "y = 1\n"})
    fields = {**NEW_VERSION, "isMajorUpdate": "false", "onLatest": "yes", "maximumMemory": "256"}
    assert ana.send(f"/tasks/{task}/versions/new/", fields, file=("custom.py", b"x = 2\n")).status_code == 303
    latest = made(running.ana.get(f"customTasks/{task}/"))["latestVersion"]
    assert (latest["label"], latest["maximumMemory"]) == ("1.1", 268435456)
    assert [item["filePath"] for item in latest["items"]] == ["custom.py", "other.py"]


def test_what_an_environment_asks_for_is_asked_for(served: Served, ana: Visitor) -> None:
    running, _ = served
    task = new_task(running.ana, {"custom.py": "x = 1\n"})
    fields = {**NEW_VERSION, "baseEnvironmentId": SMALL}
    refused = ana.send(f"/tasks/{task}/versions/new/", fields, file=("custom.py", b"x = 2\n"))
    assert refused.status_code == 422
    assert "REGION missing" in refused.text
    taken = ana.send(f"/tasks/{task}/versions/new/", {**fields, "metadata.REGION": "EU"}, file=("a.py", b"x = 2\n"))
    assert taken.status_code == 303
    shown = ana.see(taken.headers["Location"]).text
    assert "<dt>REGION</dt><dd>EU</dd>" in shown


def test_refused_lines_are_shown_with_the_line_to_write(served: Served, ana: Visitor) -> None:
    task = new_task(served[0].ana, {"custom.py": "x = 1\n"})
    sent = ("requirements.txt", b"six\n-e git+https://code.example/a.git#egg=a\nscipy~=1.4\n")
    refused = ana.send(f"/tasks/{task}/versions/new/", NEW_VERSION, file=sent)
    assert refused.status_code == 422
    assert "requirements.txt has lines that are not supported." in refused.text
    assert re.findall(r'<td class="number">(\d+)</td>', refused.text) == ["2", "3"]
    assert 'value="true" selected' in refused.text


@pytest.mark.parametrize(
    ("path", "fields", "field"),
    [
        ("/tasks/new/", {"name": "", "targetType": "Binary"}, "name"),
        ("/tasks/new/", {"name": "x" * 300, "targetType": "Binary"}, "name"),
        ("/tasks/new/", {"name": "x", "targetType": "Nothing"}, "targetType"),
        ("/tasks/new/", {"name": "x", "targetType": "Binary", "maximumMemory": "much"}, "maximumMemory"),
        ("/tasks/new/", {"name": "x", "targetType": "Binary", "maximumMemory": "1"}, "maximumMemory"),
        ("{task}edit/", {"name": ""}, "name"),
        ("{task}sharing/", {"username": "nobody@example.com", "role": "USER"}, "username"),
        ("{task}sharing/", {"username": BEN, "role": "KING"}, "role"),
        ("{page}train/", {"projectId": "nothing"}, None),
    ],
)
def test_what_is_wrong_with_a_form_stands_beside_the_field(
    served: Served, ana: Visitor, path: str, fields: dict[str, str], field: str | None
) -> None:
    page = page_of_version(served[0], {"custom.py": "x = 1\n"})
    told = ana.send(path.format(page=page, task=f"/tasks/{page.split('/')[2]}/"), fields)
    assert told.status_code == 422
    assert field is None or f'id="{field}-error"' in told.text
    assert "Traceback" not in told.text


def test_a_task_is_not_left_without_an_owner(served: Served, ana: Visitor) -> None:
    task = new_task(served[0].ana, {"custom.py": "x = 1\n"})
    told = ana.send(f"/tasks/{task}/sharing/", {"username": ANA, "role": "NO_ROLE"})
    assert told.status_code == 409
    assert "without an owner" in told.text


def test_who_gives_up_a_role_comes_back_to_the_list(served: Served, ana: Visitor) -> None:
    running, visitors = served
    task = new_task(running.ana, {"custom.py": "x = 1\n"})
    assert ana.send(f"/tasks/{task}/sharing/", {"username": BEN, "role": "USER"}).status_code == 303
    assert "Give up my role" in visitors[BEN].see(f"/tasks/{task}/sharing/").text
    left = visitors[BEN].send(f"/tasks/{task}/sharing/", {"username": BEN, "role": "NO_ROLE"})
    assert left.headers["Location"] == "/tasks/"
    assert visitors[BEN].see(f"/tasks/{task}/").status_code == 404


def test_what_keeps_a_task_from_being_deleted_is_named(served: Served, ana: Visitor) -> None:
    running, _ = served
    page = page_of_version(running, {"custom.py": "x = 1\n"})
    task = f"/tasks/{page.split('/')[2]}/"
    project = new_project(running.ana, DATA, target="y")
    model = ana.send(f"{page}train/", {"projectId": project}).headers["Location"]
    assert f'href="{model}"' in ana.see(f"{task}delete/").text
    assert ana.send(f"{task}delete/").status_code == 409
    assert ana.send(f"{model}cancel/").status_code == 303
    assert ana.send(f"{task}delete/").status_code == 303
    assert ana.see(task).status_code == 404


def test_a_version_is_not_trained_twice_at_once(served: Served, ana: Visitor) -> None:
    page = page_of_version(served[0], {"custom.py": "x = 1\n"})
    project = {"projectId": new_project(served[0].ana, DATA, target="y")}
    assert ana.send(f"{page}train/", project).status_code == 303
    again = ana.send(f"{page}train/", project)
    assert again.status_code == 422
    assert "being trained already" in again.text


def test_a_projects_target_is_chosen_once(served: Served, ana: Visitor) -> None:
    running, _ = served
    made_one = ana.send("/projects/", {"projectName": "Prices"}, file=("prices.csv", DATA.encode()))
    place = made_one.headers["Location"]
    assert "Choose the target" in ana.see(place).text
    wrong = ana.send(f"{place}target/", {"target": "nothing"})
    assert wrong.status_code == 422
    assert 'id="target-error"' in wrong.text
    assert ana.send(f"{place}target/", {"target": "y"}).status_code == 303
    shown = ana.see(place).text
    assert "Regression" in shown
    assert "Choose the target" not in shown
    assert ana.send(f"{place}target/", {"target": "b"}).status_code == 422
    project = made(running.ana.get(f"projects/{place.split('/')[2]}/"))
    assert (project["target"], project["projectName"]) == ("y", "Prices")
    unsupervised = ana.send("/projects/", {"projectName": ""}, file=("prices.csv", DATA.encode())).headers["Location"]
    assert ana.send(f"{unsupervised}target/", {"unsupervised": "yes"}).status_code == 303
    assert "Untitled Project" in ana.see("/projects/").text


def test_data_that_is_no_table_is_told(ana: Visitor) -> None:
    told = ana.send("/projects/", {"projectName": "Odd"}, file=("odd.parquet", b"nothing of the kind"))
    assert told.status_code == 422
    assert 'id="file-error"' in told.text
    assert 'value="Odd"' in told.text


def test_a_builds_log_is_text_without_colours(served: Served, ana: Visitor) -> None:
    running, _ = served
    page = page_of_version(running, {"custom.py": "x = 1\n", "requirements.txt": "six\n"})
    version = page.split("/")[4]
    assert ana.send(f"{page}dependencies/build/").status_code == 303
    log = f"\x1b[31mERROR: {ATTACK}\x1b[0m\nharness: what to do\nbell \x07\nhttps://me:secret@host.example/\n"
    kept = running.state.contents.put_bytes(log.encode())
    with running.state.database.write() as session:
        build = session.get(DependencyBuild, version)
        assert build is not None
        ended = datetime.now(UTC)
        builds.end_build(session, version, build.job_id, succeeded=False, log_sha256=kept.sha256, ended=ended)
    shown = ana.see(f"{page}dependencies/").text
    assert f'<div class="line error">ERROR: {ESCAPED}</div>' in shown
    assert '<div class="line own">what to do</div>' in shown
    assert "bell \N{REPLACEMENT CHARACTER}" in shown
    assert "secret" not in shown
    assert "failed" in shown
    assert ana.send(f"{page}dependencies/cancel/").status_code == 409


def test_of_a_long_log_the_end_is_shown(served: Served, ana: Visitor) -> None:
    running, _ = served
    page = page_of_version(running, {"custom.py": "x = 1\n", "requirements.txt": "six\n"})
    version = page.split("/")[4]
    ana.send(f"{page}dependencies/build/")
    log = "".join(f"line {number} {'x' * 90}\n" for number in range(12_000)).encode()
    kept = running.state.contents.put_bytes(log)
    with running.state.database.write() as session:
        values = {"log_sha256": kept.sha256, "status": "success", "ended": datetime.now(UTC)}
        session.execute(update(DependencyBuild).where(DependencyBuild.version_id == version).values(**values))
    shown = ana.see(f"{page}dependencies/").text
    assert "This is the end of the log" in shown
    assert "line 11999 " in shown
    assert "line 1 " not in shown
    assert ana.see(f"{page}dependencies/log/").content == log


def test_news_of_a_build_are_its_new_lines_and_at_its_end_all_of_it(served: Served, ana: Visitor) -> None:
    running, _ = served
    page = page_of_version(running, {"custom.py": "x = 1\n", "requirements.txt": "six\n"})
    version = page.split("/")[4]
    ana.send(f"{page}dependencies/build/")
    with running.state.database.write() as session:
        build = session.get(DependencyBuild, version)
        assert build is not None
        job = build.job_id
    (running.state.work_folder / job).mkdir(parents=True)
    with live_log(running.state, job) as progress:
        progress.build_line("Collecting six")
        begun = ana.see(f"{page}dependencies/").text
        assert "Collecting six" in begun
        address = re.search(r'hx-get="([^"]+)"', begun)
        assert address
        progress.build_line("<b>Installing</b>")
        headers = {"HX-Request": "true"}
        news = ana.browser.get(address[1].replace("&amp;", "&"), headers=headers)
        assert "Collecting" not in news.text
        assert "&lt;b&gt;Installing&lt;/b&gt;" in news.text
        assert "HX-Retarget" not in news.headers
    assert ana.send(f"{page}dependencies/cancel/").status_code == 303
    ended = ana.browser.get(address[1].replace("&amp;", "&"), headers=headers)
    assert (ended.headers["HX-Retarget"], ended.headers["HX-Reswap"]) == ("#build", "outerHTML")
    assert "have not been built" in ended.text


def test_a_report_is_sent_in_a_sandbox(served: Served, ana: Visitor) -> None:
    running, _ = served
    page = page_of_version(running, {"custom.py": "x = 1\n"})
    project = new_project(running.ana, DATA, target="y")
    model = ana.send(f"{page}train/", {"projectId": project}).headers["Location"]
    assert ana.see(f"{model}report.html").status_code == 404
    report = running.state.contents.put_bytes(b"<!doctype html><script>fetch('/tasks/')</script>")
    with running.state.database.write() as session:
        session.execute(update(Model).where(Model.project_id == project).values(report_sha256=report.sha256))
        assert report.sha256 in used_contents(session)
    sent = ana.see(f"{model}report.html")
    assert sent.status_code == 200
    policy = sent.headers["Content-Security-Policy"].split("; ")
    assert policy[:2] == ["sandbox allow-scripts allow-downloads", "default-src 'none'"]
    assert "connect-src 'self'" not in policy
    assert sent.headers["Cache-Control"] == "no-store"


def test_a_fault_of_the_server_is_a_page_without_its_insides(
    served: Served, ana: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    running, _ = served
    page = page_of_version(running, {"custom.py": "x = 1\n"})
    with running.state.database.write() as session:
        gone = update(VersionItem).where(VersionItem.version_id == page.split("/")[4]).values(sha256="f" * 64)
        session.execute(gone)
    told = ana.see(f"{page}files/custom.py")
    assert told.status_code == 500
    assert "A fault of the server" in told.text
    assert "Traceback" not in told.text
    assert "f" * 64 not in told.text
    number = re.search(r"under ([0-9a-f]{12})\.", told.text)
    assert number
    assert number[1] in caplog.text


def test_a_list_has_further_pages(served: Served) -> None:
    running, visitors = served
    ben = visitors[BEN]
    for number in range(27):
        made(running.ben.post("customTasks/", json={"name": f"Numbered {number}", "targetType": "Binary"}))
    first = ben.see("/tasks/?searchFor=numbered")
    assert "1\N{EN DASH}25 of 27" in first.text
    further = re.search(r'href="([^"]+)" rel="next"', first.text)
    assert further
    second = ben.see(further[1].replace("&amp;", "&")).text
    assert re.findall(r">(Numbered \d+)<", second) == ["Numbered 1", "Numbered 0"]
    assert 'rel="prev"' in second
    assert ben.see("/tasks/?offset=-1").status_code == 400
