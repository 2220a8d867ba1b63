ip -n netdtest-host link delete dev br0
