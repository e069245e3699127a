"""Docker's Swarm mode in a folder: an image is a script, a stack one process for all replicas."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import sys
import time
from pathlib import Path
from typing import Any

from tests.fakes.processes import is_running, read_settings, start_process, stop_process

WITH_VALUE = ("name", "label", "cap-drop", "env", "env-file", "publish", "volume")
REVISION = "org.opencontainers.image.revision"


class Docker:
    """The commands that `ops/deploy` uses."""

    def __init__(self, root: Path) -> None:
        """Keep everything in a host's folder."""
        self.root = root
        self.registry = root / "docker" / "registry"
        self.images = root / "docker" / "images"
        self.stacks = root / "docker" / "stacks"
        for place in (self.registry, self.images, self.stacks):
            place.mkdir(parents=True, exist_ok=True)

    def run(self, words: list[str]) -> int:
        """Carry out a command line and return the exit code."""
        match words:
            case ["info", *_]:
                print("true")
            case ["node", "ls", *_, "{{.ID}} {{.Hostname}} {{.Status}}"]:
                print("1 one Ready\n2 two Ready")
            case ["node", "ls", *_]:
                print(self._note("edge", "Ready Active"))
            case ["login", *_, name]:
                self._write("login", f"{name} {sys.stdin.read()}")
            case ["pull", image]:
                return self._pull(image)
            case ["image", "inspect", "--format", what, _] if "Env" in what:
                print('["ALEMBIC_CONFIG=alembic.ini"]')
            case ["image", "inspect", *_, image]:
                print(json.dumps({REVISION: self._note(f"commit-{tag_of(image)}")}))
            case ["image", "ls", *_, repository]:
                for file in self._image(repository).parent.glob("*"):
                    print(file.name)
            case ["image", "rm", image]:
                self._image(image).unlink()
            case ["volume", _, *_, name]:
                place = self.root / "docker" / "volumes" / name
                place.mkdir(parents=True, exist_ok=True)
                print(place)
            case ["run" | "create" as verb, *rest]:
                return self._container(verb, rest)
            case ["start", name]:
                self._start(name)
            case ["ps", *_, label] if label.startswith("label=trial="):
                print(self._note(label))
            case ["rm", *rest]:
                for name in (word for word in rest if not word.startswith("-")):
                    stop_process(self.root, name)
                    for file in (self.root / "docker").glob("label=trial=*"):
                        file.unlink()
            case ["port", *_]:
                print(f"127.0.0.1:{self._note('candidate-port')}")
            case ["inspect", "--type", "task", *_]:
                return self._tasks(words[5:])
            case ["inspect", _, what, name]:
                state: dict[str, Any] = {"Running": is_running(self.root, name)}
                if "# unhealthy" in self._script(json.loads(self._note(f"{name}.json"))[0]):
                    state["Health"] = {"Status": "unhealthy"}
                print(json.dumps(state if "json" in what else state["Running"]))
            case ["logs", *_, name]:
                print((self.root / "run" / f"{name}.log").read_text())
            case ["service", "logs", *_, task]:
                print((self.root / "run" / f"{task.partition('.')[0]}_app.log").read_text())
            case ["stack", "deploy", *_, name]:
                self._deploy(name)
            case ["stack", "rm", name]:
                stop_process(self.root, f"{name}_app")
                (self.stacks / name).unlink()
            case ["service", "inspect", *_, name]:
                return self._service(name.removesuffix("_app"))
            case ["service", "ps", *_, name]:
                known = self._stack(name.removesuffix("_app"))
                ids = [f"{name.removesuffix('_app')}.{n}" for n in range(known["replicas"])]
                print("\n".join([f"forgotten.{len(ids)}", *ids]))
        return 0

    def _note(self, name: str, default: str = "") -> str:
        file = self.root / "docker" / name
        return file.read_text() if file.is_file() else default

    def _write(self, name: str, text: str) -> None:
        (self.root / "docker" / name).write_text(text)

    def _stack(self, name: str) -> dict[str, Any]:
        return dict(json.loads((self.stacks / name).read_text()))

    def _pull(self, image: str) -> int:
        script = self.registry / tag_of(image)
        if not script.is_file():
            print(f"{image}: not found", file=sys.stderr)
            return 1
        self._image(image).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(script, self._image(image))
        print(f"Digest: sha256:{hashlib.sha256(script.read_bytes()).hexdigest()}")
        return 0

    def _container(self, verb: str, words: list[str]) -> int:
        given: dict[str, list[str]] = {}
        while words[0].startswith("--"):
            option, joined, value = words.pop(0).partition("=")
            if option.removeprefix("--") in WITH_VALUE:
                given.setdefault(option, []).append(value if joined else words.pop(0))
        image, *command = words
        if command:
            self._write("migrated", tag_of(image))
            if "# migration fails" in self._script(image):
                print('relation "nowhere" does not exist', file=sys.stderr)
                return 1
            return 0
        (name,) = given["--name"]
        environment = read_settings(Path(given["--env-file"][0]).read_text())
        environment |= dict(pair.split("=", 1) for pair in given["--env"])
        with socket.create_server(("127.0.0.1", 0)) as probe:
            environment["PORT"] = str(probe.getsockname()[1])
        self._write("candidate-port", environment["PORT"])
        self._write(f"label={given['--label'][0]}", name)
        self._write(f"{name}.json", json.dumps([image, environment]))
        if verb == "run":
            self._start(name)
        return 0

    def _start(self, name: str) -> None:
        image, environment = json.loads(self._note(f"{name}.json"))
        start_process(
            self.root, name, self._command(image), {**environment, "VERSION": tag_of(image)}
        )

    def _image(self, image: str) -> Path:
        repository, _, tag = image.partition("@")[0].partition(":")
        return self.images / repository / (tag or "latest")

    def _script(self, image: str) -> str:
        return self._image(image).read_text()

    def _command(self, image: str) -> list[str]:
        return [sys.executable, str(self._image(image))]

    def _deploy(self, name: str) -> None:
        """Replace what runs; go back by itself where the new one does not stay up."""
        image = os.environ["IMAGE"]
        before = self._stack(name)["image"] if (self.stacks / name).is_file() else ""
        known = {"image": image, "before": before, "replicas": int(os.environ["REPLICAS"])}
        for one in filter(None, (image, before)):
            stop_process(self.root, f"{name}_app")
            port = self._note(f"port-{name}", os.environ.get("PORT", ""))
            settings = {"PORT": port, "VERSION": tag_of(one)}
            start_process(self.root, f"{name}_app", self._command(one), settings)
            time.sleep(0.3)
            if is_running(self.root, f"{name}_app"):
                known["image"] = one
                break
        if known["image"] != image:
            known |= {"state": "rollback_completed", "failed": image}
        (self.stacks / name).write_text(json.dumps(known))

    def _service(self, name: str) -> int:
        if not (self.stacks / name).is_file():
            return 1
        known = self._stack(name)
        replicated = {"Replicated": {"Replicas": known["replicas"]}}
        service: dict[str, Any] = {
            "Spec": {"TaskTemplate": template(known["image"]), "Mode": replicated}
        }
        if known["before"]:
            service["PreviousSpec"] = {}
            service["UpdateStatus"] = {"State": known.get("state", "completed")}
        print(json.dumps(service))
        return 0

    def _tasks(self, ids: list[str]) -> int:
        for one in ids:
            name, _, number = one.partition(".")
            if name == "forgotten":
                continue
            known = self._stack(name)
            state = "starting" if "# starting" in self._script(known["image"]) else "running"
            if not is_running(self.root, f"{name}_app"):
                known["failed"] = known["image"]
            else:
                self._task(one, number, known["image"], state)
            if "failed" in known:
                for _ in range(3):
                    self._task(one, number, known["failed"], "failed")
        return 1  # one of them is no more

    def _task(self, name: str, number: str, image: str, state: str) -> None:
        task: dict[str, Any] = {"ID": name, "Slot": int(number) + 1, "NodeID": "1"}
        task |= {"CreatedAt": "today", "Spec": template(image), "DesiredState": "running"}
        print(json.dumps(task | {"Status": {"State": state, "Err": "non-zero exit (1)"}}))


def template(image: str) -> dict[str, Any]:
    """Return the template of tasks with an image."""
    return {"ContainerSpec": {"Image": image, "Env": []}}


def tag_of(image: str) -> str:
    """Return the tag of an image: `ghcr.io/acme/links:1.0@sha256:...` -> `1.0`."""
    return image.partition("@")[0].rpartition(":")[2]
