// @authd/client connects a front end to authd. Everything is a function of
// Options; instances for the same server share one session and refresh it once,
// also across tabs.
export { attachAxios } from './axios';
export type { AxiosLike } from './axios';
export { loadConfig } from './config';
export type { OnErrorRule, Provider, ServerConfig } from './config';
export { loginFailure } from './elsewhere';
export { createFetch } from './fetch';
export { createLegacyAuthProvider } from './legacy';
export type { LegacyAuthProvider } from './legacy';
export type { Options, Transport } from './options';
export { createAuthProvider } from './provider';
export type { ActionAnswer, AuthProvider, CheckAnswer, ErrorAnswer, Failure } from './provider';
export { createReactAdminProvider } from './reactadmin';
export type { ReactAdminProvider } from './reactadmin';
export { memoryStorage } from './storage';
export type { Storage } from './storage';
