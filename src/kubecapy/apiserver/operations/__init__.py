"""Do to stored objects what the API's verbs mean, without HTTP."""
