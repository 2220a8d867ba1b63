nsenter --pid=/proc/17/ns/pid
