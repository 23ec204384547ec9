"""The end-to-end tests on the Docker engines that people have, besides the machine's own: `npm run test:engines`."""
