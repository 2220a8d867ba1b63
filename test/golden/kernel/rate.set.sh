nsenter --net=/run/netns/netdtest-host tc qdisc replace dev ve1 root handle 1: tbf rate 10000000bit burst 25000b limit 150000b
