setpriv --inh-caps -all,+net_raw --ambient-caps -all,+net_raw
