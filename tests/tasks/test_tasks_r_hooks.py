from __future__ import annotations

from pathlib import Path

import pytest

from harness.tasks import read_r_hooks

R_TASK = r"""# fit <- function(commented) {}
library(dplyr)
note <- "fit <- function(in_a_string) { # not a comment"
raw <- r"(score <- function() { " )"
raw_dashes <- R"--[transform <- function( ]" ]--"
init <- function(...) {
  transform <- function(inside) { inside }
}
fit = function(X, y, output_dir, class_order = NULL, ...) {
  model <- lm(y ~ ., data = cbind(X, y))  # closing } in a comment
}
`load_model` <<- function(input_dir) readRDS(file.path(input_dir, 'it\'s.rds'))
score <-
  # a comment between
  function(data, model, ...) {
  data.frame(Predictions = predict(model, data))
}
helper <- function(f = function(x) x) f
post_process <- \(predictions, model) predictions
is_equal <- fit == function_name
"""


def read(tmp_path: Path, text: str) -> tuple[tuple[str, ...], list[str]]:
    (tmp_path / "custom.R").write_text(text, encoding="utf-8")
    reading = read_r_hooks(tmp_path, "custom.R")
    return reading.hooks.names, [finding.message + finding.remedy for finding in reading.findings]


def test_hooks_are_found_at_the_top_level_only(tmp_path: Path) -> None:
    (tmp_path / "custom.R").write_text(R_TASK, encoding="utf-8")
    reading = read_r_hooks(tmp_path, "custom.R")
    assert reading.findings == ()
    assert reading.hooks.interface == "hooks"
    assert reading.hooks.lines == {"init": 6, "fit": 9, "load_model": 12, "score": 13, "post_process": 19}
    assert reading.hooks.names == ("init", "fit", "load_model", "score", "post_process")


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        pytest.param("", "no hook", id="empty"),
        pytest.param("# fit <- function(X) {}\n", "no hook", id="comment"),
        pytest.param("x <- 'fit <- function(X) {}'\n", "no hook", id="string"),
        pytest.param("fit <- 5\n", "no hook", id="no-function"),
        pytest.param("fit == function(X) X\n", "no hook", id="comparison"),
        pytest.param("\nFit <- function(X) X\n", 'Rename "Fit" to "fit".', id="case"),
    ],
)
def test_a_missing_fit(tmp_path: Path, text: str, fragment: str) -> None:
    names, [message] = read(tmp_path, text)
    assert names == ()
    assert fragment in message


def test_a_sourced_file_may_bring_fit(tmp_path: Path) -> None:
    assert read(tmp_path, "source('fit.R')\n") == ((), [])


def test_a_file_in_another_encoding_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "custom.R").write_bytes(b"# M\xfcller\n")
    [finding] = read_r_hooks(tmp_path, "custom.R").findings
    assert "UTF-8" in finding.message


@pytest.mark.parametrize("text", ['x <- "open', 'r"(open', "`open", "}}} fit <- function(", "\\"])
def test_broken_text_is_read(tmp_path: Path, text: str) -> None:
    read(tmp_path, text)
