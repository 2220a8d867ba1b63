ip netns delete netdtest-guest
