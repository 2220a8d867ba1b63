ionice --class=3
