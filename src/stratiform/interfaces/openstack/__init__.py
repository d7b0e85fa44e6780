"""OpenStack's APIs on one port, by path. Does not own: any rule behind them."""
