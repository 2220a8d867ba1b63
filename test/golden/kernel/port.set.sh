ip -n netdtest-host link set dev ve1 type bridge_slave isolated on hairpin on learning off
ip -n netdtest-host link set dev ve1 type bridge_slave hairpin off flood off
