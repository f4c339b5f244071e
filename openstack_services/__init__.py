"""Run real OpenStack services on one machine, from their upstream packages.

installation     what has to be there: the services' own environment, and PostgreSQL
instance         one running cloud: its folder, and the supervisor that keeps it
supervisor       the process that starts everything, in order, and ends everything
database, configuration, people, template, seed     the steps of a start
inside           what runs in the services' own environment; it imports nothing of Kubecapy
"""
