from pathlib import Path

import pytest

from harness.backends.docker.dockerfiles.text import Dockerfile, read_dockerfile
from harness.errors import HarnessError


def dockerfile(folder: Path, text: str) -> Dockerfile:
    (folder / "Dockerfile").write_bytes(text.encode())
    return read_dockerfile(folder)


def test_instructions_are_found_with_their_lines(tmp_path: Path) -> None:
    read = dockerfile(
        tmp_path,
        "# syntax=docker/dockerfile:1\n"
        "from python:3.11 \n"
        "\n"
        "  # a comment\n"
        "RUN a \\\n"
        "  # inside\n"
        "\n"
        "  && b\n"
        "COPY . /opt\r\n"
        "RUN c \\",
    )
    found = [(i.keyword, i.arguments, i.line, i.last_line) for i in read.instructions]
    assert found == [
        ("FROM", "python:3.11", 2, 2),
        ("RUN", "a   && b", 5, 8),
        ("COPY", ". /opt", 9, 9),
        ("RUN", "c", 10, 10),
    ]
    assert not read.needs_buildkit


def test_another_character_can_continue_lines(tmp_path: Path) -> None:
    read = dockerfile(tmp_path, "# escape=`\nFROM a\nRUN x `\n  y \\\nRUN z\n")
    assert [str(i) for i in read.instructions] == ["FROM a", "RUN x   y \\", "RUN z"]


def test_heredocs_are_no_instructions(tmp_path: Path) -> None:
    read = dockerfile(tmp_path, 'FROM a\nRUN <<EOF cat <<-"END"\nFROM b\nEOF\n\tEND\nRUN echo "1 <<EOF"\n')
    assert [(i.keyword, i.line, i.last_line) for i in read.instructions] == [
        ("FROM", 1, 1),
        ("RUN", 2, 5),
        ("RUN", 6, 6),
    ]
    assert read.needs_buildkit


@pytest.mark.parametrize(
    ("text", "given", "image"),
    [
        ("ARG BASE=python:3.11\nFROM ${BASE}\n", {}, "python:3.11"),
        ("ARG BASE=python:3.11\nFROM $BASE\n", {"BASE": "mine:1"}, "mine:1"),
        ("FROM ${BASE:-python:3.12}\n", {"BASE": "not declared"}, "python:3.12"),
        (
            'ARG V="3.11" OS\nARG TAG=$V-slim${OS:+-$OS}\nFROM python:$TAG AS x\n',
            {"OS": "bookworm"},
            "python:3.11-slim-bookworm",
        ),
        ("ARG V\nFROM --platform=linux/amd64 python:${V:-${W:-3}} as x\n", {}, "python:3"),
    ],
)
def test_arguments_choose_the_base_image(tmp_path: Path, text: str, given: dict[str, str], image: str) -> None:
    assert dockerfile(tmp_path, text).stages(given)[-1].image == image


def test_stages_build_on_each_other(tmp_path: Path) -> None:
    read = dockerfile(tmp_path, "FROM a AS One\nRUN x\nFROM b\nRUN y\nFROM one\nRUN z\nCOPY . .\n")
    assert [(stage.image, stage.below, stage.name) for stage in read.stages({})] == [
        ("a", None, "One"),
        ("b", None, "stage-1"),
        ("one", 0, "stage-2"),
    ]
    assert [str(i) for i in read.instructions_of("stage-1")] == ["FROM b", "RUN y"]
    assert [str(i) for i in read.instructions_of("stage-2")] == ["FROM one", "RUN z", "COPY . ."]


def test_rewriting_keeps_names_platforms_and_line_numbers(tmp_path: Path) -> None:
    read = dockerfile(
        tmp_path,
        'ARG B=python\nFROM --platform=linux/amd64 \\\n ${B} AS python\nRUN ["a"]\n run b \\\n c\nFROM python\n',
    )
    text = read.rewritten({read.instructions[1]: "prepared:1"}, "--mount=m")
    assert text == (
        "ARG B=python\nFROM --platform=linux/amd64 prepared:1 AS python\n\n"
        'RUN --mount=m ["a"]\n run --mount=m b \\\n c\nFROM python\n'
    )


def test_variables_that_the_file_sets_itself(tmp_path: Path) -> None:
    read = dockerfile(tmp_path, 'FROM a\nENV PIP_NO_INPUT=0 A="b c" \\\n D=e\nENV OLD style=1 of writing\nENV F g\n')
    assert read.variables_set() >= {"PIP_NO_INPUT", "A", "D", "F"}


@pytest.mark.parametrize("text", ["", "RUN x\n"])
def test_a_file_without_base_image_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(HarnessError, match="no FROM"):
        dockerfile(tmp_path, text)


def test_a_folder_without_dockerfile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="cannot be read"):
        read_dockerfile(tmp_path)
