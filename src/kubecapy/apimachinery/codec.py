"""Turn texts into values and back: the one door to JSON, YAML and manifest files."""

from kubecapy.apimachinery.json_codec import DecodeError, convert, decode, encode, to_json_object
from kubecapy.apimachinery.manifests import Manifest, load_manifests
from kubecapy.apimachinery.yaml_codec import dump_yaml, load_yaml

__all__ = [
    "DecodeError",
    "Manifest",
    "convert",
    "decode",
    "dump_yaml",
    "encode",
    "load_manifests",
    "load_yaml",
    "to_json_object",
]
