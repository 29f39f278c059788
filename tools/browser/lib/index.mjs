// What the tests use: the daemon, servers around it, and the browser.
export { startApp } from './app.mjs';
export { launch, newTab, screenshot, withPage } from './browser.mjs';
export { Service, binary, build, freePort, startDaemon } from './daemon.mjs';
export { artifacts, here, root } from './paths.mjs';
export { sleep, until } from './until.mjs';
