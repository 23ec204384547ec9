"""The documents that accompany the carried libraries: their licenses, and a bill of materials."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dev.package.libraries import Library

_PREFACE = """\
Third-party software in this task
=================================

FunctionAppContainerDeploy is licensed under the MIT license; see LICENSE. The folder python/ contains the libraries
below, each under its own license. It contains only the modules of each library that the task can load. They are
unchanged, with these exceptions: azure-mgmt-web has only the models and operations that the task uses. certifi's Python
module is replaced by one that reads the unchanged list of certificates, cacert.pem. The module of docker that connects
to named pipes is replaced. cryptography is replaced by a module of the same name without any of its code. Every library
is available, complete and unchanged, under its name and version from the Python Package Index.
"""
_RULE = "-" * 80


def notices(libraries: Iterable[Library]) -> str:
    """Return the licenses of the libraries, as one text."""
    return "\n".join([_PREFACE, *(_notice(library) for library in libraries)])


def _notice(library: Library) -> str:
    texts = (f"{text}\n" for text in library.texts)
    return "\n".join([_RULE, f"{library.name} {library.version}", library.license, library.home, "", *texts])


def bill_of_materials(version: str, libraries: Iterable[Library]) -> str:
    """Return the libraries as a CycloneDX document. The same libraries always give the same document.

    https://cyclonedx.org/docs/1.6/json/
    """
    task = Component(
        name="FunctionAppContainerDeploy",
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref="task",
        licenses=[LicenseFactory().make_from_string("MIT")],
    )
    parts = [_component(library) for library in libraries]
    bom = Bom(components=parts)
    bom.metadata.component = task
    bom.register_dependency(task, parts)
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    # The library adds the time and a random number, and has no option to leave them out.
    del document["metadata"]["timestamp"]
    names = ",".join(f"{part.purl}" for part in parts)
    document["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, f"{version} {names}").urn
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _component(library: Library) -> Component:
    purl = PackageURL("pypi", name=library.name.lower().replace("_", "-"), version=library.version)
    return Component(
        name=library.name,
        version=library.version,
        type=ComponentType.LIBRARY,
        bom_ref=str(purl),
        purl=purl,
        licenses=[LicenseFactory().make_from_string(library.license)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=library.sha256)],
        external_references=[ExternalReference(type=ExternalReferenceType.VCS, url=XsUri(library.home))],
    )
