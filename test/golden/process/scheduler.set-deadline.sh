chrt --reset-on-fork --deadline --sched-runtime=10000000 --sched-deadline=30000000 --sched-period=30000000 0
