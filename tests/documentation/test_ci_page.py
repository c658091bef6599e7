"""What the page on continuous integration has other programs read."""

from __future__ import annotations

from typing import Any

import yaml
from cli_words import harness_commands, refusal_of
from documentation_pages import CHECKOUT, read_page

PAGE = read_page(CHECKOUT / "docs" / "ci.md")


def yaml_file(title: str) -> Any:
    (block,) = [block for block in PAGE.blocks if block.title == title]
    return yaml.safe_load(block.text)


def test_the_workflow_calls_the_harness_as_it_can_be_called() -> None:
    steps = yaml_file(".github/workflows/tasks.yml")["jobs"]["validate"]["steps"]
    calls = [call for step in steps for call in harness_commands(step.get("run", ""))]
    assert [refusal_of(call) for call in calls] == [None]
    (upload,) = [
        step["with"] for step in steps if step.get("uses", "").startswith("github/codeql-action/upload-sarif@")
    ]
    assert calls[0][calls[0].index("--sarif") + 1] == upload["sarif_file"]
    (artifact,) = [step["with"] for step in steps if step.get("uses", "").startswith("actions/upload-artifact@")]
    assert calls[0][calls[0].index("--junit") + 1] == artifact["path"]


def test_the_workflow_may_upload_what_was_found() -> None:
    workflow = yaml_file(".github/workflows/tasks.yml")
    assert workflow["permissions"]["security-events"] == "write"
    assert workflow["permissions"]["contents"] == "read"


def test_the_hook_of_the_page_is_the_one_that_the_repository_offers() -> None:
    (repository,) = yaml_file(".pre-commit-config.yaml")["repos"]
    (shown,) = repository["hooks"]
    (offered,) = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    del offered["description"]
    assert shown == {**offered, "language": "system"}
    assert [refusal_of(call) for call in harness_commands(offered["entry"] + " custom.py")] == [None]
