import { page } from './options.js';

/**
 * Says whether a browser reads a text as a path of the page's own origin. What
 * it would repair first (backslashes, control characters, spaces at the ends)
 * is not one.
 */
export function isPath(value: unknown): value is string {
  // eslint-disable-next-line no-control-regex
  if (typeof value !== 'string' || !/^\/(?![/\\])[^\\\u0000-\u0020\u007f]*$/.test(value)) return false;
  try {
    return new URL(value, 'http://own.invalid').host === 'own.invalid';
  } catch {
    return false;
  }
}

/** The path alone: router bindings append a second "?" to one that has a query. */
export function withoutQuery(path: string): string {
  return path.replace(/[?#].*$/, '');
}

/**
 * Follows a redirect that leads to another origin, which routers cannot, and
 * says whether it did. Only web addresses are followed.
 */
export function leave(target: unknown): boolean {
  if (typeof target !== 'string' || !/^https?:\/\//i.test(target)) return false;
  try {
    page()?.assign(new URL(target).href);
    return true;
  } catch {
    return false; // it only begins like an address
  }
}

/** The page that somebody was sent here from, if the address names one. */
export function cameFrom(): string | undefined {
  const to = new URLSearchParams(page()?.search ?? '').get('to');
  return isPath(to) ? to : undefined;
}
