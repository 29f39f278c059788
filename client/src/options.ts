import type { ServerConfig } from './config.js';
import type { Storage } from './storage.js';

/** How tokens travel: in HttpOnly cookies, or in JSON and the Authorization header. */
export type Transport = 'cookie' | 'bearer';

export interface Options {
  /** The address of authd, with or without its /auth. Default: the page's own origin. */
  baseUrl?: string;
  /** Default: cookie. Scripts of the page, and so scripts of an attacker, cannot read those. */
  transport?: Transport;
  /** Where bearer tokens are kept. Default: localStorage, or memory where there is none. */
  storage?: Storage;
  /**
   * The origins that createFetch and attachAxios give credentials to, beside the
   * page's own and authd's. A token never goes anywhere else.
   */
  apiOrigins?: readonly string[];
  /** The path of the page that signs people in, where the server names none. Default: /login. */
  loginPath?: string;
  /** What loadConfig returned. Methods that the server does not have are then left out. */
  config?: ServerConfig;
  /** How long authd may take to answer, in milliseconds. Default: 30000. Requests to your API have no limit. */
  timeout?: number;
  /** In place of the global fetch. */
  fetch?: typeof fetch;
}

/** The address without a slash or /auth at its end. */
export function base(o: Options): string {
  return (o.baseUrl ?? '').replace(/\/+$/, '').replace(/\/auth$/, '');
}

export function loginPath(o: Options): string {
  return o.loginPath ?? '/login';
}

/** The page's address, or undefined outside of a browser. */
export function page(): Location | undefined {
  return (globalThis as { location?: Location }).location;
}
