"""The steps of creating and deleting a cluster; each looks at the world first and may be done again."""
