"""The simulated services: each a routing table and its own form of answers; they meet in the world only."""
