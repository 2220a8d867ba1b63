ionice --class=2 --classdata=6
