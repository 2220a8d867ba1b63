setpriv --bounding-set -all,+chown,+net_raw
