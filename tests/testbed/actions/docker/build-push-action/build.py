"""Stand-in of docker/build-push-action, on the engine's own builder.

That builder makes no attestations and no OCI files: `provenance` and `sbom` are ignored and a
`type=docker,dest=…` output is a `docker save` of the loaded image. A push to any registry but the
bed's goes to the testbed's, under the whole name as its path.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

IGNORED = ("attests", "provenance", "sbom", "cache-from", "cache-to", "pull", "annotations")
REFUSED = ("secrets", "network")


def lines(text: str) -> list[str]:
    """The filled lines of a multi-line input."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def outputs_of(text: str) -> list[dict[str, str]]:
    """Read `type=docker,dest=x` lines."""
    return [dict(pair.partition("=")[::2] for pair in line.split(",")) for line in lines(text)]


def here(tag: str) -> str:
    """The name under which a push to `tag` can be had on this machine."""
    registry = os.environ["TESTBED_REGISTRY"]
    return tag if tag.startswith(f"{registry}/") else f"{registry}/{tag}"


def docker(*words: str) -> str:
    """Run docker, its errors shown, and return what it prints."""
    print("+ docker", *words, flush=True)
    done = subprocess.run(["docker", *words], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        print(done.stdout)
        sys.exit(f"::error::docker {words[0]} failed with exit code {done.returncode}")
    return done.stdout.strip()


def main() -> int:
    """Build, then save and push as the inputs say."""
    inputs = {name: value or "" for name, value in json.loads(os.environ["INPUTS"]).items()}
    for name in IGNORED:
        if inputs.get(name) not in ("", "false", None):
            print(f"Stand-in of build-push-action: {name} is ignored.")
    for name in REFUSED:
        if inputs.get(name):
            sys.exit(f"::error::The stand-in of build-push-action does not know `{name}`.")
    if not inputs["context"]:
        sys.exit("::error::Without `context` the action clones the commit; say `context: .`.")
    if inputs["platforms"] not in ("", "linux/amd64", "linux/arm64"):
        sys.exit("::error::The stand-in of build-push-action builds for this machine alone.")
    tags = [tag for line in lines(inputs["tags"]) for tag in line.split(",")]
    push = inputs["push"] == "true"
    saves: list[str] = []
    for output in outputs_of(inputs["outputs"]):
        if output.get("type") == "docker" and output.get("dest"):
            saves.append(os.path.expanduser(output["dest"]))
        elif output.get("type") in ("image", "registry") and "push-by-digest" not in output:
            tags += [output["name"]] if output.get("name") else []
            push = push or output["type"] == "registry" or output.get("push") == "true"
        elif output.get("type") != "docker":
            sys.exit(f"::error::The stand-in of build-push-action does not know {output}.")
    if push and not tags:
        sys.exit("::error::tag is needed when pushing to registry")
    scratch = Path(tempfile.mkdtemp(dir=os.environ.get("RUNNER_TEMP")))
    words = [f"--iidfile={scratch / 'iid'}", f"--metadata-file={scratch / 'metadata'}"]
    words += [f"--tag={tag}" for tag in tags]
    for option, name in (("build-arg", "build-args"), ("label", "labels")):
        words += [f"--{option}={line}" for line in lines(inputs[name])]
    words += [f"--build-context={line}" for line in lines(inputs["build-contexts"])]
    words += [f"--{name}={inputs[name]}" for name in ("file", "target") if inputs[name]]
    words += ["--no-cache"] if inputs["no-cache"] == "true" else []
    docker("buildx", "build", "--load", "--progress=plain", *words, inputs["context"])
    image = (scratch / "iid").read_text().strip()
    metadata = json.loads((scratch / "metadata").read_text())
    for destination in saves:
        Path(destination).parent.mkdir(parents=True, exist_ok=True)
        docker("save", "--output", destination, *(tags or [image]))
    digest = image
    for tag in tags if push else ():
        name = here(tag)
        if name != tag:
            print(f"Stand-in of build-push-action: {tag} is pushed as {name}.")
            docker("tag", tag, name)
        docker("push", "--quiet", name)
        repository = name.rpartition(":")[0]
        found = json.loads(docker("image", "inspect", "--format", "{{json .RepoDigests}}", name))
        digest = next(row for row in found if row.startswith(f"{repository}@")).partition("@")[2]
    metadata |= {"containerimage.digest": digest, "image.name": ",".join(tags)}
    with open(os.environ["GITHUB_OUTPUT"], "a") as output_file:
        output_file.write(f"imageid={image}\ndigest={digest}\n")
        output_file.write(f"metadata<<END_OF_METADATA\n{json.dumps(metadata)}\nEND_OF_METADATA\n")
    print(f"imageid {image}, digest {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
