exec </dev/null 1<>/s/stdout 2<>/s/stderr
