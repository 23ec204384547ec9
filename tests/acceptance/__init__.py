"""Every command of the task in a subscription of your own, recorded: `npm run acceptance`."""
