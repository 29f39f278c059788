import { base, page, type Options } from './options.js';

/** Says which addresses may be shown the session. */
export function guarded(options: Options): (url: string) => boolean {
  const own = page()?.origin;
  const authd = origin(base(options), own) ?? own;
  const origins = new Set([own, authd, ...(options.apiOrigins ?? [])]);
  // authd's own answers of 401 mean what they say, but for the values it tells.
  const except = /\/auth\/(login|logout|register|refresh|exchange|forgot-password)$/;
  return (url) => {
    const o = origin(url, page()?.href);
    return o !== undefined && origins.has(o) && !(o === authd && except.test(new URL(url, page()?.href).pathname));
  };
}

function origin(url: string, against: string | undefined): string | undefined {
  try {
    return new URL(url || '/', against).origin;
  } catch {
    return undefined;
  }
}
