"""Run whole systems on one machine: a management cluster, a simulated cloud and the guests inside its servers."""
