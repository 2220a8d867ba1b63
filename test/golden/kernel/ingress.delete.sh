nsenter --net=/run/netns/netdtest-host tc qdisc delete dev ve1 ingress
