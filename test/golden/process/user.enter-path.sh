nsenter '--user=/run/my user'
