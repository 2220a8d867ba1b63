echo 500 > /proc/self/oom_score_adj
