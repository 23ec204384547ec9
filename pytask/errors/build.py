"""Failures of the build itself: an instruction of the Dockerfile that does not work."""

from __future__ import annotations

from pytask.errors.base import Cause, OneOfSeveral, TaskFailure


class BuildCause(Cause):
    """Why an image does not build, judged by Docker's message."""

    INSTRUCTION = (
        "an instruction in {dockerfile} failed; its whole output is above, in the group Build image",
        "correct that instruction, or what it runs",
    )
    MEMORY = (
        "the process was killed or could not get more memory: exit code 137 stands for SIGKILL, which in a build nearly always means that the agent ran out of memory",
        "run the job on an agent with more memory, or make the instruction use less: fewer parallel jobs (make -j2), a smaller heap (NODE_OPTIONS=--max-old-space-size=2048)",
    )
    FEED = (
        "a package feed or a server refused the instruction's credentials, or received none: a build sees neither the credentials of the agent nor those of earlier steps",
        "pass the token in buildSecrets and mount it in that instruction (RUN --mount=type=secret,id=…); for Azure Artifacts, give the pipeline's build identity the role Feed Reader on the feed",
    )
    FILE_MISSING = (
        "COPY and ADD read from the build context ({context}), and {subject} is not in it: it was not checked out or not created before this step, the path is not relative to the context, or a .dockerignore file excludes it",
        "correct the path in the instruction, set buildContext to the folder that the path is relative to, or create the file in an earlier step",
    )
    FILE_HIDDEN = (
        "{subject} is in the build context ({context}), but the .dockerignore file excludes it from the build",
        "remove the line that excludes it from .dockerignore (or from {dockerfile}.dockerignore), or add the line !{subject} at its end",
    )
    FILE_ELSEWHERE = (
        "{subject} is not in the build context ({context}), but it is in the folder {elsewhere}",
        "set buildContext to {elsewhere}, or write the path in the instruction relative to the context",
    )
    FILE_IN_OTHER_CASE = (
        "the build context ({context}) has {elsewhere} instead of {subject}: on Linux, file names are case-sensitive",
        "write the name in the instruction exactly as the file is named, or rename the file",
    )
    FILE_NOT_IN_STAGE = (
        "the stage or image that --from names does not have {subject}: an earlier instruction creates it elsewhere or not at all",
        "correct the path after --from; add RUN ls -R to that stage to see what it has",
    )
    FILE_OUTSIDE = (
        "{subject} is outside the build context ({context}), and Docker cannot read anything outside it",
        "set buildContext to a folder that contains both, and write the path relative to it",
    )
    STAGE = (
        "no stage above this instruction has that name: FROM … AS names a stage, and a stage can only use those before it",
        "correct the name in --from or in buildTarget, or move the stage above the one that uses it",
    )
    FRONTEND_TOO_OLD = (
        "{dockerfile} uses a feature that the Dockerfile frontend of this Docker engine does not support",
        "write # syntax=docker/dockerfile:1 as the first line of {dockerfile}, which fetches a current one, or upgrade Docker on the agent",
    )
    DOCKERFILE = (
        "{dockerfile} is not valid at the position that Docker reports",
        "correct it there (https://docs.docker.com/reference/dockerfile/)",
    )
    IMAGE_NAME = (
        "the name is not a valid image name; often it contains an ARG that has no value, or uppercase letters",
        "give the ARG a value in buildArgs, or a default in an ARG line before the first FROM; write the name in lowercase",
    )
    IMAGE_MISSING = (
        "the registry has no image {subject}: the name or the tag is misspelled, or the image was deleted; a name in COPY --from that is not a stage is also treated as an image",
        "correct the name or tag in {dockerfile}, or push that image first",
    )
    PLATFORM_MISSING = (
        "the image {subject} exists, but not for the platform {platform} that this build is for",
        "set platform to one that the image has (docker buildx imagetools inspect {subject!q} lists them), or use another base image or tag in {dockerfile}",
    )
    SECRET = (
        "an instruction mounts the build secret {subject}, but the build was given no secret with this id",
        "add a line to buildSecrets: {subject}=$(…), or {subject},src=<file>",
    )
    FLAG = (
        "docker build does not accept one of its flags or arguments",
        "correct the input arguments (docker buildx build --help lists the flags), or upgrade Docker on the agent if the flag is newer",
    )
    FAILING = (
        "the registry, or the network between it and the agent, has a temporary problem",
        "run the pipeline again later; copy the base image to your own registry (az acr import) so that builds do not depend on this one",
    )


class BuildFailed(OneOfSeveral):
    """`docker build` ended with an error."""

    known: BuildCause
    dockerfile: str
    exit_code: int
    reason: str
    place: str = ""
    """File and line of the instruction; empty when Docker does not say."""
    step: str = ""
    """The instruction, with its stage."""
    printed: tuple[str, ...] = ()
    """The last lines that it printed."""
    subject: str = ""
    """The file, stage, image or secret that the cause is about."""
    context: str = ""
    elsewhere: str = ""
    """Where the file actually is, or its actual name."""
    platform: str = ""
    code = "build-failed"
    title = "the image cannot be built"
    happened = "docker build ended with exit code {exit_code}: {reason}{seen}"
    fix = "{known_fix}; docker build -f {dockerfile!q} on your own machine shows the same"

    @property
    def seen(self) -> str:
        """Where it failed and what was printed there."""
        return in_the_step(self.place, self.step, self.printed)


class PlatformNotRunnable(TaskFailure):
    """A program in the image is for a different processor than the agent's."""

    platform: str
    detail: str
    place: str = ""
    step: str = ""
    printed: tuple[str, ...] = ()
    code = "platform-not-runnable"
    title = "this agent cannot run programs for the platform {platform}"
    happened = "{detail}{seen}"
    cause = "the image, or a file that the instruction runs, is for a different processor architecture than the agent's, and the agent has no emulation for it (QEMU)"
    fix = (
        "run the job on an agent with a {platform} processor, or install emulation in an earlier step (docker run --privileged --rm tonistiigi/binfmt --install all); "
        "if a base image is for one processor architecture only, use one for {platform}"
    )
    link = "https://docs.docker.com/build/building/multi-platform/#qemu"

    @property
    def seen(self) -> str:
        """Where it failed and what was printed there."""
        return in_the_step(self.place, self.step, self.printed)


def in_the_step(place: str, step: str, printed: tuple[str, ...]) -> str:
    """Return where a build failed and what was printed there, as continuation lines of a row."""
    told = [f"in {' · '.join(filter(None, (place, step)))}"] if place or step else []
    told += ["its last lines:", *(f"  {line}" for line in printed)] if printed else []
    return "".join(f"\n{line}" for line in told)
