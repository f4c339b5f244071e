"""Run OpenStack services in this process's environment: theirs, made by `tools/setup.py openstack`.

Each service module offers `migrate(folder)`, which makes its tables, and `load(folder)`, which returns its WSGI
application with everything behind it running. Modules bear the names of OpenStack's programs; the folder is the
instance's, with the configuration that was written from outside.
"""
