"""What the inspection tells: instructions as the Dockerfile has them, the fix for what made a layer."""

from __future__ import annotations

import pytest

from pytask.errors import render
from pytask.errors.image import ForeignLayer, ImageUnreadable, Maker, OwnerOutOfRange, UserOutOfRange, WrongPlatform
from pytask.inspection.history import instruction_of
from pytask.inspection.host import confirm_platform, makers_of

DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("created_by", "instruction"),
    [
        ("RUN /bin/sh -c npm ci # buildkit", "RUN npm ci"),
        ("/bin/sh -c npm ci", "RUN npm ci"),
        ("RUN |2 TOKEN=secret of yours A=1 /bin/sh -c npm ci # buildkit", "RUN npm ci"),
        ("|1 TOKEN=secret /bin/sh -c npm ci", "RUN npm ci"),
        ("|1 TOKEN=secret npm ci", "RUN …"),
        ("RUN /bin/bash -euo pipefail -c tar x | tee log # buildkit", "RUN tar x | tee log"),
        (
            "RUN /bin/sh -c apt-get update &&     apt-get install x # buildkit",
            "RUN apt-get update && apt-get install x",
        ),
        ("RUN /bin/sh -c bash -c 'make' # buildkit", "RUN bash -c 'make'"),
        ("COPY . /home/site/wwwroot # buildkit", "COPY . /home/site/wwwroot"),
        (f"/bin/sh -c #(nop) COPY dir:{DIGEST} in /app ", "COPY dir:0123456789ab in /app"),
        (f"/bin/sh -c #(nop) ADD file:{DIGEST} in / ", "ADD file:0123456789ab in /"),
        ("WORKDIR /app", "WORKDIR /app"),
        ("# debian.sh --arch 'amd64' out/ 'bookworm'", "# debian.sh --arch 'amd64' out/ 'bookworm'"),
        ("", ""),
    ],
)
def test_an_instruction_is_told_as_the_dockerfile_has_it(created_by: str, instruction: str) -> None:
    assert instruction_of(created_by) == instruction


def test_a_long_instruction_is_shortened() -> None:
    told = instruction_of(f"RUN /bin/sh -c echo {'x' * 5000} # buildkit")
    assert told.startswith("RUN echo xxx")
    assert told.endswith("…")
    assert len(told) == 160


@pytest.mark.parametrize(
    ("instruction", "makers"),
    [
        ("RUN npm ci", (Maker.PACKAGES,)),
        ("RUN corepack enable && yarn install --immutable", (Maker.PACKAGES,)),
        ("RUN curl -fsSL https://example.com/x.tgz | tar xz -C /opt", (Maker.TAR,)),
        ("RUN groupadd -g 1000000000 app && useradd -u 1000000000 app", (Maker.USERS,)),
        ("RUN adduser -D app", (Maker.USERS,)),
        ("RUN npm ci && chown -R 1000000000 .", (Maker.PACKAGES, Maker.CHOWN)),
        ("COPY --chown=1000000000 node_modules/npm /npm", (Maker.COPY,)),
        ("ADD app.tar.gz /app", (Maker.ADD,)),
        ("RUN make start", (Maker.OTHER,)),
        ("", (Maker.OTHER,)),
    ],
)
def test_the_fix_is_that_for_the_maker(instruction: str, makers: tuple[Maker, ...]) -> None:
    assert makers_of(instruction, 3) == makers


@pytest.mark.parametrize(
    ("instruction", "makers"),
    [("ADD rootfs.tar /", (Maker.ADD, Maker.BASE)), ("# debian.sh", (Maker.BASE,)), ("", (Maker.BASE,))],
)
def test_the_first_layer_is_the_base_images(instruction: str, makers: tuple[Maker, ...]) -> None:
    assert makers_of(instruction, 1) == makers


@pytest.mark.parametrize("platform", ["linux/amd64", "linux/amd64/v2"])
def test_hosts_run_linux_on_amd64(platform: str) -> None:
    confirm_platform("contoso.azurecr.io/app:1", platform)


@pytest.mark.parametrize("platform", ["linux/arm64/v8", "linux/arm64", "windows/amd64", "linux/amd640", "unknown"])
def test_another_platform_is_refused(platform: str) -> None:
    with pytest.raises(WrongPlatform) as caught:
        confirm_platform("contoso.azurecr.io/app:1", platform)
    assert f"contoso.azurecr.io/app:1 is built for {platform}" in str(caught.value)


def layer(number: int, instruction: str, *makers: Maker, entries: int = 1) -> ForeignLayer:
    return ForeignLayer(
        number=number,
        of=9,
        digest=f"sha256:{DIGEST}",
        instruction=instruction,
        makers=makers,
        entry="/app/package.json",
        user=1_000_000_000,
        group=0,
        entries=entries,
    )


def test_every_layer_is_told_and_every_fix_once() -> None:
    failure = OwnerOutOfRange(
        reference="contoso.azurecr.io/app:1",
        layers=(
            layer(4, "RUN npm ci", Maker.PACKAGES, entries=42),
            layer(6, "RUN npm prune", Maker.PACKAGES),
            layer(7, "", Maker.OTHER),
        ),
    )
    lines = render(failure).splitlines()
    assert lines[1:7] == [
        "  happened  layer 4 of 9 (0123456789ab), created by RUN npm ci:",
        "              /app/package.json belongs to user 1000000000, group 0, and 41 more with such owners",
        "            layer 6 of 9 (0123456789ab), created by RUN npm prune:",
        "              /app/package.json belongs to user 1000000000, group 0",
        "            layer 7 of 9 (0123456789ab):",
        "              /app/package.json belongs to user 1000000000, group 0",
    ]
    assert "A chown or rm in a later instruction does not help" in lines[7]
    fixes = "\n".join(lines[8:])
    assert fixes.count(Maker.PACKAGES.value) == 1
    assert fixes.index(Maker.PACKAGES.value) < fixes.index(Maker.OTHER.value)
    assert "use a newer one" in fixes


def test_the_other_failures_name_what_was_found() -> None:
    assert "USER 1000000000:0" in render(UserOutOfRange(reference="app:1", user="1000000000:0"))
    damaged = ImageUnreadable(reference="app", part=f"sha256:{DIGEST}", detail="it ends within a file")
    assert f"sha256:{DIGEST}: it ends within a file" in render(damaged)
