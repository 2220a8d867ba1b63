# seccomp: 1 instructions, flags 4; with a file of them: setpriv --seccomp-filter FILE
