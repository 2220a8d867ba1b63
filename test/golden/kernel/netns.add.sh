ip netns add netdtest-guest
