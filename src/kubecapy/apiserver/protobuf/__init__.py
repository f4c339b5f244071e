"""Read the protobuf bodies that kubectl 1.32 and later send for imperative creates."""
