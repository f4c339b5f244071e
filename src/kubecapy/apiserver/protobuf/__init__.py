"""Read protobuf bodies, which kubectl 1.32 and later and clients in Go send for built-in kinds."""
