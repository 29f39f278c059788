// @authd/client connects a front end to authd. Everything is a function of
// Options; instances for the same server share one session and refresh it once,
// also across tabs.
export { attachAxios } from './axios.js';
export type { AxiosLike } from './axios.js';
export { loadConfig } from './config.js';
export type { OnErrorRule, Provider, ServerConfig } from './config.js';
export { loginFailure } from './elsewhere.js';
export { createFetch } from './fetch.js';
export { createLegacyAuthProvider } from './legacy.js';
export type { LegacyAuthProvider } from './legacy.js';
export type { Options, Transport } from './options.js';
export { createAuthProvider } from './provider.js';
export type { ActionAnswer, AuthProvider, CheckAnswer, ErrorAnswer, Failure } from './provider.js';
export { createReactAdminProvider } from './reactadmin.js';
export type { ReactAdminProvider } from './reactadmin.js';
export { memoryStorage } from './storage.js';
export type { Storage } from './storage.js';
