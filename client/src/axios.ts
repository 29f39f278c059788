import { type Options } from './options.js';
import { Session } from './session.js';
import { guarded } from './target.js';

/** A request of axios, with what is noted on it. axios copies names it does not know. */
interface Config {
  url?: string;
  baseURL?: string;
  withCredentials?: boolean;
  headers?: unknown;
  /** When it was sent, in milliseconds since 1970. */
  authdSent?: number;
  authdRepeated?: boolean;
}

interface Interceptors {
  use(done?: ((value: any) => any) | null, failed?: ((error: any) => any) | null): number; // eslint-disable-line @typescript-eslint/no-explicit-any
  eject(id: number): void;
}

/** What is used of an axios instance, of version 0.27 and later. */
export interface AxiosLike {
  request(config: any): Promise<any>; // eslint-disable-line @typescript-eslint/no-explicit-any
  getUri(config?: any): string; // eslint-disable-line @typescript-eslint/no-explicit-any
  interceptors: { request: Interceptors; response: Interceptors };
}

/**
 * Lets an axios instance show the session, and on a 401 refresh it once, for any
 * number of requests, and repeat each request once. The function it returns
 * takes the interceptors away again.
 */
export function attachAxios(instance: AxiosLike, options: Options = {}): () => void {
  const session = new Session(options);
  const mine = guarded(options);

  const outgoing = instance.interceptors.request.use(async (config: Config) => {
    if (!mine(instance.getUri(config))) return config;
    config.authdSent = Date.now();
    if (options.transport !== 'bearer') {
      config.withCredentials = true;
      return config;
    }
    const token = await session.token();
    if (token) setHeader(config, `Bearer ${token}`);
    return config;
  });

  const incoming = instance.interceptors.response.use(undefined, async (error: { config?: Config; response?: { status?: number } }) => {
    const config = error.config;
    if (!config?.authdSent || config.authdRepeated || error.response?.status !== 401) throw error;
    if ((await session.refresh(config.authdSent)) !== 'alive') throw error;
    return instance.request({ ...config, authdRepeated: true });
  });

  return () => {
    instance.interceptors.request.eject(outgoing);
    instance.interceptors.response.eject(incoming);
  };
}

/** Headers are an object of axios' own, or a plain one. A repeated request needs the new token. */
function setHeader(config: Config, value: string): void {
  const headers = (config.headers ??= {}) as { set?: (name: string, value: string) => void; [name: string]: unknown };
  if (typeof headers.set === 'function') headers.set('Authorization', value);
  else headers['Authorization'] = value;
}
