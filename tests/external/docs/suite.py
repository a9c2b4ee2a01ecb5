"""Runs what the documents tell their readers to type: every ```sh block of a page, in one shell, against the binary. A page cannot rot.

Called by tests/external/run docs [PAGE…]; PAGE is the name of a document, as `quickstart` or `dialects/react`.

A block that begins with `# in a terminal of its own` is started beside the others and told to stop at the end, which must go well. A ```text block
behind another one says what that printed: its lines occur in it in this order, `…` stands for anything. Port 7878 is replaced by a free one.
"""

import os
import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

from world import ROOT, clean_environment, free_port  # noqa: E402

PAGES = ["quickstart", "api", "evaluation", "dialects/agentic", "dialects/chat", "dialects/openai", "dialects/react"]
ALONE = "# in a terminal of its own"
PORT = "7878"


class Block:
    def __init__(self, line):
        self.line = line
        self.text = ""
        self.expected = None


def blocks(text):
    """The page's commands in order, each with what is expected of it."""
    found, fence, body, begun = [], None, [], 0
    for number, line in enumerate(text.splitlines(), 1):
        if fence is None:
            if line.startswith("```"):
                fence, body, begun = line[3:].strip(), [], number
        elif line == "```":
            if fence == "sh":
                found.append(Block(begun))
                found[-1].text = "\n".join(body) + "\n"
            elif fence == "text" and found:
                found[-1].expected = "\n".join(body)
            fence = None
        else:
            body.append(line)
    return found


def missing(expected, printed):
    """The first piece that does not occur behind the one before it; None: all do."""
    at = 0
    for piece in (piece.strip() for line in expected.splitlines() for piece in line.split("…")):
        found = printed.find(piece, at)
        if found < 0:
            return piece
        at = found + len(piece)
    return None


def wait_ready(port, process, log):
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if process.poll() is not None:
            raise AssertionError(f"the server ended with {process.returncode}:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"the server is not ready after 30 s:\n{log.read_text()}")


def shell(text, directory, environment, output):
    return subprocess.Popen(
        ["bash", "-c", text], cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
    )


def play(page, directory):
    """Runs one page; what is wrong is raised."""
    port = str(free_port())
    programs = directory / "bin"
    programs.mkdir()
    (programs / "flowgate").symlink_to(pathlib.Path(os.environ["FLOWGATE_BIN"]).resolve())
    work = directory / "work"
    work.mkdir()
    environment = {**clean_environment(), "HOME": str(directory), "PATH": f"{programs}:{os.environ['PATH']}", "NO_COLOR": "1"}
    environment.pop("XDG_CONFIG_HOME", None)
    servers, script, shown = [], ["set -eu -o pipefail"], []
    commands = blocks(page.read_text().replace(PORT, port))
    if not commands:
        raise AssertionError("the page has no commands")
    try:
        for index, block in enumerate(commands):
            if block.text.startswith(ALONE):
                # `exec` in front of its last line, so that the signal reaches the server and not a shell around it.
                lines = block.text.strip().splitlines()
                log = directory / f"server-{index}"
                with log.open("w") as output:
                    servers.append((shell("\n".join([*lines[:-1], f"exec {lines[-1]}"]), work, environment, output), log))
                wait_ready(port, servers[-1][0], log)
                continue
            output = shlex.quote(str(directory / f"output-{index}"))
            script.append(f"echo {block.line} > {shlex.quote(str(directory / 'at'))}\n{{\n{block.text}}} > {output} 2>&1")
            shown.append((block, directory / f"output-{index}"))
        with (directory / "shell").open("w") as output:
            shell_code = shell("\n".join(script), work, environment, output).wait(timeout=180)
        if shell_code != 0:
            line = (directory / "at").read_text().strip()
            printed = next((path.read_text() for block, path in shown if str(block.line) == line and path.exists()), "")
            raise AssertionError(f"{page.name}:{line} exited {shell_code}:\n{printed}{(directory / 'shell').read_text()}")
        for block, path in shown:
            piece = block.expected and missing(block.expected, path.read_text())
            if piece:
                raise AssertionError(f"{page.name}:{block.line} did not print `{piece}`, but:\n{path.read_text()}")
    finally:
        for process, log in servers:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
    for process, log in servers:
        if process.returncode != 0:
            raise AssertionError(f"the server ended with {process.returncode}:\n{log.read_text()}")
    return len(commands)


def check_self():
    """The suite can fail."""
    assert missing("a…c\n…d", "xaxxcxd") is None
    assert missing("a…c\nb", "a b c") == "b"
    two = blocks("```sh\nx\n```\n```text\ny\n```\n```json\nz\n```\n```sh\nw\n```")
    assert [(block.text, block.expected) for block in two] == [("x\n", "y"), ("w\n", None)]


def main():
    check_self()
    failed = []
    for name in sys.argv[1:] or PAGES:
        with tempfile.TemporaryDirectory(prefix="flowgate-docs-") as directory:
            try:
                count = play(ROOT / "docs" / f"{name}.md", pathlib.Path(directory))
                print(f"ok      {name}.md: {count} blocks")
            except (AssertionError, subprocess.TimeoutExpired) as error:
                print(f"FAILED  {name}.md: {error}")
                failed.append(name)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
