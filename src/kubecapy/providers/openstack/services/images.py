"""Find an image by its name or id."""

from collections.abc import Sequence
from uuid import UUID

from kubecapy.contract.errors import NotFound
from kubecapy.providers.openstack.cloud.transport import Call
from kubecapy.providers.openstack.services.project import Project
from kubecapy.providers.openstack.services.resources import Image
from kubecapy.providers.openstack.services.selection import the_only


async def find_image(project: Project, name_or_id: str) -> Image:
    """Return the image, which is active.

    Raises:
        NotFound: the project sees none of that name or id, or it is not active.
        Conflict: several active ones have the name.
    """
    return await project.look_up(("image", name_or_id), lambda: _find(project, name_or_id))


async def _find(project: Project, name_or_id: str) -> Image:
    images = await _list(project, (("id", name_or_id),)) if _is_uuid(name_or_id) else ()
    images = images or await _list(project, (("name", name_or_id),))
    active = [image for image in images if image.status == "active"]
    if images and not active:
        raise NotFound(f'image "{name_or_id}" is not active but {images[0].status}')
    return the_only(active, "image", f'"{name_or_id}"')


async def _list(project: Project, query: tuple[tuple[str, str], ...]) -> Sequence[Image]:
    call = Call(doing="looking for an image", service="image", method="GET", path="/images", query=query)
    return await project.client.list(call, "images", Image)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
