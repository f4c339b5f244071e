"""Find the user-data template that a machine boots with."""

from kubecapy.api.cluster.v1alpha1 import Machine, is_control_plane
from kubecapy.api.core import SECRETS, secret_data
from kubecapy.apimachinery.meta import ObjectKey
from kubecapy.bootstrap.cloud_init import Template, template_from_secret
from kubecapy.bootstrap.errors import InvalidTemplate
from kubecapy.bootstrap.templates import Role, user_data_templates
from kubecapy.client.interfaces import Reader


async def read_template(reader: Reader, secret: ObjectKey | None, machine: Machine) -> Template:
    """Return the template in `secret`, or the built-in one for Ubuntu where the machine names none.

    Raises:
        InvalidTemplate: the Secret is missing, or holds no template; the message names it.
    """
    if secret is None:
        role: Role = "master" if is_control_plane(machine) else "worker"
        return Template(user_data_templates("ubuntu")[role], f"built-in template ubuntu-{role}")
    found = await reader.find(SECRETS, secret)
    if found is None:
        raise InvalidTemplate(f"Secret {secret} is not there; the Machine's userDataSecret names it: create it")
    try:
        return template_from_secret(secret_data(found), str(secret))
    except ValueError as error:
        raise InvalidTemplate(str(error)) from error
