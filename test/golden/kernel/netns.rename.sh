touch /run/netns/renamed
mount --bind /run/netns/netdtest-guest /run/netns/renamed
ip netns delete netdtest-guest
