"""Keep key pairs: public keys that people import; this cloud makes no private keys."""

import base64
import hashlib
import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from kubecapy.devcloud.endpoints import Call, Route
from kubecapy.devcloud.messages import JsonObject, Response, json_response
from kubecapy.devcloud.microversions import Microversion
from kubecapy.devcloud.refusals import bad_request, conflict, forbidden, not_found
from kubecapy.devcloud.services.compute import microversions
from kubecapy.devcloud.services.compute.bodies import invalid, read_object, read_text, require_known, require_text
from kubecapy.devcloud.services.compute.microversions import read_microversion
from kubecapy.devcloud.services.compute.paging import cut_page
from kubecapy.devcloud.times import format_launch_time
from kubecapy.devcloud.world.compute import KeyPair
from kubecapy.devcloud.world.world import World

NAME = re.compile(r"[A-Za-z0-9@._\- ]+")


class KeyPairs:
    """Serves /os-keypairs."""

    def __init__(self, world: World) -> None:
        """Keep the key pairs of `world`."""
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("GET", "/v2.1/os-keypairs", self._list),
            Route("POST", "/v2.1/os-keypairs", self._create),
            Route("GET", "/v2.1/os-keypairs/{name}", self._show),
            Route("DELETE", "/v2.1/os-keypairs/{name}", self._delete),
        ]

    def _list(self, call: Call) -> Response:
        version, user_id = read_microversion(call.request), _chosen_user(call)
        own = [pair for pair in self._world.key_pairs.values() if pair.user_id == user_id]
        page, links = cut_page(sorted(own, key=lambda pair: pair.name), call, lambda pair: pair.name)
        document: JsonObject = {"keypairs": [{"keypair": _brief(pair, version)} for pair in page]}
        if links:
            document["keypairs_links"] = links
        return json_response(200, document)

    def _create(self, call: Call) -> Response:
        world, version = self._world, read_microversion(call.request)
        wish = read_object(call.body, "keypair")
        known = {"name", "public_key"} | ({"type"} if version >= microversions.KEY_PAIR_TYPES else set())
        known |= {"user_id"} if version >= microversions.KEY_PAIRS_OF_OTHERS else set()
        require_known(wish, known, "keypair")
        name, user_id = require_text(wish, "name", "keypair"), _user_or_self(call, read_text(wish, "user_id"))
        if not NAME.fullmatch(name):
            raise bad_request("Keypair data is invalid: Keypair name contains unsafe characters")
        if wish.get("type", "ssh") != "ssh":
            raise invalid("type", f"{wish['type']!r} is not one of ['ssh'] in this cloud", wish["type"])
        if (user_id, name) in world.key_pairs:
            raise conflict(f"Key pair '{name}' already exists.")
        used = sum(1 for owner, _ in world.key_pairs if owner == user_id)
        if not world.quotas.allows("compute", call.credentials.project_id, "key_pairs", used + 1):
            raise forbidden("Quota exceeded, too many key pairs.")
        public_key = wish.get("public_key")
        if not isinstance(public_key, str):
            raise invalid("keypair", "'public_key' is a required property")
        pair = KeyPair(name, user_id, public_key, _fingerprint(public_key), call.now)
        world.key_pairs[user_id, name] = pair
        status = 201 if version >= microversions.KEY_PAIR_TYPES else 200
        return json_response(status, {"keypair": {**_brief(pair, version), "user_id": user_id}})

    def _show(self, call: Call) -> Response:
        pair = self._find(call)
        view = {
            **_brief(pair, read_microversion(call.request)),
            "id": list(self._world.key_pairs).index((pair.user_id, pair.name)) + 1,
            "user_id": pair.user_id,
            "created_at": format_launch_time(pair.created_at),
            "updated_at": None,
            "deleted": False,
            "deleted_at": None,
        }
        return json_response(200, {"keypair": view})

    def _delete(self, call: Call) -> Response:
        pair = self._find(call)
        del self._world.key_pairs[pair.user_id, pair.name]
        return Response(204 if read_microversion(call.request) >= microversions.KEY_PAIR_TYPES else 202)

    def _find(self, call: Call) -> KeyPair:
        name, user_id = call.parameters["name"], _chosen_user(call)
        pair = self._world.key_pairs.get((user_id, name))
        if pair is None:
            raise not_found(f"Keypair {name} not found for user {user_id}")
        return pair


def _chosen_user(call: Call) -> str:
    return _user_or_self(call, call.request.query.find("user_id"))


def _user_or_self(call: Call, user_id: str | None) -> str:
    if user_id is None or user_id == call.credentials.user_id:
        return call.credentials.user_id
    if not call.credentials.is_admin:
        raise forbidden("Policy doesn't allow os_compute_api:os-keypairs to be performed.")
    return user_id


def _brief(pair: KeyPair, version: Microversion) -> JsonObject:
    view: JsonObject = {"name": pair.name, "public_key": pair.public_key, "fingerprint": pair.fingerprint}
    if version >= microversions.KEY_PAIR_TYPES:
        view["type"] = pair.type
    return view


def _fingerprint(public_key: str) -> str:
    """Return the MD5 fingerprint of an OpenSSH public key, as Nova shows it.

    Raises:
        Refusal: 400, it is no public key.
    """
    try:
        load_ssh_public_key(public_key.strip().encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise bad_request("Keypair data is invalid: failed to generate fingerprint") from error
    digest = hashlib.md5(base64.b64decode(public_key.split()[1]), usedforsecurity=False).hexdigest()
    return ":".join(digest[index : index + 2] for index in range(0, len(digest), 2))
