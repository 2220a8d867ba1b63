nsenter --net=/run/netns/netdtest-host tc qdisc replace dev ve1 root handle 1: tbf rate 100000000000bit burst 250000000b limit 1500000000b
