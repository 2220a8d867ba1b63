nsenter --net=/run/netns/netdtest-host nft delete table inet netd
