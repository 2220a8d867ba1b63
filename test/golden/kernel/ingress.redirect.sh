nsenter --net=/run/netns/netdtest-host tc qdisc add dev ve1 ingress
nsenter --net=/run/netns/netdtest-host tc filter add dev ve1 parent ffff: protocol all prio 1 u32 match u32 0 0 action mirred egress redirect dev if1
