ip -n netdtest-guest route delete default via 172.16.0.1 metric 100
