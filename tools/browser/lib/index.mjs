// What the tests use: the daemon, servers around it, the browser, and an
// example with all of them.
export { startApp } from './app.mjs';
export { launch, newTab, screenshot, withPage } from './browser.mjs';
export { Service, binary, build, buildServer, freePort, serverBinary, startDaemon } from './daemon.mjs';
export { startPeer } from './peers.mjs';
export { artifacts, here, root } from './paths.mjs';
export { jane, john, notifications, oneNotification, setStage, signIn, submit, yaml } from './stage.mjs';
export { sleep, until } from './until.mjs';
