"""Ways to reach people, one file each. Public: `registry.make_channels`, `channel.Channel`, `channel.send`."""
